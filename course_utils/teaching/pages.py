"""An instructor's page for each lesson: from what the lesson holds, and the notes beside it."""

import re
from pathlib import Path

from course_utils import ROOT, CourseError, claims
from course_utils.authoring import headers, notes
from course_utils.authoring.numbering import ANSWERS
from course_utils.files import relative_link
from course_utils.notebooks import Lesson, counterpart, joined, lessons, load
from course_utils.teaching import minutes, schedules, workshop

MADE = (
    "<!-- made by `course instructor-pages` from the lesson and the .toml file beside this one -->"
)
WRONG = re.compile(r"^# %% (\S+) wrong: (.*)\n((?:(?!# %% ).*\n?)*)", re.MULTILINE)


def write_pages(check: bool = False, root: Path = ROOT) -> tuple[list[str], bool]:
    """Generate the pages, the guide's schedules and the workshop's notebook.

    Returns what was done, a line each, and whether all is current. With `check` nothing is written.
    """
    found = lessons(root)
    new = {}
    for lesson in found:
        if own := notes.read(lesson, root):
            new[root / notes.FOLDER / f"{lesson.name}.md"] = page(lesson, own, root)
    new[root / schedules.GUIDE] = schedules.guide(root)
    new[root / workshop.PATH] = workshop.make(root)
    return headers.write(new, check, root)


def page(lesson: Lesson, own: notes.Notes, root: Path = ROOT) -> str:
    """Write the page of a lesson; raises CourseError where a note fits the lesson no longer."""
    place = root / notes.FOLDER
    link = relative_link(lesson.path, place)
    lines = [MADE, "", f"# Teaching {lesson.number} · {lesson.title}", "", lesson.promise, ""]
    lines += [f"[The lesson]({link})" + _exercise(lesson, place) + ".", ""]
    lines += ["## Objectives", "", *_numbered(lesson.objectives), ""]
    lines += _claims(lesson)
    lines += _minutes(lesson.path)
    lines += ["## When time is short", "", own.skip, ""]
    if prediction := _prediction(lesson.path):
        lines += ["## The prediction", "", *(f"> {line}".rstrip() for line in prediction), ""]
    lines += ["**The answer.** " + own.prediction, ""] if own.prediction else []
    lines += ["## What the lesson finds", "", *_section(lesson.path, "What we found", place), ""]
    if table := _section(lesson.path, "Where the twins differ", place):
        lines += ["## Where the twins differ", "", *table, ""]
    lines += ["## On the board", "", "```", own.board.strip("\n"), "```", ""] if own.board else []
    lines += [
        "## Misconceptions",
        "",
        "Wrong answers with which its exercise is tested.",
        "",
    ]
    for number, one in enumerate(own.misconceptions, start=1):
        lines += _misconception(number, one, lesson, root)
    lines += ["## To discuss", "", *_numbered(own.discussion), ""]
    lines += ["## Questions", "", "They stand folded at the lesson's end.", ""]
    for number, question in enumerate(own.questions, start=1):
        lines += _question(number, question, lesson)
    return "\n".join(lines).rstrip() + "\n"


def _numbered(texts: list[str]) -> list[str]:
    return [f"{number}. {text}" for number, text in enumerate(texts, start=1)]


def _exercise(lesson: Lesson, place: Path) -> str:
    if not lesson.tasks:
        return ""
    exercise = relative_link(counterpart(lesson.path, "exercises"), place)
    solution = relative_link(counterpart(lesson.path, "solutions"), place)
    return f" · [its exercise]({exercise}), {len(lesson.tasks)} tasks · [the solution]({solution})"


def _claims(lesson: Lesson) -> list[str]:
    if not lesson.claims:
        return []
    lines = ["## Claims", "", "| id | the article's words | verdict | what limits it |"]
    lines += ["|---|---|---|---|"]
    for name in lesson.claims:
        entry = claims.claim(name)
        label, _ = claims.VERDICTS[entry["verdict"]]
        lines.append(f"| {name} | “{entry['words']}” | {label} | {entry['limit']} |")
    return [*lines, ""]


def _minutes(path: Path) -> list[str]:
    lines = ["## Minutes", ""]
    pace = f"text at {minutes.WORDS} words, code at {minutes.LINES} lines a minute"
    lines += [f"A reader's: {pace}, {minutes.PREDICTING} to predict. A class takes longer.", ""]
    lines += ["| section | minutes | begins at |", "|---|---|---|"]
    begun = 0.0
    for section, taken in minutes.by_section(path).items():
        lines.append(f"| {section} | {taken:.0f} | {begun:.0f} |")
        begun += taken
    return [*lines, f"| **all** | **{minutes.of_lesson(path)}** | |", ""]


def _prediction(path: Path) -> list[str]:
    for cell in load(path)["cells"]:
        text = joined(cell["source"])
        if cell["cell_type"] == "markdown" and text.startswith(f"## {minutes.PREDICTION}"):
            return text.splitlines()[2:]
    return []


def _section(path: Path, heading: str, place: Path) -> list[str]:
    """Return the text under a lesson's heading, up to the end of its cell or the next heading."""
    for cell in load(path)["cells"]:
        _, found, rest = joined(cell["source"]).partition(f"## {heading}\n")
        if cell["cell_type"] == "markdown" and found:
            text = rest.partition("\n## ")[0].strip()
            return workshop.moved_links(text, path.parent, place).splitlines()
    return []


def _misconception(number: int, one: notes.Misconception, lesson: Lesson, root: Path) -> list[str]:
    answers = root / ANSWERS / lesson.path.relative_to(root / "notebooks").with_suffix(".py")
    text = answers.read_text(encoding="utf-8") if answers.exists() else ""
    told = [m for m in WRONG.finditer(text) if m[1] == one.task and one.says in m[2]]
    found = [m for m in told if m[2] == one.says] or told
    if len(found) != 1:
        raise CourseError(
            f"{notes.FOLDER / lesson.name}.toml: {len(found)} wrong answers to {one.task} are told "
            f"{one.says!r}, one is wanted"
        )
    _, says, code = found[0].groups()
    lines = [f"### {number}. {one.believes}", "", f"Task `{one.task}`. The answer:", ""]
    lines += ["```python", code.strip(), "```", "", f"The check says: “… {says.rstrip('.')} …”", ""]
    return [*lines, f"Ask back: *{one.ask}*", ""]


def _question(number: int, question: notes.Question, lesson: Lesson) -> list[str]:
    lines = [f"### {number}. {question.ask}", ""]
    lines += [f"*{lesson.objectives[question.objective - 1]}*", ""]
    for text, why, right in sorted(question.answers, key=lambda answer: not answer[2]):
        lines.append(f"- {'**Right:** ' if right else ''}{text} ({why})")
    return [*lines, ""]
