"""What is kept of each graded notebook, so that nothing is run twice: a JSON file each."""

import functools
import hashlib
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from course_utils import ROOT
from course_utils.files import write_text
from course_utils.grading.mending import Exercise

HIDDEN = "passes only the shown check"
GRADED = {"ok": 1.0, "wrong": 0.0, "not attempted": 0.0, HIDDEN: 0.0}
"""The outcomes that are a grade; all others are none, and are never shown as 0."""


class Record(NamedTuple):
    """A student's notebook: an outcome and a message a task, notes, what to look at, the cells."""

    student: str
    notebook: str
    key: str
    tasks: dict[str, tuple[str, str]]
    notes: list[str]
    look: list[str]
    cells: list[dict[str, Any]]
    seconds: float

    @property
    def score(self) -> float:
        """Points of what was graded."""
        return sum(GRADED.get(word, 0.0) for word, _ in self.tasks.values())


def file_name(student: str) -> str:
    """Return a name for files about a student that is one plain word, whatever the student's is."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}", student):
        return student
    digest = hashlib.sha256(student.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', student).strip('-')[:40]}-{digest}"


def shown(name: str) -> str:
    """Return a name as a terminal, a table or the gradebook can show it."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def key(found: Path, files: dict[str, Path], wanted: Exercise, further: dict[str, str]) -> str:
    """Return a hash of all that an outcome depends on: the submission and the checks."""
    digest = _package().copy()
    for path in (found, *files.values()):
        _add(digest, path)
    digest.update(json.dumps([wanted, further], sort_keys=True).encode())
    return digest.hexdigest()


@functools.cache
def _package() -> Any:
    """Return the hash of the course's own modules, which all submissions of a run share."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "course_utils").rglob("*.py")):
        _add(digest, path)
    return digest


def _add(digest: Any, path: Path) -> None:
    digest.update(path.name.encode("utf-8", "replace") + b"\0")
    digest.update(hashlib.sha256(path.read_bytes()).digest())


def load(path: Path) -> Record | None:
    """Return a record, or None where there is none of this kind."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        content["tasks"] = {task: tuple(pair) for task, pair in content["tasks"].items()}
        return Record(**content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def save(record: Record, path: Path) -> None:
    """Keep a record, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(record._asdict()))
