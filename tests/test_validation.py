"""Tests of the tests: each fault, put into a copy of the course, turns the right check red."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from course_utils import ROOT, notebooks
from course_utils.authoring import validation
from course_utils.figures import SHOWN

LESSON = "notebooks/1_basics/02_first_network.ipynb"
SOLUTION = LESSON.replace("notebooks", "solutions")
EXERCISE = LESSON.replace("notebooks", "exercises")


@pytest.fixture
def course(tmp_path):
    """A copy of the notebooks, and of all that checks them."""
    for folder in ("notebooks", "solutions", "exercises", "tests", "course_utils"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for file in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def change(path, act):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    act(notebook["cells"])
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def source(cells, text, **changes):
    cell = next(cell for cell in cells if text in "".join(cell["source"]))
    cell.update(changes)
    return cell


def without_frameworks(cells):
    """Start without importing the frameworks, which the lesson's first cells do not use."""
    style = ["from course_utils import figures\n", "\n", "figures.set_style()"]
    source(cells, "lesson.begin()", source=style)
    light = "import matplotlib.pyplot as plt\nimport numpy as np\n"
    light += "from course_utils import predictions\n"
    source(cells, "import tensorflow as tf", source=light)


def append(cells, text):
    last = next(cell for cell in reversed(cells) if cell["cell_type"] == "markdown")
    last["source"] = ["".join(last["source"]) + text]


def picture_without_alt(cells):
    cell = source(cells, "figures.points")
    page = "".join(cell["outputs"][0]["data"]["text/html"])
    cell["outputs"][0]["data"]["text/html"] = page.replace("alt=", "title=")


def bare_picture(cells):
    source(cells, "figures.points")["outputs"][0]["data"] = {"image/png": "AAAA"}


def no_fingerprint(cells):
    del source(cells, "figures.points")["outputs"][0]["data"][SHOWN]


def timings(cells, reason="seconds of one run"):
    source(cells, "figures.points")["metadata"] = {"course": {"varies": reason}}


def trainings(cells, by):
    own = {"varies": "trainings that another processor ends elsewhere", "by": by}
    source(cells, "figures.points")["metadata"] = {"course": own}


def number_in_timings(cells):
    timings(cells)
    data = source(cells, "figures.points")["outputs"][0]["data"]
    data["text/html"] = "".join(data["text/html"]).replace('alt="', 'alt="about 3 times, ')


def one_framework(cells):
    place = cells.index(source(cells, "answer_torch = ")) + 1
    heading = {"cell_type": "markdown", "id": "alone", "metadata": {}, "source": ["## Apart"]}
    cells.insert(place, heading)


def ignored(cells, **metadata):
    source(cells, "figures.points")["metadata"] = {"tags": ["nbval-ignore-output"], **metadata}


FAULTS = {
    "unexecuted cell": (
        lambda cells: source(cells, "lesson.begin()", execution_count=None),
        "course execute",
    ),
    "stored error": (
        lambda cells: source(
            cells,
            "lesson.begin()",
            outputs=[
                {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}
            ],
        ),
        "a stored error: ValueError",
    ),
    "stderr": (
        lambda cells: source(
            cells,
            "lesson.begin()",
            outputs=[{"output_type": "stream", "name": "stderr", "text": ["W0000"]}],
        ),
        "stderr",
    ),
    "printed set": (
        lambda cells: source(
            cells,
            "lesson.begin()",
            outputs=[{"output_type": "stream", "name": "stdout", "text": ["2 {'a', 'b'}"]}],
        ),
        "the order of",
    ),
    "backtick": (
        lambda cells: source(
            cells,
            "lesson.begin()",
            outputs=[{"output_type": "display_data", "data": {"text/html": ["by `fit`"]}}],
        ),
        "shows a backtick",
    ),
    "broken link": (
        lambda cells: append(cells, "\n\n[next lesson](99_none.ipynb)"),
        "broken link: 99_none",
    ),
    "link to itself": (
        lambda cells: append(cells, "\n\n[the other lesson](02_first_network.ipynb)"),
        "a link to the notebook itself",
    ),
    "broken anchor": (
        lambda cells: append(cells, "\n\n[table](../../README.md#nowhere)"),
        "no such heading",
    ),
    "link that says nothing": (
        lambda cells: append(cells, "\n\n[here](02_first_network.ipynb)"),
        "says nothing",
    ),
    "picture in prose": (
        lambda cells: append(cells, "\n\n![](02_first_network.ipynb)"),
        "without alt text",
    ),
    "picture without alt": (picture_without_alt, "a picture without alt text"),
    "bare picture": (bare_picture, "shows without alt text"),
    "heading order": (lambda cells: append(cells, "\n\n#### Deep"), "has level 4 after level 2"),
    "second title": (lambda cells: append(cells, "\n\n# Another"), "2 headings of the first level"),
    "not Python": (
        lambda cells: source(cells, "lesson.begin()", source=["def"]),
        "it is not Python",
    ),
    "a measurement written down": (
        lambda cells: source(cells, "lesson.begin()", source=["claims.Case(0.9, loss, rule)"]),
        "a case's measurement is written down: 0.9",
    ),
    "the author's own record": (
        lambda cells: source(cells, "figures.points", source=["progress.table()"]),
        "it stores what it told about the machine or record of its author",
    ),
    "no reason": (ignored, "ignored without a reason"),
    "no fingerprint": (no_fingerprint, "without a fingerprint"),
    "times without a reason": (lambda cells: timings(cells, ""), "is not said in its metadata"),
    "a picture that varies too much": (
        lambda cells: trainings(cells, 0.2),
        "varies by 0.2 of its axes, 0.05 at most",
    ),
    "a number in the text of times": (number_in_timings, "its text says ['3']"),
    "one framework": (one_framework, "does without TensorFlow"),
    "long cell": (
        lambda cells: source(cells, "lesson.begin()", source=["pass\n"] * 16),
        "a code cell of 16 statements",
    ),
    "claim not listed": (
        lambda cells: source(cells, "lesson.begin()", source=['claims.verdict("B01", None, "")']),
        "it judges the claims",
    ),
    "missing section": (
        lambda cells: source(cells, "## Predict first", source=["nothing"]),
        "'Predict first'",
    ),
    "machine path": (lambda cells: append(cells, "\n\nsee /home/me/x"), "a path of some machine"),
    "same id": (lambda cells: cells[1].update(id=cells[2]["id"]), "an id of its own"),
    "too large": (lambda cells: append(cells, "x" * 500_000), "kB, at most"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_lesson_is_found(course, fault):
    act, message = FAULTS[fault]
    assert validation.problems(course / LESSON, course) == []
    change(course / LESSON, act)
    assert any(message in line for line in validation.problems(course / LESSON, course))


def solution_left(cells):
    source(
        cells, "def unit_torch", source=["def unit_torch(data, weights, bias):\n", "    return 1"]
    )


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (solution_left, "a solution is left in the exercise: first_network-1-answer"),
        (
            lambda cells: append(cells, "\n\n### BEGIN SOLUTION"),
            "a solution is left in the exercise",
        ),
        (
            lambda cells: source(
                cells,
                "lesson.begin()",
                outputs=[{"output_type": "stream", "name": "stdout", "text": ["x"]}],
            ),
            "an output is left",
        ),
    ],
)
def test_a_fault_in_an_exercise_is_found(course, act, message):
    change(course / EXERCISE, act)
    assert any(message in line for line in validation.problems(course / EXERCISE, course))


def run_pytest(course, *arguments):
    """Run pytest itself in the copy, on the copy's own package, without a preload of its own."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(course), os.environ["PYTHONPATH"]]),
        "COURSE_WARM_KERNELS": "0",
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "0",
        "-q",
        "-p",
        "no:cacheprovider",
        *arguments,
    ]
    result = subprocess.run(
        command, cwd=course, env=environment, capture_output=True, text=True, check=False
    )
    return result.returncode, result.stdout


@pytest.mark.heavy
def test_a_corrupted_stored_output_turns_nbval_red(course):
    """A lesson's first cells are enough: the fault is in the output of one `print`."""
    path = course / LESSON
    change(path, without_frameworks)
    change(path, lambda cells: cells.__delitem__(slice(7, None)))
    status, out = run_pytest(course, LESSON)
    assert status == 0, out
    change(
        path, lambda cells: source(cells, "def sigmoid")["outputs"][0].update(text=["sum 0.31\n"])
    )
    status, out = run_pytest(course, LESSON)
    assert status == 1
    assert "1 failed" in out


def test_a_picture_of_other_data_turns_nbval_red(course):
    """In the lesson's first picture a point is moved, and the stored output is not."""

    def move(cells):
        without_frameworks(cells)
        del cells[9:]
        cell = source(cells, 'axes.plot(0.3, sigmoid(0.3), "ko")')
        cell["source"] = "".join(cell["source"]).replace('t(0.3, sigmoid(0.3), "', 't(2, 0.7, "')

    change(course / LESSON, move)
    status, out = run_pytest(course, LESSON)
    assert status == 1
    assert "section '1 · What does one unit compute?', cell 4a080d1c" in out
    assert (
        "what the picture shows, line 5: stored 'line #000000 o: 1 places, x 0.52, y 0.57'" in out
    )
    kept = notebooks.read(course / "build" / "executed" / LESSON)
    assert "x 0.65, y 0.68" in kept.cells[8].outputs[0].data[SHOWN]


@pytest.mark.heavy
def test_a_failure_is_annotated_on_github_and_in_junit(course, monkeypatch):
    path = course / LESSON
    change(path, lambda cells: cells.__delitem__(slice(4, None)))
    change(path, lambda cells: source(cells, "lesson.begin()", source="1 / 0"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    status, out = run_pytest(course, LESSON, "--junitxml=build/report.xml")
    assert status == 1
    (line,) = [line for line in out.splitlines() if line.startswith("::error")]
    assert line.startswith(f"::error file={LESSON},title=Cell 0::{LESSON}, section ")
    assert "ZeroDivisionError" in line
    assert "ZeroDivisionError" in (course / "build" / "report.xml").read_text(encoding="utf-8")


def test_a_stale_exercise_turns_its_test_red(course):
    change(course / SOLUTION, lambda cells: append(cells, " And more."))
    status, out = run_pytest(course, "tests/test_notebooks.py", "-k", "exercise_is_current")
    assert status == 1
    assert "run `course exercises`" in out


@pytest.mark.heavy
def test_a_check_that_accepts_a_wrong_answer_turns_its_test_red(course):
    def soften(cells):
        cells[:] = cells[:7]
        check = source(cells, "with tasks.check")
        check["source"] = [
            "from course_utils import tasks\n",
            'with tasks.check("first_network-1"):\n',
            "    tasks.attempted(unit_torch(torch.ones(1, 3), torch.ones(3), 0.0))",
        ]

    change(course / SOLUTION, soften)
    answers = course / "tests/answers/1_basics/02_first_network.py"
    text = answers.read_text()
    answers.write_text(text[: text.index("# %% first_network-2")])
    only = [f"--notebook={SOLUTION}", "-k", "test_answers", "-vvvv"]
    status, out = run_pytest(course, "tests/test_notebooks.py", *only)
    assert status == 1
    # pytest breaks long texts into pieces.
    whole = re.sub(r"'\nE\s*\+\s*'", "", out)
    assert "first_network-1 wrong" in whole
    assert "Done, task first_network-1." in whole


@pytest.mark.heavy
def test_no_cell_reaches_the_network(course):
    change(
        course / LESSON,
        lambda cells: cells.__setitem__(
            slice(3, None),
            [
                {
                    "cell_type": "code",
                    "id": "net",
                    "metadata": {},
                    "execution_count": 3,
                    "outputs": [],
                    "source": "import urllib.request\n\nurllib.request.urlopen('http://192.0.2.1')",
                }
            ],
        ),
    )
    change(course / LESSON, without_frameworks)
    status, out = run_pytest(course, LESSON)
    assert status == 1
    assert "the course works without a network, but 192.0.2.1 was asked for" in out


def test_the_numbers_of_few_pictures_vary():
    cells = [
        cell
        for path in notebooks.notebook_paths("notebooks")
        for cell in notebooks.load(path)["cells"]
        if "<img " in str(cell.get("outputs"))
    ]
    metadata = [cell["metadata"].get("course", {}) for cell in cells]
    assert sum("varies" in own and "by" not in own for own in metadata) < len(cells) / 6
    assert sum("by" in own for own in metadata) < 0.10 * len(cells)


def test_every_command_line_help_is_short():
    result = subprocess.run(
        [sys.executable, "-c", "from course_utils.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for command in ("lab", "doctor", "progress", "execute", "exercises", "headers", "validate"):
        assert command in result.stdout


def test_task_ids_of_the_course_are_unique():
    ids = [
        task
        for path in notebooks.notebook_paths("solutions")
        for task in notebooks.task_ids(notebooks.load(path))
    ]
    assert len(ids) == len(set(ids))
