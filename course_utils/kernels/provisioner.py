"""The provisioner: Jupyter asks it for a kernel, and it asks the preload, or starts a stock one."""

import asyncio
import contextlib
import json
import os
import re
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

from course_utils import lesson
from course_utils.kernels import protocol
from course_utils.kernels.protocol import NAME, Unavailable

SECONDS_A_MESSAGE_LINGERS = 0.3  # jupyter_client keeps it for 0.1

# What of a kernel's command may stand between Python and -m: flags that are one word each.
FLAG = re.compile(r"-(X.+|W.+|[BEIOPSbdqsuvx]+)")

UNDERSTOOD = {"cwd", "env", "extra_arguments", "independent", "kernel_id", "stderr", "stdout"}
UNDERSTOOD |= {"box"}


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
        with contextlib.suppress(Exception):
            command = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher"]
            _connected(_request(command, {})).close()

    if environment():
        threading.Thread(target=start, daemon=True).start()


class WarmProvisioner(LocalProvisioner):
    """Starts a kernel by forking the preloaded process, or the stock way where that cannot be."""

    why_stock = ""
    _unread = False

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Start the kernel; Jupyter calls this."""
        if not _usable():
            return await super().launch_kernel(cmd, **kwargs)
        try:
            self.process = await _fork_kernel(cmd, kwargs)
        except Exception as error:
            expected = isinstance(error, Unavailable)
            reason = str(error) if expected else f"{type(error).__name__}: {error}"
            self.why_stock = reason.partition("\n")[0]
            self.log.warning("warm kernels: %s; starting a stock kernel", self.why_stock)
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return self.connection_info

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Note whether the message that Jupyter has just sent will be read; Jupyter calls this."""
        self._unread = await self.poll() is not None

    async def cleanup(self, restart: bool = False) -> None:
        """Let an unread message be dropped, for the next kernel listens early enough to get it."""
        if restart and self._unread:
            await asyncio.sleep(SECONDS_A_MESSAGE_LINGERS)
        self._unread = False
        await super().cleanup(restart)


class Kernel:
    """A forked kernel, with the part of subprocess.Popen that Jupyter uses.

    It is watched by a pidfd, which unlike a bare number can never come to mean another process.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, pidfd: int, answers: "Answers"):
        self.pid, self.args = pid, ["ipykernel_launcher"]
        self.returncode: int | None = None
        self._pidfd, self._answers = pidfd, answers

    def poll(self) -> int | None:
        """Return the exit status once the kernel has ended, None before."""
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._pidfd, selectors.EVENT_READ)
                if selector.select(0):
                    self.returncode = self._exit_status()
                    self._answers.close()
                    os.close(self._pidfd)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the kernel and return its exit status."""
        if self.returncode is None and not select.select([self._pidfd], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("kernel", timeout)
        return self.poll()

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
        # The kernel goes on, as a process does whose Popen is collected.
        if self.returncode is None:
            self._answers.close()
            os.close(self._pidfd)

    def _exit_status(self) -> int:
        """Read what the preload says of the kernel's end; one that is gone says nothing."""
        self._answers.connection.settimeout(1)
        with contextlib.suppress(OSError, ValueError):
            return self._answers.next().get("exit", -signal.SIGKILL)
        return -signal.SIGKILL


class Answers:
    """The lines that come over a connection, and the descriptor that comes with one of them."""

    def __init__(self, connection: socket.socket):
        self.connection = connection
        self.descriptors: list[int] = []
        self._bytes = b""

    def next(self) -> dict[str, Any]:
        """Return the next answer; a preload that has gone makes its kernel a stale one."""
        while b"\n" not in self._bytes:
            more, descriptors, _, _ = socket.recv_fds(self.connection, 65536, 1)
            self.descriptors += descriptors
            self._bytes += more or b'{"stale": true}\n'
        line, _, self._bytes = self._bytes.partition(b"\n")
        return json.loads(line)

    def close(self) -> None:
        """End the connection."""
        self.connection.close()


async def _fork_kernel(cmd: list[str], kwargs: dict[str, Any]) -> Kernel:
    """Ask the preload for a kernel, starting one where there is none; raises Unavailable."""
    outputs = [_descriptor(kwargs.get(name), n) for name, n in (("stdout", 1), ("stderr", 2))]
    request = _request(cmd, kwargs)
    for _ in range(3):
        # From this thread, as a stock kernel is started: each thread has a niceness of its own.
        answers = Answers(_connected(request))
        kernel = None
        try:
            answer = await asyncio.to_thread(_ask, answers, request, outputs)
            if "error" in answer:
                raise Unavailable(answer["error"])
            if "ready" in answer:
                kernel = _visible(answer["pid"], answers)
                return kernel
        finally:
            if not kernel:
                answers.close()
                for descriptor in answers.descriptors:
                    with contextlib.suppress(OSError):  # it has ended, or is out of reach
                        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                    os.close(descriptor)
    raise Unavailable(f"the preloaded process ends at once ({_last_line(request)})")


def _request(cmd: list[str], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return what the preload is to know; raises Unavailable where it could not do the same."""
    if strange := set(kwargs) - UNDERSTOOD:
        raise Unavailable(f"{sorted(strange)[0]} is asked for")
    if kwargs.get("independent"):
        raise Unavailable("a kernel that is to outlive its parent cannot be forked")
    place = cmd.index("ipykernel_launcher") if "ipykernel_launcher" in cmd else 0
    flags = cmd[1 : place - 1]
    ours = Path(os.path.expanduser(cmd[0])).absolute() == Path(sys.executable).absolute()
    if not (ours and place > 1 and cmd[place - 1] == "-m" and all(map(FLAG.fullmatch, flags))):
        raise Unavailable("it is not this environment's Python kernel")
    env = lesson.QUIET | dict(os.environ if kwargs.get("env") is None else kwargs["env"])
    env["JPY_PARENT_PID"] = str(os.getpid())
    cwd = os.path.abspath(kwargs.get("cwd") or os.getcwd())
    request = {"flags": flags, "argv": cmd[place + 1 :], "env": env, "cwd": cwd}
    return request | ({"box": kwargs["box"]} if kwargs.get("box") else {})


def _connected(request: dict[str, Any]) -> socket.socket:
    """Connect to the preload for such kernels, starting it where there is none."""
    address = protocol.address_of(request["flags"], request["env"], request["cwd"])
    return protocol.connect(address) or _start_preload(address, request)


def _ask(answers: Answers, request: dict[str, Any], outputs: list[int]) -> dict[str, Any]:
    """Send a request and gather the answers to it; a preload that has just retired is stale."""
    message = json.dumps(request).encode() + b"\n"
    answer: dict[str, Any] = {}
    try:
        socket.send_fds(answers.connection, [message[:1]], outputs)
        answers.connection.sendall(message[1:])
        # Returning before the kernel listens would cost a second attempt to connect to it.
        while not {"pid", "ready"} <= set(answer) and not {"error", "exit", "stale"} & set(answer):
            answer |= answers.next()
    except ConnectionError:
        return {"stale": True}
    return answer


def _visible(pid: int, answers: Answers) -> Kernel:
    """Return the kernel, unless its number means another process here, or none."""
    (pidfd,) = answers.descriptors
    if f"Pid:\t{pid}\n" not in Path(f"/proc/self/fdinfo/{pidfd}").read_text():
        raise Unavailable("the preloaded process lives in another container")
    return Kernel(pid, pidfd, answers)


def _descriptor(wanted: Any, inherited: int) -> int:
    if wanted is None:
        return inherited
    number = wanted if isinstance(wanted, int) else wanted.fileno()
    if number < 0:
        raise Unavailable("its output is to be piped")
    return number


def _start_preload(address: Path, request: dict[str, Any]) -> socket.socket:
    """Start the one preload, unless someone else has just done so, and connect to it."""
    import fcntl

    env = {key: value for key, value in request["env"].items() if key != "JPY_PARENT_PID"}
    code = "import sys; from course_utils.kernels import preload; "
    code += "preload.run(int(sys.argv[1]), sys.argv[2])"
    with open(address.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if connection := protocol.connect(address):
            return connection
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener, open(_log(address), "w") as log:
            with protocol.short(address) as path:
                listener.bind(path)
            listener.listen(128)
            command = [sys.executable, *request["flags"], "-c", code, str(listener.fileno())]
            process = subprocess.Popen(
                [*command, str(address)],
                pass_fds=[listener.fileno()],
                env=env,
                cwd=protocol.folder_of_preload(env, request["cwd"]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        threading.Thread(target=process.wait, daemon=True).start()  # or its end leaves a zombie
        if connection := protocol.connect(address):
            return connection
    raise Unavailable("the preloaded process does not listen")


def _log(address: Path) -> Path:
    return address.with_suffix(".log")


def _last_line(request: dict[str, Any]) -> str:
    address = protocol.address_of(request["flags"], request["env"], request["cwd"])
    with contextlib.suppress(OSError):
        return (_log(address).read_text(errors="replace").splitlines() or ["no message"])[-1]
    return "no message"
