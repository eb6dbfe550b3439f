"""TensorFlow on a card: whether it sees one, placement, memory by effect, number types."""

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from course_utils import timing
from course_utils.machine.card.measures import Found, answer, scaled, summary

MEGABYTES = 2048
"""The limit that is tried: half of it must be granted, and twice as much refused."""


def sees(device: str) -> Found:
    """Say what TensorFlow is, what it sees, and what its log says where it sees no card."""
    if not importlib.util.find_spec("tensorflow"):
        return {"cards": 0, "why": "TensorFlow is not installed"}
    script = (
        "import json, tensorflow as tf\n"
        "cards = len(tf.config.list_physical_devices('GPU'))\n"
        "build = dict(tf.sysconfig.get_build_info())\n"
        "print(json.dumps({'cards': cards, 'tensorflow': tf.__version__, 'build': build}))"
    )
    child = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "0"},
        capture_output=True,
        text=True,
    )
    if child.returncode:
        return {"cards": 0, "why": (child.stderr.strip().splitlines() or ["no message"])[-1]}
    import json

    found = json.loads(child.stdout.splitlines()[-1])
    if not found["cards"]:
        about = [line for line in child.stderr.splitlines() if "cuda" in line or "GPU" in line]
        found["why"] = "; ".join(dict.fromkeys(line.split("] ")[-1] for line in about))[:600]
    return found


def named(device: str) -> str:
    """Return TensorFlow's name of the device."""
    return {"cuda": "GPU:0", "cpu": "CPU:0"}[device]


def place(tensor: Any) -> str:
    """Return the short name of the device that a tensor is on."""
    return tensor.device.split("device:")[-1]


def placement(device: str) -> Found:
    """Ask where TensorFlow puts things, under each policy for operands that are apart."""
    import tensorflow as tf

    cpu, *_ = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

    def on(name: str) -> Callable[[], str]:
        def make() -> str:
            with tf.device(name):
                return place(tf.ones(3))

        return make

    found: Found = {"unplaced": place(tf.ones(3))}
    found["said: the processor"] = on("CPU:1")()
    found["said: the device"] = on(named(device))()
    with tf.device("CPU:1"):
        here = tf.ones((4, 4))
    for policy in ("silent", "warn", "explicit"):
        tf.config.experimental.set_device_policy(policy)

        def apart() -> str:
            with tf.device(named(device)):
                return place(here @ here)

        found[f"operands elsewhere, policy {policy}"] = answer(apart)
    tf.config.experimental.set_device_policy(None)
    for soft in (True, False):
        tf.config.set_soft_device_placement(soft)
        for name in ("GPU:9", "toaster"):
            found[f"{name}, soft placement {soft}"] = answer(on(name))
    return found


def hiding(device: str) -> Found:
    """Count the cards that TensorFlow uses with cards hidden from it, and with nothing hidden."""
    import json

    script = (
        "import json, sys, tensorflow as tf\n"
        "if sys.argv[1] == 'hide': tf.config.set_visible_devices([], 'GPU')\n"
        "print(json.dumps([len(tf.config.list_logical_devices('GPU')), tf.ones(3).device[-5:]]))"
    )
    found = {}
    for name, word, more in (
        ("nothing hidden", "no", {}),
        ("hidden by set_visible_devices", "hide", {}),
        ("hidden by the environment", "no", {"CUDA_VISIBLE_DEVICES": ""}),
    ):
        out = subprocess.check_output(
            [sys.executable, "-c", script, word], env=os.environ | more, text=True
        )
        cards, place = json.loads(out.splitlines()[-1])
        found[name] = {"cards": cards, "a tensor is on": place}
    return found


def free() -> float | None:
    """Return the MB that the driver says are free on card 0, or None without a driver."""
    command = ["nvidia-smi", "--query-gpu=memory.free", "--format=csv,noheader,nounits", "--id=0"]
    try:
        return float(subprocess.check_output(command, text=True))
    except (OSError, subprocess.CalledProcessError):
        return None


def _memory(device: str, configure: Callable[[Any, Any], None]) -> Found:
    """Say how much of the card goes at the first operation, and what is granted after it."""
    import tensorflow as tf

    cards = tf.config.list_physical_devices(named(device)[:3])
    most = scaled(device, MEGABYTES, 16)
    before = free()
    configure(tf, cards[0])
    with tf.device(named(device)):
        first = tf.ones(3)
        after = free()

        def take(megabytes: int) -> str:
            return f"{int(tf.size(tf.zeros((megabytes, 2**18))))} numbers"

        return {
            "a first tensor is on": place(first),
            "free in MB, before and after": [before, after],
            "half of the limit": answer(lambda: take(most // 2)),
            "twice the limit": answer(lambda: take(most * 2)),
            "free in MB, at the end": free(),
        }


def memory_as_it_comes(device: str) -> Found:
    """Say nothing about memory: the control of the two that follow."""
    return _memory(device, lambda tf, card: None)


def memory_growing(device: str) -> Found:
    """Ask for memory that grows."""
    return _memory(device, lambda tf, card: tf.config.experimental.set_memory_growth(card, True))


def memory_limited(device: str) -> Found:
    """Set a limit."""
    return _memory(device, limit)


def limit(tf: Any, card: Any) -> None:
    """Limit what TensorFlow may take of a device to MEGABYTES, before its first operation."""
    most = tf.config.LogicalDeviceConfiguration(memory_limit=MEGABYTES)
    tf.config.set_logical_device_configuration(card, [most])


def number_types(device: str) -> Found:
    """Multiply with TF32 allowed and forbidden, and in bfloat16: error against float64, time."""
    import numpy as np
    import tensorflow as tf

    for card in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(card, True)
    size = scaled(device, 4096, 256)
    generator = np.random.default_rng(0)
    data = [generator.normal(size=(size, size)).astype("float32") for _ in range(2)]
    found: Found = {
        "size": size,
        "TF32 unless told": tf.config.experimental.tensor_float_32_execution_enabled(),
    }
    with tf.device(named(device)):
        left, right = map(tf.constant, data)
        reference = tf.cast(left, tf.float64) @ tf.cast(right, tf.float64)

        def product(allowed: bool, dtype: str) -> Callable[[], Any]:
            a, b = tf.cast(left, dtype), tf.cast(right, dtype)

            def run() -> Any:
                tf.config.experimental.enable_tensor_float_32_execution(allowed)
                return a @ b

            return run

        plain = product(False, "float32")
        for name, run in {
            "float32": plain,
            "TF32": product(True, "float32"),
            "bfloat16": product(False, "bfloat16"),
        }.items():
            gap = tf.norm(tf.cast(run(), tf.float64) - reference) / tf.norm(reference)
            race = timing.compare(seconds(plain), seconds(run), 7)
            found[name] = {"error": float(gap), "float32 / this": summary(race)}
    return found


def seconds(function: Callable[[], Any], times: int = 10) -> Callable[[], float]:
    """Return a function that times calls; a number read back is what waits for a card."""

    def read(result: Any) -> None:
        while len(result.shape):
            result = result[0]
        float(result)

    def run() -> float:
        read(function())
        start = time.perf_counter()
        for _ in range(times):
            result = function()
        read(result)
        return (time.perf_counter() - start) / times

    return run
