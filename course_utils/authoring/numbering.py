"""A lesson's identity is its name and its number is its place, which the list of lessons gives."""

import tomllib
from pathlib import Path

from course_utils import ROOT, CourseError
from course_utils.authoring.exercises import make_exercise, state_of_exercise, write_exercises
from course_utils.authoring.headers import check_claims, write_headers
from course_utils.files import inside, move
from course_utils.notebooks import FOLDERS, NUMBERED, lessons, name_of, notebook_paths

LIST = Path("notebooks", "lessons.toml")
ANSWERS = Path("tests", "answers")


def places(root: Path = ROOT) -> dict[str, Path]:
    """Return where each lesson belongs: its name to its path below any of the notebook folders.

    Raises CourseError where the list of lessons cannot be read, names a lesson twice or one that
    does not exist, or leaves out one that does.
    """
    try:
        parts = tomllib.loads((root / LIST).read_text(encoding="utf-8"))["parts"]
        listed = [(part["folder"], name) for part in parts for name in part["lessons"]]
    except OSError as error:
        raise CourseError(f"{LIST} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CourseError(f"{LIST} is not a list of parts and their lessons: {error}") from error
    names = [name for _, name in listed]
    found = [name_of(path) for path in notebook_paths("notebooks", root)]
    for name in names:
        if names.count(name) > 1:
            raise CourseError(f"{LIST} names {name!r} twice: leave one of them")
        if name not in found:
            raise CourseError(f"{LIST} names {name!r}, and there is no such notebook")
    for name in found:
        if name not in names:
            raise CourseError(f"{LIST} has no place for {name!r}: add it to a part")
        if found.count(name) > 1:
            raise CourseError(f"two notebooks are named {name!r}: rename one of them")
    return {name: Path(folder, f"{n:02d}_{name}.ipynb") for n, (folder, name) in enumerate(listed)}


def renumber(root: Path = ROOT) -> list[str]:
    """Give each lesson its place, with solution, exercise and answers; return a line for each move.

    Links, headers and tables follow. Every step can be made again after an interruption. Raises
    CourseError, and moves nothing, for a malformed list or front matter, for a numbered solution,
    exercise or file of answers without a lesson, or where an exercise has been edited: its links
    would go stale.
    """
    wanted = places(root)
    moves = _moves(wanted, root)
    for lesson in lessons(root):
        check_claims(lesson)
    _refuse_strays(wanted, root)
    if moves:
        _refuse_edited(root)
    for old, new in moves.items():
        move(old, new)
    write_headers(root=root)
    write_exercises(root=root)
    lines = [f"{inside(old, root)} → {inside(new, root)}" for old, new in moves.items()]
    return lines or ["every lesson has its place already"]


def _moves(wanted: dict[str, Path], root: Path) -> dict[Path, Path]:
    files = [(root / folder, path) for folder in FOLDERS for path in notebook_paths(folder, root)]
    answers = root / ANSWERS
    files += [(answers, path) for path in sorted(answers.rglob("*.py"))]
    moves = {}
    for folder, path in files:
        # A learner's copy, under whatever name, stays where it is.
        if name_of(path) in wanted and NUMBERED.match(path.name):
            place = (folder / wanted[name_of(path)]).with_suffix(path.suffix)
            if place != path:
                moves[path] = place
    return moves


def _refuse_strays(wanted: dict[str, Path], root: Path) -> None:
    found = [path for folder in FOLDERS[1:] for path in notebook_paths(folder, root)]
    for path in [*found, *sorted((root / ANSWERS).rglob("*.py"))]:
        if NUMBERED.match(path.name) and name_of(path) not in wanted:
            raise CourseError(
                f"{inside(path, root)} belongs to no lesson of {LIST}: remove it, or take the "
                "number from its name (nothing was moved)"
            )


def _refuse_edited(root: Path) -> None:
    exercises = {name_of(path): path for path in notebook_paths("exercises", root)}
    for solution in notebook_paths("solutions", root):
        exercise = exercises.get(name_of(solution))
        made = make_exercise(solution) if exercise else ""
        if exercise and state_of_exercise(exercise, made).startswith("edited"):
            raise CourseError(
                f"{inside(exercise, root)} holds work that was not generated: rename your copy, "
                "then run `course renumber` again (nothing was moved)"
            )
