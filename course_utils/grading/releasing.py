"""Make what learners get of the course: everything but the solutions and what tests them."""

import shutil
from pathlib import Path

from course_utils import ROOT, CourseError, authoring
from course_utils.notebooks import counterpart, notebook_paths

FILES = "README.md Makefile pyproject.toml environment.yml set_up.py .gitignore CITATION.cff"
FILES += " constraints.txt constraints-cards.txt build-constraints.txt"
FILES += " LICENSE LICENSE-CC-BY-4.0 LICENSE-OTHERS.md"
FOLDERS = ("course_utils", "notebooks", "exercises", "then")
# The last one names variants of the answers.
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "equivalent.toml")


def release(part: str, to: Path, alone: bool = False, root: Path = ROOT) -> str:
    """Copy the course without solutions into a new folder; with `alone`, this part only.

    Exercises are made anew, for the ones that lie here may hold somebody's answers. Returns a line
    about it. Raises CourseError where there is no such part, or the folder exists.
    """
    if not (root / "exercises" / part).is_dir():
        raise CourseError(f"there is no part {part!r} in exercises/")
    if to.exists():
        raise CourseError(f"{to} is there already: name a folder that is yet to be made")
    to.mkdir(parents=True)
    for name in FILES.split():
        shutil.copy(root / name, to)
    for folder in FOLDERS:
        shutil.copytree(root / folder, to / folder, ignore=LEFT_OUT)
        others = [p for p in (to / folder).iterdir() if p.is_dir() and p.name[:1].isdigit()]
        for path in others if alone else []:
            if path.name != part:
                shutil.rmtree(path)
    for path in notebook_paths("solutions", root):
        made = to / counterpart(path.relative_to(root), "exercises")
        if made.parent.exists():
            made.write_text(authoring.make_exercise(path, link=False), encoding="utf-8")
    return f"{to}: what learners get{f' of {part}' if alone else ''}, without solutions"
