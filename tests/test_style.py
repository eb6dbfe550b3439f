"""Ruff checks and formats modules and notebooks alike; no cell is wider than a small window."""

import subprocess
import sys

import pytest

from course_utils import ROOT, notebooks

WIDEST = 79


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["check", "format"])
def test_ruff(command):
    result = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--quiet", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_cell_scrolls_sideways_at_1024_pixels(notebook):
    cells = notebooks.load(notebook)["cells"]
    code = [notebooks.joined(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert [line for text in code for line in text.splitlines() if len(line) > WIDEST] == []
