"""The learner's record: written in one step, never lost."""

import datetime
import json
import os
import subprocess
import sys
import threading

import pytest

from course_utils import CourseError, notebooks, predictions, progress, tasks


def test_nothing_is_done_at_first(progress_file):
    assert progress.done() == {}
    assert not progress_file.exists()


def test_the_first_day_stays(progress_file):
    progress.record("first_network-1")
    content = json.loads(progress_file.read_text())
    assert content == {"tasks": {"first_network-1": {"done": datetime.date.today().isoformat()}}}
    content["tasks"]["first_network-1"]["done"] = "2026-01-31"
    progress_file.write_text(json.dumps(content))
    progress.record("first_network-1")
    progress.record("first_network-2")
    assert progress.done()["first_network-1"] == "2026-01-31"
    assert set(progress.done()) == {"first_network-1", "first_network-2"}


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", '{"tasks": 3}', '{"tasks": {"first_network-1": {"done": "soon"}}}', '{"a": 1}'],
)
def test_a_damaged_record_is_set_aside_with_a_message(progress_file, damage):
    progress_file.parent.mkdir()
    progress_file.write_text(damage)
    with pytest.warns(UserWarning, match="damaged; it is kept as"):
        progress.record("first_network-1")
    (aside,) = progress_file.parent.glob("progress.damaged-*.json")
    assert aside.read_text() == damage
    assert set(progress.done()) == {"first_network-1"}


def test_many_kernels_at_once_lose_nothing(progress_file):
    names = [f"first_network-{n}" for n in range(20)]
    threads = [threading.Thread(target=progress.record, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(progress.done()) == set(names)
    assert not list(progress_file.parent.glob(".progress*"))


def test_a_crash_while_writing_leaves_the_old_record(progress_file, monkeypatch):
    progress.record("first_network-1")
    monkeypatch.setattr(progress.os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        progress.record("first_network-2")
    monkeypatch.undo()
    assert set(json.loads(progress_file.read_text())["tasks"]) == {"first_network-1"}
    assert not list(progress_file.parent.glob(".progress*"))


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "file" / "progress.json"))
    with pytest.raises(CourseError, match="COURSE_PROGRESS") as error:
        progress.record("first_network-1")
    assert "\n" not in str(error.value)


def test_tables_say_what_is_done_and_what_is_next(progress_file, capsys):
    first = next(lesson for lesson in notebooks.lessons() if lesson.tasks)
    progress.record(first.tasks[0])
    done = f"1 of {len(first.tasks)} tasks"
    row = next(line for line in progress.as_text().splitlines() if first.title in line)
    assert done in row
    assert "next" in row
    for task in first.tasks:
        progress.record(task)
    rows = {title: following for title, _, following, _ in progress.rows()}
    assert rows[f"{first.number} · {first.title}"] == ""


def test_a_record_from_before_lessons_had_names_is_read_on(progress_file):
    progress_file.parent.mkdir(parents=True)
    old = {"tasks": {"02-1": {"done": "2026-01-02"}, "19-5": {"done": "2026-01-03"}}}
    progress_file.write_text(json.dumps(old))
    assert progress.done() == {"first_network-1": "2026-01-02", "self_driving-5": "2026-01-03"}
    progress.record("first_network-2")
    assert set(progress.done()) == {"first_network-1", "first_network-2", "self_driving-5"}
    assert "02-1" not in progress_file.read_text()


def test_a_task_that_the_course_does_not_have_is_kept_and_said(progress_file):
    progress.record("first_network-1")
    progress.check_tasks()
    progress.record("no_such_lesson-1")
    with pytest.raises(CourseError, match=r"does not have \(no_such_lesson-1\): they are kept"):
        progress.check_tasks()
    assert "no_such_lesson-1" in progress.done()


def test_tasks_that_moved_to_another_lesson_stay_done(progress_file):
    progress_file.parent.mkdir()
    old = {f"03-{n}": {"done": f"2026-01-0{n}"} for n in range(1, 6)}
    progress_file.write_text(json.dumps({"tasks": old}))
    assert progress.done() == {
        "training-1": "2026-01-01",
        "training-2": "2026-01-02",
        "luck_and_defaults-2": "2026-01-03",
        "training-3": "2026-01-04",
        "luck_and_defaults-1": "2026-01-05",
    }
    progress.check_tasks()


@pytest.mark.parametrize("old", ["10-{}", "trees_and_sequences-{}"])
def test_tasks_of_a_lesson_that_became_two_stay_done(progress_file, old):
    progress_file.parent.mkdir()
    entries = {old.format(n): {"done": f"2026-01-0{n}"} for n in range(1, 6)}
    progress_file.write_text(json.dumps({"tasks": entries}))
    assert progress.done() == {
        "trees-1": "2026-01-01",
        "sequences-1": "2026-01-02",
        "sequences-2": "2026-01-03",
        "trees-2": "2026-01-04",
        "sequences-4": "2026-01-05",
    }
    progress.check_tasks()


def test_an_exercise_of_the_old_name_counts_for_the_new_lesson(progress_file):
    with tasks.check("trees_and_sequences-4"):
        pass
    assert set(progress.done()) == {"trees-2"}
    assert "trees_and_sequences" not in progress_file.read_text()


def test_of_two_days_under_two_names_the_first_stays(progress_file):
    progress_file.parent.mkdir()
    entries = {"trees-1": {"done": "2026-01-02"}, "trees_and_sequences-1": {"done": "2026-01-03"}}
    progress_file.write_text(json.dumps({"tasks": entries}))
    assert progress.done() == {"trees-1": "2026-01-02"}


def test_a_prediction_of_the_old_name_is_answered_by_either_lesson(progress_file, capsys):
    progress.predict("trees_and_sequences: graphs of tf.function", 20)
    predictions.answer("trees_and_sequences", "graphs of tf.function", 20)
    assert "you said 20" in capsys.readouterr().out
    assert progress.predictions() == {"trees: graphs of tf.function": {"said": 20, "right": True}}


def test_a_terminal_without_every_letter_shows_the_record_all_the_same(progress_file):
    command = [sys.executable, "-c", "from course_utils.cli import main; main()", "progress"]
    variables = os.environ | {"PYTHONIOENCODING": "ascii"}
    said = subprocess.check_output(command, env=variables, text=True)
    assert "00 ? Start here" in said
    assert "Next: notebooks/" in said
    assert f"Kept in {progress_file}, for all copies" in said


def test_who_has_begun_a_lesson_s_tasks_goes_on_with_its_exercise(progress_file):
    progress.record(f"{notebooks.lessons()[1].name}-1")
    assert "Next: exercises/1_basics/01_" in progress.as_text()
