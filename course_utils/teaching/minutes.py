"""How long a lesson takes, section by section, by one stated formula."""

import re
from pathlib import Path

from course_utils.notebooks import joined, load

WORDS, LINES = 200, 12
"""So many words of text, and so many lines of code, are read in a minute."""

PREDICTING = 2
"""Minutes to write a prediction down and defend it."""

EXERCISE = 20
"""Minutes that an exercise is made for."""

OPENING, PREDICTION = "Opening", "Predict first"
HEADING = re.compile(r"^## (.*)$")


def by_section(path: Path) -> dict[str, float]:
    """Return the minutes of each section of a lesson, in order.

    A section takes its words / WORDS and its lines of code / LINES; empty lines and comments do not
    count, nor does the last cell. A prediction takes PREDICTING more. Running is not added: a
    lesson runs in a minute at most, spread over its cells, while they are read.
    """
    found = {OPENING: 0.0}
    for cell in load(path)["cells"]:
        text = joined(cell["source"])
        if cell.get("id") == "next":
            continue
        for line in text.splitlines():
            section = list(found)[-1]
            if cell["cell_type"] != "markdown":
                found[section] += counts(line) / LINES
                continue
            heading = HEADING.match(line)
            if heading and cell.get("id") != "header":
                section = heading[1]
                found[section] = PREDICTING if section == PREDICTION else 0.0
            found[section] += len(re.findall(r"\w+", line)) / WORDS
    return found


def counts(line: str) -> bool:
    """Say whether a line of code is one that has to be read."""
    return bool(line.strip()) and not line.strip().startswith("#")


def of_lesson(path: Path) -> int:
    """Return a lesson's minutes, rounded up."""
    return -int(-sum(by_section(path).values()) // 1)
