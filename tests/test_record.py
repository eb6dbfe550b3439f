"""What `course validate` runs, what it remembers, and what makes it run a notebook again."""

import shutil
import subprocess
from pathlib import Path

import pytest

from course_utils import ROOT, notebooks
from course_utils.authoring import record, validation

LESSON = "notebooks/1_basics/02_first_network.ipynb"
SOLUTION = LESSON.replace("notebooks", "solutions")
EXERCISE = LESSON.replace("notebooks", "exercises")
OTHER = "notebooks/1_basics/01_tensors_and_gradients.ipynb"
CASE = '<testcase classname="{}" name="{}">{}</testcase>'


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A copy of what a digest is made of."""
    monkeypatch.delenv("CI", raising=False)
    for folder in ("notebooks", "solutions", "exercises", "tests", "course_utils"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for file in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


@pytest.fixture
def runs(course, monkeypatch):
    """What is run, instead of running it; `failing` is the test that fails, if any."""

    class Runs(list):
        failing = ("", "")

    runs, really_run = Runs(), subprocess.run

    def run(command, **options):
        if "pytest" not in command:  # such as the processor's name
            return really_run(command, **options)
        runs.append(command[3:-1])
        failed = CASE.format(*runs.failing, "<failure/>") if any(runs.failing) else ""
        cases = CASE.format("tests.test_notebooks", "test_fine", "") + failed
        Path(command[-1].partition("=")[2]).write_text(f"<testsuites>{cases}</testsuites>")
        return subprocess.CompletedProcess(command, 1 if failed else 0)

    monkeypatch.setattr(validation.subprocess, "run", run)
    return runs


def test_validate_runs_what_concerns_a_notebook(course, runs):
    assert validation.validate([course / LESSON], root=course) == 0
    assert runs[0] == ["tests/test_notebooks.py", LESSON, f"--notebook={LESSON}"]
    validation.validate([course / "exercises"], root=course)
    every = [
        f"--notebook={path.relative_to(course)}"
        for path in notebooks.notebook_paths("exercises", course)
    ]
    assert f"--notebook={EXERCISE}" in every
    assert runs[1] == ["tests/test_notebooks.py", *every]
    validation.validate([], again=True, root=course)
    assert {LESSON, SOLUTION} < set(runs[2])


def test_what_has_passed_is_not_run_again(course, runs, capsys, monkeypatch):
    paths = [course / LESSON, course / OTHER]
    assert validation.validate(paths, root=course) == 0
    assert validation.validate(paths, root=course) == 0
    assert len(runs) == 1
    assert "2 of 2 notebooks have passed before" in capsys.readouterr().out
    validation.validate(paths, again=True, root=course)
    monkeypatch.setenv("CI", "true")
    validation.validate(paths, root=course)
    assert len(runs) == 3


@pytest.mark.parametrize(
    "failing",
    [
        ("notebooks.1_basics.02_first_network.ipynb", "Cell 3"),
        ("tests.test_notebooks", f"test_answers[{SOLUTION}]"),
    ],
)
def test_what_failed_is_run_again(course, runs, failing):
    runs.failing = failing
    paths = [course / LESSON, course / OTHER]
    assert validation.validate(paths, root=course) == 1
    assert validation.validate(paths, root=course) == 1
    assert runs[1] == ["tests/test_notebooks.py", LESSON, f"--notebook={LESSON}"]


def test_a_failure_that_is_of_no_notebook_lets_none_pass(course, runs):
    runs.failing = ("tests.test_notebooks", "test_headers_and_table_are_current")
    assert validation.validate([course / LESSON], root=course) == 1
    assert record.passed(course) == {}


CHANGES = [
    LESSON,
    SOLUTION,
    EXERCISE,
    "tests/answers/1_basics/02_first_network.py",
    "tests/test_notebooks.py",
    "course_utils/parity/copying.py",
    "course_utils/datasets/points.py",
    "course_utils/claims.toml",
    "course_utils/authoring/comparison.py",
]


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_what_a_notebook_depends_on_is_seen(course, name):
    before = record.digest(course / LESSON, course)
    assert record.digest(course / LESSON, course) == before
    path = course / name
    path.write_bytes(path.read_bytes() + b"\n")
    assert record.digest(course / LESSON, course) != before


def test_other_packages_or_another_processor_are_seen(course, monkeypatch):
    before = record.digest(course / LESSON, course)
    machine = record._machine()
    assert any(name.startswith("torch ") for name in machine)
    monkeypatch.setattr(record, "_machine", lambda: [*machine, "another 1.0"])
    assert record.digest(course / LESSON, course) != before
    monkeypatch.undo()
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    record._machine.cache_clear()
    assert record.digest(course / LESSON, course) != before
    record._machine.cache_clear()


def test_a_helper_that_it_does_not_import_is_not_waited_for(course):
    before = record.digest(course / LESSON, course)
    path = course / "course_utils" / "machine" / "lab.py"
    path.write_bytes(path.read_bytes() + b"\n")
    assert record.digest(course / LESSON, course) == before


def test_a_broken_record_counts_as_none(course):
    (course / record.RECORD).parent.mkdir(exist_ok=True)
    (course / record.RECORD).write_text("[1]")
    assert record.passed(course) == {}
