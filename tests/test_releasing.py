"""What learners get: the course without its solutions, which they can set up."""

import shutil
import sys

import pytest

from course_utils import ROOT, CourseError, notebooks
from course_utils.grading import releasing

sys.path.insert(0, str(ROOT))
import set_up


def test_a_release_can_be_set_up_and_holds_no_solution(tmp_path):
    to = tmp_path / "course"
    assert "without solutions" in releasing.release("1_basics", to, alone=True)
    assert set_up.stamp(to)
    assert not (to / "solutions").exists()
    assert list(to.rglob("equivalent.toml")) == []
    parts = {path.name for path in (to / "exercises").iterdir() if path.is_dir()}
    assert {name for name in parts if name[0].isdigit()} == {"1_basics"}
    with pytest.raises(CourseError, match="is there already"):
        releasing.release("1_basics", to)


def test_a_release_tells_what_is_to_be_done(tmp_path):
    to = tmp_path / "course"
    releasing.release("1_basics", to, alone=True)
    lessons = {lesson.name: lesson for lesson in notebooks.lessons(to)}
    own = notebooks.front_matter(notebooks.named("first_network"))
    assert lessons["first_network"].tasks == own.tasks
    assert len(own.tasks) == 5


def test_an_instructors_own_answers_are_not_released(tmp_path):
    """Exercises are made anew from the solutions."""
    course, to = tmp_path / "course", tmp_path / "to"
    for name in (*releasing.FILES.split(), "course_utils/__init__.py"):
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_text("")
    for name in ("notebooks", "then"):
        (course / name).mkdir()
    path = course / "solutions/1_basics/02_first_network.ipynb"
    path.parent.mkdir(parents=True)
    shutil.copy(ROOT / "solutions/1_basics/02_first_network.ipynb", path)
    tried = notebooks.counterpart(path, "exercises")
    tried.parent.mkdir(parents=True)
    shutil.copy(path, tried)
    releasing.release("1_basics", to, root=course)
    made = to / "exercises/1_basics/02_first_network.ipynb"
    own, ours = (notebooks.load(top / made.relative_to(to))["cells"] for top in (to, ROOT))
    assert own[:-1] == ours[:-1]


def test_a_release_has_no_link_to_a_solution(tmp_path):
    to = tmp_path / "course"
    releasing.release("1_basics", to, alone=True)
    texts = [path.read_text(encoding="utf-8") for path in (to / "exercises").rglob("*.ipynb")]
    assert len(texts) == 7
    assert not any("solutions/" in text for text in texts)
    assert all("has a solution that says why" in text for text in texts)


def test_what_a_release_holds_is_there():
    assert [name for name in releasing.FILES.split() if not (ROOT / name).exists()] == []
