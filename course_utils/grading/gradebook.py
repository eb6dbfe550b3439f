"""Enter what came of grading into nbgrader's gradebook, through its own interface."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course_utils.grading.mending import Exercise
from course_utils.grading.records import GRADED, Record, file_name, shown
from course_utils.grading.roster import Student


def write(
    path: Path, part: str, wanted: list[Exercise], students: list[Student], records: list[Record]
) -> None:
    """Enter the tasks, the class and the points; what was not graded waits for a person."""
    from nbgrader.api import Gradebook

    with _activated(), Gradebook(f"sqlite:///{path}") as book, _at_once(book.db):
        book.update_or_create_assignment(part)
        for exercise in wanted:
            book.update_or_create_notebook(exercise.stem, part)
            for task in exercise.checks:
                options = {"max_score": 1, "cell_type": "code"}
                book.update_or_create_grade_cell(task, exercise.stem, part, **options)
        for student in students:
            names = {"last_name": student.name, "email": student.email}
            book.update_or_create_student(_id(student.id), **names)
        for student in {record.student for record in records}:
            book.update_or_create_submission(part, _id(student))
        for record in records:
            for task, (word, _) in record.tasks.items():
                grade = book.find_grade(task, record.notebook, part, _id(record.student))
                grade.auto_score = GRADED.get(word)
                by_hand = grade.manual_score is not None
                grade.needs_manual_grade = word not in GRADED and not by_hand


def _id(student: str) -> str:
    return student if student == shown(student) else file_name(student)


@contextlib.contextmanager
def _at_once(session: Any) -> Iterator[None]:
    """Commit at the end only, where nbgrader would wait for the disk at each entry."""
    commit, session.commit = session.commit, session.flush
    with session.no_autoflush:
        yield
    commit()


@contextlib.contextmanager
def _activated() -> Iterator[None]:
    """Let nbgrader find alembic by its name, as in an activated environment."""
    before = os.environ["PATH"]
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
