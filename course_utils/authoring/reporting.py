"""A plugin for pytest (`-p`): nbval compares by the course's rules, and a failure says where.

nbval runs the notebooks; what is wanted of it beside that stands here. A failed cell is named by
its lesson, its section and its id, the executed notebook is kept to be opened, and at the end a
table says where the seconds went.
"""

import copy
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from course_utils.authoring.comparison import differences
from course_utils.files import write_text

if TYPE_CHECKING:
    from nbval.plugin import IPyNbCell

KEPT = Path("build", "executed")

LAST_RUN = "course/seconds"
"""Where pytest's cache keeps what each notebook and each file of tests took."""

FEW_AND_LONG = {
    "tests/test_doors.py": 400,
    "tests/test_site_whole.py": 350,
    "tests/test_browser.py": 300,
    "tests/test_kernels_upstream.py": 300,
    "tests/test_board_pages.py": 250,
    "tests/test_axe.py": 180,
}
"""The seconds of files whose tests are few and take minutes, where no last run tells them."""

MOST_ROWS = 20

FAILED, OUTPUTS = pytest.StashKey[bool](), pytest.StashKey[dict[str, Any]]()


def pytest_configure(config: pytest.Config) -> None:
    """Put the course's comparison and report in the place of nbval's own."""
    if config.pluginmanager.hasplugin("nbval"):
        from nbval.plugin import IPyNbCell

        IPyNbCell.compare_outputs = _compare
        IPyNbCell.repr_failure = _report


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """Take one worker more than there are cores: many tests wait."""
    return 1 + (os.cpu_count() or 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a worker a whole notebook, or the tests about one, or a file of other tests, at a time.

    The answers to all exercises are tests of one file: one worker would have them all. What took
    longest in the last run comes first, or at the end one worker would have it alone.
    """
    from xdist.scheduler import LoadFileScheduling

    seconds = FEW_AND_LONG | _seconds_of_last_run(config)

    class ByNotebook(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _scope(nodeid)

        def _assign_work_unit(self, node: Any) -> None:
            # A test that has not been run yet counts as a second.
            units = self.workqueue
            longest = max(units, key=lambda scope: seconds.get(scope, len(units[scope])))
            units.move_to_end(longest, last=False)
            super()._assign_work_unit(node)

    if config.getvalue("dist") == "loadfile":
        return ByNotebook(config, log)
    return None


def _scope(nodeid: str) -> str:
    about = re.search(r"\[(.*\.ipynb)", nodeid)
    return f"about {about[1]}" if about else nodeid.partition("::")[0]


def _seconds_of_last_run(config: pytest.Config) -> dict[str, float]:
    cache = getattr(config, "cache", None)
    return cache.get(LAST_RUN, {}) if cache else {}


def _compare(item: "IPyNbCell", new: list[Any], stored: list[Any], _skip: Any = None) -> bool:
    """Compare as nbval's method of this name does: leave the differences behind, say if alike."""
    own = item.cell.metadata.get("course", {})
    item.comparison_traceback = differences(stored, new, "varies" in own, own.get("by", 0))
    return not item.comparison_traceback


def _report(item: "IPyNbCell", failure: pytest.ExceptionInfo) -> str:
    """Say where a cell failed, in what, and where its notebook is kept."""
    error = failure.value
    detail = str(getattr(error, "inner_traceback", None) or "").strip()
    lines = [_place(item), str(error) or type(error).__name__]
    lines += [f"  {line}" for line in detail.splitlines()]
    return "\n".join([*lines, f"open {_kept(item).relative_to(item.config.rootpath)}"])


def _place(item: "IPyNbCell") -> str:
    section = ""
    for cell in item.parent.nb.cells:
        headings = re.findall(r"^#{1,6} +(.*)$", cell.source, re.MULTILINE)
        if cell.cell_type == "markdown" and headings:
            section = headings[-1]
        if cell is item.cell:
            break
    path = item.path.relative_to(item.config.rootpath).as_posix()
    return f"{path}, section {section!r}, cell {item.cell.get('id')}"


def _kept(item: "IPyNbCell") -> Path:
    return item.config.rootpath / KEPT / item.path.relative_to(item.config.rootpath)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """Remember what a notebook's cells put out; keep it where one of them fails."""
    report = yield
    if call.when == "call" and hasattr(item, "cell"):
        item.parent.stash.setdefault(OUTPUTS, {})[item.cell.get("id")] = item.test_outputs
        if report.failed:
            item.parent.stash[FAILED] = True
            _keep(item)
    return report


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Keep all of a notebook in which a cell failed, after its last one."""
    if item.parent.stash.get(FAILED, False) and getattr(nextitem, "parent", None) != item.parent:
        _keep(item)


def _keep(item: "IPyNbCell") -> None:
    import nbformat

    notebook = copy.deepcopy(item.parent.nb)
    outputs = item.parent.stash[OUTPUTS]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = outputs.get(cell.get("id")) or []
    path = _kept(item)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, nbformat.writes(notebook))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print where the seconds went, and on GitHub a note at each file in which a test failed."""
    reports = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport)
    ]
    seconds: Counter[str] = Counter()
    scopes: Counter[str] = Counter()
    for report in reports:
        scopes[_scope(report.nodeid)] += report.duration
        file = report.nodeid.partition("::")[0]
        test = report.nodeid.partition("[")[0]
        seconds[file if file.endswith(".ipynb") else test] += report.duration
    terminalreporter.section("where the seconds went")
    for name, spent in seconds.most_common(MOST_ROWS):
        terminalreporter.write_line(f"{spent:8.1f} s  {name}")
    others = sum(spent for _, spent in seconds.most_common()[MOST_ROWS:])
    terminalreporter.write_line(f"{others:8.1f} s  {max(0, len(seconds) - MOST_ROWS)} others")
    if cache := getattr(terminalreporter.config, "cache", None):
        cache.set(LAST_RUN, _seconds_of_last_run(terminalreporter.config) | scopes)
    if os.environ.get("GITHUB_ACTIONS"):
        for report in reports:
            if report.failed:
                terminalreporter.write_line(_annotation(report))


def _annotation(report: pytest.TestReport) -> str:
    file, _, test = report.nodeid.partition("::")
    escaped = report.longreprtext.replace("%", "%25").replace("\r", "").replace("\n", "%0A")
    return f"::error file={file},title={test.replace(',', ' ')}::{escaped}"
