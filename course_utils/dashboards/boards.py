"""A running dashboard of ours: start its server, show it below a cell, stop it."""

import atexit
import contextlib
import html
import itertools
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from course_utils import CourseError, progress
from course_utils.dashboards import web_files
from course_utils.dashboards.reading import lay_out

if TYPE_CHECKING:
    import visdom as visdom_package
    from filelock import FileLock

NAMES = {"tensorboard": "TensorBoard", "visdom": "Visdom"}

SECONDS_TO_START = 30

_LOCKS: dict[Path, "FileLock"] = {}
"""The folders of runs that this process has taken."""


class Board:
    """A running server of ours: `kind`, the `folder` that it shows, its `port` and its `path`."""

    def __init__(
        self,
        kind: str,
        folder: Path,
        port: int,
        path: str,
        process: subprocess.Popen,
        log: BinaryIO,
    ):
        self.kind, self.folder, self.port, self.path = kind, folder, port, path
        self._process, self._log, self._clients = process, log, []
        atexit.register(self.stop)

    def __enter__(self) -> "Board":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    @property
    def address(self) -> str:
        """Where the server answers on this machine; who does not know its path gets nothing."""
        return f"http://127.0.0.1:{self.port}{self.path}/"

    def check(self) -> None:
        """Raise CourseError where the server has ended."""
        if self._process.poll() is not None:
            raise CourseError(
                f"{NAMES[self.kind]}'s server has ended{_last_line(self._log)}: "
                "run the cell that starts it again"
            )

    def show(self, height: int = 640, page: str = "") -> None:
        """Show the dashboard below this cell, so many pixels high.

        `page` is what follows the address, as in the browser's address bar: `#histograms` opens
        that tab of TensorBoard. Raises CourseError where the server has ended.
        """
        from IPython.display import display

        self.check()
        name = NAMES[self.kind]
        if self.kind == "visdom" and not web_files.current():
            print(f"Visdom's page needs its web files: run `{web_files.MEND}` in a terminal.")
        source = self._source() + page
        frame = (
            f'<iframe title="{name}" src="{html.escape(source)}" width="100%" height="{height}" '
            'style="border: 1px solid #ccc"></iframe>'
            f'<a href="{html.escape(source)}" target="_blank">{name} in a tab of its own</a>'
        )
        text = f"(Run this cell to open {name} here.)"
        display({"text/html": frame, "text/plain": text}, raw=True)

    def _source(self) -> str:
        """Return what the browser asks: where there is a notebook server, that one, and it us."""
        if (prefix := base_url()) is None:
            return self.address
        return (
            f"{self.path}/" if self.kind == "visdom" else f"{prefix}proxy/{self.port}{self.path}/"
        )

    def client(self, environment: str) -> "visdom_package.Visdom":
        """Return a `visdom.Visdom` that draws in an environment of this server.

        Where Visdom itself would pass over it, a request that cannot be sent raises CourseError.
        """
        import logging

        import visdom as visdom_package

        for name in ("visdom", "websocket"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        # Visdom leaves it to a library, to be built by hand, to lay the embeddings pane out.
        visdom_package.do_tsne = lay_out
        board = self

        class Client(visdom_package.Visdom):
            def _send(self, *args: Any, **kwargs: Any) -> Any:
                try:
                    return super()._send(*args, **kwargs)
                except ConnectionError:
                    # A process that dies loses its connections a moment before it has ended.
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        board._process.wait(timeout=1)
                    board.check()
                    raise

            def setup_socket(self, polling: bool = False) -> None:
                super().setup_socket(polling)
                # Visdom itself looks after a tenth of a second, and after two more.
                end = time.monotonic() + 1
                while not self.socket_alive and time.monotonic() < end:
                    time.sleep(0.003)

        board.check()
        client = Client(
            server="http://127.0.0.1",
            port=self.port,
            base_url=self.path,
            env=environment,
            raise_exceptions=True,
        )
        self._clients.append(client)
        return client

    def stop(self) -> None:
        """Stop the server; nothing happens where it has ended already."""
        atexit.unregister(self.stop)
        for client in self._clients:
            client.use_socket = False
            if getattr(client, "socket", None):
                client.socket.close()
        self._clients.clear()
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


def tensorboard(folder: Path | str) -> Board:
    """Start TensorBoard on the logs in a folder; returns when it answers.

    Raises CourseError where it does not within 30 seconds, with its last line.
    """
    return _start("tensorboard", Path(folder))


def visdom(folder: Path | str | None = None) -> Board:
    """Start Visdom on the environments in a folder, the learner's own where none is named.

    Returns when it answers; raises CourseError where it does not within 30 seconds.
    """
    return _start("visdom", Path(folder) if folder else progress.path().parent / "visdom")


def new_runs(name: str) -> Path:
    """Return an empty folder for the logs of a lesson's runs, in the learner's own folder.

    TensorBoard's card in JupyterLab's launcher shows all of these. What an earlier run of the same
    lesson logged there is deleted; where another kernel is still at it, the folder is another one.
    Raises CourseError where that folder cannot be written.
    """
    folder = runs_folder() / name
    try:
        runs_folder().mkdir(parents=True, exist_ok=True)
        folder = next(filter(_is_free, _folders(name)))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    except OSError as error:
        raise _not_writable(folder, error) from error
    return folder


def _folders(name: str) -> Iterator[Path]:
    yield runs_folder() / name
    yield from (runs_folder() / f"{name}-{number}" for number in itertools.count(2))


def _is_free(folder: Path) -> bool:
    """Take a folder for this process, until it ends; say whether no other process has it."""
    from filelock import FileLock, Timeout

    lock = _LOCKS.setdefault(folder, FileLock(f"{folder}.lock", thread_local=False))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def base_url() -> str | None:
    """Return the path below which this kernel's notebook server answers; None without a server."""
    from jupyter_core.paths import jupyter_runtime_dir

    if prefix := os.environ.get("JUPYTERHUB_SERVICE_PREFIX"):
        return prefix
    server = Path(jupyter_runtime_dir(), f"jpserver-{os.environ.get('JPY_PARENT_PID')}.json")
    try:
        return json.loads(server.read_text(encoding="utf-8"))["base_url"]
    except (OSError, ValueError, KeyError):
        return None


def _start(kind: str, folder: Path) -> Board:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _not_writable(folder, error) from error
    path = f"/{secrets.token_urlsafe(16)}"
    if kind == "visdom" and (prefix := base_url()):
        # Visdom's page must know the whole path that the browser sees.
        path = f"{prefix}proxy/absolute/{{port}}{path}"
    log = tempfile.TemporaryFile()  # noqa: SIM115  it is the board's, which closes it
    command = [sys.executable, "-m", "course_utils.dashboards.servers"]
    process = subprocess.Popen(
        [*command, kind, str(folder), str(os.getpid()), "0"],
        env=os.environ | {"COURSE_BOARD_PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,
    )
    too_late = threading.Timer(SECONDS_TO_START, process.kill)
    too_late.start()
    try:
        with process.stdout:
            port = process.stdout.readline()
    except BaseException:
        process.kill()
        raise
    finally:
        too_late.cancel()
    if not port:
        process.wait()
        with log:
            raise CourseError(f"{NAMES[kind]}'s server did not start{_last_line(log)}")
    return Board(kind, folder, int(port), path.format(port=int(port)), process, log)


def _last_line(log: BinaryIO) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return f" ({lines[-1].strip()})" if lines else ""


def _not_writable(folder: Path, error: OSError) -> CourseError:
    return CourseError(
        f"nothing can be written in {folder} ({error.strerror}): make that folder writable, "
        "or name another one"
    )


def runs_folder() -> Path:
    """Return the folder that holds the logs of all lessons' runs."""
    return progress.path().parent / "runs"
