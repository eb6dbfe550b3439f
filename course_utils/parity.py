"""Carry weights from one framework to the other; train alike; measure how far twins part."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from course_utils import CourseError

if TYPE_CHECKING:
    import keras
    import torch


def copy_weights(source: Any, target: Any) -> None:
    """Give `target` the weights of `source`: a PyTorch module and a Keras model, either way round.

    Mapped: Linear and Dense, Conv2d and Conv2D, BatchNorm1d/2d and BatchNormalization, Embedding,
    and containers of them, layer by layer in the order in which they were added. A Linear after
    a Flatten of pictures has its inputs reordered, because PyTorch flattens channels first and
    Keras channels last. Settings (epsilon, momentum, padding) are not weights and stay as they are.

    Raises CourseError, naming the layer, where a layer cannot be mapped or shapes differ; nothing
    has been copied then.
    """
    import torch

    to_keras = isinstance(source, torch.nn.Module)
    module, model = (source, target) if to_keras else (target, source)
    pairs = _pairs(module, model)
    if to_keras:
        for pair in pairs:
            pair.layer.set_weights(_keras_arrays(pair))
        return
    with torch.no_grad():
        for pair in pairs:
            for tensor, array in zip(_torch_tensors(pair.module), _torch_arrays(pair), strict=True):
                tensor.copy_(torch.from_numpy(np.ascontiguousarray(array)))


def sgd_like_keras(
    parameters: Iterable["torch.Tensor"], learning_rate: float = 0.01, momentum: float = 0.0
) -> "torch.optim.SGD":
    """Make a torch.optim.SGD that steps as `keras.optimizers.SGD` does, to the last bits.

    Keras rounds its learning rate to `keras.config.floatx()` and its momentum to float32.
    """
    import torch

    return torch.optim.SGD(parameters, lr=_floatx(learning_rate), momentum=_float32(momentum))


def adam_like_keras(
    parameters: Iterable["torch.Tensor"],
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> "torch.optim.Adam":
    """Make a torch.optim.Adam that steps as `keras.optimizers.Adam` does, to the last bits.

    Keras adds epsilon before the bias correction (the "epsilon hat" of Kingma and Ba 2015, section
    2) and PyTorch after it, so PyTorch's epsilon at step t must be epsilon / sqrt(1 - beta_2**t).
    Keras rounds its learning rate to `keras.config.floatx()`, and the betas to float32 in the bias
    correction alone; the learning rate of each step carries the difference.
    """
    import torch

    def correction(t: int, beta_1: float, beta_2: float) -> float:
        return np.sqrt(1 - beta_2**t) / (1 - beta_1**t)

    class AdamLikeKeras(torch.optim.Adam):
        t = 0

        def step(self, closure: Any = None) -> Any:
            self.t += 1
            rounded = correction(self.t, _float32(beta_1), _float32(beta_2))
            for group in self.param_groups:
                group["eps"] = epsilon / np.sqrt(1 - beta_2**self.t)
                group["lr"] = rate * rounded / correction(self.t, beta_1, beta_2)
            return super().step(closure)

    rate = _floatx(learning_rate)
    return AdamLikeKeras(parameters, lr=rate, betas=(beta_1, beta_2))


def gap(values_torch: Any, values_tf: Any) -> float:
    """Return the largest absolute difference between two sequences of numbers of the same length.

    Raises CourseError where the shapes differ or a number is not finite.
    """
    first, second = (np.asarray(values, dtype="float64") for values in (values_torch, values_tf))
    if first.shape != second.shape:
        raise CourseError(f"cannot compare shapes {first.shape} and {second.shape}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise CourseError("cannot compare: some of the numbers are not finite")
    return float(np.max(np.abs(first - second), initial=0.0))


class _Pair(NamedTuple):
    """Twin layers; `flattened` is (height, width, channels) after a Flatten of pictures."""

    name: str
    module: "torch.nn.Module"
    layer: "keras.Layer"
    flattened: tuple[int, int, int] | None


TWINS = {
    "Linear": "Dense",
    "Conv2d": "Conv2D",
    "BatchNorm1d": "BatchNormalization",
    "BatchNorm2d": "BatchNormalization",
    "Embedding": "Embedding",
}


def _pairs(module: "torch.nn.Module", model: "keras.Model") -> list[_Pair]:
    modules = _weighted_modules(module)
    layers = _weighted_layers(model)
    pairs = []
    for (name, child), (layer, flattened) in zip(modules, layers, strict=False):
        kinds = type(child).__name__, type(layer).__name__
        if TWINS[kinds[0]] != kinds[1]:
            raise CourseError(
                f"cannot map PyTorch layer {name!r} ({kinds[0]}) to Keras layer "
                f"{layer.name!r} ({kinds[1]}): they stand at the same place but are not twins"
            )
        pairs.append(_Pair(name, child, layer, flattened))
    extra = [f"PyTorch layer {name!r}" for name, _ in modules[len(pairs) :]]
    extra += [f"Keras layer {layer.name!r}" for layer, _ in layers[len(pairs) :]]
    if extra:
        raise CourseError(f"cannot map {extra[0]}: it has no twin in the other model")
    for pair in pairs:
        _check_shapes(pair)
    return pairs


def _weighted_modules(module: "torch.nn.Module") -> list[tuple[str, "torch.nn.Module"]]:
    """List the layers that hold weights, each with its path; refuse kinds that are not mapped."""
    found = []
    for name, child in module.named_modules():
        kind, path = type(child).__name__, name or type(child).__name__
        own = [*child.parameters(recurse=False), *child.buffers(recurse=False)]
        if kind in TWINS:
            if kind.startswith("BatchNorm") and not (child.affine and child.track_running_stats):
                raise CourseError(
                    f"cannot map PyTorch layer {path!r} ({kind}): it needs affine=True and "
                    "track_running_stats=True to have the weights of Keras's BatchNormalization"
                )
            if kind == "Conv2d" and child.groups != 1:
                raise CourseError(f"cannot map PyTorch layer {path!r} (Conv2d): groups is not 1")
            found.append((path, child))
        elif own:
            raise CourseError(f"cannot map PyTorch layer {path!r} ({kind}): its kind is not known")
    return found


def _weighted_layers(model: "keras.Model") -> list[tuple["keras.Layer", tuple | None]]:
    """List the layers that hold weights, each with the picture's shape if a Flatten precedes it."""
    found = []
    flattened = None
    for layer in _leaves(model):
        kind = type(layer).__name__
        if kind == "Flatten" and len(layer.input.shape) == 4:
            channels_last = layer.data_format == "channels_last"
            flattened = tuple(layer.input.shape[1:]) if channels_last else None
        if not layer.built and kind in TWINS.values():
            raise CourseError(
                f"cannot map Keras layer {layer.name!r} ({kind}): it has no weights yet; "
                "call the model on a batch, or give it an Input, first"
            )
        if not layer.weights:
            continue
        if kind not in TWINS.values():
            raise CourseError(
                f"cannot map Keras layer {layer.name!r} ({kind}): its kind is not known"
            )
        if kind == "BatchNormalization" and not (layer.center and layer.scale):
            raise CourseError(
                f"cannot map Keras layer {layer.name!r} ({kind}): "
                "it needs center=True and scale=True"
            )
        if kind == "Conv2D" and layer.groups != 1:
            raise CourseError(f"cannot map Keras layer {layer.name!r} (Conv2D): groups is not 1")
        found.append((layer, flattened if kind == "Dense" else None))
        flattened = None if kind == "Dense" else flattened
    return found


def _leaves(layer: "keras.Layer") -> Iterable["keras.Layer"]:
    children = getattr(layer, "layers", None)
    if children is None:
        yield layer
        return
    for child in children:
        yield from _leaves(child)


def _torch_tensors(module: "torch.nn.Module") -> list["torch.Tensor"]:
    """List a layer's tensors in the order of Keras's `get_weights()`."""
    names = ("weight", "bias", "running_mean", "running_var")
    return [tensor for name in names if (tensor := getattr(module, name, None)) is not None]


def _keras_arrays(pair: _Pair) -> list[np.ndarray]:
    arrays = [tensor.detach().cpu().numpy() for tensor in _torch_tensors(pair.module)]
    kind = type(pair.module).__name__
    if kind == "Conv2d":
        arrays[0] = arrays[0].transpose(2, 3, 1, 0)
    elif kind == "Linear":
        weight = arrays[0].T
        if pair.flattened:
            height, width, channels = pair.flattened
            weight = weight.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
            weight = weight.reshape(height * width * channels, -1)
        arrays[0] = weight
    return arrays


def _torch_arrays(pair: _Pair) -> list[np.ndarray]:
    arrays = pair.layer.get_weights()
    kind = type(pair.module).__name__
    if kind == "Conv2d":
        arrays[0] = arrays[0].transpose(3, 2, 0, 1)
    elif kind == "Linear":
        weight = arrays[0]
        if pair.flattened:
            height, width, channels = pair.flattened
            weight = weight.reshape(height, width, channels, -1).transpose(2, 0, 1, 3)
            weight = weight.reshape(height * width * channels, -1)
        arrays[0] = weight.T
    return arrays


def _check_shapes(pair: _Pair) -> None:
    if pair.flattened and np.prod(pair.flattened) != pair.module.in_features:
        raise CourseError(
            f"cannot map PyTorch layer {pair.name!r} to Keras layer {pair.layer.name!r}: it takes "
            f"{pair.module.in_features} inputs, the flattened picture has {np.prod(pair.flattened)}"
        )
    shapes_torch = [array.shape for array in _keras_arrays(pair)]
    shapes_keras = [tuple(weight.shape) for weight in pair.layer.weights]
    if shapes_torch != shapes_keras:
        raise CourseError(
            f"cannot map PyTorch layer {pair.name!r} to Keras layer {pair.layer.name!r}: "
            f"in Keras's order the shapes are {shapes_torch} and {shapes_keras}"
        )


def _float32(value: float) -> float:
    return float(np.float32(value))


def _floatx(value: float) -> float:
    import keras

    return float(np.dtype(keras.config.floatx()).type(value))
