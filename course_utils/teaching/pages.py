"""An instructor's page for each lesson: from what the lesson holds, and the notes beside it."""

import ast
import re
from pathlib import Path

from course_utils import ROOT, CourseError, claims, minutes
from course_utils.authoring import headers, mutants, notes
from course_utils.authoring.numbering import ANSWERS
from course_utils.files import relative_link
from course_utils.notebooks import Lesson, counterpart, joined, lessons, load, with_tasks
from course_utils.teaching import outline, schedules, workshop

MADE = (
    "<!-- made by `course instructor-pages` from the lesson and the .toml file beside this one -->"
)
WRONG = re.compile(r"^# %% (\S+) wrong: (.*)\n((?:(?!# %% ).*\n?)*)", re.MULTILINE)

END = (".", ")", "*", "?")
WRITE = re.compile(r"\bWrite\b|\b[Rr]eturns?\b")


def write_pages(check: bool = False, root: Path = ROOT) -> tuple[list[str], bool]:
    """Generate the pages, the guide's schedules, and the workshop's notebook and page.

    Returns what was done, a line each, and whether all is current. With `check` nothing is written.
    """
    found = lessons(root)
    new = {}
    for lesson in found:
        if own := notes.read(lesson, root):
            new[root / notes.FOLDER / f"{lesson.name}.md"] = page(lesson, own, root)
    new[root / schedules.GUIDE] = schedules.guide(root)
    new[root / workshop.PATH] = workshop.make(root)
    new[root / workshop.PAGE] = workshop.page(root)
    return headers.write(new, check, root)


def page(lesson: Lesson, own: notes.Notes, root: Path = ROOT) -> str:
    """Write the page of a lesson; raises CourseError where a note fits the lesson no longer."""
    place, cells = root / notes.FOLDER, load(lesson.path)["cells"]
    link = relative_link(lesson.path, place)
    lines = [MADE, "", f"# Teaching {lesson.number} · {lesson.title}", "", lesson.promise, ""]
    lines += [f"[The lesson]({link})" + _exercise(lesson, place) + ".", ""]
    lines += ["## Objectives", "", *_numbered(lesson.objectives), ""]
    lines += _claims(lesson, cells)
    lines += _minutes(lesson, root)
    lines += ["## When time is short", "", own.skip, ""]
    if asked := outline.prediction(cells):
        lines += ["## The prediction", "", *_quoted(asked), ""]
    lines += ["**The answer.** " + own.prediction, ""] if own.prediction else []
    for told, heading in (("What the lesson finds", outline.FOUND), (outline.TWINS,) * 2):
        if text := outline.section(cells, heading):
            lines += [f"## {told}", "", workshop.moved_links(text, lesson.path.parent, place), ""]
    lines += ["## On the board", "", "```", own.board.strip("\n"), "```", ""] if own.board else []
    lines += [
        "## Misconceptions",
        "",
        "Wrong answers with which its exercise is tested.",
        "",
    ]
    for number, one in enumerate(own.misconceptions, start=1):
        lines += _misconception(number, one, lesson, root)
    lines += ["## To discuss", ""]
    for number, (question, listen) in enumerate(own.discussion, start=1):
        lines += [f"{number}. {question}", f"   *Listen for:* {listen}"]
    lines += [""]
    lines += ["## Questions", "", "They stand folded at the lesson's end.", ""]
    for number, question in enumerate(own.questions, start=1):
        lines += _question(number, question, lesson)
    return "\n".join(lines).rstrip() + "\n"


def _numbered(texts: list[str]) -> list[str]:
    return [f"{number}. {text}" for number, text in enumerate(texts, start=1)]


def _quoted(text: str) -> list[str]:
    return [f"> {line}".rstrip() for line in text.splitlines()]


def _exercise(lesson: Lesson, place: Path) -> str:
    if not lesson.tasks:
        return ""
    exercise = relative_link(counterpart(lesson.path, "exercises"), place)
    solution = relative_link(counterpart(lesson.path, "solutions"), place)
    return f" · [its exercise]({exercise}), {len(lesson.tasks)} tasks · [the solution]({solution})"


def _claims(lesson: Lesson, cells: list[outline.Cell]) -> list[str]:
    """Return each claim with its verdict and why; below, what a class asks of a verdict."""
    if not lesson.claims:
        return []
    reasons = outline.reasons(cells)
    lines = ["## Claims", "", "| id | the article's words | verdict |", "|---|---|---|"]
    more = ["Before a class runs a card's cell, ask what would turn its verdict:", ""]
    for name in lesson.claims:
        entry = claims.claim(name)
        label, _, why = reasons[name].partition(". ")
        lines.append(f"| {name} | “{entry['words']}” | **{label}.** {why} |")
        more.append(f"- **{name}** {outline.below(entry)}")
    return [*lines, "", *more, ""]


def _minutes(lesson: Lesson, root: Path) -> list[str]:
    """Return the minutes of each section; they add up, since all begins are rounded alike."""
    lines = ["## Minutes", ""]
    before = [other for other in lessons(root) if other.name in lesson.prerequisites]
    if before:
        linked = (_linked(one, root / notes.FOLDER) for one in before)
        lines += [f"After {', '.join(linked)}.", ""]
    pace = f"text at {minutes.WORDS} words, code at {minutes.STATEMENTS} statements a minute"
    lines += [f"A reader's: {pace}, {minutes.PREDICTING} to predict. A class takes longer.", ""]
    lines += ["| section | minutes | begins at |", "|---|---|---|"]
    taken, begun = minutes.by_section(lesson.path), 0.0
    for section, one in taken.items():
        lines.append(f"| {section} | {round(begun + one) - round(begun)} | {round(begun)} |")
        begun += one
    planned = minutes.of_lesson(lesson.path)
    lines += [f"| **all** | **{round(begun)}**, planned as {planned} | |", ""]
    later = minutes.pause(lesson.path)
    return lines + ([f"Pause before “{later}”.", ""] if later else [])


def _linked(lesson: Lesson, place: Path) -> str:
    return f"[{lesson.number} · {lesson.title}]({relative_link(lesson.path, place)})"


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
    _, says, answer = found[0].groups()
    lines = [f"### {number}. {one.believes}", "", *_quoted(_task(lesson, one.task)), ""]
    right = mutants.answers(counterpart(lesson.path, "solutions"))[one.task]
    lines += ["A wrong answer:", "", *code(answer.strip(), right), ""]
    lines += [f"The check says: “… {says.rstrip('.')} …”", ""]
    return [*lines, f"Ask back: *{one.ask}*", ""]


def code(answer: str, right: str) -> list[str]:
    """Return an answer as code, without those of its functions that the right one has as well."""
    solved = {ast.dump(node) for node in ast.parse(right).body}
    nodes = ast.parse(answer).body
    alike = [
        node for node in nodes if isinstance(node, ast.FunctionDef) and ast.dump(node) in solved
    ]
    first = [min([node.lineno, *(one.lineno for one in node.decorator_list)]) for node in alike]
    ends = [node.end_lineno for node in alike]
    left_out = {n for pair in zip(first, ends, strict=True) for n in range(pair[0], pair[1] + 1)}
    lines = [line for n, line in enumerate(answer.split("\n"), start=1) if n not in left_out]
    shown = ["```python", re.sub(r"\n{3,}", "\n\n\n", "\n".join(lines)).strip("\n"), "```"]
    names = ", ".join(f"`{node.name}`" for node in alike)
    return shown + ["", f"*(Right in this answer, and left out: {names}.)*"] * bool(alike)


def _task(lesson: Lesson, name: str) -> str:
    """Return a task's title and what it asks for, the text above the cell that answers it.

    A paragraph that ends within a sentence goes on in the next one, as before a list.
    """
    text = ""
    for cell in with_tasks(lesson.path)["cells"]:
        if cell["cell_type"] == "markdown":
            text = joined(cell["source"])
        elif cell["metadata"].get("nbgrader", {}).get("grade_id") == f"{name}-answer":
            break
    title, *paragraphs = text.split("\n\n")
    first = next(n for n, one in enumerate(paragraphs) if WRITE.search(one))
    ends = (n for n in range(first, len(paragraphs)) if paragraphs[n].rstrip().endswith(END))
    asked = "\n\n".join(paragraphs[first : next(ends, len(paragraphs)) + 1])
    return f"**{title.lstrip('# ')}.** {asked}"


def _question(number: int, question: notes.Question, lesson: Lesson) -> list[str]:
    lines = [f"### {number}. {question.ask}", ""]
    lines += [f"*{lesson.objectives[question.objective - 1]}*", ""]
    for letter, (text, why, right) in zip("abcde", question.answers, strict=False):
        lines.append(f"- **{letter}{', right' if right else ''}** {text} ({why})")
    return [*lines, ""]
