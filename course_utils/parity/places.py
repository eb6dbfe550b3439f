"""Places at which twin models must agree, and how far rounding may part them there."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.parity import layouts
from course_utils.parity.weights import Pair

STEPS, TREMORS = 60, 50
"""What rounding may do: this many steps of the type, and times what one step in each layer does."""


@dataclass(eq=False)
class Place:
    """What both models have at one place; `pair` is None where they answer.

    `ours` are PyTorch's numbers in each of the layouts that have Keras's shape, `tremors` how far
    rounding may move each. `before` are the numbers that were put behind the layers before, by
    name; `entered` is what the PyTorch layer got, for a place behind it.
    """

    pair: Pair | None
    ours: list[np.ndarray]
    theirs: np.ndarray
    before: list[tuple[str, np.ndarray]]
    entered: Any = None
    tremors: list[np.ndarray] | None = None

    def shaken(self, moved: list[np.ndarray]) -> None:
        """Widen the tremors to another draw of what rounding may do; one alone may be near none."""
        with np.errstate(invalid="ignore"):
            found = [
                np.abs(one.astype("float64") - other)
                for one, other in zip(self.ours, moved, strict=True)
            ]
        self.tremors = [np.fmax(*pair) for pair in zip(self.tremors or found, found, strict=True)]

    def gap(self, step: float) -> tuple[float, float]:
        """Return the gap and what rounding allows there, of the row that parts most."""
        tremors = self.tremors or [np.zeros(ours.shape) for ours in self.ours]
        ways = zip(self.ours, tremors, strict=True)
        gaps = [gap(ours, self.theirs, tremor, step) for ours, tremor in ways]
        return min(gaps, default=(np.inf, 0.0), key=lambda one: one[0] - one[1])

    def parts(self, step: float) -> bool:
        """Say whether the models part here by more than rounding."""
        return bool(np.greater(*self.gap(step)))

    def __str__(self) -> str:
        if self.pair is None:
            return "behind the last layer"
        where = "in front of" if self.entered is None else "at"
        return f"{where} PyTorch layer {self.pair.name!r}, Keras layer {self.pair.layer.name!r}"


def gap(
    ours: np.ndarray, theirs: np.ndarray, tremors: np.ndarray, step: float
) -> tuple[float, float]:
    """Return the gap and what rounding allows there, of the row that parts most."""
    if ours.shape != theirs.shape:
        return np.inf, 0.0
    ours, theirs, tremors = (
        one.astype("float64").reshape(len(one) if one.ndim else 1, -1)
        for one in (ours, theirs, tremors)
    )
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    with np.errstate(invalid="ignore", over="ignore"):
        gaps = np.where(same, 0.0, np.abs(ours - theirs)).max(axis=1, initial=0.0)
        gaps = np.nan_to_num(gaps, nan=np.inf)
        scale = np.abs(np.where(np.isfinite(theirs), theirs, 0)).max(axis=1, initial=0.0)
        tremor = np.nan_to_num(tremors.max(axis=1, initial=0.0), posinf=0.0)
    allowed = STEPS * step * scale + TREMORS * tremor + step**2
    worst = int(np.argmax(gaps - allowed))
    return float(gaps[worst]), float(allowed[worst])


def in_order(array: np.ndarray, order: np.ndarray | None) -> np.ndarray:
    """Put features in the order that Keras has."""
    return array if order is None or array.shape[-1] != len(order) else array[..., order]


def left_like_keras(pair: Pair, left: np.ndarray, like: np.ndarray) -> list[np.ndarray]:
    """Return what left a PyTorch layer as the Keras layer lays it out, activation included."""
    import torch

    common = in_order(layouts.from_torch(pair.module, left), pair.leaving)
    if isinstance(pair.module, torch.nn.RNNBase):
        if pair.layer.return_sequences:
            return [common]
        width = pair.module.hidden_size
        ends = [common[:, -1, :width]] + (
            [common[:, 0, width:]] if pair.module.bidirectional else []
        )
        return [np.concatenate(ends, axis=-1)]
    if layouts.from_keras(pair.layer, like).shape != common.shape:
        return []
    shown = layouts.to_keras(pair.layer, common, like.shape)
    return [layouts.activated(pair.layer, shown, like.dtype)]
