"""Ratios of repeated runs, never bare seconds: two things are timed in pairs, in changing order."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Comparison(NamedTuple):
    """Seconds of each run of two things, and how many times longer the first took, pair by pair."""

    first: list[float]
    second: list[float]

    @property
    def ratios(self) -> list[float]:
        """Return first / second for each pair."""
        return [a / b for a, b in zip(self.first, self.second, strict=True)]

    def __str__(self) -> str:
        low, middle, high = spread(self.ratios)
        return f"{middle:.1f} × ({low:.1f} to {high:.1f})"


def compare(
    first: Callable[[], float | None], second: Callable[[], float | None], pairs: int = 5
) -> Comparison:
    """Run two functions in `pairs` pairs, the order changing from pair to pair.

    A function that returns a number has measured for itself what is to be compared; any other is
    timed.
    """
    measured: tuple[list[float], list[float]] = ([], [])
    for n in range(pairs):
        order = [(0, first), (1, second)]
        for place, function in order if n % 2 == 0 else reversed(order):
            start = time.perf_counter()
            own = function()
            measured[place].append(time.perf_counter() - start if own is None else own)
    return Comparison(*measured)


def spread(values: list[float]) -> tuple[float, float, float]:
    """Return the smallest, the median and the largest of some values."""
    return min(values), statistics.median(values), max(values)
