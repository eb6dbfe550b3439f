"""The doctor's table: true on this machine, and each fault a row with what mends it."""

import json
import os
import re
import subprocess
import sys

import pytest

from course_utils import ROOT, kernels
from course_utils.machine import doctor, frameworks, table


def run(*options, code="from course_utils.cli import main; main()"):
    command = [sys.executable, "-c", code, "doctor", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.heavy
def test_this_machine_is_ready():
    result = run("--json")
    content = json.loads(result.stdout)
    failing = [row for row in content["rows"] if row["status"] == "fail"]
    assert (result.returncode, content["ready"], failing) == (0, True, [])
    rows = {row["name"]: row["detail"] for row in content["rows"]}
    assert "multiplies matrices; devices: cpu" in rows["PyTorch"]
    assert "multiplies matrices; devices: CPU:0" in rows["TensorFlow"]
    assert rows["stock kernel"] == "starts and computes"
    if kernels.environment():
        assert rows["warm kernel"] == "starts and computes"
    assert {"Python", "packages", "memory", "disk", "Node.js", "C++ compiler"} < set(rows)
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("missing", "title"),
    [pytest.param("torch", "PyTorch", marks=pytest.mark.heavy), ("tensorflow", "TensorFlow")],
)
def test_a_broken_framework_is_a_row_and_the_others_stay(missing, title):
    code = (
        "from course_utils.machine import doctor\n"
        "doctor._kernels = doctor._notebooks = list\n"
        "from course_utils.machine import frameworks\n"
        f"frameworks.MATMUL[{missing!r}] = 'raise ImportError(\"no such thing\")'\n"
        "from course_utils.cli import main; main()"
    )
    result = run(code=code)
    assert result.returncode == 1
    assert f"{title}" in result.stdout
    assert "FAILS" in result.stdout
    assert "make lab" in result.stdout
    assert result.stdout.count("multiplies matrices") == 1
    assert "not ready yet" in result.stdout


def test_a_package_off_its_pin_or_missing_fails_with_what_mends_it(monkeypatch):
    pins = doctor.pins() | {"numpy": "1.0"}
    monkeypatch.setattr(doctor, "pins", lambda: pins)
    named = doctor.direct_dependencies()
    monkeypatch.setattr(doctor, "direct_dependencies", lambda: [*named, "no-such-package"])
    pins["no-such-package"] = "3.0"
    first, *failing = doctor._packages()
    assert first.detail.startswith(f"{len(named) - 1} at the versions")
    assert [(row.name, row.status, row.mend) for row in failing] == [
        ("numpy", "fail", "make lab"),
        ("no-such-package", "fail", "make lab"),
    ]


def test_little_memory_and_disk_fail(monkeypatch):
    monkeypatch.setattr(doctor, "GIGABYTES_OF_MEMORY", 1e6)
    monkeypatch.setattr(doctor, "GIGABYTES_OF_DISK", 1e6)
    rows = {row.name: row for row in doctor._resources()}
    for name in ("memory", "disk"):
        assert rows[name].status == "fail"
        assert rows[name].mend


def test_what_is_optional_is_a_note_with_its_purpose(monkeypatch):
    monkeypatch.setenv("PATH", "")
    rows = doctor._optional()
    assert table.ready(rows)
    assert all(row.status == "note" and "only needed for" in row.detail for row in rows)


@pytest.mark.parametrize(
    ("lines", "good", "status", "mend"),
    [
        (["a: current", "b: edited"], True, "ok", ""),
        (["a: stale"], False, "fail", "course exercises"),
    ],
)
def test_own_work_is_no_fault_and_stale_exercises_are(monkeypatch, lines, good, status, mend):
    monkeypatch.setattr(doctor.exercises, "write_exercises", lambda check: (lines, good))
    row = doctor._notebooks()[0]
    assert (row.status, row.mend) == (status, mend)
    if good:
        assert row.detail == "current, 1 with your own work"


def test_every_failing_row_has_a_mend():
    rows = [table.Row("x", "fail", "broken", "do this")]
    assert "do this" in table.as_text(rows)
    assert "what mends it" not in table.as_text([table.Row("x", "ok", "fine")])


NVIDIA_SMI = """#!/bin/sh
echo "580.0, Pretended Card, 81559 MiB"
"""


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform == "win32", reason="the pretended driver is a shell script")
def test_a_card_that_the_driver_shows_and_no_framework_sees_is_a_row_each(monkeypatch, tmp_path):
    """The driver is pretended; why a framework sees nothing is what it really says here."""
    (tmp_path / "nvidia-smi").write_text(NVIDIA_SMI)
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    rows = {row.name: row for row in frameworks.look()}
    assert rows["graphics card"].detail == "Pretended Card, 81559 MiB, driver 580.0"
    for title in ("PyTorch", "TensorFlow"):
        row = rows[f"{title}'s card"]
        assert row.status == "note"
        assert re.search(r"built for processors|CUDA_VISIBLE_DEVICES is ''", row.detail)
        assert row.detail.endswith(row.mend)
    assert table.ready(list(rows.values()))


def test_without_a_driver_there_is_one_row_on_cards(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [row.name for row in frameworks._cards({})] == ["graphics card"]


NO_LIBRARIES = """\
2026-11-27 10:00:00.000001: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on.
W0000 00:00:1 7 gpu_device.cc:2342] Cannot dlopen some GPU libraries. Please make sure the missing
"""
OLD_DRIVER = """\
/lib/torch/cuda/__init__.py:180: UserWarning: CUDA initialization: The NVIDIA driver is too old
  return torch._C._cuda_getDeviceCount() > 0
"""


@pytest.mark.parametrize(
    ("built", "log", "visible", "why", "mend"),
    [
        (False, OLD_DRIVER, "", "built for processors", "make lab CARDS=1"),
        (True, NO_LIBRARIES, "", "CUDA_VISIBLE_DEVICES is ''", "unset it"),
        (True, NO_LIBRARIES, None, "Cannot dlopen some GPU libraries", "make lab CARDS=1"),
        (True, OLD_DRIVER, None, "driver is too old", "a newer driver"),
        (True, "", None, "it does not say why", "a newer driver"),
    ],
)
def test_why_a_card_is_not_seen(built, log, visible, why, mend):
    said = frameworks.why_unseen("PyTorch", frameworks.Told([], built, log), visible)
    assert why in said[0]
    assert mend in said[1]


def test_a_card_that_is_seen_is_named(monkeypatch):
    shown = {"name": "Pretended Card", "memory.total": "8 MiB", "driver_version": "1"}
    monkeypatch.setattr(frameworks, "driver", lambda: shown)
    rows = frameworks._cards({"torch": frameworks.Told(["cuda:0 (Pretended Card)"], True, "")})
    assert [row[:3] for row in rows] == [
        ("graphics card", "ok", "Pretended Card, 8 MiB, driver 1"),
        ("PyTorch's card", "ok", "cuda:0 (Pretended Card)"),
    ]
