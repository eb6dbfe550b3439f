"""What an exercise's check cell uses: one behavioural check for both frameworks.

    with tasks.check("first_network-1"):
        tasks.close(unit([1.0, 2.0]), 0.75, "unit([1.0, 2.0])")

A check ends in one line: done, wrong (and what was expected), not attempted, or set-up broken.
Anything but done raises, so that Run All stops there and nbgrader and CI see it.
"""

import contextlib
import linecache
import re
import traceback
from collections.abc import Iterator
from typing import Any

import numpy as np

from course_utils import CourseError, progress


class TaskError(Exception):
    """A check that is not done; IPython shows it as the one line that it carries."""

    outcome = "Wrong"

    def __init__(self, message: str):
        super().__init__(message)
        self.task = ""

    def __str__(self) -> str:
        return f"{self.outcome}{self.task and f', task {self.task}'}: {self.args[0]}"

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class Wrong(TaskError):
    """The learner's answer was run, and is not what was asked for."""


class NotAttempted(TaskError):
    """The learner has not changed the skeleton yet."""

    outcome = "Not attempted yet"


class SetUpBroken(TaskError):
    """The check could not be made, for a reason that lies outside the learner's answer."""

    outcome = "Set-up broken"


@contextlib.contextmanager
def check(task: str) -> Iterator[None]:
    """Run the checks in the body: say that the task is done and record it, or raise in one line."""
    try:
        yield
    except TaskError as error:
        error.task = task
        raise error.with_traceback(None) from None
    except Exception as error:
        explained = _explain(error)
        explained.task = task
        raise explained from None
    progress.record(task)
    print(f"Done, task {task}.")


def close(got: Any, expected: Any, what: str, tolerance: float = 1e-5, hint: str = "") -> None:
    """Check that numbers of either framework agree: |got - expected| <= tolerance (1 + |expected|).

    `what` names the value in the learner's words; `hint` is added where the numbers are wrong, not
    where their shape is. Raises Wrong or NotAttempted.
    """
    value, wanted = array(got, what), np.asarray(to_numpy(expected))
    if value.shape != wanted.shape:
        raise Wrong(f"{what} has shape {value.shape}, expected {wanted.shape}")
    if not np.all(np.isfinite(value)):
        raise Wrong(f"{what} holds a number that is not finite")
    if np.any(np.abs(value - wanted) > tolerance * (1 + np.abs(wanted))):
        pair = f"{what} is {_short(value)}, expected {_short(wanted)}"
        raise Wrong(f"{pair}. {hint}" if hint else pair)


def true(condition: Any, otherwise: str) -> None:
    """Check a condition; `otherwise` is what the learner reads where it does not hold."""
    if not bool(to_numpy(attempted(condition))):
        raise Wrong(otherwise)


def attempted(value: Any) -> Any:
    """Return the value; raise NotAttempted where it is the `...` of an untouched skeleton."""
    if value is ...:
        raise NotAttempted("fill in the cell above, run it, and run this one again")
    return value


def instance(value: Any, kind: type, what: str) -> None:
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
    frames = traceback.extract_tb(error.__traceback__)
    # frames[0] is this module, at its yield; frames[1] is the check cell, with the `with` in it.
    cell = frames[1].filename if len(frames) > 1 else ""
    own = [frame for frame in frames[2:] if _is_cell(frame.filename) and frame.filename != cell]
    message = _message(error)
    if own:
        line = linecache.getline(own[-1].filename, own[-1].lineno).strip()
        place = f"line {own[-1].lineno} of the cell, in {own[-1].name}"
        return Wrong(f"your code stopped at {place}: `{line}`: {message}")
    if isinstance(error, CourseError):
        return Wrong(str(error))
    if isinstance(error, NameError):
        return SetUpBroken(f"{error}. Run the notebook from its top to this cell, in order")
    if isinstance(error, ImportError | OSError | MemoryError):
        return SetUpBroken(
            f"{message}. Restart the kernel and run all cells; `course doctor` finds more"
        )
    return Wrong(
        f"the check cannot use what your code gave ({message}): has it the form that the task asks "
        "for? If so, restart the kernel and run all cells"
    )


def _message(error: Exception) -> str:
    """Return the line of an error that says what is wrong."""
    said = [line.strip() for line in str(error).splitlines() if line.strip()]
    # Keras says first only where, and on the next line what, between codes of colour.
    if len(said) > 1 and said[0].startswith("Exception encountered when calling"):
        said = [re.sub(r"\x1b\[\d+m", "", said[1])]
    # PyTorch's load_state_dict does so below a heading.
    if len(said) > 1 and said[0].endswith(":"):
        said = [f"{said[0]} {said[1]}"]
    return f"{type(error).__name__}: {said[0]}" if said else type(error).__name__ + ":"


def _is_cell(filename: str) -> bool:
    return "ipykernel_" in filename or filename.startswith("<ipython-input")


def _kind(value: Any) -> str:
    kind = value if isinstance(value, type) else type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _short(value: np.ndarray) -> str:
    if value.ndim == 0:
        return f"{value:.5g}"
    if value.size > 8:
        return f"an array that starts {_short(value.ravel()[:4])}"
    return np.array2string(value, precision=4, separator=", ").replace("\n", "")
