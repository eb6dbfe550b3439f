"""The order in which the workers get their work: what took longest in the last run comes first."""

import json
import os
import re
import subprocess
import sys

import pytest

from course_utils import ROOT
from course_utils.authoring import reporting

FILES = {
    "test_many": "def test_one(): pass\ndef test_two(): pass\ndef test_three(): pass\n",
    "test_long": "import time\ndef test_it(): time.sleep(0.5)\n",
    "test_other": "import pytest\n@pytest.mark.parametrize('of', ['a/b.ipynb', 'a/c.ipynb'])\n"
    "def test_each(of): pass\n",
}


def test_there_is_one_worker_more_than_there_are_cores(pytestconfig):
    workers = pytestconfig.hook.pytest_xdist_auto_num_workers(config=pytestconfig)
    assert workers == 1 + os.cpu_count()


@pytest.mark.heavy
def test_what_took_longest_comes_first_and_what_is_not_known_counts_by_its_tests(tmp_path):
    for name, source in FILES.items():
        (tmp_path / f"{name}.py").write_text(source)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_doors.py").write_text("def test_it(): pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    seconds = tmp_path / ".pytest_cache/v/course/seconds"
    seconds.parent.mkdir(parents=True)
    seconds.write_text('{"test_long.py": 60, "about a/b.ipynb": 2}')
    command = [sys.executable, "-m", "pytest", "-v", "-pcourse_utils.authoring.reporting"]
    command += ["-pno:nbval", "--numprocesses=1", "--dist=loadfile"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    passed = dict.fromkeys(re.findall(r"PASSED (\S+?\.py(?:::test_each\S+)?)", result.stdout))
    assert list(passed) == [
        "tests/test_doors.py",
        "test_long.py",
        "test_many.py",
        "test_other.py::test_each[a/b.ipynb]",
        "test_other.py::test_each[a/c.ipynb]",
    ]
    known = json.loads(seconds.read_text())
    assert 0.5 < known["test_long.py"] < 30
    assert known["about a/b.ipynb"] < 1


def test_files_that_are_said_to_take_minutes_are_there():
    assert [name for name in reporting.FEW_AND_LONG if not (ROOT / name).exists()] == []
