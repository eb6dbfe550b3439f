"""Which layers are twins, and which layers of a model hold weights."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from course_utils import CourseError

if TYPE_CHECKING:
    import keras
    import torch

KINDS = {
    "Linear": ("Dense",),
    "Conv1d": ("Conv1D", "DepthwiseConv1D"),
    "Conv2d": ("Conv2D", "DepthwiseConv2D"),
    "Conv3d": ("Conv3D",),
    **{f"ConvTranspose{n}d": (f"Conv{n}DTranspose",) for n in (1, 2, 3)},
    **{f"BatchNorm{n}d": ("BatchNormalization",) for n in (1, 2, 3)},
    **{f"InstanceNorm{n}d": ("GroupNormalization",) for n in (1, 2, 3)},
    "GroupNorm": ("GroupNormalization",),
    "LayerNorm": ("LayerNormalization",),
    "RMSNorm": ("RMSNormalization",),
    "PReLU": ("PReLU",),
    "Embedding": ("Embedding",),
    "RNN": ("SimpleRNN", "Bidirectional"),
    "GRU": ("GRU", "Bidirectional"),
    "LSTM": ("LSTM", "Bidirectional"),
    "MultiheadAttention": ("MultiHeadAttention",),
}
"""Names in `torch.nn`, and those of their twins in `keras.layers`."""


def kind(module: "torch.nn.Module") -> str | None:
    """Return the name of a PyTorch layer's kind, None for containers and what is not known."""
    import torch

    return next((name for name in KINDS if isinstance(module, getattr(torch.nn, name))), None)


def is_channels_first(module: "torch.nn.Module") -> bool:
    """Say whether a PyTorch layer has its features on axis 1, and not on the last."""
    return (kind(module) or "").startswith(("Conv", "Batch", "Instance", "Group", "PReLU"))


def is_featurewise(module: "torch.nn.Module") -> bool:
    """Say whether feature i that leaves the layer is made of feature i that enters it."""
    return "Norm" in kind(module) or kind(module) == "PReLU"


def inner(layer: "keras.Layer") -> "keras.Layer":
    """Return the layer that a TimeDistributed Dense applies at each step, or the layer itself."""
    import keras

    timed = isinstance(layer, keras.layers.TimeDistributed)
    return layer.layer if timed and isinstance(layer.layer, keras.layers.Dense) else layer


def _is_of(layer: "keras.Layer", names: Iterable[str]) -> bool:
    import keras

    return isinstance(inner(layer), tuple(getattr(keras.layers, name) for name in names))


def are_twins(module: "torch.nn.Module", layer: "keras.Layer") -> bool:
    """Say whether a PyTorch layer and a Keras layer compute the same kind of thing."""
    names = KINDS[kind(module)]
    if not _is_of(layer, names) or getattr(layer, "go_backwards", False):
        return False
    both_ways = _is_of(layer, ["Bidirectional"])
    if both_ways and not (_is_of(layer.forward_layer, names) and layer.merge_mode == "concat"):
        return False
    return both_ways == getattr(module, "bidirectional", False)


def torch_units(module: "torch.nn.Module", path: str = "") -> Iterable[tuple[str, Any]]:
    """Yield the PyTorch layers that hold weights, each with its path; refuse what is not known."""
    import torch

    who = path or type(module).__name__
    line = f"cannot map PyTorch layer {who!r} ({type(module).__name__}): "
    if kind(module):
        tensors = [*module.parameters(), *module.buffers()]
        if any(map(torch.nn.parameter.is_lazy, tensors)):
            raise CourseError(f"{line}it has no weights yet; call the model on a batch first")
        if any(tensor.is_meta for tensor in tensors):
            raise CourseError(f"{line}on the device meta it has no values")
        if "Batch" in kind(module) and not module.track_running_stats:
            raise CourseError(f"{line}it needs track_running_stats=True, as Keras's has averages")
        yield who, module
        return
    if own := list(dict(module.named_parameters(recurse=False))):
        raise CourseError(f"{line}its kind is not known, and it holds {', '.join(own)}")
    for name, child in module.named_children():
        yield from torch_units(child, f"{path}.{name}" if path else name)


def keras_units(layer: "keras.Layer") -> Iterable["keras.Layer"]:
    """Yield the Keras layers that hold weights; refuse what is not known."""
    line = f"cannot map Keras layer {layer.name!r} ({type(layer).__name__}): "
    if _is_of(layer, sum(KINDS.values(), ())):
        if not layer.built:
            raise CourseError(
                f"{line}it has no weights yet; call the model on a batch, or give it an Input, "
                "or pass example=, first"
            )
        yield layer
        return
    children = list(layer._flatten_layers(include_self=False, recursive=False))
    held = {id(weight) for child in children for weight in child.weights}
    if own := [one.name for one in layer.trainable_weights if id(one) not in held]:
        raise CourseError(f"{line}its kind is not known, and it holds {', '.join(own)}")
    for child in children:
        yield from keras_units(child)
