"""What a provisioner and the preload say to each other, on a Unix socket in a private folder.

    provisioner -> preload   one JSON line, with the kernel's standard output and error attached
    preload -> provisioner   {"pid": ...} with a pidfd attached, or {"error": ...}, {"stale": ...},
                             and at the kernel's end {"exit": ...}
    kernel -> provisioner    {"ready": true}, once it listens

The kernel's number stays taken until the provisioner has closed the connection.
"""

import hashlib
import json
import os
import socket
import stat
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAME = "course-warm"

# Variables that no import looks at, and that differ between kernels of one user.
READ_BY_NO_IMPORT = ("COLUMNS", "COURSE_", "JPY_", "JUPYTER", "LINES", "NBGRADER_", "OLDPWD")
READ_BY_NO_IMPORT += ("PWD", "PYTEST_", "SHLVL")

START_SECONDS = 120


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


def address_of(flags: list[str], env: dict[str, str], cwd: str) -> Path:
    """Name the socket after all that a kernel shares with the preload that it is forked from.

    That is the interpreter and its packages, the environment, and what a process inherits.
    """
    import site

    installed = [_changed(path) for path in (sys.executable, *site.getsitepackages())]
    seen = {key: value for key, value in env.items() if not key.startswith(READ_BY_NO_IMPORT)}
    place = folder_of_preload(env, cwd)
    depends = [sys.executable, flags, installed, sorted(seen.items()), place, inherited()]
    return folder() / hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:16]


def _changed(path: str) -> int:
    # Debian's Python names folders that may not exist.
    return os.stat(path).st_mtime_ns if os.path.exists(path) else 0


def folder_of_preload(env: dict[str, str], cwd: str) -> str:
    """Return where the preload runs: an entry of PYTHONPATH may begin at the kernel's folder."""
    entries = env.get("PYTHONPATH", "").split(os.pathsep) if env.get("PYTHONPATH") else []
    return "/" if all(map(os.path.isabs, entries)) else cwd


def inherited() -> dict[str, Any]:
    """Return what a process has from its parent and cannot, or not always, change itself."""
    import resource

    limits = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
    kept = ("Umask", "Uid", "Gid", "Groups", "Sig", "Cap", "NoNew", "Secc", "Cpus_a", "Mems_a")
    passing = ("SigQ", "SigPnd", "SigCgt")
    status = Path("/proc/thread-self/status").read_text().splitlines()
    return {
        "machine": [os.uname().nodename, _read("/proc/sys/kernel/random/boot_id")],
        "namespaces": sorted((n, os.readlink(f"/proc/self/ns/{n}")) for n in _listed()),
        "groups": [_read("/proc/self/cgroup"), _read("/proc/self/oom_score_adj")],
        "order": [os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0)],
        "limits": [resource.getrlimit(limit) for limit in sorted(set(limits))],
        "status": [one for one in status if one.startswith(kept) and not one.startswith(passing)],
        "root": os.stat("/").st_ino,
    }


def _listed() -> list[str]:
    return os.listdir("/proc/self/ns")


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


@contextmanager
def short(address: Path) -> Iterator[str]:
    """Give a socket's address in few bytes, for a path to one may have 107 only."""
    place = os.open(address.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{place}/{address.name}"
    finally:
        os.close(place)


def connect(address: Path) -> socket.socket | None:
    """Connect to a preload of this very user; None where nobody answers."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(START_SECONDS)
    try:
        with short(address) as path:
            connection.connect(path)
    except OSError:
        connection.close()
        return None
    if peer(connection)[1] != os.getuid():
        connection.close()
        raise Unavailable(f"{address} belongs to another user")
    return connection


def peer(connection: socket.socket) -> tuple[int, int]:
    """Return the process and the user at the other end of a connection."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return struct.unpack("3i", credentials)[:2]
