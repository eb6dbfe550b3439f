"""The preload: a process that has imported both frameworks, and forks a kernel for each request."""

import array
import contextlib
import gc
import json
import os
import select
import selectors
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from course_utils import lesson
from course_utils.kernels.protocol import MODULES, peer

IDLE_SECONDS = 180

SECONDS_BETWEEN_LOOKS = 10


def _read_line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n") and (more := connection.recv(65536)):
        line += more
    return line


def run(listening: int, idle_seconds: float = IDLE_SECONDS) -> None:
    """Be the preloaded process: import, then fork a kernel for each request until idle."""
    listener = socket.socket(fileno=listening)
    address = Path(listener.getsockname())
    socket_file = address.stat().st_ino
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path[:] = [path for path in sys.path if path]
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    os.environ.update(lesson.QUIET | os.environ)
    # What is imported stays: looking for garbage in it would cost a quarter of the time, and later
    # each kernel the memory that it shares with this process.
    gc.disable()
    problem = _import_all()
    files = _module_files()
    gc.freeze()
    gc.enable()
    kernels: dict[int, tuple[int, socket.socket]] = {}  # pidfd: pid, connection
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        last_request = time.monotonic()
        while kernels or time.monotonic() < last_request + idle_seconds:
            events = selector.select(min(idle_seconds, SECONDS_BETWEEN_LOOKS))
            # Without its socket it can never be asked again.
            if not _is_file(address, socket_file):
                break
            for key, _ in events:
                if key.fd in kernels:
                    selector.unregister(key.fd)
                    _report_end(key.fd, *kernels.pop(key.fd))
                    continue
                connection, _ = listener.accept()
                last_request = time.monotonic()
                if peer(connection) != os.getuid():
                    connection.close()
                    continue
                if problem:
                    _answer(connection, {"error": problem})
                    connection.close()
                    return _retire(address, listener, kernels)
                request, outputs = _receive(connection)
                if request and (pid := _fork(connection)) == 0:
                    for descriptor, (_, other) in kernels.items():
                        os.close(descriptor)
                        other.close()
                    listener.close()
                    selector.close()
                    return _become_kernel(connection, request, outputs)
                for descriptor in outputs:
                    os.close(descriptor)
                if not request or not pid:
                    continue
                # While the kernel starts, there is time to look whether what it got is still so.
                if _module_files() != files:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                    _answer(connection, {"stale": True})
                    connection.close()
                    return _retire(address, listener, kernels)
                pidfd = os.pidfd_open(pid)
                kernels[pidfd] = pid, connection
                selector.register(pidfd, selectors.EVENT_READ)
                _answer(connection, {"pid": pid})
    return _retire(address if _is_file(address, socket_file) else None, listener, kernels)


def _is_file(path: Path, inode: int) -> bool:
    with contextlib.suppress(OSError):
        return path.stat().st_ino == inode
    return False


def _import_all() -> str:
    """Import what kernels will want; return what went wrong, or nothing."""
    lesson.import_triton()
    for name in MODULES:
        try:
            __import__(name)
        except Exception as error:
            return f"{name} cannot be imported ({type(error).__name__}: {error})".splitlines()[0]
    return ""


def _module_files() -> dict[str, int]:
    """Return when each imported file was last changed."""
    files = {}
    for module in list(sys.modules.values()):
        if (name := getattr(module, "__file__", None)) and isinstance(name, str):
            with contextlib.suppress(OSError):
                files[name] = os.stat(name).st_mtime_ns
    return files


def _retire(address: Path | None, listener: socket.socket, kernels: dict) -> None:
    """Take no more requests; whoever waits in line will start another preload."""
    if address:
        for path in (address, address.with_suffix(".log")):
            path.unlink(missing_ok=True)
    listener.close()
    while kernels:
        for pidfd in select.select(list(kernels), [], [])[0]:
            _report_end(pidfd, *kernels.pop(pidfd))


def _receive(connection: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Read one request; None where whoever asked has gone."""
    connection.settimeout(10)
    outputs = array.array("i")
    with contextlib.suppress(OSError, ValueError):
        first, ancillary, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(2 * outputs.itemsize))
        for _, _, data in ancillary:
            outputs.frombytes(data)
        return json.loads(first + _read_line(connection)), list(outputs)
    connection.close()
    return None, list(outputs)


def _answer(connection: socket.socket, content: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(json.dumps(content).encode() + b"\n")


def _fork(connection: socket.socket) -> int | None:
    """Fork; where the system refuses, say so and return None."""
    try:
        return os.fork()
    except OSError as error:
        _answer(connection, {"error": f"no further process ({error.strerror})"})
        connection.close()
        return None


def _report_end(pidfd: int, pid: int, connection: socket.socket) -> None:
    _, status = os.waitpid(pid, 0)
    _answer(connection, {"exit": os.waitstatus_to_exitcode(status)})
    connection.close()
    os.close(pidfd)


def _become_kernel(connection: socket.socket, request: dict[str, Any], outputs: list[int]) -> None:
    """Turn this fork into what `python -m ipykernel_launcher` would be; returns at its end."""
    import random

    import numpy as np

    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for target, descriptor in enumerate(outputs, start=1):
        os.dup2(descriptor, target)
        os.close(descriptor)
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    # IPython prints its farewell unless a parent process is named; 1 is one that is never polled.
    sys.argv = ["ipykernel_launcher", *request["argv"], "--IPKernelApp.parent_handle=1"]
    for name in [name for name in sys.modules if name.split(".")[0] == "course_utils"]:
        del sys.modules[name]
    random.seed()
    np.random.seed()
    kernel = sys.modules["ipykernel.kernelapp"].IPKernelApp.instance()
    kernel.initialize(sys.argv[1:])
    if pandas := sys.modules.get("pandas"):
        # When it was imported it saw no notebook, and would fit tables to a terminal's width.
        pandas.set_option("display.max_columns", 20)
    _answer(connection, {"ready": True})
    kernel.start()


def _end_with(connection: socket.socket) -> None:
    """End this kernel and its children when the process that asked for it is gone."""
    connection.settimeout(None)
    with contextlib.suppress(OSError):
        connection.recv(1)
    os.killpg(0, signal.SIGKILL)
