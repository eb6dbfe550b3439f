"""Notebooks as files: where they are, what they hold, front matter, tasks, clean metadata."""

import ast
import functools
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from course_utils import ROOT, CourseError

if TYPE_CHECKING:
    from nbformat import NotebookNode

FOLDERS = ("notebooks", "solutions", "exercises")

"""The same path below each of them is the same topic."""

NUMBERED = re.compile(r"^\d\d_")
OURS = re.compile(r"\d\d_\w+\.ipynb")
WIDGET = "application/vnd.jupyter.widget-view+json"

YOURS = "yours"

"""The tag of a cell that nobody has run before the reader does: it looks so, too."""

OWN = re.compile(r"\b(doctor\.check|progress\.table|devices\.found\()")
"""Code whose output is about the reader's own machine or record: no notebook stores it."""


class Lesson(NamedTuple):
    """A lesson's front matter, and the tasks of its exercise."""

    path: Path
    title: str
    promise: str
    objectives: list[str]
    claims: list[str]
    prerequisites: list[str]
    tasks: list[str]

    @property
    def name(self) -> str:
        """What the lesson is called everywhere: its file's name without the number."""
        return name_of(self.path)

    @property
    def number(self) -> str:
        """Its place in the course, two digits; `course renumber` gives it."""
        return self.path.name[:2]


def name_of(path: Path) -> str:
    """Return a lesson's name, from any of its files: `first_network` of `02_first_network.py`."""
    return NUMBERED.sub("", path.stem)


def notebook_paths(folder: str, root: Path = ROOT) -> list[Path]:
    """List the course's notebooks below a folder, in order of their names.

    A learner's own, such as JupyterLab's copies and `Untitled.ipynb`, are not among them.
    """
    found = (root / folder).rglob("*.ipynb")
    return sorted((path for path in found if OURS.fullmatch(path.name)), key=lambda p: p.name)


def load(path: Path) -> dict[str, Any]:
    """Read a notebook as plain JSON, quickly; raises CourseError where it is not a notebook."""
    try:
        # Some editors put a byte order mark in front.
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CourseError(f"{path} is not a notebook: it is not JSON ({error})") from error
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise CourseError(f"{path} is not a notebook: it is JSON without cells")
    return content


def read(path: Path) -> "NotebookNode":
    """Read a notebook for changing it; raises CourseError where it is not a valid one."""
    load(path)
    try:
        return parse(path.read_text(encoding="utf-8-sig"))
    except CourseError as error:
        raise CourseError(f"{path} is not a valid notebook: {error}") from error


def parse(text: str) -> "NotebookNode":
    """Return the notebook that a text holds; raises CourseError where it is not a valid one."""
    import nbformat

    try:
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:
        raise CourseError(str(error).strip().splitlines()[0]) from error
    return notebook


def front_matter(path: Path) -> Lesson:
    """Read a lesson's front matter; raises CourseError, naming the field, where it is malformed."""
    content = load(path).get("metadata", {}).get("course")
    if not isinstance(content, dict):
        raise CourseError(f"{path}: its front matter is missing (metadata, key 'course')")
    kinds = {
        "title": str,
        "promise": str,
        "objectives": list,
        "claims": list,
        "prerequisites": list,
    }
    for field, kind in kinds.items():
        if not isinstance(content.get(field), kind):
            raise CourseError(f"{path}: front matter needs {field!r}, a {kind.__name__}")
    if unknown := set(content) - set(kinds):
        raise CourseError(f"{path}: front matter has an unknown field {min(unknown)!r}")
    if not 3 <= len(content["objectives"]) <= 5:
        raise CourseError(f"{path}: front matter needs three to five objectives")
    return Lesson(path, **content, tasks=list(dict.fromkeys(task_ids(with_tasks(path)))))


def with_tasks(path: Path) -> dict[str, Any]:
    """Load what has a lesson's tasks: its solution, or the exercise where learners got none.

    A lesson that has neither has no cells.
    """
    found = [counterpart(path, folder) for folder in ("solutions", "exercises")]
    return next((load(one) for one in found if one.exists()), {"cells": []})


def lessons(root: Path = ROOT) -> list[Lesson]:
    """Read every lesson's front matter, in the order of the course."""
    return [front_matter(path) for path in notebook_paths("notebooks", root)]


def named(name: str, folder: str = "notebooks", root: Path = ROOT) -> Path:
    """Return the path of a lesson, or of its solution or exercise; raises CourseError for none."""
    found = [path for path in notebook_paths(folder, root) if name_of(path) == name]
    if not found:
        raise CourseError(f"there is no notebook named {name!r} in {folder}/")
    return found[0]


def counterpart(path: Path, folder: str) -> Path:
    """Return the notebook on the same topic in another of the three notebook folders."""
    parts = list(path.parts)
    place = max(n for n, part in enumerate(parts) if part in FOLDERS)
    parts[place] = folder
    return Path(*parts)


def joined(value: Any) -> Any:
    """Return the text that a notebook's JSON stores, whole or as a list of its lines."""
    return "".join(value) if isinstance(value, list) else value


def printed(output: dict[str, Any]) -> str:
    """Return the text of a stored output: what was printed, or what stands for what was shown."""
    return joined(output.get("text") or output.get("data", {}).get("text/plain", ""))


def tree_of(source: str) -> ast.Module | None:
    """Parse a code cell, IPython's commands left out; None where it is not Python."""
    try:
        return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@functools.cache
def statements(source: str) -> int:
    """Count what a code cell does, however its lines are broken; lines where it is not Python."""
    tree = tree_of(source)
    if tree is None:
        return len(source.split("\n"))
    return sum(isinstance(node, ast.stmt) for node in ast.walk(tree))


def task_ids(notebook: dict[str, Any]) -> list[str]:
    """List the ids of an exercise's tasks: the names that nbgrader gives its check cells."""
    graded = (cell.get("metadata", {}).get("nbgrader", {}) for cell in notebook["cells"])
    return [entry["grade_id"] for entry in graded if entry.get("grade")]


def tidy(notebook: "NotebookNode") -> None:
    """Take out of a notebook's metadata what differs from one machine or run to the next.

    The cells that check an exercise are folded away in JupyterLab.
    """
    kept = {"course": notebook.metadata.course} if "course" in notebook.metadata else {}
    notebook.metadata.clear()
    notebook.metadata.update(
        kept,
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        # What nbconvert needs to write a script as one of Python.
        language_info={
            "file_extension": ".py",
            "mimetype": "text/x-python",
            "name": "python",
            "nbconvert_exporter": "python",
        },
    )
    for cell in notebook.cells:
        for key in set(cell.metadata) - {"course", "nbgrader", "tags", "deletable", "editable"}:
            del cell.metadata[key]
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.jupyter = {"source_hidden": True}
        if cell.cell_type == "code" and OWN.search(cell.source):
            cell.outputs = []
        if YOURS in cell.metadata.get("tags", []):
            cell.outputs, cell.execution_count = [], None
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = {}
            # A stored widget is one that its kernel no longer knows: Jupyter would show an error.
            shown = output.get("data", {})
            if shown.pop(WIDGET, None) and not shown.get("text/plain", "").startswith("("):
                output.data["text/plain"] = "(Run this cell to get a slider.)"
            # So is a dashboard's frame one whose server has ended; its text says what to do.
            if output.get("data", {}).get("text/html", "").startswith("<iframe "):
                del output.data["text/html"]


def as_text(notebook: "NotebookNode") -> str:
    """Return a notebook as the text of its file."""
    import nbformat

    return nbformat.writes(notebook).rstrip("\n") + "\n"
