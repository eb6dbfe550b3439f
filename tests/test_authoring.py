"""Exercises, headers and execution: what is generated is current, what is edited is safe."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from small_course import SOLUTION, lesson_notebook, make_course, solution_notebook

from course_utils import ROOT, CourseError, authoring, claims, notebooks


@pytest.fixture
def course(tmp_path):
    """A small course of one lesson and its exercise, in a folder of its own."""
    return make_course(tmp_path, {"1_part": ["title"]}, first=2)


def snapshot(course):
    return {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}


def exercise_of(course):
    return course / "exercises/1_part/02_title.ipynb"


def test_an_exercise_holds_no_answer_and_always_parses(course):
    lines, good = authoring.write_exercises(root=course)
    assert good
    assert lines == ["exercises/1_part/02_title.ipynb: written"]
    notebook = nbformat.read(exercise_of(course), 4)
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "SOLUTION" not in text
    assert "2 * x" not in text
    assert "Because of arithmetic" not in text
    for cell in notebook.cells:
        if cell.cell_type == "code":
            compile(cell.source, "cell", "exec")
            assert cell.outputs == []


def test_every_link_of_an_exercise_leads_to_another_file_that_is_there():
    """The last cell once named the solution by the exercise's own name: a click did nothing."""
    found = []
    for path in notebooks.notebook_paths("exercises"):
        text = "\n".join(
            notebooks.joined(cell["source"])
            for cell in notebooks.load(path)["cells"]
            if cell["cell_type"] == "markdown"
        )
        targets = re.findall(r"\]\((?![a-z]+:|#)([^)\s#]+)", text)
        assert f"../../{path.relative_to(ROOT)}".replace("exercises", "solutions") in targets
        found += [(path, target) for target in targets]
    assert len(found) > 100
    for path, target in found:
        assert (path.parent / target).is_file(), (path.name, target)
        assert not (path.parent / target).samefile(path), (path.name, target)


def test_generating_twice_changes_nothing(course):
    authoring.write_exercises(root=course)
    before = snapshot(course)
    assert authoring.write_exercises(root=course)[0] == ["exercises/1_part/02_title.ipynb: current"]
    assert snapshot(course) == before


def edit(path, old, new):
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_check_writes_nothing(course):
    assert authoring.write_exercises(check=True, root=course)[1] is False
    assert not exercise_of(course).exists()
    authoring.write_exercises(root=course)
    edit(course / "solutions/1_part/02_title.ipynb", "# Exercise 02", "# Exercise 2")
    before = snapshot(course)
    lines, good = authoring.write_exercises(check=True, root=course)
    assert (lines, good) == (["exercises/1_part/02_title.ipynb: stale"], False)
    assert snapshot(course) == before
    assert authoring.write_exercises(root=course)[1] is True
    assert "# Exercise 2" in exercise_of(course).read_text()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return ...  # your answer here", "return x + x"),
        ('"outputs": []', '"outputs": [{"name": "stdout", "output_type": "stream", "text": []}]'),
        ('"generated"', '"forgotten"'),
        ("{", "<<<<<<< "),
    ],
    ids=["answered", "run", "not ours", "damaged"],
)
def test_a_learner_s_work_is_never_overwritten(course, old, new):
    authoring.write_exercises(root=course)
    edit(exercise_of(course), old, new)
    edit(course / "solutions/1_part/02_title.ipynb", "# Exercise 02", "# Exercise 2")
    before = snapshot(course)
    with pytest.raises(CourseError, match=r"02_title\.ipynb holds work that was not generated"):
        authoring.write_exercises(root=course)
    assert snapshot(course) == before


def test_an_exercise_that_was_only_opened_is_no_one_s_work(course):
    """JupyterLab writes its own kernel's name and version into every notebook that it opens."""
    authoring.write_exercises(root=course)
    edit(exercise_of(course), '"name": "python"', '"name": "python", "version": "3.11.7"')
    edit(course / "solutions/1_part/02_title.ipynb", "# Exercise 02", "# Exercise 2")
    assert authoring.write_exercises(root=course)[0] == ["exercises/1_part/02_title.ipynb: written"]


def test_an_edited_exercise_of_the_current_version_is_no_fault(course):
    authoring.write_exercises(root=course)
    edit(exercise_of(course), "return ...  # your answer here", "return x + x")
    before = snapshot(course)
    assert authoring.write_exercises(root=course) == (
        ["exercises/1_part/02_title.ipynb: edited"],
        True,
    )
    assert snapshot(course) == before


def unclosed(notebook):
    notebook.cells[2].source = SOLUTION.replace("### END SOLUTION", "")


def twice(notebook):
    for cell in notebook.cells[4:6]:
        cell.metadata.nbgrader.grade_id = cell.metadata.nbgrader.grade_id.replace(
            "title-2", "title-1"
        )


def foreign(notebook):
    notebook.cells[3].metadata.nbgrader.grade_id = "other-1"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (unclosed, "no END SOLUTION|end solution"),
        (twice, "'title-1' is there twice"),
        (foreign, "'other-1'"),
    ],
)
def test_a_malformed_solution_is_one_line_and_changes_nothing(course, spoil, message):
    authoring.write_exercises(root=course)
    notebook = solution_notebook()
    spoil(notebook)
    nbformat.write(notebook, course / "solutions/1_part/02_title.ipynb")
    before = snapshot(course)
    with pytest.raises(CourseError, match=re.compile(message, re.IGNORECASE)) as error:
        authoring.write_exercises(root=course)
    assert "\n" not in str(error.value)
    assert "02_title.ipynb" in str(error.value)
    assert snapshot(course) == before


def test_headers_and_table(course):
    assert authoring.write_headers(check=True, root=course)[1] is False
    assert authoring.write_headers(root=course)[1] is True
    assert authoring.write_headers(check=True, root=course)[1] is True
    first = nbformat.read(course / "notebooks/1_part/02_title.ipynb", 4).cells[0].source
    for wanted in ("# 02 · A title", "A promise.", "**5 minutes**", "- Two?"):
        assert wanted in first
    row = "| [02 · A title](notebooks/1_part/02_title.ipynb) | 5 |  |"
    readme = (course / "README.md").read_text()
    assert f"{row} [3 tasks](exercises/1_part/02_title.ipynb) |" in readme
    counts = [int(count) for count in re.findall(r"^\| [A-Z][a-z ]+ \| (\d+) \|", readme, re.M)]
    assert sum(counts) == len(claims.ledger())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": 5}, "'title', a str"),
        ({"objectives": ["One?"]}, "three to five objectives"),
        ({"claims": ["Z99"]}, "no claim 'Z99'"),
        ({"claims": ["D06"]}, "claim D06 to another lesson"),
        ({"author": "me"}, "unknown field 'author'"),
    ],
)
def test_malformed_front_matter_is_one_line(course, changes, message):
    nbformat.write(lesson_notebook(**changes), course / "notebooks/1_part/02_title.ipynb")
    before = snapshot(course)
    with pytest.raises(CourseError, match=message):
        authoring.write_headers(root=course)
    assert snapshot(course) == before


def test_missing_front_matter(course):
    path = course / "notebooks/1_part/02_title.ipynb"
    edit(path, '"course"', '"curse"')
    with pytest.raises(CourseError, match="front matter is missing"):
        notebooks.front_matter(path)


@pytest.mark.heavy
def test_executing_twice_gives_the_same_file(course):
    path = course / "notebooks/1_part/02_title.ipynb"
    notebook = lesson_notebook()
    notebook.cells.pop(2)
    nbformat.write(notebook, path)
    ids = [cell.id for cell in notebook.cells]
    authoring.execute(path, root=course)
    first = path.read_bytes()
    authoring.execute(path, root=course)
    assert path.read_bytes() == first
    content = json.loads(first)
    assert [cell["id"] for cell in content["cells"]] == ids
    assert content["cells"][1]["outputs"] == [
        {"name": "stdout", "output_type": "stream", "text": ["ran\n", "twice\n"]}
    ]
    assert content["cells"][1]["metadata"] == {}
    assert set(content["metadata"]) == {"course", "kernelspec", "language_info"}


def test_a_cell_that_raises_leaves_the_file_as_it_was(course):
    path = course / "notebooks/1_part/02_title.ipynb"
    edit(path, 'print(\\"ran\\")', "1 / 0")
    before = snapshot(course)
    with pytest.raises(
        CourseError, match=r"was left as it is: ZeroDivisionError: division by zero"
    ):
        authoring.execute(path, root=course)
    assert snapshot(course) == before


def test_those_after_one_that_fails_are_run_and_the_last_line_counts(course):
    first, second = (course / f"notebooks/1_part/0{n}_title.ipynb" for n in (2, 3))
    shutil.copy(first, second)
    edit(first, 'print(\\"ran\\")', "1 / 0")
    said = []
    lines, good = authoring.execute_all([first, second], said.append, root=course)
    assert (lines, good) == (
        ["failed: notebooks/1_part/02_title.ipynb", "1 of 2 notebooks run"],
        False,
    )
    assert "ZeroDivisionError" in said[0]
    assert said[1] == "notebooks/1_part/03_title.ipynb: 2 code cells run"
    with pytest.raises(CourseError, match="cannot be read"):
        authoring.execute_all([second, course / "notebooks/none.ipynb"], said.append, root=course)
    assert len(said) == 2, "a mistake in the last is told before the first is run"


def test_exercises_are_not_run_in_place(course):
    authoring.write_exercises(root=course)
    with pytest.raises(CourseError, match="only notebooks/ and solutions/"):
        authoring.execute(exercise_of(course), root=course)


BAD_INPUT = {
    "outside": (["execute", "/nowhere/else.ipynb"], "lies outside the course"),
    "missing": (["execute", "notebooks/none.ipynb"], "cannot be read: No such file"),
    "text": (["execute", "notebooks/text.ipynb"], "it is not JSON"),
    "list": (["execute", "notebooks/list.ipynb"], "JSON without cells"),
    "invalid": (["execute", "notebooks/invalid.ipynb"], "not a valid notebook"),
    "validate": (["validate", "notebooks/text.ipynb"], "it is not JSON"),
    "no notebook": (["validate", "Makefile"], "names no notebook"),
    "exercises": (["exercises"], "is not JSON"),
}


@pytest.fixture
def copied_course(tmp_path):
    """The package in a folder of its own, so that the command line works on that folder."""
    root = Path(ROOT)
    shutil.copytree(root / "course_utils", tmp_path / "course_utils")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "solutions").mkdir()
    (tmp_path / "Makefile").write_text("")
    (tmp_path / "notebooks/text.ipynb").write_text("not a notebook")
    (tmp_path / "solutions/01_text.ipynb").write_text("not a notebook")
    (tmp_path / "notebooks/list.ipynb").write_text("[]")
    (tmp_path / "notebooks/invalid.ipynb").write_text('{"cells": [{}], "nbformat": 4}')
    return tmp_path


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_one_line_and_exit_status_2(copied_course, name):
    arguments, message = BAD_INPUT[name]
    before = {p: p.read_bytes() for p in copied_course.rglob("*.ipynb")}
    command = [sys.executable, "-c", "from course_utils.cli import main; main()", *arguments]
    result = subprocess.run(command, cwd=copied_course, capture_output=True, text=True, check=False)
    assert result.returncode == 2, result.stderr
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("course: ")
    assert message in lines[0]
    assert {p: p.read_bytes() for p in copied_course.rglob("*.ipynb")} == before
