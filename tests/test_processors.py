"""Other processors: what is held back, and that kernels and children get to know of it."""

import json
import platform
import subprocess
import sys

import pytest

from course_utils import CourseError
from course_utils.authoring import processors
from course_utils.kernels import protocol

PROBE = """
import json, numpy as np, torch
from threadpoolctl import threadpool_info
chosen = np.lib.introspect.opt_func_info(func_name="^exp$", signature="float32")
print(json.dumps({
    "numpy": chosen["exp"]["ff"]["current"],
    "torch": torch.backends.cpu.get_cpu_capability(),
    "openblas": [pool.get("architecture") for pool in threadpool_info()],
}))
"""

pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="only an x86 processor is simulated"
)


def test_each_library_computes_as_on_the_other_processor():
    code = "from course_utils.cli import main; main()"
    command = [sys.executable, "-c", code, "as-processor", "generic"]
    out = subprocess.check_output([*command, sys.executable, "-c", PROBE], text=True)
    found = json.loads(out)
    assert found["numpy"].startswith("baseline")
    assert found["torch"] == "DEFAULT"
    assert "Nehalem" in found["openblas"]


def test_with_avx2_nothing_newer_is_left():
    held_back = processors.environment("avx2")["NPY_DISABLE_CPU_FEATURES"].split()
    assert set(held_back) < set(
        processors.environment("generic")["NPY_DISABLE_CPU_FEATURES"].split()
    )
    assert not [name for name in held_back if name in ("X86_V3", "AVX2")]


def test_what_one_processor_compiles_no_other_runs():
    folders = {
        processors.environment(name)["TORCHINDUCTOR_CACHE_DIR"] for name in ("avx2", "generic")
    }
    assert len(folders) == 2


def test_what_is_not_there_is_said_in_one_line(monkeypatch):
    with pytest.raises(CourseError, match="no processor 'arm' is known: generic or avx2"):
        processors.environment("arm")
    with pytest.raises(CourseError, match="nonesuch cannot be run"):
        processors.become(["nonesuch"], "avx2")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(CourseError, match="cannot be simulated on aarch64"):
        processors.environment("generic")


def test_kernels_of_another_processor_have_a_preload_of_their_own():
    own = protocol.address_of([], {}, "/")
    others = [{name: value} for name, value in processors.environment("generic").items()]
    assert all(protocol.address_of([], other, "/") != own for other in others)
