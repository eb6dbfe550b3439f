"""Who is in the class, and when each handed in: from the roster, the folders, the timestamps."""

import csv
import datetime
import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

from course_utils import CourseError


class Student(NamedTuple):
    """One of the class: the folder's name, a name and an address, and a later due day if any."""

    id: str
    name: str = ""
    email: str = ""
    due: datetime.datetime | None = None


def read(path: Path | None, submitted: Path) -> tuple[list[Student], list[str]]:
    """Return the class, and which folders belong to nobody of its roster, where there is one.

    The roster is CSV with the columns id, name, email, due; who else handed in follows. Raises
    CourseError where the roster is not such a table, or says two things of one student.
    """
    found = _roster(path) if path else {}
    folders = [p.name for p in sorted(submitted.iterdir()) if p.is_dir() and p.name[0] != "."]
    strangers = []
    for folder in folders:
        name = _composed(folder)
        if path and name not in found:
            strangers.append(folder)
        # A folder from a Mac may write an accent as a character of its own.
        found[name] = found.get(name, Student(folder))._replace(id=folder)
    return list(found.values()), strangers


def _roster(path: Path) -> dict[str, Student]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            lines = file.read().splitlines()
    except OSError as error:
        raise CourseError(f"{path} cannot be read as a roster: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CourseError(f"{path} is not in UTF-8: save it as CSV UTF-8") from error
    head = lines[0] if lines else ""
    # A spreadsheet writes what its country uses.
    rows = csv.DictReader(lines, delimiter=max(",;\t", key=head.count))
    rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or []]
    if "id" not in rows.fieldnames:
        raise CourseError(f"{path} has no column 'id'; its first line is {head[:80]!r}")
    found: dict[str, Student] = {}
    for row in rows:
        if not any(row.values()):
            continue
        student = _student(row, path)
        if found.setdefault(_composed(student.id), student) != student:
            raise CourseError(f"{path} has two rows for {student.id!r}, and they differ")
    return found


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _student(row: dict[str, str | None], path: Path) -> Student:
    name, *rest = ((row.get(column) or "").strip() for column in ("id", "name", "email", "due"))
    # It becomes a folder's name below submitted/.
    if not name or name in (".", "..") or "/" in name or "\\" in name or "\0" in name:
        raise CourseError(f"{path}: {name!r} in its column 'id' is no student's folder")
    due = moment(rest[2], f"{path}: the due day of {name}") if rest[2] else None
    return Student(name, rest[0], rest[1], due)


def moment(text: str, what: str) -> datetime.datetime:
    """Read a moment (ISO format, UTC where it names no zone; a day is over at its end).

    Raises CourseError where it is none.
    """
    text = text.strip()
    try:
        # nbgrader writes "2026-11-27 10:00:00.000000 UTC".
        found = datetime.datetime.fromisoformat(text.removesuffix(" UTC"))
        if re.fullmatch(r"[\d-]+", text):
            found += datetime.timedelta(days=1, microseconds=-1)
    except ValueError:
        raise CourseError(f"{what}, {text!r}, is no moment like 2026-11-27T23:59") from None
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def handed_in(folder: Path) -> datetime.datetime | None:
    """Return when a student handed in a part, by the timestamp that nbgrader leaves."""
    path = folder / "timestamp.txt"
    try:
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 200:
            return moment(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError, CourseError):
        pass
    return None


def is_late(student: Student, folder: Path, due: datetime.datetime | None) -> bool:
    """Tell whether a student handed in after the day that holds for this one."""
    when, until = handed_in(folder), student.due or due
    return bool(when and until and when > until)
