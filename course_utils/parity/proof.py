"""Prove a copy: at every place both models agree but for rounding, or the first other is named."""

from dataclasses import replace
from typing import Any

import numpy as np

from course_utils import CourseError
from course_utils.parity import answers, causes, places, watch
from course_utils.parity.answers import Together
from course_utils.parity.places import Place
from course_utils.parity.watch import Both
from course_utils.parity.weights import Pair

DRAWS = 5
"""So often what rounding may do is drawn, where models seem to part."""


def prove(
    both: Both, pairs: list[Pair], together: Together, call: Any, inputs: Any, step: float
) -> None:
    """Compare both models with numbers in the place of what leaves their layers, then as they are.

    The first shows what differs between layers whatever the weights are, the second the answers.
    `step` is the rounding of the coarser type. Raises CourseError, naming the first place at which
    the models part, and why.
    """
    for numbers in (watch.wide, None):
        keras = _look_keras(both, pairs, inputs, numbers)
        found = _look(both, together, *keras, call)
        parted = [n for n, place in enumerate(found) if place.parts(step)]
        if parted:
            again = _look_keras(both, pairs, inputs, numbers)
            _check_repeats(found, _look(both, together, *again, call, seed=1))
            for draw in range(DRAWS):
                shaken = _look(both, together, *keras, call, step, draw)
                for place, moved in zip(found, shaken, strict=True):
                    place.shaken(moved.ours)
            parted = [n for n, place in enumerate(found) if place.parts(step)]
        if parted:
            place, cause = found[parted[0]], causes.tested(found, parted[0], step)
            gap, allowed = place.gap(step)
            size = f" (gap {gap:.1g}, rounding allows {allowed:.1g})" if np.isfinite(gap) else ""
            if not any(one.shape == place.theirs.shape for one in place.ours):
                size = " (shapes differ)"
            raise CourseError(f"cannot copy: the models part {place}{size}: {cause}")
    if not any(np.isfinite(place.theirs).any() for place in found if place.pair is None):
        raise CourseError("cannot prove the copy: the models' answers are not finite")
    for pair in pairs:
        if apart := causes.epsilons(pair):
            raise CourseError(f"cannot copy {pair}: {apart}; small numbers would part")


def _look_keras(both: Both, pairs: list[Pair], inputs: Any, numbers: Any) -> tuple[list, dict]:
    """Run the Keras model on the batch; return the pairs with its calls, and its answers."""
    paired = {pair.call.number for pair in pairs}
    calls, theirs = watch.keras_run(both, inputs, numbers and numbers(), paired)
    known = len(calls) > max(paired, default=-1)
    if not known or any(calls[pair.call.number].layer is not pair.layer for pair in pairs):
        raise CourseError("cannot copy: the Keras model calls other layers from batch to batch")
    return [replace(pair, call=calls[pair.call.number]) for pair in pairs], theirs


def _look(
    both: Both,
    together: Together,
    pairs: list[Pair],
    theirs: dict,
    call: Any,
    shake: float = 0.0,
    seed: int = 0,
) -> list[Place]:
    """Run the PyTorch model as well; return the places at which they must agree, in their order."""
    by_number = {}
    for pair in pairs:
        by_number.setdefault(pair.number, []).append(pair)
    seen, ours = watch.torch_run(
        both, call, lambda number, *_: by_number.get(number, []), shake, seed
    )
    if max(by_number, default=-1) >= len(seen):
        raise CourseError("cannot copy: the PyTorch model calls other layers from batch to batch")
    if not ours or not theirs:
        raise CourseError("cannot prove the copy: a model answers with no tensor")
    if len(ours) != len(theirs) and min(len(ours), len(theirs)) > 1:
        raise CourseError(
            f"cannot prove the copy: PyTorch answers with {len(ours)} tensors, "
            f"Keras with {len(theirs)}"
        )
    found, before = [], []
    for pair in pairs:
        found += places.around(pair, *seen[pair.number], before)
        if pair.call.left is not None:
            before = [*before, (pair.name, pair.call.left)]
    for one, other in together:
        ways = answers.like(pairs, ours[one], theirs[other])
        found.append(Place(None, ways, theirs[other], before))
    return found


def _check_repeats(found: list[Place], again: list[Place]) -> None:
    for framework, name in (("PyTorch", "ours"), ("Keras", "theirs")):
        for one, other in zip(found, again, strict=True):
            first, second = (np.array(getattr(place, name)) for place in (one, other))
            if not np.array_equal(first, second, equal_nan=first.dtype.kind == "f"):
                raise CourseError(
                    f"cannot prove the copy: the {framework} model answers the same batch "
                    "otherwise each time (random numbers in evaluation mode)"
                )
