"""What a lesson takes: the measurement, and the table that it is written into."""

import shutil

import nbformat
import pytest

from course_utils import ROOT, CourseError
from course_utils.authoring import measuring

MOST_SECONDS, MOST_MEGABYTES = 60, 2000

SLOW = """
import time
held = bytearray(200_000_000)
time.sleep(1.5)
"""


@pytest.fixture
def course(tmp_path):
    """A course of one lesson that holds 200 MB for a second and a half."""
    cells = [
        nbformat.v4.new_code_cell("import time\ntime.sleep(2)"),
        nbformat.v4.new_code_cell(SLOW),
    ]
    path = tmp_path / "notebooks" / "1_basics" / "01_slow.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    shutil.copy(ROOT / "CONTRIBUTING.md", tmp_path)
    return tmp_path


@pytest.mark.heavy
def test_seconds_and_memory_are_measured_and_written(course, monkeypatch):
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "local-provisioner")
    (line,) = measuring.measure([], root=course)
    ((name, (seconds, megabytes)),) = [
        row for row in measuring.read(course).items() if row[0].endswith("slow.ipynb")
    ]
    assert name == "1_basics/01_slow.ipynb"
    assert 1 <= seconds < 3.5, "the first cell does not count"
    assert 200 < megabytes < 600
    assert line.startswith(f"{name}: ")
    before, after = (
        (folder / "CONTRIBUTING.md").read_text(encoding="utf-8") for folder in (ROOT, course)
    )
    assert before.partition("<!-- seconds")[0] == after.partition("<!-- seconds")[0]
    (course / "CONTRIBUTING.md").write_text("nothing")
    with pytest.raises(CourseError, match="has lost the comments"):
        measuring.measure([], root=course)


def test_what_is_written_in_the_page_while_lessons_run_stays(course, monkeypatch):
    page = course / "CONTRIBUTING.md"

    def run(path):
        page.write_text(page.read_text(encoding="utf-8") + "meanwhile\n", encoding="utf-8")
        return 2.0, 300.0

    monkeypatch.setattr(measuring, "_run", run)
    measuring.measure([], root=course)
    assert page.read_text(encoding="utf-8").endswith("meanwhile\n")
    assert measuring.read(course)["1_basics/01_slow.ipynb"] == (2, 300)


def test_lessons_keep_to_their_seconds_and_memory():
    for name, (seconds, megabytes) in measuring.read().items():
        assert seconds <= MOST_SECONDS, name
        assert megabytes <= MOST_MEGABYTES, name
