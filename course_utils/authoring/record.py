"""Remember which notebooks passed all their checks, and what these depended on."""

import contextlib
import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

from course_utils import notebooks
from course_utils.authoring.processors import PROCESSORS
from course_utils.files import write_text

RECORD = Path("build", "validated.json")

CHECKS = ("authoring", "kernels", "lesson")
"""Helpers that no notebook need import to depend on them."""


def passed(root: Path) -> dict[str, str]:
    """Return the digests of the notebooks that passed, by name; none where none is recorded."""
    try:
        return dict(json.loads((root / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def remember(digests: dict[str, str], report: Path, root: Path) -> None:
    """Record the notebooks that passed, by pytest's report of all tests in JUnit's format.

    A test that fails and is not of one notebook may concern each: then none has passed.
    """
    cases = ElementTree.parse(report).iter("testcase")
    failed = [
        f"{case.get('classname')} {case.get('name')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    ]
    topics = {name: re.escape(Path(name).stem) for name in digests}
    if all(re.search(r"\.ipynb\b", test) for test in failed):
        good = {
            name: digests[name]
            for name, topic in topics.items()
            if not any(re.search(rf"\b{topic}\.ipynb", test) for test in failed)
        }
        known = {name: old for name, old in passed(root).items() if name not in digests}
        (root / RECORD).parent.mkdir(exist_ok=True)
        write_text(root / RECORD, json.dumps(known | good, indent=1, sort_keys=True) + "\n")


def digest(path: Path, root: Path) -> str:
    """Return a hash of all that the checks of a notebook's topic depend on.

    That is its three files and its answers, the helpers that they import and those that run them,
    the tests, the installed packages, and the processor.
    """
    topic = [notebooks.counterpart(path, folder) for folder in notebooks.FOLDERS]
    answers = notebooks.counterpart(path, "solutions").relative_to(root / "solutions")
    files = [*topic, root / "tests" / "answers" / answers.with_suffix(".py")]
    files += [root / "tests" / name for name in ("conftest.py", "test_notebooks.py")]
    files += [root / name for name in ("README.md", "pyproject.toml")]
    files = [file for file in files if file.exists()]
    helpers = _helpers([file for file in files if file.suffix in (".py", ".ipynb")], root)
    content = hashlib.sha256(json.dumps(_machine()).encode())
    for file in [*files, *helpers]:
        content.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return content.hexdigest()


def _helpers(files: list[Path], root: Path) -> list[Path]:
    """List the files of the helpers that these files import, and of those that they import."""
    found: dict[str, list[Path]] = {}
    wanted = {*CHECKS, "__init__"} | {name for file in files for name in _imports(file)}
    while wanted := wanted - set(found):
        for name in wanted:
            found[name] = _files_of(name, root)
        wanted = {name for new in wanted for file in found[new] for name in _imports(file)}
    return [file for name in sorted(found) for file in found[name]]


def _imports(file: Path) -> set[str]:
    """Name the helpers that a file imports; the cells of a notebook are text as any other."""
    text = file.read_text(encoding="utf-8")
    lists = re.findall(r"from course_utils import (?:\(([^)]*)\)|([\w, ]+))", text)
    names = re.findall(r"\w+", " ".join(several or few for several, few in lists))
    return {*names, *re.findall(r"course_utils\.(\w+)", text)}


def _files_of(name: str, root: Path) -> list[Path]:
    package = root / "course_utils"
    own = [package / f"{name}{suffix}" for suffix in (".py", ".toml")]
    return [*filter(Path.exists, own), *sorted((package / name).rglob("*.py"))]


@functools.cache
def _machine() -> list[str]:
    """Name what is installed and what computes."""
    installed = sorted(
        f"{package.name} {package.version}" for package in importlib.metadata.distributions()
    )
    chosen = sorted({variable for names in PROCESSORS.values() for variable in names})
    chosen.append("NPY_DISABLE_CPU_FEATURES")
    held_back = [f"{name}={os.environ.get(name)}" for name in chosen]
    model = [platform.machine(), platform.processor(), sys.version]
    with contextlib.suppress(OSError):
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        model += re.findall(r"^(?:model name|flags)\s*: (.*)$", text, re.MULTILINE)[:2]
    return [*model, *held_back, *installed]
