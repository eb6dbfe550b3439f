"""Places at which twin models must agree, and how far rounding may part them there."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.parity import layouts
from course_utils.parity.weights import Pair

STEPS, TREMORS = 60, 50
"""What rounding may do: this many steps of the type, and times what one step in each layer does."""


@dataclass
class Point:
    """A place at which both models must agree, and how far rounding alone moves it."""

    name: str
    kind: str
    ours: np.ndarray | None
    theirs: np.ndarray
    shaken: np.ndarray | None
    pair: Pair | None = None
    entered: Any = None
    left: np.ndarray | None = None

    def gap(self, step: float) -> tuple[float, float]:
        """Return the largest gap and what rounding allows there, of the row that parts most."""
        if self.ours is None or self.ours.shape != self.theirs.shape:
            return np.inf, 0.0
        ours, theirs, shaken = (
            one.astype("float64").reshape(len(one) if one.ndim else 1, -1)
            for one in (self.ours, self.theirs, self.shaken)
        )
        same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
        with np.errstate(invalid="ignore", over="ignore"):
            gaps = np.where(same, 0.0, np.abs(ours - theirs)).max(axis=1, initial=0.0)
            gaps = np.nan_to_num(gaps, nan=np.inf)
            scale = np.abs(np.where(np.isfinite(theirs), theirs, 0)).max(axis=1, initial=0.0)
            moved = np.nan_to_num(np.abs(ours - shaken).max(axis=1, initial=0.0))
        allowed = STEPS * step * scale + TREMORS * moved + step**2
        worst = int(np.argmax(gaps - allowed))
        return float(gaps[worst]), float(allowed[worst])


def in_order(array: np.ndarray, order: np.ndarray | None) -> np.ndarray:
    """Put features in the order that Keras has."""
    return array if order is None or array.shape[-1] != len(order) else array[..., order]


def left_like_keras(pair: Pair, left: np.ndarray, like: np.ndarray) -> np.ndarray | None:
    """Return what left a PyTorch layer as the Keras layer lays it out, activation included."""
    import keras
    import torch

    common = in_order(layouts.from_torch(pair.module, left), pair.leaving)
    if isinstance(pair.module, torch.nn.RNNBase):
        if pair.layer.return_sequences:
            return common
        width = pair.module.hidden_size
        ends = [common[:, -1, :width]] + (
            [common[:, 0, width:]] if pair.module.bidirectional else []
        )
        return np.concatenate(ends, axis=-1)
    if layouts.from_keras(pair.layer, like).shape != common.shape:
        return None
    shown = layouts.to_keras(pair.layer, common, like.shape)
    activation = getattr(pair.layer, "activation", None)
    if activation is None:
        return shown
    return np.asarray(activation(keras.ops.convert_to_tensor(shown.astype(like.dtype))))
