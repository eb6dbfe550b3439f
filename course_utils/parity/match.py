"""Find each layer's twin by what enters it when both models see the same batch."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.parity import kinds, layouts, runs, watch, weights
from course_utils.parity.watch import Call, Link
from course_utils.parity.weights import Pair

if TYPE_CHECKING:
    import torch

MOST_TRIES = 24


@dataclass
class Matching:
    """What one run found; `loose` counts what was not found by what enters.

    `ties` says between how many twins a call chose, `leavings` which order a call may answer in,
    `followed` which layers have only weights of others.
    """

    links: list[Link] = field(default_factory=list)
    problem: str | None = None
    loose: int = 0
    ties: dict[int, int] = field(default_factory=dict)
    leavings: dict[int, np.ndarray] = field(default_factory=dict)
    followed: list[str] = field(default_factory=list)

    @property
    def rank(self) -> tuple[bool, int]:
        """Return what is smaller for the better matching."""
        return bool(self.problem), self.loose

    @property
    def complete(self) -> bool:
        """Say whether everything was found by what enters it."""
        return not self.loose and not self.problem


class Finder:
    """Finds pairs for the calls of one PyTorch run; `see` is what the run is watched with."""

    def __init__(
        self, calls: list[Call], ties: dict[int, int], leavings: dict[int, np.ndarray]
    ) -> None:
        self.left_over = [call for call in calls if not call.repeats]
        self.ties, self.leavings = ties, leavings
        self.found = Matching()
        self.number = -1

    def see(self, path: str, unit: Any, entered: Any, left: Any) -> Any:
        """Pair one call of a PyTorch layer and return the numbers that stand for its answer."""
        self.number += 1
        native = runs.array(entered)
        x = None if native is None else layouts.from_torch(unit, native)
        twins = []
        for level in range(getattr(unit, "num_layers", 1)):
            link = self._link(Pair(path, unit, None, level), x)
            if link is None:
                return left
            self.found.links.append(link)
            twins.append((link.pair, link.call))
            x = link.call.left
        return watch.replaced(unit, twins, left)

    def _link(self, half: Pair, x: np.ndarray | None) -> Link | None:
        twins = [call for call in self.left_over if kinds.are_twins(half.module, call.layer)]
        fitting = [call for call in twins if weights.fit(half.to(call.layer))]
        if not fitting:
            return self._known(half, x) or self._refuse(half, twins)
        same = [(call, _order(x, call)) for call in fitting]
        same = [(call, order) for call, order in same if order is not None]
        if not same:
            self._loose(x, fitting[0])
        # Where several fit, a twin of the same name stands first.
        last = half.name.rsplit(".")[-1]
        same.sort(key=lambda one: one[0].layer.name.rsplit("/")[-1] != last)
        if len(same) > 1:
            self.found.ties[self.number] = len(same)
        tie = self.ties.get(self.number, 0) % max(1, len(same))
        call, order = same[tie] if same else (fitting[0], None)
        self.left_over.remove(call)
        entering = None if order is None or (order == np.arange(len(order))).all() else order
        featurewise = weights.is_featurewise(half.module)
        leaving = entering if featurewise else self.leavings.get(self.number)
        return Link(self.number, half.to(call.layer, entering, leaving), call)

    def _known(self, half: Pair, x: np.ndarray | None) -> Link | None:
        """Return what was found for this layer when it was called with the same before."""
        for link in self.found.links:
            same = link.pair.module is half.module and link.pair.level == half.level
            if same and _order(x, link.call) is not None:
                return Link(self.number, link.pair, link.call)
        return None

    def _loose(self, x: np.ndarray | None, call: Call) -> None:
        """Note that what enters has no twin; perhaps an unflattening before it has two orders."""
        self.found.loose += 1
        if x is not None and call.entered is not None and x.shape == call.entered.shape:
            self.unflattened(x.shape[1:])

    def unflattened(self, shape: tuple[int, ...]) -> None:
        """Suppose that the last Linear as wide as `shape` was unflattened, channels first."""
        for link in reversed(self.found.links):
            width = getattr(link.pair.module, "out_features", None)
            if width == np.prod(shape) and len(shape) > 1:
                self.found.leavings.setdefault(link.number, layouts.channels_moved(shape))
                return

    def _refuse(self, half: Pair, twins: list[Call]) -> None:
        """Note why a layer has no twin, unless all its weights are those of others that have."""
        paired = [link.pair.module for link in self.found.links]
        known = {id(weight) for module in paired for weight in module.parameters()}
        if {id(weight) for weight in half.module.parameters()} <= known:
            self.found.loose += 1
            self.found.followed.append(half.name)
            return
        who = f"PyTorch layer {half.name!r} ({type(half.module).__name__})"
        if twins:
            pair = half.to(twins[0].layer)
            ours, theirs = weights.shapes(pair)
            problem = f"{pair}: in Keras's order the shapes are {ours} and {theirs}"
        elif self.left_over:
            layer = self.left_over[0].layer
            problem = (
                f"{who} to Keras layer {layer.name!r} ({type(layer).__name__}): "
                "they stand at the same place but are not twins"
            )
        else:
            problem = f"{who}: it has no twin in the other model"
        self.found.problem = self.found.problem or f"cannot map {problem}"

    def close(self, ours: list[np.ndarray], theirs: list[np.ndarray]) -> Matching:
        """Finish with the answers of both models; return what was found."""
        found = self.found
        linked = {id(link.pair.layer) for link in found.links}
        found.loose += len(self.left_over)
        for layer in [call.layer for call in self.left_over if id(call.layer) not in linked][:1]:
            found.problem = found.problem or (
                f"cannot map Keras layer {layer.name!r} ({type(layer).__name__}): "
                "it has no twin in the other model"
            )
        for one, other in zip(ours, theirs, strict=False):
            if not any(layouts.close(way, other) for way in layouts.answers_like(one, other)):
                found.loose += 1
                self.unflattened(other.shape[1:])
        return found


def _order(x: np.ndarray | None, call: Call) -> np.ndarray | None:
    if x is None or call.entered is None:
        return None
    return layouts.order(*layouts.trimmed(x, call.entered))


def match(
    module: "torch.nn.Module", units: list, inputs: Callable, calls: list[Call], answers: list
) -> Matching:
    """Pair the calls of both models; tries other orders where several layers read the same."""

    def attempt(ties: dict, leavings: dict) -> Matching:
        finder = Finder(calls, ties, leavings)
        ours = runs.answers(runs.run_torch(module, units, inputs, finder.see))
        return finder.close(ours, answers)

    best, used = attempt({}, {}), {}
    while not best.complete and not best.leavings.keys() <= used.keys():
        more = {**best.leavings, **used}
        again = attempt({}, more)
        if again.rank >= best.rank:
            break
        best, used = again, more
    chosen = [range(count) for count in best.ties.values()]
    for tie in itertools.islice(itertools.product(*chosen), 1, MOST_TRIES):
        if best.complete:
            break
        again = attempt(dict(zip(best.ties, tie, strict=True)), used)
        if again.rank < best.rank:
            best = again
    return best
