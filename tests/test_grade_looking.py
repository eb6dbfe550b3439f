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
    "from course_utils import tasks as t",
    "import course_utils\ncourse_utils.grading.guard.look = print",
    "exit._ip.kernel.session.send = print",
    "o = sys.stdout\no.session.send = print",
    "print.__self__.exec('1')",
    "run = exec\nrun('1')",
    "find = getattr",
    "map(getattr, found, names)",
    "'{0.gi_frame.f_back}'.format(found)",
    "import traceback\nlist(traceback.walk_stack(None))",
    "torch.inspect.stack()",
    "import numpy as np\nn = np\nn.isclose = always",
    "import numpy as np\nfor n in [np]:\n    n.isclose = always",
    "import torch\nlayers = torch.nn.functional\nlayers.relu = always",
    "def unit(x):\n    return expected",
    "unit = lambda x: [expected for _ in x]",
    "def unit(x):\n    global expected\n    expected = 7\n    return 7",
    "def unit(x):\n    global tasks\n    tasks = Fake",
    "def put(m, f):\n    m.isclose = f",
    "object.__setattr__(m, 'isclose', f)",
    "class Any:\n    def __getattr__(self, name):\n        return always",
    "run('import sys; sys._getframe(1)')",
    "!ls; pip install x",
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
    "import torch\nmodel = torch.nn.Linear(1, 1)\nmodel.bias = None",
    "def two(x):\n    data = expected = x\n    return data",
    "plt.title('session')\nlayer.kernel.assign(x)",
    "data = [x for x in expected]",
    "!pip install torch==2.13 tensorflow\n%pip install numpy\n%load_ext tensorboard",
    "%timeit x + 1\n%config InlineBackend.figure_format = 'retina'",
    "def step():\n    global count\n    count += 1",
    '"""A system that Done and Wrong do not fork, of one session."""',
]


def flags(source, wanted=classroom.WANTED):
    return looking.look([mending.Step("code", "", source)], wanted)


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
            if said := flags(source, exercise):
                found[source] = said
    assert seen > 500
    assert {name for said in found.values() for name in said} == {"Anything.__eq__"}
    assert flags("\n".join(classroom.WANTED.checks.values())) != []
