"""Warm kernels: a Jupyter kernel provisioner that forks kernels with both frameworks imported.

One process for each user and environment has imported what notebooks import, and nothing more: it
runs no operation and starts no thread, so that forking it is safe. JupyterLab, nbval, nbclient and
nbgrader ask it for a kernel through Jupyter's own interface, on a Unix socket in a private folder:

    provisioner -> preload   one JSON line, with the kernel's standard output and error attached
    preload -> provisioner   {"pid": ...} or {"error": ...}, and at the kernel's end {"exit": ...}
    kernel -> provisioner    {"ready": true}, once it listens

The connection stays open as a lifeline: a kernel whose provisioner is gone ends itself. Whatever is
in the way (another platform, an unsafe folder, a failing import), the stock kernel is started.
"""

import array
import asyncio
import contextlib
import gc
import hashlib
import json
import os
import select
import selectors
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any, BinaryIO

from jupyter_client.provisioning import LocalProvisioner

from course_utils import lesson

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
READ_AT_IMPORT += ("TORCH", "PYTORCH_", "CUDA_")
IDLE_SECONDS = 180
SECONDS_BETWEEN_LOOKS = 10
START_SECONDS = 120
LONGEST_SOCKET_PATH = 100
SECONDS_A_MESSAGE_LINGERS = 0.3  # jupyter_client keeps it for 0.1


class Unavailable(Exception):
    """Why there is no warm kernel this time, in one line."""


def environment() -> dict[str, str]:
    """Return what makes Jupyter in a child process start warm kernels; nothing where it cannot.

    The name of a provisioner that is not installed would hide every kernel, so it is looked up.
    """
    from importlib.metadata import entry_points

    installed = entry_points(group="jupyter_client.kernel_provisioners", name=NAME)
    return {"JUPYTER_DEFAULT_PROVISIONER_NAME": NAME} if installed and _usable() else {}


def _usable() -> bool:
    able = sys.platform == "linux" and hasattr(os, "pidfd_open")
    return able and os.environ.get("COURSE_WARM_KERNELS") != "0"


def warm_up() -> None:
    """Start importing now, in the background, so that the first kernel need not wait for it."""

    def start() -> None:
        # Whatever is in the way, the first kernel will say it.
        with contextlib.suppress(Unavailable, OSError):
            address = _address([], dict(os.environ))
            (_connect(address) or _start_preload(address, [], dict(os.environ))).close()

    if environment():
        threading.Thread(target=start, daemon=True).start()


class WarmProvisioner(LocalProvisioner):
    """Starts a kernel by forking the preloaded process, or the stock way where that cannot be."""

    _unread = False

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Start the kernel; Jupyter calls this."""
        if not _usable():
            return await super().launch_kernel(cmd, **kwargs)
        try:
            self.process = await asyncio.to_thread(_fork_kernel, cmd, kwargs)
        except Unavailable as reason:
            warnings.warn(f"warm kernels: {reason}; starting a stock kernel", stacklevel=2)
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs.get("cwd") or os.getcwd()
        return self.connection_info

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Note whether the message that Jupyter has just sent will be read; Jupyter calls this."""
        self._unread = await self.poll() is not None

    async def cleanup(self, restart: bool = False) -> None:
        """Let an unread message be dropped, for the next kernel listens early enough to get it."""
        if restart and self._unread:
            await asyncio.sleep(SECONDS_A_MESSAGE_LINGERS)
        self._unread = False


class Kernel:
    """A forked kernel, with the part of subprocess.Popen that Jupyter uses.

    It is watched by a pidfd, which unlike a bare number can never come to mean another process.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, connection: socket.socket, lines: BinaryIO):
        self.pid = pid
        self.returncode: int | None = None
        self._connection, self._lines = connection, lines
        self._pidfd = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Return the exit status once the kernel has ended, None before."""
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._pidfd, selectors.EVENT_READ)
                if selector.select(0):
                    self.returncode = self._exit_status()
                    self._lines.close()
                    self._connection.close()
                    os.close(self._pidfd)
        return self.returncode

    def wait(self) -> int:
        """Wait for the end of the kernel and return its exit status."""
        while self.poll() is None:
            time.sleep(0.02)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the kernel has ended."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._pidfd, number)

    def kill(self) -> None:
        """End the kernel at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def __del__(self):
        with contextlib.suppress(OSError):
            if self.returncode is None:
                os.close(self._pidfd)

    def _exit_status(self) -> int:
        """Read what the preload says of the kernel's end; one that is gone says nothing."""
        self._connection.settimeout(1)
        with contextlib.suppress(OSError, ValueError):
            return json.loads(self._lines.readline())["exit"]
        return -signal.SIGKILL


def _fork_kernel(cmd: list[str], kwargs: dict[str, Any]) -> Kernel:
    """Ask the preload for a kernel, starting one where there is none; raises Unavailable."""
    flags, arguments = _split(cmd)
    outputs = [_descriptor(kwargs.get(name), n) for name, n in (("stdout", 1), ("stderr", 2))]
    if kwargs.get("independent"):
        raise Unavailable("a kernel that is to outlive its parent cannot be forked")
    env = dict(kwargs.get("env") or os.environ) | {"JPY_PARENT_PID": str(os.getpid())}
    request = {"argv": arguments, "env": env, "cwd": str(kwargs.get("cwd") or os.getcwd())}
    address = _address(flags, env)
    try:
        for _ in range(3):
            connection = _connect(address) or _start_preload(address, flags, env)
            lines = connection.makefile("rb")
            answer = _ask(connection, lines, request, outputs)
            if "ready" in answer:
                return Kernel(answer["pid"], connection, lines)
            lines.close()
            connection.close()
            if "error" in answer:
                raise Unavailable(answer["error"])
    except (OSError, ValueError) as error:
        raise Unavailable(f"the preloaded process gives none ({error})") from error
    raise Unavailable("the preloaded process keeps going stale")


def _ask(
    connection: socket.socket, lines: BinaryIO, request: dict[str, Any], outputs: list[int]
) -> dict[str, Any]:
    """Send a request and gather the answers to it; a preload that has just retired is stale."""
    message = json.dumps(request).encode() + b"\n"
    ancillary = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", outputs))
    answer: dict[str, Any] = {}
    try:
        connection.sendmsg([message[:1]], [ancillary])
        connection.sendall(message[1:])
        # Returning before the kernel listens would cost a second attempt to connect to it.
        while not {"pid", "ready"} <= set(answer) and not {"error", "stale"} & set(answer):
            answer |= json.loads(lines.readline() or b'{"stale": true}')
    except ConnectionError:
        return {"stale": True}
    return answer


def _split(cmd: list[str]) -> tuple[list[str], list[str]]:
    """Split a kernel's command into the interpreter's flags and ipykernel's arguments."""
    if "ipykernel_launcher" not in cmd or not os.path.samefile(cmd[0], sys.executable):
        raise Unavailable("it is not this environment's Python kernel")
    place = cmd.index("ipykernel_launcher")
    return cmd[1 : place - 1], cmd[place + 1 :]


def _descriptor(wanted: Any, inherited: int) -> int:
    if wanted is None:
        return inherited
    number = wanted if isinstance(wanted, int) else wanted.fileno()
    if number < 0:
        raise Unavailable("its output is to be piped")
    return number


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


def _address(flags: list[str], env: dict[str, str]) -> Path:
    """Name the socket after all that the preloaded imports depend on."""
    import site

    installed = [os.stat(path).st_mtime_ns for path in site.getsitepackages()]
    seen = {key: value for key, value in env.items() if key.startswith(READ_AT_IMPORT)}
    depends = [sys.executable, flags, installed, sorted(seen.items()), MODULES]
    address = folder() / hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:16]
    if len(str(address)) > LONGEST_SOCKET_PATH:
        raise Unavailable(f"the path {address} is too long for a socket")
    return address


def _connect(address: Path) -> socket.socket | None:
    """Connect to a preload of this very user; None where nobody answers."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(START_SECONDS)
    try:
        connection.connect(str(address))
    except OSError:
        connection.close()
        return None
    if _peer(connection) != os.getuid():
        connection.close()
        raise Unavailable(f"{address} belongs to another user")
    return connection


def _peer(connection: socket.socket) -> int:
    """Return the user at the other end of a connection."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return struct.unpack("3i", credentials)[1]


def _start_preload(address: Path, flags: list[str], env: dict[str, str]) -> socket.socket:
    """Start the one preload, unless someone else has just done so, and connect to it."""
    import fcntl

    with open(address.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if connection := _connect(address):
            return connection
        address.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(address))
        listener.listen(128)
        inherited = {key: value for key, value in env.items() if key != "JPY_PARENT_PID"}
        code = "from course_utils.kernels import preload; import sys; preload(int(sys.argv[1]))"
        with open(address.with_suffix(".log"), "w") as log:
            process = subprocess.Popen(
                [sys.executable, *flags, "-c", code, str(listener.fileno())],
                pass_fds=[listener.fileno()],
                env=inherited,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        threading.Thread(target=process.wait, daemon=True).start()  # or its end leaves a zombie
        listener.close()
        return _connect(address)


def _read_line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n") and (more := connection.recv(65536)):
        line += more
    return line


def preload(listening: int, idle_seconds: float = IDLE_SECONDS) -> None:
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
                if _peer(connection) != os.getuid():
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
