"""Settings that come too late are said aloud; what decides an import is as in a stock kernel."""

import os
import subprocess
import sys

import pytest
from kernels_shared import (  # noqa: F401
    home_of_this_file,
    kernel,
    one_line_fixture,
    only_where_warm,
    run,
)

from course_utils.kernels import protocol, provisioner, settings

pytestmark = only_where_warm

TOO_LATE = {
    "KERAS_BACKEND": "Keras",
    "KINETO_LOG_LEVEL": "PyTorch",
    "MKL_NUM_THREADS": "NumPy",
    "MPLBACKEND": "Matplotlib",
    "OMP_NUM_THREADS": "NumPy",
    "ONEDNN_VERBOSE": "TensorFlow",
    "OPENBLAS_NUM_THREADS": "NumPy",
    "TF_CPP_MIN_LOG_LEVEL": "TensorFlow",
    "TF_ENABLE_ONEDNN_OPTS": "TensorFlow",
    "TORCH_LOGS": "PyTorch",
}


@pytest.mark.heavy
def test_what_is_set_too_late_is_said_aloud_once():
    with kernel() as (_, client):
        for name, library in TOO_LATE.items():
            line = settings.TOO_LATE.format(library, name)
            assert run(client, f"import os; os.environ[{name!r}] = '1'") == line
        assert run(client, "import torch, tensorflow, numpy; print(1)") == "1"
        said = run(client, "%env KERAS_BACKEND=torch")
        # Standard output and error come in any order.
        assert settings.TOO_LATE.format("Keras", "KERAS_BACKEND") in said
        assert run(client, "import keras; print(keras.backend.backend())") == "tensorflow"


@pytest.mark.heavy
def test_nothing_is_said_of_what_is_read_later_or_is_no_change():
    with kernel() as (_, client):
        for name in (*settings.READ_LATER, "CUDA_VISIBLE_DEVICES"):
            assert run(client, f"import os; os.environ[{name!r}] = ''") == ""
        assert run(client, "os.environ['TF_X'] = '1'; del os.environ['TF_X']") == ""
        assert run(client, "from course_utils import lesson; lesson.begin()") == ""
    with kernel(warm=False) as (_, client):
        assert run(client, "import os; os.environ['KERAS_BACKEND'] = 'torch'") == ""


IN_THE_WAY = {
    "matplotlibrc": (
        "lines.linewidth: 7",
        "import matplotlib; print(matplotlib.rcParams['lines.linewidth'])",
        "7.0",
    ),
    "sklearn.py": ("here = 1", "import sklearn; print(sklearn.here)", "1"),
    "torch/__init__.py": ("here = 2", "import torch; print(torch.here)", "2"),
}


@pytest.mark.parametrize(
    "name",
    [
        *(pytest.param(name, marks=pytest.mark.heavy) for name in list(IN_THE_WAY)[1:]),
        "matplotlibrc",
    ],
)
def test_what_stands_beside_the_notebook_comes_first_and_takes_a_stock_kernel(
    name, tmp_path, one_line
):
    content, code, answer = IN_THE_WAY[name]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    with one_line(f"{path} comes before"), kernel(cwd=str(tmp_path)) as (manager, client):
        assert run(client, code) == answer
        assert isinstance(manager.provisioner.process, subprocess.Popen)
    # Names that nothing has been imported by stand in no way.
    path.rename(path.with_name("mine.py"))
    with kernel(cwd=str(tmp_path)) as (manager, _):
        assert isinstance(manager.provisioner.process, provisioner.Kernel)


@pytest.mark.heavy
def test_what_a_path_or_a_settings_file_gains_later_is_heeded(tmp_path, monkeypatch, one_line):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]]))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    code = "import keras, matplotlib as m; print(keras.config.floatx(), m.rcParams['font.size'])"
    with kernel() as (_, client):
        assert run(client, code) == "float32 10.0"
    (tmp_path / "keras.json").write_text('{"floatx": "float64", "backend": "tensorflow"}')
    (tmp_path / "matplotlibrc").write_text("font.size: 7")
    with kernel() as (manager, client):
        assert run(client, code) == "float64 7.0"
        assert isinstance(manager.provisioner.process, provisioner.Kernel)
    (tmp_path / "sklearn.py").write_text("here = 3")
    with one_line("sklearn.py comes before"), kernel() as (_, client):
        assert run(client, "import sklearn; print(sklearn.here)") == "3"


def test_the_list_of_fonts_is_among_the_files_that_are_watched():
    code = "import matplotlib.font_manager; from course_utils.kernels import settings\n"
    code += "print(*settings.files())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "fontlist-" in said.stdout


def test_every_variable_that_an_import_may_read_makes_a_preload_of_its_own():
    def address(env, cwd="/"):
        return protocol.address_of([], {"HOME": "/h"} | env, cwd)

    assert address({"TORCH_LOGS": "+dynamo"}) != address({}) != address({"ANYTHING": "else"})
    assert address({"JPY_SESSION_NAME": "y"}) == address({}) == address({}, "/tmp")
    assert address({"PYTHONPATH": "lib"}) != address({"PYTHONPATH": "lib"}, "/tmp")
