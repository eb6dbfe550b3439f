"""Find each layer's twin by what enters it when both models see the same batch."""

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.parity import kinds, layouts, runs, weights
from course_utils.parity.record import Call
from course_utils.parity.weights import Pair

if TYPE_CHECKING:
    import torch

MOST_TRIES = 24


@dataclass
class Matching:
    """The pairs that one run found; `links` are (PyTorch call, pair, Keras call)."""

    links: list[tuple[int, Pair, Call]] = field(default_factory=list)
    problem: str | None = None
    loose: int = 0
    apart: Pair | None = None
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
        self.calls = calls
        self.left_over = [call for call in calls if not call.repeats]
        self.ties, self.leavings = ties, leavings
        self.found = Matching()
        self.number = -1
        self.linear: tuple[int, int] | None = None

    def see(self, path: str, unit: Any, entered: Any, left: Any) -> Any:
        """Pair one call of a PyTorch layer and return the numbers that stand for its answer."""
        self.number += 1
        native = runs.array(entered)
        x = None if native is None else layouts.from_torch(unit, native)
        depth = getattr(unit, "num_layers", 1)
        call = None
        for level in range(depth):
            call = self._pair(path, unit, level, x if level == 0 else call and call.left)
            if call is None:
                return left
        return self._replaced(unit, call, left)

    def _pair(self, path: str, unit: Any, level: int, x: np.ndarray | None) -> Call | None:
        twins = [call for call in self.left_over if kinds.are_twins(unit, call.layer)]
        fitting = [call for call in twins if weights.fit(Pair(path, unit, call.layer, level))]
        again = self._repeated(unit, level, x) if not fitting else None
        if again:
            self.found.links.append((self.number, *again))
            return again[1]
        if not fitting and self._is_followed(unit):
            self.found.loose += 1
            self.found.followed.append(path)
            return None
        if not fitting:
            self._refuse(path, unit, level, twins)
            return None
        same = [(call, self._order(x, call)) for call in fitting]
        same = [(call, order) for call, order in same if order is not None]
        if not same:
            self._loose(Pair(path, unit, fitting[0].layer, level), x, fitting[0])
        # Where several fit, a twin of the same name stands first.
        same.sort(key=lambda one: one[0].layer.name.rsplit("/")[-1] != path.rsplit(".")[-1])
        if len(same) > 1:
            self.found.ties[self.number] = len(same)
        tie = self.ties.get(self.number, 0) % max(1, len(same))
        call, order = same[tie] if same else (fitting[0], None)
        self.left_over.remove(call)
        entering = None if order is None or _is_plain(order) else order
        leaving = entering if weights.is_featurewise(unit) else self.leavings.get(self.number)
        pair = Pair(path, unit, call.layer, level, entering, leaving)
        self.found.links.append((self.number, pair, call))
        return call

    def _repeated(self, unit: Any, level: int, x: np.ndarray | None) -> tuple[Pair, Call] | None:
        """Return what was found for this layer when it was called with the same before."""
        for _, pair, call in self.found.links:
            if pair.module is unit and pair.level == level and self._order(x, call) is not None:
                return pair, call
        return None

    def _is_followed(self, unit: Any) -> bool:
        """Say whether all weights of a layer belong to layers that have twins already."""
        paired = [pair.module for _, pair, _ in self.found.links]
        known = {id(weight) for module in paired for weight in module.parameters()}
        return {id(weight) for weight in unit.parameters()} <= known

    @staticmethod
    def _order(x: np.ndarray | None, call: Call) -> np.ndarray | None:
        if x is None or call.entered is None:
            return None
        return layouts.order(layouts.padded(x, call.entered), call.entered)

    def _loose(self, pair: Pair, x: np.ndarray | None, call: Call) -> None:
        """Note that what enters has no twin; perhaps an unflattening before it has two orders."""
        self.found.loose += 1
        if x is None or call.entered is None:
            return
        self.found.apart = self.found.apart or pair
        if x.shape == call.entered.shape:
            self.unflattened(x.shape[1:])

    def unflattened(self, shape: tuple[int, ...]) -> None:
        """Suppose that the last Linear as wide as `shape` was unflattened, channels first."""
        wide = int(np.prod(shape))
        for number, pair, _ in reversed(self.found.links):
            if getattr(pair.module, "out_features", None) == wide and len(shape) > 1:
                self.found.leavings.setdefault(number, layouts.channels_moved(shape))
                return

    def _refuse(self, path: str, unit: Any, level: int, twins: list[Call]) -> None:
        if self.found.problem:
            return
        kind = type(unit).__name__
        if twins:
            pair = Pair(path, unit, twins[0].layer, level)
            ours, theirs = weights.shapes(pair)
            self.found.problem = (
                f"cannot map {pair}: in Keras's order the shapes are {ours} and {theirs}"
            )
        elif self.left_over:
            layer = self.left_over[0].layer
            self.found.problem = (
                f"cannot map PyTorch layer {path!r} ({kind}) to Keras layer {layer.name!r} "
                f"({type(layer).__name__}): they stand at the same place but are not twins"
            )
        else:
            self.found.problem = (
                f"cannot map PyTorch layer {path!r} ({kind}): it has no twin in the other model"
            )

    def _replaced(self, unit: Any, call: Call, left: Any) -> Any:
        import torch

        if call.left is None:
            return left
        many = isinstance(left, tuple)
        head = left[0] if many else left
        if not isinstance(head, torch.Tensor):
            return left
        shown = call.left
        if isinstance(unit, torch.nn.RNNBase):
            if head.ndim != 3:
                return left
            shown = layouts.to_torch(unit, shown, tuple(head.shape))
            return (_like(shown, head), self._states(unit, left[1]))
        _, pair, _ = self.found.links[-1]
        if pair.leaving is not None:
            shown = shown[..., np.argsort(pair.leaving)]
        common = layouts.from_torch(unit, runs.array(head))
        if common.size != shown.size or common.shape != shown.shape:
            return left
        shown = _like(layouts.to_torch(unit, shown, tuple(head.shape)), head)
        return (shown, *left[1:]) if many else shown

    def _states(self, unit: Any, left: Any) -> Any:
        """Replace a recurrent module's last states: a row for each layer and direction."""
        calls = [call for _, _, call in self.found.links[-unit.num_layers :]]
        width = unit.hidden_size
        hidden, memory = [], []
        for call in calls:
            hidden.append(call.left[:, -1, :width])
            hidden += [call.left[:, 0, width:]] if unit.bidirectional else []
            memory += list(call.memory)
        if isinstance(left, tuple):
            return _like(np.stack(hidden), left[0]), _like(np.stack(memory), left[1])
        return _like(np.stack(hidden), left)


class Checker(Finder):
    """Follows the pairs that were found, and notes the first that other numbers enter."""

    def __init__(self, calls: list[Call], before: Matching) -> None:
        super().__init__(calls, {}, {})
        self.links = {(number, pair.level): (pair, call) for number, pair, call in before.links}

    def _pair(self, path: str, unit: Any, level: int, x: np.ndarray | None) -> Call | None:
        if (self.number, level) not in self.links:
            return None
        pair, before = self.links[self.number, level]
        call = self.calls[before.number]
        self.found.links.append((self.number, pair, call))
        if x is not None and call.entered is not None:
            x = x if pair.entering is None else x[..., pair.entering]
            x = layouts.padded(x, call.entered)
            # Other shapes are padded in another place; whether alike, the answers tell.
            if x.shape == call.entered.shape and not layouts.close(x, call.entered):
                self.found.apart = self.found.apart or pair
        return call


def check(
    module: "torch.nn.Module", units: list, inputs: Any, calls: list[Call], before: Matching
) -> Pair | None:
    """Return the first pair that other numbers enter, whatever leaves the layers before it."""
    checker = Checker(calls, before)
    runs.run_torch(module, units, inputs, checker.see)
    return checker.found.apart


def _is_plain(order: np.ndarray) -> bool:
    return np.array_equal(order, np.arange(len(order)))


def _like(array: np.ndarray, tensor: "torch.Tensor") -> "torch.Tensor":
    import torch

    return torch.tensor(array).to(tensor.device, tensor.dtype)


def match(
    module: "torch.nn.Module", units: list, inputs: Any, calls: list[Call], answers: list
) -> Matching:
    """Pair the calls of both models; tries other orders where several layers read the same."""

    def attempt(ties: dict, leavings: dict) -> Matching:
        finder = Finder(calls, ties, leavings)
        ours = runs.answers(runs.run_torch(module, units, inputs, finder.see))
        found = finder.found
        linked = {id(pair.layer) for _, pair, _ in found.links}
        left_over = [call.layer for call in finder.left_over if id(call.layer) not in linked]
        found.loose += len(finder.left_over)
        if left_over and not found.problem:
            layer = left_over[0]
            kind = type(layer).__name__
            found.problem = (
                f"cannot map Keras layer {layer.name!r} ({kind}): it has no twin in the other model"
            )
        for one, other in zip(ours, answers, strict=False):
            if not _near(one, other):
                found.loose += 1
                if other.ndim > 2:
                    finder.unflattened(other.shape[1:])
        return found

    best = attempt({}, {})
    leavings = {}
    while best.leavings and not best.complete:
        leavings = {**best.leavings, **leavings}
        again = attempt({}, leavings)
        if again.loose >= best.loose or again.problem:
            break
        best, again.leavings = again, {k: v for k, v in again.leavings.items() if k not in leavings}
    numbers, counts = list(best.ties), [range(count) for count in best.ties.values()]
    others = itertools.islice(itertools.product(*counts), 1, MOST_TRIES)
    for tie in () if best.complete else others:
        again = attempt(dict(zip(numbers, tie, strict=True)), leavings)
        if again.rank < best.rank:
            best = again
        if best.complete:
            break
    return best


def _near(ours: np.ndarray, theirs: np.ndarray) -> bool:
    ways = layouts.answers_like(ours, theirs)
    scale = max(1.0, float(np.abs(theirs).max(initial=0.0)))
    return any(np.abs(way - theirs).max(initial=0.0) < 1e-4 * scale for way in ways)
