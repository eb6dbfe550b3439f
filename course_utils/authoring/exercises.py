"""Generate the exercises from the solutions, by nbgrader's own steps; learners' work is safe."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from course_utils import ROOT, CourseError
from course_utils.files import relative_link, write_text
from course_utils.notebooks import (
    as_text,
    counterpart,
    load,
    name_of,
    notebook_paths,
    read,
    task_ids,
    tidy,
)
from course_utils.tasks import AFTER

SOLUTION_ONLY = "solution-only"

"""The tag of a cell that explains an answer: it is left out of the exercise."""

TASK_ID = re.compile(r"(\w+)-[1-9]")

STUB = "return ...  # your answer here"

WITHOUT_SOLUTION = "**All done?** Whoever teaches you has a solution that says why."


def make_exercise(path: Path, link: bool = True) -> str:
    """Return the text of the exercise that a solution notebook becomes, by nbgrader's own steps.

    It ends with a link to the solution; without `link`, with a word on who has it. Raises
    CourseError for a solution region never closed, a task id twice, or one that is not the
    lesson's name, a dash and a digit.
    """
    from nbconvert.preprocessors import TagRemovePreprocessor
    from nbgrader import preprocessors
    from traitlets.config import Config

    notebook = read(path)
    ids = task_ids(notebook)
    for task in ids:
        if ids.count(task) > 1:
            raise CourseError(f"{path}: task id {task!r} is there twice")
        if not (match := TASK_ID.fullmatch(task)) or match[1] != name_of(path):
            raise CourseError(f"{path}: task id {task!r} should look like {name_of(path)}-1")
    config = Config()
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.enforce_metadata = True
    remove = TagRemovePreprocessor(remove_cell_tags={SOLUTION_ONLY}, enabled=True)
    steps = [remove] + [
        getattr(preprocessors, name)(config=config)
        for name in (
            "LockCells",
            "ClearSolutions",
            "ClearOutput",
            "CheckCellMetadata",
            "ComputeChecksums",
            "ClearHiddenTests",
            "ClearMarkScheme",
            "ComputeChecksums",
            "CheckCellMetadata",
        )
    ]
    try:
        for step in steps:
            notebook, _ = step.preprocess(notebook, {})
    except Exception as error:
        raise CourseError(f"{path}: {' '.join(str(error).split())}") from error
    _add_end(notebook, path if link else None)
    _add_places(notebook, name_of(path))
    tidy(notebook)
    notebook.metadata.pop("course", None)
    digest = _digest(json.loads(as_text(notebook)))
    notebook.metadata.course = {"generated": digest}
    return as_text(notebook)


def state_of_exercise(path: Path, expected: str) -> str:
    """Say how the exercise at a path stands to the text that its solution makes now.

    One of: current; missing; stale (ours, from an older solution); edited (current, but for what a
    learner changed); edited and stale.
    """
    if not path.exists():
        return "missing"
    text = path.read_text(encoding="utf-8")
    if text == expected:
        return "current"
    try:
        existing = load(path)
        recorded = existing["metadata"]["course"]["generated"]
    except (CourseError, KeyError, TypeError, AttributeError):
        return "edited and stale"
    same_version = recorded == json.loads(expected)["metadata"]["course"]["generated"]
    if recorded == _digest(existing):
        return "stale"
    return "edited" if same_version else "edited and stale"


def write_exercises(check: bool = False, root: Path = ROOT) -> tuple[list[str], bool]:
    """Generate the exercises; return what was done, a line each, and whether all is current.

    Only a file that is as it was generated is ever replaced. With `check` nothing is written.
    Raises CourseError, and writes nothing, where a solution is malformed or an exercise that is not
    current has been edited.
    """
    made = {
        counterpart(path, "exercises"): make_exercise(path)
        for path in notebook_paths("solutions", root)
    }
    states = {path: state_of_exercise(path, text) for path, text in made.items()}
    blocked = [str(path.relative_to(root)) for path in states if states[path] == "edited and stale"]
    if blocked and not check:
        raise CourseError(
            f"{', '.join(blocked)} holds work that was not generated, and its solution has changed:"
            " rename your copy, then run `course exercises` again (nothing was written)"
        )
    for path, text in made.items():
        if states[path] in ("missing", "stale") and not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, text)
            states[path] = "written"
    lines = [f"{path.relative_to(root)}: {state}" for path, state in states.items()]
    good = {"current", "written", "edited"}
    return lines, all(state in good for state in states.values())


def _add_end(notebook: Any, solution: Path | None) -> None:
    """Let the last cell begin with where the solution is, seen from the exercise."""
    said = WITHOUT_SOLUTION
    if solution:
        target = relative_link(solution, counterpart(solution, "exercises").parent)
        said = f"**All done?** Compare with [the solution]({target}), which says why."
    for cell in notebook.cells:
        if cell.get("id") == "next":
            cell.source = f"{said}\n\n{cell.source}"


def _add_places(notebook: Any, lesson: str) -> None:
    """Name the places to which the card of a task that is done leads.

    JupyterLab's own name for a heading is no place for a link where it holds more than ASCII.
    """
    heading = None
    for cell in notebook.cells:
        graded = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown" and (cell.id == "next" or cell.source.startswith("#")):
            heading = cell
        if graded.get("solution") and heading:
            place = graded.grade_id.removesuffix("-answer")
            heading.source = f'<a id="{place}"></a>\n\n{heading.source}'
            heading = None
    if heading and heading.id == "next":
        heading.source = f'<a id="{AFTER.format(lesson)}"></a>\n\n{heading.source}'


def _digest(notebook: dict[str, Any]) -> str:
    """Return a hash of a notebook's cells; its metadata changes when JupyterLab merely opens it."""
    return hashlib.sha256(json.dumps(notebook["cells"], sort_keys=True).encode()).hexdigest()
