"""Train alike in both frameworks: aligned optimisers, and how far two runs part."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import CourseError

if TYPE_CHECKING:
    import torch


def sgd_like_keras(
    parameters: Iterable["torch.Tensor"], learning_rate: float = 0.01, momentum: float = 0.0
) -> "torch.optim.SGD":
    """Make a torch.optim.SGD that steps as `keras.optimizers.SGD` does, to the last bits.

    Keras rounds its learning rate to `keras.config.floatx()` and its momentum to float32.
    """
    import torch

    return torch.optim.SGD(parameters, lr=_floatx(learning_rate), momentum=_float32(momentum))


def adam_like_keras(
    parameters: Iterable["torch.Tensor"],
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> "torch.optim.Adam":
    """Make a torch.optim.Adam that steps as `keras.optimizers.Adam` does, to the last bits.

    Keras adds epsilon before the bias correction (the "epsilon hat" of Kingma and Ba 2015, section
    2) and PyTorch after it, so PyTorch's epsilon at step t must be epsilon / sqrt(1 - beta_2**t).
    Keras rounds its learning rate to `keras.config.floatx()`, and the betas to float32 in the bias
    correction alone; the learning rate of each step carries the difference.
    """
    import torch

    def correction(t: int, beta_1: float, beta_2: float) -> float:
        return np.sqrt(1 - beta_2**t) / (1 - beta_1**t)

    class AdamLikeKeras(torch.optim.Adam):
        t = 0

        def step(self, closure: Any = None) -> Any:
            self.t += 1
            rounded = correction(self.t, _float32(beta_1), _float32(beta_2))
            for group in self.param_groups:
                group["eps"] = epsilon / np.sqrt(1 - beta_2**self.t)
                group["lr"] = rate * rounded / correction(self.t, beta_1, beta_2)
            return super().step(closure)

    rate = _floatx(learning_rate)
    return AdamLikeKeras(parameters, lr=rate, betas=(beta_1, beta_2))


def gap(values_torch: Any, values_tf: Any) -> float:
    """Return the largest absolute difference between two sequences of numbers of the same length.

    Raises CourseError where the shapes differ or a number is not finite.
    """
    first, second = (np.asarray(values, dtype="float64") for values in (values_torch, values_tf))
    if first.shape != second.shape:
        raise CourseError(f"cannot compare shapes {first.shape} and {second.shape}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise CourseError("cannot compare: some of the numbers are not finite")
    return float(np.max(np.abs(first - second), initial=0.0))


def _float32(value: float) -> float:
    return float(np.float32(value))


def _floatx(value: float) -> float:
    import keras

    return float(np.dtype(keras.config.floatx()).type(value))
