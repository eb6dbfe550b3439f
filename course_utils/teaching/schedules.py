"""The guide's schedules: which lessons a stretch holds, its minutes and its claims, computed."""

import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from course_utils import ROOT, CourseError, claims, minutes
from course_utils.files import relative_link
from course_utils.notebooks import Lesson, lessons
from course_utils.teaching import workshop

GUIDE = Path("instructors", "guide.md")
PLAN = Path("instructors", "schedules.toml")
TABLE = re.compile(r"(<!-- (\w+): .*? -->\n).*?(<!-- end of \2 -->)", re.DOTALL)
LONGEST_STRETCH = 90
"""Minutes in a row without a break, at most."""


class Item(NamedTuple):
    """A part of a stretch: what is shown of it, its minutes, the claims that it decides.

    `predicted` counts its predictions, for each of which a class takes minutes.IN_CLASS more.
    """

    shown: str
    minutes: int
    claims: list[str]
    predicted: int = 0


def in_class(items: list[Item]) -> int:
    """Return the minutes that a class takes for these items, its predictions with them."""
    return sum(item.minutes + minutes.IN_CLASS * item.predicted for item in items)


def guide(root: Path = ROOT) -> str:
    """Return the guide with its schedules as they are now; raises CourseError for a bad plan."""
    text = (root / GUIDE).read_text(encoding="utf-8")
    made = {name: _table(rows, root) for name, rows in plan(root).items()}
    missing = set(made) - {match[2] for match in TABLE.finditer(text)}
    if missing:
        raise CourseError(f"{GUIDE} has lost the comments around the schedule {min(missing)!r}")
    return TABLE.sub(lambda match: match[1] + made[match[2]] + match[3], text)


def plan(root: Path = ROOT) -> dict[str, dict[str, list[Item]]]:
    """Return each schedule as its stretches: when one is, and its items.

    Raises CourseError for an unknown lesson, and for a stretch longer than LONGEST_STRETCH.
    """
    content = tomllib.loads((root / PLAN).read_text(encoding="utf-8"))
    found = {lesson.name: lesson for lesson in lessons(root)}
    parts = {part.lesson: part for part in workshop.parts(root)}
    made: dict[str, dict[str, list[Item]]] = {}
    for name, stretches in content.items():
        made[name] = {
            when: [_item(one, found, parts, root) for one in ones]
            for when, ones in stretches.items()
        }
        for when, items in made[name].items():
            taken = in_class(items)
            if taken > LONGEST_STRETCH:
                raise CourseError(f"{PLAN}: {name}, {when}: {taken} minutes without a break")
    return made


def _item(
    one: dict[str, Any], found: dict[str, Lesson], parts: dict[str, workshop.Part], root: Path
) -> Item:
    """Read an item: a lesson, an exercise, a part of the workshop, or words and their minutes."""
    kind, name = next(iter(one.items()))
    if kind == "workshop":
        if name not in parts:
            raise CourseError(f"{workshop.PLAN} has no part of the lesson {name!r}")
        part = parts[name]
        return Item(f"workshop: {part.title}", part.minutes, [part.claim], 1)
    if kind == "say":
        return Item(name, one["minutes"], [])
    if name not in found or kind not in ("lesson", "exercise"):
        raise CourseError(f"{PLAN}: no {kind} is named {name!r}")
    lesson = found[name]
    page = relative_link(root / "instructors/lessons" / f"{name}.md", root / GUIDE.parent)
    title = f"[{lesson.title}]({page})"
    if kind == "exercise":
        return Item(f"exercise: {title}", minutes.EXERCISE, [])
    return Item(title, minutes.of_lesson(lesson.path), lesson.claims, 1)


def _table(stretches: dict[str, list[Item]], root: Path) -> str:
    rows = ["| when | what | minutes/in class | claims |", "|---|---|---|---|"]
    for when, items in stretches.items():
        taken = sum(item.minutes for item in items)
        what = "; ".join(f"{item.shown}, {item.minutes}" for item in items)
        named = [name for item in items for name in item.claims]
        rows.append(f"| {when} | {what} | {taken}/{in_class(items)} | {_shown(named)} |")
    planned = [item for items in stretches.values() for item in items]
    every = {name for item in planned for name in item.claims}
    total = sum(item.minutes for item in planned)
    of = len(claims.ledger())
    both = f"**{total}/{in_class(planned)}**"
    return "\n".join([*rows, f"| **all** | | {both} | {len(every)} of {of} |"]) + "\n"


def _shown(names: list[str]) -> str:
    return " ".join(dict.fromkeys(names))
