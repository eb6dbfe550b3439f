"""What git knows of this copy of the course: the released files, and which the learner changed."""

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils import CourseError, notebooks

if TYPE_CHECKING:
    from nbformat import NotebookNode


def git(root: Path, *words: str, **options: object) -> str:
    """Return what git prints; raises CourseError, with the line that says why, where it fails."""
    command = ["git", "-C", str(root), *words]
    try:
        done = subprocess.run(command, capture_output=True, check=False, **options)
    except FileNotFoundError as error:
        raise CourseError("git is not installed here, and without it nothing is updated") from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        # Advice of several lines may follow it.
        why = next((line for line in lines if line.startswith("fatal: ")), lines[-1])
        raise CourseError(f"`git {words[0]}` failed: {why.removeprefix('fatal: ')}")
    return done.stdout.decode(errors="surrogateescape")


def released(root: Path, place: str, version: str = "HEAD") -> "NotebookNode | None":
    """Return the notebook of a place as a version has it; None where there is none."""
    try:
        return notebooks.parse(git(root, "cat-file", "blob", f"{version}:./{place}"))
    except CourseError:
        return None


def same_source(one: "NotebookNode", other: "NotebookNode") -> bool:
    """Say whether two notebooks agree but for outputs, and what merely opening them changes."""
    return _source(one) == _source(other)


def _source(notebook: "NotebookNode") -> tuple[object, ...]:
    import nbformat

    copy = nbformat.from_dict(notebook)
    notebooks.tidy(copy)
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return copy.metadata.get("course"), copy.cells
