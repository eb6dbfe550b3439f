"""Run a student's cells and the checks; one that ends its kernel costs its own task only."""

import ast
import builtins
import contextlib
import functools
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from course_utils import CourseError, explain
from course_utils.grading import box, guard
from course_utils.grading.client import MOST_OUTPUT, Client, client_of
from course_utils.grading.mending import Step
from course_utils.grading.records import HIDDEN
from course_utils.kernels import WarmProvisioner
from course_utils.notebooks import tree_of

SECONDS_A_NOTEBOOK = 300
BROKEN = (
    "set-up broken, nothing was graded: a kernel cannot import this course ({}: {}); "
    "does the environment belong to another clone? Run `make lab` here and use its .venv"
)
WORDS = {"Wrong": "wrong", "NotAttempted": "not attempted", "SetUpBroken": "set-up broken"}


class Setting(NamedTuple):
    """How kernels are run: in boxes that a watchdog looks after, or in none; seconds a cell."""

    watchdog: box.Watchdog | None
    seconds: float
    hidden: list[Path]


class Run:
    """What came of a submission: an outcome and a message a task, notes, and outputs by step."""

    def __init__(self):
        self.outcomes: dict[str, tuple[str, str]] = {}
        self.notes: list[str] = []
        self.outputs: dict[int, list[Any]] = {}
        self.failed: dict[str, str] = {}
        self.skipped: dict[int, tuple[str, str]] = {}
        self.left = MOST_OUTPUT


class _Stopped(Exception):
    """A cell that came to no end: which, what is said of it, and why."""


def ready(setting: Setting) -> None:
    """Raise CourseError, in one line, where a kernel cannot import this course.

    So it is where the environment belongs to another clone: each right answer would be wrong.
    """
    try:
        with _kernel(1, {}, setting) as (client, _):
            looked = nbformat.v4.new_code_cell(REMEMBER)
            error = _error(client.execute_cell(looked, 0, store_history=False))
    except _Stopped as stopped:
        error = "the kernel stopped", stopped.args[2]
    if error:
        raise CourseError(BROKEN.format(*error))


def run(
    steps: list[Step],
    files: dict[str, Path],
    imports: str,
    further: dict[str, str],
    setting: Setting,
) -> Run:
    """Run the steps in order, and then further checks by task; return what came of them.

    Before each check the exercise's own imports are made again.

    A cell that ends its kernel, or does not end in time, is left out, and the rest is run again.
    """
    found = Run()
    checks = sum(step.kind == "check" for step in steps)
    end = time.monotonic() + SECONDS_A_NOTEBOOK
    for _ in range(checks + 3):
        try:
            with _kernel(len(steps), files, setting) as (client, ended_for):
                _run_once(client, steps, imports, further, found, ended_for, end)
            break
        except _Stopped as stopped:
            place, word, reason = stopped.args
            if place < 0:
                found.notes.append(f"the kernel stopped before the first cell: {reason}")
                break
            step = steps[place]
            found.skipped[place] = word, reason
            name = step.task or "a cell of the student's own"
            found.notes.append(f"{name}: {reason}; the rest was run without it")
            if step.kind == "check":
                found.outcomes[step.task] = word, reason
        if time.monotonic() > end:
            break
    for step in steps:
        if step.kind == "check" and step.task not in found.outcomes:
            found.outcomes[step.task] = "timeout", "the notebook came to no end in time"
    return found


def _run_once(
    client: Client,
    steps: list[Step],
    imports: str,
    further: dict[str, str],
    found: Run,
    ended_for: Any,
    end: float,
) -> None:
    def ask(source: str, place: int, at: int) -> Any:
        cell = nbformat.v4.new_code_cell(source)
        own = place < len(steps) and steps[at].kind == "code"
        client.left = found.left if own else MOST_OUTPUT
        client.cut, client.status = False, ""
        seconds = client.timeout = max(1, min(client.timeout, end - time.monotonic()))
        try:
            cell = client.execute_cell(cell, place, store_history=place < len(steps))
        except CellTimeoutError:
            raise _Stopped(
                at, "timeout", f"no end of it or its output after {seconds:.3g} s"
            ) from None
        except (DeadKernelError, TimeoutError, RuntimeError):
            reason = ended_for() or "it ended its kernel"
            raise _Stopped(at, "crashed", reason) from None
        except Exception as error:
            reason = f"it sent what no kernel sends ({type(error).__name__})"
            raise _Stopped(at, "crashed", reason) from None
        if own:
            found.left = max(client.left, 0)
        if client.cut:
            found.notes.append(f"{steps[at].task or 'a cell'}: its output was cut")
        return cell

    def guarded(at: int, source: str) -> list[str]:
        # No name of the notebook stands for it: a function of the student's could take its place.
        key = f"_{secrets.token_hex(8)}"
        look = f"from {guard.__name__} import look as {key}; {key}({key!r}, {_built_in(source)})"
        said = _printed(ask(f"{look}\n{imports}", last, at)).splitlines()
        return said[said.index(key) + 1 :] if key in said else ["the guard itself"]

    last = len(steps)
    client.execute_cell(nbformat.v4.new_code_cell(REMEMBER), last, store_history=False)
    for place, step in enumerate(steps):
        if step.kind == "text" or place in found.skipped:
            continue
        if step.kind == "code":
            cell = ask(step.source, place, place)
            found.outputs[place] = cell.outputs
            if error := _error(cell):
                found.failed[step.task] = f"its cell stopped: {error[0]}: {error[1]}"
        elif step.task not in found.outcomes:
            changed = guarded(place, step.source)
            cell = ask(step.source, place, place)
            status = client.status
            changed += guarded(place, step.source)
            found.outputs[place] = cell.outputs
            found.outcomes[step.task] = _judge(step.task, cell, status, changed, found, steps)
    for place, step in enumerate(steps):
        if step.kind == "check" and step.task in further:
            if found.outcomes[step.task][0] != "ok":
                continue
            changed = guarded(place, further[step.task])
            cell = ask(further[step.task], last, place)
            word, said = _judge(step.task, cell, client.status, changed, found, steps)
            if word != "ok":
                found.outcomes[step.task] = HIDDEN, said


@functools.cache
def _built_in(source: str) -> list[str]:
    """List the built-in functions that a check names."""
    tree = tree_of(source)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} if tree else set()
    return sorted(names & set(dir(builtins)))


REMEMBER = f"import {guard.__name__} as _guard; _guard.remember(); del _guard"


def _judge(
    task: str, cell: Any, status: str, changed: list[str], found: Run, steps: list[Step]
) -> tuple[str, str]:
    """Return a check's outcome and its message, from what its cell said."""
    error = _error(cell)
    if error is None and status == "ok":
        done = any(
            output.output_type == "display_data"
            and output.data.get("text/plain") == f"Done, task {task}."
            for output in cell.outputs
        )
        if changed:
            return "tampered", f"changed: {', '.join(changed)}"
        if done:
            return "ok", ""
        return "tampered", "the check neither failed nor said that it is done"
    kind, said = error or ("an error", "that was not shown")
    word = WORDS.get(kind)
    if word == "set-up broken":
        for place, reason in found.skipped.items():
            if steps[place].task == task:
                return reason
        if task in found.failed:
            return "wrong", found.failed[task]
    return (word, said) if word else ("wrong", f"{kind}: {said}")


def _error(cell: Any) -> tuple[str, str] | None:
    for output in cell.outputs:
        if output.output_type == "error":
            said = re.sub(explain.COLOURS, "", str(output.evalue))
            return str(output.ename)[:60], " ".join(said.split())[:300]
    return None


def _printed(cell: Any) -> str:
    streams = (output for output in cell.outputs if output.output_type == "stream")
    return "".join(output.text for output in streams if output.name == "stdout")


@contextlib.contextmanager
def _kernel(steps: int, files: dict[str, Path], setting: Setting) -> Iterator[tuple[Client, Any]]:
    """Yield a client with a kernel of its own, and what tells why its box was ended."""
    client, manager = client_of(steps, setting.seconds)
    with contextlib.ExitStack() as stack:
        options: dict[str, Any] = {}
        if setting.watchdog:
            from course_utils.grading.boxed import BoxedProvisioner

            made = box.Box(files, setting.hidden)
            stack.callback(made.close)
            stack.enter_context(setting.watchdog.watching(made))
            manager.provisioner = BoxedProvisioner(kernel_spec=manager.kernel_spec, parent=manager)
            manager.provisioner.box = made
            manager.provisioner.memory = setting.watchdog.memory
            ended_for = lambda: made.ended_for  # noqa: E731
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            for name, source in files.items():
                shutil.copy(source, Path(folder, name))
            manager.provisioner = WarmProvisioner(kernel_spec=manager.kernel_spec, parent=manager)
            # Grading is nobody's own progress.
            own = {"COURSE_PROGRESS": str(Path(folder, ".progress.json"))}
            options = {"cwd": folder, "env": os.environ | own}
            ended_for = str
        try:
            stack.enter_context(client.setup_kernel(**options))
        except RuntimeError as error:
            raise _Stopped(-1, "crashed", str(error).splitlines()[0]) from None
        if setting.watchdog:
            # It holds the key by which messages are signed, and the kernel has read it.
            (made.root / box.CONNECTION[1:]).unlink(missing_ok=True)
        yield client, ended_for
