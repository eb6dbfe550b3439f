"""Settings made in a notebook before the import: as in a stock kernel, or one loud line."""

import json

import pytest
from kernels_shared import home_of_this_file, kernel, only_where_warm, run  # noqa: F401

from course_utils.kernels import hiding, protocol

pytestmark = only_where_warm

AS_STOCK = {
    "keras": (
        "import os; os.environ['KERAS_BACKEND'] = 'torch'\n"
        "import keras; print(keras.backend.backend(), type(keras.ops.ones(1)).__name__)\n"
        "import tensorflow as tf; print(tf.keras.backend.backend())"
    ),
    "keras by magic": "%env KERAS_BACKEND=numpy\nimport keras; print(keras.backend.backend())",
    "keras through tensorflow": (
        "import os; os.environ['KERAS_BACKEND'] = 'torch'\n"
        "import tensorflow as tf; print(tf.keras.backend.backend())"
    ),
    "keras.json": (
        "import json, os; os.environ['KERAS_HOME'] = os.getcwd()\n"
        "with open('keras.json', 'w') as file:\n"
        "    json.dump({'floatx': 'float64', 'backend': 'tensorflow'}, file)\n"
        "import keras; print(keras.backend.floatx(), keras.backend.backend())"
    ),
    "backend": (
        "import os; os.environ['MPLBACKEND'] = 'svg'\n"
        "import matplotlib.pyplot as plt; print(plt.get_backend())\n"
    ),
    "matplotlibrc": (
        "with open('matplotlibrc', 'w') as file: file.write('lines.linewidth: 7')\n"
        "import matplotlib; print(matplotlib.rcParams['lines.linewidth'])"
    ),
    "a module beside the notebook": (
        "with open('networkx.py', 'w') as file: file.write('here = 1')\n"
        "import networkx; print(networkx.here)"
    ),
    "a package on a path": (
        "import os, sys; os.makedirs('more/torch'); sys.path.insert(0, os.path.abspath('more'))\n"
        "with open('more/torch/__init__.py', 'w') as file: file.write('here = 2')\n"
        "import torch; print(torch.here)"
    ),
    "found, not imported": (
        "import importlib.util, sys; print(importlib.util.find_spec('torch').name)\n"
        "print(importlib.util.find_spec('keras.layers').origin, 'torch' in sys.modules)"
    ),
    "a submodule first": (
        "from torch.nn import functional; import sys, torch\n"
        "print(torch.__spec__.name, functional.__spec__.loader.__class__.__name__)\n"
        "print(torch.__loader__.__class__.__name__, 'tensorflow' in sys.modules)"
    ),
    "variables that an import sets": (
        "import os; before = dict(os.environ); import tensorflow, sklearn, torch._dynamo\n"
        "print(sorted((k, v) for k, v in os.environ.items() if before.get(k) != v))"
    ),
    "log lines": (
        "import logging, sys, torch, tensorflow\n"
        "for name in ('torch', 'torch.distributed', 'tensorflow'):\n"
        "    print([one.stream is sys.stderr for one in logging.getLogger(name).handlers])\n"
        "logging.getLogger('torch').warning('said by torch')"
    ),
    "pickles": "import pickle, numpy; print(pickle.loads(pickle.dumps(numpy.ones(2))))",
    "reloading": "import importlib, keras; print(importlib.reload(keras).__name__)",
}


@pytest.mark.parametrize("name", AS_STOCK)
def test_a_setting_is_heeded_as_in_a_stock_kernel(name, tmp_path):
    said = {}
    for warm in (True, False):
        folder = tmp_path / str(warm)
        folder.mkdir()
        with kernel(warm, cwd=str(folder)) as (_, client):
            said[warm] = run(client, AS_STOCK[name], timeout=120)
    for line in said[False].splitlines():
        # A stock import of TensorFlow may write to standard error; all else is the same.
        if not line.startswith(("WARNING: All log", "I0000", "E0000", "W0000", "To enable")):
            assert line in said[True]
    assert said[True]
    assert "Warm kernel" not in said[True]


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("OMP_NUM_THREADS", "numpy"),
        ("TORCH_LOGS", "torch"),
        ("TF_ENABLE_ONEDNN_OPTS", "tensorflow"),
        ("TF_CPP_MIN_LOG_LEVEL", "tensorflow"),
    ],
)
def test_what_cannot_be_heeded_is_said_aloud_once(name, package):
    with kernel() as (_, client):
        said = run(client, f"import os; os.environ[{name!r}] = '1'\nimport {package}, torch")
        assert said == hiding.TOO_LATE.format(name, package)
        assert run(client, "import torch, tensorflow, numpy; print(1)") == "1"


def test_nothing_is_said_of_what_changes_after_the_import_or_is_read_later():
    with kernel() as (_, client):
        code = "import os; os.environ['CUDA_VISIBLE_DEVICES'] = ''; import tensorflow, torch\n"
        assert run(client, code + "os.environ['OMP_NUM_THREADS'] = '1'; import numpy") == ""
        assert run(client, "from course_utils import lesson; lesson.begin()") == ""


PACKAGES = ["numpy", "matplotlib.pyplot", "sklearn.linear_model", "torch", "tensorflow", "keras"]
LIST = "import json, sys, {}; print(json.dumps(sorted({{n.split('.')[0] for n in sys.modules}})))"
FILTERS = "import warnings; print(json.dumps(sorted(map(str, warnings.filters))))"


@pytest.mark.parametrize("name", PACKAGES)
def test_an_import_brings_what_it_brings_in_a_stock_kernel(name):
    found = {}
    for warm in (True, False):
        with kernel(warm) as (_, client):
            said = run(client, LIST.format(name)).splitlines()[-1]
            found[warm] = set(json.loads(said)), set(json.loads(run(client, FILTERS)))
    lacking = found[False][0] - found[True][0]
    # C extensions may import helpers that no statement names; what is looked for is there.
    assert {n for n in lacking if not n.startswith("_") and len(n) < 30} <= {
        "runpy",
        "fileinput",
        "cmath",
    }
    assert found[False][1] <= found[True][1]


def test_every_variable_that_an_import_reads_makes_a_preload_of_its_own():
    def address(env, cwd="/"):
        return protocol.address_of([], {"HOME": "/h"} | env, cwd)

    assert address({"TORCH_LOGS": "+dynamo"}) != address({}) != address({"ANYTHING": "else"})
    assert address({"JPY_SESSION_NAME": "y"}) == address({}) == address({}, "/tmp")
    assert address({"PYTHONPATH": "lib"}) != address({"PYTHONPATH": "lib"}, "/tmp")
