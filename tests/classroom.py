"""Submissions for the tests of grading: honest ones, and every way to spoil one."""

import copy
import json
from pathlib import Path

from course_utils import ROOT
from course_utils.grading import mending

PART, STEM = "1_basics", "02_first_network"
TASKS = [f"first_network-{n}" for n in range(1, 6)]
SOLVED, SKELETON = (
    json.loads((ROOT / folder / PART / f"{STEM}.ipynb").read_text(encoding="utf-8"))
    for folder in ("solutions", "exercises")
)
WANTED = mending.exercise(STEM, SOLVED, SKELETON)


def solved():
    return copy.deepcopy(SOLVED)


def place(notebook, name):
    """Return where the cell of this nbgrader name stands."""
    names = [c["metadata"].get("nbgrader", {}).get("grade_id") for c in notebook["cells"]]
    return names.index(name)


def cell(notebook, name):
    return notebook["cells"][place(notebook, name)]


def put(notebook, name, source):
    cell(notebook, name)["source"] = source
    return notebook


def code(source):
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": "own",
        "metadata": {},
        "outputs": [],
        "source": source,
    }


def before(notebook, name, source):
    """Put a cell of the student's own before another."""
    notebook["cells"].insert(place(notebook, name), code(source))
    return notebook


def write(folder, content, name=f"{STEM}.ipynb"):
    """Write a submission, from a notebook, text or bytes, and return its path."""
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, dict):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
