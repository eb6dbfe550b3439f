"""What the experiments measure with: waited times in pairs, answers or errors, errors of sums."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from course_utils import timing

if TYPE_CHECKING:
    import torch

Found = dict[str, Any]


SECONDS_FOR_SCRIPTS = 75
"""A process that forked after it had used a card may wait for ever."""


def scaled(device: str, card: int, processor: int) -> int:
    """Return the size of an experiment: one that fills a card, or one that tries the code."""
    return card if device == "cuda" else processor


def answer(function: Callable[[], Any]) -> Found:
    """Return what a function gives, as text, or the error's name and first line."""
    try:
        return {"answer": str(function())}
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        return {"error": type(error).__name__, "says": lines[0][:300]}


def wait(device: str) -> None:
    """Wait until the card has done all that it was given; a processor never has more to do."""
    import torch

    if device == "cuda":
        torch.cuda.synchronize()


def seconds(function: Callable[[], Any], device: str, times: int = 1) -> Callable[[], float]:
    """Return a function that times `times` calls, from an idle card to an idle card."""

    def run() -> float:
        wait(device)
        start = time.perf_counter()
        for _ in range(times):
            function()
        wait(device)
        return (time.perf_counter() - start) / times

    return run


def compared(
    first: Callable[[], Any],
    second: Callable[[], Any],
    device: str,
    times: int = 1,
    pairs: int = 7,
) -> Found:
    """Time two things of PyTorch's in pairs, each after a first call that does not count."""
    first(), second()
    return summary(
        timing.compare(seconds(first, device, times), seconds(second, device, times), pairs)
    )


def summary(race: timing.Comparison) -> Found:
    """Return [lowest, median, highest] of the seconds of both, and of first / second."""
    return {
        "first": timing.spread(race.first),
        "second": timing.spread(race.second),
        "times": timing.spread(race.ratios),
        "pairs": len(race.ratios),
    }


def relative_error(result: "torch.Tensor", reference: "torch.Tensor") -> float:
    """Return ‖result - reference‖ / ‖reference‖, computed in float64."""
    import torch

    return float(torch.linalg.norm(result.double() - reference) / torch.linalg.norm(reference))


def fraction_bits(multiply: Callable[["torch.Tensor"], "torch.Tensor"], device: str) -> int:
    """Count the bits after the point that a product keeps: the last k with 1 + 2^-k not 1.

    `multiply` is given a float32 matrix (256, 256) full of 1 + 2^-k and multiplies it by the
    identity.
    """
    import torch

    kept = 0
    for k in range(1, 25):
        full = torch.full((256, 256), 1 + 2.0**-k, dtype=torch.float32, device=device)
        if float(multiply(full)[0, 0]) == 1:
            break
        kept = k
    return kept


def at_once(scripts: dict[str, tuple[str, dict[str, str]]], device: str) -> dict[str, Found]:
    """Run several small scripts, each in a new Python with more in its environment, at one time.

    A script gets the device's name as its argument; the JSON that it prints last is found.
    """
    started = {
        name: subprocess.Popen(
            [sys.executable, "-c", script, device],
            env=os.environ | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, (script, more) in scripts.items()
    }
    found, end = {}, time.monotonic() + SECONDS_FOR_SCRIPTS
    for name, child in started.items():
        try:
            out, err = child.communicate(timeout=max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            found[name] = {"error": f"no answer after {SECONDS_FOR_SCRIPTS} s"}
            continue
        if child.returncode == 0 and out.strip():
            found[name] = json.loads(out.splitlines()[-1])
        else:
            found[name] = {"error": (err.strip().splitlines() or ["no message"])[-1][:300]}
    return found
