"""Run lessons and solutions in place, in a fresh kernel."""

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils import ROOT, CourseError, kernels
from course_utils.files import inside, write_text
from course_utils.notebooks import as_text, read, tidy

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode


def client(notebook: "NotebookNode", path: Path, **options: Any) -> "NotebookClient":
    """Return a client that runs a notebook in its own folder; a lost output is an error."""
    from nbclient import NotebookClient

    return NotebookClient(
        notebook,
        timeout=120,
        iopub_timeout=60,
        raise_on_iopub_timeout=True,
        kernel_name="python3",
        coalesce_streams=True,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
        **options,
    )


def _failing_line(report: str) -> str:
    """Return the line that a traceback's arrow points to, or the report's first line."""
    from nbconvert.filters import strip_ansi

    arrows = re.findall(r"^-+> +\d+ (.+)", strip_ansi(report), re.MULTILINE)
    return (arrows or report.strip().splitlines())[0].strip()


class CellFailed(CourseError):
    """A cell of a notebook failed, and the notebook was left as it is."""


def execute_all(
    paths: list[Path], say: Callable[[str], None], root: Path = ROOT
) -> tuple[list[str], bool]:
    """Run notebooks one after the other, also when one fails; say a line about each at once.

    Return what is to be said at the end, with those that failed, and whether none did. Raises
    CourseError before the first is run where one is no notebook that can be run.
    """
    for path in paths:
        _opened(path, root)
    failed = []
    for path in paths:
        try:
            say(execute(path, root))
        except CellFailed as error:
            say(str(error))
            failed.append(f"failed: {inside(path, root)}")
    return [*failed, f"{len(paths) - len(failed)} of {len(paths)} notebooks run"], not failed


def execute(path: Path, root: Path = ROOT) -> str:
    """Run a lesson or a solution in place, from the top in a fresh kernel; return a line about it.

    Ids are kept and metadata is clean, so that two runs differ in pictures and tagged cells at
    most. Raises CellFailed, and writes nothing, where a cell raises.
    """
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    os.environ.update(kernels.environment())
    place, notebook = _opened(path, root)
    with tempfile.TemporaryDirectory() as folder:
        record = str(Path(folder, "progress.json"))
        try:
            client(notebook, root / place).execute(env=os.environ | {"COURSE_PROGRESS": record})
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            reason = getattr(error, "evalue", "") or _failing_line(str(error))
            kind = getattr(error, "ename", type(error).__name__)
            raise CellFailed(f"{place} was left as it is: {kind}: {reason}") from error
    tidy(notebook)
    write_text(root / place, as_text(notebook))
    return f"{place}: {sum(cell.cell_type == 'code' for cell in notebook.cells)} code cells run"


def _opened(path: Path, root: Path) -> tuple[Path, "NotebookNode"]:
    place = inside(path, root)
    if place.parts[0] not in ("notebooks", "solutions"):
        raise CourseError(f"{place}: only notebooks/ and solutions/ are run in place")
    return place, read(root / place)
