"""Slides of a lesson, from its cells that are tagged for them and from what they have stored.

A cell tagged `slide` begins a slide, one tagged `slide-more` goes on the slide before it, and of
one that is tagged `slide-output` as well only the output is shown. A section without any shows
what it drew or printed last. The text around becomes the speaker's notes.
"""

import itertools
from pathlib import Path

from course_utils import ROOT, CourseError, claims, minutes
from course_utils.authoring import notes
from course_utils.notebooks import Lesson, joined, lessons, load
from course_utils.teaching import deck, layout, outline, reveal, speaker, workshop
from course_utils.teaching.deck import Slide
from course_utils.teaching.outline import Cell
from course_utils.words import as_html

MOST, CHECKED = 15, 2
"""So many slides a lesson has at most, and so many of them are questions."""
FEW, LIMITS = 8, 900
"""Of so many claims a slide shows more than the words: how each is read; and, where they have no
more characters than that, what limits each verdict."""
ANSWER = "fragment answer"
"""The looks of what became of a prediction."""
PROMISE = "The promise, for when the predictions are on the board:"
LONG, LONGER = 1000, 1600
"""A text of more characters is shown in smaller letters, and in still smaller ones."""


def build(names: list[str], to: Path = ROOT / "build/slides", root: Path = ROOT) -> list[str]:
    """Make the slides of these lessons (default: all that have some); return a line for each.

    The workshop counts as one. Raises CourseError for an unknown lesson, for one without tagged
    cells, or without npm.
    """
    found = {lesson.name: lesson for lesson in lessons(root)}
    for name in names:
        if name == workshop.NAME:
            continue
        if name not in found:
            raise CourseError(f"there is no lesson named {name!r}")
        if not tagged(found[name]):
            raise CourseError(f"{found[name].path}: no cell is tagged {speaker.BEGINS!r}")
    reveal.put(to / "reveal")
    decks = {
        lesson.name: (f"{lesson.number} · {lesson.title}", make(lesson, root))
        for lesson in found.values()
        if lesson.name in names or (not names and tagged(lesson))
    }
    if workshop.NAME in names or (not names and (root / workshop.PLAN).exists()):
        decks[workshop.NAME] = workshop.TITLE, make_workshop(root)
    lines = []
    for name, (title, slides) in decks.items():
        path = to / f"{name}.html"
        path.write_text(deck.page(title, slides), "utf-8")
        lines.append(f"{path}: {len(slides)} slides")
    return lines


def tagged(lesson: Lesson) -> bool:
    """Say whether a lesson has cells that are tagged for slides."""
    return any(speaker.BEGINS in speaker.tags(cell) for cell in load(lesson.path)["cells"])


def make(lesson: Lesson, root: Path = ROOT) -> list[Slide]:
    """Return a lesson's slides: promise, claims, prediction, sections, verdicts, finds, questions.

    A section has its tagged cells, or what it showed last. More than MOST slides are joined.
    """
    own = notes.read(lesson, root)
    cells = load(lesson.path)["cells"]
    first, last = [_title(lesson)], []
    if lesson.claims:
        first.append(_claims(lesson))
        last.append(_verdicts(lesson.claims, outline.reasons(cells)))
    if asked := outline.prediction(cells):
        told = [own.prediction] if own else []
        first.append(Slide(minutes.PREDICTION, [deck.text(asked)], told, "ask"))
    parts, rest = speaker.cut(cells, minutes.by_section(lesson.path))
    if found := outline.section(cells, outline.FOUND):
        last.append(Slide(outline.FOUND, [deck.text(found)], rest, _looks(found)))
    parts = layout.fewer(parts, MOST - len(first) - len(last) - bool(own))
    slides = [*first, *map(_slide, parts), *last]
    return slides + [_question(one) for one in _spread(own, min(CHECKED, MOST - len(slides)))]


def make_workshop(root: Path = ROOT) -> list[Slide]:
    """Return the workshop's slides: of each part its prediction, what was stored, its verdict."""
    found = {lesson.name: lesson for lesson in lessons(root)}
    own = workshop.parts(root)
    slides = [Slide(workshop.TITLE, [deck.text(workshop.opening(own))], [], "first")]
    for number, part in enumerate(own, start=1):
        entry = claims.claim(part.claim)
        asked = [deck.text(f"**{part.claim}** “{entry['words']}”"), deck.text(part.predict)]
        told = [f"{part.minutes} minutes.", f"**When time is short.** {part.skip}"]
        slides.append(Slide(f"{number} · {part.title}", asked, told, "ask"))
        cells = workshop.stored(found[part.lesson])
        cut = speaker.cut_one(cells, part.title)
        shown = [*map(_slide, cut)]
        answer = deck.text(f"> Predict first: {part.answer}", ANSWER)
        slides += [*shown[:-1], shown[-1]._replace(parts=[*shown[-1].parts, answer])]
        verdict = _verdicts([part.claim], outline.reasons(cells))
        talk = deck.text(f"**Talk.** {part.talk}")
        slides.append(verdict._replace(title="The verdict", parts=[*verdict.parts, talk]))
    return slides


def _looks(text: str) -> str:
    return "longer" if len(text) > LONGER else "long" if len(text) > LONG else ""


def _spread(own: notes.Notes | None, count: int) -> list[notes.Question]:
    """Return so many of the questions, from the first to the last; of one only, the last."""
    questions = own.questions if own else []
    return [questions[0], questions[-1]][-count:] if questions and count > 0 else []


def _title(lesson: Lesson) -> Slide:
    listed = "\n".join(f"- {objective}" for objective in lesson.objectives)
    shown = [deck.text(f"### What you will find out\n\n{listed}")]
    told = [f"{PROMISE} {lesson.promise}"]
    return Slide(f"{lesson.number} · {lesson.title}", shown, told, "first")


def _claims(lesson: Lesson) -> Slide:
    """Return the article's words; below each how we read them, or in the notes where many are."""
    entries = {name: claims.claim(name) for name in lesson.claims}
    words = [f"- **{name}** “{entry['words']}”" for name, entry in entries.items()]
    read = [notes.inline_html(entry["claim"]) for entry in entries.values()]
    told = []
    if len(entries) <= FEW:
        pairs = zip(words, read, strict=True)
        words = [f"{one}<br><span class='reading'>{reading}</span>" for one, reading in pairs]
    else:
        told = [f"- **{name}** {entry['claim']}" for name, entry in entries.items()]
    shown = [deck.text("\n".join(words)), deck.text(f"Quoted from {claims.article()}.")]
    return Slide("What is claimed", shown, ["\n".join(told)] * bool(told), _many(lesson.claims))


def _verdicts(names: list[str], reasons: dict[str, str]) -> Slide:
    """Return the verdicts, which show one by one; with few, what limits each beside it."""
    limits = sum(len(claims.claim(name)["limit"]) for name in names)
    few = len(names) <= FEW and limits <= LIMITS
    heads = ["claim", "the article's words", "verdict", "what limits it"]
    shown = "<tr>" + "".join(f"<th>{head}</th>" for head in heads[: 3 + few]) + "</tr>"
    told = ["Before you show a verdict: what will it say, and what would turn it?"]
    for number, name in enumerate(names):
        entry = claims.claim(name)
        label, colour = claims.VERDICTS[entry["verdict"]]
        cells = [
            f"<b style='border-color: {colour}'>{label}</b>",
            notes.inline_html(entry["limit"]),
        ]
        fragment = f"<td class='fragment' data-fragment-index='{number}'>"
        shown += f"<tr><td><b>{name}</b></td><td>“{as_html(entry['words'])}”</td>"
        shown += "".join(f"{fragment}{cell}</td>" for cell in cells[: 1 + few]) + "</tr>"
        told.append(f"**{name}** {reasons[name]} {outline.below(entry)}")
    table = f"<table class='verdicts'>{shown}</table>"
    looks = _many(names) if few or len(names) > FEW else ""
    return Slide("The verdicts", [table], told, looks)


def _many(names: list[str]) -> str:
    return "many" if len(names) > FEW // 2 else ""


def _question(question: notes.Question) -> Slide:
    looks = {True: " class='fragment right'", False: ""}
    rows = "".join(
        f"<li{looks[right]}>{notes.inline_html(text)}</li>" for text, _, right in question.answers
    )
    shown = [deck.text(question.ask), f"<ol type='a' class='answers'>{rows}</ol>"]
    right = {True: "**Right:** ", False: ""}
    told = [f"- {right[one]}{text}: {why}" for text, why, one in question.answers]
    return Slide("Check yourself", shown, ["\n".join(told)], "ask")


def _slide(part: speaker.Part) -> Slide:
    return Slide(part.title, _parts(part.cells), part.told, layout.size(part.cells))


def _parts(cells: list[Cell]) -> list[str]:
    """Return the cells as HTML, twins side by side."""
    parts = []
    for group in layout.groups(cells):
        if len(group) == 1:
            parts += _cell(group[0])
        else:
            pairs = zip(("PyTorch", "TensorFlow"), group, strict=True)
            columns = [deck.column(whose, _framed(_cell(cell))) for whose, cell in pairs]
            looks = " stacked" if layout.stacked(group, cells) else ""
            parts.append(f"<div class='twins{looks}'>{''.join(columns)}</div>")
    return _framed(parts)


def _framed(parts: list[str]) -> list[str]:
    """Return parts of a slide with pictures that follow each other in one frame."""
    return [
        part
        for shows, some in itertools.groupby(parts, deck.is_picture)
        for part in ([deck.pictures(list(some))] if shows else some)
    ]


def _cell(cell: Cell) -> list[str]:
    if cell["cell_type"] == "markdown":
        answer = speaker.ANSWER in speaker.tags(cell)
        return [deck.text(cell["source"], ANSWER if answer else "")]
    only = speaker.OUTPUT_ONLY in speaker.tags(cell)
    parts = [] if only else [deck.code(joined(cell["source"]))]
    return parts + [part for one in cell.get("outputs", []) for part in deck.output(one)]
