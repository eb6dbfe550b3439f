"""Whose an error is: the learner's line that it came from, and the reason in one line."""

import linecache
import re
import traceback
from typing import NamedTuple

COLOURS = r"\x1b\[[0-9;]*m"
CODES = re.compile(COLOURS + r"|\{\{function_node [^}]*\}\} |\s*\[Op:\w+\].*$")


class Place(NamedTuple):
    """A line of a cell."""

    filename: str
    line: int
    name: str

    def __str__(self) -> str:
        source = linecache.getline(self.filename, self.line).strip()
        return f"line {self.line} of the cell, in {self.name}: `{source}`"


def cells(error: BaseException) -> list[Place]:
    """List the lines of cells that an error came through, from the outermost to the innermost.

    TensorFlow runs a translation of a function that it traces: its lines stand in the message.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = [Place(frame.filename, frame.lineno or 0, frame.name) for frame in frames]
    for name, line, function in re.findall(r'File "(.+?)", line (\d+), in (\S+)', str(error)):
        places.append(Place(name, int(line), "a lambda" if function == "None" else function))
    return [place for place in places if _is_cell(place.filename)]


def own(error: BaseException) -> list[Place]:
    """List the learner's lines among them: those of other cells than the one that checks."""
    places = cells(error)
    return [place for place in places if place.filename != places[0].filename]


def reason(error: BaseException) -> str:
    """Return an error's kind and the line of its message that says what is wrong."""
    said = _reason(str(error))
    kind = type(error).__name__
    return said if said.startswith(f"{kind}: ") else f"{kind}: {said}".strip()


def _reason(message: str) -> str:
    paragraphs = re.split(r"\n\s*\n", message.strip())
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    if lines[:1] == ["in user code:"] and len(paragraphs) > 2:
        # What TensorFlow traced: where, and then what, which may be of Keras in its turn.
        kind, _, rest = "\n\n".join(paragraphs[2:]).strip().partition(": ")
        return f"{kind}: {_reason(rest)}"
    if lines[:1] == ["Graph execution error:"]:
        lines = [line for line in lines if not line.startswith(("File ", "[[", "Detected at"))]
    # Keras says first only where, and on the next line what, between codes of colour.
    if len(lines) > 1 and lines[0].startswith(("Exception encountered", "Graph execution error:")):
        del lines[0]
    # PyTorch's load_state_dict does so below a heading.
    if len(lines) > 1 and lines[0].endswith(":"):
        lines[0] = f"{lines[0]} {lines[1]}"
    return CODES.sub("", lines[0]) if lines else ""


def _is_cell(filename: str) -> bool:
    return "ipykernel_" in filename or filename.startswith("<ipython-input")
