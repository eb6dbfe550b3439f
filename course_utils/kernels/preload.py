"""The preload: a process that has imported both frameworks, and forks a kernel for each request."""

import array
import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from course_utils.kernels import forked, modules
from course_utils.kernels.protocol import peer

IDLE_SECONDS = 180

SECONDS_BETWEEN_LOOKS = 10


def run(listening: int, address: str, idle_seconds: float = IDLE_SECONDS) -> None:
    """Be the preloaded process: import, then fork a kernel for each request until idle."""
    listener = socket.socket(fileno=listening)
    socket_file = _inode(address)
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path[:] = [path for path in sys.path if path]
    # What is imported stays: looking for garbage in it would cost a quarter of the time, and later
    # each kernel the memory that it shares with this process.
    gc.disable()
    problem = ""
    try:
        imported = modules.import_all()
        files = modules.files()
        changes = modules.last_changes(files)
    except ImportError as error:
        problem = str(error)
    gc.freeze()
    gc.enable()
    running: dict[int, tuple[int, int, socket.socket]] = {}  # what is waited for: pid, pidfd, ...
    last_request = time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        while listener or running:
            events = selector.select(min(idle_seconds, SECONDS_BETWEEN_LOOKS))
            for key, _ in events:
                if key.fd in running:
                    selector.unregister(key.fd)
                    _follow_end(selector, running, key.fd)
                elif listener:
                    last_request = time.monotonic()
                    connection, _ = listener.accept()
                    if problem:
                        _answer(connection, {"error": problem})
                        connection.close()
                        listener = _retire(selector, listener, address, socket_file)
                        continue
                    request, outputs = _receive(connection)
                    pid = _fork(connection) if request else None
                    if pid == 0:
                        for _, pidfd, other in running.values():
                            os.close(pidfd)
                            other.close()
                        listener.close()
                        selector.close()
                        return forked.become_kernel(
                            connection, request, outputs, imported, interrupt
                        )
                    for descriptor in outputs:
                        os.close(descriptor)
                    # While the kernel starts, there is time to see whether what it got is still so.
                    if pid and modules.last_changes(files) != changes:
                        os.kill(pid, signal.SIGKILL)
                        os.waitpid(pid, 0)
                        _answer(connection, {"stale": True})
                        connection.close()
                        listener = _retire(selector, listener, address, socket_file)
                    elif pid:
                        pidfd = os.pidfd_open(pid)
                        running[pidfd] = pid, pidfd, connection
                        selector.register(pidfd, selectors.EVENT_READ)
                        _answer(connection, {"pid": pid}, [pidfd])
            idle = not running and time.monotonic() > last_request + idle_seconds
            # Without its socket it can never be asked again.
            if listener and (idle or _inode(address) != socket_file):
                listener = _retire(selector, listener, address, socket_file)


def _inode(address: str) -> int:
    with contextlib.suppress(OSError):
        return os.stat(address).st_ino
    return 0


def _retire(
    selector: selectors.BaseSelector, listener: socket.socket, address: str, socket_file: int
) -> None:
    """Take no more requests; whoever waits in line will start another preload."""
    if _inode(address) == socket_file:
        for path in (Path(address), Path(address).with_suffix(".log")):
            path.unlink(missing_ok=True)
    selector.unregister(listener)
    listener.close()


def _receive(connection: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Read one request; None where whoever asked is another user, or has gone."""
    connection.settimeout(10)
    outputs = array.array("i")
    with contextlib.suppress(OSError, ValueError):
        first, ancillary, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(2 * outputs.itemsize))
        for _, _, data in ancillary:
            outputs.frombytes(data)
        line = first
        while not line.endswith(b"\n") and (more := connection.recv(65536)):
            line += more
        request = json.loads(line)
        if peer(connection)[1] == os.getuid():
            return request, list(outputs)
    connection.close()
    return None, list(outputs)


def _answer(connection: socket.socket, content: dict[str, Any], descriptors: Any = ()) -> None:
    with contextlib.suppress(OSError):
        socket.send_fds(connection, [json.dumps(content).encode() + b"\n"], descriptors)


def _fork(connection: socket.socket) -> int | None:
    """Fork; where the system refuses, say so and return None."""
    try:
        return os.fork()
    except OSError as error:
        _answer(connection, {"error": f"no further process ({error.strerror})"})
        connection.close()
        return None


def _follow_end(selector: selectors.BaseSelector, running: dict, ready: int) -> None:
    """Report the end of a kernel; free its number once whoever started it has taken note."""
    pid, pidfd, connection = running.pop(ready)
    if ready == pidfd:
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        killed = ended.si_code != os.CLD_EXITED
        _answer(connection, {"exit": -ended.si_status if killed else ended.si_status})
        running[connection.fileno()] = pid, pidfd, connection
        selector.register(connection, selectors.EVENT_READ)
    else:
        os.waitpid(pid, 0)
        os.close(pidfd)
        connection.close()
