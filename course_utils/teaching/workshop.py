"""The workshop: one notebook for half a day, of the lessons' own cells that are tagged for it."""

import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from course_utils import ROOT, CourseError, claims, minutes
from course_utils.files import relative_link
from course_utils.notebooks import Lesson, as_text, joined, lessons, load, statements, tidy
from course_utils.teaching import outline

PATH = Path("instructors", "workshop.ipynb")
PAGE = PATH.with_suffix(".md")
PLAN = Path("instructors", "workshop.toml")
MADE = "<!-- made by `course instructor-pages` from workshop.toml and the ledger of claims -->"
NAME, TITLE = "workshop", "Five claims in half a day"
TAG = "workshop"
TALKING = 10
"""Minutes that a class talks about a claim once it has its verdict."""

LINK = re.compile(r"\]\(([^)\s:#]+\.ipynb)")
NUMBERED = re.compile(r"^#+ (?:\d+ · )?(.*)$", re.MULTILINE)

Cell = dict[str, Any]


class Part(NamedTuple):
    """A part of the workshop: a lesson's tagged cells, the claim that they decide, its frame."""

    lesson: str
    claim: str
    title: str
    predict: str
    answer: str
    talk: str
    skip: str
    cells: list[Cell]
    minutes: int


def parts(root: Path = ROOT) -> list[Part]:
    """Read the parts in their order; raises CourseError for a lesson without tagged cells."""
    content = tomllib.loads((root / PLAN).read_text(encoding="utf-8"))
    found = {lesson.name: lesson for lesson in lessons(root)}
    return [_part(row, found[row["lesson"]], root) for row in content["parts"]]


def stored(lesson: Lesson) -> list[Cell]:
    """Return the cells that a lesson has tagged, with what they have stored."""
    return [c for c in load(lesson.path)["cells"] if TAG in c["metadata"].get("tags", [])]


def _part(row: dict[str, str], lesson: Lesson, root: Path) -> Part:
    cells = [_moved(cell, lesson.path, root) for cell in stored(lesson)]
    if not cells:
        raise CourseError(f"{lesson.path}: no cell is tagged {TAG!r}, and {PLAN} wants some")
    code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    text = [cell["source"] for cell in cells if cell["cell_type"] != "code"]
    words = sum(len(re.findall(r"\w+", one)) for one in text)
    words += len(re.findall(r"\w+", row["predict"] + row["talk"]))
    taken = words / minutes.WORDS + sum(map(statements, code)) / minutes.STATEMENTS
    taken += minutes.PREDICTING + TALKING
    return Part(**row, cells=cells, minutes=-int(-taken // 1))


def _moved(cell: Cell, path: Path, root: Path) -> Cell:
    """Return a lesson's cell as it stands in the workshop: headings lower, links mended."""
    text = joined(cell["source"])
    if cell["cell_type"] == "markdown":
        text = moved_links(NUMBERED.sub(r"### \1", text), path.parent, (root / PATH).parent)
    return {"cell_type": cell["cell_type"], "id": cell["id"], "source": text}


def moved_links(text: str, old: Path, new: Path) -> str:
    """Return Markdown of a notebook in the folder `old` with links as of the folder `new`."""
    return LINK.sub(lambda match: f"]({relative_link(old / match[1], new)}", text)


def make(root: Path = ROOT) -> str:
    """Return the text of the workshop's notebook, without outputs."""
    from nbformat import v4

    own = parts(root)
    found = {lesson.name: lesson for lesson in lessons(root)}
    cells = [v4.new_markdown_cell(_opening(own), id="header")]
    cells += [v4.new_code_cell("from course_utils import lesson\n\nlesson.begin()", id="begin")]
    for number, one in enumerate(own, start=1):
        cells.append(
            v4.new_markdown_cell(_head(number, one, found[one.lesson], root), id=f"part-{number}")
        )
        for n, cell in enumerate(one.cells):
            new = v4.new_code_cell if cell["cell_type"] == "code" else v4.new_markdown_cell
            cells.append(new(cell["source"], id=f"p{number}-{n}-{cell['id']}"[:64]))
        cells.append(v4.new_markdown_cell(f"**Talk.** {one.talk}", id=f"talk-{number}"))
    notebook = v4.new_notebook(cells=cells)
    tidy(notebook)
    return as_text(notebook)


def page(root: Path = ROOT) -> str:
    """Return the instructor's page of the workshop: what comes out of each part, what to ask."""
    lines = [MADE, "", "# Teaching the workshop", ""]
    lines += [
        f"[The notebook]({PATH.name}) holds no outputs; here is what they will say, and "
        f"`course slides {NAME}` shows them as the lessons have stored them.",
        "",
    ]
    found = {lesson.name: lesson for lesson in lessons(root)}
    for number, one in enumerate(parts(root), start=1):
        entry = claims.claim(one.claim)
        reason = outline.reasons(stored(found[one.lesson]))[one.claim]
        link = f"[{found[one.lesson].title}](lessons/{one.lesson}.md)"
        lines += [f"## {number} · {one.title}", "", f"{one.minutes} minutes, from {link}.", ""]
        lines += [f"**Predict first.** {one.predict}", "", f"**The answer.** {one.answer}", ""]
        lines += [f"**{one.claim}** “{entry['words']}”: {reason}", ""]
        lines += [f"- {head}: {text}" for head, text in claims.below(entry).items()]
        lines += ["", f"**Talk.** {one.talk}", "", f"**When time is short.** {one.skip}", ""]
    return "\n".join(lines).rstrip() + "\n"


def _opening(own: list[Part]) -> str:
    return f"# {TITLE}\n\n{opening(own)}"


def opening(own: list[Part]) -> str:
    """Return what is done, and what is claimed: a row for each part."""
    rows = []
    rows += [f"Quoted from {claims.article()}. Predict, run, read the card, talk.", ""]
    rows += ["| | claim | the article's words |", "|---|---|---|"]
    for number, one in enumerate(own, start=1):
        rows.append(f"| {number} | {one.claim} | “{claims.claim(one.claim)['words']}” |")
    return "\n".join(rows)


def _head(number: int, one: Part, lesson: Lesson, root: Path) -> str:
    entry = claims.claim(one.claim)
    link = relative_link(lesson.path, (root / PATH).parent)
    lines = [f"## {number} · {one.title}", "", f"{one.claim}: “{entry['words']}”. {entry['claim']}"]
    lines += [f"From [{lesson.title}]({link}).", "", f"**Predict first.** {one.predict}"]
    return "\n".join(lines)
