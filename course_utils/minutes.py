"""How long a lesson takes, section by section, by one stated formula."""

import re
from pathlib import Path

from course_utils.notebooks import joined, load, statements

WORDS, STATEMENTS = 200, 9
"""So many words of text, and so many statements of code, are read in a minute."""

PREDICTING = 2
"""Minutes to write a prediction down and defend it."""

IN_CLASS = 5
"""Minutes that a class takes longer with a prediction: hands are counted, two people differ."""

EXERCISE = 20
"""Minutes that an exercise is made for."""

LONGEST, STEP = 50, 5
"""A lesson that takes longer has a pause, and its minutes are told in steps."""

OPENING, PREDICTION = "Opening", "Predict first"
HEADING = re.compile(r"^## (.*)$")
TOLD = re.compile(r"^\*\*\d+ minutes\*\*")


def by_section(path: Path) -> dict[str, float]:
    """Return the minutes of each section of a lesson, in order.

    A section takes its words / WORDS and its statements / STATEMENTS; comments do not count, nor do
    the last cell and the line that tells the minutes. A prediction takes PREDICTING more. Running
    is not added: a lesson runs in a minute at most, spread over its cells, while they are read.
    """
    found = {OPENING: 0.0}
    for cell in load(path)["cells"]:
        text = joined(cell["source"])
        if cell.get("id") == "next":
            continue
        if cell["cell_type"] == "code":
            found[list(found)[-1]] += statements(text) / STATEMENTS
            continue
        for line in text.splitlines():
            section = list(found)[-1]
            if TOLD.match(line):
                continue
            heading = HEADING.match(line)
            if heading and cell.get("id") != "header":
                section = heading[1]
                found[section] = PREDICTING if section == PREDICTION else 0.0
            found[section] += len(re.findall(r"\w+", line)) / WORDS
    return found


def of_lesson(path: Path) -> int:
    """Return a lesson's minutes, rounded up to a multiple of STEP."""
    return -int(-sum(by_section(path).values()) // STEP) * STEP


def pause(path: Path) -> str:
    """Return the section before which a long lesson is best halved; of a short one, ""."""
    taken = by_section(path)
    whole = sum(taken.values())
    if whole <= LONGEST:
        return ""
    halves, before = {}, 0.0
    for section, one in taken.items():
        halves[section] = max(before, whole - before)
        before += one
    return min(halves, key=halves.get)
