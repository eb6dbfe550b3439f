"""The dashboards' cards in JupyterLab's launcher, as jupyter-server-proxy wants them."""

import os
import secrets
import sys
from pathlib import Path
from typing import Any

from course_utils import progress
from course_utils.dashboards.boards import NAMES, SECONDS_TO_START, runs_folder

CARD = "course-"


def tensorboard_card() -> dict[str, Any]:
    """Return what jupyter-server-proxy needs for TensorBoard's card in JupyterLab's launcher."""
    return _card("tensorboard", runs_folder())


def visdom_card() -> dict[str, Any]:
    """Return what jupyter-server-proxy needs for Visdom's card; it shows what lessons saved."""
    return _card("visdom", progress.path().parent / "visdom", "readonly")


def _card(kind: str, folder: Path, *options: str) -> dict[str, Any]:
    secret = secrets.token_urlsafe(16)
    absolute = kind == "visdom"
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "course_utils.dashboards.servers",
        kind,
        str(folder),
        str(os.getpid()),
    ]
    path = f"{{base_url}}{CARD}{kind}/{secret}" if absolute else f"/{secret}"
    return {
        "command": [*command, "{port}", *options],
        "environment": {"COURSE_BOARD_PATH": path},
        "timeout": SECONDS_TO_START,
        "absolute_url": absolute,
        "new_browser_tab": False,
        "launcher_entry": {"title": NAMES[kind], "path_info": f"{CARD}{kind}/{secret}/"},
    }
