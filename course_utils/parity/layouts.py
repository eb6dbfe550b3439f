"""Arrays as each framework lays them out; the common layout is (batch, …, features)."""

import math
from typing import TYPE_CHECKING

import numpy as np

from course_utils.parity import kinds

if TYPE_CHECKING:
    import keras
    import torch

ROUNDING = 2000 * float(np.finfo("float32").eps)


def common(
    layer: "torch.nn.Module | keras.Layer", array: np.ndarray, turned: bool = False
) -> np.ndarray:
    """Bring what enters or leaves a layer of either framework to the common layout.

    It is `turned` if the batch stands on axis 1, as in models around a recurrent layer it may.
    """
    if turned:
        array = np.swapaxes(array, 0, 1)
    if _is_time_first(layer, array.ndim):
        return np.swapaxes(array, 0, 1)
    axes = _axes(layer, array.ndim)
    if len(axes) > 1:
        return array.reshape(*array.shape[: -len(axes)], -1)
    return np.moveaxis(array, axes[0], -1)


def native(
    layer: "torch.nn.Module | keras.Layer", array: np.ndarray, shape: tuple, turned: bool = False
) -> np.ndarray:
    """Bring an array of the common layout to a layer's own, which has this shape."""
    if turned:
        shape = (shape[1], shape[0], *shape[2:])
        return np.swapaxes(native(layer, array, shape), 0, 1)
    if _is_time_first(layer, len(shape)):
        return np.swapaxes(array, 0, 1)
    axes = _axes(layer, len(shape))
    return (array if len(axes) > 1 else np.moveaxis(array, -1, axes[0])).reshape(shape)


def _is_time_first(layer: "torch.nn.Module | keras.Layer", rank: int) -> bool:
    return rank > 2 and not getattr(layer, "batch_first", True)


def _axes(layer: "torch.nn.Module | keras.Layer", rank: int) -> list[int]:
    """Return where a layer has its features."""
    if hasattr(layer, "named_modules"):
        if kinds.is_channels_first(layer) and rank > 1:
            return [1]
        return list(range(-len(getattr(layer, "normalized_shape", [1])), 0))
    alpha = tuple(getattr(getattr(layer, "alpha", None), "shape", ()))
    by_channel = len(alpha) > 1 and max(alpha) == alpha[0] > 1
    if by_channel or getattr(layer, "data_format", None) == "channels_first":
        return [1]
    axis = getattr(layer, "axis", -1)
    return list(axis) if isinstance(axis, list | tuple) else [axis]


def has_channels_first(layer: "keras.Layer") -> bool:
    """Say whether a Keras layer has its features on axis 1."""
    return 1 in _axes(layer, 4)


def activated(layer: "keras.Layer", array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Apply the activation that is part of a Keras layer."""
    import keras

    activation = getattr(kinds.inner(layer), "activation", None)
    array = array.astype(dtype)
    return np.asarray(activation(keras.ops.convert_to_tensor(array))) if activation else array


def alike(ours: np.ndarray, theirs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Repeat what one model has once for all rows; take borders off that only one model has."""
    if ours.shape == theirs.shape:
        return ours, theirs
    for few, many in ((ours, theirs), (theirs, ours)):
        if few.ndim and few.shape in (many.shape[1:], (1, *many.shape[1:])):
            return repeated(ours, many.shape), repeated(theirs, many.shape)
    if _squeezed(ours.shape) == _squeezed(theirs.shape):
        return ours.reshape(theirs.shape), theirs
    return (_trimmed(ours), _trimmed(theirs)) if ours.ndim == theirs.ndim > 2 else (ours, theirs)


def repeated(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Repeat what is the same for all rows, or show it once, where that gives this shape.

    Sides of 1 between the batch and the features do not count.
    """
    if array.shape in (shape[1:], (1, *shape[1:])):
        return np.broadcast_to(array, shape)
    if _squeezed(array.shape) == _squeezed(shape):
        return array.reshape(shape)
    once = shape in (array.shape[1:], (1, *array.shape[1:]))
    return array[0].reshape(shape) if once else array


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape[:1], *(size for size in shape[1:-1] if size != 1), *shape[1:][-1:])


def _trimmed(array: np.ndarray) -> np.ndarray:
    shown, inside = array != 0, []
    for axis in range(1, array.ndim - 1):
        others = tuple(n for n in range(array.ndim) if n != axis)
        places = np.flatnonzero(shown.any(axis=others))
        inside.append(slice(*(places[[0, -1]] + [0, 1] if len(places) else (0, 0))))
    return array[(slice(None), *inside)]


def kept(
    module: "torch.nn.Module", layer: "keras.Layer", array: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
    """Return what a padded transposed convolution of PyTorch keeps of Keras's whole answer.

    Both are in the common layout; Keras's model cuts such an answer in a layer behind it.
    """
    if not getattr(module, "transposed", False) or layer.padding != "valid":
        return array
    cuts = [slice(pad, pad + size) for pad, size in zip(module.padding, shape[1:-1], strict=True)]
    return array[(slice(None), *cuts)]


def close(ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Say whether arrays of one shape are equal but for rounding."""
    return bool(np.abs(ours - theirs).max(initial=0.0) <= _allowed(theirs))


def _allowed(array: np.ndarray) -> float:
    return ROUNDING * max(1.0, float(np.abs(array).max(initial=0.0)))


def order(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray | None:
    """Return which feature of `ours` each feature of `theirs` is; None where they do not match.

    Both are in the common layout, equal but for rounding and the order of features.
    """
    ours, theirs = alike(ours, theirs)
    if ours.shape != theirs.shape or ours.ndim == 0:
        return None
    as_it_is = np.arange(ours.shape[-1])
    if ours.dtype.kind != "f" or theirs.dtype.kind != "f":
        return as_it_is if np.array_equal(ours, theirs) else None
    ours, theirs = np.atleast_2d(ours, theirs)
    allowed = _allowed(theirs)
    for rows in (1, len(ours)):  # what is no match differs in the first row already
        one, other = (array[:rows].reshape(-1, array.shape[-1]) for array in (ours, theirs))
        if np.abs(one - other).max(initial=0.0) <= allowed:
            sums = None
            continue
        weights = np.random.default_rng(0).uniform(0.5, 1.5, len(one))
        sums = [weights @ array for array in (one, other)]
        if np.abs(np.diff(np.sort(sums), axis=0)).max() > allowed * weights.sum():
            return None
    if sums is None:
        return as_it_is
    first, second = np.argsort(sums, kind="stable")
    found = np.full(len(as_it_is), -1)
    # Rounding may exchange neighbours in the sorted order, so look a few places to each side.
    for turned in (np.roll(first, shift) for shift in (0, 1, -1, 2, -2)):
        gaps = np.abs(one[:, turned] - other[:, second]).max(axis=0)
        fits = (gaps <= allowed) & (found[second] < 0)
        found[second] = np.where(fits, turned, found[second])
    return found if len(set(found.tolist()) - {-1}) == len(found) else None


def ends(states: np.ndarray, width: int) -> list[np.ndarray]:
    """Return the last states of a recurrent layer; going backwards, the last is the first."""
    backward = [states[:, 0, width:]] if states.shape[-1] > width else []
    return [states[:, -1, :width], *backward]


def channels_moved(shape: tuple[int, ...]) -> np.ndarray:
    """Return the order of features that unflattening wants: PyTorch's (C, …) in Keras's (…, C).

    `shape` is (…, C) without the batch.
    """
    *places, channels = shape
    return np.moveaxis(np.arange(math.prod(shape)).reshape(channels, *places), 0, -1).ravel()


def ways(array: np.ndarray, to_torch: bool) -> list[np.ndarray]:
    """List how a model of the other framework may take a batch, the most likely way first."""
    here, there = (-1, 1) if to_torch else (1, -1)
    found, moved = [array], np.moveaxis(array, here, there) if array.ndim > 2 else array
    if array.ndim > 2:
        found = [moved, array] if array.ndim > 3 else [array, moved]
        found += [np.expand_dims(array, there), array.reshape(len(array), -1)]
    if array.ndim == 4 and array.shape[here] == 1:
        found.append(array.squeeze(here))
    if array.ndim == 3 or (array.ndim == 2 and array.dtype.kind in "iu"):
        found.append(np.swapaxes(array, 0, 1))
    if array.ndim == 2:
        side = math.isqrt(array.shape[1])
        if side > 1 and side * side == array.shape[1]:
            picture = array.reshape(-1, side, side)
            found += [np.expand_dims(picture, there), picture]
        found += [array[:, None], array[..., None]]
        found.append(array[:, :, None, None] if to_torch else array[:, None, None])
    distinct = {}
    for way in found:
        distinct.setdefault((way.shape, way.strides), way)
    return list(distinct.values())
