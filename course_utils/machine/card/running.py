"""Run every experiment in a process of its own, under a time limit, into one JSON file."""

import contextlib
import datetime
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from course_utils import ROOT, CourseError, files
from course_utils.machine import frameworks
from course_utils.machine.card import speed, with_both, with_pytorch, with_tensorflow

SECONDS = 300
"""All experiments together; those that this leaves no time for are recorded as not run."""


class Experiment(NamedTuple):
    """A function that is given the device, the seconds it may take, and the framework it needs."""

    run: Callable[[str], dict[str, Any]]
    seconds: int
    framework: str = "torch"


EXPERIMENTS = {
    "pytorch": Experiment(with_pytorch.about, 90),
    "tensorflow": Experiment(with_tensorflow.sees, 60),
    "placement_torch": Experiment(with_pytorch.placement, 45),
    "missing_torch": Experiment(with_pytorch.missing, 45),
    "hiding_torch": Experiment(with_pytorch.hiding, 90),
    "caching_torch": Experiment(with_pytorch.caching, 45),
    "out_of_memory_torch": Experiment(with_pytorch.out_of_memory, 45),
    "transfers_torch": Experiment(speed.transfers, 45),
    "launches_torch": Experiment(speed.launches, 45),
    "number_types_torch": Experiment(speed.number_types, 45),
    "convolution_torch": Experiment(speed.convolution, 45),
    "training_torch": Experiment(speed.training, 45),
    "one_rank_torch": Experiment(with_pytorch.one_rank, 45),
    "placement_tf": Experiment(with_tensorflow.placement, 45, "tensorflow"),
    "hiding_tf": Experiment(with_tensorflow.hiding, 60, "tensorflow"),
    "memory_as_it_comes_tf": Experiment(with_tensorflow.memory_as_it_comes, 45, "tensorflow"),
    "memory_growing_tf": Experiment(with_tensorflow.memory_growing, 45, "tensorflow"),
    "memory_limited_tf": Experiment(with_tensorflow.memory_limited, 45, "tensorflow"),
    "number_types_tf": Experiment(with_tensorflow.number_types, 45, "tensorflow"),
    "both": Experiment(with_both.both, 60, "tensorflow"),
    "compiling_torch": Experiment(speed.compiling, 120),
}


def run_all(path: Path, device: str = "cuda") -> dict[str, Any]:
    """Run all experiments, write the record to `path` after each, and return it.

    Raises CourseError where PyTorch sees no card or the file cannot be written.
    """
    record = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "device": device,
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "driver": frameworks.driver(),
        "results": {},
    }
    end = time.monotonic() + SECONDS
    for name, experiment in EXPERIMENTS.items():
        why = _without_card(record["results"]) if experiment.framework == "tensorflow" else ""
        if why and device == "cuda":
            outcome = {"status": "not run", "why": why}
        else:
            outcome = run_apart(name, device, min(experiment.seconds, end - time.monotonic()))
        if name == "pytorch" and device == "cuda" and not outcome.get("found", {}).get("cards"):
            raise CourseError("PyTorch sees no CUDA card here: `course doctor` says what it sees")
        record["results"][name] = outcome
        print(f"{name}: {outcome['status']} {outcome.get('why', '')}", flush=True)
        write(path, record)
    return record


def write(path: Path, content: Any) -> None:
    """Write JSON in one step; raises CourseError where that cannot be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_text(path, json.dumps(content, indent=1) + "\n")
    except OSError as error:
        raise CourseError(f"{path} cannot be written ({error.strerror}): name another") from error


def run_here(name: str, device: str, path: Path) -> None:
    """Run one experiment in this process and write what it found."""
    write(path, EXPERIMENTS[name].run(device))


def _without_card(results: dict[str, Any]) -> str:
    """Return why TensorFlow has no card here, or nothing where it has."""
    found = results["tensorflow"].get("found", {})
    if found.get("cards"):
        return ""
    return found.get("why") or results["tensorflow"].get("why") or "TensorFlow sees no card"


def run_apart(name: str, device: str, limit: float) -> dict[str, Any]:
    """Run one experiment in a new process; an error or a limit is recorded, never raised."""
    if limit < 5:
        return {"status": "not run", "why": f"the {SECONDS} s for all were over"}
    with tempfile.TemporaryDirectory() as folder:
        to, errors = Path(folder, "found.json"), Path(folder, "errors.txt")
        command = [sys.executable, "-m", "course_utils.machine.card", "--one", name]
        start = time.monotonic()
        with errors.open("wb") as stream:
            child = subprocess.Popen(
                [*command, "--device", device, "--to", str(to)],
                cwd=ROOT,
                env={"TF_CPP_MIN_LOG_LEVEL": "2"} | os.environ,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
            try:
                code = child.wait(limit)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                _end(child)
        outcome = {"seconds": round(time.monotonic() - start, 1)}
        if code == 0 and to.exists():
            return {"status": "ok", **outcome, "found": json.loads(to.read_text())}
        if code is None:
            return {"status": "late", **outcome, "why": f"not done after {limit:.0f} s"}
        lines = errors.read_text(errors="replace").strip().splitlines() or [f"exit status {code}"]
        return {"status": "failed", **outcome, "why": lines[-1][:600], "log": lines[-15:]}


def _end(child: subprocess.Popen) -> None:
    """End an experiment and all that it started; the compilers of PyTorch stay otherwise."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.wait()
