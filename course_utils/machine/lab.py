"""Open JupyterLab on the first lesson, for this machine only."""

import contextlib
import importlib.util
import logging
import os
import secrets
import signal
import sys
import tempfile
import threading
import urllib.request
import webbrowser
from pathlib import Path
from urllib.parse import urljoin

from course_utils import ROOT, SET_UP, CourseError

SETTINGS = Path(__file__).parent / "lab_settings"
FIRST_LESSON = "notebooks/00_start_here.ipynb"
SECONDS_TO_END = 4
SECONDS_TO_ANSWER = 3
FOR_INSTRUCTORS = ("assignment_list", "course_list", "formgrader", "validate_assignment")
EXTENSIONS = {f"nbgrader.server_extensions.{name}": False for name in FOR_INSTRUCTORS}
EXTENSIONS["course_utils.dashboards.ended"] = True
"""Of Jupyter's server: whether each is switched on."""


def open_lab(browser: bool = True) -> None:
    """Open the first lesson in JupyterLab, run it until Ctrl-C, and end this process.

    Where one that `course lab` started runs in this folder, its address is told instead. Raises
    CourseError where JupyterLab is not installed, the first lesson is missing, or nothing
    can be written here or in the user's home.
    """
    if not (ROOT / FIRST_LESSON).is_file():
        raise CourseError(f"{FIRST_LESSON} is missing: bring it back with `git checkout notebooks`")
    if importlib.util.find_spec("jupyterlab") is None:
        raise CourseError(f"JupyterLab is not installed in this environment: run `{SET_UP}`")
    _check_home()
    if address := _running():
        print(f"\nJupyterLab runs here already. Its address in a browser:\n\n    {address}\n")
        return
    with _private_folder() as folder:
        from jupyterlab.labapp import LabApp

        from course_utils import kernels

        kernels.warm_up()
        # `course` is found in JupyterLab's terminals although nobody activated the environment.
        os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
        token = secrets.token_hex(24)
        # Not through the environment: a terminal's other Pythons may lack this provisioner.
        warm = kernels.environment().values()
        extra = [f"--KernelProvisionerFactory.default_provisioner_name={name}" for name in warm]
        extra += [f"--IdentityProvider.token={token}"]
        server = LabApp.initialize_server([*arguments(), *extra])
        server.no_browser_open_file = True
        address = urljoin(server.connection_url, server.default_url) + f"?token={token}"
        loop = server.io_loop

        def stop() -> None:
            # Jupyter gives up its own end where a kernel is just being started; then end anyway.
            loop.call_later(SECONDS_TO_END, loop.stop)
            server.stop()

        for number in (signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: loop.add_callback_from_signal(stop))
        # The loop runs this when the port is bound: an address that is shown is one that answers.
        loop.add_callback(_show, address, folder, browser and _has_browser())
        server.start()
    # A request that was cut off can leave a thread for which Python would wait for ever.
    os._exit(0)


def arguments(root: Path = ROOT) -> list[str]:
    """Return what the course tells JupyterLab: this machine only, no network, the first lesson."""
    return [
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.allow_root=True",
        "--ServerApp.open_browser=False",
        "--Application.log_level=ERROR",
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{FIRST_LESSON}",
        f"--LabApp.app_settings_dir={SETTINGS}",
        "--LabApp.custom_css=True",
        f"--ServerApp.tornado_settings=static_custom_path={SETTINGS}",
        # The tabs that were open belong to this checkout, not to all of this user's JupyterLabs.
        f"--LabApp.workspaces_dir={root / 'build' / 'lab' / 'workspaces'}",
        "--ContentsManager.pre_save_hook=course_utils.machine.saving.keep_released",
        "--KernelManager.transport_encryption=auto",  # without it each kernel warns in the terminal
        *[f"--ServerApp.jpserver_extensions={name}={on}" for name, on in EXTENSIONS.items()],
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    ]


def _running() -> str | None:
    """Return the address at which a JupyterLab that `course lab` started here answers."""
    import psutil
    from jupyter_server.serverapp import list_running_servers

    for server in list_running_servers(log=logging.getLogger(__name__)):
        if Path(server["root_dir"]) != ROOT:
            continue
        with contextlib.suppress(psutil.Error, OSError):
            words = psutil.Process(server["pid"]).cmdline()
            # One that is paused (Ctrl-Z) does not answer.
            if "course" in [Path(word).stem for word in words] and "lab" in words:
                urllib.request.urlopen(f"{server['url']}api", timeout=SECONDS_TO_ANSWER).close()
                return f"{server['url']}lab/tree/{FIRST_LESSON}?token={server['token']}"
    return None


def _has_browser() -> bool:
    """Is there a browser with a window of its own? One in the terminal would hide the address."""
    screens = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not any(map(os.environ.get, screens)):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _check_home() -> None:
    """Raise CourseError where Jupyter cannot keep what it needs while it runs."""
    from jupyter_core.paths import jupyter_runtime_dir

    folder = Path(jupyter_runtime_dir())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise CourseError(
            f"Jupyter cannot write in {folder} ({error.strerror}): make room there, or name a "
            "folder of yours, as in `HOME=/that/folder make lab`"
        ) from error


def _private_folder() -> tempfile.TemporaryDirectory:
    """Make a folder that only this user can read, and that is gone when the server has ended."""
    build = ROOT / "build"
    try:
        build.mkdir(exist_ok=True)
        return tempfile.TemporaryDirectory(prefix="lab-", dir=build)
    except OSError as error:
        raise CourseError(
            f"nothing can be written in {build} ({error.strerror}): "
            "work in your own copy of the course"
        ) from error


def _show(address: str, folder: str, browser: bool) -> None:
    what = "JupyterLab opens in your browser" if browser else "Open this address in a browser"
    print(f"\n{what}:\n\n    {address}\n\nIt runs until you press Ctrl-C here.\n", flush=True)
    if browser:
        # Every user of this machine can read a browser's command line, so a file holds the token.
        # Jupyter's own such file lies in a hidden folder, which a browser from a snap cannot open.
        page = Path(folder, "open.html")
        page.write_text(f'<meta http-equiv="refresh" content="0;url={address}">', encoding="utf-8")
        threading.Thread(target=webbrowser.open, args=[page.as_uri()], daemon=True).start()
