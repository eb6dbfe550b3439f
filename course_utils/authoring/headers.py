"""Generate from front matter and ledger: headers, what comes next, links, the README's tables."""

import re
from pathlib import Path

from course_utils import ROOT, CourseError, claims, minutes
from course_utils.authoring import notes
from course_utils.authoring.links import renew
from course_utils.files import relative_link, write_text
from course_utils.notebooks import Lesson, as_text, counterpart, lessons, read

GENERATED = r"(<!-- {0}: .*? -->\n).*(<!-- end of {0} -->)"


def write_headers(check: bool = False, root: Path = ROOT) -> tuple[list[str], bool]:
    """Generate each lesson's header and its last cell, links between lessons, the README's tables.

    Solutions get their title, last cell and links likewise. Returns what was done, a line each, and
    whether all is current. With `check` nothing is written. Raises CourseError where front matter
    is malformed.
    """
    found = lessons(root)
    for lesson in found:
        check_claims(lesson)
    places = {lesson.name: lesson.path.relative_to(root / "notebooks") for lesson in found}
    new = {}
    for lesson, following in zip(found, [*found[1:], None], strict=True):
        own = notes.read(lesson, root)
        first = header(lesson, found)
        last = after_lesson(lesson, found[0], following, own.questions if own else [])
        new[lesson.path] = _rewritten(lesson.path, first, last, places, root)
        if lesson.tasks:
            solution = counterpart(lesson.path, "solutions")
            first = _with_title(solution, f"# Exercise {lesson.number} · {lesson.title}")
            last = after_exercise(lesson, found[0], following)
            new[solution] = _rewritten(solution, first, last, places, root)
    for path in (root / "README.md", root / "CONTRIBUTING.md"):
        text = path.read_text(encoding="utf-8")
        text = _with_tables(text, found, root) if path.name == "README.md" else text
        new[path] = renew(text, path.relative_to(root), places)
    return write(new, check, root)


def write(new: dict[Path, str], check: bool, root: Path) -> tuple[list[str], bool]:
    """Write what is not current, or with `check` only say so; return lines, and whether all is."""
    lines, good = [], True
    for path, wanted in new.items():
        state = "current"
        if not path.exists() or path.read_text(encoding="utf-8") != wanted:
            state = "stale" if check else "written"
            if not check:
                write_text(path, wanted)
        lines.append(f"{path.relative_to(root)}: {state}")
        good = good and state != "stale"
    return lines, good


def check_claims(lesson: Lesson) -> None:
    """Raise CourseError where the ledger does not know a lesson's claim, or gives it to another."""
    for name in lesson.claims:
        if claims.claim(name)["lesson"] != lesson.name:
            raise CourseError(f"{lesson.path}: the ledger gives claim {name} to another lesson")


def header(lesson: Lesson, found: list[Lesson]) -> str:
    """Write the first cell of a lesson: title, promise, minutes, objectives, claims under test."""
    before = [
        _title_link(other, lesson.path) for other in found if other.name in lesson.prerequisites
    ]
    lines = [f"# {lesson.number} · {lesson.title}", "", lesson.promise, ""]
    lines += [_minutes(lesson.path) + (f" · after {', '.join(before)}" if before else "")]
    lines += ["", "## What you will find out", ""]
    lines += [f"- {objective}" for objective in lesson.objectives]
    if lesson.claims:
        lines += ["", "## What is claimed", "", f"Quoted from {claims.article()}:", ""]
        lines += ["| id | the article's words | what we take them to mean |", "|---|---|---|"]
        lines += map(_claim, lesson.claims)
    return "\n".join(lines)


def _minutes(path: Path) -> str:
    whole, later = minutes.of_lesson(path), minutes.pause(path)
    return f"**{whole} minutes**" + (f", with a pause before “{later}”" if later else "")


def _claim(name: str) -> str:
    entry = claims.claim(name)
    return f"| {name} | “{entry['words']}” | {entry['claim']} |"


def after_lesson(
    lesson: Lesson, start: Lesson, following: Lesson | None, questions: list[notes.Question]
) -> str:
    """Write the last cell of a lesson: its questions, its exercise, and the lesson that follows."""
    lines = [notes.check_yourself(questions)] if questions else []
    if lesson.tasks:
        exercise = relative_link(counterpart(lesson.path, "exercises"), lesson.path.parent)
        title = f"Exercise {lesson.number} · {lesson.title}"
        lines.append(f"**Now you:** [{title}]({exercise}), {len(lesson.tasks)} tasks.")
    return "\n\n".join([*lines, _what_follows(lesson.path, start, following)])


def after_exercise(lesson: Lesson, start: Lesson, following: Lesson | None) -> str:
    """Write the last cell of an exercise: the lesson that follows; its solution's link is added."""
    path = counterpart(lesson.path, "exercises")
    lines = [_what_follows(path, start, following)]
    if following:
        here = relative_link(start.path, path.parent)
        lines.append(f"What you have done so far stands in [{start.title}]({here}).")
    return "\n\n".join(lines)


def _what_follows(path: Path, start: Lesson, following: Lesson | None) -> str:
    if following is None:
        here = f"[{start.title}]({relative_link(start.path, path.parent)})"
        return f"**That was the last lesson.** What you have done stands in {here}."
    return f"**Next:** {_title_link(following, path)}. {following.promise}"


def _title_link(lesson: Lesson, path: Path) -> str:
    return f"[{lesson.number} · {lesson.title}]({relative_link(lesson.path, path.parent)})"


def _with_title(path: Path, title: str) -> str:
    first = read(path).cells[0].source
    return "\n".join([title, *first.splitlines()[1:]])


def _rewritten(path: Path, first: str, last: str, places: dict[str, Path], root: Path) -> str:
    """Return a notebook's text with these as first and last cell, and links as they are now."""
    notebook = read(path)
    ids = [cell.get("id") for cell in notebook.cells]
    if "header" not in ids[:1] or "next" not in ids[-1:]:
        raise CourseError(f"{path}: its first cell should have the id 'header', its last 'next'")
    notebook.cells[0].source, notebook.cells[-1].source = first, last
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = renew(cell.source, path.relative_to(root), places)
    return as_text(notebook)


def _with_tables(text: str, found: list[Lesson], root: Path) -> str:
    for name, content in {"lessons": _table(found, root), "results": _results()}.items():
        place = re.search(GENERATED.format(name), text, re.DOTALL)
        if not place:
            raise CourseError(f"README.md has lost the comments between which its {name} stand")
        text = text[: place.end(1)] + content + text[place.start(2) :]
    return text


def _table(found: list[Lesson], root: Path) -> str:
    rows = ["| lesson | minutes | claims tested | exercise |", "|---|---|---|---|"]
    for lesson in found:
        exercise = counterpart(lesson.path, "exercises")
        link = (
            f"[{len(lesson.tasks)} tasks]({relative_link(exercise, root)})" if lesson.tasks else ""
        )
        title = f"[{lesson.number} · {lesson.title}]({relative_link(lesson.path, root)})"
        rows.append(
            f"| {title} | {minutes.of_lesson(lesson.path)} | {' '.join(lesson.claims)} | {link} |"
        )
    return "\n".join(rows) + "\n"


def _results() -> str:
    """Count the ledger's claims by verdict, each count with the claims it stands for."""
    rows = ["| verdict | claims | which |", "|---|---|---|"]
    for verdict, (label, _) in claims.VERDICTS.items():
        names = [name for name, entry in claims.ledger().items() if entry["verdict"] == verdict]
        rows.append(f"| {label} | {len(names)} | {' '.join(names)} |")
    return "\n".join(rows) + "\n"
