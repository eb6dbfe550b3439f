"""What this machine has to compute on, in both frameworks' own names; pick one; memory in use.

A framework that is not installed has no devices. Looking starts no device, so that TensorFlow's
can still be configured; `memory_in_use` alone asks cards that are at work already. `recorded` tells
what a graphics card of another machine did.
"""

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from course_utils import ROOT, CourseError

if TYPE_CHECKING:
    import torch


RECORD = Path(__file__).with_name("recorded_card.json")
OWN_RECORD = ROOT / "build/card.json"
"""Where `course card` writes what the card of this machine does."""


class Device(NamedTuple):
    """One device by the name its framework gives it; memory in GB, or None where it is not told."""

    framework: str
    name: str
    kind: str
    memory: float | None


class Recorded(NamedTuple):
    """What a card did elsewhere: where, what each experiment found, and why others did not run."""

    label: str
    found: dict[str, Any]
    missing: dict[str, str]


def recorded(path: Path | None = None) -> Recorded:
    """Return what `course card` recorded on a machine with a graphics card: nothing is run here.

    Without a path it is the record of this machine's own card, if PyTorch sees one and all that the
    lessons read was recorded, else the course's. Raises CourseError where the file is missing or is
    no such record.
    """
    if path:
        return _read(path, "not run here")
    ours = _read(RECORD, "not run here")
    if OWN_RECORD.exists() and len(found_torch()) > 1:
        own = _read(OWN_RECORD, "on this machine")
        if own.found.keys() >= ours.found.keys():
            return own
    return ours


def _read(path: Path, where: str) -> Recorded:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        results = record["results"].items()
        found = {name: of["found"] for name, of in results if of["status"] == "ok"}
        missing = {name: of["why"] for name, of in results if of["status"] != "ok"}
        about = found["pytorch"]
        versions = f"PyTorch {about['torch']}, driver {record['driver']['driver_version']}"
        label = f"recorded on {record['date']}, {about['card']}, {versions}; {where}"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseError(
            f"{path.name} is no record of a card ({type(error).__name__}): restore it by git, or "
            "make one by `course card`"
        ) from error
    return Recorded(label, found, missing)


def found() -> list[Device]:
    """List the devices that this machine has for both frameworks, processors first."""
    return [*found_torch(), *found_tf()]


def found_torch() -> list[Device]:
    """List PyTorch's devices; "meta", which holds no numbers, is left out."""
    if not importlib.util.find_spec("torch"):
        return []
    import torch

    rows = [Device("PyTorch", "cpu", "processor", _memory_of_processor())]
    for kind in ("cuda", "xpu"):
        module = getattr(torch, kind)
        for n in range(module.device_count() if module.is_available() else 0):
            card = module.get_device_properties(n)
            rows.append(Device("PyTorch", f"{kind}:{n}", card.name, _gigabytes(card.total_memory)))
    if torch.backends.mps.is_available():
        memory = _gigabytes(torch.mps.recommended_max_memory())
        rows.append(Device("PyTorch", "mps", "Apple GPU", memory))
    return rows


def found_tf() -> list[Device]:
    """List TensorFlow's physical devices, those that are hidden from the program included."""
    if not importlib.util.find_spec("tensorflow"):
        return []
    import tensorflow as tf

    rows = []
    for device in tf.config.list_physical_devices():
        name = device.name.removeprefix("/physical_device:")
        if device.device_type == "CPU":
            rows.append(Device("TensorFlow", name, "processor", _memory_of_processor()))
            continue
        details = tf.config.experimental.get_device_details(device)
        rows.append(Device("TensorFlow", name, details.get("device_name", "card"), None))
    return rows


def pick_torch() -> "torch.device":
    """Return the best device that PyTorch has here: cuda, else mps, else xpu, else cpu."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda", 0)
    if torch.backends.mps.is_available():
        return torch.device("mps")
    if torch.xpu.is_available():
        return torch.device("xpu", 0)
    return torch.device("cpu")


def pick_tf() -> str:
    """Return the name of the best device that TensorFlow may use here: GPU:0, else CPU:0."""
    import tensorflow as tf

    return "GPU:0" if tf.config.get_visible_devices("GPU") else "CPU:0"


def memory_in_use() -> dict[str, float]:
    """Return the MB that this process holds, and what tensors take on each card at work.

    Only frameworks that are imported already are asked. Asking TensorFlow for a card's memory
    starts its devices: they cannot be configured afterwards.
    """
    import psutil

    used = {"process": psutil.Process().memory_info().rss / 1e6}
    if torch := sys.modules.get("torch"):
        for device in found_torch()[1:]:
            used[device.name] = _in_use_torch(torch, device.name) / 1e6
    if tf := sys.modules.get("tensorflow"):
        for n in range(len(tf.config.get_visible_devices("GPU"))):
            memory = tf.config.experimental.get_memory_info(f"GPU:{n}")
            used[f"GPU:{n}"] = memory["current"] / 1e6
    return used


def _in_use_torch(torch: Any, name: str) -> int:
    if name == "mps":
        return torch.mps.current_allocated_memory()
    kind, number = name.split(":")
    return getattr(torch, kind).memory_allocated(int(number))


def _memory_of_processor() -> float:
    import psutil

    return _gigabytes(psutil.virtual_memory().total)


def _gigabytes(count: int) -> float:
    return round(count / 1e9, 1)
