"""The tables that come of grading: grades, what Canvas and Moodle import, an analysis by task."""

import collections
import csv
import io
import re
from pathlib import Path

from course_utils.files import write_text
from course_utils.grading.records import GRADED, Record
from course_utils.grading.roster import Student


def safe(text: object) -> object:
    """Return what a spreadsheet takes for text, not for a formula."""
    is_formula = isinstance(text, str) and text.lstrip(" ")[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{text}" if is_formula else text


def write(
    folder: Path,
    part: str,
    tasks: list[str],
    students: list[Student],
    records: dict[str, list[Record]],
    late: set[str],
) -> None:
    """Write grades.csv, canvas.csv, moodle.csv and items.csv into the folder."""
    outcomes = {s.id: _outcomes(records.get(s.id, []), tasks) for s in students}
    grades, canvas, moodle = [], [], []
    for student in students:
        found = outcomes[student.id]
        words = [word for word, _ in found.values()]
        graded = sum(word in GRADED for word in words)
        points = sum(GRADED.get(word, 0) for word in words)
        mine = records.get(student.id, [])
        look = "; ".join(dict.fromkeys(flag for record in mine for flag in record.look))
        notes = "; ".join(note for record in mine for note in record.notes)
        who = [student.id, student.name, student.email]
        when = "late" if student.id in late else ""
        # A sum that leaves some of the tasks out is no grade.
        total = points if graded == len(tasks) else ""
        grades.append([*who, when, total, graded, len(tasks), *words, look, notes[:2000]])
        canvas.append([student.name, "", student.id, "", total])
        moodle.append([student.id, student.email, total, notes[:1000]])
    head = ["id", "name", "email", "late", "points", "graded", "tasks", *tasks, "look at", "notes"]
    _write(folder / "grades.csv", [head, *grades])
    title = f"{part} ({len(tasks)})"
    possible = ["    Points Possible", "", "", "", len(tasks)]
    names = ["Student", "ID", "SIS Login ID", "Section", title]
    _write(folder / "canvas.csv", [names, possible, *canvas])
    _write(folder / "moodle.csv", [["ID number", "Email address", part, "Feedback"], *moodle])
    _write(folder / "items.csv", _items(tasks, outcomes))


def _outcomes(records: list[Record], tasks: list[str]) -> dict[str, tuple[str, str]]:
    found = dict.fromkeys(tasks, ("missing", ""))
    for record in records:
        found |= {task: pair for task, pair in record.tasks.items() if task in found}
    return found


def _items(tasks: list[str], outcomes: dict[str, dict[str, tuple[str, str]]]) -> list[list]:
    """Return a row a task: how often it came to each outcome, and the messages seen most."""
    rows: list[list] = [["task", "graded", *GRADED, "not graded", "messages seen most"]]
    for task in tasks:
        found = [outcome[task] for outcome in outcomes.values()]
        count = collections.Counter(word for word, _ in found)
        graded = sum(count[word] for word in GRADED)
        said = (_kind(message) for word, message in found if word == "wrong")
        most = "; ".join(f"{n} × {text}" for text, n in collections.Counter(said).most_common(3))
        rows.append([task, graded, *(count[w] for w in GRADED), len(found) - graded, most])
    return rows


def _kind(message: str) -> str:
    """Return a message without its task and its numbers, so that like ones count as one."""
    return re.sub(r"-?\d+(\.\d+)?(e[+-]?\d+)?", "#", re.sub(r"^Wrong, task [\w-]+: ", "", message))


def _write(path: Path, rows: list[list]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([[safe(value) for value in row] for row in rows])
    told = text.getvalue().replace("\r\n", "\n").encode("utf-8", "replace")
    write_text(path, told.decode())
