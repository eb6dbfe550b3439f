"""Run a program as on another processor: what chooses code by the processor is held back.

NumPy, OpenBLAS, MKL, oneDNN, PyTorch and XLA look for a variable each; every child inherits them.
"""

import os
import platform
from typing import NoReturn

from course_utils import ROOT, CourseError

PROCESSORS = {
    "generic": {
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "Nehalem",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "XLA_FLAGS": "--xla_cpu_max_isa=SSE4_2",
    },
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        # By default TensorFlow uses oneDNN only where a processor has more than AVX2 for it.
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
    },
}


def environment(name: str) -> dict[str, str]:
    """Return the variables that make this processor compute like another one.

    Raises CourseError for a name that is not known, and where there is nothing to hold back.
    """
    if name not in PROCESSORS:
        raise CourseError(f"no processor {name!r} is known: {' or '.join(PROCESSORS)}")
    if platform.machine().lower() not in ("x86_64", "amd64"):
        raise CourseError(f"an x86 processor cannot be simulated on {platform.machine()}")
    import numpy as np

    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    newer = [feature for feature in found if "512" in feature or feature == "X86_V4"]
    held_back = found if name == "generic" else newer
    return PROCESSORS[name] | {
        "NPY_DISABLE_CPU_FEATURES": " ".join(held_back),
        # Programs that PyTorch compiled for this processor are not for the other.
        "TORCHINDUCTOR_CACHE_DIR": str(ROOT / "build" / f"compiled_{name}"),
    }


def become(command: list[str], name: str) -> NoReturn:
    """Become another program, which computes as on this processor; raises as `environment`."""
    variables = environment(name)
    try:
        os.execvpe(command[0], command, os.environ | variables)
    except OSError as error:
        raise CourseError(f"{command[0]} cannot be run: {error.strerror}") from error
