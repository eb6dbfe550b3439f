"""An instructor's way, with nbgrader's own commands: enter the tasks, grade what came back."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from course_utils import ROOT

LESSON = "1_basics/02_first_network.ipynb"


def nbgrader(folder, *arguments):
    command = [sys.executable, "-m", "nbgrader", *arguments]
    # As in an activated environment: nbgrader calls alembic by its name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = os.environ | {"PATH": path}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.heavy
def test_a_class_is_graded_and_the_exercises_stay_as_they_are(tmp_path, progress_file):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    sent = {"ada": "solutions", "bob": "exercises"}
    for place, origin in [("solutions", "solutions")] + [
        (f"submitted/{name}", origin) for name, origin in sent.items()
    ]:
        (tmp_path / place / LESSON).parent.mkdir(parents=True)
        shutil.copy(ROOT / origin / LESSON, tmp_path / place / LESSON)
    nbgrader(tmp_path, "generate_assignment", "1_basics")
    nbgrader(tmp_path, "autograde", "1_basics")
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        scores = {name: gradebook.find_submission("1_basics", name).score for name in sent}
        most = gradebook.find_assignment("1_basics").max_score
    assert scores == {"ada": most, "bob": 0}
    assert not (tmp_path / "exercises").exists()
    assert not progress_file.exists(), "grading is nobody's own progress"
