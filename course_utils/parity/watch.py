"""Watch both models run, with the same numbers in the place of what leaves twin layers.

So what enters the next twins does not depend on any weight, and tells in which order the features
arrive. Wide numbers also show what stands between the layers: an activation, a pooling.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import CourseError
from course_utils.parity import batches, layouts, runs
from course_utils.parity.weights import Pair

if TYPE_CHECKING:
    import keras
    import torch

Numbers = Callable[[tuple], np.ndarray]


@dataclass(eq=False)
class Call:
    """One call of a Keras layer: what enters, what leaves, and the numbers in its place.

    `entered` and `left` have the common layout, `real` has Keras's.
    """

    number: int
    layer: "keras.Layer"
    entered: np.ndarray | None = None
    real: np.ndarray | None = None
    left: np.ndarray | None = None
    memory: np.ndarray | None = None
    repeats: bool = False


@dataclass(frozen=True, eq=False)
class Link:
    """A pair, and which call of either model it stands for."""

    number: int
    pair: Pair
    call: Call


def narrow() -> Numbers:
    """Return what draws numbers in (0, 1), which few activations make equal or send to zero."""
    generator = np.random.default_rng(1)
    return lambda shape: generator.uniform(0.1, 0.9, shape).astype("float32")


def wide() -> Numbers:
    """Return what draws numbers of both signs, in rows of very different sizes."""
    generator = np.random.default_rng(2)
    return lambda shape: batches.scaled(generator.standard_normal(shape)).astype("float32")


def keras_run(
    model: "keras.Layer",
    units: list["keras.Layer"],
    inputs: Any,
    numbers: Numbers | None,
    linked: set[int] | None = None,
) -> tuple[list[Call], list[np.ndarray]]:
    """Run a Keras model with numbers in the place of what leaves: its calls and its answers.

    With `linked`, numbers stand for the calls of these places only.
    """
    calls = []

    def see(layer: Any, entered: Any, left: Any) -> Any:
        many = isinstance(left, list | tuple)
        entered, real = runs.array(entered), runs.array(left[0] if many else left)
        call = Call(len(calls), layer)
        calls.append(call)
        if entered is None or real is None or entered.ndim == 0:
            return left
        call.entered, call.real = layouts.from_keras(layer, entered), real
        before = [one for one in calls[:-1] if one.layer is layer and _same(one, call)]
        call.repeats = bool(before)
        if not numbers or not (linked is None or call.number in linked or before):
            return left
        if isinstance(layer, keras.layers.RNN | keras.layers.Bidirectional):
            return _states_keras(call, left, numbers)
        call.left = before[0].left if before else numbers(layouts.from_keras(layer, real).shape)
        shown = layouts.activated(layer, layouts.to_keras(layer, call.left, real.shape), real.dtype)
        return [_tensor(shown), *left[1:]] if many else _tensor(shown)

    import keras

    answers = runs.run_keras(model, units, inputs, see)
    return calls, runs.answers(answers)


def _same(one: Call, other: Call) -> bool:
    return one.entered is not None and np.array_equal(one.entered, other.entered)


def _tensor(array: np.ndarray) -> Any:
    import keras

    return keras.ops.convert_to_tensor(array)


def _states_keras(call: Call, left: Any, numbers: Numbers) -> Any:
    """Put numbers in the place of a recurrent layer's states at all steps."""
    inner = getattr(call.layer, "forward_layer", call.layer)
    both, width = inner is not call.layer, inner.units
    states = numbers((*call.entered.shape[:2], width * (1 + both)))
    parts = [states[:, -1, :width]] + ([states[:, 0, width:]] if both else [])
    call.left, call.memory = states, numbers((len(parts), len(states), width))
    whole = [states if call.layer.return_sequences else np.concatenate(parts, axis=-1)]
    for part, memory in zip(parts, call.memory, strict=True):
        whole += [part, memory] if type(inner).__name__ == "LSTM" else [part]
    whole = [_tensor(one.astype(call.real.dtype)) for one in whole]
    return whole[: len(left)] if isinstance(left, list | tuple) else whole[0]


def torch_run(
    module: "torch.nn.Module",
    units: list,
    inputs: Callable,
    links: list[Link],
    calls: list[Call],
    shake: float = 0.0,
    seed: int = 0,
) -> tuple[list[tuple[Any, np.ndarray]], list[np.ndarray]]:
    """Run a PyTorch model with the numbers of Keras's calls: what enters and leaves, the answers.

    What goes on behind each layer is moved by up to a share `shake`, as rounding would.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    seen, twins = [], {}
    for link in links:
        twins.setdefault(link.number, []).append((link.pair, calls[link.call.number]))

    def moved(tensor: Any) -> Any:
        if not (shake and isinstance(tensor, torch.Tensor) and tensor.is_floating_point()):
            return tensor
        noise = 2 * torch.rand(tensor.shape, generator=generator, dtype=torch.float64) - 1
        return tensor * (1 + shake * noise).to(tensor.device, tensor.dtype)

    def see(path: str, unit: Any, entered: Any, left: Any) -> Any:
        goes_on = replaced(unit, twins.get(len(seen), []), left)
        entered = entered.detach().clone() if isinstance(entered, torch.Tensor) else None
        seen.append((entered, runs.array(left[0] if isinstance(left, tuple) else left)))
        if isinstance(goes_on, tuple):
            return (moved(goes_on[0]), *goes_on[1:])
        return moved(goes_on)

    answers = runs.answers(runs.run_torch(module, units, inputs, see, seed))
    if max(twins, default=-1) >= len(seen):
        raise CourseError("cannot copy: the PyTorch model calls other layers from batch to batch")
    return seen, answers


def replaced(unit: "torch.nn.Module", twins: list[tuple[Pair, Call]], left: Any) -> Any:
    """Put the numbers of the twins' calls in the place of what left a PyTorch layer."""
    import torch

    many = isinstance(left, tuple)
    head = left[0] if many else left
    if not isinstance(head, torch.Tensor) or not twins or any(c.left is None for _, c in twins):
        return left
    pair, call = twins[-1]
    shown = call.left
    if isinstance(unit, torch.nn.RNNBase):
        if head.ndim != 3:
            return left
        shown = layouts.to_torch(unit, shown, tuple(head.shape))
        return _like(shown, head), _states_torch(unit, [call for _, call in twins], left[1])
    if pair.leaving is not None:
        shown = shown[..., np.argsort(pair.leaving)]
    if layouts.from_torch(unit, runs.array(head)).shape != shown.shape:
        return left
    shown = _like(layouts.to_torch(unit, shown, tuple(head.shape)), head)
    return (shown, *left[1:]) if many else shown


def _states_torch(unit: Any, calls: list[Call], left: Any) -> Any:
    """Return the last states of a recurrent module: a row for each layer and direction."""
    width, hidden = unit.hidden_size, []
    for call in calls:
        hidden.append(call.left[:, -1, :width])
        hidden += [call.left[:, 0, width:]] if unit.bidirectional else []
    if isinstance(left, tuple):
        memory = np.concatenate([call.memory for call in calls])
        return _like(np.stack(hidden), left[0]), _like(memory, left[1])
    return _like(np.stack(hidden), left)


def _like(array: np.ndarray, tensor: "torch.Tensor") -> "torch.Tensor":
    import torch

    return torch.tensor(array).to(tensor.device, tensor.dtype)
