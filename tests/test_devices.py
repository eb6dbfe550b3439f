"""What the machine has: as it is, with cards hidden or pretended, and with a framework missing."""

import importlib.util
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest
from jupyter_client.manager import start_new_kernel

from course_utils import CourseError, devices
from course_utils.machine.card import running

HIDDEN = """
import json
import torch
import tensorflow as tf
from course_utils import CourseError, devices
from course_utils.machine.card import running
found = devices.found()
picked = [str(devices.pick_torch()), devices.pick_tf()]
# Looking has started no device: TensorFlow's can still be configured.
cpu, = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
layer = torch.nn.Linear(3, 1)
loss = (layer(torch.ones(2, 3)) ** 2).mean()
loss.backward()
print(json.dumps({
    "found": found,
    "picked": picked,
    "cuda": [torch.cuda.is_available(), len(tf.config.list_physical_devices("GPU"))],
    "trains": bool(layer.weight.grad.abs().sum() > 0),
    "logical": len(tf.config.list_logical_devices("CPU")),
    "memory": sorted(devices.memory_in_use()),
}))
"""


@pytest.mark.heavy
def test_without_a_graphics_card_there_are_two_processors_and_both_frameworks_run():
    """No card, and to be sure of it: those that CUDA would show are hidden from a new process."""
    result = subprocess.run(
        [sys.executable, "-c", HIDDEN],
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    seen = json.loads(result.stdout)
    # Apple's and Intel's cards are not CUDA's to hide.
    names = {name for _, name, _, _ in seen["found"]} - {"mps", "xpu:0"}
    assert names == {"cpu", "CPU:0"}
    assert seen["cuda"] == [False, 0]
    assert seen["picked"][0] in ("cpu", "mps", "xpu:0")
    assert seen["picked"][1] == "CPU:0"
    assert seen["trains"]
    assert seen["logical"] == 2
    assert "process" in seen["memory"]


# The driver is pretended where TensorFlow asks it; what follows is TensorFlow's own.
BEGIN = """
import json, os, pathlib, subprocess, sys
import torch
import tensorflow as tf
from tensorflow.python import pywrap_tfe
names = [b"/physical_device:CPU:0", b"/physical_device:GPU:0"]
pywrap_tfe.TF_ListPhysicalDevices = lambda: names
from course_utils import lesson
lesson.begin({cards})
child = "import os; print(os.environ['CUDA_VISIBLE_DEVICES'])"
pathlib.Path({path!r}).write_text(json.dumps(dict(
    tf=len(tf.config.get_visible_devices("GPU")),
    torch=torch.cuda._parse_visible_devices(),
    child=subprocess.check_output([sys.executable, "-c", child], text=True).strip(),
    started=[torch.cuda.is_initialized(), tf.config.threading.get_intra_op_parallelism_threads()],
)))
"""


def in_a_new_python(code):
    subprocess.run([sys.executable, "-c", code], timeout=300, check=True)


def in_a_warm_kernel(code):
    manager, client = start_new_kernel()
    try:
        assert client.execute_interactive(code, timeout=300)["content"]["status"] == "ok"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.heavy
@pytest.mark.parametrize("run", [in_a_new_python, in_a_warm_kernel])
@pytest.mark.parametrize(
    ("cards", "tf", "torch", "child"), [("", 0, [], ""), ("cards=True", 1, [0, 1], "0,1")]
)
def test_a_lesson_sees_cards_only_if_it_asks(run, cards, tf, torch, child, monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    path = tmp_path / "seen.json"
    run(BEGIN.format(cards=cards, path=str(path)))
    seen = json.loads(path.read_text())
    assert seen == {"tf": tf, "torch": torch, "child": child, "started": [False, 1]}


def test_the_table_of_this_machine():
    rows = devices.found()
    assert rows == [*devices.found_torch(), *devices.found_tf()]
    total = psutil.virtual_memory().total / 1e9
    for framework, name in (("PyTorch", "cpu"), ("TensorFlow", "CPU:0")):
        (row,) = (row for row in rows if row[:2] == (framework, name))
        assert row.kind == "processor"
        assert row.memory == pytest.approx(total, abs=0.1)


def test_what_is_picked_works():
    import tensorflow as tf
    import torch

    assert torch.ones(2, device=devices.pick_torch()).sum() == 2
    with tf.device(devices.pick_tf()):
        assert tf.ones(2).device.endswith(devices.pick_tf())


def test_memory_of_the_process_grows_with_what_it_holds():
    before = devices.memory_in_use()["process"]
    held = bytearray(os.urandom(1)) * 200_000_000
    grown = devices.memory_in_use()["process"] - before
    assert 150 < grown < 250
    assert len(held) == 200_000_000


@pytest.mark.parametrize(("missing", "left"), [("torch", "TensorFlow"), ("tensorflow", "PyTorch")])
def test_a_framework_that_is_not_installed_has_no_devices(missing, left, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name != missing and find(name))
    assert {row.framework for row in devices.found()} == {left}


def card(name, gigabytes):
    return SimpleNamespace(name=name, total_memory=gigabytes * 1e9)


def test_pretended_cards_of_pytorch_are_listed_picked_and_asked(monkeypatch):
    """The branches that a machine without a card never takes; no card computes anything here."""
    import torch

    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for kind, count in (("cuda", 2), ("xpu", 1)):
        module = getattr(torch, kind)
        monkeypatch.setattr(module, "is_available", lambda: True)
        monkeypatch.setattr(module, "device_count", lambda count=count: count)
        monkeypatch.setattr(module, "get_device_properties", lambda n: card(f"card {n}", 8 + n))
        monkeypatch.setattr(module, "memory_allocated", lambda n: n * 1e6)
    rows = devices.found_torch()[1:]
    assert [row[1:] for row in rows] == [
        ("cuda:0", "card 0", 8.0),
        ("cuda:1", "card 1", 9.0),
        ("xpu:0", "card 0", 8.0),
    ]
    assert devices.pick_torch() == torch.device("cuda:0")
    used = devices.memory_in_use()
    assert [used[name] for name in ("cuda:0", "cuda:1", "xpu:0")] == [0, 1, 0]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert devices.pick_torch() == torch.device("xpu:0")


def test_a_pretended_apple_gpu(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 5e9)
    monkeypatch.setattr(torch.mps, "current_allocated_memory", lambda: 3e6)
    assert devices.found_torch()[-1] == ("PyTorch", "mps", "Apple GPU", 5.0)
    assert devices.pick_torch() == torch.device("mps")
    assert devices.memory_in_use()["mps"] == 3


def test_pretended_cards_of_tensorflow(monkeypatch):
    import tensorflow as tf

    cards = [tf.config.PhysicalDevice(f"/physical_device:GPU:{n}", "GPU") for n in range(2)]
    details = iter([{"device_name": "card 0"}, {}])
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda: cards)
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _: next(details))
    assert [row[1:3] for row in devices.found_tf()] == [("GPU:0", "card 0"), ("GPU:1", "card")]
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: cards)
    monkeypatch.setattr(tf.config.experimental, "get_memory_info", lambda _: {"current": 2e6})
    assert devices.pick_tf() == "GPU:0"
    assert devices.memory_in_use()["GPU:1"] == 2


def test_the_record_of_a_card_says_where_it_was_made_and_what_did_not_run():
    record = devices.recorded()
    about = record.found["pytorch"]
    assert about["card"] in record.label
    assert about["torch"] in record.label
    assert not record.found.keys() & record.missing.keys()
    assert record.found.keys() | record.missing.keys() == running.EXPERIMENTS.keys()
    assert all(record.missing.values())


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"results": {"pytorch": {}}}', "\0", None])
def test_a_damaged_record_is_one_line(content, tmp_path):
    path = tmp_path / "card.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CourseError, match=r"^card.json is no record of a card .*course card`$"):
        devices.recorded(path)


@pytest.mark.parametrize(("cards", "whose"), [(0, "not run here"), (1, "on this machine")])
def test_a_machine_with_a_card_and_a_record_of_its_own_reads_that(
    cards, whose, monkeypatch, tmp_path
):
    own = tmp_path / "card.json"
    monkeypatch.setattr(devices, "OWN_RECORD", own)
    monkeypatch.setattr(devices, "found_torch", lambda: [None] * (1 + cards))
    assert devices.recorded().label.endswith("not run here")
    record = json.loads(devices.RECORD.read_text())
    own.write_text(json.dumps(record))
    assert devices.recorded().label.endswith(whose)
    # Cut short, it would leave a lesson without what it reads.
    del record["results"]["transfers_torch"]
    own.write_text(json.dumps(record))
    assert devices.recorded().label.endswith("not run here")
