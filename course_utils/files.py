"""Files: replace one in one step, paths inside the course and between its notebooks."""

import contextlib
import os
import tempfile
from pathlib import Path

from course_utils import ROOT, CourseError


def inside(path: Path, root: Path = ROOT) -> Path:
    """Return a path of the course relative to its root; raises CourseError for one outside it."""
    full = path.resolve()
    if not full.is_relative_to(root):
        raise CourseError(f"{path} lies outside the course: name a path under {root.name}/")
    return full.relative_to(root)


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file in one step, so that a crash leaves either the old content or the new.

    `mode` is what a new file gets; one that is replaced keeps its own.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as temporary:
            temporary.write(text)
            temporary.flush()
            os.fsync(temporary.fileno())
        os.chmod(name, path.stat().st_mode if path.exists() else mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def relative_link(path: Path, start: Path) -> str:
    """Return the link from a notebook in the folder `start` to another file, for any system."""
    return Path(os.path.relpath(path, start)).as_posix()


def move(old: Path, new: Path) -> None:
    """Move a file in one step into a folder that may have to be made; never over another file.

    Raises CourseError where there is one already. A folder that is then empty is removed.
    """
    if new.exists():
        raise CourseError(f"{new} is there already: move it away, then start over")
    new.parent.mkdir(parents=True, exist_ok=True)
    os.rename(old, new)
    with contextlib.suppress(OSError):
        old.parent.rmdir()
