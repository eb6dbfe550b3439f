"""Run a model of either framework on a batch and see what enters and leaves its layers."""

import functools
import re
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import CourseError, explain
from course_utils.parity import kinds

if TYPE_CHECKING:
    import keras
    import torch


def array(tensor: Any) -> np.ndarray | None:
    """Return a tensor of either framework as an array; None for what has no values to read."""
    try:
        if hasattr(tensor, "detach"):
            return tensor.detach().cpu().numpy().copy()  # a layer may write into it in place
        return np.asarray(tensor.numpy())
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return None


def answers(output: Any, path: tuple = ()) -> dict[tuple, np.ndarray]:
    """Return the tensors that a model answers with, by the keys and places of its output."""
    if isinstance(output, dict | list | tuple):
        inside = output.items() if isinstance(output, dict) else enumerate(output)
        every = [answers(one, (*path, key)) for key, one in inside]
        return {place: one for found in every for place, one in found.items()}
    found = array(output)
    return {} if found is None else {path: found}


@contextmanager
def evaluating(module: "torch.nn.Module") -> Iterable[None]:
    """Keep a PyTorch model in evaluation mode for a while; every layer's mode is put back."""
    modes = [(one, one.training) for one in module.modules()]
    try:
        module.eval()
        yield
    finally:
        for one, mode in modes:
            one.training = mode


@contextmanager
def _told(framework: str, inside: list[str]) -> Iterable[None]:
    try:
        yield
    except CourseError:
        raise
    except Exception as error:
        lines = re.sub(explain.COLOURS, "", str(error)).splitlines()
        # Keras's messages begin with where it happened.
        said = (one for one in lines if one.strip() and not one.startswith("Exception encountered"))
        line = next(said, "")
        place = f" at layer {inside[-1]!r}" if inside else ""
        raise CourseError(
            f"cannot run the {framework} model on a batch{place}: {type(error).__name__}: "
            f"{line[:200]}; pass a batch as the source takes it, example=…"
        ) from error


def run_torch(
    module: "torch.nn.Module",
    units: Iterable[tuple],
    call: Callable,
    see: Callable,
    seed: int = 0,
) -> dict[tuple, np.ndarray]:
    """Call a PyTorch model in evaluation mode, with `see(path, unit, entered, left)` at each layer.

    What `see` returns goes on in the place of what leaves the layer. Returns the answers.
    Raises CourseError where the model raises.
    """
    import torch

    inside, handles = [], []

    def enter(path: str, unit: Any, args: tuple) -> None:
        inside.append(path)

    def hook(path: str, unit: Any, args: tuple, options: dict, output: Any) -> Any:
        inside.clear()
        return see(path, unit, next(iter([*args, *options.values()]), None), output)

    fast = torch.backends.mha.get_fastpath_enabled()
    try:
        torch.backends.mha.set_fastpath_enabled(False)
        for path, unit in units:
            bound = functools.partial(hook, path)
            handles.append(unit.register_forward_pre_hook(functools.partial(enter, path)))
            handles.append(unit.register_forward_hook(bound, with_kwargs=True))
        with (
            evaluating(module),
            torch.no_grad(),
            torch.random.fork_rng(devices=[]),
            _told("PyTorch", inside),
        ):
            torch.default_generator.manual_seed(seed)
            return answers(call(module))
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for handle in handles:
            handle.remove()


def run_keras(
    model: "keras.Layer", units: Iterable["keras.Layer"], inputs: Any, see: Callable
) -> dict[tuple, np.ndarray]:
    """Do the same with a Keras model and `see(layer, entered, left)`."""
    import tensorflow as tf

    def watched(layer: Any, call: Callable) -> Callable:
        @functools.wraps(call)
        def wrapper(*args: Any, **options: Any) -> Any:
            entered = next(iter([*args, *options.values()]), None)
            return see(layer, entered, call(*args, **options))

        return wrapper

    eagerly, wrapped = tf.config.functions_run_eagerly(), []
    try:
        tf.config.run_functions_eagerly(True)
        for layer in units:
            layer.__dict__["call"] = watched(layer, layer.call)
            wrapped.append(layer)
        for layer in model._flatten_layers():
            if layer in kinds.HALVES:
                layer.__dict__["call"] = functools.partial(_in_two, *kinds.HALVES[layer])
                wrapped.append(layer)
        with _told("Keras", []):
            return answers(model(inputs, training=False))
    finally:
        for layer in wrapped:
            del layer.__dict__["call"]
        tf.config.run_functions_eagerly(eagerly)


def _in_two(depthwise: "keras.Layer", pointwise: "keras.Layer", inputs: Any) -> Any:
    return pointwise(depthwise(inputs))
