"""How long a lesson takes, section by section, by one stated formula."""

import re
from pathlib import Path

from course_utils.notebooks import joined, load, statements

WORDS, STATEMENTS = 200, 9
"""So many words of text, and so many statements of code, are read in a minute."""

PREDICTING = 2
"""Minutes to write a prediction down and defend it."""

EXERCISE = 20
"""Minutes that an exercise is made for."""

OPENING, PREDICTION = "Opening", "Predict first"
HEADING = re.compile(r"^## (.*)$")


def by_section(path: Path) -> dict[str, float]:
    """Return the minutes of each section of a lesson, in order.

    A section takes its words / WORDS and its statements / STATEMENTS; comments do not count, nor
    does the last cell. A prediction takes PREDICTING more. Running is not added: a
    lesson runs in a minute at most, spread over its cells, while they are read.
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
            heading = HEADING.match(line)
            if heading and cell.get("id") != "header":
                section = heading[1]
                found[section] = PREDICTING if section == PREDICTION else 0.0
            found[section] += len(re.findall(r"\w+", line)) / WORDS
    return found


def of_lesson(path: Path) -> int:
    """Return a lesson's minutes, rounded up."""
    return -int(-sum(by_section(path).values()) // 1)
