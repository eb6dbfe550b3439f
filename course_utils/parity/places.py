"""Places at which twin models must agree, and how far rounding may part them there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.parity import kinds, layouts
from course_utils.parity.weights import Pair

STEPS, TREMORS, NEAR_ONE = 60, 50, 2
"""What rounding may do: this many steps of the type, and times what one in each operation does.

A small row may also be apart by two steps at one: TensorFlow's ELU is exp(x) - 1.
"""


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
            both = zip(self.ours, moved, strict=True)
            found = [np.abs(one.astype("float64") - other) for one, other in both]
        self.tremors = [np.fmax(*two) for two in zip(self.tremors or found, found, strict=True)]

    def gap(self, step: float) -> tuple[float, float]:
        """Return the gap and what rounding allows there, of the row that parts most."""
        tremors = self.tremors or [np.zeros(()) for _ in self.ours]
        ways = zip(self.ours, tremors, strict=True)
        gaps = [_gap(ours, self.theirs, tremor, step) for ours, tremor in ways]
        return min(gaps, default=(np.inf, 0.0), key=lambda one: one[0] - one[1])

    def parts(self, step: float) -> bool:
        """Say whether the models part here by more than rounding."""
        return bool(np.greater(*self.gap(step)))

    def __str__(self) -> str:
        if self.pair is None:
            return "behind the last layer"
        where = "in front of" if self.entered is None else "at"
        return f"{where} PyTorch layer {self.pair.name!r}, Keras layer {self.pair.layer.name!r}"


def _gap(
    ours: np.ndarray, theirs: np.ndarray, tremor: np.ndarray, step: float
) -> tuple[float, float]:
    if ours.shape != theirs.shape:
        return np.inf, 0.0
    rows, kind = (len(ours) if ours.ndim else 1, -1), np.result_type(ours, theirs, "float32")
    tremor = np.broadcast_to(tremor, ours.shape).reshape(rows)
    ours, theirs = (one.astype(kind, copy=False).reshape(rows) for one in (ours, theirs))
    with np.errstate(invalid="ignore", over="ignore"):
        gaps, sizes = np.abs(ours - theirs), np.abs(theirs)
        if not np.isfinite(gaps).all():
            gaps[(ours == theirs) | (np.isnan(ours) & np.isnan(theirs))] = 0.0
            gaps[np.isnan(gaps)], sizes[~np.isfinite(sizes)] = np.inf, 0.0
        gaps, scale, tremor = (one.max(axis=1, initial=0.0) for one in (gaps, sizes, tremor))
        tremor = np.nan_to_num(tremor, posinf=0.0)
    near_one = NEAR_ONE * step * min(1.0, float(scale.max(initial=0.0)))
    allowed = STEPS * step * scale + TREMORS * tremor + near_one + step**2
    worst = int(np.argmax(gaps - allowed))
    return float(gaps[worst]), float(allowed[worst])


def around(pair: Pair, entered: Any, left: Any, before: list) -> Iterable[Place]:
    """Yield the places in front of a layer and behind it, where both models can be seen there."""
    call, order = pair.call, pair.entering
    if entered is not None and call.entered is not None and pair.level == 0:
        ours = layouts.common(pair.module, entered, pair.turned)
        if order is not None and ours.shape[-1] == len(order):
            ours = ours[..., order]
        ours, theirs = layouts.alike(ours, call.entered)
        yield Place(pair, [ours], theirs, before)
    # Between the layers of a deep recurrent module no numbers can be put.
    depth = getattr(pair.module, "num_layers", 1)
    if left is None or call.real is None or pair.level < depth - 1:
        return
    if depth == 1 or call.left is None:
        real = call.real
        if not layouts.has_channels_first(pair.layer):
            shape = layouts.common(pair.module, left, pair.turned).shape
            real = layouts.kept(pair.module, pair.layer, real, shape)
        yield Place(pair, left_like_keras(pair, left, real), real, before, entered)


def left_like_keras(pair: Pair, left: np.ndarray, like: np.ndarray) -> list[np.ndarray]:
    """Return what left a PyTorch layer as the Keras layer lays it out, activation included."""
    common = layouts.common(pair.module, left, pair.turned)
    if pair.leaving is not None:
        common = common[..., pair.leaving]
    if kinds.kind(pair.module) in ("RNN", "GRU", "LSTM"):
        width, whole = pair.module.hidden_size, pair.layer.return_sequences
        return [common if whole else np.concatenate(layouts.ends(common, width), axis=-1)]
    wanted = layouts.common(pair.layer, like).shape
    common = layouts.repeated(common, wanted)
    if common.shape != wanted:
        return []
    return [
        layouts.activated(pair.layer, layouts.native(pair.layer, common, like.shape), like.dtype)
    ]
