"""Generate the lessons' headers and the README's tables from front matter and ledger."""

import re
from pathlib import Path

from course_utils import ROOT, CourseError, claims
from course_utils.files import relative_link, write_text
from course_utils.notebooks import Lesson, as_text, counterpart, lessons, read

GENERATED = r"(<!-- {0}: .*? -->\n).*(<!-- end of {0} -->)"


def write_headers(check: bool = False, root: Path = ROOT) -> tuple[list[str], bool]:
    """Generate the lessons' header cells and the README's tables.

    Returns what was done, a line each, and whether all is current. With `check`
    nothing is written. Raises CourseError where front matter is malformed.
    """
    found = lessons(root)
    for lesson in found:
        check_claims(lesson)
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


def check_claims(lesson: Lesson) -> None:
    """Raise CourseError where the ledger does not know a lesson's claim, or gives it to another."""
    for name in lesson.claims:
        if claims.claim(name)["lesson"] != lesson.number:
            raise CourseError(f"{lesson.path}: the ledger gives claim {name} to another lesson")


def header(lesson: Lesson, found: list[Lesson]) -> str:
    """Write the first cell of a lesson: title, promise, minutes, objectives, claims under test."""
    titles = {other.number: other for other in found}
    before = [
        f"[{other.number} · {other.title}]({relative_link(other.path, lesson.path.parent)})"
        for other in (titles[number] for number in lesson.prerequisites if number in titles)
    ]
    lines = [f"# {lesson.number} · {lesson.title}", "", lesson.promise, ""]
    lines += [f"**{lesson.minutes} minutes**" + (f" · after {', '.join(before)}" if before else "")]
    lines += ["", "## What you will find out", ""]
    lines += [f"- {objective}" for objective in lesson.objectives]
    if lesson.claims:
        lines += ["", "## What is claimed", "", "| id | the claim under test |", "|---|---|"]
        lines += [f"| {name} | {claims.claim(name)['claim']} |" for name in lesson.claims]
    return "\n".join(lines)


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
        link = (
            f"[{len(lesson.tasks)} tasks]({relative_link(exercise, root)})" if lesson.tasks else ""
        )
        title = f"[{lesson.number} · {lesson.title}]({relative_link(lesson.path, root)})"
        rows.append(f"| {title} | {lesson.minutes} | {' '.join(lesson.claims)} | {link} |")
    return "\n".join(rows) + "\n"


def _results() -> str:
    """Count the ledger's claims by verdict, each count with the claims it stands for."""
    rows = ["| verdict | claims | which |", "|---|---|---|"]
    for verdict, (label, _) in claims.VERDICTS.items():
        names = [name for name, entry in claims.ledger().items() if entry["verdict"] == verdict]
        rows.append(f"| {label} | {len(names)} | {' '.join(names)} |")
    return "\n".join(rows) + "\n"
