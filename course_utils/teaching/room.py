"""A room full of machines: what `course doctor --json` said on each, in one table."""

import json
from pathlib import Path

from course_utils import CourseError


def table(folder: Path) -> tuple[list[str], bool]:
    """Read NAME.json of each machine in a folder; return a line for each, and whether all is ready.

    Raises CourseError where the folder has no such file.
    """
    reports = sorted(folder.glob("*.json"))
    if not reports:
        raise CourseError(
            f"{folder} holds no report: run `course doctor --json > NAME.json` on each machine and "
            "put the files there"
        )
    lines = []
    good = True
    for report in reports:
        said = _problems(report)
        good = good and not said
        lines.append(f"{report.stem}: {'; '.join(said) or 'ready'}")
    return lines, good


def _problems(report: Path) -> list[str]:
    """List what a report says is to be mended, with the command that mends it."""
    try:
        rows = json.loads(report.read_bytes())["rows"]  # PowerShell's `>` writes UTF-16
        bad = [row for row in rows if row["status"] == "fail"]
        return [
            f"{row['name']}: {row['detail']} ({row['mend']})".removesuffix(" ()") for row in bad
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return ["its report cannot be read: run `course doctor --json` there again"]
