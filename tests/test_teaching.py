"""Pages, schedules and the workshop: derived from the lessons, so that they cannot go stale."""

import html
import json
import re
import shutil

import nbformat
import pytest

from course_utils import ROOT, CourseError, authoring, claims, minutes, notebooks
from course_utils.authoring import notes
from course_utils.teaching import pages, room, schedules, workshop

LESSONS = [lesson for lesson in notebooks.lessons() if lesson.tasks]
MOST_WORDS, MOST_SECONDS, CLAIMS = 2500, 300, 5


def test_pages_schedules_and_workshop_are_current():
    lines, good = pages.write_pages(check=True)
    assert good, f"run `course instructor-pages`: {lines}"


@pytest.mark.parametrize("of", LESSONS, ids=[lesson.name for lesson in LESSONS])
def test_a_lesson_s_page_has_all_that_is_taught_from(of):
    own = notes.read(of)
    text = pages.page(of, own)
    wanted = ["Objectives", "Minutes", "What the lesson finds", "Misconceptions", "Questions"]
    for heading in wanted:
        assert f"## {heading}\n" in text
    assert "## The prediction" in text
    assert own.prediction in text
    assert len(own.misconceptions) >= 3
    assert len(own.discussion) >= 3
    assert all(f"| {name} |" in text for name in of.claims)
    assert all(f"*Listen for:* {listen}" in text for _, listen in own.discussion)
    assert text.count("A wrong answer:") == text.count("> **Task ") == len(own.misconceptions)
    letters = re.findall(r"^- \*\*([a-e])(, right)?\*\* ", text, re.MULTILINE)
    places = [
        (letter, ", right" * right)
        for question in own.questions
        for letter, (*_, right) in zip("abcde", question.answers, strict=False)
    ]
    assert letters == places
    tied = {question.objective for question in own.questions}
    assert len(tied) >= min(3, len(of.objectives) - 1)


def test_a_page_says_of_each_verdict_why_and_what_would_turn_it():
    judged = [of for of in LESSONS if of.claims]
    assert judged
    for of in judged:
        text = pages.page(of, notes.read(of))
        for name in of.claims:
            entry = claims.claim(name)
            label, _ = claims.VERDICTS[entry["verdict"]]
            row = re.search(rf"^\| {name} \| “.*” \| \*\*(.*)\.\*\* ([^|]*\.) \|$", text, re.M)
            assert row[1] == label
            assert row[2] in shown_by(of).replace("\n", " ")
            (more,) = re.findall(rf"^- \*\*{name}\*\* (.*)$", text, re.M)
            wanted = [entry.get("control"), entry.get("otherwise"), entry["limit"]]
            assert all(told in more for told in wanted if told)


def shown_by(of):
    """Return the cards that a lesson has stored, as they are seen, in place of what was printed."""
    cells = notebooks.load(of.path)["cells"]
    stored = (output.get("data", {}) for cell in cells for output in cell.get("outputs", []))
    cards = " ".join(notebooks.joined(data.get("text/html", "")) for data in stored)
    return html.unescape(re.sub("</?code>", "`", cards))


@pytest.mark.parametrize("of", LESSONS, ids=[lesson.name for lesson in LESSONS])
def test_the_minutes_of_a_page_add_up_as_it_says(of):
    text = (ROOT / notes.FOLDER / f"{of.name}.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    whole, planned = re.search(r"\| \*\*all\*\* \| \*\*(\d+)\*\*, planned as (\d+)", text).groups()
    assert sum(int(taken) for _, taken, _ in rows) == int(whole)
    assert 0 <= int(planned) - int(whole) <= minutes.STEP
    before = 0
    for _, taken, begins in rows:
        assert int(begins) == before
        before += int(taken)
    assert minutes.pause(of.path) in text
    assert ("\nAfter [" in text) == bool(of.prerequisites)


@pytest.mark.parametrize("of", LESSONS, ids=[lesson.name for lesson in LESSONS])
def test_a_task_is_quoted_up_to_the_end_of_what_it_asks(of):
    text = (ROOT / notes.FOLDER / f"{of.name}.md").read_text(encoding="utf-8")
    quoted = re.findall(r"^> \*\*Task .*(?:\n>.*)*", text, re.MULTILINE)
    assert len(quoted) == len(notes.read(of).misconceptions)
    assert [one for one in quoted if not one.endswith((".", ")", "*"))] == []


@pytest.fixture
def course(tmp_path):
    """What the pages are made of, to be changed."""
    for folder in ("notebooks", "solutions", "instructors", "tests/answers"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


@pytest.mark.heavy
def test_a_page_goes_stale_with_its_lesson(course):
    path = notebooks.named("training", root=course)
    lesson = nbformat.read(path, 4)
    text = next(cell for cell in lesson.cells[6:] if cell.cell_type == "markdown")
    text.source += " And some forty more words to read, that is to say: " + "word " * 400
    nbformat.write(lesson, path)
    lines, good = pages.write_pages(check=True, root=course)
    stale = [line.partition(":")[0] for line in lines if line.endswith("stale")]
    assert not good
    assert stale == ["instructors/lessons/training.md", "instructors/guide.md"]
    pages.write_pages(root=course)
    assert pages.write_pages(check=True, root=course)[1]


def test_a_misconception_without_its_wrong_answer_is_named(course):
    path = next((course / "tests/answers").rglob("*_training.py"))
    path.write_text(path.read_text().replace("judging changed", "judging altered"))
    with pytest.raises(CourseError, match="0 wrong answers to training-1"):
        pages.write_pages(check=True, root=course)


def test_minutes_follow_the_formula(tmp_path):
    cells = [
        nbformat.v4.new_markdown_cell("# Title\n\n## Not a section\n" + "word " * 96, id="header"),
        nbformat.v4.new_markdown_cell("## Predict first\n\n" + "word " * 198),
        nbformat.v4.new_code_cell("# why\n" + "x = 1\n\n" * 24),
        nbformat.v4.new_markdown_cell("word " * 1000, id="next"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "one.ipynb")
    expected = {
        "Opening": 100 / minutes.WORDS,
        "Predict first": minutes.PREDICTING + 200 / minutes.WORDS + 24 / minutes.STATEMENTS,
    }
    assert minutes.by_section(tmp_path / "one.ipynb") == pytest.approx(expected)
    assert minutes.of_lesson(tmp_path / "one.ipynb") == 10


def tables(text):
    """Read the guide's schedules back: for each stretch the minutes of its items, and their sum."""
    for match in schedules.TABLE.finditer(text):
        row = r"^\| (?!when|-|\*)(.+?) \| (.+) \| (\d+)/(\d+) \| (.*) \|$"
        rows = re.findall(row, match[0], re.MULTILINE)
        both = re.search(r"\*\*all\*\* \| \| \*\*(\d+)/(\d+)\*\*", match[0])
        yield match[2], rows, tuple(map(int, both.groups()))


def test_the_schedules_sums_agree_and_no_stretch_is_long():
    text = (ROOT / schedules.GUIDE).read_text(encoding="utf-8")
    found = list(tables(text))
    assert [name for name, *_ in found] == ["half_day", "two_days", "semester"]
    for name, rows, total in found:
        for when, what, taken, longer, _ in rows:
            assert sum(map(int, re.findall(r", (\d+)(?:;|$)", what))) == int(taken), (name, when)
            predicted = what.count("workshop:") + len(re.findall(r"(?<!exercise: )\[", what))
            assert int(longer) == int(taken) + predicted * minutes.IN_CLASS, (name, when)
            assert int(longer) <= 90
        assert total == tuple(sum(int(row[n]) for row in rows) for n in (2, 3))
    weeks = {when.split()[0] for when, *_ in found[2][1]}
    assert weeks == {str(week) for week in range(1, 13)}


def test_what_a_lesson_comes_after_came_before_or_the_plan_says_so():
    text = (ROOT / schedules.GUIDE).read_text(encoding="utf-8")
    for match in schedules.TABLE.finditer(text):
        said = text[: match.start()].rpartition("### ")[2]
        before = re.findall(r"\]\(lessons/(\w+)\.md\)", said)
        for name in re.findall(r"(?<!exercise: )\[[^]]*\]\(lessons/(\w+)\.md\)", match[0]):
            needed = notebooks.front_matter(notebooks.named(name)).prerequisites
            assert set(needed) - {"start_here", *before} == set(), (match[2], name)
            before.append(name)


def test_the_workshop_s_page_answers_its_predictions():
    text = workshop.page()
    for part in workshop.parts():
        for told in (part.predict, part.answer, part.talk, part.skip):
            assert told in text
        assert part.answer not in workshop.make()


def test_a_wrong_answer_is_shown_without_its_right_half():
    right = "def one(x):\n    ### BEGIN\n    return x\n\n\ndef two(x):\n    return 2 * x"
    answer = "def one(x):\n    return x\n\n\ndef two(x):\n    return x"
    shown = pages.code(answer, right)
    assert shown[1] == "def two(x):\n    return x"
    assert shown[-1] == "*(Right in this answer, and left out: `one`.)*"
    assert pages.code("def two(x):\n    return x", right)[-1] == "```"


def test_the_share_of_claims_that_hold_is_counted():
    every = [entry["verdict"] for entry in claims.ledger().values()]
    lesson = next(lesson for lesson in LESSONS if lesson.name == "verdict")
    held, of = every.count("holds"), len(every)
    share = f"{held} of {of} claims, {10 * held / of:.1f} of ten"
    assert share in notes.read(lesson).prediction


def test_a_semester_has_every_lesson():
    text = (ROOT / schedules.GUIDE).read_text(encoding="utf-8")
    semester = next(rows for name, rows, _ in tables(text) if name == "semester")
    named = set(re.findall(r"(?<!exercise: )\[[^]]*\]\(lessons/(\w+)\.md\)", str(semester)))
    assert named == {lesson.name for lesson in LESSONS}


def test_a_stretch_that_is_too_long_is_refused(course):
    path = course / schedules.PLAN
    path.write_text(path.read_text() + '"13 a" = [{ say = "a speech", minutes = 91 }]\n')
    with pytest.raises(CourseError, match="semester, 13 a: 91 minutes without a break"):
        schedules.plan(course)


def test_a_schedule_with_an_unknown_lesson_is_refused(course):
    path = course / schedules.PLAN
    path.write_text(path.read_text().replace('lesson = "training"', 'lesson = "draining"'))
    with pytest.raises(CourseError, match="no lesson is named 'draining'"):
        schedules.plan(course)


def test_the_guide_is_short_and_its_links_lead_somewhere():
    path = ROOT / schedules.GUIDE
    text = path.read_text(encoding="utf-8")
    assert len(text.split()) <= MOST_WORDS
    for page in [path, ROOT / workshop.PAGE, *(ROOT / notes.FOLDER).glob("*.md")]:
        prose = re.sub(r"`[^`]*`", "", page.read_text(encoding="utf-8"))
        for link in re.findall(r"\]\(([^)\s#:]+)\)", prose):
            assert (page.parent / link).exists(), (page.name, link)


def test_the_log_of_classes_has_its_columns():
    text = (ROOT / "instructors/classes.md").read_text(encoding="utf-8")
    assert "| date | where | how many | minutes of each lesson, as measured |" in text


def test_the_workshop_is_made_of_the_lessons_own_cells():
    notebook = nbformat.reads(workshop.make(), 4)
    nbformat.validate(notebook)
    lessons = {lesson.name: notebooks.load(lesson.path)["cells"] for lesson in LESSONS}
    code = {notebooks.joined(cell["source"]) for cells in lessons.values() for cell in cells}
    own = [cell.source for cell in notebook.cells if cell.cell_type == "code"][1:]
    assert set(own) <= code
    assert len(workshop.parts()) == CLAIMS
    assert all(f'"{part.claim}"' in str(part.cells) for part in workshop.parts())
    text = "\n".join(cell.source for cell in notebook.cells)
    assert re.findall(r"(?i).*\bsections?\b.*", text) == []


@pytest.mark.heavy
@pytest.mark.timeout(2 * MOST_SECONDS)
def test_the_workshop_runs_in_five_minutes_and_judges_its_claims():
    import time

    path = ROOT / workshop.PATH
    notebook = notebooks.read(path)
    start = time.perf_counter()
    authoring.client(notebook, path).execute()
    assert time.perf_counter() - start < MOST_SECONDS
    shown = str([cell.outputs for cell in notebook.cells if cell.cell_type == "code"])
    judged = re.findall(r"<div><b>([A-Z]\d\d)</b>", shown)
    assert judged == [part.claim for part in workshop.parts()]


def report(folder, name, status):
    row = {"name": "kernel", "status": status, "detail": "does not start", "mend": "make lab"}
    (folder / f"{name}.json").write_text(json.dumps({"ready": status == "ok", "rows": [row]}))


def test_a_room_is_told_machine_by_machine(tmp_path):
    report(tmp_path, "desk-1", "ok")
    report(tmp_path, "desk-2", "fail")
    (tmp_path / "desk-3.json").write_text("Traceback")
    lines, good = room.table(tmp_path)
    assert not good
    assert lines[0] == "desk-1: ready"
    assert lines[1] == "desk-2: kernel: does not start (make lab)"
    assert "cannot be read" in lines[2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_report_is_read_as_any_shell_has_written_it(tmp_path, encoding):
    report(tmp_path, "desk", "fail")
    path = tmp_path / "desk.json"
    path.write_text(path.read_text(encoding="utf-8"), encoding=encoding, newline="\r\n")
    assert room.table(tmp_path) == (["desk: kernel: does not start (make lab)"], False)


def test_a_room_without_reports_says_how_to_make_them(tmp_path):
    with pytest.raises(CourseError, match=r"course doctor --json > NAME\.json"):
        room.table(tmp_path)
