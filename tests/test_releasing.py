"""What learners get: the course without its solutions, which they can set up."""

import sys

import pytest

from course_utils import ROOT, CourseError
from course_utils.grading import releasing

sys.path.insert(0, str(ROOT))
import set_up


def test_a_release_can_be_set_up_and_holds_no_solution(tmp_path):
    to = tmp_path / "course"
    assert "without solutions" in releasing.release("1_basics", to, alone=True)
    assert set_up.stamp(to)
    assert not (to / "solutions").exists()
    parts = {path.name for path in (to / "exercises").iterdir() if path.is_dir()}
    assert {name for name in parts if name[0].isdigit()} == {"1_basics"}
    with pytest.raises(CourseError, match="is there already"):
        releasing.release("1_basics", to)


def test_what_a_release_holds_is_there():
    assert [name for name in releasing.FILES.split() if not (ROOT / name).exists()] == []
