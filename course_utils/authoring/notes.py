"""What belongs to a lesson and stands beside it: questions, misconceptions, how to teach it."""

import re
import tomllib
import zlib
from pathlib import Path
from typing import NamedTuple

from course_utils import ROOT, CourseError, claims
from course_utils.notebooks import Lesson
from course_utils.words import as_html

FOLDER = Path("instructors", "lessons")
FEWEST, MOST = 3, 5
HOLDING = "{holding}"
"""In a note it stands for how many claims hold by today's ledger."""
EMPHASIS = re.compile(r"\*(\S(?:[^*]*\S)?)\*")


class Question(NamedTuple):
    """A question with one right answer, and the reason why each answer is right or wrong.

    `objective` is the number of the lesson's objective that it belongs to, from 1. Where the right
    answer names a value, `cell` of the lesson stores the output `shows`, or `code` prints `prints`.
    """

    objective: int
    ask: str
    right: str
    because: str
    wrong: list[list[str]]
    cell: str = ""
    shows: str = ""
    code: str = ""
    prints: str = ""

    @property
    def answers(self) -> list[tuple[str, str, bool]]:
        """Every answer, its reason, and whether it is right, in an order that its text decides."""
        answers = [(self.right, self.because, True)]
        answers += [(text, why, False) for text, why in self.wrong]
        return sorted(answers, key=lambda answer: zlib.crc32(answer[0].encode()))


class Misconception(NamedTuple):
    """What a wrong answer to a task believes, found by a part of what the check says to it."""

    task: str
    says: str
    believes: str
    ask: str


class Notes(NamedTuple):
    """What is written by hand for those who teach a lesson.

    `discussion` holds pairs: a question, and what to listen for.
    """

    prediction: str
    skip: str
    discussion: list[list[str]]
    misconceptions: list[Misconception]
    questions: list[Question]
    board: str = ""


def read(lesson: Lesson, root: Path = ROOT) -> Notes | None:
    """Read a lesson's notes, or None where it has none; raises CourseError for malformed ones."""
    path = root / FOLDER / f"{lesson.name}.toml"
    if not path.exists():
        return None
    try:
        content = tomllib.loads(_counted(path.read_text(encoding="utf-8")))
        kinds = {"misconceptions": Misconception, "questions": Question}
        listed = {name: [kind(**row) for row in content.pop(name)] for name, kind in kinds.items()}
        notes = Notes(**content, **listed)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CourseError(f"{path}: not the notes of a lesson: {error}") from error
    if not FEWEST <= len(notes.questions) <= MOST:
        raise CourseError(f"{path}: {FEWEST} to {MOST} questions are wanted")
    for question in notes.questions:
        _check(path, question, lesson)
    return notes


def _counted(text: str) -> str:
    if HOLDING not in text:
        return text
    every = claims.ledger().values()
    held = sum(entry["verdict"] == "holds" for entry in every)
    share = f"{held} of {len(every)} claims, {10 * held / len(every):.1f} of ten,"
    return text.replace(HOLDING, share)


def _check(path: Path, question: Question, lesson: Lesson) -> None:
    place = f"{path}, {question.ask[:40]!r}"
    if not 1 <= question.objective <= len(lesson.objectives):
        raise CourseError(f"{place}: the lesson has {len(lesson.objectives)} objectives")
    if len(question.wrong) < 2 or any(len(pair) != 2 for pair in question.wrong):
        raise CourseError(f"{place}: two wrong answers or more are wanted, each with its reason")
    if len({text for text, _, _ in question.answers}) <= len(question.wrong):
        raise CourseError(f"{place}: two of its answers are alike")


def check_yourself(questions: list[Question]) -> str:
    """Write the questions as the end of a lesson shows them, folded."""
    lines = ["## Check yourself", ""]
    for number, question in enumerate(questions, start=1):
        lines += [f"<details><summary>{number}. {inline_html(question.ask)}</summary>", ""]
        letters = dict(zip("abcde", question.answers, strict=False))
        lines += [f"- **{letter}** {text}" for letter, (text, _, _) in letters.items()]
        lines += ["", "<details><summary>Answer</summary>", ""]
        ordered = sorted(letters.items(), key=lambda item: not item[1][2])
        lines += [
            f"- **{letter}**{' is right:' if right else ':'} {why}"
            for letter, (_, why, right) in ordered
        ]
        lines += ["", "</details>", "", "</details>", ""]
    return "\n".join(lines).rstrip()


def inline_html(text: str) -> str:
    """Return a line of Markdown, which may have code and emphasis in it, as HTML."""
    parts = re.split(r"(<code>.*?</code>)", as_html(text, quote=False))
    parts[::2] = [EMPHASIS.sub(r"<em>\1</em>", part) for part in parts[::2]]
    return "".join(parts)
