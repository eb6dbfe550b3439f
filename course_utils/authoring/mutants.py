"""Which wrong answers does a check let pass? Variants of each solution, through the real check."""

import hashlib
import re
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from course_utils import ROOT, CourseError, notebooks
from course_utils.authoring.attempts import Kernel
from course_utils.authoring.headers import GENERATED
from course_utils.authoring.variants import variants
from course_utils.files import write_text

EQUIVALENT = Path(__file__).with_name("equivalent.toml")

LEAST_REFUSED = 0.98

LEAST_SECONDS, TIMES_AS_LONG = 5.0, 5
"""A variant gets five times as long as the solution's own answer and check, or five seconds."""

HEADINGS = ("exercise", "made", "equivalent", "refused", "by an error of their own", "surviving")


class Trial(NamedTuple):
    """A variant of the answer to a task, and what became of it.

    `outcome` is one of refused, failed (refused, by an error that its own code raised), survived,
    equivalent (named in `equivalent.toml`); `said` is the line that the learner would read.
    """

    task: str
    difference: str
    outcome: str
    said: str

    @property
    def exercise(self) -> str:
        """The name of the task's lesson."""
        return self.task.rpartition("-")[0]


def trials(names: list[str], sample: int | None = None, root: Path = ROOT) -> Iterator[Trial]:
    """Run the variants of the answers to tasks or exercises (default: to all), in their order.

    With `sample`, at most so many of each task, the same in every run. Raises CourseError for an
    unknown name, without solutions, and where a solution's own answer is not accepted.
    """
    solutions = {path: _tasks_of(path) for path in notebooks.notebook_paths("solutions", root)}
    if not solutions:
        raise CourseError("variants are made of solutions, and here are none: use a clone")
    known = {
        task: {task, notebooks.name_of(path)} for path in solutions for task in solutions[path]
    }
    if unknown := sorted(set(names) - set().union(*known.values())):
        raise CourseError(
            f"there is no task or exercise {unknown[0]!r}: they are called like {min(known)}"
        )
    for path, tasks in solutions.items():
        if chosen := [task for task in tasks if not names or known[task] & set(names)]:
            with Kernel() as kernel:
                for trial in _in_one_kernel(kernel, path, chosen, sample):
                    if trial.outcome == "survived" and is_equivalent(trial.task, trial.difference):
                        trial = trial._replace(outcome="equivalent")
                    yield trial


def summary(found: list[Trial]) -> tuple[list[str], bool]:
    """Count a run's trials by exercise, a line each, and say whether enough were refused."""
    counts = _counts(found)
    lines = [
        f"{name}: "
        + ", ".join(f"{count} {what}" for count, what in zip(row, HEADINGS[1:], strict=True))
        for name, row in counts.items()
    ]
    return lines, all(row[2] >= LEAST_REFUSED * (row[2] + row[4]) for row in counts.values())


def write_table(found: list[Trial], root: Path = ROOT) -> None:
    """Write the counts of a run into CONTRIBUTING.md; other exercises keep theirs.

    Raises CourseError, and writes nothing, where not all variants of an exercise were run.
    """
    made: dict[str, int] = {}
    for path in notebooks.notebook_paths("solutions", root):
        made[notebooks.name_of(path)] = sum(len(variants(text)) for text in answers(path).values())
    counts = _counts(found)
    if partial := [name for name, row in counts.items() if row[0] != made[name]]:
        raise CourseError(f"the table counts whole exercises, and of {partial[0]} a part was run")
    file = root / "CONTRIBUTING.md"
    text = file.read_text(encoding="utf-8")
    place = re.search(GENERATED.format("mutants"), text, re.DOTALL)
    if not place:
        raise CourseError(f"{file.name} has lost the comments between which its table stands")
    rows = {
        line.split("|")[1].strip(): line
        for line in text[place.end(1) : place.start(2)].splitlines()[2:]
    }
    for name, row in counts.items():
        rows[name] = f"| {name} | {' | '.join(map(str, row))} |"
    table = [f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}"]
    table += [rows[name] for name in made if name in rows]
    write_text(file, text[: place.end(1)] + "\n".join(table) + "\n" + text[place.start(2) :])


def sampled(answer: str, count: int | None) -> dict[str, str]:
    """Return at most so many variants; a change elsewhere in the answer changes few of them."""
    found = variants(answer)
    order = sorted(found, key=lambda text: hashlib.sha256(found[text].encode()).digest())
    return {text: found[text] for text in order[:count]}


def answers(path: Path) -> dict[str, str]:
    """Return the answer cells of a solution by task."""
    cells = notebooks.load(path)["cells"]
    graded = ((cell, cell["metadata"].get("nbgrader", {})) for cell in cells)
    return {
        entry["grade_id"].removesuffix("-answer"): "".join(cell["source"])
        for cell, entry in graded
        if entry.get("solution")
    }


def is_equivalent(task: str, difference: str) -> bool:
    """Say whether `equivalent.toml` names this variant, with the reason why it is right."""
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["variant"]
    return any((entry["task"], entry["difference"]) == (task, difference) for entry in entries)


def _counts(found: list[Trial]) -> dict[str, tuple[int, ...]]:
    """Return for each exercise: made, equivalent, refused, of these by an error, surviving."""
    counts = {}
    for name in dict.fromkeys(trial.exercise for trial in found):
        own = [trial.outcome for trial in found if trial.exercise == name]
        equivalent, survived, failed = map(own.count, ("equivalent", "survived", "failed"))
        refused = len(own) - equivalent - survived
        counts[name] = (len(own), equivalent, refused, failed, survived)
    return counts


def _tasks_of(path: Path) -> list[str]:
    return notebooks.task_ids(notebooks.load(path))


def _in_one_kernel(
    kernel: Kernel, path: Path, chosen: list[str], sample: int | None
) -> Iterator[Trial]:
    right = answers(path)
    for cell in notebooks.load(path)["cells"]:
        if cell["cell_type"] != "code":
            continue
        check = "".join(cell["source"])
        task = cell["metadata"].get("nbgrader", {}).get("grade_id")
        start = time.perf_counter()
        kernel.do(check)
        if task not in chosen:
            continue
        limit = max(LEAST_SECONDS, TIMES_AS_LONG * (time.perf_counter() - start))
        kernel.remember()
        for variant, difference in sampled(right[task], sample).items():
            yield Trial(task, difference, *kernel.attempt(variant, check, limit))
        # Had a variant left something behind that the next ones met, their refusals would mean
        # nothing: the solution's own answer is still accepted.
        outcome, said = kernel.attempt(right[task], check, limit)
        if outcome != "survived":
            raise CourseError(f"{task}: after its variants its own answer is refused ({said})")
