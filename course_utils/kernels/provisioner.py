"""The provisioner: Jupyter asks it for a kernel, and it asks the preload, or starts a stock one."""

import array
import asyncio
import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any, BinaryIO

from jupyter_client.provisioning import LocalProvisioner

from course_utils.kernels.protocol import NAME, Unavailable, address_of, connect

SECONDS_A_MESSAGE_LINGERS = 0.3  # jupyter_client keeps it for 0.1


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
            address = address_of([], dict(os.environ))
            (connect(address) or _start_preload(address, [], dict(os.environ))).close()

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
    address = address_of(flags, env)
    try:
        for _ in range(3):
            connection = connect(address) or _start_preload(address, flags, env)
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


def _start_preload(address: Path, flags: list[str], env: dict[str, str]) -> socket.socket:
    """Start the one preload, unless someone else has just done so, and connect to it."""
    import fcntl

    with open(address.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if connection := connect(address):
            return connection
        address.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(address))
        listener.listen(128)
        inherited = {key: value for key, value in env.items() if key != "JPY_PARENT_PID"}
        code = "from course_utils.kernels import preload; import sys; preload.run(int(sys.argv[1]))"
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
        return connect(address)
