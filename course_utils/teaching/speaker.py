"""What the speaker reads: the lesson's text, cut into the slides that its tagged cells make."""

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from course_utils import minutes
from course_utils.notebooks import joined
from course_utils.teaching.outline import FOUND, OPEN_END, TWINS, Cell, measured, shown_text

BEGINS, GOES_ON, OUTPUT_ONLY = "slide", "slide-more", "slide-output"
ANSWER = "slide-answer"
"""Of what became of the prediction: it shows when it is asked for."""
HEADING = re.compile(r"##+ (.*)")
ON_SLIDE, CODE = "*(on the slide)*", "```python\n"
VERDICT = "Verdict"
ASK_FIRST = "**Before the class runs this cell:** what will it say, and what would turn it?"
LITTLE = 5
"""An output of fewer lines, alone on a slide, has a sentence beside it that reads it."""
END = re.compile(r"(?:(?<=[.?!])|(?<=[.?!]\)))\s+")


class Part(NamedTuple):
    """A slide to be: its title, the cells that it shows, and paragraphs for the speaker."""

    title: str
    cells: list[Cell]
    told: list[str]


def tags(cell: Cell) -> list[str]:
    """Return a cell's tags."""
    return cell["metadata"].get("tags", [])


def cut(cells: list[Cell], taken: dict[str, float]) -> tuple[list[Part], list[str]]:
    """Cut a lesson's sections into slides; return them, and what is read behind the last one.

    `taken` are the minutes of each section. A section that has nothing to show is read while the
    slide before it stands.
    """
    cuts: list[list[Cell]] = []
    rest: list[Cell] = []
    for section in map(_with_a_slide, _sections(cells)):
        if slides := _split(section):
            cuts += [rest + slides[0], *slides[1:]]
            rest = []
        elif cuts and _heading(section[0]) != TWINS:
            cuts[-1] += section
        else:
            rest += section
    begins = _begins(taken)
    parts, title = [], ""
    for one in cuts:
        title = _title(one) or title
        parts.append(Part(title, _shown(one), _told(one, begins)))
    return parts, _told(rest, begins)


def cut_one(cells: list[Cell], title: str) -> list[Part]:
    """Cut cells that stand for themselves, as the workshop's do, into slides of one title.

    A verdict's card is read, not shown: the verdict has a slide of its own.
    """
    shown = [{**cell, "metadata": {}} if _is_card(cell) else cell for cell in cells]
    slides = _split(_with_a_slide(list(_paragraphs(shown))))
    return [Part(title, _shown(one), _told(one, {})) for one in slides]


def _sections(cells: list[Cell]) -> Iterator[list[Cell]]:
    """Yield the sections between a lesson's prediction and its finds, text as single paragraphs."""
    section: list[Cell] = []
    for cell in _paragraphs(cells):
        heading = _heading(cell) if joined(cell["source"]).startswith("## ") else ""
        if heading and section:
            yield section
            section = []
        if heading == FOUND:
            return
        if section or heading not in ("", minutes.PREDICTION):
            section.append(cell)
    yield section


def _paragraphs(cells: list[Cell]) -> Iterator[Cell]:
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            yield cell
        elif cell.get("id") not in ("header", "next"):
            text = joined(cell["source"])
            text = OPEN_END.sub("", text) if f"## {TWINS}" in text else text
            for paragraph in _apart(re.split(r"\n{2,}", text.strip())):
                yield {**_text(paragraph), "of": number}


def _apart(paragraphs: list[str]) -> list[str]:
    """Return a cell's paragraphs; of a single one that announces, its last sentence apart."""
    if len(paragraphs) > 1 or not paragraphs[0].endswith(":"):
        return paragraphs
    *before, last = END.split(paragraphs[0])
    return [" ".join(before), last] if before else [last]


def _heading(cell: Cell) -> str:
    found = HEADING.fullmatch(joined(cell["source"])) if cell["cell_type"] == "markdown" else None
    return found[1] if found else ""


def _with_a_slide(section: list[Cell]) -> list[Cell]:
    """Return a section in which a cell is tagged; else its last picture is, or its longest text.

    A verdict's card stands back: it is asked for at the end.
    """
    if any(map(_on_slide, section)) or _heading(section[0]) in (TWINS, VERDICT):
        return section
    shows = [n for n, cell in enumerate(section) if "<img" in _stored(cell, "text/html")]
    texts = [n for n, cell in enumerate(section) if _stored(cell) and not measured(cell)]
    shows = shows or sorted(
        texts, key=lambda n: (not _is_card(section[n]), len(_stored(section[n])))
    )
    return [
        {**cell, "metadata": {"tags": [BEGINS, OUTPUT_ONLY]}} if n in shows[-1:] else cell
        for n, cell in enumerate(section)
    ]


def _is_card(cell: Cell) -> bool:
    return "\nVerdict: " in shown_text(cell)


def _stored(cell: Cell, kind: str = "") -> str:
    """Return what a cell has printed, or what of a kind it has shown."""
    stored = cell.get("outputs", [])
    texts = (one.get("data", {}).get(kind, "") if kind else one.get("text", "") for one in stored)
    return "".join(map(joined, texts))


def _on_slide(cell: Cell) -> bool:
    return BEGINS in tags(cell) or GOES_ON in tags(cell)


def _split(section: list[Cell]) -> list[list[Cell]]:
    """Split a section where its slides' cells begin; [] where it has none."""
    starts = [n for n, cell in enumerate(section) if BEGINS in tags(cell)]
    if not starts:
        return []
    bounds = [0, *(_lead(section, *pair) for pair in itertools.pairwise(starts)), len(section)]
    return [section[first:last] for first, last in itertools.pairwise(bounds)]


def _lead(section: list[Cell], start: int, following: int) -> int:
    """Return where, between two slides, the text begins that leads to the second one.

    The first cell of text reads the first slide, but for a last paragraph that announces.
    """
    last = max(n for n in range(start, following) if _on_slide(section[n]))
    texts = [n for n in range(last + 1, following) if section[n]["cell_type"] == "markdown"]
    if later := [n for n in texts if section[n]["of"] != section[texts[0]]["of"]]:
        return later[0]
    if len(texts) > 1 or (texts and section[texts[0]]["source"].endswith(":")):
        return texts[-1]
    return following


def _shown(cells: list[Cell]) -> list[Cell]:
    """Return a slide's own cells; above an output that stands alone, what the text asks there.

    A few printed lines alone have below them the first sentence that reads them. Last comes what
    became of the prediction, where another cell has measured it.
    """
    shown: list[Cell] = []
    caption = ""
    for cell in cells:
        if _on_slide(cell):
            if caption and OUTPUT_ONLY in tags(cell):
                shown.append(_text(caption))
            shown.append(cell)
            caption = ""
        else:
            caption = _asked(cell)
    answers = [f"> {line}" for cell in cells if not _on_slide(cell) for line in measured(cell)]
    answer = {**_text("\n>\n".join(answers)), "metadata": {"tags": [ANSWER]}}
    return shown + _reading(cells, shown) + [answer] * bool(answers)


def _text(source: str) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _reading(cells: list[Cell], shown: list[Cell]) -> list[Cell]:
    """Return, for outputs of a few lines without code or picture, what the text says of them."""
    outputs = [cell for cell in shown if cell["cell_type"] == "code"]
    alone = all(OUTPUT_ONLY in tags(cell) and not _stored(cell, "text/html") for cell in outputs)
    lines = "".join(_stored(cell).rstrip() + "\n" for cell in outputs).count("\n")
    if not outputs or not alone or lines >= LITTLE:
        return []
    last = max(n for n, cell in enumerate(cells) if _on_slide(cell))
    behind = (cell["source"] for cell in cells[last + 1 :] if cell["cell_type"] == "markdown")
    sentences = (sentence for text in behind for sentence in END.split(text)[:1])
    read = (one for one in sentences if one[-1] == "." and one[0] not in "#|-(")
    return [_text(one) for one in itertools.islice(read, 1)]


def _asked(cell: Cell) -> str:
    """Return the last sentence of a text, where it announces or asks something; or ""."""
    if cell["cell_type"] == "code" or _heading(cell):
        return ""
    *_, last = END.split(cell["source"])
    return last if last.endswith((":", "?")) else ""


def _title(cells: list[Cell]) -> str:
    """Return the last heading before a slide's own cells; "" where it goes on a section."""
    title = ""
    for cell in cells:
        if _on_slide(cell):
            break
        title = _heading(cell) or title
    return VERDICT if title == TWINS else title


def _begins(taken: dict[str, float]) -> dict[str, float]:
    begins, before = {}, 0.0
    for section, one in taken.items():
        begins[section] = before
        before += one
    return begins


def _told(cells: list[Cell], begins: dict[str, float]) -> list[str]:
    """Return the text of these cells, and what untagged cells have stored."""
    told: list[str] = []
    for cell in cells:
        if _on_slide(cell):
            _drop_code(told)
            told += [ON_SLIDE] if told and told[-1].endswith(":") else []
        elif cell["cell_type"] == "code":
            _add_stored(told, cell)
        elif heading := _heading(cell):
            minute = f", from minute {begins[heading]:.0f}" if heading in begins else ""
            told.append(f"**{heading}**{minute}")
        else:
            told.append(cell["source"])
    return told


def _add_stored(told: list[str], cell: Cell) -> None:
    """Add what a cell has stored; where the text announces a cell that stored nothing, its code."""
    if stored := shown_text(cell):
        _drop_code(told)
        told += [ASK_FIRST] * _is_card(cell)
        told.append(f"```text\n{stored}\n```")
    elif told and told[-1].endswith(":"):
        told.append(f"{CODE}{joined(cell['source'])}\n```")


def _drop_code(told: list[str]) -> None:
    """Take back code that stood for what the text announces: here it comes."""
    if told and told[-1].startswith(CODE):
        told.pop()
