"""Prove a copy: at every place both models agree but for rounding, or the first other is named."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import CourseError
from course_utils.parity import causes, layouts, places, runs, watch
from course_utils.parity.places import Place
from course_utils.parity.watch import Call, Link

if TYPE_CHECKING:
    import keras
    import torch

DRAWS = 5
"""So often what rounding may do is drawn, where models seem to part."""


@dataclass(frozen=True)
class Models:
    """Both models, their layers that hold weights, and how each takes the batch of the proof."""

    module: "torch.nn.Module"
    model: "keras.Layer"
    units_torch: list
    units_keras: list
    call: Callable
    inputs: Any


def prove(models: Models, links: list[Link], step: float) -> None:
    """Compare both models with numbers in the place of what leaves their layers, then as they are.

    The first shows what differs between layers whatever the weights are, the second the answers.
    `step` is the rounding of the coarser type. Raises CourseError, naming the first place at which
    the models part, and why.
    """
    for numbers in (watch.wide, None):
        found = _look(models, links, numbers)
        if any(place.parts(step) for place in found):
            _check_repeats(found, _look(models, links, numbers, seed=1))
            for draw in range(DRAWS):
                shaken = _look(models, links, numbers, step, seed=draw)
                for place, moved in zip(found, shaken, strict=True):
                    place.shaken(moved.ours)
        parted = [n for n, place in enumerate(found) if place.parts(step)]
        if parted:
            gap, allowed = found[parted[0]].gap(step)
            size = f"gap {gap:.1g}, rounding allows {allowed:.1g}"
            raise CourseError(
                f"cannot copy: the models part {found[parted[0]]} "
                f"({'shapes differ' if gap == np.inf else size}): "
                f"{causes.tested(found, parted[0], step)}"
            )
    if not any(np.isfinite(place.theirs).any() for place in found if place.pair is None):
        raise CourseError("cannot prove the copy: the models' answers are not finite")
    for link in links:
        if apart := causes.epsilons(link.pair):
            raise CourseError(f"cannot copy {link.pair}: {apart}; small numbers would part")


def _look(
    models: Models, links: list[Link], numbers: Any, shake: float = 0.0, seed: int = 0
) -> list[Place]:
    """Run both models on the batch; return the places at which they must agree, in their order."""
    linked = {link.call.number for link in links}
    calls, theirs = watch.keras_run(
        models.model, models.units_keras, models.inputs, numbers and numbers(), linked
    )
    known = len(calls) > max(linked, default=-1)
    if not known or any(calls[link.call.number].layer is not link.call.layer for link in links):
        raise CourseError("cannot copy: the Keras model calls other layers from batch to batch")
    seen, ours = watch.torch_run(
        models.module, models.units_torch, models.call, links, calls, shake, seed
    )
    if not ours or not theirs:
        raise CourseError("cannot prove the copy: a model answers with no tensor")
    if len(ours) != len(theirs) and min(len(ours), len(theirs)) > 1:
        raise CourseError(
            f"cannot prove the copy: PyTorch answers with {len(ours)} tensors, "
            f"Keras with {len(theirs)}"
        )
    found, before = [], []
    for link in links:
        call = calls[link.call.number]
        found += _around(link, call, *seen[link.number], before, wide=numbers is not None)
        before = [*before, (link.pair.name, call.left)] if call.left is not None else before
    for one, other in zip(ours, theirs, strict=False):
        found.append(Place(None, layouts.answers_like(one, other), other, before))
    return found


def _around(
    link: Link, call: Call, entered: Any, left: Any, before: list, wide: bool
) -> Iterable[Place]:
    """Yield the places in front of a layer and behind it, where both models can be seen there."""
    pair, x = link.pair, runs.array(entered)
    if x is not None and call.entered is not None and pair.level == 0:
        ours = places.in_order(layouts.from_torch(pair.module, x), pair.entering)
        ours, theirs = layouts.trimmed(ours, call.entered)
        yield Place(pair, [ours], theirs, before)
    # Between the layers of a deep recurrent module no numbers can be put.
    depth = getattr(pair.module, "num_layers", 1)
    seen = left is not None and call.real is not None and pair.level == depth - 1
    if seen and not (wide and depth > 1):
        ours = places.left_like_keras(pair, left, call.real)
        yield Place(pair, ours, call.real, before, entered)


def _check_repeats(found: list[Place], again: list[Place]) -> None:
    for framework, name in (("PyTorch", "ours"), ("Keras", "theirs")):
        for one, other in zip(found, again, strict=True):
            first, second = (np.array(getattr(place, name)) for place in (one, other))
            if not np.array_equal(first, second, equal_nan=first.dtype.kind == "f"):
                raise CourseError(
                    f"cannot prove the copy: the {framework} model answers the same batch "
                    "otherwise each time (random numbers in evaluation mode)"
                )
