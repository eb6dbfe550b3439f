"""Slides of a lesson, from its cells that are tagged for them and from what they have stored.

A cell tagged `slide` begins a slide, one tagged `slide-more` goes on the slide before it, and of
one that is tagged `slide-output` as well only the output is shown. The text that follows, up to the
next slide, becomes the speaker's notes.
"""

import re
from pathlib import Path
from typing import Any

from course_utils import ROOT, CourseError, claims
from course_utils.authoring import notes
from course_utils.notebooks import Lesson, joined, lessons, load
from course_utils.site.staging import side
from course_utils.teaching import deck, minutes, reveal
from course_utils.teaching.deck import Slide

BEGINS, GOES_ON, OUTPUT_ONLY = "slide", "slide-more", "slide-output"
HEADING = re.compile(r"^#{2,3} (?:\d+ · )?(.*)$", re.MULTILINE)
CHECKED = 2
"""So many of a lesson's questions become slides."""

Cell = dict[str, Any]


def build(names: list[str], to: Path = ROOT / "build/slides", root: Path = ROOT) -> list[str]:
    """Make the slides of these lessons (default: all that have some); return a line for each.

    Raises CourseError for an unknown lesson, for one without tagged cells, or without npm.
    """
    found = {lesson.name: lesson for lesson in lessons(root)}
    for name in names:
        if name not in found:
            raise CourseError(f"there is no lesson named {name!r}")
        if not tagged(found[name]):
            raise CourseError(f"{found[name].path}: no cell is tagged {BEGINS!r}")
    reveal.put(to / "reveal")
    lines = []
    for lesson in found.values():
        if lesson.name in names or (not names and tagged(lesson)):
            slides = make(lesson, root)
            path = to / f"{lesson.name}.html"
            path.write_text(deck.page(f"{lesson.number} · {lesson.title}", slides), "utf-8")
            lines.append(f"{path}: {len(slides)} slides")
    return lines


def tagged(lesson: Lesson) -> bool:
    """Say whether a lesson has cells that are tagged for slides."""
    return any(BEGINS in _tags(cell) for cell in load(lesson.path)["cells"])


def make(lesson: Lesson, root: Path = ROOT) -> list[Slide]:
    """Return a lesson's slides: what it promises and claims, its tagged cells, its questions."""
    own = notes.read(lesson, root)
    slides = [_title(lesson)]
    if lesson.claims:
        slides.append(_claims(lesson))
    cells = load(lesson.path)["cells"]
    slides += [*_prediction(cells, own), *_cut(cells)]
    for question in own.questions[:CHECKED] if own else []:
        slides.append(_question(question))
    return slides


def _tags(cell: Cell) -> list[str]:
    return cell["metadata"].get("tags", [])


def _title(lesson: Lesson) -> Slide:
    listed = "\n".join(f"- {objective}" for objective in lesson.objectives)
    shown = [deck.text(lesson.promise), deck.text(f"### What you will find out\n\n{listed}")]
    return Slide(f"{lesson.number} · {lesson.title}", shown, [], "first")


def _claims(lesson: Lesson) -> Slide:
    rows = [f"- **{name}** “{claims.claim(name)['words']}”" for name in lesson.claims]
    told = [f"- **{name}** {claims.claim(name)['claim']}" for name in lesson.claims]
    looks = "many" if len(rows) > 8 else ""
    shown = [deck.text("\n".join(rows)), deck.text(f"Quoted from {claims.article()}.")]
    return Slide("What is claimed", shown, ["\n".join(told)], looks)


def _prediction(cells: list[Cell], own: notes.Notes | None) -> list[Slide]:
    """Return the slide that asks; the speaker reads its answer, and what comes before the next."""
    shown, told = "", [own.prediction] if own else []
    for cell in cells:
        text = joined(cell["source"])
        if BEGINS in _tags(cell):
            break
        if cell["cell_type"] == "markdown" and text.startswith(f"## {minutes.PREDICTION}"):
            shown = deck.text("\n".join(text.splitlines()[1:]))
        elif shown and cell["cell_type"] == "markdown":
            told.append(HEADING.sub("", text).strip())
    return [Slide(minutes.PREDICTION, [shown], told, "ask")] if shown else []


def _question(question: notes.Question) -> Slide:
    looks = {True: " class='fragment right'", False: ""}
    rows = "".join(
        f"<li{looks[right]}>{notes.inline_html(text)}</li>" for text, _, right in question.answers
    )
    shown = [deck.text(question.ask), f"<ol type='a' class='answers'>{rows}</ol>"]
    told = [f"- {text}: {why}" for text, why, _ in question.answers]
    return Slide("Check yourself", shown, ["\n".join(told)], "ask")


def _cut(cells: list[Cell]) -> list[Slide]:
    """Cut the lesson's tagged cells into slides."""
    chosen: list[tuple[str, list[Cell], list[str]]] = []
    title = ""
    for cell in cells:
        text = joined(cell["source"])
        markdown = cell["cell_type"] == "markdown"
        if markdown and (found := HEADING.findall(text)):
            title = found[-1]
        if BEGINS in _tags(cell):
            chosen.append((title, [cell], []))
        elif chosen and GOES_ON in _tags(cell):
            chosen[-1][1].append(cell)
        elif chosen and markdown and cell.get("id") != "next":
            chosen[-1][2].append(HEADING.sub("", text).strip())
    return [Slide(title, _parts(shown), told) for title, shown, told in chosen]


def _parts(cells: list[Cell]) -> list[str]:
    """Return the cells as HTML, a PyTorch cell and the TensorFlow cell behind it side by side."""
    parts, waiting = [], list(cells)
    while waiting:
        cell, *rest = waiting
        if rest and (_whose(cell), _whose(rest[0])) == ("torch", "tf"):
            columns = [
                deck.column(whose, _cell(one, narrow=True))
                for whose, one in zip(("PyTorch", "TensorFlow"), waiting[:2], strict=True)
            ]
            parts.append(f"<div class='twins'>{''.join(columns)}</div>")
            rest = rest[1:]
        else:
            parts += _cell(cell, narrow=False)
        waiting = rest
    return parts


def _whose(cell: Cell) -> str | None:
    code = cell["cell_type"] == "code" and OUTPUT_ONLY not in _tags(cell)
    return side(joined(cell["source"])) if code else None


def _cell(cell: Cell, narrow: bool) -> list[str]:
    if cell["cell_type"] == "markdown":
        return [deck.text(HEADING.sub("", joined(cell["source"])))]
    parts = [] if OUTPUT_ONLY in _tags(cell) else [deck.code(joined(cell["source"]), narrow)]
    return parts + [part for one in cell.get("outputs", []) for part in deck.output(one)]
