"""Run the Keras model with numbers in the place of what leaves its layers.

What leaves a layer is replaced in both models by the same random numbers, so that what enters the
next twins is the same whatever the weights are, and tells in which order the features arrive.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.parity import layouts, runs

if TYPE_CHECKING:
    import keras


@dataclass(eq=False)
class Call:
    """One call of a Keras layer, in the common layout: what enters, what is said to leave."""

    number: int
    layer: "keras.Layer"
    entered: np.ndarray | None
    left: np.ndarray | None = None
    memory: np.ndarray | None = None
    repeats: bool = False


def record_keras(
    model: "keras.Layer", units: list["keras.Layer"], inputs: Any, wide: bool = False
) -> tuple[list[Call], list]:
    """Run a Keras model with replaced layers; return the calls and the model's answers.

    The numbers lie in (0, 1), which few activations make equal; `wide` ones show what differs
    between the layers, such as another activation.
    """
    generator = np.random.default_rng(1)
    calls = []

    def numbers(shape: tuple) -> np.ndarray:
        found = 8 * generator.standard_normal(shape) if wide else generator.uniform(0.1, 0.9, shape)
        return found.astype("float32")

    def see(layer: Any, entered: Any, left: Any) -> Any:
        entered, plain = runs.array(entered), runs.array(left if not _many(left) else left[0])
        if entered is None or plain is None or entered.ndim == 0:
            calls.append(Call(len(calls), layer, None))
            return left
        call = Call(len(calls), layer, layouts.from_keras(layer, entered))
        calls.append(call)
        if _is_recurrent(layer):
            return _replaced_states(call, left, numbers)
        before = [one.left for one in calls[:-1] if one.layer is layer and _same(one, call)]
        call.repeats = bool(before)
        call.left = before[0] if before else numbers(layouts.from_keras(layer, plain).shape)
        shown = layouts.to_keras(layer, call.left, plain.shape).astype(plain.dtype)
        activation = getattr(layer, "activation", None)
        shown = activation(_tensor(shown)) if activation else _tensor(shown)
        return [shown, *left[1:]] if _many(left) else shown

    answers = runs.run_keras(model, units, inputs, see)
    return calls, runs.answers(answers)


def _same(one: Call, other: Call) -> bool:
    return one.entered is not None and np.array_equal(one.entered, other.entered)


def _many(left: Any) -> bool:
    return isinstance(left, list | tuple)


def _tensor(array: np.ndarray) -> Any:
    import keras

    return keras.ops.convert_to_tensor(array)


def _is_recurrent(layer: "keras.Layer") -> bool:
    import keras

    return isinstance(layer, keras.layers.RNN | keras.layers.Bidirectional)


def _replaced_states(call: Call, left: Any, numbers: Any) -> Any:
    """Replace a recurrent layer's states at all steps, and what it answers by them."""
    layer = call.layer
    inner = getattr(layer, "forward_layer", layer)
    both = inner is not layer
    if getattr(inner, "go_backwards", False) or (both and layer.merge_mode != "concat"):
        return left
    width = inner.units
    states = numbers((*call.entered.shape[:2], width * (1 + both)))
    parts = [states[:, -1, :width]] + ([states[:, 0, width:]] if both else [])
    call.left, call.memory = states, numbers((len(parts), len(states), width))
    first = states if layer.return_sequences else np.concatenate(parts, axis=-1)
    ends = []
    for n, part in enumerate(parts):
        ends += [part, call.memory[n]] if type(inner).__name__ == "LSTM" else [part]
    if not _many(left):
        return _tensor(first.astype(runs.array(left).dtype))
    whole = [first, *ends][: len(left)]
    return [_tensor(one.astype(runs.array(left[0]).dtype)) for one in whole]
