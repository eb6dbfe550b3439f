"""What a lesson says, part by part, for its page and its slides."""

import html
import re
from types import SimpleNamespace
from typing import Any

from course_utils import claims, minutes
from course_utils.notebooks import joined, printed

TWINS, FOUND = "Where the twins differ", "What we found"
MOST = 30
"""Lines of an output that are read to a class, at most."""
SHORT = 80
"""Choices of so many characters, all together, stand in one line."""
OPEN_END = re.compile(r"\n\n[^\n]*:\s*\Z")
ANSWER = re.compile(r"^(.*): you made no prediction; it was (.*)$", re.MULTILINE)
TOLD_ONCE = re.compile(
    r"^(We take it to mean|Compared with|It would have turned it|It would settle it|"
    r"In October 2021|Limits): .*\n?",
    re.MULTILINE,
)
"""Lines of a verdict card that the slides of the claims and of the verdicts tell."""
REASON = re.compile(r"^([A-Z]\d\d): “.*\n.*\nVerdict: (.*)$", re.MULTILINE)
NAMELESS = re.compile(r"<.* at 0x\w+>")
IN_LESSON = {
    "<IPython.lib.display.Audio object>": "(a sound: in the notebook)",
    "(Run this cell to get a slider.)": "(a slider: in the notebook)",
}
"""What only a notebook can show, and what is told in its place."""

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
    label = _label(question)
    if not choices:
        return f"{label} a number"
    if sum(map(len, choices)) < SHORT:
        return f"{label} {' · '.join(choices)}"
    return f"{label}\n\n" + "\n".join(f"1. {choice}" for choice in choices)


def _label(question: str) -> str:
    return f"*{question}*" if question.endswith("?") else f"*{question}:*"


def section(cells: list[Cell], heading: str) -> str:
    """Return the text under a heading, up to the end of its cell or the next heading; or "".

    A last paragraph that announces the next cell is left out.
    """
    for cell in cells:
        _, found, rest = joined(cell["source"]).partition(f"## {heading}\n")
        if cell["cell_type"] == "markdown" and found:
            return OPEN_END.sub("", rest.partition("\n## ")[0].strip())
    return ""


def reasons(cells: list[Cell]) -> dict[str, str]:
    """Return of each claim whose card a lesson has stored its verdict, and why it is that."""
    stored = (printed(output) for cell in cells for output in cell.get("outputs", []))
    return {name: reason for text in stored for name, reason in REASON.findall(text)}


def below(entry: dict[str, Any]) -> str:
    """Return what stands below a claim's verdict, as one paragraph."""
    return " ".join(f"*{head}:* {text}" for head, text in claims.below(entry).items())


def shown_text(cell: Cell) -> str:
    """Return what a code cell has stored, as text; of a picture, the text that stands for it."""
    texts = [_in_words(output) for output in cell.get("outputs", [])]
    texts = [IN_LESSON.get(text.strip(), text) for text in texts]
    shown = "\n".join(text.strip("\n") for text in texts if text).split("\n")
    more = [f"… {len(shown) - MOST} more lines stand in the lesson"] if len(shown) > MOST else []
    return ANSWER.sub(r"\1: measured: \2", "\n".join(shown[:MOST] + more))


def _in_words(output: dict[str, Any]) -> str:
    """Return an output's text; of an object that says only where it lies, its table's rows.

    Of a verdict card that is what was measured: the rest is told with its slides.
    """
    text = printed(output)
    if "\nVerdict: " in text:
        return TOLD_ONCE.sub("", text)
    if not NAMELESS.search(text):
        return text
    table = re.sub(r"(?s)<style.*?</style>|\n", "", joined(output["data"].get("text/html", "")))
    rows = re.sub(r"<[^>]*>", "", re.sub(r"</t[dh]>", "\t", table.replace("</tr>", "\n")))
    return "\n".join("  ".join(row.split()) for row in html.unescape(rows).splitlines())


def measured(cell: Cell) -> list[str]:
    """Return what a cell has stored of the prediction's answer: a line for each question."""
    stored = "\n".join(map(printed, cell.get("outputs", [])))
    found = ANSWER.findall(stored) if cell["cell_type"] == "code" else []
    return [f"Predict first: {_label(question)} **{value}**" for question, value in found]
