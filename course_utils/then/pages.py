"""What the dashboards' pages of October 2021 answer: a browser recorded it in then/pages.json."""

import json
from pathlib import Path

from course_utils import CourseError
from course_utils.then.asking import SCRIPTS, Answer

PAGES = SCRIPTS / "pages.json"
"""`tests/board_pages_then.py` made it."""


def at_pages(path: Path = PAGES) -> dict[str, Answer]:
    """Return the answers of the claims decided at the pages, by the rules of their lessons.

    Raises CourseError for a record that is missing or damaged.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        tried = found["tried"]
        done, waited = (
            {board: sum(row[what] for row in rows.values()) for board, rows in tried.items()}
            for what in ("done", "waited")
        )
        overviews = {board: sum(own.values()) for board, own in found["overviews"].items()}
        truths = {
            "V09": {
                "interactivity": done["Visdom"] < done["TensorBoard"] / 2,
                "features for getting an overview of data": overviews["Visdom"]
                < overviews["TensorBoard"] / 2,
            },
            "V10": {
                "six of eight things change TensorBoard's page": done["TensorBoard"] >= 6,
                "left alone it stays": waited["TensorBoard"] == 0,
            },
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseError(
            f"{path.name} cannot be read: restore it from the repository ({error!r})"
        ) from None
    return {name: {"truths": own} for name, own in truths.items()}
