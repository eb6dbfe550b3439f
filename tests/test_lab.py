"""The real server: `course lab` for this machine only, with its token, ending on Ctrl-C."""

import contextlib
import functools
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
import test_kernels

from course_utils import ROOT, CourseError
from course_utils.machine import lab

pytestmark = pytest.mark.skipif(os.name == "nt", reason="these tests press Ctrl-C in a terminal")

# What a user may have set for other work, and what would open this course to other machines.
USER_CONFIG = """
c.ServerApp.ip = "0.0.0.0"
c.ServerApp.token = ""
c.IdentityProvider.token = ""
c.ServerApp.password = ""
c.ServerApp.root_dir = "/"
c.LabApp.default_url = "/tree"
"""


@contextlib.contextmanager
def running(folder, *options, **environment):
    """Run `course lab` in a terminal of its own; yield the process and what it has printed."""
    (folder / "jupyter_server_config.py").write_text(USER_CONFIG)
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    inherited = {name: value for name, value in os.environ.items() if name not in screens}
    for name in ("CONFIG", "DATA", "RUNTIME"):
        inherited[f"JUPYTER_{name}_DIR"] = str(folder)
    printed = folder / f"printed-{time.monotonic_ns()}.txt"
    ours, terminal = os.openpty()
    with printed.open("w") as output:
        process = psutil.Popen(
            [Path(sys.executable).with_name("course"), "lab", *options],
            cwd=folder,
            env=inherited | environment,
            stdin=terminal,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # As in a terminal, also where the tests themselves run under nohup.
            preexec_fn=functools.partial(signal.signal, signal.SIGHUP, signal.SIG_DFL),
        )
    try:
        until(lambda: "Ctrl-C" in printed.read_text() or process.poll() is not None)
        yield process, printed
    finally:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            process.terminate()
            process.wait(timeout=10)
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
            process.wait()
        os.close(ours)
        os.close(terminal)


def until(condition, seconds=60):
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"still not so after {seconds} s"
        time.sleep(0.02)


def listening(process):
    """Return the addresses on which a process accepts connections; none where it has ended."""
    try:
        places = process.net_connections("inet")
    except psutil.NoSuchProcess:
        return []
    return [place.laddr.ip for place in places if place.status == psutil.CONN_LISTEN]


def address_in(printed):
    return re.search(r"http://\S+", printed.read_text())[0]


def get(address, data=None):
    """Return the status and the final address of a request."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data), timeout=30) as answer:
            return answer.status, answer.url
    except urllib.error.HTTPError as error:
        return error.code, error.url


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("lab"), "--no-browser") as (process, printed):
        yield process, printed


def test_prints_the_address_and_how_to_stop_it_and_nothing_else(server):
    text = server[1].read_text()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert lines == [
        "Open this address in a browser:",
        address_in(server[1]),
        "It runs until you press Ctrl-C here.",
    ]


def test_the_address_opens_the_first_lesson(server):
    address = address_in(server[1])
    assert re.fullmatch(
        r"http://127\.0\.0\.1:\d+/lab/tree/notebooks/00_start_here\.ipynb\?token=\w{48}", address
    )
    assert get(address)[0] == 200
    assert get(address.replace("lab/tree", "api/contents"))[0] == 200


@pytest.mark.parametrize("token", ["", "?token=", "?token=wrong"])
def test_nothing_is_given_without_the_token(server, token):
    address = address_in(server[1]).split("?")[0] + token
    assert "/login?" in get(address)[1]
    assert get(address.replace("lab/tree", "api/contents"))[0] == 403


def test_a_dashboard_whose_server_has_ended_is_a_page_that_says_what_to_do(server):
    address = address_in(server[1]).replace("lab/tree/notebooks/00_start_here.ipynb", "proxy/9/x/")
    for place in (address, address.replace("proxy", "proxy/absolute")):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(place, timeout=30)
        assert error.value.code == 410
        assert "run the cell that starts it" in error.value.read().decode()
    assert "/login?" in get(address.split("?")[0])[1]
    assert "Traceback" not in server[1].read_text()
    test_prints_the_address_and_how_to_stop_it_and_nothing_else(server)


@pytest.mark.heavy
def test_a_second_one_here_says_that_one_runs_and_where(tmp_path):
    with running(tmp_path, "--no-browser") as (first, printed):
        with running(tmp_path) as (second, told):
            assert second.wait(timeout=20) == 0
            lines = [line.strip() for line in told.read_text().splitlines() if line.strip()]
            assert lines == [
                "JupyterLab runs here already. Its address in a browser:",
                address_in(printed),
            ]
        first.send_signal(signal.SIGSTOP)  # Ctrl-Z: it does not answer, so another one is started
        with running(tmp_path, "--no-browser") as (third, told):
            assert third.is_running()
            assert address_in(told) != address_in(printed)
        first.send_signal(signal.SIGCONT)


def test_a_lab_that_is_not_of_this_folder_or_not_ours_is_no_other_one(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    own = {"pid": os.getpid(), "url": "http://127.0.0.1:9/", "token": "", "root_dir": str(ROOT)}
    (tmp_path / "jpserver-1.json").write_text(json.dumps(own))
    assert lab._running() is None


def test_one_of_another_user_s_takes_the_next_port(server, tmp_path):
    with running(tmp_path, "--no-browser") as (_, printed):
        assert get(address_in(printed))[0] == 200
        assert address_in(printed).split("?")[0] != address_in(server[1]).split("?")[0]


def test_listens_on_this_machine_only_and_leaves_nothing_behind(tmp_path):
    with running(tmp_path, "--no-browser", COURSE_WARM_KERNELS="0") as (process, printed):
        kernels = re.sub("lab/tree/.*[?]", "api/kernels?", address_in(printed))
        assert get(kernels, data=b"{}")[0] == 201
        until(lambda: any(map(listening, process.children())))
        family = [process, *process.children(recursive=True)]
        assert {place for member in family for place in listening(member)} == {"127.0.0.1"}

        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert psutil.wait_procs(family, timeout=5)[1] == []


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        *(pytest.param(n, marks=pytest.mark.heavy) for n in (signal.SIGHUP, signal.SIGTERM)),
    ],
)
def test_ends_without_a_question_or_a_traceback(tmp_path, number):
    with running(tmp_path, "--no-browser") as (process, printed):
        before = printed.read_text()
        process.send_signal(number)
        assert process.wait(timeout=30) == 0
        assert "Traceback" not in printed.read_text()
        assert printed.read_text() == before or number == signal.SIGTERM


@pytest.mark.heavy
def test_ends_in_the_middle_of_its_work(tmp_path):
    """JupyterLab alone hangs here: threads that still read files keep its process alive."""
    with running(tmp_path, "--no-browser") as (process, printed):
        listing = address_in(printed).replace("lab/tree", "api/contents")
        askers = [threading.Thread(target=ask_until_it_ends, args=[listing]) for _ in range(8)]
        for asker in askers:
            asker.start()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def ask_until_it_ends(address):
    with contextlib.suppress(OSError, http.client.HTTPException):
        while True:
            get(address)


@pytest.mark.heavy
def test_hands_the_browser_a_file_that_only_this_user_can_read(tmp_path):
    seen = tmp_path / "seen"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{seen}.new" && mv "{seen}.new" "{seen}"\n')
    browser.chmod(0o755)
    with running(tmp_path, BROWSER=f"{browser} %s") as (_, printed):
        until(seen.exists)
        file = Path(seen.read_text().strip().removeprefix("file://"))
        assert file.is_relative_to(ROOT / "build")
        assert file.parent.stat().st_mode & 0o077 == 0
        assert address_in(printed).split("token=")[1] in file.read_text()
        assert "opens in your browser" in printed.read_text()
    assert not file.parent.exists()
    seen.unlink()
    with running(tmp_path, "--no-browser", BROWSER=f"{browser} %s"):
        time.sleep(1)
        assert not seen.exists()


def test_says_what_to_do_where_there_is_no_first_lesson(monkeypatch, tmp_path):
    monkeypatch.setattr(lab, "ROOT", tmp_path)
    with pytest.raises(CourseError, match="is missing: bring it back"):
        lab.open_lab()


def test_says_what_to_do_where_jupyterlab_is_not_installed(monkeypatch):
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match="run `make lab`"):
        lab.open_lab()


def test_says_what_to_do_where_nothing_can_be_written(monkeypatch, tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "00_start_here.ipynb").touch()
    (tmp_path / "build").touch()
    monkeypatch.setattr(lab, "ROOT", tmp_path)
    with pytest.raises(CourseError, match="work in your own copy"):
        lab.open_lab()


def test_says_what_to_do_where_jupyter_cannot_write_in_the_home(monkeypatch, tmp_path):
    (tmp_path / "home").touch()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "home/.local/share/jupyter/runtime"))
    with pytest.raises(
        CourseError, match=r"home/\S* \(Not a directory\): make room there, or name"
    ):
        lab.open_lab()


@pytest.mark.heavy
def test_a_killed_warm_kernel_comes_back_and_none_outlives_the_server(
    tmp_path, tmp_path_factory, monkeypatch
):
    home = tmp_path_factory.mktemp("d")
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    with running(tmp_path, "--no-browser") as (process, printed):
        address = re.sub("lab/tree/.*[?]", "api/kernels?", address_in(printed))
        assert get(address, data=b"{}")[0] == 201
        until(lambda: kernels_of(home))
        (first,) = kernels_of(home)
        first.kill()
        until(lambda: set(kernels_of(home)) - {first})
        (second,) = kernels_of(home)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    test_kernels.gone(second.pid)
    for preload in test_kernels.preloads(home):
        preload.kill()


def kernels_of(home):
    """Return the running warm kernels whose data folder this is."""
    forked = [child for preload in test_kernels.preloads(home) for child in preload.children()]
    return [child for child in forked if child.status() != psutil.STATUS_ZOMBIE]
