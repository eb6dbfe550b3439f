"""Make .venv-2021, the environment of October 2021, with a Python 3.9 that is found or fetched."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from course_utils import ROOT, CourseError
from course_utils.then.asking import BIN

PINS = "then/constraints.txt"
NO_PYTHON = (
    "there is no Python 3.9 here and uv cannot fetch one: install it (conda create -n old "
    "python=3.9, or pyenv install 3.9), put it on the PATH and run make then again"
)


def make(root: Path = ROOT) -> str:
    """Make the environment where it is missing, old or was left half-made; say what was done.

    Its stamp is written last, and only with it the environment counts. Raises CourseError where
    there is no uv or no Python 3.9, something else stands in the environment's place, or a package
    cannot be installed.
    """
    place = root / ".venv-2021"
    wanted = hashlib.sha256((root / PINS).read_bytes() + str(root).encode()).hexdigest()
    stamp = place / "stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return f"{place.name} is current"
    if place.exists():
        if place.is_symlink() or not (place / "pyvenv.cfg").exists():
            raise CourseError(f"{place} is not an environment of the course: move it away")
        shutil.rmtree(place)
    options, variables = _pip_s_settings(root)
    variables["UV_PYTHON_INSTALL_DIR"] = str(root / ".python")
    if said := _uv(["venv", "--quiet", "--python=3.9", str(place)], root, variables):
        raise CourseError(f"{NO_PYTHON} ({said})")
    options += [f"--build-constraints={PINS}", "--index-strategy=unsafe-best-match"]
    python = f"--python={place / BIN / 'python'}"
    said = _uv(["pip", "install", python, *options, f"--requirements={PINS}"], root, variables)
    if said:
        raise CourseError(f"the packages of October 2021 cannot be installed: {said}")
    stamp.write_text(wanted)
    return f"{place.name} is ready: course then"


def _uv(command: list[str], root: Path, variables: dict[str, str]) -> str:
    """Run uv; return the last line of what it said where it failed, and nothing where not."""
    if importlib.util.find_spec("uv") is None:
        raise CourseError("there is no uv here: run make then, which brings it")
    environment = {**os.environ, **variables}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [sys.executable, "-m", "uv", *command],
        cwd=root,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    return (done.stderr.strip() or "no message").splitlines()[-1].strip() if done.returncode else ""


def _pip_s_settings(root: Path) -> tuple[list[str], dict[str, str]]:
    """Return uv's options and variables for what pip is told on this machine."""
    spec = importlib.util.spec_from_file_location("set_up", root / "set_up.py")
    set_up = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(set_up)
    command = [sys.executable, "-m", "pip", "config", "list"]
    return set_up.translated(subprocess.check_output(command, text=True))
