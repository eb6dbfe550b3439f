"""What a student hands in is read and mended, or refused in one line."""

import json
import os

import classroom
import pytest
from classroom import TASKS, WANTED

from course_utils.grading import mending, reading

SPOILED = {
    "empty": (b" \n", "the file is empty"),
    "half a file": (json.dumps(classroom.SOLVED)[:3000], "it is not JSON"),
    "cells are no list": ('{"nbformat": 4, "cells": {"0": 1}}', "without a list of cells"),
    "no object": ("[1, 2]", "without a list of cells"),
    "nested deep": ('{"cells": ' + "[" * 100_000, "nested too deep"),
    "Latin-1": ('{"cells": "é"}'.encode("latin-1"), "not in UTF-8"),
    "UTF-16": (json.dumps(classroom.SOLVED).encode("utf-16"), "not in UTF-8"),
    "a huge number": ('{"cells": ' + "1" * 5000, "it is not JSON"),
    "a merge": ('{\n"cells": [\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> ada\n]}', "line 3"),
    "too many cells": (json.dumps({"cells": [{}] * 501}), "501 cells, at most 500"),
}


@pytest.mark.parametrize("kind", SPOILED)
def test_what_is_no_notebook_is_refused_in_one_line(kind, tmp_path):
    content, said = SPOILED[kind]
    path = classroom.write(tmp_path, content)
    with pytest.raises(reading.Malformed, match=said) as refused:
        reading.read(path, tmp_path)
    assert "\n" not in str(refused.value)


def test_what_is_too_large_is_not_even_read(tmp_path):
    path = classroom.write(tmp_path, b"")
    os.truncate(path, 200 * reading.MB)
    with pytest.raises(reading.Malformed, match="200 MB, at most 20"):
        reading.read(path, tmp_path)


def test_links_and_pipes_are_refused(tmp_path):
    outside = classroom.write(tmp_path / "outside", classroom.SOLVED)
    ada = tmp_path / "in" / "ada"
    ada.mkdir(parents=True)
    (ada / "one.ipynb").symlink_to(outside)
    (ada / "part").symlink_to(outside.parent)
    os.mkfifo(ada / "pipe.ipynb")
    for name in ("one.ipynb", f"part/{outside.name}"):
        with pytest.raises(reading.Malformed, match="a link"):
            reading.read(ada / name, tmp_path / "in")
    with pytest.raises(reading.Malformed, match="not a file"):
        reading.read(ada / "pipe.ipynb", tmp_path / "in")


def mended(notebook, folder):
    """Return a submission's tasks in the order in which they are checked, and what was said."""
    cells, read = reading.read(classroom.write(folder, notebook), folder)
    steps, notes, missing = mending.mend(cells, WANTED)
    checks = [step for step in steps if step.kind == "check"]
    assert {step.task: step.source for step in checks} == WANTED.checks
    assert len(checks) == len(TASKS)
    return steps, read + notes, missing


def runs(steps):
    """Return what is run for the first two tasks, in order."""
    return [(s.kind, s.task[-1]) for s in steps if s.kind != "text" and s.task[-1:] in ("1", "2")]


HONEST = [("code", "1"), ("check", "1"), ("code", "2"), ("check", "2")]


def test_an_honest_notebook_is_left_as_it_is(tmp_path):
    steps, said, missing = mended(classroom.SOLVED, tmp_path)
    assert runs(steps) == HONEST
    assert (said, missing) == ([], set())


def null_cell(notebook):
    notebook["cells"][2:2] = [None, 7]
    return "2 entries that are no cells"


def old_format(notebook):
    cells = [{**c, "input": c["source"]} for c in notebook["cells"]]
    for one in cells:
        del one["source"]
    notebook.pop("cells")
    notebook |= {"nbformat": 3, "worksheets": [{"cells": cells}]}
    return "old format (3)"


def unknown_minor(notebook):
    notebook["nbformat_minor"] = 99
    return ""


def byte_order_mark(notebook):
    return ""


def answer_copied(notebook):
    copied = dict(classroom.cell(notebook, f"{TASKS[0]}-answer"), id="copy")
    notebook["cells"].insert(classroom.place(notebook, TASKS[0]), copied)
    return f"{TASKS[0]}: answered twice"


def skeleton_copied(notebook):
    copied = classroom.cell(classroom.SKELETON, f"{TASKS[0]}-answer")
    notebook["cells"].append(copied)
    return f"{TASKS[0]}: an unchanged copy was left out"


def check_copied(notebook):
    notebook["cells"].insert(3, classroom.cell(notebook, TASKS[0]))
    return f"{TASKS[0]}: its check is there twice"


def metadata_stripped(notebook):
    for one in notebook["cells"]:
        one["metadata"] = {}
    return f"{TASKS[0]}-answer: its cell has lost its metadata"


def ids_stripped_too(notebook):
    for one in notebook["cells"]:
        one["metadata"] = {}
        del one["id"]
    return f"{TASKS[0]}: its cell has lost its metadata"


def schema_changed(notebook):
    for one in notebook["cells"]:
        if "nbgrader" in one["metadata"]:
            one["metadata"]["nbgrader"] |= {"schema_version": 1, "points": "many", "grade": None}
    return ""


def check_deleted(notebook):
    del notebook["cells"][classroom.place(notebook, TASKS[0])]
    return f"{TASKS[0]}: its check was deleted"


def check_edited(notebook):
    classroom.put(notebook, TASKS[0], f'print("Done, task {TASKS[0]}.")')
    return f"{TASKS[0]}: its check was edited"


def check_moved_up(notebook):
    check = notebook["cells"].pop(classroom.place(notebook, TASKS[0]))
    notebook["cells"].insert(0, check)
    return f"{TASKS[0]}: its check stood before the answer"


def foreign_kernel(notebook):
    notebook["metadata"] = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    return ""


def saved_by_colab(notebook):
    """Its ids stand in the metadata, and it knows no minor number."""
    for one in notebook["cells"]:
        one["metadata"] = {"id": one.pop("id"), "colab": {"base_uri": "https://localhost:8080/"}}
    notebook |= {"nbformat_minor": 0}
    notebook["metadata"] |= {"colab": {"provenance": []}, "accelerator": "GPU"}
    return f"{TASKS[0]}-answer: its cell has lost its metadata"


def saved_by_vs_code(notebook):
    for one in notebook["cells"]:
        one["metadata"] |= {"vscode": {"languageId": "python"}}
        del one["id"]
    return ""


def windows_line_ends(notebook):
    for one in notebook["cells"]:
        one["source"] = "".join(one["source"]).replace("\n", "\r\n")
    return ""


def conflict_in_a_cell(notebook):
    classroom.before(notebook, TASKS[0], "x = 1\n<<<<<<< HEAD\nx = 2")
    return "conflict marker stands in line 2 of cell own"


@pytest.mark.parametrize(
    "spoil",
    [
        null_cell,
        old_format,
        unknown_minor,
        byte_order_mark,
        answer_copied,
        skeleton_copied,
        check_copied,
        metadata_stripped,
        ids_stripped_too,
        schema_changed,
        check_deleted,
        check_edited,
        check_moved_up,
        foreign_kernel,
        saved_by_colab,
        saved_by_vs_code,
        windows_line_ends,
        conflict_in_a_cell,
    ],
)
def test_what_can_be_mended_is_mended_and_said(spoil, tmp_path):
    notebook = classroom.solved()
    note = spoil(notebook)
    if spoil is byte_order_mark:
        notebook = b"\xef\xbb\xbf" + json.dumps(notebook).encode()
    steps, said, missing = mended(notebook, tmp_path)
    assert missing == set()
    assert (any(note in line for line in said)) if note else said == []
    expected = HONEST[:1] * (spoil is answer_copied) + HONEST
    assert runs(steps) == expected


def test_a_check_waits_for_what_stands_before_the_students_copy_of_it(tmp_path):
    notebook = classroom.solved()
    check = notebook["cells"].pop(classroom.place(notebook, TASKS[0]))
    notebook["cells"].append(check)
    steps, _, _ = mended(notebook, tmp_path)
    assert runs(steps) == [HONEST[0], HONEST[2], HONEST[3], HONEST[1]]


def test_an_answer_that_is_gone_is_missing(tmp_path):
    notebook = classroom.solved()
    del notebook["cells"][classroom.place(notebook, f"{TASKS[1]}-answer")]
    _, said, missing = mended(notebook, tmp_path)
    assert missing == {TASKS[1]}
    assert f"{TASKS[1]}: there is no cell with its answer" in said


def test_another_exercise_is_named(tmp_path):
    other = classroom.ROOT / "exercises" / classroom.PART / "03_training.ipynb"
    _, said, missing = mended(json.loads(other.read_text()), tmp_path)
    assert missing == set(TASKS)
    assert "it holds the cells of another exercise: training" in said


def test_half_a_character_is_no_end(tmp_path):
    notebook = classroom.before(classroom.solved(), TASKS[0], "x = '\ud800'")
    steps, _, _ = mended(notebook, tmp_path)
    assert "x = '?'" in [step.source for step in steps]


@pytest.mark.parametrize(
    "name",
    [
        "1_basics/02_first_network (1).ipynb",
        "1_basics/02_first_network-Copy1.ipynb",
        "02_first_network.ipynb",
        "exercises/1_basics/02_first_network.ipynb",
        "1_basics/03_First_Network_ada.ipynb",
    ],
)
def test_a_notebook_of_another_name_or_place_is_found_and_said(name, tmp_path):
    folder = tmp_path / "ada" / classroom.PART
    folder.mkdir(parents=True)
    path = classroom.write(tmp_path / "ada", classroom.SOLVED, name)
    assert reading.find(folder, classroom.STEM) == (path, [f"found as {name}"])


def test_a_students_folder_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "eve").symlink_to("/")
    with pytest.raises(reading.Malformed, match="the student's folder is a link"):
        reading.find(tmp_path / "eve" / classroom.PART, classroom.STEM)


def test_of_several_none_is_guessed(tmp_path):
    folder = tmp_path / "ada" / classroom.PART
    assert reading.find(folder, classroom.STEM) == (None, [])
    for n in (1, 2):
        classroom.write(folder, classroom.SOLVED, f"{classroom.STEM} ({n}).ipynb")
    with pytest.raises(reading.Malformed, match="several"):
        reading.find(folder, classroom.STEM)


def test_files_beside_are_taken_but_for_links_and_what_stands_in_for_a_module(tmp_path):
    path = classroom.write(tmp_path, classroom.SOLVED)
    for name in ("data.csv", "helpers.py", "torch.py", "sitecustomize.py", "json.py", "x.pth"):
        (tmp_path / name).write_text("1")
    (tmp_path / "fast.so").write_bytes(b"1")
    (tmp_path / "course_utils").mkdir()
    (tmp_path / "link.csv").symlink_to("/etc/passwd")
    taken, notes = reading.beside(path)
    assert sorted(taken) == ["data.csv", "helpers.py"]
    assert len(notes) == 7
