"""How a slide's cells stand: twins side by side, large where little is shown, few slides in all."""

import html
import itertools
import re
from collections.abc import Iterator

from course_utils.notebooks import joined
from course_utils.site.staging import side
from course_utils.teaching import deck, speaker
from course_utils.teaching.outline import Cell
from course_utils.teaching.speaker import Part

WIDE, NARROW = 80, 52
"""Characters in a row of a slide, and of a twin's half of it, at most."""
PROSE = 20
"""So many more are in a row of a card, whose letters are narrower than those of code."""
SMALL, PICTURE = 9, 14
"""A picture takes the room of so many rows: at least, and where it is to be seen from afar."""
ROW, TAG = re.compile(r"<(?:tr|div|p|li)\b"), re.compile(r"^[^>]*>|<[^>]*>|\n")
DATA = re.compile(r'"data:[^"]*"')
LARGE, MIDDLE = 13, 20
"""A slide of so many rows is set in large or in middle-sized letters, a fuller one in small."""


def groups(cells: list[Cell]) -> list[list[Cell]]:
    """Return the cells one by one, but a PyTorch cell with the TensorFlow cell behind it."""
    found: list[list[Cell]] = []
    for cell in cells:
        if found and [_whose(one) for one in (*found[-1], cell)] == ["torch", "tf"]:
            found[-1].append(cell)
        else:
            found.append([cell])
    return found


def _whose(cell: Cell) -> str | None:
    code = cell["cell_type"] == "code" and speaker.OUTPUT_ONLY not in speaker.tags(cell)
    return side(deck.shortened(joined(cell["source"]))) if code else None


def size(cells: list[Cell]) -> str:
    """Return the size of the letters in which a slide of these cells is set."""
    count = rows(cells, SMALL)
    return "large" if count <= LARGE else "middle" if count <= MIDDLE else "small"


def rows(cells: list[Cell], picture: int = PICTURE) -> int:
    """Count the rows that cells take on a slide; of twins, those of the longer one."""
    return sum(
        (sum if stacked(group, cells) else max)(
            sum(_rows(cell, _width(group, cells), picture)) for cell in group
        )
        for group in groups(cells)
    )


def stacked(group: list[Cell], cells: list[Cell]) -> bool:
    """Say whether twins stand one above the other: they are wide, and the slide's cells leave room.

    Each takes a row more, for its heading.
    """
    lines = [line for cell in group for line in deck.shortened(joined(cell["source"])).split("\n")]
    if len(group) == 1 or max(map(len, lines)) <= NARROW:
        return False
    return sum(sum(_rows(cell, WIDE, PICTURE)) for cell in cells) + len(group) <= MIDDLE


def _width(group: list[Cell], cells: list[Cell]) -> int:
    return WIDE if len(group) == 1 or stacked(group, cells) else NARROW


def _rows(cell: Cell, width: int, picture: int) -> Iterator[int]:
    text = joined(cell["source"])
    if cell["cell_type"] == "markdown":
        yield _lines(text, width)
        return
    if speaker.OUTPUT_ONLY not in speaker.tags(cell):
        yield _lines(deck.shortened(text), width)
    for stored in cell.get("outputs", []):
        for part in deck.output(stored):
            plain = DATA.sub("", part)
            drawn = [html.unescape(TAG.sub("", row)) for row in ROW.split(plain)[1:]]
            lines = sum(_lines(row, width + PROSE) for row in drawn) or _lines(plain, width)
            yield picture if deck.is_picture(part) else lines


def _lines(text: str, width: int) -> int:
    return sum(1 + (len(line) - 1) // width if line else 1 for line in text.split("\n"))


def fewer(parts: list[Part], most: int) -> list[Part]:
    """Return at most so many slides: neighbours are joined, each time the two that show least.

    A cell counts a row more, for what is between two.
    """
    parts = list(parts)
    while len(parts) > most:
        joint = [_both(one, two) for one, two in itertools.pairwise(parts)]
        first = min(range(len(joint)), key=lambda n: rows(joint[n]) + len(joint[n]))
        one, two = parts[first : first + 2]
        parts[first : first + 2] = [Part(one.title, _both(one, two), one.told + two.told)]
    return parts


def _both(one: Part, two: Part) -> list[Cell]:
    """Return the cells of two slides for one; a new heading stands above the second's."""
    heading = {"cell_type": "markdown", "metadata": {}, "source": f"### {two.title}"}
    told = one.title == two.title or heading in one.cells
    return one.cells + [heading] * (not told) + two.cells
