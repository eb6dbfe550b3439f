"""Ask one question of the releases of October 2021 or of today's, by its script."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from course_utils import ROOT, CourseError

SCRIPTS = ROOT / "then"
CLAIM = re.compile(r"[A-Z]\d\d")
SECONDS = 900
BIN = "Scripts" if os.name == "nt" else "bin"
YEARS = {"then": ROOT / ".venv-2021" / BIN / "python", "now": Path(sys.executable)}
"""The Python that runs a script, by year; that of then exists where `make then` has run."""

Answer = dict[str, Any]


def asked(folder: Path = SCRIPTS) -> list[str]:
    """Return the claims that have a script."""
    return sorted(path.stem for path in folder.glob("*.py") if CLAIM.fullmatch(path.stem))


def not_asked(folder: Path = SCRIPTS) -> dict[str, str]:
    """Return, for each claim without a script, the reason."""
    rows = tomllib.loads((folder / "not_asked.toml").read_text(encoding="utf-8"))["reasons"]
    return {claim: row["why"] for row in rows for claim in row["claims"]}


def available() -> bool:
    """Say whether the environment of October 2021 is here, and was finished."""
    return YEARS["then"].exists() and (YEARS["then"].parents[1] / "stamp").exists()


def ask(script: str, year: str, *arguments: str, folder: Path = SCRIPTS) -> Answer:
    """Run a script in the environment of a year, "then" or "now", and return what it found.

    Raises CourseError where that environment is missing or was left half-made, and for a script
    that fails, takes longer than a quarter of an hour or does not answer with one line of JSON.
    """
    python = YEARS[year]
    if year == "then" and not available():
        what = "is half-made" if python.exists() else "is not here"
        raise CourseError(f"the environment of October 2021 {what}: run make then")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        done = subprocess.run(
            [python, f"{script}.py", *arguments],
            cwd=folder,
            env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise CourseError(f"then/{script}.py, {year}: not done after {SECONDS} s") from None
    said = (done.stderr.strip() or "no message").splitlines()[-1][:300]
    if done.returncode:
        raise CourseError(f"then/{script}.py, {year}: {said}")
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise CourseError(f"then/{script}.py, {year}: it printed no JSON ({said})") from None
