"""The weights of a pair of twin layers: read, compared, written in either direction."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import CourseError
from course_utils.parity import kinds

if TYPE_CHECKING:
    import keras
    import torch


@dataclass(frozen=True, eq=False)
class Pair:
    """Twin layers, and which call of either stands here; `level` is that of a deep recurrent one.

    Feature i that enters (leaves) the Keras layer is feature `entering[i]` (`leaving[i]`) of the
    PyTorch layer; None means that the orders agree. `turned` says that the PyTorch layer gets the
    batch on axis 1.
    """

    number: int
    name: str
    module: "torch.nn.Module"
    level: int = 0
    call: Any = None
    entering: np.ndarray | None = None
    leaving: np.ndarray | None = None
    turned: bool = False

    @property
    def layer(self) -> "keras.Layer":
        """Return the Keras layer."""
        return self.call.layer

    def __str__(self) -> str:
        return f"PyTorch layer {self.name!r} to Keras layer {self.layer.name!r}"


def slots(pair: Pair) -> list[tuple["torch.Tensor", ...]]:
    """List the PyTorch layer's tensors in Keras's order; those that stand together are added."""
    module, kind, found = pair.module, kinds.kind(pair.module), []
    if kind in ("RNN", "GRU", "LSTM"):
        for suffix in ("", "_reverse")[: 1 + module.bidirectional]:
            end = f"_l{pair.level}{suffix}"
            found += [(getattr(module, name + end),) for name in ("weight_ih", "weight_hh")]
            if module.bias:
                both = tuple(getattr(module, name + end) for name in ("bias_ih", "bias_hh"))
                found += [(bias,) for bias in both] if kind == "GRU" else [both]
        return found
    if kind == "MultiheadAttention":
        joint, bias, out = module.in_proj_weight, module.in_proj_bias, module.out_proj
        three = [getattr(module, f"{name}_proj_weight") for name in "qkv"]
        found = [(one,) for one in (three if joint is None else joint.detach().chunk(3))]
        if bias is None:
            return [*found, (out.weight,)]
        biases = [(one,) for one in bias.detach().chunk(3)]
        mixed = itertools.chain(*zip(found, biases, strict=True))
        return [*mixed, (out.weight,), (out.bias,)]
    names = ("weight", "bias", "running_mean", "running_var")
    tensors = [getattr(module, name, None) for name in names]
    return [(tensor,) for tensor in tensors if tensor is not None]


def variables(layer: "keras.Layer") -> list[Any]:
    """List a Keras layer's variables in the order of `slots`."""
    if not hasattr(layer, "forward_layer"):
        return layer.weights
    return [*layer.forward_layer.weights, *layer.backward_layer.weights]


def read_torch(pair: Pair) -> list[np.ndarray]:
    """Return the PyTorch layer's arrays, in PyTorch's own layout."""
    return [sum(one.detach() for one in slot).cpu().numpy() for slot in slots(pair)]


def as_keras(pair: Pair, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Lay arrays of the PyTorch layer out as the Keras layer's, as far as they fit."""
    shapes = [tuple(variable.shape) for variable in variables(pair.layer)]
    if not getattr(pair.module, "bidirectional", False):
        return _as_keras(pair, arrays, shapes)
    halves = [(one[: len(one) // 2], one[len(one) // 2 :]) for one in (arrays, shapes)]
    ways = zip(*halves, strict=True)
    return [array for way in ways for array in _as_keras(pair, *way)]


def _as_keras(pair: Pair, arrays: list[np.ndarray], shapes: list[tuple]) -> list[np.ndarray]:
    kind, order = kinds.kind(pair.module), pair.entering
    if kind == "Embedding":
        return arrays
    if kinds.is_featurewise(pair.module):
        if arrays and arrays[0].size == 1 and kind == "PReLU":
            return [np.broadcast_to(arrays[0].reshape(()), shapes[0])]
        arrays = arrays if order is None else [array.reshape(-1)[order] for array in arrays]
        return [array.reshape(shape) for array, shape in zip(arrays, shapes, strict=True)]
    if kind == "GRU":  # PyTorch's gates are reset, update, new; Keras's update, reset, new
        gates = [array.reshape(3, -1, *array.shape[1:])[[1, 0, 2]] for array in arrays]
        arrays = [gate.reshape(array.shape) for gate, array in zip(gates, arrays, strict=True)]
    # Kernels are (out, in, …) in PyTorch and (…, in, out) in Keras; transposed, both turned round.
    arrays = [np.moveaxis(one, (0, 1), (-1, -2)) if one.ndim > 1 else one for one in arrays]
    if kind == "GRU" and len(arrays) > len(shapes):
        arrays = [*arrays[:2], np.stack(arrays[2:])]
    if kind == "MultiheadAttention" or "Depthwise" in type(pair.layer).__name__:
        arrays = [array.reshape(shape) for array, shape in zip(arrays, shapes, strict=True)]
    axis = -1 if "Transpose" in kind else -2
    if order is not None and arrays[0].shape[axis] == len(order):
        arrays[0] = np.take(arrays[0], order, axis)
    return arrays if pair.leaving is None else [array[..., pair.leaving] for array in arrays]


def shapes(pair: Pair) -> tuple[list, list]:
    """Return the shapes of both layers' arrays, PyTorch's in Keras's order where that is known."""
    arrays = [np.broadcast_to(np.zeros(()), slot[0].shape) for slot in slots(pair)]
    wanted = [tuple(variable.shape) for variable in variables(pair.layer)]
    try:
        return [array.shape for array in as_keras(pair, arrays)], wanted
    except (ValueError, IndexError):
        return [array.shape for array in arrays], wanted


def fit(pair: Pair) -> bool:
    """Say whether the twins' shapes agree."""
    ours, theirs = shapes(pair)
    return ours == theirs


def write(pairs: list[Pair], to_keras: bool) -> None:
    """Copy every pair's weights; raises CourseError where shared weights cannot be followed."""
    for pair in pairs:
        (_write_keras if to_keras else _write_torch)(pair)
    for pair in pairs:
        arrays = as_keras(pair, read_torch(pair))
        values = [variable.numpy() for variable in variables(pair.layer)]
        if not all(np.isfinite(value).all() for value in values):
            raise CourseError(f"cannot copy {pair}: its weights are not finite")
        if not all(_equal(*both) for both in zip(arrays, values, strict=True)):
            raise CourseError(
                f"cannot copy {pair}: one of them shares its weights with another layer, "
                "and the twins' weights differ"
            )


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    coarse = min(one.dtype, other.dtype, key=lambda kind: kind.itemsize)
    return np.array_equal(one.astype(coarse), other.astype(coarse))


def _write_keras(pair: Pair) -> None:
    for variable, array in zip(
        variables(pair.layer), as_keras(pair, read_torch(pair)), strict=True
    ):
        variable.assign(array)


def _write_torch(pair: Pair) -> None:
    import torch

    tensors, line = slots(pair), f"PyTorch layer {pair.name!r}: "
    owned = [*pair.module.parameters(), *pair.module.buffers()]
    places = {tensor.untyped_storage().data_ptr() for tensor in owned}
    if any(one.untyped_storage().data_ptr() not in places for slot in tensors for one in slot):
        raise CourseError(
            f"cannot map {line}its weights are computed anew in each call "
            "(weight_norm, spectral_norm, prune); remove that first"
        )
    if any(tensor.is_inference() for tensor in owned):
        raise CourseError(f"cannot write to {line}it was made in inference mode")
    # Where does each number of Keras's stand in PyTorch? Lay out the numbers' places to see.
    ends = np.cumsum([slot[0].numel() for slot in tensors])
    places = [
        np.arange(end - slot[0].numel(), end).reshape(slot[0].shape)
        for slot, end in zip(tensors, ends, strict=True)
    ]
    values = [variable.numpy() for variable in variables(pair.layer)]
    both = list(zip(as_keras(pair, places), values, strict=True))
    flat = np.zeros(max(ends, default=0), values[0].dtype if values else float)
    for place, value in both:
        flat[place] = value
    if not all(np.array_equal(flat[place], value) for place, value in both):
        raise CourseError(f"cannot map {pair}: Keras has several numbers for PyTorch's one")
    with torch.no_grad():
        for (first, *rest), place in zip(tensors, places, strict=True):
            first.copy_(torch.from_numpy(flat[place]))
            for one in rest:
                one.zero_()


def shared(pairs: list[Pair]) -> Iterable[str]:
    """Say which layers share a weight in one framework and not in the other."""
    tensors = [[one for slot in slots(pair) for one in slot] for pair in pairs]
    places = [{tensor.data_ptr() for tensor in own} for own in tensors]
    held = [{id(variable) for variable in variables(pair.layer)} for pair in pairs]
    for m, n in itertools.combinations(range(len(pairs)), 2):
        in_torch, in_keras = bool(places[m] & places[n]), bool(held[m] & held[n])
        if in_torch != in_keras:
            framework = "PyTorch" if in_torch else "Keras"
            names = [one.name if in_torch else one.layer.name for one in (pairs[m], pairs[n])]
            both = " and ".join(map(repr, names))
            yield f"{both} share a weight in {framework} only: training parts them."
