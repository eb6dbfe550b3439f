"""Join a box that another process made: its namespaces, then the limits, then no rights at all.

A process does it while it has one thread: a fork of the preload, or `python -m
course_utils.kernels.joining PID BYTES COMMAND...`, which then becomes the command.
"""

import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import sys
from pathlib import Path

NEW = {
    "ipc": 0x08000000,
    "uts": 0x04000000,
    "net": 0x40000000,
    "pid": 0x20000000,
    "mnt": 0x00020000,
    "user": 0x10000000,
}
NS_GET_USERNS = 0xB701
SET_PDEATHSIG, SET_NO_NEW_PRIVS, CAPBSET_DROP, CAP_AMBIENT = 1, 38, 24, 47
CAPABILITY_VERSION_3 = 0x20080522

MOST_PROCESSES = 300
MOST_BYTES_A_FILE = 512 * 2**20
MOST_CPU_SECONDS = 1800

# What no exercise needs, and what no process's own limit counts. Kernels that do not know one of
# them have no such thing, or leave it to the limits.
# The last one lets the machine, where memory is short after all, end this process before others.
SYSTEM = {
    "sys/kernel/pid_max": 2 * MOST_PROCESSES,
    "sys/kernel/shmall": 0,
    "sys/user/max_user_namespaces": 0,
    "self/oom_score_adj": 1000,
}


def join(pid: int, memory: int) -> None:
    """Enter the box of the process `pid`, with so many bytes of memory; returns in the box only.

    Outside stays a process that waits, and ends as the one in the box does. Raises OSError where
    the box cannot be entered.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    spaces = {name: os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY) for name in NEW}
    # bubblewrap nests two user namespaces: the outer one owns all others.
    owner = fcntl.ioctl(spaces["mnt"], NS_GET_USERNS)
    nested = os.fstat(owner).st_ino != os.fstat(spaces["user"]).st_ino
    _enter(libc, owner, "user")
    for name in ("ipc", "uts", "net", "pid"):
        _enter(libc, spaces[name], name)
    if inner := os.fork():
        _end_like(inner)
    libc.prctl(SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    # Through the /proc of outside, because that of the box is read-only.
    for name, value in SYSTEM.items():
        with contextlib.suppress(OSError):
            Path("/proc", name).write_text(str(value))
    _enter(libc, spaces["mnt"], "mnt")
    if nested:
        _enter(libc, spaces["user"], "user")
    for descriptor in (owner, *spaces.values()):
        os.close(descriptor)
    _limit(memory)
    _give_up_rights(libc)


def _enter(libc: ctypes.CDLL, descriptor: int, name: str) -> None:
    if libc.setns(descriptor, NEW[name]):
        reason = os.strerror(ctypes.get_errno())
        raise OSError(ctypes.get_errno(), f"the box's {name} namespace: {reason}")


def _end_like(inner: int) -> None:
    """Wait for the process in the box, and end as it did."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.closerange(3, 1024)
    _, status = os.waitpid(inner, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if -code not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def _limit(memory: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limits = {
        resource.RLIMIT_AS: pages * resource.getpagesize() + memory,
        resource.RLIMIT_CPU: MOST_CPU_SECONDS,
        resource.RLIMIT_FSIZE: MOST_BYTES_A_FILE,
        resource.RLIMIT_NPROC: MOST_PROCESSES,
        resource.RLIMIT_CORE: 0,
    }
    for which, value in limits.items():
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def _give_up_rights(libc: ctypes.CDLL) -> None:
    libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(64):
        libc.prctl(CAPBSET_DROP, capability, 0, 0, 0)
    clear_all = 4
    libc.prctl(CAP_AMBIENT, clear_all, 0, 0, 0)
    header, none = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, none):
        raise OSError(ctypes.get_errno(), "rights cannot be given up")


if __name__ == "__main__":
    join(int(sys.argv[1]), int(sys.argv[2]))
    os.chdir(os.environ["HOME"])
    os.environ["JPY_PARENT_PID"] = "1"  # or the kernel would look for a parent it cannot see
    os.execv(sys.argv[3], sys.argv[3:])
