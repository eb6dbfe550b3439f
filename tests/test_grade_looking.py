"""What is flagged in a student's code, and that no answer of ours is."""

import re

import classroom
import pytest

from course_utils import ROOT
from course_utils.grading import looking, mending
from course_utils.notebooks import counterpart, load, notebook_paths

FLAGGED = [
    "import sys as s\ns.modules['course_utils.tasks']",
    "from os import fork as f",
    "from sys import modules",
    "os.sys.modules",
    "torch.ctypes.CDLL(None)",
    "getattr(error, 'f_' + 'back')",
    "operator.attrgetter('f_back')",
    "match error:\n    case Exception(f_back=x):\n        pass",
    "type('Any', (), {'__eq__': always})",
    "import numpy as np\nnp.isclose = always",
    "import torch\ntorch.nn.functional.relu = always",
    "from unittest import mock",
    "found = !ls",
    "%run other.py",
    "%%bash\nls",
    "import course_utils.grading.guard as g",
    "from course_utils import tasks",
]
PLAIN = [
    "model.eval()\nmodel.compile(optimizer='adam', loss='mse')",
    "import torch\ntorch.backends.cudnn.deterministic = True",
    "from IPython.display import HTML, display\ndisplay(HTML('<b>1</b>'))",
    "%matplotlib inline\n%time x = 1",
    "%%time\nx = 1",
    "self.layer = nn.Linear(1, 1)\nlen(list(model.modules()))",
    "getattr(torch.optim, 'SGD')",
    "def two(x)\n    return",
]


def flags(source, given=""):
    return looking.look([mending.Step("code", "", source)], given)


@pytest.mark.parametrize("source", FLAGGED)
def test_what_reaches_for_the_checks_is_flagged(source):
    assert flags(source)


@pytest.mark.parametrize("source", PLAIN)
def test_what_answers_need_is_not(source):
    assert flags(source) == []


def test_no_answer_of_the_courses_own_is_flagged():
    answers = ROOT / "tests" / "answers"
    seen, found = 0, {}
    for path in notebook_paths("solutions"):
        exercise = mending.exercise(path.stem, load(path), load(counterpart(path, "exercises")))
        file = answers / path.relative_to(ROOT / "solutions").with_suffix(".py")
        parts = re.split(r"^# %% .*$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        seen += len(parts)
        for source in parts:
            if said := flags(source, exercise.imports):
                found[source] = said
    assert seen > 500
    assert found == {}
    assert flags("\n".join(classroom.WANTED.checks.values())) != []
