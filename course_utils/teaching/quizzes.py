"""The lessons' questions as a file for a learning platform: GIFT for Moodle, QTI 1.2 for Canvas."""

import io
import re
import zipfile
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from course_utils import ROOT, CourseError
from course_utils.authoring import notes
from course_utils.notebooks import Lesson, lessons

QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
PACKAGE = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"


class Quiz(NamedTuple):
    """A lesson and its questions."""

    lesson: Lesson
    questions: list[notes.Question]


def quizzes(root: Path = ROOT) -> list[Quiz]:
    """Read every lesson's questions, in the order of the course."""
    found = ((lesson, notes.read(lesson, root)) for lesson in lessons(root))
    return [Quiz(lesson, own.questions) for lesson, own in found if own]


def export(to: Path, root: Path = ROOT) -> str:
    """Write all questions into a new file; its ending decides the format: .gift, .txt or .zip.

    Returns a line about it. Raises CourseError for another ending, or where the file exists.
    """
    if to.suffix not in (".gift", ".txt", ".zip"):
        raise CourseError(f"{to}: name a .gift file (Moodle) or a .zip file (QTI 1.2, Canvas)")
    if to.exists():
        raise CourseError(f"{to} is there already: name a new file")
    found = quizzes(root)
    content = as_qti(found) if to.suffix == ".zip" else as_gift(found).encode()
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(content)
    except OSError as error:
        raise CourseError(f"{to} cannot be written: {error.strerror}") from error
    return f"{to}: {sum(len(quiz.questions) for quiz in found)} questions of {len(found)} lessons"


def as_gift(found: list[Quiz]) -> str:
    """Return the questions in Moodle's GIFT format, a category for each lesson."""
    blocks = []
    for quiz in found:
        blocks.append(f"$CATEGORY: $course$/{quiz.lesson.number} {quiz.lesson.title}")
        for number, question in enumerate(quiz.questions, start=1):
            lines = [f"::{quiz.lesson.name}-{number}::[markdown]{_escaped(question.ask)} {{"]
            for text, why, right in question.answers:
                lines.append(f"  {'=' if right else '~'}{_escaped(text)}#{_escaped(why)}")
            blocks.append("\n".join([*lines, "}"]))
    return "\n\n".join(blocks) + "\n"


def _escaped(text: str) -> str:
    return re.sub(r"([\\~=#{}:])", r"\\\1", text)


def as_qti(found: list[Quiz]) -> bytes:
    """Return a package of QTI 1.2, a quiz for each lesson, as Canvas and others import it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        names = {quiz.lesson.name: f"{quiz.lesson.name}/{quiz.lesson.name}.xml" for quiz in found}
        package.writestr("imsmanifest.xml", _text(_manifest(names)))
        for quiz in found:
            package.writestr(names[quiz.lesson.name], _text(_assessment(quiz)))
    return content.getvalue()


def _text(element: Element) -> bytes:
    indent(element)
    return tostring(element, encoding="utf-8", xml_declaration=True)


def _add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    child = SubElement(parent, name, attributes)
    child.text = text or None
    return child


def _manifest(names: dict[str, str]) -> Element:
    manifest = Element("manifest", {"xmlns": PACKAGE, "identifier": "course-questions"})
    metadata = _add(manifest, "metadata")
    _add(metadata, "schema", "IMS Content")
    _add(metadata, "schemaversion", "1.1.3")
    _add(manifest, "organizations")
    resources = _add(manifest, "resources")
    for name, path in names.items():
        kind = {"identifier": f"quiz-{name}", "type": "imsqti_xmlv1p2", "href": path}
        _add(_add(resources, "resource", **kind), "file", href=path)
    return manifest


def _assessment(quiz: Quiz) -> Element:
    top = Element("questestinterop", {"xmlns": QTI})
    title = f"{quiz.lesson.number} · {quiz.lesson.title}"
    assessment = _add(top, "assessment", ident=f"quiz-{quiz.lesson.name}", title=title)
    section = _add(assessment, "section", ident="root_section")
    for number, question in enumerate(quiz.questions, start=1):
        _item(section, f"{quiz.lesson.name}-{number}", question)
    return top


def _item(section: Element, name: str, question: notes.Question) -> None:
    item = _add(section, "item", ident=name, title=name)
    _fields(item, question_type="multiple_choice_question", points_possible="1.0")
    presentation = _add(item, "presentation")
    _material(presentation, question.ask)
    response = _add(presentation, "response_lid", ident="response1", rcardinality="Single")
    choices = _add(response, "render_choice")
    processing = _add(item, "resprocessing")
    outcomes = _add(processing, "outcomes")
    score = {"varname": "SCORE", "vartype": "Decimal", "minvalue": "0", "maxvalue": "100"}
    _add(outcomes, "decvar", **score)
    for n, (text, why, right) in enumerate(question.answers):
        label = f"answer-{n}"
        _material(_add(choices, "response_label", ident=label), text)
        condition = _add(processing, "respcondition", **{"continue": "Yes"})
        _add(_add(condition, "conditionvar"), "varequal", label, respident="response1")
        if right:
            _add(condition, "setvar", "100", action="Set", varname="SCORE")
        told = {"feedbacktype": "Response", "linkrefid": f"{label}-why"}
        _add(condition, "displayfeedback", **told)
        feedback = _add(item, "itemfeedback", ident=f"{label}-why")
        _material(_add(feedback, "flow_mat"), why)


def _fields(item: Element, **values: str) -> None:
    metadata = _add(_add(item, "itemmetadata"), "qtimetadata")
    for label, value in values.items():
        field = _add(metadata, "qtimetadatafield")
        _add(field, "fieldlabel", label)
        _add(field, "fieldentry", value)


def _material(parent: Element, text: str) -> None:
    _add(_add(parent, "material"), "mattext", notes.inline_html(text), texttype="text/html")
