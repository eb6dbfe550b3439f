"""Slides of a lesson, from its cells that are tagged for them and from what they have stored.

A cell tagged `slide` begins a slide, one tagged `slide-more` goes on the slide before it, and of
one that is tagged `slide-output` as well only the output is shown. The text around becomes the
speaker's notes.
"""

from pathlib import Path

from course_utils import ROOT, CourseError, claims, minutes
from course_utils.authoring import notes
from course_utils.notebooks import Lesson, joined, lessons, load
from course_utils.site.staging import side
from course_utils.teaching import deck, outline, reveal, speaker
from course_utils.teaching.deck import Slide
from course_utils.teaching.outline import Cell

MOST, CHECKED = 15, 2
"""So many slides a lesson has at most, and so many of them are questions."""
LONG = 1000
"""A text of more characters is shown in smaller letters."""


def build(names: list[str], to: Path = ROOT / "build/slides", root: Path = ROOT) -> list[str]:
    """Make the slides of these lessons (default: all that have some); return a line for each.

    Raises CourseError for an unknown lesson, for one without tagged cells, or without npm.
    """
    found = {lesson.name: lesson for lesson in lessons(root)}
    for name in names:
        if name not in found:
            raise CourseError(f"there is no lesson named {name!r}")
        if not tagged(found[name]):
            raise CourseError(f"{found[name].path}: no cell is tagged {speaker.BEGINS!r}")
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
    return any(speaker.BEGINS in speaker.tags(cell) for cell in load(lesson.path)["cells"])


def make(lesson: Lesson, root: Path = ROOT) -> list[Slide]:
    """Return a lesson's slides: promise, claims, prediction, tagged cells, finds, questions."""
    own = notes.read(lesson, root)
    cells = load(lesson.path)["cells"]
    slides = [_title(lesson)]
    if lesson.claims:
        slides.append(_claims(lesson))
    if asked := outline.prediction(cells):
        told = [own.prediction] if own else []
        slides.append(Slide(minutes.PREDICTION, [deck.text(asked)], told, "ask"))
    parts, rest = speaker.cut(cells, minutes.by_section(lesson.path))
    slides += [Slide(part.title, _parts(part.cells), part.told) for part in parts]
    if found := outline.section(cells, outline.FOUND):
        slides.append(Slide(outline.FOUND, [deck.text(found)], rest, _looks(found)))
    room = min(CHECKED, MOST - len(slides))
    return slides + [_question(question) for question in _spread(own, room)]


def _looks(text: str) -> str:
    return "long" if len(text) > LONG else ""


def _spread(own: notes.Notes | None, count: int) -> list[notes.Question]:
    """Return so many of the questions, from the first to the last; of one only, the last."""
    questions = own.questions if own else []
    return [questions[0], questions[-1]][-count:] if questions and count > 0 else []


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


def _question(question: notes.Question) -> Slide:
    looks = {True: " class='fragment right'", False: ""}
    rows = "".join(
        f"<li{looks[right]}>{notes.inline_html(text)}</li>" for text, _, right in question.answers
    )
    shown = [deck.text(question.ask), f"<ol type='a' class='answers'>{rows}</ol>"]
    right = {True: "**Right:** ", False: ""}
    told = [f"- {right[one]}{text}: {why}" for text, why, one in question.answers]
    return Slide("Check yourself", shown, ["\n".join(told)], "ask")


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
    code = cell["cell_type"] == "code" and speaker.OUTPUT_ONLY not in speaker.tags(cell)
    return side(joined(cell["source"])) if code else None


def _cell(cell: Cell, narrow: bool) -> list[str]:
    if cell["cell_type"] == "markdown":
        return [deck.text(cell["source"])]
    parts = (
        []
        if speaker.OUTPUT_ONLY in speaker.tags(cell)
        else [deck.code(joined(cell["source"]), narrow)]
    )
    return parts + [part for one in cell.get("outputs", []) for part in deck.output(one)]
