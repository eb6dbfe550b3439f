"""jupyter_client's own tests pass with warm kernels wherever they pass with stock ones."""

import collections
import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from kernels_shared import home_of_this_file, only_where_warm  # noqa: F401

from course_utils import kernels

pytestmark = [only_where_warm, pytest.mark.heavy, pytest.mark.timeout(1500)]

# In three shares, that run at a time: most of them wait.
SHARES = [
    [f"tests/test_{name}.py" for name in names]
    for names in (
        ("client", "manager"),
        ("kernelmanager",),
        ("multikernelmanager", "provisioning", "restarter"),
    )
]

SECONDS_FOR_A_SHARE = 600
"""One of theirs forks a process while a thread of it logs: seldom, the child waits for ever."""

NO_INDEX = ("from versions: none", "NewConnectionError", "ConnectTimeout", "ReadTimeout")


def pip(*arguments):
    """Ask the package index, which tests else may not; skip where it cannot be reached."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-m", "pip", *arguments, "--no-deps", "--retries=1"]
    said = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if said.returncode and any(sign in said.stdout + said.stderr for sign in NO_INDEX):
        pytest.skip("jupyter_client's tests come from the package index: it cannot be reached")
    assert said.returncode == 0, said.stderr


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    """The tests of the release that is installed, and what they need, in a folder of their own."""
    place = tmp_path_factory.mktemp("upstream")
    version = importlib.metadata.version("jupyter_client")
    source = ["--no-binary=jupyter_client", f"jupyter_client=={version}"]
    pip("download", "--dest", str(place), *source)
    pip("install", "--target", str(place / "needed"), "pytest-jupyter>=0.10,<0.12")
    with tarfile.open(next(place.glob("*.tar.gz"))) as archive:
        archive.extractall(place, filter="data")
    (unpacked,) = place.glob("jupyter_client-*/")
    # Without the package itself, which would come before the one that is installed.
    theirs = place / "theirs"
    theirs.mkdir()
    for name in ("tests", "pyproject.toml"):
        shutil.move(unpacked / name, theirs / name)
    shutil.copy(Path(__file__).with_name("upstream_plugin.py"), theirs)
    return place


def start(place, name, provisioner, swap, chosen):
    """Start those tests with one kind of kernel; returns the process and where it tells.

    Each process has a folder of its own: some kernels take sockets there that all call the same.
    """
    own = place / name
    shutil.copytree(place / "theirs", own, dirs_exist_ok=True)
    told = place / f"{name}.json"
    told.unlink(missing_ok=True)
    path = [os.environ["PYTHONPATH"], str(place / "needed")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path), "COURSE_OUTCOMES": str(told)}
    env |= {"JUPYTER_DEFAULT_PROVISIONER_NAME": provisioner, "COURSE_SWAP": "1" if swap else ""}
    options = ["-q", "-pupstream_plugin", "-pno:nbval", "-pno:cacheprovider", "-oaddopts="]
    options += ["--timeout=90", "--timeout-method=signal"]
    command = [sys.executable, "-m", "pytest", *options, *chosen]
    with open(place / f"{name}.txt", "w") as log:
        started = subprocess.Popen(
            command, cwd=own, env=env, stdout=log, stderr=log, start_new_session=True
        )
    return started, told


def ends(process):
    """Wait for one of those processes; end all of it, and return False, where it takes too long."""
    try:
        process.wait(SECONDS_FOR_A_SHARE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    return True


def outcomes(place, swap, shares):
    """Run those tests with either kind of kernel; returns outcomes and kernels of both."""
    running = {
        kind: [start(place, f"{kind}-{n}", kind, swap, chosen) for n, chosen in enumerate(shares)]
        for kind in ("local-provisioner", kernels.NAME)
    }
    found = []
    for kind, started in running.items():
        ended, counted = {}, collections.Counter()
        for n, (process, told) in enumerate(started):
            if not ends(process):
                again, told = start(place, f"{kind}-{n}", kind, swap, shares[n])
                assert ends(again), f"{kind} stands still: {shares[n]}"
            of_share, kernels_of_share = json.loads(told.read_text())
            ended |= of_share
            counted.update(kernels_of_share)
        found.append((ended, counted))
    return found


@pytest.mark.parametrize("swap", [False, True], ids=["their kernels", "Python's kernel"])
def test_jupyter_client_s_own_tests_pass_wherever_they_pass_with_stock_kernels(upstream, swap):
    (stock, _), (warm, started) = outcomes(upstream, swap, SHARES)
    print(f"stock: {count(stock)}; warm: {count(warm)}; kernels: {started}")
    assert stock.keys() == warm.keys()
    assert count(stock)["passed"] > 100
    assert started.get("warm", 0) > 30 or not swap
    worse = [test for test in stock if stock[test] == "passed" and warm[test] != "passed"]
    if worse:
        # Many wait for a fixed time only; what fails for want of processors passes alone.
        print("once more:", *worse)
        (stock, _), (warm, _) = outcomes(upstream, swap, [worse])
        worse = [test for test in worse if stock[test] == "passed" and warm[test] != "passed"]
    assert worse == [], (upstream / f"{kernels.NAME}-0.txt").read_text()


def test_a_share_that_stands_still_is_ended_with_what_it_started(monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "SECONDS_FOR_A_SHARE", 0.5)
    pipe = subprocess.PIPE
    share = subprocess.Popen(["sh", "-c", "sleep 60 & wait"], stdout=pipe, start_new_session=True)
    assert not ends(share)
    assert share.stdout.read() == b""  # its end comes once nobody holds the pipe
    assert ends(subprocess.Popen(["true"]))


def count(found):
    return dict(collections.Counter(found.values()))
