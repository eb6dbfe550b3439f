"""A box for one kernel: bubblewrap makes it, a watchdog looks after it, and all in it ends with it.

In it are the interpreter, this environment and this package, read-only; a home and a /tmp of its
own, of limited size; no network but its own loopback; no other process, and nothing of the course
or of other students. The kernel is reached over sockets in the box's /tmp, through /proc/PID/root.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from course_utils import ROOT, CourseError

MB = 2**20
MEMORY, LEAST_MEMORY = 4096 * MB, 2048 * MB
DISK = 512 * MB
SECONDS_BETWEEN_LOOKS = 0.25

HOME, IPC, CONNECTION = "/tmp/home", "/tmp/ipc", "/tmp/ipc/connection.json"

# Where answers stand, should a box's folders hold the course; a module of it that no lesson needs.
HIDDEN = ("solutions", "tests", "course_utils/authoring")

KEPT = ("PATH", "LANG", "LC_ALL", "HOME", "XDG_DATA_HOME", "IPYTHONDIR", "PYTHONPATH")
INSIDE = {
    "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
    "HOME": HOME,
    "TMPDIR": "/tmp",
    "USER": "student",
    "LOGNAME": "student",
    "JPY_PARENT_PID": "1",
    "COURSE_PROGRESS": "/tmp/progress.json",
    "IPYTHONDIR": "/tmp/ipython",
    "XDG_DATA_HOME": "/tmp/data",
}

NONE = "nothing was run: {}; --no-box runs the students' code with all your rights"
MISSING = "bubblewrap is missing (apt-get install bubblewrap, or your system's like)"
FORBIDDEN = (
    "bubblewrap may make no namespaces here ({}): in a container, start it with "
    "--security-opt seccomp=unconfined and --security-opt apparmor=unconfined; on Ubuntu 24.04, "
    "allow it by deploy/grading/apparmor-bwrap"
)


class Box:
    """The namespaces of one box, held by a process that ends with this one."""

    def __init__(self, files: dict[str, Path], hidden: list[Path]):
        reading, writing = os.pipe()
        hold = ["--info-fd", str(writing), "--", "/bin/sh", "-c", "echo ready; exec cat"]
        self.process = subprocess.Popen(
            ["bwrap", *_arguments(files, hidden), *hold],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[writing],
            # Whoever is in the box can read the environment of its first process.
            env={"PATH": os.environ["PATH"]},
            cwd="/",
        )
        os.close(writing)
        with open(reading) as file:
            told = file.read()
        if self.process.stdout.readline() != b"ready\n":
            said = self.process.stderr.read().decode(errors="replace").strip().splitlines()
            raise CourseError(NONE.format(FORBIDDEN.format((said or ["it said nothing"])[0])))
        self.pid = json.loads(told)["child-pid"]
        self._first = os.pidfd_open(self.pid)
        self.root = Path(f"/proc/{self.pid}/root")
        self.ended_for = ""

    def end(self, reason: str = "") -> None:
        """End the box's first process, and so everything in it, for a reason that is kept."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._first, signal.SIGKILL)
            self.ended_for = self.ended_for or reason

    def close(self) -> None:
        """End everything in the box and wait for its end."""
        self.end()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()
        self.process.wait()
        os.close(self._first)


def check() -> None:
    """Raise CourseError, in one line, where no box can be made here."""
    if sys.platform != "linux":
        raise CourseError(NONE.format("boxes need Linux"))
    if not shutil.which("bwrap"):
        raise CourseError(NONE.format(MISSING))
    Box({}, []).close()


def shared(jobs: int) -> tuple[int, int]:
    """Return how many kernels to run at a time, and the bytes that the box of each may hold.

    All of them together leave the machine a quarter. One waits while another computes.
    """
    import psutil

    most = psutil.virtual_memory().total * 3 // 4
    count = jobs or max(1, min((os.cpu_count() or 1) + 1, most // LEAST_MEMORY))
    return count, min(MEMORY, most // count)


def environment() -> dict[str, str]:
    """Return the environment of the preload: nothing of the instructor's that tells a secret."""
    kept = {key: value for key, value in os.environ.items() if key in KEPT}
    return kept | {"PYTHONDONTWRITEBYTECODE": "1"}


def _arguments(files: dict[str, Path], hidden: list[Path]) -> list[str]:
    apart = "--unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts"
    apart += " --uid 1000 --gid 1000 --die-with-parent --new-session --hostname box --clearenv"
    found = [*apart.split(), "--cap-drop", "ALL"]
    for path in ("/bin", "/lib", "/lib64", "/sbin"):
        if os.path.islink(path):
            found += ["--symlink", os.readlink(path), path]
        else:
            found += ["--ro-bind-try", path, path]
    # All of /sys would show the machine; both frameworks read there which processors it has.
    readable = ["/usr", "/sys/devices/system/cpu"]
    readable += [f"/etc/{n}" for n in ("ld.so.cache", "alternatives", "fonts", "localtime")]
    for path in readable:
        found += ["--ro-bind-try", path, path]
    found += ["--proc", "/proc", "--dev", "/dev"]
    for path in ("/tmp", "/dev/shm"):
        found += ["--size", str(DISK), "--tmpfs", path]
    for path in (HOME, IPC):
        found += ["--dir", path]
    for path in _needed():
        found += ["--ro-bind", path, path]
    seen = ["/usr", *_needed()]
    for path in (*(ROOT / name for name in HIDDEN), *hidden):
        if any(path.resolve().is_relative_to(place) for place in seen):
            found += ["--tmpfs", str(path.resolve()), "--remount-ro", str(path.resolve())]
    for name, source in files.items():
        found += ["--ro-bind", str(source), f"{HOME}/{name}"]
    for path in ("/dev", "/proc", "/"):
        found += ["--remount-ro", path]
    return found


def _needed() -> list[str]:
    """List the folders of the interpreter, of its packages and of this package."""
    places = [Path(sys.base_prefix), Path(sys.prefix), ROOT / "course_utils"]
    return sorted({str(path) for place in places for path in (place, place.resolve())})


class Watchdog:
    """Ends a box that holds more memory or processes than it may.

    Limits count each process by itself, and those of root not at all.
    """

    def __init__(self, memory: int):
        self.memory = memory
        self.boxes: set[Box] = set()
        self._stopped = threading.Event()

    @contextlib.contextmanager
    def watching(self, box: Box):
        """Watch a box while the body runs."""
        self.boxes.add(box)
        try:
            yield
        finally:
            self.boxes.discard(box)

    def start(self) -> None:
        """Look, again and again, until it is stopped."""
        # To weigh hundreds of processes takes seconds, in which there could be hundreds more.
        for look in (self._count, self._weigh):
            threading.Thread(target=self._again, args=(look,), daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def _again(self, look: Callable[[Box], None]) -> None:
        while not self._stopped.wait(SECONDS_BETWEEN_LOOKS):
            for box in list(self.boxes):
                look(box)

    def _count(self, box: Box) -> None:
        # That module is for Linux only, as boxes are; this one is imported everywhere.
        from course_utils.kernels.joining import MOST_PROCESSES

        if len(_processes(box)) > MOST_PROCESSES:
            self._end(box, f"it started more than {MOST_PROCESSES} processes")

    def _weigh(self, box: Box) -> None:
        found = _processes(box)
        files = _unnamed(found) + _written(box)
        # What is shared counts in each of them here; to share it out takes the system long.
        at_most = files + sum(map(_resident, found))
        if at_most > self.memory and files + sum(map(_own, found)) > self.memory:
            self._end(box, f"it took more than {self.memory // MB} MB of memory")

    def _end(self, box: Box, reason: str) -> None:
        # It may have been closed while it was weighed, and its descriptor be another box's by now.
        if box in self.boxes:
            box.end(reason)


def _processes(box: Box) -> list[Path]:
    """List the folders of a box's processes, as its own /proc has them."""
    with contextlib.suppress(OSError):
        return [path for path in (box.root / "proc").iterdir() if path.name.isdigit()]
    return []


def _resident(process: Path) -> int:
    with contextlib.suppress(OSError):
        return int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    return 0


def _own(process: Path) -> int:
    """Return a process's share (PSS) of the memory that it sees, in bytes."""
    with contextlib.suppress(OSError):
        rollup = (process / "smaps_rollup").read_text()
        return 1024 * sum(int(n) for n in re.findall(r"^Pss: +(\d+)", rollup, re.MULTILINE))
    return 0


def _written(box: Box) -> int:
    """Return the bytes in the box's own folders, which lie in memory, too."""
    total = 0
    for place in ("tmp", "dev/shm"):
        with contextlib.suppress(OSError):
            status = os.statvfs(box.root / place)
            total += (status.f_blocks - status.f_bfree) * status.f_frsize
    return total


def _unnamed(processes: list[Path]) -> int:
    """Return the bytes in files without a name, which processes hold and need not see."""
    files = {}
    for process in processes:
        with contextlib.suppress(OSError):
            for entry in os.scandir(process / "fd"):
                if os.readlink(entry.path).startswith("/memfd:"):
                    status = os.stat(entry.path)
                    files[status.st_ino] = 512 * status.st_blocks
    return sum(files.values())
