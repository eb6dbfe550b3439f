"""The four outcomes of a check, each one line, for values of either framework."""

import re
import signal
import time
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_utils import CourseError, notebooks, progress, tasks

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
def test_done_is_one_line_and_is_recorded(value, progress_file, capsys):
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
        (1.00003, "value is 1.00003, expected 1. A hint."),
        (np.float32(1.0001), "value is 1.0001, expected 1. A hint."),
        ([1.0], "value has shape (1,), expected ()"),
        (float("nan"), "value holds a number that is not finite: it is nan, expected 1"),
        (None, "value is None: does your function return its result?"),
        ("one", "value is str, expected numbers"),
        (torch.nn.Linear(1, 1), "expected numbers"),
    ],
)
def test_wrong_says_what_was_expected(value, message, progress_file):
    assert message in outcome(lambda: tasks.close(value, 1.0, "value", hint="A hint."), tasks.Wrong)
    assert progress.done() == {}


@pytest.mark.parametrize(
    ("value", "ending"),
    [
        ([2.0, 4.0], "Twice as much. (first at [0]: 2, expected 1)"),
        ([2.0, 1.0], "Turned round. (first at [0]: 2, expected 1)"),
        ([3.0, 4.0], "A hint. (first at [0]: 3, expected 1)"),
        ([float("nan"), 4.0], "at [0] it is nan, expected 1"),
    ],
)
def test_a_cause_is_named_only_where_its_numbers_came(value, ending, progress_file):
    usual = {"One number.": 2.0, "Twice as much.": [2.0, 4.0], "Turned round.": np.array([2, 1])}
    said = outcome(
        lambda: tasks.close(value, [1.0, 2.0], "value", hint="A hint.", mistakes=usual), tasks.Wrong
    )
    assert said.endswith(ending)


@pytest.mark.parametrize(
    ("value", "expected", "message"),
    [
        (
            [0.0, 1.0],
            [0.5, 1.0],
            "value is [0., 1.], expected [0.5, 1. ] (first at [0]: 0, expected 0.5)",
        ),
        ([3.0], [4.0], "value is [3.], expected [4.]"),
        ([3.0], [4], "value is [3.], expected [4]"),
        ([0.0], [True], "value is [0.], expected [1]"),
        (
            [5.0, 12.000003],
            [5.0, 12.0],
            "is [ 5.      , 12.000003], expected [ 5., 12.] (first at [1]: 12.000003",
        ),
        ([[1.0, np.nan]], [[1.0, 2.0]], "not finite: at [0, 1] it is nan, expected 2"),
        ([np.inf, 1.0], [np.inf, 2.0], "(first at [1]: 1, expected 2)"),
        ([1.0, 1e9], [1.0, np.inf], "(first at [1]: 1e+09, expected inf)"),
    ],
)
def test_the_first_difference_is_named_with_as_many_digits_as_it_takes(value, expected, message):
    act = lambda: tasks.close(value, expected, "value", tolerance=1e-7)  # noqa: E731
    assert message in outcome(act, tasks.Wrong)


def test_what_is_not_finite_on_both_sides_agrees():
    with tasks.check("first_network-1"):
        tasks.close([np.nan, np.inf, 1.0], [np.nan, np.inf, 1.0], "value")


def test_of_a_large_array_the_first_difference_is_shown():
    value = np.zeros((10, 100))
    value[3, 7] = value[4, 1] = 1e-4
    line = outcome(lambda: tasks.close(value, np.zeros((10, 100)), "the picture"), tasks.Wrong)
    assert line.endswith("the picture is 0.0001 at [3, 7], expected 0 (2 of 1000 numbers differ)")


def test_two_numbers_never_look_alike():
    generator = np.random.default_rng(1)
    for size in generator.uniform(-300, 300, 200):
        wanted = float(10**size)
        came = np.nextafter(wanted, np.inf)
        line = outcome(lambda: tasks.close(came, wanted, "it", tolerance=0.0), tasks.Wrong)  # noqa: B023
        first, second = line.split("it is ")[1].split(", expected ")
        assert float(first) > float(second)


def test_tolerance():
    with tasks.check("first_network-1"):
        tasks.close(1.0 + 1e-6, 1.0, "value")
    outcome(lambda: tasks.close(1.0 + 1e-4, 1.0, "value"), tasks.Wrong)


@pytest.mark.parametrize(
    "value",
    [np.arange(3.0), torch.arange(3.0, requires_grad=True), tf.Variable([0.0, 1.0, 2.0])],
    ids=lambda value: type(value).__name__,
)
def test_what_is_given_to_read_stays_as_it_was(value):
    def write():
        if isinstance(value, tf.Variable):
            value.assign_add([0.0, 0.0, 1.0])
        else:
            array = value.detach().numpy() if isinstance(value, torch.Tensor) else value
            array[-1] = 7

    with tasks.unchanged("the numbers", [1, 2], value):
        tasks.close(value, [0, 1, 2], "the numbers")
    refused = pytest.raises(tasks.Wrong, match="changes the numbers: it was given to read")
    with refused, tasks.unchanged("the numbers", [1, 2], value):
        write()


def test_what_is_given_to_read_keeps_its_shape():
    value = torch.arange(3.0)
    refused = pytest.raises(tasks.Wrong, match="changes the numbers: it was given to read")
    with refused, tasks.unchanged("the numbers", value):
        value.unsqueeze_(0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.str_("even"), "even"),
        (np.array("even"), "even"),
        (tf.constant("even"), "even"),
        (np.True_, True),
        (torch.tensor(False), False),
        (tf.constant(True), True),
        (np.int64(3), 3),
        (None, None),
        ([np.str_("a"), "b"], ["a", "b"]),
        ((np.int64(1), torch.tensor(2)), [1, 2]),
        ([], []),
    ],
)
def test_a_word_a_truth_or_a_number_is_the_same_in_every_kind(value, expected):
    tasks.same(value, expected, "not the same")


@pytest.mark.parametrize("expected", ["even", True, None, 3, ["even"]])
@pytest.mark.parametrize("value", [mock.ANY, [mock.ANY], "odd", False, [], {}, np.ones(2)])
def test_what_only_says_that_it_is_equal_is_not_the_same(value, expected):
    with pytest.raises(tasks.Wrong, match="not the same"):
        tasks.same(value, expected, "not the same")


def test_instance_names_both_kinds():
    line = outcome(lambda: tasks.instance(np.ones(1), torch.Tensor, "answer"), tasks.Wrong)
    assert "answer is numpy.ndarray, expected torch.Tensor" in line
    line = outcome(lambda: tasks.instance(1, list | np.ndarray, "answer"), tasks.Wrong)
    assert "answer is int, expected list or numpy.ndarray" in line


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
        "Wrong, task 1: your code stopped at line 3 of the cell, in answer: "
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
    assert line.startswith("Set-up broken, task 1: name 'answer' is not defined. Run the notebook")
    shell.run_cell('with tasks.check("first_network-1"):\n    import nowhere')
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Set-up broken, task 1: ModuleNotFoundError")


def test_an_answer_of_another_form_is_the_answer_s_fault(shell, capsys):
    shell.run_cell("def answer(n):\n    return n")
    shell.run_cell('with tasks.check("first_network-1"):\n    first, second = answer((1, 2, 3))')
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Wrong, task 1: the check cannot use what your code gave (ValueError")


TRACED = {
    "traced": "@tf.function\ndef answer(n):\n    total = n + missing\n    return total",
    "called from what is traced": "def inner(n):\n    return n + missing\n\n\n"
    "@tf.function\ndef answer(n):\n    return inner(n)",
    "mapped": "def answer(n):\n    data = tf.data.Dataset.range(n)\n"
    "    return list(data.map(lambda v: v + missing))",
    "in a Keras layer": "class Mine(keras.layers.Layer):\n    def call(self, n):\n"
    "        return n + missing\n\n\ndef answer(n):\n    return Mine()(tf.ones(n))",
}


@pytest.mark.parametrize("name", TRACED)
def test_an_undefined_name_is_the_learner_s_wherever_it_stands(shell, capsys, name):
    shell.run_cell("import keras\nimport tensorflow as tf")
    shell.run_cell(TRACED[name])
    shell.run_cell(CHECK)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Wrong, task 1: your code stopped at line ")
    place, _, reason = line.partition(" of the cell, in ")
    assert "missing" in TRACED[name].splitlines()[int(place.split()[-1]) - 1]
    assert "+ missing" in reason
    assert reason.endswith(": NameError: name 'missing' is not defined")


REASONS = {
    "AttributeError: module 'tensorflow' has no attribute 'mine'": "@tf.function\n"
    "def answer(n):\n    return tf.mine(n)",
    "InvalidArgumentError: indices = 99 is not in [0, 3)": "@tf.function\ndef answer(n):\n"
    "    return tf.gather(tf.range(3), tf.cast(n, tf.int32) + 97)",
    "InvalidArgumentError: Matrix size-incompatible: In[0]: [2,3], In[1]: [2,3]": "def answer(n):\n"
    "    return tf.ones((2, 3)) @ tf.ones((2, 3))",
    "ValueError: Shapes must be equal rank, but are 1 and 2": "@tf.function\ndef answer(n):\n"
    "    return keras.layers.Lambda(lambda v: tf.stack([tf.ones(2), tf.ones((2, 2))]))(tf.ones(1))",
}


@pytest.mark.parametrize("reason", REASONS)
def test_errors_of_frameworks_keep_their_reason(shell, capsys, reason):
    shell.run_cell("import keras\nimport tensorflow as tf")
    shell.run_cell(REASONS[reason])
    shell.run_cell(CHECK)
    (line,) = capsys.readouterr().out.splitlines()
    assert f": {reason}" in line
    own = re.search(r"at line (\d+) of the cell, in [\w ]+: `(.+?)`: ", line)
    assert REASONS[reason].splitlines()[int(own[1]) - 1].strip() == own[2]


@pytest.fixture(params=[signal.default_int_handler, signal.SIG_IGN], ids=["heard", "ignored"])
def interrupts(request):
    """What is started in the background of a script ignores them."""
    before = signal.signal(signal.SIGINT, request.param)
    yield request.param
    assert signal.signal(signal.SIGINT, before) == request.param


@pytest.mark.parametrize("waiting", ["while True:\n        n += 1", "time.sleep(60)"])
def test_an_answer_that_takes_too_long_is_stopped(shell, capsys, monkeypatch, interrupts, waiting):
    monkeypatch.setattr(tasks, "SECONDS", 0.5)
    shell.run_cell(f"import time\n\n\ndef answer(n):\n    {waiting}")
    start = time.perf_counter()
    shell.run_cell(CHECK)
    assert time.perf_counter() - start < 20
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(
        "Wrong, task 1: your code took more than 0.5 s and was stopped, at line "
    )
    assert line.endswith(("`while True:`", "`n += 1`", "`time.sleep(60)`"))


def test_the_stop_button_stays_the_stop_button():
    with pytest.raises(KeyboardInterrupt), tasks.check("first_network-1"):
        raise KeyboardInterrupt


LEFT = {
    "torch.is_grad_enabled() at False, and it was True": lambda: torch.set_grad_enabled(False),
    "torch.get_default_dtype() at torch.float64": lambda: torch.set_default_dtype(torch.float64),
    "keras.config.floatx() at float64": lambda: keras.config.set_floatx("float64"),
    "tf.config.functions_run_eagerly() at True": lambda: tf.config.run_functions_eagerly(True),
}


@pytest.mark.parametrize("message", LEFT)
def test_settings_that_are_left_changed_are_refused_and_set_back(message):
    assert f"your code leaves {message}" in outcome(LEFT[message], tasks.Wrong)
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32
    assert keras.config.floatx() == "float32"
    assert not tf.config.functions_run_eagerly()


def test_done_stays_done_where_the_record_cannot_be_written(tmp_path, monkeypatch, capfd):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "file" / "progress.json"))
    with tasks.check("first_network-1"):
        tasks.close(1.0, 1.0, "value")
    out, err = capfd.readouterr()
    first, second = out.splitlines()
    assert first == "Done, task first_network-1."
    assert second.startswith("your progress could not be saved in ")
    assert err == ""


def test_done_stays_done_where_the_record_is_damaged(progress_file, capfd):
    progress_file.parent.mkdir()
    progress_file.write_text("{")
    with tasks.check("first_network-1"):
        tasks.close(1.0, 1.0, "value")
    out, err = capfd.readouterr()
    first, second = out.splitlines()
    assert first == "Done, task first_network-1."
    assert second.startswith("your progress file was damaged; it is kept as ")
    assert err == ""
    assert list(progress.done()) == ["first_network-1"]


def test_the_card_leads_to_the_next_task_and_then_out_of_the_exercise():
    card = tasks.Done("first_network-1")._repr_html_()
    assert "✓ Done</span> Task 1. Next: " in card
    assert "first_network-1" not in card
    assert 'href="#first_network-2">Task 2 · The right loss for logits (TensorFlow)</a>' in card
    # Between these two lies a cell of code that begins with a comment.
    assert '#assistant-5">Task 5 · ' in tasks.Done("assistant-4")._repr_html_()
    assert 'href="#after-first_network"' in tasks.Done("first_network-5")._repr_html_()
    assert ">Task 3 · What <code>fit</code> " in tasks.Done("training-2")._repr_html_()
    assert "href" not in tasks.Done("elsewhere-1")._repr_html_()


@pytest.mark.parametrize("path", notebooks.notebook_paths("exercises"), ids=notebooks.name_of)
def test_a_task_has_the_number_that_stands_above_it(path):
    heading, wrong = "", tasks.Wrong("no")
    for cell in notebooks.load(path)["cells"]:
        if found := re.search(r"^## (Task \d+)", notebooks.joined(cell["source"]), re.MULTILINE):
            heading = found[1]
        own = cell["metadata"].get("nbgrader", {})
        if own.get("grade"):
            assert f"</span> {heading}." in tasks.Done(own["grade_id"])._repr_html_()
            wrong.task = own["grade_id"]
            assert wrong._render_traceback_() == [f"Wrong, {heading.lower()}: no"]
    assert heading


def test_run_all_would_stop(shell):
    shell.run_cell("def answer(n):\n    return ...")
    assert isinstance(shell.run_cell(CHECK).error_in_exec, tasks.NotAttempted)
