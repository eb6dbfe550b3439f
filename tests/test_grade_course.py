"""The course's own exercises in boxes: each solution is right, and no skeleton is more or less."""

import shutil

import pytest
from kernels_shared import home_of_this_file  # noqa: F401
from test_grade_class import only_in_boxes

from course_utils import ROOT, notebooks
from course_utils.grading import classes, records

PARTS = sorted({path.parent.name for path in notebooks.notebook_paths("solutions")})


@pytest.mark.heavy
@pytest.mark.timeout(1800)
@only_in_boxes
@pytest.mark.parametrize("part", PARTS)
def test_every_solution_is_ok_and_every_skeleton_not_attempted(part, tmp_path):
    for student, folder in (("done", "solutions"), ("begun", "exercises")):
        shutil.copytree(ROOT / folder / part, tmp_path / "submitted" / student / part)
    folder = classes.grade(part, tmp_path / "submitted", classes.Options(seconds=120))
    wanted = {"done": "ok", "begun": "not attempted"}
    amiss = []
    for path in (folder / "records").iterdir():
        record = records.load(path)
        for task, (word, said) in record.tasks.items():
            if word != wanted[record.student] or record.look:
                amiss.append((record.student, task, word, said, record.look))
    assert amiss == []
