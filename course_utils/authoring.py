"""Notebooks as source: read and run them; generate exercises, headers and the lesson table."""

import hashlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from course_utils import ROOT, CourseError, claims

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

FOLDERS = ("notebooks", "solutions", "exercises")
"""The same path below each of them is the same topic."""

WIDGET = "application/vnd.jupyter.widget-view+json"

SOLUTION_ONLY = "solution-only"
"""The tag of a cell that explains an answer: it is left out of the exercise."""

TASK_ID = re.compile(r"(\d\d)-[1-9]")
STUB = "return ...  # your answer here"
GENERATED = r"(<!-- {0}: .*? -->\n).*(<!-- end of {0} -->)"


class Lesson(NamedTuple):
    """A lesson's front matter, and the tasks of its exercise."""

    path: Path
    number: str
    title: str
    promise: str
    minutes: int
    objectives: list[str]
    claims: list[str]
    prerequisites: list[str]
    tasks: list[str]


def inside(path: Path, root: Path = ROOT) -> Path:
    """Return a path of the course relative to its root; raises CourseError for one outside it."""
    full = path.resolve()
    if not full.is_relative_to(root):
        raise CourseError(f"{path} lies outside the course: name a path under {root.name}/")
    return full.relative_to(root)


def notebook_paths(folder: str, root: Path = ROOT) -> list[Path]:
    """List the notebooks below a folder of the course in order of their names."""
    found = sorted((root / folder).rglob("*.ipynb"), key=lambda path: path.name)
    return [path for path in found if ".ipynb_checkpoints" not in path.parts]


def load(path: Path) -> dict[str, Any]:
    """Read a notebook as plain JSON, quickly; raises CourseError where it is not a notebook."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CourseError(f"{path} is not a notebook: it is not JSON ({error})") from error
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise CourseError(f"{path} is not a notebook: it is JSON without cells")
    return content


def read(path: Path) -> "NotebookNode":
    """Read a notebook for changing it; raises CourseError where it is not a valid one."""
    import nbformat

    load(path)
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise CourseError(f"{path} is not a valid notebook: {reason}") from error
    return notebook


def front_matter(path: Path) -> Lesson:
    """Read a lesson's front matter; raises CourseError, naming the field, where it is malformed."""
    content = load(path).get("metadata", {}).get("course")
    if not isinstance(content, dict):
        raise CourseError(f"{path}: its front matter is missing (metadata, key 'course')")
    kinds = {
        "number": str,
        "title": str,
        "promise": str,
        "minutes": int,
        "objectives": list,
        "claims": list,
        "prerequisites": list,
    }
    for field, kind in kinds.items():
        if not isinstance(content.get(field), kind):
            raise CourseError(f"{path}: front matter needs {field!r}, a {kind.__name__}")
    if unknown := set(content) - set(kinds):
        raise CourseError(f"{path}: front matter has an unknown field {min(unknown)!r}")
    if content["number"] != path.name[:2]:
        raise CourseError(f"{path}: front matter says number {content['number']!r}")
    if not 3 <= len(content["objectives"]) <= 5:
        raise CourseError(f"{path}: front matter needs three to five objectives")
    for name in content["claims"]:
        if claims.claim(name)["lesson"] != content["number"]:
            raise CourseError(f"{path}: the ledger gives claim {name} to another lesson")
    solution = counterpart(path, "solutions")
    return Lesson(path, **content, tasks=task_ids(load(solution)) if solution.exists() else [])


def lessons(root: Path = ROOT) -> list[Lesson]:
    """Read every lesson's front matter, in order of their numbers."""
    return [front_matter(path) for path in notebook_paths("notebooks", root)]


def counterpart(path: Path, folder: str) -> Path:
    """Return the notebook on the same topic in another of the three notebook folders."""
    parts = list(path.parts)
    place = max(n for n, part in enumerate(parts) if part in FOLDERS)
    parts[place] = folder
    return Path(*parts)


def task_ids(notebook: dict[str, Any]) -> list[str]:
    """List the ids of an exercise's tasks: the names that nbgrader gives its check cells."""
    graded = (cell.get("metadata", {}).get("nbgrader", {}) for cell in notebook["cells"])
    return [entry["grade_id"] for entry in graded if entry.get("grade")]


def make_exercise(path: Path) -> str:
    """Return the text of the exercise that a solution notebook becomes, by nbgrader's own steps.

    Raises CourseError for a solution region never closed, a task id twice, or one that is not the
    notebook's number, a dash and a digit.
    """
    from nbconvert.preprocessors import TagRemovePreprocessor
    from nbgrader import preprocessors
    from traitlets.config import Config

    notebook = read(path)
    ids = task_ids(notebook)
    for task in ids:
        if ids.count(task) > 1:
            raise CourseError(f"{path}: task id {task!r} is there twice")
        if not (match := TASK_ID.fullmatch(task)) or match[1] != path.name[:2]:
            raise CourseError(f"{path}: task id {task!r} should look like {path.name[:2]}-1")
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


def write_headers(check: bool = False, root: Path = ROOT) -> tuple[list[str], bool]:
    """Generate the lessons' header cells and the README's tables.

    Returns what was done, a line each, and whether all is current. With `check`
    nothing is written. Raises CourseError where front matter is malformed.
    """
    found = lessons(root)
    new = {lesson.path: _with_header(lesson, found) for lesson in found}
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8")
    for name, content in {"lessons": _table(found, root), "results": _results()}.items():
        place = re.search(GENERATED.format(name), text, re.DOTALL)
        if not place:
            raise CourseError(f"README.md has lost the comments between which its {name} stand")
        text = text[: place.end(1)] + content + text[place.start(2) :]
    new[readme] = text
    lines, good = [], True
    for path, wanted in new.items():
        state = "current"
        if path.read_text(encoding="utf-8") != wanted:
            state = "stale" if check else "written"
            if not check:
                write_text(path, wanted)
        lines.append(f"{path.relative_to(root)}: {state}")
        good = good and state != "stale"
    return lines, good


def header(lesson: Lesson, found: list[Lesson]) -> str:
    """Write the first cell of a lesson: title, promise, minutes, objectives, claims under test."""
    titles = {other.number: other for other in found}
    before = [
        f"[{number} · {titles[number].title}]({_link(titles[number].path, lesson.path.parent)})"
        for number in lesson.prerequisites
        if number in titles
    ]
    lines = [f"# {lesson.number} · {lesson.title}", "", lesson.promise, ""]
    lines += [f"**{lesson.minutes} minutes**" + (f" · after {', '.join(before)}" if before else "")]
    lines += ["", "## What you will find out", ""]
    lines += [f"- {objective}" for objective in lesson.objectives]
    if lesson.claims:
        lines += ["", "## What is claimed", "", "| id | the claim under test |", "|---|---|"]
        lines += [f"| {name} | {claims.claim(name)['claim']} |" for name in lesson.claims]
    return "\n".join(lines)


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


def execute(path: Path, root: Path = ROOT) -> str:
    """Run a lesson or a solution in place, from the top in a fresh kernel; return a line about it.

    Ids are kept and metadata is clean, so that two runs differ in pictures and tagged cells at
    most. Raises CourseError, and writes nothing, where a cell raises.
    """
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    from course_utils import kernels

    os.environ.update(kernels.environment())
    place = inside(path, root)
    if place.parts[0] not in ("notebooks", "solutions"):
        raise CourseError(f"{place}: only notebooks/ and solutions/ are run in place")
    notebook = read(root / place)
    with tempfile.TemporaryDirectory() as folder:
        record = str(Path(folder, "progress.json"))
        try:
            client(notebook, root / place).execute(env=os.environ | {"COURSE_PROGRESS": record})
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            reason = getattr(error, "evalue", "") or _failing_line(str(error))
            kind = getattr(error, "ename", type(error).__name__)
            raise CourseError(f"{place} was left as it is: {kind}: {reason}") from error
    tidy(notebook)
    write_text(root / place, as_text(notebook))
    return f"{place}: {sum(cell.cell_type == 'code' for cell in notebook.cells)} code cells run"


def tidy(notebook: "NotebookNode") -> None:
    """Take out of a notebook's metadata what differs from one machine or run to the next."""
    kept = {"course": notebook.metadata.course} if "course" in notebook.metadata else {}
    notebook.metadata.clear()
    notebook.metadata.update(
        kept,
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    for cell in notebook.cells:
        for key in set(cell.metadata) - {"course", "nbgrader", "tags", "deletable", "editable"}:
            del cell.metadata[key]
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = {}
            # A stored widget is one that its kernel no longer knows: Jupyter would show an error.
            if output.get("data", {}).pop(WIDGET, None):
                output.data["text/plain"] = "(Run this cell to get a slider.)"
            # So is a dashboard's frame one whose server has ended; its text says what to do.
            if output.get("data", {}).get("text/html", "").startswith("<iframe "):
                del output.data["text/html"]


def as_text(notebook: "NotebookNode") -> str:
    """Return a notebook as the text of its file."""
    import nbformat

    return nbformat.writes(notebook).rstrip("\n") + "\n"


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file in one step, so that a crash leaves either the old content or the new.

    `mode` is what a new file gets; one that is replaced keeps its own.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as temporary:
            temporary.write(text)
            temporary.flush()
            os.fsync(temporary.fileno())
        os.chmod(name, path.stat().st_mode if path.exists() else mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _digest(notebook: dict[str, Any]) -> str:
    """Return a hash of a notebook's cells; its metadata changes when JupyterLab merely opens it."""
    return hashlib.sha256(json.dumps(notebook["cells"], sort_keys=True).encode()).hexdigest()


def _link(path: Path, start: Path) -> str:
    return Path(os.path.relpath(path, start)).as_posix()


def _with_header(lesson: Lesson, found: list[Lesson]) -> str:
    notebook = read(lesson.path)
    first = notebook.cells[0] if notebook.cells else {}
    if first.get("id") != "header":
        raise CourseError(f"{lesson.path}: its first cell should have the id 'header'")
    first.source = header(lesson, found)
    return as_text(notebook)


def _table(found: list[Lesson], root: Path) -> str:
    rows = ["| lesson | minutes | claims tested | exercise |", "|---|---|---|---|"]
    for lesson in found:
        exercise = counterpart(lesson.path, "exercises")
        link = f"[{len(lesson.tasks)} tasks]({_link(exercise, root)})" if lesson.tasks else ""
        title = f"[{lesson.number} · {lesson.title}]({_link(lesson.path, root)})"
        rows.append(f"| {title} | {lesson.minutes} | {' '.join(lesson.claims)} | {link} |")
    return "\n".join(rows) + "\n"


def _results() -> str:
    """Count the ledger's claims by verdict, each count with the claims it stands for."""
    rows = ["| verdict | claims | which |", "|---|---|---|"]
    for verdict, (label, _) in claims.VERDICTS.items():
        names = [name for name, entry in claims.ledger().items() if entry["verdict"] == verdict]
        rows.append(f"| {label} | {len(names)} | {' '.join(names)} |")
    return "\n".join(rows) + "\n"
