"""The lessons' questions: true by the lessons' own cells, and whole in every format."""

import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile

import pytest

from course_utils import CourseError, notebooks
from course_utils.authoring import notes
from course_utils.teaching import quizzes

QUIZZES = quizzes.quizzes()
ALL = [(quiz.lesson, question) for quiz in QUIZZES for question in quiz.questions]
SPACE = {"qti": quizzes.QTI, "cp": quizzes.PACKAGE}


def test_every_lesson_with_an_exercise_has_questions():
    have = {quiz.lesson.name for quiz in QUIZZES}
    assert have == {lesson.name for lesson in notebooks.lessons() if lesson.tasks}


def stored(lesson, cell_id):
    """Return all that a cell's stored outputs show, without markup."""
    (cell,) = [one for one in notebooks.load(lesson.path)["cells"] if one.get("id") == cell_id]
    texts = []
    for output in cell["outputs"]:
        texts += [output.get("text", ""), *output.get("data", {}).values()]
    return re.sub(r"<[^>]*>", "", " ".join(notebooks.joined(one) for one in texts if one))


@pytest.mark.parametrize(
    ("of", "question"),
    [(lesson, question) for lesson, question in ALL if question.cell],
    ids=[f"{lesson.name}-{question.cell}" for lesson, question in ALL if question.cell],
)
def test_a_value_of_a_lesson_stands_in_that_cell_s_output(of, question):
    assert question.shows in stored(of, question.cell)


RUNNER = """
import contextlib, io, json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"], os.environ["CUDA_VISIBLE_DEVICES"] = "3", ""
said = []
for code in json.load(sys.stdin):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    said.append(out.getvalue().strip())
print(json.dumps(said))
"""


@pytest.mark.heavy
def test_answers_that_can_be_run_are_what_the_code_prints():
    asked = [(lesson, question) for lesson, question in ALL if question.code]
    codes = json.dumps([question.code for _, question in asked])
    command = [sys.executable, "-c", RUNNER]
    done = subprocess.run(command, input=codes, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout.splitlines()[-1])
    for (lesson, question), came in zip(asked, said, strict=True):
        assert came == question.prints, (lesson.name, question.ask)
        named = re.sub("`", "", f"{question.right} {question.because}")
        assert question.prints in named, (lesson.name, question.ask)


def test_the_right_answer_stands_at_every_place_and_is_seldom_the_longest():
    places = [[right for *_, right in question.answers].index(True) for _, question in ALL]
    assert set(places) >= {0, 1, 2, 3}
    assert max(map(places.count, set(places))) < 0.5 * len(places)
    longest = [len(q.right) > max(len(text) for text, _ in q.wrong) for _, q in ALL]
    assert sum(longest) < 0.5 * len(longest)


def test_in_each_lesson_the_right_answers_stand_at_three_places_or_more():
    for quiz in QUIZZES:
        places = {
            [right for *_, right in question.answers].index(True) for question in quiz.questions
        }
        assert len(places) >= min(3, len(quiz.questions)), quiz.lesson.name


def test_emphasis_is_shown_as_such_wherever_a_question_goes():
    assert notes.inline_html("`a ** 2` is *not* 3 * x * 2") == (
        "<code>a ** 2</code> is <em>not</em> 3 * x * 2"
    )
    texts = [
        text
        for ask, answers in read_qti(quizzes.as_qti(QUIZZES))
        for text in (ask, *(part for answer in answers for part in answer[:2]))
    ]
    for _, question in ALL:
        texts += re.findall("<summary>.*", notes.check_yourself([question]))
    assert [one for one in texts if "*" in re.sub(r"<code>.*?</code>", "", one)] == []


def test_answers_are_folded_below_their_question():
    question = ALL[0][1]
    text = notes.check_yourself([question])
    asked, _, answer = text.partition("<details><summary>Answer</summary>")
    assert question.right in asked
    assert question.because not in asked
    assert question.because in answer
    assert text.count("<details>") == text.count("</details>") == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"objective": 9}, "the lesson has 5 objectives"),
        ({"wrong": [["one", "why"]]}, "two wrong answers or more"),
        ({"right": "b", "wrong": [["a", "x"], ["b", "y"]]}, "two of its answers are alike"),
        ({"surplus": 1}, "not the notes of a lesson"),
    ],
)
def test_malformed_notes_are_refused_in_a_line(tmp_path, change, message):
    lesson = QUIZZES[0].lesson
    question = {"objective": 1, "ask": "q", "right": "r", "because": "b"}
    question |= {"wrong": [["a", "x"], ["b", "y"]]} | change
    lines = ['prediction = ""', 'skip = ""', "discussion = []", "misconceptions = []"]
    for _ in range(3):
        lines += ["[[questions]]", *(f"{key} = {json.dumps(v)}" for key, v in question.items())]
    path = tmp_path / notes.FOLDER / f"{lesson.name}.toml"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines))
    with pytest.raises(CourseError, match=message):
        notes.read(lesson, tmp_path)


def read_gift(text):
    """Read GIFT as Moodle does: blocks between empty lines, a backslash before its own signs."""
    found, category = [], ""
    for block in re.split(r"\n\s*\n", text.strip()):
        if block.startswith("$CATEGORY: "):
            category = block.removeprefix("$CATEGORY: ")
            continue
        match = re.fullmatch(r"::(.+?)::\[markdown\](.*?)(?<!\\)\{(.*)\}", block, re.DOTALL)
        assert match, block
        marks = re.split(r"(?<!\\)([=~#])", match[3])[1:]
        rows = list(zip(marks[::2], map(plain, marks[1::2]), strict=True))
        assert [mark for mark, _ in rows[1::2]] == ["#"] * (len(rows) // 2)
        answers = [
            (a, why, m == "=") for (m, a), (_, why) in zip(rows[::2], rows[1::2], strict=True)
        ]
        found.append((category, match[1], plain(match[2]), answers))
    return found


def plain(text):
    return re.sub(r"\\([\\~=#{}:])", r"\1", text).strip()


def test_gift_holds_every_question_as_it_is():
    came = read_gift(quizzes.as_gift(QUIZZES))
    assert [(ask, answers) for *_, ask, answers in came] == [(q.ask, q.answers) for _, q in ALL]
    assert len({name for _, name, *_ in came}) == len(ALL)
    assert len({category for category, *_ in came}) == len(QUIZZES)


def read_qti(content):
    """Read a package back: for each item its question, and its answers with their reasons."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        manifest = ET.fromstring(package.read("imsmanifest.xml"))
        for resource in manifest.iterfind(".//cp:resource", SPACE):
            assert resource.get("type") == "imsqti_xmlv1p2"
            yield from items(ET.fromstring(package.read(resource.get("href"))))


def items(top):
    for item in top.iterfind(".//qti:item", SPACE):
        ask = item.findtext("qti:presentation/qti:material/qti:mattext", namespaces=SPACE)
        choices = {
            label.get("ident"): label.findtext(".//qti:mattext", namespaces=SPACE)
            for label in item.iterfind(".//qti:response_label", SPACE)
        }
        right = {
            condition.findtext(".//qti:varequal", namespaces=SPACE)
            for condition in item.iterfind(".//qti:respcondition", SPACE)
            if condition.findtext("qti:setvar", namespaces=SPACE) == "100"
        }
        why = {
            feedback.get("ident"): feedback.findtext(".//qti:mattext", namespaces=SPACE)
            for feedback in item.iterfind("qti:itemfeedback", SPACE)
        }
        told = {
            condition.findtext(".//qti:varequal", namespaces=SPACE): why[
                condition.find("qti:displayfeedback", SPACE).get("linkrefid")
            ]
            for condition in item.iterfind(".//qti:respcondition", SPACE)
        }
        yield ask, [(text, told[name], name in right) for name, text in choices.items()]


def test_qti_holds_every_question_as_it_is():
    shown = notes.inline_html
    wanted = [
        (shown(q.ask), [(shown(text), shown(why), right) for text, why, right in q.answers])
        for _, q in ALL
    ]
    assert list(read_qti(quizzes.as_qti(QUIZZES))) == wanted


def test_the_file_s_ending_decides_and_no_file_is_overwritten(tmp_path):
    gift, package = tmp_path / "all.gift", tmp_path / "made/all.zip"
    assert f"{len(ALL)} questions" in quizzes.export(gift)
    assert gift.read_text(encoding="utf-8").startswith("$CATEGORY")
    quizzes.export(package)
    assert zipfile.is_zipfile(package)
    with pytest.raises(CourseError, match="is there already"):
        quizzes.export(gift)
    with pytest.raises(CourseError, match=r"\.gift file"):
        quizzes.export(tmp_path / "all.pdf")
