"""The four outcomes of a check, each one line, for values of either framework."""

import numpy as np
import pytest
import tensorflow as tf
import torch
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_utils import CourseError, progress, tasks

ONES = [
    np.ones(2),
    [1, 1],
    (1.0, 1.0),
    torch.ones(2, requires_grad=True),
    tf.ones(2),
    tf.Variable([1.0, 1.0]),
    [torch.tensor(1.0), torch.tensor(1.0)],
    [tf.constant(1.0), 1.0],
    np.array([True, True]),
]


@pytest.mark.parametrize("value", ONES, ids=lambda value: type(value).__name__)
def test_done_prints_one_line_and_is_recorded(value, progress_file, capsys):
    with tasks.check("first_network-1"):
        tasks.close(value, [1.0, 1.0], "value")
        tasks.true(value[0] == 1, "not one")
    assert capsys.readouterr().out == "Done, task first_network-1.\n"
    assert list(progress.done()) == ["first_network-1"]


def outcome(act, kind):
    with pytest.raises(kind) as error, tasks.check("first_network-1"):
        act()
    assert len(error.value._render_traceback_()) == 1
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (2.0, "value is 2, expected 1. A hint."),
        ([1.0], "value has shape (1,), expected ()"),
        (float("nan"), "value holds a number that is not finite"),
        (None, "value is None: does your function return its result?"),
        ("one", "value is str, expected numbers"),
        (torch.nn.Linear(1, 1), "expected numbers"),
    ],
)
def test_wrong_says_what_was_expected(value, message, progress_file):
    assert message in outcome(lambda: tasks.close(value, 1.0, "value", hint="A hint."), tasks.Wrong)
    assert progress.done() == {}


def test_long_arrays_are_shortened():
    line = outcome(lambda: tasks.close(np.zeros(1000), np.ones(1000), "value"), tasks.Wrong)
    assert len(line) < 200


def test_tolerance():
    with tasks.check("first_network-1"):
        tasks.close(1.0 + 1e-6, 1.0, "value")
    outcome(lambda: tasks.close(1.0 + 1e-4, 1.0, "value"), tasks.Wrong)


def test_instance_names_both_kinds():
    line = outcome(lambda: tasks.instance(np.ones(1), torch.Tensor, "answer"), tasks.Wrong)
    assert "answer is numpy.ndarray, expected torch.Tensor" in line


@pytest.mark.parametrize(
    "act",
    [
        lambda: tasks.close(..., 1.0, "value"),
        lambda: tasks.true(..., "no"),
        lambda: tasks.attempted(...),
        lambda: tasks.instance(..., float, "value"),
    ],
)
def test_not_attempted(act, progress_file):
    assert outcome(act, tasks.NotAttempted).startswith("Not attempted yet, task first_network-1: ")
    assert progress.done() == {}


def test_refusals_of_the_course_are_the_answer_s_fault():
    def refuse():
        raise CourseError("cannot map PyTorch layer '1' (GRU)")

    assert "(GRU)" in outcome(refuse, tasks.Wrong)


@pytest.fixture
def shell(progress_file):
    """IPython itself, with its cells and its way to show an error."""
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.run_cell("from course_utils import tasks")
    return shell


CHECK = 'with tasks.check("first_network-1"):\n    tasks.close(answer(2), 1.0, "answer(2)")'


def test_an_error_in_the_learner_s_code_shows_the_learner_s_line(shell, capsys):
    shell.run_cell("def answer(n):\n    half = n / 2\n    return half / (half - 1)")
    shell.run_cell(CHECK)
    assert capsys.readouterr().out.splitlines() == [
        "Wrong, task first_network-1: your code stopped at line 3 of the cell, in answer: "
        "`return half / (half - 1)`: ZeroDivisionError: float division by zero"
    ]


def test_a_message_that_begins_with_a_heading_shows_the_line_below_it(shell, capsys):
    shell.run_cell(
        "def answer(n):\n    raise RuntimeError('Error in loading:\\n\\tsize mismatch\\n\\tmore')"
    )
    shell.run_cell(CHECK)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(": RuntimeError: Error in loading: size mismatch")


def test_set_up_broken(shell, capsys):
    shell.run_cell(CHECK)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(
        "Set-up broken, task first_network-1: name 'answer' is not defined. Run the notebook"
    )
    shell.run_cell('with tasks.check("first_network-1"):\n    import nowhere')
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Set-up broken, task first_network-1: ModuleNotFoundError")


def test_an_answer_of_another_form_is_the_answer_s_fault(shell, capsys):
    shell.run_cell("def answer(n):\n    return n")
    shell.run_cell('with tasks.check("first_network-1"):\n    first, second = answer((1, 2, 3))')
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(
        "Wrong, task first_network-1: the check cannot use what your code gave (ValueError"
    )


def test_run_all_would_stop(shell):
    shell.run_cell("def answer(n):\n    return ...")
    assert isinstance(shell.run_cell(CHECK).error_in_exec, tasks.NotAttempted)
