"""Weights held by layers of no known kind, such as tables of positions: twins have one shape."""

import collections
from typing import TYPE_CHECKING, Any

from course_utils import CourseError
from course_utils.parity import kinds

if TYPE_CHECKING:
    import keras
    import torch


def write(
    units_torch: list[tuple[str, "torch.nn.Module"]],
    units_keras: list["keras.Layer"],
    to_keras: bool,
) -> None:
    """Copy them by shape, sides of 1 aside, and in their order where several have one.

    This is a guess, which the proof then confirms or refuses. Raises CourseError where one
    framework has another count of some shape.
    """
    import torch

    ours, theirs = collections.defaultdict(list), collections.defaultdict(list)
    for path, module in units_torch:
        held = dict(module.named_parameters(recurse=False))
        line = f"PyTorch layer {path!r} ({type(module).__name__})"
        for tensor in held.values():
            ours[_shape(tensor)].append((tensor, line, held))
    for layer in units_keras:
        held = kinds.own_weights(layer)
        line = f"Keras layer {layer.name!r} ({type(layer).__name__})"
        for variable in held:
            theirs[_shape(variable)].append((variable, line, [one.name for one in held]))
    for one, other in ((ours, theirs), (theirs, ours)):
        for shape, found in one.items():
            if len(found) != len(other[shape]):
                _, line, held = found[0]
                raise CourseError(
                    f"cannot map {line}: its kind is not known, and it holds {', '.join(held)}"
                )
    for shape, found in ours.items():
        for (tensor, *_), (variable, *_) in zip(found, theirs[shape], strict=True):
            if to_keras:
                variable.assign(tensor.detach().cpu().numpy().reshape(variable.shape))
            else:
                value = torch.from_numpy(variable.numpy()).reshape(tensor.shape)
                with torch.no_grad():
                    tensor.copy_(value)


def _shape(weight: Any) -> tuple[int, ...]:
    return tuple(size for size in weight.shape if size != 1)
