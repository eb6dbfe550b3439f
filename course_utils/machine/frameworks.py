"""Does each framework compute here, and does it see the graphics card that the driver shows?"""

import importlib.metadata
import json
import os
import subprocess
import sys
from typing import NamedTuple

from course_utils import SET_UP
from course_utils.machine.table import Row

TITLES = {"torch": "PyTorch", "tensorflow": "TensorFlow"}
# Each prints whether it computes rightly, its devices, and whether it was built for cards.
MATMUL = {
    "torch": (
        "import json, torch\n"
        "from course_utils import devices\n"
        "right = bool((torch.ones(64, 64) @ torch.ones(64, 64) == 64).all())\n"
        "built = bool(torch.version.cuda or torch.version.hip)\n"
        "print(json.dumps([right, devices.found_torch(), built]))"
    ),
    "tensorflow": (
        "import json, tensorflow as tf\n"
        "from course_utils import devices\n"
        "right = bool(tf.reduce_all(tf.ones((64, 64)) @ tf.ones((64, 64)) == 64))\n"
        "built = bool(tf.sysconfig.get_build_info()['is_cuda_build'])\n"
        "print(json.dumps([right, devices.found_tf(), built]))"
    ),
}
WITH_CARDS = "on Linux, `make lab CARDS=1`"


class Told(NamedTuple):
    """What a framework's own process said: its cards, whether built for any, and its log."""

    cards: list[str]
    built: bool
    log: str


def look() -> list[Row]:
    """Let each framework compute in a process of its own, so that a crash is a row of the table."""
    # TensorFlow says in its log alone why it does not see a card.
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "0"}
    children = {
        name: subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, code in MATMUL.items()
    }
    rows, told = [], {}
    for name, child in children.items():
        try:
            out, errors = child.communicate(timeout=120)
            right, found, built = json.loads(out)
        except (subprocess.TimeoutExpired, ValueError):
            child.kill()
            last = (errors.strip().splitlines() or [f"exit status {child.returncode}"])[-1]
            rows.append(Row(TITLES[name], "fail", f"cannot compute: {last}", SET_UP))
            continue
        cards = [f"{device} ({kind})" for _, device, kind, _ in found if kind != "processor"]
        names = [device for _, device, kind, _ in found if kind == "processor"]
        devices = ", ".join([*names, *cards])
        detail = f"{importlib.metadata.version(name)} multiplies matrices; devices: {devices}"
        rows.append(Row(TITLES[name], "ok" if right else "fail", detail, "" if right else SET_UP))
        told[name] = Told(cards, built, errors)
    return [*rows, *_cards(told)]


def driver() -> dict[str, str] | None:
    """Ask Nvidia's driver for its version and for the name and memory of card 0."""
    fields = "driver_version,name,memory.total"
    command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader", "--id=0"]
    try:
        values = subprocess.check_output(command, text=True, timeout=30).strip().split(", ")
        return dict(zip(fields.split(","), values, strict=True))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def _cards(told: dict[str, Told]) -> list[Row]:
    """Hold what each framework sees against what the driver shows."""
    shown = driver()
    if not shown:
        detail = "no driver of Nvidia's shows one; no lesson needs any"
        return [Row("graphics card", "note", detail)]
    detail = f"{shown['name']}, {shown['memory.total']}, driver {shown['driver_version']}"
    rows = [Row("graphics card", "ok", detail)]
    for name, one in told.items():
        title = f"{TITLES[name]}'s card"
        if one.cards:
            rows.append(Row(title, "ok", ", ".join(one.cards)))
        else:
            why, mend = why_unseen(TITLES[name], one, os.environ.get("CUDA_VISIBLE_DEVICES"))
            rows.append(Row(title, "note", f"not seen: {why}; what mends it: {mend}", mend))
    return rows


def why_unseen(title: str, told: Told, visible: str | None) -> tuple[str, str]:
    """Return why a framework does not see the card that the driver shows, and what mends it.

    `visible` is CUDA_VISIBLE_DEVICES, or None where it is not set.
    """
    if not told.built:
        return f"this {title} is built for processors", WITH_CARDS
    if visible is not None:
        return f"CUDA_VISIBLE_DEVICES is {visible!r}", "unset it"
    # The first of several lines names the cause; before it stands where in the code it was written.
    lines = [line for line in told.log.splitlines() if "CUDA" in line.upper() or "GPU" in line]
    said = lines[0].split("] ")[-1].strip()[:200] if lines else "it does not say why"
    return f"{said} (its own words)", f"a newer driver; {WITH_CARDS}"
