"""Links between lessons: whatever a lesson's place, what names it shows its number and finds it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from course_utils.files import relative_link
from course_utils.notebooks import FOLDERS

LINK = re.compile(r"\[([^\]\n]*)\]\(([^)\s]*?)\d\d_(\w+)\.ipynb((?:#[^)\s]*)?)\)")
LABEL = re.compile(r"^((?:lesson |exercise )?)\d\d\b", re.IGNORECASE)
PATH = re.compile(rf"\b({'|'.join(FOLDERS)})/(?:\w+/)*\d\d_(\w+)\.ipynb")
NUMBER = re.compile(r"(?<!# )\b(?:lesson|exercise)s?\s+\[?\d\d?\b.{0,20}", re.IGNORECASE)


def renew(text: str, file: Path, places: Mapping[str, Path]) -> str:
    """Return a file's text with every link and path to a lesson as they are now.

    `file` is the file's path in the course; `places` has each lesson's name and its path below any
    notebook folder. The label of a link may begin with the lesson's number, by itself or behind the
    word lesson or exercise: `[lesson 04](04_depth_and_data.ipynb)`.
    """
    own = file.parts[0] if file.parts[0] in FOLDERS else FOLDERS[0]

    def link(match: re.Match) -> str:
        label, prefix, name, anchor = match.groups()
        if name not in places:
            return match[0]
        folder = next((part for part in prefix.split("/") if part in FOLDERS), own)
        target = relative_link(folder / places[name], file.parent)
        label = LABEL.sub(rf"\g<1>{places[name].name[:2]}", label)
        return f"[{label}]({target}{anchor})"

    def path(match: re.Match) -> str:
        folder, name = match.groups()
        return (folder / places[name]).as_posix() if name in places else match[0]

    return PATH.sub(path, LINK.sub(link, text))


def loose_numbers(text: str) -> Iterator[str]:
    """Yield each mention of a lesson by its number that no link carries, and so nothing renews."""
    for match in NUMBER.finditer(LINK.sub("", text)):
        yield match[0].strip()
