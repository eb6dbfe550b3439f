"""Start processes that work together, collect one JSON line from each, and leave none behind.

    results = workers.run([[sys.executable, "worker.py"]] * 2, timeout=60)

Every process that is started, and every process that those start, carries a mark in its
environment. When the work is done, when a worker fails, when time is up or when the caller itself
is killed, all that carry the mark are ended.
"""

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from course_utils import ROOT, CourseError

MARK = "COURSE_WORKERS"
SECONDS_BETWEEN_LOOKS = 0.1
# What torchrun writes of the first of its workers that failed.
LAUNCHER_SAYS = re.compile(r"Root Cause.*?rank +: (\d+).*?exitcode +: (-?\d+)", re.DOTALL)
# What a process writes of its own death, without its rank.
DEATH = re.compile(r"terminate called|  what\(\):|Fatal Python error")
# Lines of a C++ log, which TensorFlow writes at its start.
LOG = re.compile(r"[IWE]\d{4} |\d{4}-\d\d-\d\d |WARNING")
# Where Linux's struct tcp_info has tcpi_bytes_acked.
ACKNOWLEDGED_AT = 120
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}


def free_ports(count: int) -> list[int]:
    """Return different ports of 127.0.0.1 that nothing listens on at this moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def bytes_sent() -> int | None:
    """Return the bytes that this process's open TCP connections have sent so far.

    The system is asked, not the framework: what a library adds to its messages is counted. None
    where the system does not tell, which is anywhere but on Linux.
    """
    if sys.platform != "linux":
        return None
    sent = 0
    for name in os.listdir("/proc/self/fd"):
        # Whatever is no TCP connection, or is gone by now, has nothing to tell.
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(name))) as each:
            told = each.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            (acknowledged,) = struct.unpack_from("Q", told, ACKNOWLEDGED_AT)
            sent += acknowledged
    return sent


def run(
    commands: Sequence[Sequence[str]],
    timeout: float,
    environments: Sequence[Mapping[str, str]] = (),
    folder: Path | None = None,
) -> list[dict[str, Any]]:
    """Run commands at the same time; return the JSON objects that they print, sorted by "rank".

    `environments` adds variables to the environment of each command; they run in `folder`. What a
    worker writes to standard error is not shown. Raises CourseError in one line when a worker fails
    or when the seconds of `timeout` are over; whatever the end, no process of the work is left.
    """
    mark = secrets.token_hex(8)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_watch(mark))
        started = []
        for n, command in enumerate(commands):
            more = environments[n] if environments else {}
            files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(2)]
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=files[0],
                stderr=files[1],
                env=os.environ | QUIET | more | {MARK: mark},
                cwd=folder,
                start_new_session=True,
            )
            started.append((process, *files))
        _wait(started, timeout)
        results = [result for _, out, _ in started for result in _objects(_text(out))]
    return sorted(results, key=lambda result: result["rank"])


def _wait(started: list[tuple[subprocess.Popen, IO, IO]], timeout: float) -> None:
    """Return when all have ended well; raise CourseError for the first that has not."""
    end = time.monotonic() + timeout
    while True:
        codes = [process.poll() for process, _, _ in started]
        # A worker that was killed says why; one that failed since it lost the other does not.
        for n in sorted(range(len(codes)), key=lambda n: codes[n] or 0):
            if codes[n]:
                raise CourseError(_failure(n, codes[n], *map(_text, started[n][1:])))
        if None not in codes:
            return
        if time.monotonic() > end:
            n = codes.index(None)
            late = f"worker {n} of {len(codes)} was not done after {timeout:g} s"
            raise CourseError(f"{late}; all were ended. {_last(*map(_text, started[n][1:]))}")
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _failure(worker: int, code: int, out: str, err: str) -> str:
    if said := LAUNCHER_SAYS.search(err):
        worker, code = map(int, said.groups())
        rank = f"[rank{worker}]: "
        err = "\n".join(
            line for line in err.splitlines() if line.startswith(rank) or DEATH.match(line)
        )
    how = f"was killed (signal {-code}, {signal.Signals(-code).name})" if code < 0 else "failed"
    return f"worker {worker} {how}; all others were ended. {_last(out, err)}"


def _last(out: str, err: str) -> str:
    lines = [line.strip() for text in (out, err) for line in text.splitlines()]
    lines = [line for line in lines if line and not LOG.match(line)]
    return f"Its last line: {lines[-1][:300]}" if lines else "It had written nothing"


def _text(file: IO) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in a text; two may share a line when two processes print at once."""
    decoder, place = json.JSONDecoder(), 0
    while (place := text.find("{", place)) >= 0:
        found, place = decoder.raw_decode(text, place)
        yield found


@contextlib.contextmanager
def _watch(mark: str) -> Iterator[None]:
    """Have all that carry the mark ended at the end of the body, or when this process is gone."""
    # The pipe closes when this process ends, however it ends: that is what the watch waits for.
    watch = subprocess.Popen(
        [sys.executable, "-m", "course_utils.workers", mark],
        stdin=subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        yield
    finally:
        end_all(mark)
        watch.stdin.close()
        watch.wait()


def end_all(mark: str) -> None:
    """Kill all processes that carry the mark, until none is left."""
    while found := marked(mark):
        for process in found:
            with contextlib.suppress(Exception):
                process.kill()
        _gone(found)


def marked(mark: str) -> list[Any]:
    """Return the living processes of this user that carry the mark, as `psutil.Process`."""
    import psutil

    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _gone(processes: list[Any]) -> None:
    import psutil

    psutil.wait_procs(processes, timeout=SECONDS_BETWEEN_LOOKS)


if __name__ == "__main__":
    sys.stdin.read()
    end_all(sys.argv[1])
