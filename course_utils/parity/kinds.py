"""Which layers are twins, and how the weights of one lie in the other."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from course_utils import CourseError

if TYPE_CHECKING:
    import keras
    import torch

Arrays = list[np.ndarray]


def _dense(arrays: Arrays, shapes: list) -> Arrays:
    return [arrays[0].T, *arrays[1:]]


def _convolution(arrays: Arrays, shapes: list) -> Arrays:
    kernel = arrays[0]
    if shapes and kernel.shape[1] == 1 != shapes[0][-2]:
        # Depthwise: PyTorch keeps (channels x multiplier, 1, …), Keras (…, channels, multiplier).
        kernel = kernel.reshape(*shapes[0][-2:], *kernel.shape[2:])
        return [np.moveaxis(kernel, (0, 1), (-2, -1)), *arrays[1:]]
    return [np.moveaxis(kernel, (0, 1), (-1, -2)), *arrays[1:]]


def _transposed(arrays: Arrays, shapes: list) -> Arrays:
    return [np.moveaxis(arrays[0], (0, 1), (-1, -2)), *arrays[1:]]


def _as_it_is(arrays: Arrays, shapes: list) -> Arrays:
    return arrays


def norm(arrays: Arrays, shapes: list) -> Arrays:
    """Lay out arrays of which each number belongs to one feature."""
    return [array.reshape(shape) for array, shape in zip(arrays, shapes, strict=True)]


def prelu(arrays: Arrays, shapes: list) -> Arrays:
    """Lay out one slope for each feature, or one for all."""
    if arrays[0].size == 1:
        return [np.broadcast_to(arrays[0].reshape(()), shapes[0])]
    return norm(arrays, shapes)


def _recurrent(arrays: Arrays, shapes: list) -> Arrays:
    return [array.T if array.ndim == 2 else array for array in arrays]


def _gru(arrays: Arrays, shapes: list) -> Arrays:
    """PyTorch's gates are reset, update, new; Keras's update, reset, new; its biases two rows."""

    def turned(array: np.ndarray) -> np.ndarray:
        reset, update, new = np.split(array, 3)
        return np.concatenate([update, reset, new]).T

    turned_arrays = [turned(array) for array in arrays]
    if len(shapes) == len(arrays) == 2:
        return turned_arrays
    kernel, recurrent, *biases = turned_arrays
    return [kernel, recurrent, np.stack(biases)]


def _attention(arrays: Arrays, shapes: list) -> Arrays:
    """PyTorch's rows are heads x size; Keras's kernels end in (heads, size), the last begins so."""
    found = []
    for array, shape in zip(arrays, shapes, strict=True):
        found.append((array.T if array.ndim == 2 else array).reshape(shape))
    return found


class Kind(NamedTuple):
    """Twin layers: names in `torch.nn` and in `keras.layers`, and PyTorch's arrays as Keras's.

    `axis` is where PyTorch keeps the channels: 1, or -1 for the last.
    """

    torch: tuple[str, ...]
    keras: tuple[str, ...]
    as_keras: Callable[[Arrays, list], Arrays]
    axis: int = -1


KINDS = (
    Kind(("Linear",), ("Dense",), _dense),
    *(Kind((f"Conv{n}d",), (f"Conv{n}D", f"DepthwiseConv{n}D"), _convolution, 1) for n in (1, 2)),
    Kind(("Conv3d",), ("Conv3D",), _convolution, 1),
    *(Kind((f"ConvTranspose{n}d",), (f"Conv{n}DTranspose",), _transposed, 1) for n in (1, 2, 3)),
    Kind(("BatchNorm1d", "BatchNorm2d", "BatchNorm3d"), ("BatchNormalization",), norm, 1),
    Kind(
        ("GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"),
        ("GroupNormalization",),
        norm,
        1,
    ),
    Kind(("LayerNorm",), ("LayerNormalization",), norm),
    Kind(("RMSNorm",), ("RMSNormalization",), norm),
    Kind(("PReLU",), ("PReLU",), prelu, 1),
    Kind(("Embedding",), ("Embedding",), _as_it_is),
    Kind(("RNN",), ("SimpleRNN", "Bidirectional"), _recurrent),
    Kind(("GRU",), ("GRU", "Bidirectional"), _gru),
    Kind(("LSTM",), ("LSTM", "Bidirectional"), _recurrent),
    Kind(("MultiheadAttention",), ("MultiHeadAttention",), _attention),
)


def torch_kind(module: "torch.nn.Module") -> Kind | None:
    """Return the kind of a PyTorch layer, None for containers and what is not known."""
    import torch

    for kind in KINDS:
        if isinstance(module, tuple(getattr(torch.nn, name) for name in kind.torch)):
            return kind
    return None


def is_keras_kind(layer: "keras.Layer") -> bool:
    """Say whether a Keras layer is of a kind that has a twin."""
    import keras

    names = {name for kind in KINDS for name in kind.keras}
    return isinstance(layer, tuple(getattr(keras.layers, name) for name in names))


def are_twins(module: "torch.nn.Module", layer: "keras.Layer") -> bool:
    """Say whether a PyTorch layer and a Keras layer compute the same kind of thing."""
    import keras

    kind = torch_kind(module)
    if not isinstance(layer, tuple(getattr(keras.layers, name) for name in kind.keras)):
        return False
    if getattr(layer, "go_backwards", False):
        return False
    if isinstance(layer, keras.layers.Bidirectional):
        inner = isinstance(layer.forward_layer, getattr(keras.layers, kind.keras[0]))
        return inner and module.bidirectional and layer.merge_mode == "concat"
    return not getattr(module, "bidirectional", False)


def torch_units(module: "torch.nn.Module", path: str = "") -> Iterable[tuple[str, Any]]:
    """Yield the layers that hold weights, each with its path; a container's own are refused."""
    if torch_kind(module):
        _check_torch(module, path or type(module).__name__)
        yield path or type(module).__name__, module
        return
    own = list(dict(module.named_parameters(recurse=False)))
    if own:
        raise CourseError(
            f"cannot map PyTorch layer {path or type(module).__name__!r} "
            f"({type(module).__name__}): its kind is not known, and it holds {', '.join(own)}"
        )
    for name, child in module.named_children():
        yield from torch_units(child, f"{path}.{name}" if path else name)


def _check_torch(module: "torch.nn.Module", path: str) -> None:
    import torch

    kind = type(module).__name__
    tensors = [*module.parameters(), *module.buffers()]
    if any(map(torch.nn.parameter.is_lazy, tensors)):
        raise CourseError(
            f"cannot map PyTorch layer {path!r} ({kind}): it has no weights yet; "
            "call the model on a batch first"
        )
    if any(tensor.is_meta for tensor in tensors):
        raise CourseError(
            f"cannot map PyTorch layer {path!r} ({kind}): on the device meta it has no values"
        )
    batch_norms = torch.nn.BatchNorm1d, torch.nn.BatchNorm2d, torch.nn.BatchNorm3d
    if isinstance(module, batch_norms) and not module.track_running_stats:
        raise CourseError(
            f"cannot map PyTorch layer {path!r} ({kind}): it needs track_running_stats=True "
            "to have the averages of Keras's BatchNormalization"
        )


def keras_units(layer: "keras.Layer") -> Iterable["keras.Layer"]:
    """Yield the Keras layers that hold weights, in the order of definition."""
    kind = type(layer).__name__
    if is_keras_kind(layer):
        if not layer.built:
            raise CourseError(
                f"cannot map Keras layer {layer.name!r} ({kind}): it has no weights yet; call the "
                "model on a batch, or give it an Input, or pass example=, first"
            )
        yield layer
        return
    children = list(layer._flatten_layers(include_self=False, recursive=False))
    inner = {id(weight) for child in children for weight in child.weights}
    own = [weight.name for weight in layer.trainable_weights if id(weight) not in inner]
    if own:
        raise CourseError(
            f"cannot map Keras layer {layer.name!r} ({kind}): its kind is not known, "
            f"and it holds {', '.join(own)}"
        )
    for child in children:
        yield from keras_units(child)
