"""Predictions: what the learner guesses before a lesson measures it, and how that came out."""

import math
from collections.abc import Sequence
from typing import Any

from course_utils import CourseError, progress
from course_utils.notebooks import WIDGET

FORM = "(Run this cell to write your prediction down.)"
"""What stands for the form where nothing runs: in a stored output, in an export, on a web page."""


def ask(lesson: str, question: str, choices: Sequence[str | int] = ()) -> None:
    """Show a form that keeps a guess in the learner's record, and shows nothing else.

    The guess is one of `choices`, or a number where there are none. It may be changed until the
    lesson has answered; nothing depends on it.
    """
    import ipywidgets
    from IPython.display import display

    name = progress.name_now(f"{lesson}: {question}")
    kept = progress.predictions().get(name, {})
    said, settings = str(kept.get("said", "")), {"disabled": "right" in kept}
    look = {"layout": {"width": "auto"}, "style": {"description_width": "initial"}}
    if choices:
        texts = [str(choice) for choice in choices]
        settings |= {"options": texts, "value": said if said in texts else None}
        field = ipywidgets.RadioButtons(description=question, **settings, **look)
    else:
        settings |= {"value": said, "placeholder": "a number", "continuous_update": False}
        field = ipywidgets.Text(description=question, **settings, **look)
    note = ipywidgets.Label("Noted." if kept else "")

    def keep(change: dict[str, Any]) -> None:
        try:
            guess = change["new"] if choices else _number(change["new"])
            progress.predict(name, guess)
            note.value = "Noted."
        except CourseError as error:
            note.value = str(error)

    field.observe(keep, "value")
    form = ipywidgets.VBox([field, note])
    view = form._repr_mimebundle_()[WIDGET]
    display({WIDGET: view, "text/plain": FORM}, raw=True)


def answer(lesson: str, question: str, *right: str | float, within: float = 0) -> None:
    """Say what the learner predicted and what was measured.

    A guess is right that is one of those in `right`, or a number at most `within` from one; the
    learner's record counts it, once.
    """
    name = progress.name_now(f"{lesson}: {question}")
    kept = progress.predictions().get(name)
    measured = " or ".join(f"{one:g}" if isinstance(one, float) else str(one) for one in right)
    said = "you made no prediction"
    if kept:
        said = f"you said {kept['said']}"
        progress.answer(name, any(_agree(kept["said"], one, within) for one in right))
    print(f"{question}: {said}; it was {measured}")


def _agree(said: str | float, one: str | float, within: float) -> bool:
    if isinstance(said, str) or isinstance(one, str):
        return str(said) == str(one)
    return abs(said - one) <= within


def _number(text: str) -> float:
    try:
        number = float(text.strip().rstrip("% ").replace(",", "."))
        if not math.isfinite(number):
            raise ValueError(text)
    except ValueError as error:
        raise CourseError(f"{text!r} is not a number: write one such as 12 or 0.5") from error
    return int(number) if number.is_integer() else number
