"""Put the course's own checks into a student's cells, whatever became of theirs."""

import ast
import re
from typing import Any, NamedTuple

from course_utils.grading.reading import Cell
from course_utils.notebooks import tree_of

TASK = re.compile(r"(\w+)-\d")


class Step(NamedTuple):
    """What is to be run, or shown: a check, a student's code, or text; and whose task it is."""

    kind: str
    task: str
    source: str


class Exercise(NamedTuple):
    """What is known of an exercise: its tasks' checks, and the marks of each answer's cell.

    `imports` are those of its own cells, which its checks rest on.
    """

    stem: str
    checks: dict[str, str]
    ids: dict[str, str]
    names: dict[str, str]
    skeletons: dict[str, str]
    imports: str


def exercise(stem: str, notebook: dict[str, Any], skeleton: dict[str, Any]) -> Exercise:
    """Gather what mending needs, from a solution as it is and from the exercise made of it."""
    checks, ids, names, imports = {}, {}, {}, []
    for cell in notebook["cells"]:
        graded = cell["metadata"].get("nbgrader", {})
        task, source = graded.get("grade_id", ""), "".join(cell["source"])
        if graded.get("grade"):
            checks[task] = source
        elif graded.get("solution"):
            names |= dict.fromkeys(_defined(source), task)
        elif cell["cell_type"] == "code" and (tree := tree_of(source)):
            found = (node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))
            imports += map(ast.unparse, found)
        if task:
            ids[cell.get("id", task)] = task
    skeletons = {
        cell["metadata"]["nbgrader"]["grade_id"]: _bare("".join(cell["source"]))
        for cell in skeleton["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution")
    }
    return Exercise(stem, checks, ids, names, skeletons, "\n".join(imports))


def mend(cells: list[Cell], wanted: Exercise) -> tuple[list[Step], list[str], set[str]]:
    """Return the steps to run, what was mended, and the tasks that have no cell of an answer.

    Each task's own check is run once, after the last cell of its answer, and after what stood
    between that and the student's copy of the check. Of a cell that is there several times all
    are run, but those that nobody has changed.
    """
    notes: list[str] = []
    named = [(cell, _name(cell, wanted, notes)) for cell in cells]
    named = _without_idle_copies(named, wanted, notes)
    steps: list[Step] = []
    answers: dict[str, int] = {}
    asked: dict[str, int] = {}
    for cell, name in named:
        if name in wanted.checks:
            if _bare(cell.source) != _bare(wanted.checks[name]):
                notes.append(f"{name}: its check was edited; the course's own was run")
            if name in asked:
                notes.append(f"{name}: its check is there twice")
            asked[name] = len(steps)
            continue
        if name in answers:
            notes.append(f"{name.removesuffix('-answer')}: answered twice; the last one counts")
        if name:
            answers[name] = len(steps)
        kind = "code" if cell.kind == "code" else "text"
        steps.append(Step(kind, name.removesuffix("-answer"), cell.source))
    places: dict[int, list[Step]] = {}
    missing = set()
    for task, source in wanted.checks.items():
        answer, place = answers.get(f"{task}-answer"), asked.get(task)
        if answer is None:
            missing.add(task)
            notes.append(f"{task}: there is no cell with its answer")
        elif place is None:
            notes.append(f"{task}: its check was deleted; the course's own was run")
        elif place <= answer:
            notes.append(f"{task}: its check stood before the answer; it was run after it")
        last = len(steps) if answer is None else answer + 1
        place = last if place is None else max(place, last)
        places.setdefault(place, []).append(Step("check", task, source))
    mended = []
    for n in range(len(steps) + 1):
        mended += [*places.get(n, []), *steps[n : n + 1]]
    if len(missing) == len(wanted.checks) and (other := _lesson(cells)):
        notes.append(f"it holds the cells of another exercise: {other}")
    return mended, notes, missing


def _name(cell: Cell, wanted: Exercise, notes: list[str]) -> str:
    """Return nbgrader's name of a student's cell, by whatever mark of it is left."""
    if cell.kind != "code":
        return ""
    known = set(wanted.ids.values())
    if cell.grade_id in known:
        return cell.grade_id
    checked = re.findall(r"tasks\.check\(\s*[\"']([\w-]+)[\"']", cell.source)
    found = wanted.ids.get(cell.id) or next((t for t in checked if t in wanted.checks), "")
    if not found:
        found = next((wanted.names[n] for n in _defined(cell.source) if n in wanted.names), "")
    if found:
        notes.append(f"{found}: its cell has lost its metadata")
    return found


def _without_idle_copies(
    named: list[tuple[Cell, str]], wanted: Exercise, notes: list[str]
) -> list[tuple[Cell, str]]:
    """Leave out copies of an answer's cell that nobody has changed, where another was."""
    changed = {n for cell, n in named if n in wanted.skeletons and not _idle(cell, n, wanted)}
    kept = []
    for cell, name in named:
        if name in changed and _idle(cell, name, wanted):
            notes.append(f"{name.removesuffix('-answer')}: an unchanged copy was left out")
        else:
            kept.append((cell, name))
    return kept


def _idle(cell: Cell, name: str, wanted: Exercise) -> bool:
    return _bare(cell.source) == wanted.skeletons[name]


def _bare(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def _defined(source: str) -> list[str]:
    """List the functions and classes that a cell defines, also where it does not parse."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return re.findall(r"^(?:def|class) (\w+)", source, re.MULTILINE)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node.name for node in body if isinstance(node, kinds)]


def _lesson(cells: list[Cell]) -> str:
    """Return the lesson whose tasks a notebook holds most of; nothing where it has none."""
    names = [match[1] for cell in cells if (match := TASK.match(cell.grade_id))]
    return max(set(names), key=names.count) if names else ""
