"""What a provisioner and the preload say to each other, on a Unix socket in a private folder.

    provisioner -> preload   one JSON line, with the kernel's standard output and error attached
    preload -> provisioner   {"pid": ...} or {"error": ...}, and at the kernel's end {"exit": ...}
    kernel -> provisioner    {"ready": true}, once it listens

The connection stays open as a lifeline: a kernel whose provisioner is gone ends itself.
"""

import hashlib
import json
import os
import socket
import stat
import struct
import sys
from pathlib import Path

NAME = "course-warm"

MODULES = [
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "tornado.queues",
    "sqlite3",
    "numpy",
    "matplotlib.figure",
    "matplotlib.font_manager",
    "matplotlib.backends.backend_agg",
    "PIL.Image",
    "sklearn.datasets",
    "sklearn.linear_model",
    "torch",
    "torch.utils.data",
    "tensorflow",
    "keras",
]

# What an interpreter or an import looks at: kernels that differ in it need a preload of their own.
READ_AT_IMPORT = ("PYTHON", "LD_", "MPL", "OMP_", "MKL_", "OPENBLAS_", "TF_", "XLA_", "KERAS_")

READ_AT_IMPORT += ("TORCH", "PYTORCH_", "CUDA_", "NPY_", "ONEDNN_", "ATEN_")

START_SECONDS = 120

LONGEST_SOCKET_PATH = 100


class Unavailable(Exception):
    """Why there is no warm kernel this time, in one line."""


def folder() -> Path:
    """Return the private folder of the socket; raises Unavailable where others could reach it."""
    import platformdirs

    place = Path(platformdirs.user_data_dir("pytorch-tensorflow-course", False)) / "kernels"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = place.lstat()
    except OSError as error:
        raise Unavailable(f"{place} cannot be used ({error.strerror})") from error
    private = stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o700
    if status.st_uid != os.getuid() or not private:
        raise Unavailable(f"{place} is not private: chmod 700 it, or remove it")
    return place


def address_of(flags: list[str], env: dict[str, str]) -> Path:
    """Name the socket after all that the preloaded imports depend on."""
    import site

    installed = [os.stat(path).st_mtime_ns for path in site.getsitepackages()]
    seen = {key: value for key, value in env.items() if key.startswith(READ_AT_IMPORT)}
    depends = [sys.executable, flags, installed, sorted(seen.items()), MODULES]
    address = folder() / hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:16]
    if len(str(address)) > LONGEST_SOCKET_PATH:
        raise Unavailable(f"the path {address} is too long for a socket")
    return address


def connect(address: Path) -> socket.socket | None:
    """Connect to a preload of this very user; None where nobody answers."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(START_SECONDS)
    try:
        connection.connect(str(address))
    except OSError:
        connection.close()
        return None
    if peer(connection) != os.getuid():
        connection.close()
        raise Unavailable(f"{address} belongs to another user")
    return connection


def peer(connection: socket.socket) -> int:
    """Return the user at the other end of a connection."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return struct.unpack("3i", credentials)[1]
