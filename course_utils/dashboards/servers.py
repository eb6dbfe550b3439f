"""The dashboards' servers, each a program of its own: on 127.0.0.1 only, and ended with its parent.

python -m course_utils.dashboards.servers tensorboard|visdom FOLDER PARENT PORT [readonly]

Port 0 takes a free one. The environment variable COURSE_BOARD_PATH is the path below which the
server answers; it holds a secret, and every user of a machine can read a command line. When the
server answers, one line on standard output tells its port.
"""

import io
import os
import sys
import threading
import time
import types
import zipfile
from pathlib import Path
from typing import Any

from course_utils.dashboards import web_files

SECONDS_BETWEEN_LOOKS = 0.3
SETTINGS_CLOSED = (
    b"localStorage.getItem('_tb_global_settings') || localStorage.setItem("
    b"'_tb_global_settings', JSON.stringify({timeSeriesSettingsPaneOpened: false}));\n"
)
"""TensorBoard's page keeps its settings open until told once: a third of a notebook's width."""
NO_PAGE = f"""<!DOCTYPE html>
<title>Visdom</title>
<body style="font-family: sans-serif; margin: 3em">
<h1>Visdom's page cannot be drawn yet</h1>
<p>The server runs and keeps what it is sent. To see it, run <code>{web_files.MEND}</code> in a
terminal, then start Visdom again.</p>
"""


def main() -> None:
    """Run the server that the command line asks for, until its parent ends."""
    kind, folder, parent, port, *options = sys.argv[1:]
    threading.Thread(target=_end_with, args=[int(parent)], daemon=True).start()
    serve = {"tensorboard": tensorboard, "visdom": visdom}[kind]
    serve(Path(folder), int(port), os.environ["COURSE_BOARD_PATH"], *options)


def tensorboard(folder: Path, port: int, path: str) -> None:
    """Serve the logs in a folder."""
    # TensorBoard's own sign that it shall read the logs itself: TensorFlow would take seconds more.
    sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")
    from tensorboard import default, program

    board = program.TensorBoard(default.get_plugins(), tensorboard_page)
    options = {
        "logdir": folder,
        "host": "127.0.0.1",
        "port": port,
        "path_prefix": path,
        "load_fast": "false",  # the fast reader is one more process
        "reload_interval": 1,
        "reload_multifile": "true",
        "window_title": "TensorBoard",
    }
    board.configure(["tensorboard", *[f"--{name}={value}" for name, value in options.items()]])
    _tell(int(board.launch().split(":")[2].split("/")[0]))
    threading.Event().wait()


def tensorboard_page() -> io.BytesIO:
    """Return TensorBoard's web files as a zip, in which its settings are closed at first."""
    from tensorboard import assets

    changed = io.BytesIO()
    with (
        assets.get_default_assets_zip_provider()() as stock,
        zipfile.ZipFile(stock) as files,
        zipfile.ZipFile(changed, "w") as all_files,
    ):
        for name in files.namelist():
            before = SETTINGS_CLOSED if name == "index.js" else b""
            all_files.writestr(name, before + files.read(name))
    changed.seek(0)
    return changed


def visdom(folder: Path, port: int, path: str, readonly: str = "") -> None:
    """Serve the environments in a folder; `readonly` lets nobody change them."""
    # Visdom's client would import PyTorch, which its server has no use for: 200 MB and a second.
    sys.modules["torch"] = None
    from tornado import httpserver, ioloop, netutil, template
    from visdom.server import app
    from visdom.server.handlers import web_handlers

    if web_files.current():
        pages = str(web_files.FOLDER)
        app.tornado_settings.update(static_path=pages, template_path=pages)
    else:
        loader = template.DictLoader({"index.html": NO_PAGE})
        app.tornado_settings.update(template_loader=loader)
    # Visdom's debug mode would start the server anew when a source file changes.
    app.tornado_settings.update(autoreload=False)
    # The page that compares looks in the home folder whatever the folder is, and draws the first
    # environment under every label unless they are in order.
    gather, compare = web_handlers.gather_envs, web_handlers.compare_envs
    web_handlers.gather_envs = lambda state, env_path=str(folder): gather(state, env_path=env_path)
    web_handlers.compare_envs = lambda state, names, *rest: compare(state, sorted(names), *rest)
    (socket,) = netutil.bind_sockets(port, "127.0.0.1")
    port = socket.getsockname()[1]
    application = app.Application(
        port=port,
        base_url=path.format(port=port),
        env_path=f"{folder}{os.sep}",
        readonly=bool(readonly),
        eager_data_loading=True,  # saving an environment that was never opened would empty it
    )
    if readonly:
        _follow(application, folder)
    httpserver.HTTPServer(application, max_buffer_size=1024**3).add_sockets([socket])
    ioloop.IOLoop.current().add_callback(_tell, port)
    ioloop.IOLoop.current().start()


def _follow(application: Any, folder: Path) -> None:
    """Show also what is saved to the folder later; a page that is open gets the new names."""
    from tornado import ioloop
    from visdom.utils.server_utils import broadcast_envs

    known: dict[str, int] = {}

    def look() -> None:
        now = {entry.name: entry.stat().st_mtime_ns for entry in os.scandir(folder)}
        if now != known:
            known.clear()
            known.update(now)
            application.state.update(application.load_state())
            broadcast_envs(application)

    ioloop.PeriodicCallback(look, 1000 * SECONDS_BETWEEN_LOOKS).start()


def _tell(port: int) -> None:
    print(port, flush=True)
    os.dup2(2, 1)


def _end_with(parent: int) -> None:
    import psutil

    # On Windows an environment's Python is a small program that starts the real one.
    while (os.name == "nt" or os.getppid() == parent) and psutil.pid_exists(parent):
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os._exit(0)


if __name__ == "__main__":
    main()
