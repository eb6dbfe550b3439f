"""Compare a cell's stored outputs with new ones: what may differ, and what must not.

Text is compared exactly, but a printed decimal number may differ by one unit of its last digit.
A picture is compared by the fingerprint of what it shows, by the same rule. This module knows
neither nbval nor any other way of running a notebook.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import zip_longest
from typing import Any

from course_utils.figures import SHOWN
from course_utils.notebooks import WIDGET

# A decimal number that stands alone: not in a word (3.2GB), a version (2.13.0, Python 3.11), a file
# (0.5.pt) or a name (run-0.5). Whole numbers count something: they are text.
NUMBER = re.compile(
    r"(?<![\w.])(?<![^\W\d]-)(?<!Python )(?<!version )"
    r"[-+−]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)"
    r"(?!\.?\w)"
)

NUMBERS = re.compile(r"(?<![\w#.])[-+−]?\d[\d.,]*(?:e[-+]?\d+)?(?!\w)|\bnan\b|\bevenly\b")
"""In the fingerprint of a picture that varies: a number however it is written, not a colour."""

TAG = re.compile(r"(<[^<>]*>)")

PICTURE = re.compile(r'<img alt="([^"]*)" src="data:image/[^"]*">')

DEBUGGER = re.compile(r"-+> \d+ .*")
"""From Python 3.13 on, the debugger stops at the call of set_trace and not one line below."""

NAMES = {SHOWN: "what the picture shows", "text/html": "page", "text/plain": "text"}

AROUND = 50


def differences(
    stored: Sequence[Mapping[str, Any]],
    new: Sequence[Mapping[str, Any]],
    varies: bool = False,
    by: float = 0,
) -> list[str]:
    """Return in what a cell's new outputs differ from the stored ones, a line each; [] if alike.

    Outputs are as in a notebook's file. With `varies` a picture shows what each run measures anew,
    such as times: its words are compared and its numbers are not. Or its numbers may differ `by` a
    share of the axes, because they come from trainings that another processor ends elsewhere.
    """
    before, after = _parts(stored), _parts(new)
    found = []
    for part in dict.fromkeys([*before, *after]):
        place, kind = part
        name = f"{place}{NAMES.get(kind, kind)}"
        if part not in after:
            found.append(f"{name}: it is stored and does not come any more")
        elif part not in before:
            found.append(f"{name}: it comes and is not stored")
        else:
            parting: Parting = _html if kind == "text/html" else _text
            if kind == SHOWN and varies:
                parting = partial(_text, by=by) if by else _words
            found += [f"{name}, {line}" for line in _lines(before[part], after[part], parting)]
    return found


def _parts(outputs: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """Sort outputs: streams by their name, whatever the order they came in, and what is shown."""
    parts: dict[tuple[str, str], str] = {}
    shown = 0
    for output in outputs:
        if output["output_type"] == "stream":
            part = ("", output["name"])
            parts[part] = parts.get(part, "") + DEBUGGER.sub("---> …", _joined(output["text"]))
        elif output["output_type"] == "error":
            parts["", "error"] = f"{output['ename']}: {output['evalue']}"
        else:
            shown += 1
            for kind, content in output["data"].items():
                if kind != WIDGET:
                    parts[f"output {shown}: ", kind] = PICTURE.sub(r"picture \1", _joined(content))
    return parts


def _joined(content: Any) -> str:
    return "".join(content) if isinstance(content, list | str) else str(content)


Parting = Callable[[str, str], tuple[int, int] | None]


def _lines(stored: str, new: str, parting: Parting) -> Iterator[str]:
    for n, (old, came) in enumerate(zip_longest(stored.splitlines(), new.splitlines()), start=1):
        if old is None or came is None:
            yield f"line {n}: " + (f"not stored: {came}" if old is None else f"gone: {old}")
        elif places := parting(old, came):
            old_part, new_part = _around(old, places[0]), _around(came, places[1])
            yield f"line {n}: stored {old_part!r}, came {new_part!r}"


def _around(line: str, place: int) -> str:
    """Cut a long line to how it begins, which names a series, and to what stands around a place."""
    start = min(place - AROUND // 2, len(line) - AROUND)
    end = start + AROUND
    if start <= AROUND // 2:
        return line if len(line) <= end else f"{line[:end]}…"
    return f"{line[: AROUND // 2]}…{line[start:end]}" + "…" * (end < len(line))


def _text(old: str, new: str, by: float = 0) -> tuple[int, int] | None:
    """Return where two lines part by more than a last digit or `by`; None where they do not."""
    wider = False
    pieces = zip(_pieces(old), _pieces(new), strict=False)
    for (place, text, number), (new_place, new_text, new_number) in pieces:
        sides = [text, new_text]
        # A number that gains a digit or a sign takes the place of a blank beside it.
        if wider:
            sides = [side.lstrip(" ") for side in sides]
        wider = len(number) != len(new_number)
        if wider:
            sides = [side.rstrip(" ") for side in sides]
        if sides[0] != sides[1]:
            alike = [a == b for a, b in zip(text, new_text, strict=False)] + [False]
            return place + alike.index(False), new_place + alike.index(False)
        if not _near(number, new_number, by):
            return place + len(text), new_place + len(new_text)
    return None


def _pieces(line: str) -> Iterator[tuple[int, str, str]]:
    """Yield a place, the text that begins there, and the number behind it, "" after the last."""
    place = 0
    for match in NUMBER.finditer(line):
        yield place, line[place : match.start()], match[0]
        place = match.end()
    yield place, line[place:], ""


def _near(old: str, new: str, by: float) -> bool:
    if not old or not new:
        return old == new
    values = [Decimal(text.replace("−", "-").replace(",", "")) for text in (old, new)]
    # Of two numbers of unlike digits, such as 0.1 and 0.0999, the finer unit counts.
    unit = Decimal(1).scaleb(min(value.as_tuple().exponent for value in values))
    # An end of an axis, unlike a place on it, is written with an exponent.
    size = max(map(abs, values)) if "e" in old.lower() else 1
    return abs(values[0] - values[1]) <= max(unit, Decimal(by) * size)


def _html(old: str, new: str) -> tuple[int, int] | None:
    """Compare a line of HTML: what a reader sees as text, tags exactly."""
    places = [0, 0]
    for piece, new_piece in zip_longest(TAG.split(old), TAG.split(new), fillvalue=""):
        if piece.startswith("<") or new_piece.startswith("<"):
            parting = None if piece == new_piece else (0, 0)
        else:
            parting = _text(piece, new_piece)
        if parting:
            return places[0] + parting[0], places[1] + parting[1]
        places = [places[0] + len(piece), places[1] + len(new_piece)]
    return None


def _words(old: str, new: str) -> tuple[int, int] | None:
    """Compare what a line says beside its numbers."""
    return None if NUMBERS.sub("", old).split() == NUMBERS.sub("", new).split() else (0, 0)
