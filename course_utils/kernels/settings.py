"""What decides at an import, and was looked at before a warm kernel's notebook could change it."""

import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

READ_AT_IMPORT = {
    "Keras": ("KERAS_",),
    "Matplotlib": ("MATPLOTLIBRC", "MPL"),
    "NumPy": ("GOMP_", "GOTO_", "KMP_", "MKL_", "NPY_", "OMP_", "OPENBLAS_"),
    "PyTorch": ("ATEN_", "KINETO_", "PYTORCH_", "TORCH"),
    "scikit-learn": ("SCIPY_", "SKLEARN_"),
    "TensorFlow": ("DNNL_", "ONEDNN_", "TF2_", "TF_"),
}

# What begins like that, and is looked at when it is needed.
READ_LATER = ("PYTORCH_CUDA_ALLOC_CONF", "TF_CONFIG", "TF_CPU_ALLOCATOR_USE_BFC")
READ_LATER += ("TF_FORCE_GPU_ALLOW_GROWTH", "TF_GPU_ALLOCATOR", "TORCHINDUCTOR_CACHE_DIR")
READ_LATER += ("TORCH_HOME",)

TOO_LATE = (
    "Warm kernel: {} had been loaded before {} was set here, so that it may have no effect. Set it "
    "before Jupyter starts, or start Jupyter with COURSE_WARM_KERNELS=0."
)


def files() -> list[str]:
    """List the files, some of them yet to be made, that an import of these libraries reads."""
    keras = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")
    found = [Path(keras, "keras.json")]
    if matplotlib := sys.modules.get("matplotlib"):
        found += [Path(matplotlib.get_configdir(), "matplotlibrc")]
        found += [Path(matplotlib.matplotlib_fname()).absolute()]
        found += Path(matplotlib.get_cachedir()).glob("fontlist-*.json")
    return [str(path) for path in found]


def found() -> dict[str, str]:
    """Return the file of each package that has been imported."""
    specs = {n: getattr(module, "__spec__", None) for n, module in sys.modules.items()}
    names = [n for n in specs if "." not in n and n != "course_utils"]
    return {n: specs[n].origin for n in names if getattr(specs[n], "has_location", False)}


def found_here_instead(found: dict[str, str]) -> list[str]:
    """List the files in this folder, or on PYTHONPATH, that come before those found then."""
    entries = ["", *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    path = [os.path.abspath(entry) for entry in entries]
    specs = {name: PathFinder.find_spec(name, path) for name in found}
    files = {name: spec.origin for name, spec in specs.items() if spec and spec.has_location}
    if os.path.exists("matplotlibrc"):
        files["matplotlibrc"] = os.path.abspath("matplotlibrc")
    return sorted(file for name, file in files.items() if file != found.get(name))


def say_what_is_too_late(events: Any) -> None:
    """After each cell, print a line for each variable that it set too late for its library."""
    before = _read_at_import()

    def compare(*_: Any) -> None:
        now = _read_at_import()
        for key in sorted(k for k in before | now if before.get(k) != now.get(k)):
            library = next(n for n, starts in READ_AT_IMPORT.items() if key.startswith(starts))
            print(TOO_LATE.format(library, key), file=sys.stderr)
        before.update(now)

    events.register("post_run_cell", compare)


def _read_at_import() -> dict[str, str]:
    starts = sum(READ_AT_IMPORT.values(), ())
    found = {k: v for k, v in os.environ.items() if k.startswith(starts)}
    return {k: v for k, v in found.items() if k not in READ_LATER}
