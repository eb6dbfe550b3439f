"""Lessons change places: files, numbers, links and records follow their names."""

import re
import subprocess

import nbformat
import pytest
from small_course import lesson_notebook, make_course, solution_notebook

from course_utils import ROOT, CourseError, authoring, cli, files, notebooks
from course_utils.authoring import links, numbering

PARTS = {".": ["start"], "1_part": ["one", "two"], "2_part": ["three"]}


@pytest.fixture
def course(tmp_path):
    """Four lessons in three parts, answers to one of them, all headers and exercises made."""
    make_course(tmp_path, PARTS)
    answers = tmp_path / "tests/answers/1_part/01_one.py"
    answers.parent.mkdir(parents=True)
    answers.write_text("# answers to one\n")
    write(tmp_path / "notebooks/2_part/03_three.ipynb", "See [lesson 01](../1_part/01_one.ipynb).")
    authoring.write_headers(root=tmp_path)
    authoring.write_exercises(root=tmp_path)
    return tmp_path


def write(path, prose):
    notebook = nbformat.read(path, 4)
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(prose, id="prose"))
    nbformat.write(notebook, path)


def arrange(course, parts):
    lines = [f'[[parts]]\nfolder = "{part}"\nlessons = {names}\n' for part, names in parts.items()]
    (course / "notebooks/lessons.toml").write_text("\n".join(lines))


def snapshot(course):
    return {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}


def test_a_lesson_takes_its_files_along_and_everything_that_names_it_follows(course):
    arrange(course, {".": ["start"], "1_part": ["two"], "2_part": ["three", "one"]})
    assert "notebooks/1_part/01_one.ipynb → notebooks/2_part/03_one.ipynb" in authoring.renumber(
        course
    )
    for folder in notebooks.FOLDERS:
        found = [path.name for path in notebooks.notebook_paths(folder, course)]
        assert found == ["00_start.ipynb", "01_two.ipynb", "02_three.ipynb", "03_one.ipynb"]
    assert (course / "tests/answers/2_part/03_one.py").read_text() == "# answers to one\n"
    assert not (course / "tests/answers/1_part").exists()
    cells = nbformat.read(course / "notebooks/2_part/02_three.ipynb", 4).cells
    assert cells[0].source.startswith("# 02 · A title")
    assert cells[1].source == "See [lesson 03](03_one.ipynb)."
    assert "**Next:** [03 · A title](03_one.ipynb)" in cells[-1].source
    exercise = (course / "exercises/2_part/03_one.ipynb").read_text()
    assert "# Exercise 03 · A title" in exercise
    assert "That was the last lesson" in exercise
    assert "(notebooks/1_part/01_two.ipynb)" in (course / "README.md").read_text()


def test_twice_changes_nothing(course):
    arrange(course, {".": ["start"], "1_part": ["two", "one"], "2_part": ["three"]})
    authoring.renumber(course)
    before = snapshot(course)
    assert authoring.renumber(course) == ["every lesson has its place already"]
    assert snapshot(course) == before


@pytest.mark.parametrize("moves", range(7))
def test_an_interrupted_renumber_can_be_run_again(course, monkeypatch, moves):
    arrange(course, {".": ["start"], "1_part": ["two", "one"], "2_part": ["three"]})
    made = []

    def stop_after(old, new):
        if len(made) == moves:
            raise KeyboardInterrupt
        made.append(old)
        files.move(old, new)

    monkeypatch.setattr(numbering, "move", stop_after)
    with pytest.raises(KeyboardInterrupt):
        authoring.renumber(course)
    monkeypatch.undo()
    authoring.renumber(course)
    assert authoring.renumber(course) == ["every lesson has its place already"]
    assert authoring.write_headers(check=True, root=course)[1]
    assert authoring.write_exercises(check=True, root=course)[1]
    assert len(list(course.rglob("*.ipynb"))) == 12


def missing(course):
    arrange(course, {**PARTS, "3_part": ["four"]})


def twice(course):
    arrange(course, {**PARTS, "2_part": ["three", "one"]})


def no_part(course):
    arrange(course, {".": ["start"], "1_part": ["one", "two"]})


def same_name(course):
    nbformat.write(lesson_notebook(), course / "notebooks/2_part/07_one.ipynb")


def unreadable(course):
    (course / "notebooks/lessons.toml").write_text("parts = [")


def gone(course):
    (course / "notebooks/lessons.toml").unlink()


def one_objective(course):
    edited(course)
    nbformat.write(lesson_notebook(objectives=["One?"]), course / "notebooks/1_part/01_one.ipynb")


def stray_answers(course):
    (course / "tests/answers/1_part/01_gone.py").write_text("# answers to a lesson that is gone")


def stray_solution(course):
    nbformat.write(solution_notebook("gone"), course / "solutions/1_part/01_gone.ipynb")


def edited(course):
    arrange(course, {".": ["start"], "1_part": ["two", "one"], "2_part": ["three"]})
    path = course / "exercises/1_part/01_one.ipynb"
    path.write_text(path.read_text().replace("return ...", "return 2 * x"))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (missing, "names 'four', and there is no such notebook"),
        (twice, "names 'one' twice"),
        (no_part, "has no place for 'three'"),
        (same_name, "two notebooks are named 'one'"),
        (unreadable, "not a list of parts"),
        (gone, "cannot be read: No such file"),
        (one_objective, "three to five objectives"),
        (stray_answers, r"tests/answers/1_part/01_gone\.py belongs to no lesson"),
        (stray_solution, r"solutions/1_part/01_gone\.ipynb belongs to no lesson"),
        (edited, r"exercises/1_part/01_one\.ipynb holds work that was not generated"),
    ],
)
def test_a_list_that_cannot_be_followed_is_one_line_and_moves_nothing(course, spoil, message):
    spoil(course)
    before = snapshot(course)
    with pytest.raises(CourseError, match=message) as error:
        authoring.renumber(course)
    assert "\n" not in str(error.value)
    assert snapshot(course) == before


def test_a_learner_s_copy_stays_where_it_is(course):
    copy = course / "exercises/1_part/my_one.ipynb"
    nbformat.write(solution_notebook("one"), copy)
    before = copy.read_bytes()
    arrange(course, {".": ["start"], "1_part": ["two", "one"], "2_part": ["three"]})
    authoring.renumber(course)
    assert copy.read_bytes() == before


def test_a_file_is_never_moved_over_another(tmp_path):
    (tmp_path / "old").write_text("old")
    (tmp_path / "new").write_text("new")
    with pytest.raises(CourseError, match="is there already"):
        files.move(tmp_path / "old", tmp_path / "new")
    assert (tmp_path / "new").read_text() == "new"


@pytest.mark.parametrize(
    "text",
    ["see lesson 7", "in Lesson 07 the", "lessons 08, 09 and 13", "exercise 13 does it"],
)
def test_a_number_that_nothing_renews_is_found(text):
    assert list(links.loose_numbers(text))


@pytest.mark.parametrize(
    "text",
    [
        "see [lesson 07](../2_part/07_two.ipynb)",
        "lessons [08](08_dynamic_graphs.ipynb) and [09](09_static_graphs.ipynb)",
        "# Exercise 07 · Visdom",
        "this lesson in 07 minutes, an exercise of 5 tasks",
    ],
)
def test_what_is_renewed_or_no_lesson_is_left_alone(text):
    assert list(links.loose_numbers(text)) == []


def test_the_command_line_says_it_in_one_line(course, monkeypatch, capsys):
    unreadable(course)
    monkeypatch.setattr(cli, "app", lambda: authoring.renumber(course))
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_no_file_names_a_lesson_by_a_number_that_it_had_once():
    """Also files that nothing renews, as a heavy test that seldom runs."""
    paths = {lesson.name: lesson.path for lesson in notebooks.lessons()}
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    texts = [name for name in listed.split("\0") if name.endswith((".py", ".md", ".toml", ".yml"))]
    old = [
        (name, address[0])
        for name in texts
        for address in re.finditer(r"\b\d_[a-z]+/\d\d_([a-z_]+)", (ROOT / name).read_text("utf-8"))
        if address[1] in paths and address[0] not in str(paths[address[1]])
    ]
    assert old == []
