"""Read what a student handed in: it becomes cells, or one line that says why not."""

import json
import os
import re
import stat
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, NamedTuple

from course_utils.notebooks import NUMBERED

MB = 2**20
MOST_BYTES = 20 * MB
MOST_CELLS = 500
MOST_FILES = 50
MOST_BYTES_BESIDE = 50 * MB

COMPILED = {".pyc", ".pyd", ".so"}
CONFLICT = re.compile(r"^\s*\"?(<{7} |={7}\s*$|>{7} )", re.MULTILINE)

# What browsers, JupyterLab and learners add to a name: "(1)", "-Copy1", "_ada", " final".
SAME_NAME = r"(\d\d_)?{}([ ._(-].*)?\.ipynb"


class Malformed(Exception):
    """Why a file cannot be graded, in one line."""


class Cell(NamedTuple):
    """What counts of a cell: code or markdown, its id, nbgrader's name for it, its text."""

    kind: str
    id: str
    grade_id: str
    source: str


def find(folder: Path, stem: str) -> tuple[Path | None, list[str]]:
    """Return the notebook that a student handed in for an exercise, and what is to be said of it.

    `folder` is the student's folder for the part. A copy whose name was changed, or one that lies
    elsewhere in the student's folder, is taken where it is the only one; None where there is none.
    Raises Malformed where there are several.
    """
    if folder.parent.is_symlink():
        raise Malformed("the student's folder is a link to another")
    right = folder / f"{stem}.ipynb"
    if os.path.lexists(right):
        return right, []
    pattern = re.compile(SAME_NAME.format(re.escape(NUMBERED.sub("", stem))), re.IGNORECASE)
    found = [path for path in _notebooks(folder.parent) if pattern.fullmatch(path.name)]
    if len(found) == 1:
        return found[0], [f"found as {found[0].relative_to(folder.parent)}"]
    if found:
        names = ", ".join(str(path.relative_to(folder.parent)) for path in found[:4])
        raise Malformed(f"there is no {right.name}, and several that could be it: {names}")
    return None, []


def _notebooks(folder: Path) -> list[Path]:
    """List a student's notebooks, no deeper than six folders and through no link."""
    found = []
    for place, folders, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = [n for n in folders if not n.startswith(".") and depth < 6]
        found += [Path(place, name) for name in names if name.endswith(".ipynb")]
    return sorted(found)


def read(path: Path, top: Path) -> tuple[list[Cell], list[str]]:
    """Read a notebook below the folder `top`: its cells, and what is to be said of it.

    Raises Malformed, in one line, for what is no notebook, too large, too deep, or a link.
    """
    content = _content(_bytes(path, top))
    notes = []
    if content.get("nbformat") == 3 and isinstance(content.get("worksheets"), list):
        notes.append("it is in an old format (3)")
        sheets = [sheet for sheet in content["worksheets"] if isinstance(sheet, dict)]
        found: Any = [cell for sheet in sheets for cell in _list(sheet.get("cells"))]
    else:
        found = content.get("cells")
    if not isinstance(found, list):
        raise Malformed("it is JSON without a list of cells")
    cells = [_cell(cell) for cell in found if isinstance(cell, dict)]
    if len(cells) > MOST_CELLS:
        raise Malformed(f"it has {len(cells)} cells, at most {MOST_CELLS} are run")
    if strange := len(found) - len(cells):
        notes.append(f"{strange} entries that are no cells were passed over")
    for cell in cells:
        if match := CONFLICT.search(cell.source):
            line = cell.source[: match.start(1)].count("\n") + 1
            name = cell.grade_id or cell.id
            notes.append(f"a merge's conflict marker stands in line {line} of cell {name}")
    return cells, notes


def _bytes(path: Path, top: Path) -> bytes:
    way = [path, *path.parents][: len(path.relative_to(top).parts)]
    if any(place.is_symlink() for place in way):
        raise Malformed("it is a link to another file or folder")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        raise Malformed(f"it cannot be read ({error.strerror})") from error
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Malformed("it is not a file")
        if status.st_size > MOST_BYTES:
            size = f"{status.st_size // MB} MB, at most {MOST_BYTES // MB} are read"
            raise Malformed(f"the file has {size}")
        return file.read(MOST_BYTES)


def _content(data: bytes) -> dict[str, Any]:
    if not data.strip():
        raise Malformed("the file is empty")
    try:
        text = data.decode("utf-8-sig")
        content = json.loads(text)
    except UnicodeDecodeError as error:
        raise Malformed("it is not in UTF-8") from error
    except RecursionError as error:
        raise Malformed("its JSON is nested too deep") from error
    except ValueError as error:
        if match := CONFLICT.search(text):
            line = text[: match.start(1)].count("\n") + 1
            raise Malformed(f"a merge's conflict marker stands in line {line}") from error
        raise Malformed(f"it is not JSON ({str(error)[:100]})") from error
    if not isinstance(content, dict):
        raise Malformed("it is JSON without a list of cells")
    return content


def _cell(cell: dict[str, Any]) -> Cell:
    metadata = _dict(cell.get("metadata"))
    graded = _dict(metadata.get("nbgrader")).get("grade_id")
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    kind = "code" if cell.get("cell_type") == "code" else "markdown"
    text = source if isinstance(source, str) else ""
    return Cell(kind, _plain(cell.get("id")), _plain(graded), _encodable(text))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _plain(value: Any) -> str:
    return _encodable(value)[:60] if isinstance(value, str) else ""


def _encodable(text: str) -> str:
    """Return a text without halves of characters, which JSON can write and no message carries."""
    return text.encode("utf-8", "replace").decode("utf-8")


def beside(notebook: Path) -> tuple[dict[str, Path], list[str]]:
    """Return the files beside a notebook that its code may read, and which are left out, and why.

    Left out are links, folders, what is large, and what would stand in for a module.
    """
    taken: dict[str, Path] = {}
    notes, total = [], 0
    for path in sorted(notebook.parent.iterdir()):
        if path.suffix == ".ipynb" or path.name.startswith(".") or path.name == "timestamp.txt":
            continue
        name = path.name.encode("utf-8", "replace").decode()
        if path.is_symlink() or not path.is_file():
            notes.append(f"{name} was left out: not a file")
        elif path.suffix in COMPILED:
            notes.append(f"{name} was left out: nobody can read such code")
        elif path.suffix == ".pth" or _stands_in(path):
            notes.append(f"{name} was left out: it would stand in for a module")
        elif len(taken) >= MOST_FILES or total + path.stat().st_size > MOST_BYTES_BESIDE:
            notes.append(f"{name} was left out: too much")
        else:
            taken[path.name] = path
            total += path.stat().st_size
    return taken, notes


def _stands_in(path: Path) -> bool:
    stem = path.name.partition(".")[0]
    code = path.suffix == ".py"
    hooks = ("sitecustomize", "usercustomize", "course_utils")
    known = (
        stem in hooks or stem in sys.builtin_module_names or PathFinder.find_spec(stem) is not None
    )
    return code and known
