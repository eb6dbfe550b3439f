"""Judge an experiment, not its result: what can be computed of its cases, and what is asked."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from course_utils import CourseError
from course_utils.claims.cases import Case
from course_utils.claims.reading import Entry
from course_utils.words import as_html

FEWEST_VALUES, FEWEST_CASES = 5, 2
"""So many seeds or pairs on each side of a case, and so many situations, are wanted."""

MUCH = 100
"""So many times the control's numbers, or so much above or below them, is much."""

FEWEST_WORDS = 4
"""A shorter answer or reason says nothing that somebody could contest."""

STRONG = """
    all always any anything completely entirely ever every everything everywhere never nobody none
    nothing nowhere whatever whenever
"""
MODEST = "can could few may might mostly often seldom some sometimes tends usually"
"""Words that promise much, and words that promise little."""

COUNTED = re.compile(
    r"\b(all|any|every|none)\b"
    r"(?=( of)?( (?!in |on )[\w-]+){0,2} (case|pair|run|seed|situation)s?\b)"
)
"""What was tried may be counted: "in none of the nine pairs" promises no more than nine pairs."""

ASKED = {
    "alike": "What shows that both sides are alike but for one thing?",
    "before": "Were rule and margin fixed before the numbers were seen?",
    "fair": "Would somebody who says the opposite accept this control?",
    "again": "What would another machine, release or hand have to repeat?",
}
"""What nothing can compute; the learner answers in a sentence."""


class Judged(NamedTuple):
    """A question to an experiment, and whether its cases answer it with yes."""

    question: str
    yes: bool


def checklist(entry: Entry, cases: Mapping[str, Case], because: str) -> list[Judged]:
    """Return what can be computed of an experiment; of a row without cases, its texts only.

    A rule could come out otherwise if it says no where nothing happened (the control on both sides)
    and does not say yes both to what was measured and to its reverse (the sides exchanged). One
    that says no here has to say yes somewhere: to numbers far from the control's.
    """
    own = list(cases.values())
    sizes = [np.size(side) for case in own for side in (case.measured, case.control)]
    judged = [
        Judged("A control with as many values as the measurement?", sizes[::2] == sizes[1::2]),
        Judged(f"At least {FEWEST_VALUES} seeds or pairs?", min(sizes, default=0) >= FEWEST_VALUES),
        Judged(f"At least {FEWEST_CASES} situations?", len(own) >= FEWEST_CASES),
        Judged("A no, had nothing happened?", not any(map(_holds_of_nothing, own))),
        Judged("A yes, had much happened?", all(map(_can_hold, own))),
        Judged("No yes to the reverse as well?", not any(map(_holds_both_ways, own))),
    ]
    texts = [
        Judged(
            "The meaning no stronger than the words?", not stronger(entry["claim"], entry["words"])
        ),
        Judged("The reason no stronger than the cases?", not stronger(because)),
    ]
    return [*(judged if own else []), *texts]


def stronger(text: str, than: str = "") -> list[str]:
    """List the words by which a text promises more than another one.

    Strong words, where the other has none; and the other's modest ones, where the text has none.
    """
    own, others = _words(text), _words(than)
    strong, modest = set(STRONG.split()), set(MODEST.split())
    found = [] if others & strong else sorted(own & strong)
    lost = [] if own & modest else sorted(others & modest)
    return found + [f"without {word!r}" for word in lost]


def thin(texts: Iterable[str]) -> str:
    """Say which text says too little, in too few words or in those of another; or nothing."""
    said = list(texts)
    for text in said:
        if len(_spoken(text)) < FEWEST_WORDS:
            return f"{text!r} says too little: {FEWEST_WORDS} words or more can be contested"
        if [_spoken(other) for other in said].count(_spoken(text)) > 1:
            return f"{text!r} stands there twice, and the questions differ"
    return ""


def page(judged: list[Judged], answers: Mapping[str, str]) -> tuple[str, str]:
    """Return the checklist with the learner's answers, as HTML and as text, for below a card.

    Raises CourseError for an answer to a question that is not asked.
    """
    if unknown := sorted(set(answers) - set(ASKED)):
        raise CourseError(f"{unknown[0]!r} is not asked: answer {', '.join(ASKED)}")
    marks = [("yes" if one.yes else "no", one.question) for one in judged]
    told = [(question, " ".join(answers.get(key, "").split())) for key, question in ASKED.items()]
    items = [f"{'✓' if mark == 'yes' else '✗'} {as_html(q)}" for mark, q in marks]
    items += [
        f"{as_html(question)} <i>{as_html(said) or 'not answered'}</i>" for question, said in told
    ]
    style = "list-style:none;padding-left:20px;margin:0;max-width:48em;line-height:1.3"
    listed = "".join(f"<li><small>{item}</small></li>" for item in items)
    lines = ["", "The experiment:", *(f"  {mark:3}  {question}" for mark, question in marks)]
    lines += [f"  {question} {said or 'not answered'}" for question, said in told]
    head = "<div style='padding-left:20px'><b>The experiment</b></div>"
    return f"{head}<ul style='{style}'>{listed}</ul>", "\n".join(lines)


def _holds_of_nothing(case: Case) -> bool:
    return _said(case, case.control, case.control)


def _can_hold(case: Case) -> bool:
    control = np.asarray(case.control)
    if control.dtype.kind == "b":
        far = [~control]
    else:
        control = control.astype(float)
        far = [control * MUCH, control / MUCH, control + MUCH, control - MUCH]
    return case.holds or any(_said(case, one, control) for one in far)


def _holds_both_ways(case: Case) -> bool:
    return case.holds and _said(case, case.control, case.measured)


def _said(case: Case, measured: object, control: object) -> bool:
    """Apply a case's rule to other numbers; one that cannot take them is no better than a yes."""
    try:
        return Case(np.copy(measured), np.copy(control), case.rule).holds
    except CourseError:
        return True


def _spoken(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", COUNTED.sub("", text.lower())))
