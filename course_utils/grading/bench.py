"""What a box costs: submissions a minute in boxes, in pairs with nbgrader as it is."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from course_utils import ROOT, CourseError, timing
from course_utils.grading import classes

PART, STEM = "1_basics", "02_first_network"
STUDENTS = 6


def bench_grading(pairs: int = 2) -> str:
    """Grade the same notebooks by `course grade` and by `nbgrader autograde`; return the rates.

    All are solved, and each uses both frameworks. The preload, the gradebooks and nbgrader's
    assignment are there before anything is timed. Raises CourseError
    where no box can be made, or where the two do not agree on the points.
    """
    with tempfile.TemporaryDirectory() as folder, _data_folder(folder):
        top = Path(folder)
        for place in ("solutions", "exercises"):
            _copy(place, top / place / PART)
        for n in range(STUDENTS):
            _copy("solutions", top / "submitted" / f"student{n}" / PART)
        shutil.copy(ROOT / "nbgrader_config.py", top)
        _nbgrader(top, "generate_assignment", PART)
        _boxed(top)
        found = timing.compare(lambda: _autograded(top), lambda: _boxed(top), pairs)
        points = [_points(top / "gradebook.db"), _points(top / "boxed" / "gradebook.db")]
    if points[0] != points[1]:
        raise CourseError(f"nbgrader and course grade differ: {points[0]} and {points[1]}")
    low, middle, high = timing.spread([60 * STUDENTS / seconds for seconds in found.second])
    plain = timing.spread([60 * STUDENTS / seconds for seconds in found.first])
    lines = [
        f"{STUDENTS} notebooks of {STEM}, both frameworks in each, {pairs} pairs of runs:",
        f"  course grade, in boxes   {middle:5.1f} a minute ({low:.1f} to {high:.1f})",
        f"  nbgrader autograde       {plain[1]:5.1f} a minute ({plain[0]:.1f} to {plain[2]:.1f})",
        f"  nbgrader / course grade  {found}",
        f"Processes that wanted a processor: {os.getloadavg()[0]:.1f}, of {os.cpu_count()}.",
    ]
    return "\n".join(lines)


@contextlib.contextmanager
def _data_folder(folder: str):
    """Let the preload be one of its own, in a private folder."""
    before = os.environ.get("XDG_DATA_HOME")
    os.environ["XDG_DATA_HOME"] = folder
    try:
        yield
    finally:
        del os.environ["XDG_DATA_HOME"]
        if before is not None:
            os.environ["XDG_DATA_HOME"] = before


def _copy(origin: str, to: Path) -> None:
    to.mkdir(parents=True)
    shutil.copy(ROOT / origin / PART / f"{STEM}.ipynb", to)


def _boxed(top: Path) -> None:
    """Grade all of them anew, with the results in a folder of their own."""
    boxed = top / "boxed"
    if not boxed.exists():
        shutil.copytree(top / "submitted", boxed / "submitted")
    shutil.rmtree(boxed / "graded", ignore_errors=True)
    classes.grade(PART, boxed / "submitted", classes.Options(), lambda line: None, top)


def _autograded(top: Path) -> None:
    _nbgrader(top, "autograde", PART, "--force")


def _nbgrader(top: Path, *arguments: str) -> None:
    bin_folder = str(Path(sys.executable).parent)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=top,
        env=os.environ | {"PATH": os.pathsep.join([bin_folder, os.environ["PATH"]])},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CourseError(f"nbgrader failed: {done.stderr.strip().splitlines()[-1]}")


def _points(gradebook: Path) -> dict[str, float]:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{gradebook}") as book:
        return {one.student.id: one.score for one in book.assignment_submissions(PART)}
