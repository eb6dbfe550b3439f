"""Weights held by layers of no known kind, such as tables of positions: twins have one shape."""

import collections
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from course_utils import CourseError
from course_utils.parity import kinds

if TYPE_CHECKING:
    import keras
    import torch


class Weight(NamedTuple):
    """A weight, its name, its layer in a message, and the names of all that the layer holds."""

    value: Any
    name: str
    line: str
    held: list[str]


def write(
    units_torch: list[tuple[str, "torch.nn.Module"]],
    units_keras: list["keras.Layer"],
    to_keras: bool,
) -> None:
    """Copy them by shape, sides of 1 aside; where several have one, by name, then in their order.

    This is a guess, which the proof then confirms or refuses. Raises CourseError where one
    framework has another count of some shape.
    """
    import torch

    ours, theirs = collections.defaultdict(list), collections.defaultdict(list)
    for path, module in units_torch:
        held = dict(module.named_parameters(recurse=False))
        line = f"PyTorch layer {path!r} ({type(module).__name__})"
        for name, tensor in held.items():
            ours[_shape(tensor)].append(Weight(tensor, name, line, list(held)))
    for layer in units_keras:
        held = kinds.own_weights(layer)
        line = f"Keras layer {layer.name!r} ({type(layer).__name__})"
        for variable in held:
            every = [one.name for one in held]
            theirs[_shape(variable)].append(Weight(variable, variable.name, line, every))
    for one, other in ((ours, theirs), (theirs, ours)):
        for shape, found in one.items():
            if len(found) != len(other[shape]):
                raise CourseError(
                    f"cannot map {found[0].line}: its kind is not known, "
                    f"and it holds {', '.join(found[0].held)}"
                )
    for shape, found in ours.items():
        for tensor, variable in _together(found, theirs[shape]):
            if to_keras:
                variable.assign(tensor.detach().cpu().numpy().reshape(variable.shape))
            else:
                value = torch.tensor(variable.numpy()).reshape(tensor.shape)
                with torch.no_grad():
                    tensor.copy_(value)


def _together(ours: list[Weight], theirs: list[Weight]) -> Iterable[tuple[Any, Any]]:
    """Pair weights: those of one name first, then those of one shape, then the others."""
    ours, theirs = list(ours), list(theirs)
    for alike in (
        lambda one, other: one.name == other.name and _is_as(one, other),
        lambda one, other: one.name == other.name,
        _is_as,
        lambda one, other: True,
    ):
        for one in list(ours):
            n = next((n for n, other in enumerate(theirs) if alike(one, other)), None)
            if n is not None:
                ours = [other for other in ours if other is not one]
                yield one.value, theirs.pop(n).value


def _is_as(one: Weight, other: Weight) -> bool:
    return tuple(one.value.shape) == tuple(other.value.shape)


def _shape(weight: Any) -> tuple[int, ...]:
    return tuple(size for size in weight.shape if size != 1)
