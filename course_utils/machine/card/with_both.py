"""Both frameworks on one card, each under a cap; a tensor handed over; the same step raced."""

from collections.abc import Callable
from typing import Any

from course_utils import lesson, timing
from course_utils.machine.card.measures import Found, answer, scaled, summary
from course_utils.machine.card.with_tensorflow import MEGABYTES, free, limit, named, place, seconds


def both(device: str) -> Found:
    """Let both frameworks compute under their caps, exceed one, and hand tensors over."""
    lesson.import_triton()
    import numpy as np
    import tensorflow as tf
    import torch

    if device == "cuda":
        limit(tf, tf.config.list_physical_devices("GPU")[0])
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(MEGABYTES * 2**20 / total)
    data = np.random.default_rng(0).normal(size=(256, 256))
    with tf.device(named(device)):
        result_tf = tf.constant(data) @ tf.constant(data)
    there = torch.tensor(data, device=device)
    result_torch = there @ there
    gap = np.abs(result_tf.numpy() - result_torch.cpu().numpy()).max()
    count = scaled(device, 2 * MEGABYTES, 1) * 2**20
    found = {
        "TensorFlow computes on": place(result_tf),
        "PyTorch computes on": str(result_torch.device),
        "largest gap in float64": float(gap),
        "PyTorch, twice its cap": answer(
            lambda: torch.empty(count, dtype=torch.uint8, device=device).nbytes
        ),
        "torch.from_dlpack": answer(lambda: torch.from_dlpack(result_tf).device),
        "tf.experimental.dlpack.from_dlpack": answer(
            lambda: place(tf.experimental.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(there)))
        ),
        "free in MB": free(),
    }
    # Both in float32 proper: PyTorch comes so, and TensorFlow with TF32 on.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    found["small"] = _race(device, 64, 32)
    found["large"] = _race(device, scaled(device, 2048, 128), 512)
    return found


def _race(device: str, width: int, rows: int) -> Found:
    """Time a step of the same network in PyTorch and in a TensorFlow graph; losses must agree."""
    import numpy as np

    generator = np.random.default_rng(1)
    shapes = [(rows, width), *[(width, width)] * 3]
    data, *starts = (generator.normal(size=shape).astype("float32") for shape in shapes)
    starts = [start / width**0.5 for start in starts]
    step_torch, step_tf = _step_torch(device, data, starts), _step_tf(device, data, starts)
    losses = [[float(step()) for _ in range(3)] for step in (step_torch, step_tf)]
    race = timing.compare(seconds(step_tf, 20), seconds(step_torch, 20), 7)
    return {
        "width, rows": [width, rows],
        "largest relative gap of three losses": max(
            abs(a - b) / a for a, b in zip(*losses, strict=True)
        ),
        "TensorFlow graph / PyTorch": summary(race),
    }


def _step_torch(device: str, data: Any, starts: list[Any]) -> Callable[[], Any]:
    import torch

    weights = [torch.tensor(start, device=device, requires_grad=True) for start in starts]
    rows = torch.tensor(data, device=device)
    optimizer = torch.optim.SGD(weights, lr=0.1)

    def step() -> Any:
        hidden = rows
        for weight in weights:
            hidden = torch.relu(hidden @ weight)
        loss = hidden.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def _step_tf(device: str, data: Any, starts: list[Any]) -> Callable[[], Any]:
    import tensorflow as tf

    with tf.device(named(device)):
        weights = [tf.Variable(start) for start in starts]
        rows = tf.constant(data)

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            hidden = rows
            for weight in weights:
                hidden = tf.nn.relu(hidden @ weight)
            loss = tf.reduce_mean(tf.square(hidden))
        for weight, slope in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(0.1 * slope)
        return loss

    return step
