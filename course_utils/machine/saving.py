"""What JupyterLab saves: a notebook of the course in which nothing was written stays as it is.

JupyterLab saves by itself what it adds to a notebook's metadata, and outputs. git would show a
change that nobody made, and refuse to bring the next release of the course.
"""

from pathlib import Path
from typing import Any

from course_utils import CourseError, notebooks
from course_utils.machine import versions


def keep_released(model: dict[str, Any], path: str, contents_manager: Any, **_: Any) -> None:
    """Save what is there already where a notebook that git has was only opened or run.

    JupyterLab's server calls this before it writes; `model` is what it is about to write. Whoever
    writes the course keeps the outputs of `course execute`: those in the file, not git's.
    """
    if model["type"] != "notebook":
        return
    import nbformat

    root = Path(contents_manager.root_dir)
    own, kept = nbformat.from_dict(model["content"]), versions.released(root, path)
    if kept is None or not versions.same_source(own, kept):
        return
    try:
        there = notebooks.read(root / path)
    except CourseError:
        there = kept
    if versions.same_source(there, kept):
        kept = there
    for cell, shown in zip(kept.cells, own.cells, strict=True):
        if "trusted" in shown.metadata:
            cell.metadata.trusted = shown.metadata.trusted
    model["content"] = kept
