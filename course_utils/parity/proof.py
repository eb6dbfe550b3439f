"""Prove a copy: both models answer one batch alike but for rounding, or a layer is named."""

from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import CourseError
from course_utils.parity import causes, layouts, runs
from course_utils.parity.match import Matching
from course_utils.parity.points import Point, in_order, left_like_keras

if TYPE_CHECKING:
    import keras
    import torch


def prove(
    module: "torch.nn.Module",
    model: "keras.Layer",
    found: Matching,
    units: tuple[list, list],
    inputs: tuple[Any, Any],
    step: float,
) -> None:
    """Run both models on a batch; raises CourseError, naming the first layer that parts, and why.

    `inputs` are a call of the PyTorch model and what the Keras model takes; `step` is the coarser
    type's rounding.
    """
    calls, answers_keras = _watch_keras(model, units[1], inputs[1])
    seen, answers_torch = _watch_torch(module, units[0], inputs[0])
    shaken, answers_shaken = _watch_torch(module, units[0], inputs[0], step)
    points = _compared(found, calls, seen, shaken)
    _check_counts(answers_torch, answers_keras)
    for ours, theirs, moved in zip(answers_torch, answers_keras, answers_shaken, strict=False):
        pairs = zip(
            layouts.answers_like(ours, theirs), layouts.answers_like(moved, theirs), strict=True
        )
        ways = [Point("the end", "answers", one, theirs, other) for one, other in pairs]
        ways = ways or [Point("the end", "answers", None, theirs, None, left=ours)]
        points.append(min(ways, key=lambda way: way.gap(step)[0]))
    ends = [point for point in points if point.kind == "answers"]
    if all(not np.isfinite(point.theirs).any() for point in ends):
        raise CourseError("cannot prove the copy: the models' answers are not finite")
    if all(np.less_equal(*point.gap(step)) for point in ends):
        return
    parted = [n for n, point in enumerate(points) if np.greater(*point.gap(step))]
    again = _watch_torch(module, units[0], inputs[0], seed=1)[1]
    twice = _watch_keras(model, units[1], inputs[1])[1]
    for name, one, other in (
        ("PyTorch", answers_torch, again),
        ("Keras", answers_keras, twice),
    ):
        if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True)):
            raise CourseError(
                f"cannot prove the copy: the {name} model answers the same batch otherwise each "
                "time (random numbers in evaluation mode)"
            )
    point = points[parted[0]]
    gap, allowed = point.gap(step)
    size = "shapes differ" if gap == np.inf else f"gap {gap:.1g}, rounding allows {allowed:.1g}"
    why = causes.tested(points, parted[0], step)
    raise CourseError(f"cannot copy: the models part {_where(point)} ({size}): {why}")


def _where(point: Point) -> str:
    if point.kind == "answers":
        return "behind the last layer"
    before = "in front of" if point.kind == "enters" else "at"
    return f"{before} PyTorch layer {point.name!r}, Keras layer {point.pair.layer.name!r}"


def _check_counts(ours: list, theirs: list) -> None:
    if not ours or not theirs:
        raise CourseError("cannot prove the copy: a model answers with no tensor")
    if len(ours) != len(theirs) and min(len(ours), len(theirs)) > 1:
        raise CourseError(
            f"cannot prove the copy: PyTorch answers with {len(ours)} tensors, "
            f"Keras with {len(theirs)}"
        )


def _watch_keras(model: "keras.Layer", units: list, inputs: Any) -> tuple[list, list]:
    calls = []

    def see(layer: Any, entered: Any, left: Any) -> Any:
        head = left[0] if isinstance(left, list | tuple) else left
        calls.append((layer, runs.array(entered), runs.array(head)))
        return left

    return calls, runs.answers(runs.run_keras(model, units, inputs, see))


def _watch_torch(
    module: "torch.nn.Module", units: list, call: Any, shake: float = 0.0, seed: int = 0
) -> tuple[list, list]:
    """Watch a PyTorch run; with `shake`, what leaves each layer is moved by up to one such step."""
    import torch

    generator = torch.Generator().manual_seed(0)
    calls = []

    def moved(tensor: Any) -> Any:
        if not (shake and isinstance(tensor, torch.Tensor) and tensor.is_floating_point()):
            return tensor
        noise = torch.rand(tensor.shape, generator=generator, dtype=torch.float64) - 0.5
        return tensor * (1 + 2 * shake * noise).to(tensor.device, tensor.dtype)

    def see(path: str, unit: Any, entered: Any, left: Any) -> Any:
        many = isinstance(left, tuple)
        left = (moved(left[0]), *left[1:]) if many else moved(left)
        calls.append((unit, entered, runs.array(left[0] if many else left)))
        return left

    return calls, runs.answers(runs.run_torch(module, units, call, see, seed))


def _compared(found: Matching, calls: list, seen: list, shaken: list) -> list[Point]:
    points = []
    for number, pair, call in found.links:
        if number >= len(seen) or call.number >= len(calls):
            continue
        layer, entered_keras, left_keras = calls[call.number]
        unit, entered, left = seen[number]
        entered_torch = runs.array(entered)
        moved = runs.array(shaken[number][1])
        if entered_keras is not None and entered_torch is not None and pair.level == 0:
            theirs = layouts.from_keras(layer, entered_keras)
            ours, other = (
                in_order(layouts.from_torch(unit, one), pair.entering)
                for one in (entered_torch, moved)
            )
            points.append(Point(pair.name, "enters", ours, theirs, other, pair))
        if left_keras is None or left is None or pair.level != getattr(unit, "num_layers", 1) - 1:
            continue
        ours, other = (left_like_keras(pair, one, left_keras) for one in (left, shaken[number][2]))
        raw = in_order(layouts.from_torch(unit, left), pair.leaving)
        points.append(
            Point(pair.name, "leaves", ours, left_keras, other, pair, entered=entered, left=raw)
        )
    return points
