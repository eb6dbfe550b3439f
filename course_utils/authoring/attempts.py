"""A kernel in which a solution's cells have been run, and answers to one task come and go."""

import os
import queue
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from course_utils import CourseError, kernels

SECONDS_TO_START, SECONDS_TO_STOP = 120, 10


class Kernel:
    """A kernel of its own for one solution; it is replaced where an answer brings it down.

    It runs in a folder of its own: what an answer writes goes with it.
    """

    def __init__(self) -> None:
        self.sources: list[str] = []

    def __enter__(self) -> "Kernel":
        self.folder = tempfile.TemporaryDirectory()
        Path(self.folder.name, "solutions").mkdir()
        self._start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()
        self.folder.cleanup()

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
            return "refused", f"stopped after {seconds:.3g} s"
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
                cwd=str(Path(self.folder.name, "solutions")),
                env=os.environ | {"COURSE_PROGRESS": str(Path(self.folder.name, "progress.json"))},
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
    _remembered.update(folder=Path.cwd(), files=set(Path.cwd().iterdir()))


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
    os.chdir(_remembered["folder"])
    for path in set(Path.cwd().iterdir()) - _remembered["files"]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.manual_seed(0)
    keras.utils.set_random_seed(0)
    tf.config.run_functions_eagerly(False)
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
