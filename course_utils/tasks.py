"""What an exercise's check cell uses: one behavioural check for both frameworks.

    with tasks.check("first_network-1"):
        tasks.close(unit([1.0, 2.0]), 0.75, "unit([1.0, 2.0])")

A check ends in one line: done, wrong (and what was expected), not attempted, or set-up broken.
Anything but done raises, so that Run All stops there and nbgrader and CI see it.
"""

import contextlib
import html
import re
import types
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from course_utils import CourseError, explain, limits, notebooks, progress
from course_utils.words import as_html

SECONDS = 30
"""An answer that takes longer is interrupted."""

AFTER = "after-{}"
"""The place in an exercise that follows its last task; a task's own place has the task's name."""

MOST_SHOWN = 8
"""An array of more numbers is not shown as a whole."""


class TaskError(Exception):
    """A check that is not done; IPython shows it as the one line that it carries."""

    outcome = "Wrong"

    def __init__(self, message: str):
        super().__init__(message)
        self.task = ""

    def __str__(self) -> str:
        return self._line(self.task)

    def _render_traceback_(self) -> list[str]:
        # The learner reads "Task 1" above; the whole name is for those who collect answers.
        return [self._line(_number(self.task))]

    def _line(self, task: str) -> str:
        return f"{self.outcome}{task and f', task {task}'}: {self.args[0]}"


class Wrong(TaskError):
    """The learner's answer was run, and is not what was asked for."""


class NotAttempted(TaskError):
    """The learner has not changed the skeleton yet."""

    outcome = "Not attempted yet"


class SetUpBroken(TaskError):
    """The check could not be made, for a reason that lies outside the learner's answer."""

    outcome = "Set-up broken"


class Done:
    """A card that says that a task is done, with a link to what is next, and its text."""

    def __init__(self, task: str):
        self.task = task

    def __repr__(self) -> str:
        return f"Done, task {self.task}."

    def _repr_html_(self) -> str:
        # The word has its own background, so that it reads alike in a light and a dark theme.
        word = "background:#1b7a37;color:#fff;font-weight:bold;padding:2px 10px;border-radius:4px"
        card = "border:1px solid #1b7a37;border-left-width:6px;border-radius:4px;padding:8px 12px"
        link = ""
        with contextlib.suppress(CourseError):
            title, anchor = _next(self.task)
            link = f' Next: <a href="#{html.escape(anchor)}">{as_html(title)}</a>'
        done = f'<span style="{word}">✓ Done</span> Task {_number(self.task)}.'
        return f'<div style="{card}">{done}{link}</div>'


@contextlib.contextmanager
def check(task: str) -> Iterator[None]:
    """Run the checks in the body: say that the task is done and record it, or raise in one line."""
    from IPython.display import display

    try:
        with limits.at_most(SECONDS), limits.settings_kept():
            yield
    except TaskError as error:
        error.task = task
        raise error.with_traceback(None) from None
    except Exception as error:
        explained = _explain(error)
        explained.task = task
        raise explained from None
    display(Done(task))
    # A line on the error stream would be a failure in nbgrader's eyes.
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            progress.record(task)
        except CourseError as error:
            print(error)
    for warning in said:
        print(warning.message)


def close(
    got: Any,
    expected: Any,
    what: str,
    tolerance: float = 1e-5,
    hint: str = "",
    mistakes: Mapping[str, Any] | None = None,
) -> None:
    """Check that numbers of either framework agree: |got - expected| <= tolerance (1 + |expected|).

    `what` names the value in the learner's words; `hint` is added where the numbers are wrong, not
    where their shape is, and says what is expected. `mistakes` has sentences about a cause, each
    with the numbers to which that leads: the first is added whose numbers came. Raises Wrong, with
    the first place where the numbers differ, or NotAttempted.
    """
    value, wanted = array(got, what), to_numpy(expected) * 1  # True is 1
    if value.shape != wanted.shape:
        raise Wrong(f"{what} has shape {value.shape}, expected {wanted.shape}")
    differ = ~_alike(value, wanted, tolerance)
    if not differ.any():
        return
    strange = differ & ~np.isfinite(value)
    place = tuple(int(n) for n in np.argwhere(strange if strange.any() else differ)[0])
    came, right = _told_apart(value[place], wanted[place])
    at = f" at {list(place)}" if value.size > 1 else ""
    if strange.any():
        raise Wrong(f"{what} holds a number that is not finite:{at} it is {came}, expected {right}")
    for cause, numbers in (mistakes or {}).items():
        numbers = to_numpy(numbers)
        if numbers.shape == value.shape and _alike(value, numbers, tolerance).all():
            hint = cause
            break
    ending = ""
    if value.size > MOST_SHOWN:
        pair = f"{what} is {came}{at}, expected {right}"
        pair += f" ({differ.sum()} of {value.size} numbers differ)"
    else:
        shown, wished = _told_apart(value, wanted)
        pair = f"{what} is {shown}, expected {wished}"
        ending = f" (first{at}: {came}, expected {right})" if at else ""
    raise Wrong((f"{pair}. {hint}" if hint else pair) + ending)


@contextlib.contextmanager
def unchanged(what: str, *values: Any) -> Iterator[None]:
    """Check that the body leaves arrays and tensors of either framework as they were; or Wrong."""
    before = [(array.shape, array.tobytes()) for array in map(to_numpy, values)]
    yield
    if [(array.shape, array.tobytes()) for array in map(to_numpy, values)] != before:
        raise Wrong(f"your code changes {what}: it was given to read, not to write")


def true(condition: Any, otherwise: str) -> None:
    """Check a condition; `otherwise` is what the learner reads where it does not hold."""
    if not bool(to_numpy(attempted(condition))):
        raise Wrong(otherwise)


def same(got: Any, expected: Any, otherwise: str) -> None:
    """Check a word, a truth, a number, None, or a list of these; `otherwise` is for the learner.

    NumPy's scalars and either framework's tensors count as what they hold; an object that only
    says of itself that it equals everything does not.
    """
    if not _same(attempted(got), expected):
        raise Wrong(otherwise)


def attempted(value: Any) -> Any:
    """Return the value; raise NotAttempted where it is the `...` of an untouched skeleton."""
    if value is ...:
        raise NotAttempted("fill in the cell above, run it, and run this one again")
    return value


def instance(value: Any, kind: type | types.UnionType, what: str) -> None:
    """Check that a value is of a kind, and name both kinds where it is not."""
    if not isinstance(attempted(value), kind):
        raise Wrong(f"{what} is {_kind(value)}, expected {_kind(kind)}")


def array(value: Any, what: str) -> np.ndarray:
    """Return numbers of either framework as a NumPy array; raise where they are none."""
    if attempted(value) is None:
        raise Wrong(
            f"{what} is None: does your function return its result? (If it returns a gradient: "
            "TensorFlow's is None where nothing leads from the result back to the variable.)"
        )
    try:
        return to_numpy(value).astype("float64")
    except (TypeError, ValueError):
        uncalled = ": was it made, and never called?" if callable(value) else ""
        raise Wrong(f"{what} is {_kind(value)}, expected numbers{uncalled}") from None


def to_numpy(value: Any) -> np.ndarray:
    """Return a NumPy, PyTorch or TensorFlow value, on whatever device, as a NumPy array."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    if isinstance(value, list | tuple):
        return np.asarray([to_numpy(item) for item in value])
    return np.asarray(value)


def _explain(error: Exception) -> TaskError:
    """Tell an error that the learner's own code raised from one that the check met by itself."""
    reason = explain.reason(error)
    if own := explain.own(error):
        return Wrong(f"your code stopped at {own[-1]}: {reason}")
    if isinstance(error, CourseError):
        return Wrong(str(error))
    if isinstance(error, NameError):
        return SetUpBroken(f"{error}. Run the notebook from its top to this cell, in order")
    if isinstance(error, ImportError | OSError | MemoryError):
        return SetUpBroken(
            f"{reason}. Restart the kernel and run all cells; `course doctor` finds more"
        )
    return Wrong(
        f"the check cannot use what your code gave ({reason}): has it the form that the task asks "
        "for? If so, restart the kernel and run all cells"
    )


def _next(task: str) -> tuple[str, str]:
    """Return the title of what follows a task in its exercise, and its place in the page.

    Raises CourseError where the course's lessons are not here.
    """
    lesson = task.rpartition("-")[0]
    exercise = notebooks.with_tasks(notebooks.named(lesson))
    own = [*notebooks.task_ids(exercise), AFTER.format(lesson)]
    following = own[own.index(task) + 1] if task in own else own[-1]
    title = ""
    for cell in exercise["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == f"{following}-answer":
            return title, following
        heading = re.match(r"#+ (.+)", "".join(cell["source"]))
        if heading and cell["cell_type"] == "markdown":
            title = heading[1].replace("*", "")
    return "what follows this exercise", following


def _number(task: str) -> str:
    """Return the number of a task in its exercise: that of first_network-1 is 1."""
    return task.rpartition("-")[2]


def _same(got: Any, expected: Any) -> bool:
    if isinstance(expected, list):
        fits = isinstance(got, list | tuple) and len(got) == len(expected)
        return fits and all(map(_same, got, expected))
    value = to_numpy(got)
    item = value.item() if value.ndim == 0 else value
    if isinstance(item, bytes):  # TensorFlow's words
        item = item.decode(errors="replace")
    return type(item) in (str, bool, int, float, type(None)) and item == expected


def _alike(value: np.ndarray, wanted: np.ndarray, tolerance: float) -> np.ndarray:
    return np.isclose(value, wanted, rtol=tolerance, atol=tolerance, equal_nan=True)


def _told_apart(came: np.ndarray, right: np.ndarray) -> tuple[str, str]:
    """Write two numbers or small arrays with as many digits as it takes to tell them apart."""
    for digits in range(4, 18):
        pair = _short(came, digits), _short(right, digits)
        if pair[0] != pair[1]:
            break
    return pair


def _short(value: np.ndarray, digits: int) -> str:
    if value.ndim == 0:
        return f"{value:.{digits + 1}g}"
    return np.array2string(value, precision=digits, separator=", ").replace("\n", "")


def _kind(value: Any) -> str:
    if isinstance(value, types.UnionType):
        return " or ".join(map(_kind, value.__args__))
    kind = value if isinstance(value, type) else type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
