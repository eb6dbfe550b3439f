"""The weights of a pair of twin layers: read, compared, written in either direction."""

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import CourseError
from course_utils.parity import kinds

if TYPE_CHECKING:
    import keras
    import torch


@dataclass(frozen=True, eq=False)
class Pair:
    """Twin layers; `level` counts the layers of a deep recurrent module.

    Feature i that enters (leaves) the Keras layer is feature `entering[i]` (`leaving[i]`) of the
    PyTorch layer; None means that the orders agree.
    """

    name: str
    module: "torch.nn.Module"
    layer: "keras.Layer"
    level: int = 0
    entering: np.ndarray | None = None
    leaving: np.ndarray | None = None

    def to(self, layer: "keras.Layer", entering: Any = None, leaving: Any = None) -> "Pair":
        """Return the pair of the same PyTorch layer and another Keras layer."""
        return replace(self, layer=layer, entering=entering, leaving=leaving)

    def __str__(self) -> str:
        return f"PyTorch layer {self.name!r} to Keras layer {self.layer.name!r}"


def slots(module: "torch.nn.Module", level: int = 0) -> list[tuple["torch.Tensor", ...]]:
    """List a layer's tensors in Keras's order; those that stand together are added there."""
    import torch

    if isinstance(module, torch.nn.RNNBase):
        found = []
        for suffix in ("", "_reverse")[: 1 + module.bidirectional]:
            end = f"_l{level}{suffix}"
            found += [(getattr(module, name + end),) for name in ("weight_ih", "weight_hh")]
            if module.bias:
                both = tuple(getattr(module, name + end) for name in ("bias_ih", "bias_hh"))
                found += [(bias,) for bias in both] if module.mode == "GRU" else [both]
        return found
    if isinstance(module, torch.nn.MultiheadAttention):
        separate = [getattr(module, f"{name}_proj_weight") for name in "qkv"]
        joint = module.in_proj_weight
        found = separate if joint is None else list(joint.detach().chunk(3))
        last = [module.out_proj.weight]
        if module.in_proj_bias is not None:
            biases = module.in_proj_bias.detach().chunk(3)
            found = [tensor for two in zip(found, biases, strict=True) for tensor in two]
            last.append(module.out_proj.bias)
        return [(tensor,) for tensor in found + last]
    names = ("weight", "bias", "running_mean", "running_var")
    tensors = [getattr(module, name, None) for name in names]
    return [(tensor,) for tensor in tensors if tensor is not None]


def keras_variables(layer: "keras.Layer") -> list[Any]:
    """List a layer's variables in the order of `slots`."""
    directions = [getattr(layer, f"{way}_layer", None) for way in ("forward", "backward")]
    inner = [one for one in directions if one is not None] or [layer]
    return [weight for one in inner for weight in one.weights]


def read_torch(pair: Pair) -> list[np.ndarray]:
    """Return the PyTorch layer's arrays, in PyTorch's own layout."""
    found = []
    for first, *rest in slots(pair.module, pair.level):
        found.append(sum((one.detach() for one in rest), first.detach()).cpu().numpy())
    return found


def as_keras(pair: Pair, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Lay arrays of the PyTorch layer out as the Keras layer's; ValueError where they cannot."""
    shapes = [tuple(variable.shape) for variable in keras_variables(pair.layer)]
    kind = kinds.torch_kind(pair.module)
    arrays = _reordered(pair, arrays)
    if getattr(pair.module, "bidirectional", False):
        half, shape_half = len(arrays) // 2, len(shapes) // 2
        return kind.as_keras(arrays[:half], shapes[:shape_half]) + kind.as_keras(
            arrays[half:], shapes[shape_half:]
        )
    return kind.as_keras(arrays, shapes)


def _reordered(pair: Pair, arrays: list[np.ndarray]) -> list[np.ndarray]:
    import torch

    order, out = pair.entering, pair.leaving
    if order is not None and is_featurewise(pair.module):
        arrays = [array.reshape(-1)[order] if array.size > 1 else array for array in arrays]
    elif order is not None and isinstance(pair.module, torch.nn.RNNBase):
        arrays = [
            array[:, order] if n % (len(arrays) // (1 + pair.module.bidirectional)) == 0 else array
            for n, array in enumerate(arrays)
        ]
    elif order is not None and "Transpose" in type(pair.module).__name__:
        arrays = [arrays[0][order], *arrays[1:]]
    elif order is not None and arrays[0].ndim > 1 and arrays[0].shape[1] == len(order):
        arrays = [arrays[0][:, order], *arrays[1:]]
    if out is not None and isinstance(pair.module, torch.nn.Linear):
        arrays = [array[out] for array in arrays]
    return arrays


def is_featurewise(module: "torch.nn.Module") -> bool:
    """Say whether feature i that leaves the layer is made of feature i that enters it."""
    return kinds.torch_kind(module).as_keras in (kinds.norm, kinds.prelu)


def shapes(pair: Pair) -> tuple[list, list]:
    """Return the shapes of both layers' arrays, PyTorch's in Keras's order where that is known."""
    arrays = [np.broadcast_to(np.zeros(()), one[0].shape) for one in slots(pair.module, pair.level)]
    wanted = [tuple(variable.shape) for variable in keras_variables(pair.layer)]
    try:
        return [array.shape for array in as_keras(pair, arrays)], wanted
    except (ValueError, IndexError):
        return [array.shape for array in arrays], wanted


def fit(pair: Pair) -> bool:
    """Say whether the twins' shapes agree."""
    ours, theirs = shapes(pair)
    return ours == theirs


def write_keras(pair: Pair) -> None:
    """Give the Keras layer the PyTorch layer's weights."""
    arrays = as_keras(pair, read_torch(pair))
    for variable, array in zip(keras_variables(pair.layer), arrays, strict=True):
        variable.assign(array)


def write_torch(pair: Pair) -> None:
    """Give the PyTorch layer the Keras layer's weights; raises CourseError where it cannot."""
    import torch

    tensors = slots(pair.module, pair.level)
    owned = [*pair.module.parameters(), *pair.module.buffers()]
    places = {tensor.untyped_storage().data_ptr() for tensor in owned}
    if any(one.untyped_storage().data_ptr() not in places for slot in tensors for one in slot):
        raise CourseError(
            f"cannot map PyTorch layer {pair.name!r}: its weights are computed anew in each call "
            "(weight_norm, spectral_norm, prune); remove that first"
        )
    if any(tensor.is_inference() for tensor in owned):
        raise CourseError(
            f"cannot write to PyTorch layer {pair.name!r}: it was made in inference mode"
        )
    # Where does each number of Keras's stand in PyTorch? Lay out the numbers' places to see.
    sizes = [slot[0].numel() for slot in tensors]
    places = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    places = [one.reshape(slot[0].shape) for one, slot in zip(places, tensors, strict=True)]
    values = [variable.numpy() for variable in keras_variables(pair.layer)]
    flat = np.zeros(sum(sizes), values[0].dtype)
    laid = as_keras(pair, places)
    for place, value in zip(laid, values, strict=True):
        flat[place] = value
    if not all(
        np.array_equal(flat[place], value) for place, value in zip(laid, values, strict=True)
    ):
        raise CourseError(f"cannot map {pair}: Keras has several numbers for PyTorch's one")
    with torch.no_grad():
        for (first, *rest), place in zip(tensors, places, strict=True):
            first.copy_(torch.from_numpy(flat[place]))
            for one in rest:
                one.zero_()


def shared(pairs: list[Pair]) -> list[tuple[str, list[str]]]:
    """List the layers that share a weight in one framework and not in the other."""
    found = []
    for first, second in itertools.combinations(pairs, 2):
        in_torch = {one.data_ptr() for slot in slots(first.module, first.level) for one in slot}
        also = {one.data_ptr() for slot in slots(second.module, second.level) for one in slot}
        tied_torch = bool(in_torch & also)
        in_keras = {id(one) for one in keras_variables(first.layer)}
        tied_keras = bool(in_keras & {id(one) for one in keras_variables(second.layer)})
        if tied_torch != tied_keras:
            names = [(one.name if tied_torch else one.layer.name) for one in (first, second)]
            found.append(("PyTorch" if tied_torch else "Keras", names))
    return found
