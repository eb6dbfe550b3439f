"""Who is in the class, and when each handed in: from the roster, the folders, the timestamps."""

import csv
import datetime
from pathlib import Path
from typing import NamedTuple

from course_utils import CourseError


class Student(NamedTuple):
    """One of the class: the folder's name, a name and an address, and a later due day if any."""

    id: str
    name: str = ""
    email: str = ""
    due: datetime.datetime | None = None


def read(path: Path | None, submitted: Path) -> list[Student]:
    """Return the class: the roster (CSV with id, name, email, due), and who else handed in.

    Raises CourseError where the roster is not such a table.
    """
    found = {}
    if path:
        try:
            with open(path, newline="", encoding="utf-8-sig") as file:
                for row in csv.DictReader(file):
                    student = _student(row, path)
                    found[student.id] = student
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise CourseError(f"{path} cannot be read as a roster: {error}") from error
    for folder in sorted(submitted.iterdir()):
        if folder.is_dir() and not folder.name.startswith("."):
            found.setdefault(folder.name, Student(folder.name))
    return list(found.values())


def _student(row: dict[str, str | None], path: Path) -> Student:
    name = (row.get("id") or "").strip()
    # It becomes a folder's name below submitted/.
    if not name or name in (".", "..") or "/" in name or "\\" in name or "\0" in name:
        raise CourseError(f"{path}: {name!r} in its column 'id' is no student's folder")
    due = (row.get("due") or "").strip()
    given = moment(due, f"{path}: the due day of {name}") if due else None
    return Student(name, row.get("name") or "", row.get("email") or "", given)


def moment(text: str, what: str) -> datetime.datetime:
    """Read a moment (ISO format, UTC where it names no zone); raises CourseError."""
    try:
        # nbgrader writes "2026-11-27 10:00:00.000000 UTC".
        found = datetime.datetime.fromisoformat(text.strip().removesuffix(" UTC"))
    except ValueError:
        raise CourseError(f"{what}, {text!r}, is no moment like 2026-11-27T23:59") from None
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def handed_in(folder: Path) -> datetime.datetime | None:
    """Return when a student handed in a part, by the timestamp that nbgrader leaves."""
    path = folder / "timestamp.txt"
    try:
        if not path.is_symlink() and path.stat().st_size < 200:
            return moment(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError, CourseError):
        pass
    return None


def is_late(student: Student, folder: Path, due: datetime.datetime | None) -> bool:
    """Tell whether a student handed in after the day that holds for this one."""
    when, until = handed_in(folder), student.due or due
    return bool(when and until and when > until)
