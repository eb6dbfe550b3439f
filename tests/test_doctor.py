"""The doctor's table: true on this machine, and each fault a row with what mends it."""

import json
import subprocess
import sys

import pytest

from course_utils import ROOT, kernels
from course_utils.machine import doctor


def run(*options, code="from course_utils.cli import main; main()"):
    command = [sys.executable, "-c", code, "doctor", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


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


@pytest.mark.parametrize(("missing", "title"), [("torch", "PyTorch"), ("tensorflow", "TensorFlow")])
def test_a_broken_framework_is_a_row_and_the_others_stay(missing, title):
    code = (
        "from course_utils.machine import doctor\n"
        "doctor._kernels = doctor._notebooks = list\n"
        f"doctor.MATMUL[{missing!r}] = 'raise ImportError(\"no such thing\")'\n"
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
    assert doctor.ready(rows)
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
    rows = [doctor.Row("x", "fail", "broken", "do this")]
    assert "do this" in doctor.as_text(rows)
    assert "what mends it" not in doctor.as_text([doctor.Row("x", "ok", "fine")])
