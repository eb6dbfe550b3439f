"""What a lesson says, part by part, for its page and its slides."""

import re
from types import SimpleNamespace
from typing import Any

from course_utils import minutes
from course_utils.notebooks import joined, printed

TWINS, FOUND = "Where the twins differ", "What we found"
SHORT = 80
"""Choices of so many characters, all together, stand in one line."""
OPEN_END = re.compile(r"\n\n[^\n]*:\s*\Z")

Cell = dict[str, Any]


def prediction(cells: list[Cell]) -> str:
    """Return the text of a lesson's prediction, and the choices that its form gives; or ""."""
    for cell in cells:
        text = joined(cell["source"])
        if cell["cell_type"] == "markdown" and text.startswith(f"## {minutes.PREDICTION}\n"):
            text = text.partition("\n")[2].strip()
            return "\n\n".join([text, *map(_form, _asked(cells))])
    return ""


def _asked(cells: list[Cell]) -> list[tuple[str, list[str]]]:
    """Run the lines that show the form, and return each question with its choices."""
    asked = []

    def ask(_: str, question: str, choices: Any = ()) -> None:
        asked.append((question, [str(choice) for choice in choices]))

    for cell in cells:
        code = joined(cell["source"])
        if cell["cell_type"] == "code" and "predictions.ask(" in code:
            exec(code, {"predictions": SimpleNamespace(ask=ask)})
    return asked


def _form(asked: tuple[str, list[str]]) -> str:
    question, choices = asked
    label = f"*{question}*" if question.endswith("?") else f"*{question}:*"
    if not choices:
        return f"{label} a number"
    if sum(map(len, choices)) < SHORT:
        return f"{label} {' · '.join(choices)}"
    return f"{label}\n\n" + "\n".join(f"1. {choice}" for choice in choices)


def section(cells: list[Cell], heading: str) -> str:
    """Return the text under a heading, up to the end of its cell or the next heading; or "".

    A last paragraph that announces the next cell is left out.
    """
    for cell in cells:
        _, found, rest = joined(cell["source"]).partition(f"## {heading}\n")
        if cell["cell_type"] == "markdown" and found:
            return OPEN_END.sub("", rest.partition("\n## ")[0].strip())
    return ""


def shown_text(cell: Cell) -> str:
    """Return what a code cell has stored, as text; of a picture, the text that stands for it."""
    texts = [printed(output) for output in cell.get("outputs", [])]
    shown = "\n".join(text.strip("\n") for text in texts if text)
    return shown.replace("you made no prediction; it was", "measured:")
