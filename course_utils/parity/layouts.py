"""Arrays as each framework lays them out, and the order of features in the one and the other.

The common layout is (batch, …, features).
"""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from course_utils.parity import kinds

if TYPE_CHECKING:
    import keras
    import torch

ROUNDING = float(np.finfo("float32").eps)


def from_torch(module: "torch.nn.Module", array: np.ndarray) -> np.ndarray:
    """Bring what enters or leaves a PyTorch layer to the common layout."""
    if kinds.torch_kind(module).axis == 1 and array.ndim > 2:
        return np.moveaxis(array, 1, -1)
    if not getattr(module, "batch_first", True) and array.ndim > 2:
        return np.swapaxes(array, 0, 1)
    together = len(getattr(module, "normalized_shape", [1]))
    return array.reshape(*array.shape[:-together], -1) if together > 1 else array


def to_torch(module: "torch.nn.Module", array: np.ndarray, shape: tuple) -> np.ndarray:
    """Bring an array of the common layout to a PyTorch layer's layout, which has this shape."""
    if kinds.torch_kind(module).axis == 1 and array.ndim > 2:
        array = np.moveaxis(array, -1, 1)
    elif not getattr(module, "batch_first", True) and array.ndim > 2:
        array = np.swapaxes(array, 0, 1)
    return array.reshape(shape)


def from_keras(layer: "keras.Layer", array: np.ndarray) -> np.ndarray:
    """Bring what enters or leaves a Keras layer to the common layout."""
    axes = _keras_axes(layer, array.ndim)
    if len(axes) > 1:
        return array.reshape(*array.shape[: -len(axes)], -1)
    return np.moveaxis(array, axes[0], -1)


def to_keras(layer: "keras.Layer", array: np.ndarray, shape: tuple) -> np.ndarray:
    """Bring an array of the common layout to a Keras layer's layout, which has this shape."""
    axes = _keras_axes(layer, len(shape))
    return (array if len(axes) > 1 else np.moveaxis(array, -1, axes[0])).reshape(shape)


def activated(layer: "keras.Layer", array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Apply the activation that is part of a Keras layer."""
    import keras

    activation = getattr(layer, "activation", None)
    array = array.astype(dtype)
    return np.asarray(activation(keras.ops.convert_to_tensor(array))) if activation else array


def _keras_axes(layer: "keras.Layer", rank: int) -> list[int]:
    if getattr(layer, "data_format", None) == "channels_first":
        return [1]
    alpha = getattr(layer, "alpha", None)
    if alpha is not None and max(alpha.shape) == alpha.shape[0] > 1 and len(alpha.shape) > 1:
        return [1]
    axis = getattr(layer, "axis", -1)
    return list(axis) if isinstance(axis, list | tuple) else [axis]


def order(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray | None:
    """Return which feature of `ours` each feature of `theirs` is; None where they do not match.

    Both are (…, features) in the common layout, equal but for rounding and the order.
    """
    if ours.shape != theirs.shape or ours.ndim == 0:
        return None
    if ours.dtype.kind != "f" or theirs.dtype.kind != "f":
        return np.arange(ours.shape[-1]) if np.array_equal(ours, theirs) else None
    ours, theirs = (
        array.reshape(-1, array.shape[-1]).astype("float64") for array in (ours, theirs)
    )
    allowed = _allowed(theirs)
    if close(ours, theirs):
        return np.arange(ours.shape[-1])
    weights = np.random.default_rng(0).uniform(0.5, 1.5, len(ours))
    first, second = (np.argsort(weights @ array, kind="stable") for array in (ours, theirs))
    found = np.full(ours.shape[-1], -1)
    # Rounding may exchange neighbours in the sorted order, so look a few places to each side.
    for shift in (0, 1, -1, 2, -2):
        turned = np.roll(first, shift)
        fits = np.abs(ours[:, turned] - theirs[:, second]).max(axis=0) <= allowed
        open_places = found[second] < 0
        found[second] = np.where(fits & open_places, turned, found[second])
    return found if len(set(found.tolist()) - {-1}) == len(found) else None


def trimmed(ours: np.ndarray, theirs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take borders of zeros off where only one model was padded by hand, or otherwise."""
    if ours.ndim < 3 or ours.ndim != theirs.ndim or ours.shape == theirs.shape:
        return ours, theirs
    return _trimmed(ours), _trimmed(theirs)


def _trimmed(array: np.ndarray) -> np.ndarray:
    places = np.nonzero(array)[1:-1]
    inside = [slice(min(one, default=0), max(one, default=-1) + 1) for one in places]
    return array[(slice(None), *inside)]


def close(ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Say whether arrays of one shape are equal but for rounding."""
    return bool(np.abs(ours - theirs).max(initial=0.0) <= _allowed(theirs))


def _allowed(array: np.ndarray) -> float:
    return 2000 * ROUNDING * max(1.0, float(np.abs(array).max(initial=0.0)))


def channels_moved(shape: tuple[int, ...]) -> np.ndarray:
    """Return the order of features that unflattening wants: PyTorch's (C, …) in Keras's (…, C).

    `shape` is (…, C) without the batch.
    """
    *places, channels = shape
    numbers = np.arange(math.prod(shape)).reshape(channels, *places)
    return np.moveaxis(numbers, 0, -1).ravel()


def torch_shapes(array: np.ndarray) -> Iterable[np.ndarray]:
    """Yield the ways in which a PyTorch model may take what a Keras model takes as `array`."""
    ways = [array] if array.ndim < 4 else [np.moveaxis(array, -1, 1), array]
    if array.ndim > 2:
        ways += [np.moveaxis(array, -1, 1), array[:, None], array.reshape(len(array), -1)]
    if array.ndim == 4 and array.shape[-1] == 1:
        ways.append(array[..., 0])
    if array.ndim == 3 or (array.ndim == 2 and array.dtype.kind in "iu"):
        ways.append(np.swapaxes(array, 0, 1))
    return _distinct([*ways, *_square(array, [1])])


def keras_shapes(array: np.ndarray) -> Iterable[np.ndarray]:
    """Yield the ways in which a Keras model may take what a PyTorch model takes as `array`."""
    ways = [array] if array.ndim < 4 else [np.moveaxis(array, 1, -1), array]
    if array.ndim > 2:
        ways += [np.moveaxis(array, 1, -1), array[..., None], array.reshape(len(array), -1)]
    if array.ndim == 4 and array.shape[1] == 1:
        ways.append(array[:, 0])
    if array.ndim == 3 or (array.ndim == 2 and array.dtype.kind in "iu"):
        ways.append(np.swapaxes(array, 0, 1))
    return _distinct([*ways, *_square(array, [-1])])


def _square(array: np.ndarray, axes: list[int]) -> Iterable[np.ndarray]:
    """Yield a row of numbers as a picture or as a sequence, with an axis for the channel."""
    side = math.isqrt(array.shape[-1]) if array.ndim == 2 else 0
    if side > 1 and side * side == array.shape[-1]:
        picture = array.reshape(-1, side, side)
        yield from [*(np.expand_dims(picture, axis) for axis in axes), picture]
    if array.ndim == 2:
        yield from [array[:, None], array[..., None]]


def _distinct(ways: list[np.ndarray]) -> Iterable[np.ndarray]:
    seen = set()
    for way in ways:
        if (way.shape, way.strides) not in seen:
            seen.add((way.shape, way.strides))
            yield way


def answers_like(ours: np.ndarray, theirs: np.ndarray) -> list[np.ndarray]:
    """Return the layouts of PyTorch's answer that have the shape of Keras's."""
    ways = [ours]
    if ours.ndim > 2:
        ways += [np.moveaxis(ours, 1, -1), np.swapaxes(ours, 0, 1)]
    found = [way for way in ways if way.shape == theirs.shape]
    squeezed = [tuple(size for size in one.shape if size > 1) for one in (ours, theirs)]
    return found or ([ours.reshape(theirs.shape)] if squeezed[0] == squeezed[1] else [])
