"""What this learner has done, in one JSON file of the learner's own."""

import contextlib
import datetime
import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course_utils import ROOT, CourseError
from course_utils.files import write_text
from course_utils.notebooks import counterpart, lessons

# Task ids once began with a lesson's number; these are the lessons as they were numbered then.
NUMBERED_ONCE = [
    *("tensors_and_gradients", "first_network", "training", "depth_and_data", "exploring_data"),
    *("tensorboard", "visdom", "dynamic_graphs", "static_graphs", "trees_and_sequences"),
    *("shipping_models", "devices", "memory_and_speed", "many_machines", "switching"),
    *("assistant", "voice_remote", "card_fraud", "self_driving"),
]

# Tasks and predictions that have moved to another lesson since; all others kept their name.
MOVED_SINCE = {
    "03-3": "luck_and_defaults-2",
    "03-4": "training-3",
    "03-5": "luck_and_defaults-1",
    "trees_and_sequences-1": "trees-1",
    "trees_and_sequences-2": "sequences-1",
    "trees_and_sequences-3": "sequences-2",
    "trees_and_sequences-4": "trees-2",
    "trees_and_sequences-5": "sequences-4",
    "trees_and_sequences: graphs of tf.function": "trees: graphs of tf.function",
    "trees_and_sequences: graphs of torch.compile": "trees: graphs of torch.compile",
}


def path() -> Path:
    """Return where the record is kept; the environment variable COURSE_PROGRESS names another."""
    if chosen := os.environ.get("COURSE_PROGRESS"):
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_data_dir("pytorch-tensorflow-course", False)) / "progress.json"


def done() -> dict[str, str]:
    """Return the tasks that are done: task id to the day it was first done (ISO format)."""
    return {task: entry["done"] for task, entry in _read()["tasks"].items()}


def name_now(name: str) -> str:
    """Return what a task or prediction is called today: an exercise of before has its old name."""
    if name in MOVED_SINCE:
        return MOVED_SINCE[name]
    number, dash, rest = name.partition("-")
    if number.isdigit() and 0 < int(number) <= len(NUMBERED_ONCE):
        return name_now(f"{NUMBERED_ONCE[int(number) - 1]}{dash}{rest}")
    return name


def record(task: str) -> None:
    """Record that a task is done, by its name of today; the day it was first done stays.

    Raises CourseError where the record cannot be written.
    """
    with _changed() as content:
        content["tasks"].setdefault(name_now(task), {"done": datetime.date.today().isoformat()})


def predictions() -> dict[str, dict[str, Any]]:
    """Return what the learner predicted: name to what was `said` and, once answered, if `right`."""
    return _read().get("predictions", {})


def predict(name: str, said: str | float) -> None:
    """Record a prediction; one that was answered stays as it is."""
    with _changed() as content:
        entry = content.setdefault("predictions", {}).setdefault(name, {})
        if "right" not in entry:
            entry["said"] = said


def answer(name: str, right: bool) -> None:
    """Record whether a prediction was right; the first answer stays."""
    with _changed() as content:
        content["predictions"][name].setdefault("right", right)


def predicted() -> str:
    """Say how many predictions were right; nothing where none was answered. It is no grade."""
    answered = [entry["right"] for entry in predictions().values() if "right" in entry]
    return f"Predictions that came true: {sum(answered)} of {len(answered)}." if answered else ""


@contextlib.contextmanager
def _changed() -> Iterator[dict[str, Any]]:
    """Give the record to be changed, and write it in one step."""
    from filelock import FileLock

    file = path()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_suffix(".lock")):
            content = _read()
            yield content
            write_text(file, json.dumps(content, indent=1, sort_keys=True), mode=0o600)
    except OSError as error:
        raise CourseError(
            f"your progress could not be saved in {file} ({error.strerror}): make that folder "
            "writable, or name another file in COURSE_PROGRESS"
        ) from error


def rows() -> list[tuple[str, str, str, str]]:
    """Return a row for each lesson: its title, the tasks done, what to do next, its path."""
    finished, found, table = done(), lessons(), []
    waiting = [lesson for lesson in found if set(lesson.tasks) - set(finished)]
    for lesson in found:
        count = sum(task in finished for task in lesson.tasks)
        tasks = f"{count} of {len(lesson.tasks)} tasks" if lesson.tasks else ""
        following = "next" if lesson in waiting[:1] else ""
        path = lesson.path.relative_to(ROOT).as_posix()
        table.append((f"{lesson.number} · {lesson.title}", tasks, following, path))
    return table


def check_tasks() -> None:
    """Raise CourseError where the record holds a task that this course does not have."""
    known = {task for lesson in lessons() for task in lesson.tasks}
    if strangers := sorted(set(done()) - known):
        raise CourseError(
            f"{path()} holds tasks that this course does not have ({', '.join(strangers)}): they "
            "are kept; update the course, or take them out of the file"
        )


def as_text() -> str:
    """Return the table of what is done and what is next, for the terminal."""
    from rich.console import Console
    from rich.table import Table

    table, place = Table("lesson", "done", "", title="Your progress"), ""
    for title, tasks, following, path in rows():
        table.add_row(title, tasks, following)
        if following:
            # Who has begun a lesson's tasks goes on with them.
            begun = not tasks.startswith("0 ")
            place = counterpart(Path(path), "exercises").as_posix() if begun else path
    console = Console()
    with console.capture() as capture:
        console.print(table)
    ending = f"Next: {place}" if place else "All tasks are done."
    return "\n".join(filter(None, [f"{capture.get()}{ending}", kept(), predicted()]))


def table() -> None:
    """Show the table of what is done and what is next below a notebook's cell."""
    from IPython.display import Markdown, display

    lines = ["| lesson | done | |", "|---|---|---|"]
    for title, tasks, following, path in rows():
        link = Path(os.path.relpath(ROOT / path)).as_posix()
        lines.append(f"| [{title}]({link}) | {tasks} | {following} |")
    display(Markdown("\n".join([*lines, "", kept(), "", predicted()])))


def kept() -> str:
    """Say where the record lies, and that it is one for all copies of the course."""
    return f"Kept in {path()}, for all copies of the course that you have."


def _read() -> dict[str, Any]:
    file = path()
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        for entry in content["tasks"].values():
            datetime.date.fromisoformat(entry["done"])
        if not all(entry["said"] != "" for entry in content.get("predictions", {}).values()):
            raise ValueError("a prediction without a word")
        content["tasks"] = _by_names_of_now(content["tasks"])
        if "predictions" in content:
            content["predictions"] = _by_names_of_now(content["predictions"])
    except FileNotFoundError:
        return {"tasks": {}}
    except (ValueError, KeyError, TypeError, AttributeError):
        _set_aside(file)
        return {"tasks": {}}
    return content


def _by_names_of_now(entries: dict[str, Any]) -> dict[str, Any]:
    """Return what was recorded by today's names; of two days the first one stays."""
    found: dict[str, Any] = {}
    for name, entry in sorted(entries.items(), key=lambda pair: pair[1].get("done", "")):
        found.setdefault(name_now(name), entry)
    return found


def _set_aside(file: Path) -> None:
    now = datetime.datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    aside = file.with_name(f"{file.stem}.damaged-{now}{file.suffix}")
    file.rename(aside)
    warnings.warn(
        f"your progress file was damaged; it is kept as {aside}, and a new one is begun",
        stacklevel=2,
    )
