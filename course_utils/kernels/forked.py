"""The fork of the preload that becomes a kernel, as `python -m ipykernel_launcher` would be."""

import ctypes
import importlib.util
import json
import logging
import multiprocessing.process
import os
import random
import select
import signal
import socket
import sys
import tempfile
import time
import types
from pathlib import Path
from typing import Any

from ipykernel import ipkernel, parentpoller
from ipykernel.kernelapp import IPKernelApp
from traitlets.log import get_logger

from course_utils.kernels import joining, settings
from course_utils.kernels.modules import Imported
from course_utils.kernels.protocol import Unavailable, peer


class ParentPollerUnix(parentpoller.ParentPollerUnix):
    """Ends the kernel with the process that asked for it, as if that were its parent."""

    def __init__(self, pidfd: int):
        super().__init__()
        self._pidfd = pidfd

    def run(self) -> None:
        """Wait."""
        select.select([self._pidfd], [], [])
        get_logger().warning("Parent appears to have exited, shutting down.")
        os._exit(1)


def become_kernel(
    connection: socket.socket,
    request: dict[str, Any],
    outputs: list[int],
    imported: Imported,
    interrupt: Any,
) -> None:
    """Turn this fork into a kernel; returns at its end."""
    try:
        kernel = _initialized(connection, request, outputs, imported, interrupt)
    except Exception as error:
        kind = "" if isinstance(error, Unavailable) else f"{type(error).__name__}: "
        reason = f"{kind}{error}".splitlines()[0]
        connection.sendall(json.dumps({"error": reason}).encode() + b"\n")
        os._exit(1)
    connection.sendall(json.dumps({"ready": True}).encode() + b"\n")
    connection.close()
    kernel.start()


def _initialized(
    connection: socket.socket,
    request: dict[str, Any],
    outputs: list[int],
    imported: Imported,
    interrupt: Any,
) -> IPKernelApp:
    os.setsid()
    signal.signal(signal.SIGINT, interrupt)
    _redirect(outputs)
    parent = os.pidfd_open(peer(connection)[0])
    os.environ.clear()
    os.environ.update(imported.environment | request["env"])
    sys.orig_argv = [sys.executable, *request["flags"], "-m", "ipykernel_launcher"]
    sys.orig_argv += request["argv"]
    _show_command(" ".join(sys.orig_argv).encode())
    if box := request.get("box"):
        os.environ.update(box["env"])
        joining.join(box["pid"], box["memory"])
    time.tzset()
    tempfile.tempdir = None
    os.chdir(request["cwd"])
    multiprocessing.process.ORIGINAL_DIR = os.getcwd()  # where a new interpreter looks for modules
    for name in imported.ours:
        del sys.modules[name]
    if others := settings.found_here_instead(imported.found):
        raise Unavailable(f"{others[0]} comes before what has been imported")
    _seed()
    launcher = importlib.util.find_spec("ipykernel_launcher").origin
    sys.argv = [launcher, *request["argv"]]
    kernel = IPKernelApp.instance(parent_handle=int(request["env"]["JPY_PARENT_PID"]))
    ipkernel.sys = types.SimpleNamespace(**vars(sys) | {"modules": imported.kernel})
    kernel.initialize(sys.argv[1:])
    ipkernel.sys = sys
    kernel.poller = ParentPollerUnix(parent)
    _connect(imported)
    settings.say_what_is_too_late(kernel.shell.events)
    return kernel


def _show_command(words: bytes) -> None:
    """Let `ps` show a kernel's command, as much of it as there is room for in the preload's."""
    start, end = map(int, Path("/proc/self/stat").read_text().rpartition(")")[2].split()[45:47])
    if room := end - start:  # a system that does not tell has none
        # A last byte that is not 0 tells the system that the words end at the first 0.
        ctypes.memmove(start, words[: room - 2].ljust(room - 1, b"\0") + b".", room)


def _redirect(outputs: list[int]) -> None:
    """Give this process its own standard streams; nothing can be read, as from a closed pipe."""
    reading, writing = os.pipe()
    os.close(writing)
    for target, descriptor in enumerate([reading, *outputs]):
        os.dup2(descriptor, target)
        os.close(descriptor)


def _seed() -> None:
    """Seed anew what was seeded by an import, and renew the key of this process."""
    random.seed()
    multiprocessing.current_process().authkey = os.urandom(32)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    if torch := sys.modules.get("torch"):
        torch.default_generator.seed()
    if sympy := sys.modules.get("sympy.core.random"):
        sympy.rng.seed()


def _connect(imported: Imported) -> None:
    """Lead what modules kept as standard output and error to the notebook."""
    streams = dict(zip(imported.streams, (sys.stdout, sys.stderr), strict=True))
    for reference in imported.handlers:
        handler = reference()
        if getattr(handler, "stream", None) in streams:
            handler.stream = streams[handler.stream]
    # Kept from the kernel, which closes all handlers when it sets up a log of its own.
    logging._handlerList += imported.handlers
    for stand_in, stream in streams.items():
        stand_in.stream = stream
