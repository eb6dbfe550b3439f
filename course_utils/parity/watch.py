"""Watch both models run, with the same numbers in the place of what leaves twin layers.

So what enters the next twins does not depend on any weight, and tells in which order the features
arrive. Wide numbers also show what stands between the layers: an activation, a pooling.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from course_utils import CourseError
from course_utils.parity import batches, layouts, runs
from course_utils.parity.weights import Pair

if TYPE_CHECKING:
    import keras
    import torch

Numbers = Callable[[tuple], np.ndarray]


class Both(NamedTuple):
    """Two models, and their layers that hold weights."""

    module: "torch.nn.Module"
    model: "keras.Layer"
    units_torch: list[tuple[str, "torch.nn.Module"]]
    units_keras: list["keras.Layer"]


@dataclass(eq=False)
class Call:
    """One call of a Keras layer: what enters, what leaves, and the numbers in its place.

    `defined` is the layer's place in the model: a functional one calls neighbours from the last.
    `entered` and `left` have the common layout, `real` has Keras's.
    """

    number: int
    layer: "keras.Layer"
    defined: int
    entered: np.ndarray | None = None
    real: np.ndarray | None = None
    left: np.ndarray | None = None
    repeats: bool = False


def narrow() -> Numbers:
    """Return what draws numbers in (0, 1), which few activations make equal or send to zero."""
    generator = np.random.default_rng(1)
    return lambda shape: 0.1 + 0.8 * generator.random(shape, "float32")


def wide() -> Numbers:
    """Return what draws numbers of both signs, in rows of very different sizes."""
    generator = np.random.default_rng(2)
    return lambda shape: batches.scaled(generator.standard_normal(shape, "float32"))


def keras_run(
    both: Both, inputs: Any, numbers: Numbers | None, paired: set[int] | None = None
) -> tuple[list[Call], dict[tuple, np.ndarray]]:
    """Run the Keras model with numbers in the place of what leaves: its calls and its answers.

    With `paired`, numbers stand for the calls of these places only.
    """
    calls, places = [], {id(layer): n for n, layer in enumerate(both.units_keras)}

    def see(layer: Any, entered: Any, left: Any) -> Any:
        many = isinstance(left, list | tuple)
        entered, real = runs.array(entered), runs.array(left[0] if many else left)
        call = Call(len(calls), layer, places[id(layer)])
        calls.append(call)
        if entered is None or real is None or entered.ndim == 0:
            return left
        call.entered, call.real = layouts.common(layer, entered), real
        same = [one for one in calls[:-1] if one.layer is layer and _is_same(one, call)]
        call.repeats = bool(same)
        if not numbers or not (paired is None or call.number in paired or same):
            return left
        shape = layouts.common(layer, real).shape
        if hasattr(layer, "return_sequences"):
            shape = (*call.entered.shape[:2], shape[-1])
        # What is the same for all rows, such as positions, gets the same numbers for all.
        alike = entered.ndim > 1 and (entered == entered[:1]).all()
        drawn = same[0].left if same else numbers((1, *shape[1:]) if alike else shape)
        call.left = np.broadcast_to(drawn, shape)
        if hasattr(layer, "return_sequences"):
            return _states_keras(call, left)
        shown = layouts.native(layer, call.left, real.shape)
        shown = _tensor(layouts.activated(layer, shown, real.dtype))
        return [shown, *left[1:]] if many else shown

    return calls, runs.run_keras(both.model, both.units_keras, inputs, see)


def _is_same(one: Call, other: Call) -> bool:
    return one.entered is not None and np.array_equal(one.entered, other.entered)


def _tensor(array: np.ndarray) -> Any:
    import keras

    return keras.ops.convert_to_tensor(array)


def _states_keras(call: Call, left: Any) -> Any:
    """Put numbers in the place of a recurrent layer's states at all steps."""
    import keras

    inner = getattr(call.layer, "forward_layer", call.layer)
    ends = layouts.ends(call.left, inner.units)
    whole = [call.left if call.layer.return_sequences else np.concatenate(ends, axis=-1)]
    for end in ends:
        whole += [end, end] if isinstance(inner, keras.layers.LSTM) else [end]
    whole = [_tensor(one.astype(call.real.dtype)) for one in whole]
    return whole[: len(left)] if isinstance(left, list | tuple) else whole[0]


def torch_run(
    both: Both, call: Callable, twins: Callable, shake: float = 0.0, seed: int = 0
) -> tuple[list[tuple[Any, Any]], dict[tuple, np.ndarray]]:
    """Run the PyTorch model with numbers: what enters and leaves each layer, and the answers.

    `twins(number, path, unit, entered)` gives the pairs whose Keras calls have the numbers. Each
    result is moved by up to a share `shake`, as by rounding.
    """
    import torch

    from course_utils.parity import rounding

    seen = []

    def see(path: str, unit: Any, entered: Any, left: Any) -> Any:
        if isinstance(entered, torch.nn.utils.rnn.PackedSequence):
            raise CourseError(
                f"cannot map PyTorch layer {path!r} ({type(unit).__name__}): a packed sequence "
                "enters it; copy the layers one by one, copy_weights(layer, twin)"
            )
        entered = runs.array(entered)
        goes_on = _replaced(unit, twins(len(seen), path, unit, entered), left)
        seen.append((entered, runs.array(left[0] if isinstance(left, tuple) else left)))
        return goes_on

    with rounding.Noise(shake, seed) if shake else contextlib.nullcontext():
        return seen, runs.run_torch(both.module, both.units_torch, call, see, seed)


def _replaced(unit: "torch.nn.Module", pairs: list[Pair], left: Any) -> Any:
    """Put the numbers of the twins' calls in the place of what left a PyTorch layer."""
    import torch

    many = isinstance(left, tuple)
    head = left[0] if many else left
    if not (isinstance(head, torch.Tensor) and pairs) or any(p.call.left is None for p in pairs):
        return left
    shown, leaving = pairs[-1].call.left, pairs[-1].leaving
    shown = shown if leaving is None else shown[..., np.argsort(leaving)]
    turned = pairs[-1].turned
    shape = layouts.common(unit, np.empty(tuple(head.shape)), turned).shape
    shown = layouts.repeated(shown, shape)
    shown = layouts.kept(unit, pairs[-1].layer, shown, shape)
    if shown.shape != shape:
        return left
    shown = _like(layouts.native(unit, shown, tuple(head.shape), turned), head)
    if isinstance(unit, torch.nn.RNNBase):
        ends = [end for p in pairs for end in layouts.ends(p.call.left, unit.hidden_size)]
        state = _like(np.stack(ends), head)
        return shown, (state, state) if isinstance(left[1], tuple) else state
    return (shown, *left[1:]) if many else shown


def _like(array: np.ndarray, tensor: "torch.Tensor") -> "torch.Tensor":
    import torch

    # A clone is a result, which noise moves.
    return torch.tensor(array).to(tensor.device, tensor.dtype).clone()
