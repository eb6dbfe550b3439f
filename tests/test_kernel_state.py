"""What an interpreter looks at before a cell runs: one table, for a stock and a warm kernel."""

import json
import os
import sys
from pathlib import Path

import pytest
from kernels_shared import home_of_this_file, kernel, only_where_warm, run  # noqa: F401

from course_utils import lesson

pytestmark = only_where_warm

SOURCE = Path(__file__).with_name("kernel_state.py").read_text(encoding="utf-8")
SPACE = f"""
space = {{"__name__": "kernel_state", "get_ipython": get_ipython}}
exec(compile({SOURCE!r}, "kernel_state", "exec"), space)
"""
TABLE = "print(__import__('json').dumps(space['{}']()))"

# What may differ, and why.
NAMED = {
    "debugger": "counts as the kernel's own what it loads with its first messages, too",
    "environment/ENABLE_RUNTIME_UPTIME_TELEMETRY": "an import of TensorFlow sets it",
    "environment/HDF5_PLUGIN_PATH": "an import of h5py sets it",
    "environment/KINETO_LOG_LEVEL": "PyTorch's profiler reads it once; lesson.begin() sets it",
    "environment/KMP_": "an import of scikit-learn sets two",
    "environment/TF2_BEHAVIOR": "an import of TensorFlow sets it",
    "environment/TF_CPP_MIN_LOG_LEVEL": "TensorFlow reads it once; lesson.begin() sets it",
    "environment/TORCHINDUCTOR_CACHE_DIR": "an import of torch._dynamo sets it",
    "environment/TPU_ML_PLATFORM": "an import of TensorFlow sets it",
    "processes/environment": "shows what the preload began with, as the system keeps it",
    "files/kinds/anon_inode:[pidfd]": "stands for the process that asked for the kernel",
    "finders": "the debugger's and six's, of which each is asked after Python's own",
    "loggers": "those of the libraries are there; nobody else asks for their names",
    "modules": "what has been imported",
    "numbers/frozen": "imported memory is shared, and no search for garbage may write to it",
    "warnings": "what the libraries add when they are imported",
}


def differences(one, other, place=""):
    """Yield the paths at which two tables differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            below = f"{place}/{key}" if place else key
            yield from differences(one.get(key), other.get(key), below)
    elif one != other:
        yield place


@pytest.fixture(name="tables", scope="module")
def tables_of_both_kinds(tmp_path_factory):
    """What either kind of kernel says, before and after it imports libraries."""
    folder, said = str(tmp_path_factory.mktemp("n")), {}
    for warm in (True, False):
        with kernel(warm, cwd=folder) as (_, client):
            run(client, "print()")  # a first line of output opens a file
            run(client, SPACE)
            asked = [run(client, TABLE.format(name)) for name in ("table", "libraries")]
            # Between them may stand what libraries say when they are imported.
            lines = [line for line in "\n".join(asked).splitlines() if line.startswith("{")]
            said[warm] = [json.loads(line) for line in lines]
    return said


@pytest.mark.heavy
def test_a_warm_kernel_finds_what_a_stock_one_finds(tables):
    said = {warm: before for warm, (before, _) in tables.items()}
    found = list(differences(said[True], said[False]))
    unnamed = [place for place in found if not place.startswith(tuple(NAMED))]
    assert {place: values(said, place) for place in unnamed} == {}
    unused = [name for name in NAMED if not any(place.startswith(name) for place in found)]
    assert unused == [], "a difference that has gone is named no longer"
    assert set(said[False]["modules"]) - set(said[True]["modules"]) <= {"gc", "runpy"}
    libraries = ("torch/", "tensorflow/", "keras/", "numpy/", "matplotlib/", "sklearn/")
    assert not any(path.startswith(libraries) for path in said[True]["debugger"])
    # A library's loggers are the library's; all others agree.
    for name, logger in said[False]["loggers"].items():
        if name != "handlers":
            assert said[True]["loggers"][name] == logger, name


@pytest.mark.heavy
def test_libraries_are_as_in_a_stock_kernel_once_both_have_imported_them(tables):
    said = {warm: after for warm, (_, after) in tables.items()}
    loaded = {warm: set(said[warm].pop("modules")) for warm in said}
    assert lesson.QUIET.items() <= said[True]["environment"].items()
    said[False]["environment"] |= lesson.QUIET
    assert said[True] == said[False]
    assert loaded[False] - loaded[True] == set()


def values(said, place):
    found = []
    for warm in (True, False):
        table = said[warm]
        for part in place.split("/"):
            table = table.get(part) if isinstance(table, dict) else None
        found.append(str(table)[:300])
    return found


INHERITED = {
    "umask": "os.umask(0o027)",
    "nice": "os.nice(3)",
    "affinity": "os.sched_setaffinity(0, [sorted(os.sched_getaffinity(0))[0]])",
    "limits": "resource.setrlimit(resource.RLIMIT_NOFILE, (600, 700))",
    "time": "os.environ['TZ'] = 'Asia/Kathmandu'",
    "temporary": "os.environ['TMPDIR'] = folder; open(folder + '/x', 'w').close()",
    "locale": "os.environ['LC_ALL'] = 'C'",
    "path": "os.environ['PYTHONPATH'] = 'lib::' + os.environ.get('PYTHONPATH', '')",
}
ASK = (
    "import json, os, resource, sys, tempfile, time, locale; print(json.dumps([os.umask(0o22), "
    "os.nice(0), sorted(os.sched_getaffinity(0)), resource.getrlimit(resource.RLIMIT_NOFILE), "
    "time.tzname, tempfile.gettempdir(), locale.setlocale(locale.LC_ALL), sys.path]))"
)
PARENT = """
import os, resource, sys
sys.path.insert(0, {tests!r})
folder = {folder!r}
from kernels_shared import kernel, run
for warm in (True, False):
    if warm:
        with kernel():  # the first, whose state must not rule the next
            pass
        {change}
    with kernel(warm, cwd=folder) as (manager, client):
        print(type(manager.provisioner.process).__name__, run(client, {ask!r}))
"""


@pytest.mark.heavy
@pytest.mark.timeout(280)
def test_what_is_inherited_comes_from_who_asks_not_from_the_first(tmp_path):
    """All at once, for each takes a preload of its own."""
    import subprocess

    (tmp_path / "lib").mkdir()
    change = "; ".join(INHERITED.values())
    code = PARENT.format(
        tests=str(Path(__file__).parent), folder=str(tmp_path), change=change, ask=ASK
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    warm, stock = result.stdout.strip().splitlines()
    assert warm.removeprefix("Kernel ") == stock.removeprefix("Popen ")
    nicer = min(os.nice(0) + 3, 19)
    umask, nice, affinity, limits, zone, folder, locale, path = json.loads(stock.split(" ", 1)[1])
    assert (umask, nice, len(affinity), limits) == (0o027, nicer, 1, [600, 700])
    assert (zone[0], folder, locale) == ("+0545", str(tmp_path), "C")
    assert str(tmp_path / "lib") in path
