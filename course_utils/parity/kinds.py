"""Which layers are twins, and which layers of a model hold weights."""

import weakref
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


def is_known(layer: "keras.Layer") -> bool:
    """Say whether a Keras layer is of a kind that has a twin."""
    return _is_of(layer, sum(KINDS.values(), ()))


def own_weights(layer: "keras.Layer") -> list:
    """List the weights that a Keras layer holds beside those of the layers in it."""
    children = layer._flatten_layers(include_self=False, recursive=False)
    held = {id(weight) for child in children for weight in child.weights}
    # The public list is empty in a layer that is frozen.
    return [weight for weight in layer._trainable_variables if id(weight) not in held]


def are_twins(module: "torch.nn.Module", layer: "keras.Layer") -> bool:
    """Say whether a PyTorch layer and a Keras layer compute the same kind of thing."""
    names = KINDS[kind(module)]
    if not _is_of(layer, names) or getattr(layer, "go_backwards", False):
        return False
    both_ways = _is_of(layer, ["Bidirectional"])
    if both_ways and not (_is_of(layer.forward_layer, names) and layer.merge_mode == "concat"):
        return False
    return both_ways == getattr(module, "bidirectional", False)


HALVES: "weakref.WeakKeyDictionary[keras.Layer, tuple]" = weakref.WeakKeyDictionary()
"""What stands for each separable convolution of Keras's while a model is watched."""


def halves(layer: "keras.Layer") -> tuple["keras.Layer", "keras.Layer"]:
    """Return the two convolutions, with its own weights, that a separable one makes in a step."""
    from keras import layers

    if layer not in HALVES:
        n, form = layer.rank, layer.data_format
        depthwise = getattr(layers, f"DepthwiseConv{n}D")(
            layer.kernel_size,
            strides=layer.strides,
            padding=layer.padding,
            depth_multiplier=layer.depth_multiplier,
            data_format=form,
            dilation_rate=layer.dilation_rate,
            use_bias=False,
            depthwise_initializer="zeros",  # a random one would move Python's random numbers on
            name=f"{layer.name}.depthwise",
        )
        pointwise = getattr(layers, f"Conv{n}D")(
            layer.filters,
            1,
            data_format=form,
            use_bias=layer.use_bias,
            activation=layer.activation,
            kernel_initializer="zeros",
            name=f"{layer.name}.pointwise",
        )
        depthwise.kernel, depthwise.bias = layer.depthwise_kernel, None
        pointwise._kernel, pointwise.bias = layer.pointwise_kernel, layer.bias
        depthwise.built = pointwise.built = True
        HALVES[layer] = depthwise, pointwise
    return HALVES[layer]


def torch_units(module: "torch.nn.Module", path: str = "") -> Iterable[tuple[str, Any]]:
    """Yield the PyTorch layers that hold weights, each with its path; refuse what has no values."""
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
    if any(True for _ in module.parameters(recurse=False)):
        yield who, module
    for name, child in module.named_children():
        yield from torch_units(child, f"{path}.{name}" if path else name)


def keras_units(layer: "keras.Layer") -> Iterable["keras.Layer"]:
    """Yield the Keras layers that hold weights; refuse what has none yet."""
    import keras

    line = f"cannot map Keras layer {layer.name!r} ({type(layer).__name__}): "
    if type(layer) in (keras.layers.SeparableConv1D, keras.layers.SeparableConv2D) and layer.built:
        yield from halves(layer)
        return
    if is_known(layer):
        if not layer.built:
            raise CourseError(
                f"{line}it has no weights yet; call the model on a batch, or give it an Input, "
                "or pass example=, first"
            )
        yield layer
        return
    if own_weights(layer):
        yield layer
    for child in layer._flatten_layers(include_self=False, recursive=False):
        yield from keras_units(child)
