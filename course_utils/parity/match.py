"""Find each layer's twin by what enters it when both models see the same batch."""

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from course_utils import CourseError
from course_utils.parity import answers, kinds, layouts, watch, weights
from course_utils.parity.answers import Answers, Together
from course_utils.parity.batches import Feed, Route
from course_utils.parity.watch import Both, Call
from course_utils.parity.weights import Pair

MOST_TRIES = 24


@dataclass
class Matching:
    """What one run of the PyTorch model found among the calls of Keras's that are `left_over`.

    `ties` says which of several twins a call chose, `leavings` which order a call answers in: both
    are given to try others. `reshapes` are the shapes that Keras's Reshape layers give a row,
    `channels` the numbers of features that a picture or a sequence has somewhere. `loose` counts
    what was not found by what enters, `choices` says between how many twins a call chose,
    `supposed` which leavings may help and `guessed` which else, `followed` which layers have only
    weights of others, `together` which answers belong together, `doubts` what else would fit,
    `said` what is supposed.
    """

    left_over: list[Call]
    ties: dict[int, int]
    leavings: dict[int, np.ndarray]
    reshapes: list[tuple[int, ...]]
    channels: set[int]
    pairs: list[Pair] = field(default_factory=list)
    problem: str | None = None
    loose: int = 0
    choices: dict[int, int] = field(default_factory=dict)
    supposed: list[dict[int, np.ndarray]] = field(default_factory=list)
    guessed: list[dict[int, np.ndarray]] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    together: Together = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def rank(self) -> tuple[bool, int]:
        """Return what is smaller for the better matching, and nought for a whole one."""
        return bool(self.problem), self.loose

    @property
    def orders(self) -> list:
        """Return the orders in which features enter the layers."""
        return [
            pair.entering if pair.entering is None else list(pair.entering) for pair in self.pairs
        ]

    def twins(self, number: int, path: str, unit: Any, entered: np.ndarray | None) -> list[Pair]:
        """Pair one call of a PyTorch layer; the layers of a deep recurrent one each."""
        x = None if entered is None else layouts.common(unit, entered)
        found, turned = [], x is not None and self._is_turned(unit, x)
        x = np.swapaxes(x, 0, 1) if turned else x
        for level in range(getattr(unit, "num_layers", 1)):
            pair = self._pair(Pair(number, path, unit, level, turned=turned), x)
            if pair is None:
                return []
            self.pairs.append(pair)
            found.append(pair)
            x = pair.call.left
        return found

    def _is_turned(self, unit: Any, x: np.ndarray) -> bool:
        """Say whether only with the axes of batch and steps exchanged this enters a twin."""
        steps = x.ndim > (1 if kinds.kind(unit) == "Embedding" else 2)
        if not steps or hasattr(unit, "batch_first") or kinds.is_channels_first(unit):
            return False
        twins = [one for one in self.left_over if kinds.are_twins(unit, one.layer)]
        twins += [pair.call for pair in self.pairs if pair.module is unit]
        ways = (x, np.swapaxes(x, 0, 1))
        as_it_is, turned = (any(_order(way, one) is not None for one in twins) for way in ways)
        return turned and not as_it_is

    def _pair(self, half: Pair, x: np.ndarray | None) -> Pair | None:
        twins = [call for call in self.left_over if kinds.are_twins(half.module, call.layer)]
        fitting = [call for call in twins if weights.fit(replace(half, call=call))]
        if not fitting:
            return self._known(half, x) or self._refuse(half, twins)
        same = [(call, _order(x, call)) for call in fitting]
        same = [(call, order) for call, order in same if order is not None]
        if not same and (known := self._known(half, x)):
            return known
        if not same:
            self._loosen(x, fitting[0].entered)
        # Where several fit, a twin of the same name stands first, then what was defined first.
        last = half.name.rsplit(".")[-1]
        same.sort(key=lambda one: (one[0].layer.name.rsplit("/")[-1] != last, one[0].defined))
        self.choices[half.number] = max(1, len(same))
        tie = self.ties.get(half.number, 0) % self.choices[half.number]
        call, order = same[tie] if same else (fitting[0], None)
        if tie and same[0][0].layer.name == last:
            self.said.append(f"Supposed: {replace(half, call=call)}, by what both answer.")
        self.left_over.remove(call)
        entering = None if order is None or (order == np.arange(len(order))).all() else order
        featurewise = kinds.is_featurewise(half.module)
        leaving = entering if featurewise else self.leavings.get(half.number)
        return replace(half, call=call, entering=entering, leaving=leaving)

    def _known(self, half: Pair, x: np.ndarray | None) -> Pair | None:
        """Return what was found for this layer when it was called with the same before."""
        for pair in self.pairs:
            same = pair.module is half.module and pair.level == half.level
            if same and _order(x, pair.call) is not None:
                return replace(pair, number=half.number)
        return None

    def _loosen(self, x: np.ndarray | None, other: np.ndarray | None) -> None:
        """Note that these differ; perhaps a Linear before has to leave in another order.

        It may be unflattened, channels first, or stand beside what was flattened: x + layer(x).
        """
        self.loose += 1
        same = x is not None and other is not None and x.shape == other.shape and x.ndim > 2
        shapes = [*self.reshapes, *(_smaller(x.shape[1:]) if same else [])]
        wide, guesses = {}, []
        for pair in self.pairs[::-1]:
            if kinds.kind(pair.module) == "Linear" and pair.leaving is None:
                wide.setdefault(pair.module.out_features, []).append(pair.number)
        for size, numbers in wide.items():
            found = [layouts.channels_moved(one) for one in shapes if np.prod(one) == size]
            found += [one.entering for one in self.pairs if one.entering is not None]
            found = [order for order in found if len(order) == size]
            some = [n for n in sorted(self.channels) if 1 < n < size and size % n == 0]
            more = [layouts.channels_moved((size // n, n)) for n in some if not self.guessed]
            for orders, options in ((found, self.supposed), (more, guesses)):
                for order in orders:
                    options += [{numbers[0]: order}, dict.fromkeys(numbers, order)]
        self.guessed += guesses

    def _refuse(self, half: Pair, twins: list[Call]) -> None:
        """Note why a layer has no twin, unless all its weights are those of others that have."""
        paired = [pair.module for pair in self.pairs]
        known = {id(weight) for module in paired for weight in module.parameters()}
        if {id(weight) for weight in half.module.parameters()} <= known:
            self.loose += 1
            self.followed.append(half.name)
            return
        who = f"PyTorch layer {half.name!r} ({type(half.module).__name__})"
        if twins:
            pair = replace(half, call=twins[0])
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
        self.problem = self.problem or f"cannot map {problem}"

    def close(self, ours: Answers, theirs: Answers) -> None:
        """Finish with what was left over, and with the answers of both models."""
        paired = {id(pair.layer) for pair in self.pairs}
        self.loose += len(self.left_over)
        for layer in [call.layer for call in self.left_over if id(call.layer) not in paired][:1]:
            self.problem = self.problem or (
                f"cannot map Keras layer {layer.name!r} ({type(layer).__name__}): "
                "it has no twin in the other model"
            )
        self.together = answers.paired(self.pairs, ours, theirs)
        for one, other in self.together:
            ways = answers.like(self.pairs, ours[one], theirs[other])
            if not any(layouts.close(way, theirs[other]) for way in ways):
                self._loosen(theirs[other], theirs[other])
        self.said += answers.doubts(self.pairs, ours, theirs, self.together)


def _smaller(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the shapes that upsampling by whole numbers may have made this one of, itself last."""
    *places, channels = shape
    shares = [n for n in range(min(places), 0, -1) if not any(size % n for size in places)]
    return [(*(size // n for size in places), channels) for n in shares]


def _order(x: np.ndarray | None, call: Call) -> np.ndarray | None:
    return None if x is None or call.entered is None else layouts.order(x, call.entered)


def find(both: Both, feed: Feed) -> tuple[Matching, Route]:
    """Find the way to feed both models, and the twins; raises CourseError where there is none."""
    values, recorded, errors, best, first = feed.draw(1), {}, [], None, None
    for route in feed.routes(values):
        found_before = best is not None and not any(best[0].rank)
        if found_before and not route.is_near(best[1]):
            continue
        ways = (route.ways, route.order) if feed.from_torch else ()
        try:
            call, inputs = feed.lay(values, route)
            if ways not in recorded:
                recorded[ways] = None
                recorded[ways] = watch.keras_run(both, inputs, watch.narrow())
            if not recorded[ways]:
                continue
            if found_before:  # Is it the only way in which both are fed alike?
                found = _follow(both, call, *recorded[ways], best[0].ties, {})
            else:
                found = _match(both, call, *recorded[ways])
        except CourseError as error:
            errors.append(error)
            continue
        first = first or (None if found.problem else route)
        if best is None or found.rank < best[0].rank:
            best = found, route
        elif found.rank == best[0].rank and found.orders != best[0].orders:
            best[0].doubts += [feed.doubt(values, best[1], route)] if route.is_near(best[1]) else []
    if best is None:
        raise errors[0]
    if best[0].problem:
        raise CourseError(best[0].problem)
    pictures = [n for n, value in enumerate(values) if value.ndim > 3]
    if any(best[1].ways[n] != first.ways[n] for n in pictures):
        best[0].doubts.insert(0, feed.doubt(values, best[1], first, fits=False))
    return best


def _attempt(
    both: Both, call: Any, calls: list[Call], theirs: Answers, ties: dict, leavings: dict
) -> Matching:
    shapes = [getattr(one, "target_shape", ()) for one in both.model._flatten_layers()]
    reshapes = [shape for shape in shapes if len(shape) > 1 and min(shape) > 0]
    seen = [one.shape for call in calls for one in (call.entered, call.left) if one is not None]
    seen += [one.shape for one in getattr(both.model, "inputs", None) or []]
    channels = {shape[-1] for shape in seen if len(shape) > 2} - {None}
    left_over = [one for one in calls if not one.repeats]
    found = Matching(left_over, ties, leavings, reshapes, channels)
    _, ours = watch.torch_run(both, call, found.twins)
    found.close(ours, theirs)
    return found


def _match(both: Both, call: Any, calls: list[Call], theirs: Answers) -> Matching:
    """Pair the calls of both models; try other orders where several layers read the same."""
    best = _follow(both, call, calls, theirs, {}, {})
    while any(best.rank):
        every = itertools.product(*map(range, best.choices.values()))
        for ties in itertools.islice(every, MOST_TRIES):
            chosen = dict(zip(best.choices, ties, strict=True))
            again = _attempt(both, call, calls, theirs, chosen, best.leavings)
            if again.rank < best.rank:
                best = again  # farther on, other layers may now read the same
                break
        else:
            break
    return best


def _follow(
    both: Both, call: Any, calls: list[Call], theirs: Answers, ties: dict, leavings: dict
) -> Matching:
    """Pair the calls, and find the orders in which a Linear must leave to fit what is beside it."""
    best, better = None, _attempt(both, call, calls, theirs, ties, leavings)
    while better is not None:
        best, better = better, None
        tried = set()
        for more in [*best.supposed, *best.guessed] if any(best.rank) else []:
            key = tuple((number, order.tobytes()) for number, order in more.items())
            if key in tried or len(tried) == MOST_TRIES:
                continue
            tried.add(key)
            again = _attempt(both, call, calls, theirs, ties, {**best.leavings, **more})
            if again.rank < best.rank:
                better = again
                break
    return best
