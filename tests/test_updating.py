"""`course update` in real clones: nothing that a learner wrote is ever lost."""

import clones
import nbformat
import pytest
import small_course

from course_utils import CourseError, authoring, notebooks
from course_utils.machine import doctor, updating

PARTS = {"1_basics": ["first", "second"]}
LESSON = "notebooks/1_basics/00_first.ipynb"
EXERCISE = "exercises/1_basics/00_first.ipynb"
OTHER = "exercises/1_basics/01_second.ipynb"
ANSWER = "def double_torch(x):\n    return x + x  # mine, with ä"


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    for name, value in clones.settings().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def course(tmp_path):
    return clones.released_course(tmp_path, PARTS)


@pytest.fixture
def own(course, tmp_path):
    return clones.clone(course, tmp_path)


def release(course, number=1, source="print('the new release')"):
    """Publish a release in which the first solution, so its exercise, and its lesson changed."""
    for folder in ("solutions", "notebooks"):
        path = course / folder / "1_basics/00_first.ipynb"
        clones.edit(path, number, source)
    (course / "README.md").write_text((course / "README.md").read_text() + "New.\n")
    clones.publish(course)


def states(folder):
    lines, _ = authoring.write_exercises(check=True, root=folder)
    return dict(line.split(": ", 1) for line in lines)


def content(folder, place):
    return (folder / place).read_bytes()


def test_brings_a_release_and_then_nothing_more(course, own):
    release(course)
    assert updating.update(own) == [
        "updated: 4 files are new or changed; `make lab` brings the rest"
    ]
    assert all(content(own, p) == content(course, p) for p in (LESSON, EXERCISE, "README.md"))
    assert clones.changes(own) == []
    assert updating.update(own) == ["the course is up to date"]


def test_an_answer_stays_and_the_new_version_lies_beside_it(course, own):
    clones.edit(own / EXERCISE, 2, ANSWER)
    clones.edit(own / OTHER, 2, ANSWER)
    mine, other = content(own, EXERCISE), content(own, OTHER)
    release(course)
    beside = "00_first.new.ipynb"
    assert updating.update(own)[1:] == [
        f"{EXERCISE}: yours is kept; the new version lies beside it, {beside}"
    ]
    assert (content(own, EXERCISE), content(own, OTHER)) == (mine, other)
    assert content(own, f"exercises/1_basics/{beside}") == content(course, EXERCISE)
    assert content(own, LESSON) == content(course, LESSON)
    assert states(own) == {EXERCISE: "edited and stale", OTHER: "edited"}
    assert clones.changes(own) == [f" M {EXERCISE}", f" M {OTHER}"]
    # A third version lies beside both.
    clones.edit(own / "exercises/1_basics" / beside, 2, ANSWER)
    also = content(own, f"exercises/1_basics/{beside}")
    release(course, source="print('a third')")
    assert "lies beside it, 00_first.new-2.ipynb" in updating.update(own)[1]
    assert content(own, EXERCISE) == mine
    assert content(own, f"exercises/1_basics/{beside}") == also


def test_outputs_alone_and_what_other_editors_leave_out_are_nobodys_work(course, own):
    """VS Code and others save a lesson that was only run, with outputs and without cell ids."""
    notebook = notebooks.read(own / LESSON)
    notebook.cells[1].outputs = []
    notebook.metadata.vscode = {"interpreter": "x"}
    (own / LESSON).write_text(notebooks.as_text(notebook))
    release(course)
    assert len(updating.update(own)) == 1
    assert content(own, LESSON) == content(course, LESSON)
    assert clones.changes(own) == []


def colab(notebook):
    """Drop what Colab drops or renames."""
    notebook.metadata.clear()
    notebook.metadata.colab = {"provenance": []}
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({"id": "x"})


@pytest.mark.parametrize("saved", ["with a mark", "by Colab", "as no notebook"])
def test_however_an_answer_was_saved_it_stays_and_the_doctor_is_content(
    course, own, saved, monkeypatch
):
    clones.edit(own / EXERCISE, 2, ANSWER)
    if saved == "with a mark":
        (own / EXERCISE).write_bytes(b"\xef\xbb\xbf" + content(own, EXERCISE))
    elif saved == "by Colab":
        notebook = notebooks.read(own / EXERCISE)
        colab(notebook)
        (own / EXERCISE).write_text(notebooks.as_text(notebook))
    else:
        (own / EXERCISE).write_text("<<<<<<< HEAD\nmine")
    mine = content(own, EXERCISE)
    release(course)
    assert EXERCISE in updating.update(own)[1]
    assert content(own, EXERCISE) == mine
    write = authoring.write_exercises
    monkeypatch.setattr(
        doctor.exercises, "write_exercises", lambda check: write(check=check, root=own)
    )
    row = doctor._notebooks()[0]
    assert (row.status, row.detail) == (
        "ok",
        "current, 1 with your own work (1 of another release, or saved elsewhere)",
    )


def test_own_commits_stay_in_the_history_and_their_answers_in_their_place(course, own):
    clones.edit(own / EXERCISE, 2, ANSWER)
    (own / "notes.txt").write_text("mine")
    clones.git(own, "add", "--all")
    clones.git(own, "commit", "--quiet", "--message", "My answers")
    committed, mine = clones.git(own, "rev-parse", "HEAD").strip(), content(own, EXERCISE)
    release(course)
    assert EXERCISE in updating.update(own)[1]
    assert content(own, EXERCISE) == mine
    assert (own / "notes.txt").read_text() == "mine"
    assert content(own, LESSON) == content(course, LESSON)
    clones.git(own, "merge-base", "--is-ancestor", committed, "HEAD")
    assert updating.update(own) == ["the course is up to date"]
    release(course, source="print('a third')")
    updating.update(own)
    assert content(own, EXERCISE) == mine


def test_a_merge_that_stopped_is_taken_back_and_nothing_is_lost(course, own):
    clones.edit(own / EXERCISE, 1, "mine = 1")
    clones.git(own, "commit", "--quiet", "--all", "--message", "My answers")
    mine = content(own, EXERCISE)
    release(course)
    clones.git(own, "fetch", "--quiet")
    with pytest.raises(AssertionError):
        clones.git(own, "merge", "origin/main")
    marked = content(own, EXERCISE)
    assert b"<<<<<<<" in marked
    lines = updating.update(own)
    assert lines[1].startswith("a merge that had stopped was taken back")
    assert content(own, EXERCISE) == mine
    assert content(own, f"build/interrupted/{EXERCISE}") == marked
    assert content(own, "exercises/1_basics/00_first.new.ipynb") == content(course, EXERCISE)


def test_what_only_its_user_can_end_is_named_and_left(course, own):
    clones.edit(own / EXERCISE, 1, "mine = 1")
    clones.git(own, "commit", "--quiet", "--all", "--message", "My answers")
    release(course)
    clones.git(own, "fetch", "--quiet")
    with pytest.raises(AssertionError):
        clones.git(own, "rebase", "origin/main")
    marked = content(own, EXERCISE)
    with pytest.raises(CourseError, match="`git status` says how to end it"):
        updating.update(own)
    assert content(own, EXERCISE) == marked


def test_a_lesson_that_got_another_number_takes_the_answers_along(course, own):
    clones.edit(own / OTHER, 2, ANSWER)
    mine = content(own, OTHER)
    small_course.make_course(course, {"1_basics": ["new"]}, first=9)
    listed = course / "notebooks/lessons.toml"
    listed.write_text(listed.read_text().replace("['new']", "['first', 'new', 'second']"))
    authoring.renumber(course)
    clones.publish(course)
    moved = "exercises/1_basics/02_second.ipynb"
    assert f"{moved}: yours is kept" in "\n".join(updating.update(own))
    assert content(own, moved) == mine
    assert not (own / OTHER).exists()
    assert content(own, "exercises/1_basics/02_second.new.ipynb") == content(course, moved)


def test_answers_of_a_lesson_that_is_no_more_stay_and_are_named(course, own):
    clones.edit(own / OTHER, 2, ANSWER)
    mine = content(own, OTHER)
    for path in course.rglob("01_second.*"):
        path.unlink()
    listed = course / "notebooks/lessons.toml"
    listed.write_text(listed.read_text().replace("['first', 'second']", "['first']"))
    authoring.renumber(course)
    clones.publish(course)
    lines = updating.update(own)
    assert lines[1:] == [f"{OTHER}: yours is kept; this release has no such file any more"]
    assert content(own, OTHER) == mine
    assert not (own / "notebooks/1_basics/01_second.ipynb").exists()
    assert updating.update(own) == ["the course is up to date"]


def test_another_file_is_the_releases_and_the_learners_version_lies_beside_it(course, own):
    (own / "README.md").write_text("my notes\n")
    (own / "CONTRIBUTING.md").write_text("my notes\n")
    release(course)
    lines = updating.update(own)
    assert lines[1:] == ["README.md: a version of yours lies beside it, README.yours.md"]
    assert content(own, "README.md") == content(course, "README.md")
    assert (own / "README.yours.md").read_text() == "my notes\n"
    assert (own / "CONTRIBUTING.md").read_text() == "my notes\n"


def test_a_file_of_the_learners_where_the_release_has_one_now_is_kept(course, own):
    place = "notebooks/1_basics/02_third.ipynb"
    (own / place).write_text("mine")
    small_course.make_course(course, {"1_basics": ["third"]}, first=2)
    listed = course / "notebooks/lessons.toml"
    listed.write_text(listed.read_text().replace("['third']", "['first', 'second', 'third']"))
    clones.publish(course)
    assert f"{place}: yours is kept" in "\n".join(updating.update(own))
    assert (own / place).read_text() == "mine"
    assert content(own, "notebooks/1_basics/02_third.new.ipynb") == content(course, place)


@pytest.mark.parametrize("step", ["_clear", "_joined", "_put_back"])
def test_an_update_that_is_interrupted_is_ended_by_the_next(course, own, step, monkeypatch):
    clones.edit(own / EXERCISE, 2, ANSWER)
    clones.edit(own / OTHER, 2, ANSWER)
    clones.git(own, "commit", "--quiet", "--message", "Mine", OTHER)
    mine, other = content(own, EXERCISE), content(own, OTHER)
    release(course)
    original = updating._put_back
    kept = (own / updating.KEPT).exists
    with monkeypatch.context() as patch:
        # Killed: not even what stands under `finally` is done.
        patch.setattr(updating, "_put_back", lambda root: original(root) if not kept() else 1 / 0)
        if step != "_put_back":
            patch.setattr(updating, step, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            updating.update(own)
    lines = updating.update(own)
    assert any("yours is kept" in line for line in lines)
    assert (content(own, EXERCISE), content(own, OTHER)) == (mine, other)
    assert content(own, LESSON) == content(course, LESSON)
    assert not (own / updating.KEPT).exists()


def test_what_was_written_after_an_interruption_is_not_replaced(course, own, monkeypatch):
    clones.edit(own / EXERCISE, 2, ANSWER)
    mine = content(own, EXERCISE)
    release(course)
    original = updating._put_back
    kept = (own / updating.KEPT).exists
    with monkeypatch.context() as patch:
        patch.setattr(updating, "_put_back", lambda root: original(root) if not kept() else 1 / 0)
        patch.setattr(updating, "_clear", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            updating.update(own)
    clones.edit(own / EXERCISE, 2, "later = 2")
    later = content(own, EXERCISE)
    updating.update(own)
    assert content(own, EXERCISE) == later
    assert content(own, "exercises/1_basics/00_first.yours.ipynb") == mine


def test_says_in_one_line_what_keeps_it_from_updating(course, own, tmp_path):
    with pytest.raises(CourseError, match=r"nothing is updated: .*no upstream"):
        updating.update(course)
    with pytest.raises(CourseError, match=r"nothing is updated: .*not a git repository"):
        updating.update(tmp_path)
    with pytest.raises(CourseError, match="nothing is updated: its repository is"):
        updating.update(own / "notebooks")
    course.rename(tmp_path / "away")
    with pytest.raises(CourseError, match="`git fetch` failed") as error:
        updating.update(own)
    assert "\n" not in str(error.value)
