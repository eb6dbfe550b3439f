"""What every test shares: no network, no record of the learner's, the notebooks to be tested."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

from course_utils import ROOT, authoring, claims, kernels, lesson, notebooks

TESTS = Path(__file__).parent

AT_THE_START = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser):
    parser.addoption(
        "--notebook",
        action="append",
        default=[],
        help="Check these notebooks only (`course validate`).",
    )


def pytest_configure(config):
    """Set up the environment of this process, of pytest's workers, and of every kernel."""
    lesson.import_triton()
    if hasattr(config, "workerinput"):
        config.stash[AT_THE_START] = dict(os.environ)
        return
    folder = tempfile.TemporaryDirectory(prefix="course-tests-")
    config.add_cleanup(folder.cleanup)
    os.environ["COURSE_PROGRESS"] = str(Path(folder.name, "progress.json"))
    os.environ["IPYTHONDIR"] = str(Path(folder.name, "ipython"))
    os.environ["PYTHONPATH"] = str(TESTS / "no_network")
    os.environ["XDG_DATA_HOME"] = str(Path(folder.name, "data"))
    os.environ.update(kernels.environment())
    config.stash[AT_THE_START] = dict(os.environ)


def pytest_collection_finish():
    """Let tests that compute by themselves do so on one thread, as lessons do.

    As many processes as there are cores run tests; threads of PyTorch's that wait for a core do so
    in a loop, and keep it from those who have work.
    """
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(lesson.THREADS)


def pytest_generate_tests(metafunc):
    """Give a test that asks for a `lesson`, `solution`, `exercise` or `notebook` each of them."""
    folders = {
        "lesson": ["notebooks"],
        "solution": ["solutions"],
        "exercise": ["exercises"],
        "notebook": notebooks.FOLDERS,
    }
    chosen = metafunc.config.getoption("--notebook")
    for fixture, names in folders.items():
        if fixture in metafunc.fixturenames:
            paths = [
                path.relative_to(ROOT) for name in names for path in notebooks.notebook_paths(name)
            ]
            if chosen:
                topics = {Path(*Path(name).parts[1:]) for name in chosen}
                paths = [path for path in paths if Path(*path.parts[1:]) in topics]
            metafunc.parametrize(fixture, [ROOT / path for path in paths], ids=map(str, paths))


def pytest_terminal_summary(terminalreporter):
    """Say which claims still wait, how many tests waited for a browser, and what brings it."""
    lessons = notebooks.notebook_paths("notebooks")
    judged = {name for path in lessons for name in authoring.verdicts(path)}
    waiting = [name for name in claims.ledger() if name not in judged]
    line = f"Claims judged: {len(judged)}; still waiting: {' '.join(waiting) or 'none'}"
    terminalreporter.write_line(line)
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = [report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)]
    browser = [reason for reason in reasons if "hromium" in reason]
    if browser:
        terminalreporter.write_line(f"{len(browser)} browser tests were skipped. {browser[0]}")


@pytest.fixture(scope="session")
def environment_at_the_start(pytestconfig):
    """The variables as they were before test files imported anything that sets some."""
    return pytestconfig.stash[AT_THE_START]


@pytest.fixture
def progress_file(tmp_path, monkeypatch):
    """A learner's record of its own for one test."""
    path = tmp_path / "learner" / "progress.json"
    monkeypatch.setenv("COURSE_PROGRESS", str(path))
    return path
