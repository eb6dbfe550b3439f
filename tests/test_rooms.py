"""The package's own architecture: small modules, no circle, arrows that go down only."""

import ast
import subprocess
import sys

import pytest

from course_utils import ROOT

PACKAGE = ROOT / "course_utils"
MOST_LINES = 300
# From the ground up: a module imports its own floor and those before it.
FLOORS = [
    "course_utils files notebooks minutes words",
    "claims counting dashboards datasets devices explain figures lesson limits parity predictions "
    "progress tasks then timing workers",
    "kernels",
    "authoring grading",
    "machine site",
    "teaching",
    "cli",
]
FLOOR = {name: n for n, floor in enumerate(FLOORS) for name in floor.split()}
FILES = sorted(PACKAGE.rglob("*.py"))


def dotted(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in FILES}


def imports(path):
    """Yield the course's modules that a module imports at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if name in MODULES or node.module in MODULES:
                    yield name if name in MODULES else node.module


def room(name):
    return [*name.split("."), "course_utils"][1]


@pytest.mark.parametrize("path", FILES, ids=[dotted(path) for path in FILES])
def test_a_module_is_small_and_its_arrows_go_down(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    own = room(dotted(path))
    above = [name for name in imports(path) if FLOOR[room(name)] > FLOOR[own]]
    assert above == []
    assert own == "cli" or "course_utils.cli" not in imports(path)


def test_the_front_imports_no_room_but_dashboards():
    rooms = {"kernels", "authoring", "grading", "machine", "site", "teaching"}
    for name, path in MODULES.items():
        if FLOOR[room(name)] <= 1:
            assert {room(other) for other in imports(path)} & rooms == set(), name


def test_no_import_goes_in_a_circle():
    graph = {name: set(imports(path)) - {name} for name, path in MODULES.items()}
    # A room's front names what its modules offer; they do not import it back.
    while leaves := {name for name, others in graph.items() if not others & set(graph)}:
        graph = {name: others for name, others in graph.items() if name not in leaves}
    assert graph == {}


def test_importing_the_package_is_quick():
    code = "import time; start = time.perf_counter(); import course_utils; "
    code += "print(time.perf_counter() - start)"
    command = [sys.executable, "-c", code]
    seconds = [float(subprocess.check_output(command, text=True)) for _ in range(3)]
    assert min(seconds) < 0.1
