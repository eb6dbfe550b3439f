"""A learner's guesses: kept when they are made, told beside the answer, counted once."""

import re

import ipywidgets
import nbformat
import pytest

from course_utils import notebooks, predictions, progress


@pytest.fixture
def forms(progress_file, monkeypatch):
    """The fields of all forms that a test has shown, and what was displayed."""
    fields, shown = [], []
    for kind in ("RadioButtons", "Text"):
        make = getattr(ipywidgets, kind)

        def kept(make=make, **settings):
            fields.append(make(**settings))
            return fields[-1]

        monkeypatch.setattr(ipywidgets, kind, kept)
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    return fields, shown


def test_a_choice_is_kept_and_told_beside_the_answer(forms, capsys):
    (fields, _) = forms
    predictions.ask("trial", "the larger", ["a", "b"])
    assert fields[0].value is None
    assert progress.predictions() == {}
    fields[0].value = "a"
    fields[0].value = "b"
    assert progress.predictions() == {"trial: the larger": {"said": "b"}}
    predictions.answer("trial", "the larger", "a")
    assert capsys.readouterr().out == "the larger: you said b; it was a\n"
    assert progress.predictions()["trial: the larger"] == {"said": "b", "right": False}


def test_what_was_said_is_there_again_and_stays_once_it_is_answered(forms):
    (fields, _) = forms
    predictions.ask("trial", "layers", [0, 1, 2])
    fields[0].value = "1"
    predictions.ask("trial", "layers", [0, 1, 2])
    assert (fields[1].value, fields[1].disabled) == ("1", False)
    predictions.answer("trial", "layers", 1, 2)
    predictions.ask("trial", "layers", [0, 1, 2])
    assert (fields[2].value, fields[2].disabled) == ("1", True)
    progress.predict("trial: layers", "2")
    assert progress.predictions()["trial: layers"] == {"said": "1", "right": True}


@pytest.mark.parametrize(
    ("text", "said", "right"), [("57", 57, True), ("50,5 %", 50.5, False), (" 62 ", 62, True)]
)
def test_a_number_may_be_a_little_off(forms, capsys, text, said, right):
    (fields, _) = forms
    predictions.ask("trial", "of 100")
    fields[0].value = text
    predictions.answer("trial", "of 100", 60.0, within=5)
    assert capsys.readouterr().out == f"of 100: you said {said}; it was 60\n"
    assert progress.predictions()["trial: of 100"] == {"said": said, "right": right}


@pytest.mark.parametrize("text", ["many", "", "nan", "inf"])
def test_what_is_not_a_number_is_not_kept(forms, text):
    (fields, _) = forms
    predictions.ask("trial", "of 100")
    fields[0].value = "1"
    fields[0].value = text
    assert progress.predictions() == {"trial: of 100": {"said": 1}}


def test_without_a_guess_the_answer_is_told_and_nothing_is_counted(progress_file, capsys):
    predictions.answer("trial", "graphs", 8, 20)
    assert capsys.readouterr().out == "graphs: you made no prediction; it was 8 or 20\n"
    assert not progress_file.exists()
    assert progress.predicted() == ""


def test_progress_tells_how_many_came_true(forms):
    (fields, _) = forms
    for n, guess in enumerate("aab"):
        predictions.ask("trial", str(n), ["a", "b"])
        fields[n].value = guess
        predictions.answer("trial", str(n), "a")
    assert progress.as_text().splitlines()[-1] == "Predictions that came true: 2 of 3."


def test_a_stored_output_holds_no_form_and_nothing_of_the_learner(forms):
    fields, shown = forms
    for _ in range(2):
        predictions.ask("trial", "the larger", ["a", "b"])
        fields[-1].value = "b"
    cells = [
        nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", data=data)])
        for data in shown
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    assert all(notebooks.WIDGET in data for data in shown)
    notebooks.tidy(notebook)
    stored = [cell.outputs[0].data for cell in notebook.cells]
    assert stored == [{"text/plain": predictions.FORM}] * 2


def test_a_prediction_names_the_section_that_answers_it():
    named = 0
    for lesson in notebooks.lessons():
        cells = notebooks.load(lesson.path)["cells"]
        section, told, answering = "", "", set()
        for cell in cells:
            text = notebooks.joined(cell["source"])
            if cell["cell_type"] == "markdown":
                section = "".join(re.findall(r"^## (\d+) ", text, re.MULTILINE)[-1:]) or section
                told = "".join(re.findall(r"Section (\d+) has the answer", text)) or told
            elif "predictions.answer(" in text:
                answering.add(section)
        assert not told or told in answering, lesson.name
        named += bool(told)
    assert named > 3
