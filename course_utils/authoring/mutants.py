"""Which wrong answers does a check let pass? Variants of each solution, through the real check."""

import hashlib
import os
import queue
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from course_utils import ROOT, CourseError, kernels, notebooks
from course_utils.authoring.variants import variants

EQUIVALENT = Path(__file__).with_name("equivalent.toml")

LEAST_SECONDS, TIMES_AS_LONG = 5.0, 5
"""A variant gets five times as long as the solution's own answer and check, or five seconds."""

LEAST_REFUSED = 0.98

SECONDS_TO_START, SECONDS_TO_STOP = 120, 5


class Trial(NamedTuple):
    """A variant of the answer to a task, and what became of it.

    `outcome` is one of refused, failed (refused, by an error that its own code raised), survived,
    equivalent (named in `equivalent.toml`); `said` is the line that the learner would read.
    """

    task: str
    difference: str
    outcome: str
    said: str


def trials(tasks: list[str], sample: int | None = None, root: Path = ROOT) -> Iterator[Trial]:
    """Run the variants of these tasks' answers (default: of all), at most `sample` of each task.

    A sample is the same in every run. Raises CourseError for an unknown task, where a solution's
    own answer is not accepted, or where an equivalent variant is named that is not made.
    """
    solutions = {path: _tasks_of(path) for path in notebooks.notebook_paths("solutions", root)}
    known = [task for own in solutions.values() for task in own]
    if unknown := sorted(set(tasks) - set(known)):
        raise CourseError(f"there is no task {unknown[0]!r}: a task is called like {known[0]}")
    equivalent = _equivalent()
    for path, own in solutions.items():
        if chosen := [task for task in own if task in (tasks or known)]:
            with Kernel(path.parent) as kernel:
                yield from _in_one_kernel(kernel, path, chosen, sample, equivalent)


def summary(found: list[Trial]) -> tuple[list[str], bool]:
    """Count a run's trials by exercise, a line each, and say whether enough were refused."""
    lines, good = [], True
    for name in dict.fromkeys(_exercise(trial) for trial in found):
        own = [trial.outcome for trial in found if _exercise(trial) == name]
        made, equivalent, survived = len(own), own.count("equivalent"), own.count("survived")
        refused = made - equivalent - survived
        lines.append(
            f"{name}: {made} made, {equivalent} equivalent, {refused} refused "
            f"({own.count('failed')} by an error of their own), {survived} surviving"
        )
        good = good and refused >= LEAST_REFUSED * (refused + survived)
    return lines, good


def _exercise(trial: Trial) -> str:
    return trial.task.rpartition("-")[0]


def _tasks_of(path: Path) -> list[str]:
    return notebooks.task_ids(notebooks.load(path))


def _equivalent() -> set[tuple[str, str]]:
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["variant"]
    return {(entry["task"], entry["difference"]) for entry in entries}


def _in_one_kernel(
    kernel: "Kernel",
    path: Path,
    chosen: list[str],
    sample: int | None,
    equivalent: set[tuple[str, str]],
) -> Iterator[Trial]:
    answer = ""
    for cell in notebooks.load(path)["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        task = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if task not in chosen:
            kernel.do(source)
            answer = source
            continue
        start = time.perf_counter()
        kernel.do(source)
        limit = max(LEAST_SECONDS, TIMES_AS_LONG * (time.perf_counter() - start))
        kernel.remember()
        for variant, difference in _sampled(variants(answer), sample).items():
            outcome, said = kernel.attempt(variant, source, limit)
            if outcome == "survived" and (task, difference) in equivalent:
                outcome = "equivalent"
            yield Trial(task, difference, outcome, said)
        # Had a variant left something behind that the next ones met, their refusals would mean
        # nothing: the solution's own answer is still accepted.
        outcome, said = kernel.attempt(answer, source, limit)
        if outcome != "survived":
            raise CourseError(f"{task}: after its variants its own answer is refused ({said})")


def _sampled(found: dict[str, str], sample: int | None) -> dict[str, str]:
    """Return at most so many variants; a change elsewhere in the answer changes few of them."""
    order = sorted(found, key=lambda text: hashlib.sha256(found[text].encode()).digest())
    return {text: found[text] for text in order[:sample]}


class Kernel:
    """A kernel in which a solution's cells have been run, and variants come and go."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.sources: list[str] = []

    def __enter__(self) -> "Kernel":
        self.record = tempfile.TemporaryDirectory()
        self._start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()
        self.record.cleanup()

    def do(self, source: str) -> None:
        """Run a cell of the solution; raises CourseError where it fails."""
        self.sources.append(source)
        reply = self._ask(source, SECONDS_TO_START)
        if reply["status"] != "ok":
            raise CourseError(f"a solution's own cell fails: {reply['ename']}: {reply['evalue']}")

    def remember(self) -> None:
        """Take note of the state to which each attempt returns."""
        self._ask(_call("remember"), SECONDS_TO_START)

    def attempt(self, answer: str, check: str, seconds: float) -> tuple[str, str]:
        """Run an answer and its check, and return to the state before; outcome and line."""
        try:
            reply = self._ask(answer, seconds)
            if reply["status"] != "ok":
                return "failed", f"{reply['ename']}: {reply['evalue']}"
            reply = self._ask(check, seconds)
        except queue.Empty:
            self._interrupt()
            return "refused", f"stopped after {seconds:.0f} s"
        finally:
            self._ask(_call("restore"), SECONDS_TO_STOP)
        if reply["status"] == "ok":
            return "survived", ""
        said = reply["evalue"]
        return "failed" if "your code stopped at" in said else "refused", said

    def _interrupt(self) -> None:
        """Stop what runs; where nothing helps, bring a new kernel to the same place."""
        self.manager.interrupt_kernel()
        try:
            self._ask("", SECONDS_TO_STOP)
        except queue.Empty:
            self._stop()
            self._start()
            sources, self.sources = self.sources, []
            for source in sources:
                self.do(source)
            self.remember()

    def _ask(self, source: str, seconds: float) -> dict[str, Any]:
        sent = self.client.execute(source, silent=True, stop_on_error=False)
        end = time.monotonic() + seconds
        while True:
            reply = self.client.get_shell_msg(timeout=max(0.01, end - time.monotonic()))
            if reply["parent_header"].get("msg_id") == sent:
                return reply["content"]

    def _start(self) -> None:
        from jupyter_client.manager import KernelManager

        os.environ.update(kernels.environment())
        self.manager = KernelManager(kernel_name="python3")
        with open(os.devnull, "w") as nowhere:
            self.manager.start_kernel(
                cwd=str(self.folder),
                env=os.environ | {"COURSE_PROGRESS": str(Path(self.record.name, "progress.json"))},
                extra_arguments=["--log-level=ERROR"],
                stdout=nowhere,
                stderr=nowhere,
            )
        self.client = self.manager.client()
        self.client.start_channels(iopub=False, stdin=False, hb=False)

    def _stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def _call(name: str) -> str:
    return f"__import__({__name__!r}, fromlist=[{name!r}]).{name}()"


# What follows runs in the kernel.

_remembered: dict[str, Any] = {}


def remember() -> None:
    """Take note of the notebook's names, and of what an answer can change for all that follow."""
    from IPython import get_ipython

    _remembered.update(names=dict(get_ipython().user_ns), environ=dict(os.environ))


def restore() -> None:
    """Bring back what `remember` noted, and the frameworks' own settings."""
    import keras
    import tensorflow as tf
    import torch
    from IPython import get_ipython

    names = get_ipython().user_ns
    for name in set(names) - set(_remembered["names"]):
        del names[name]
    names.update(_remembered["names"])
    os.environ.clear()
    os.environ.update(_remembered["environ"])
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.manual_seed(0)
    keras.utils.set_random_seed(0)
    tf.config.run_functions_eagerly(False)
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
