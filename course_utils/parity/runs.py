"""Run a model of either framework on a batch and see what enters and leaves its layers."""

import functools
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import CourseError

if TYPE_CHECKING:
    import keras
    import torch


def array(tensor: Any) -> np.ndarray | None:
    """Return a tensor of either framework as an array; None for what has no values to read."""
    import torch

    if isinstance(tensor, torch.Tensor):
        if tensor.is_nested or tensor.is_sparse:
            return None
        return tensor.detach().cpu().numpy().copy()  # layers that work in place write into it
    try:
        return np.asarray(tensor.numpy())
    except (AttributeError, NotImplementedError, TypeError):
        return None


def first(args: tuple, options: dict) -> Any:
    """Return the first thing that a layer was called with."""
    return next(iter([*args, *options.values()]), None)


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


def run_torch(
    module: "torch.nn.Module",
    units: Iterable[tuple[str, "torch.nn.Module"]],
    inputs: Callable[["torch.nn.Module"], Any],
    see: Callable,
    seed: int = 0,
) -> Any:
    """Call a PyTorch model in evaluation mode: `see(path, unit, entered, left)` at each layer.

    What `see` returns goes on in the place of what left the layer. Modes are put back. Raises
    CourseError where the model raises.
    """
    import torch

    inside = []

    def enter(path: str, unit: Any, args: tuple) -> None:
        inside.append(path)

    def hook(path: str, unit: Any, args: tuple, options: dict, output: Any) -> Any:
        inside.clear()
        return see(path, unit, first(args, options), output)

    fast = torch.backends.mha.get_fastpath_enabled()
    handles = []
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
            return inputs(module)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for handle in handles:
            handle.remove()


def run_keras(
    model: "keras.Layer", units: Iterable["keras.Layer"], inputs: Any, see: Callable
) -> Any:
    """Call a Keras model in evaluation mode: `see(layer, entered, left)` at each layer.

    What `see` returns goes on in the place of what left the layer. Raises CourseError where the
    model raises.
    """
    import tensorflow as tf

    def watched(layer: Any, call: Callable) -> Callable:
        @functools.wraps(call)
        def wrapper(*args: Any, **options: Any) -> Any:
            return see(layer, first(args, options), call(*args, **options))

        return wrapper

    eagerly = tf.config.functions_run_eagerly()
    wrapped = []
    try:
        tf.config.run_functions_eagerly(True)
        for layer in units:
            layer.__dict__["call"] = watched(layer, layer.call)
            wrapped.append(layer)
        with _told("Keras", []):
            return model(inputs, training=False)
    finally:
        for layer in wrapped:
            del layer.__dict__["call"]
        tf.config.run_functions_eagerly(eagerly)


@contextmanager
def _told(framework: str, inside: list[str]) -> Any:
    try:
        yield
    except CourseError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        place = f" at layer {inside[-1]!r}" if inside else ""
        raise CourseError(
            f"cannot run the {framework} model on a batch{place}: {type(error).__name__}: "
            f"{lines[0][:200]}; pass a batch as the source takes it, example=…"
        ) from error


def answers(output: Any) -> list[np.ndarray]:
    """List the tensors that a model answers with; a dict's in the order of its keys."""
    if isinstance(output, dict):
        return [one for key in sorted(output, key=str) for one in answers(output[key])]
    if isinstance(output, list | tuple):
        return [one for each in output for one in answers(each)]
    found = array(output) if output is not None else None
    return [] if found is None else [found]
