"""The container's lines and the hub, run as they stand in a Debian of their own."""

import contextlib
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request

import browser
import debian
import psutil
import pytest

from course_utils import ROOT, notebooks

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(debian.missing()), reason=debian.missing()),
    pytest.mark.skipif(browser.CHROMIUM is None, reason=browser.MISSING),
]

FIRST, BOARDS = (
    str(notebooks.named(name).relative_to(ROOT)) for name in ("first_network", "visdom")
)
USERS = {"ada": "trial-of-ada", "ben": "trial-of-ben"}
PRIVATE = [
    "ls ~ada",
    "cat ~ada/course/README.md",
    "find /proc -maxdepth 1 -user ada -exec cat {}/environ ';'",
]
SECONDS_TO_LISTEN = 5
LISTEN = """
import zmq
heard = zmq.Context().socket(zmq.SUB)
heard.connect("tcp://127.0.0.1:{port}")
heard.subscribe("")
print("listening", flush=True)
while heard.poll(1000 * {seconds}):
    print(heard.recv_multipart())
"""


def answers(address, server, log, seconds=120):
    """Wait until a server answers; fail with what it said where it ended or never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(address, timeout=5).status
        time.sleep(0.5)
    pytest.fail(f"{address} did not answer:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def container(tmp_path_factory):
    """Follow the Dockerfile to its end; all of it is gone afterwards."""
    made = debian.Debian(tmp_path_factory.mktemp("debian"))
    for name, value in debian.instructions():
        made.follow(name, value)
    return made


def test_the_container_s_command_opens_a_lesson_for_its_learner(container, tmp_path):
    port, token = browser.free_port(), "a-token-of-this-test"
    command = [word.replace("0.0.0.0", "127.0.0.1") for word in container.command]
    command += [f"--port={port}", "--LabApp.expose_app_in_browser=True"]
    argv = container.argv(["/usr/bin/env", f"JUPYTER_TOKEN={token}", *command])
    address = f"http://127.0.0.1:{port}/"
    log = tmp_path / "log"
    with debian.process(argv, log) as server, browser.running_browser() as chromium:
        answers(f"{address}api?token={token}", server, log)
        lab = browser.Lab(address, token, container.root / "home/learner/course")
        with browser.opened(chromium, lab, FIRST) as (page, amiss):
            assert browser.problems(page, FIRST) + amiss == []
    with socket.socket() as line:
        assert line.connect_ex(("127.0.0.1", port)) != 0, "the server went on"
    status = container.run("git -C ~/course status --porcelain", "learner")
    assert status == "", "a lesson that was only run counts as edited"
    assert container.run("stat -c %a ~", "learner").strip() == "700"


@pytest.fixture(scope="module")
def classroom(container):
    """Make two of the machine's users of the course of the container, and fetch the hub's proxy."""
    container.run("groupadd learners", "root")
    for name, password in USERS.items():
        container.run(f"useradd --create-home --groups learners {name}", "root")
        container.run(f"echo {name}:{password} | chpasswd", "root")
    readme = (container.root / "srv/course/deploy/hub/README.md").read_text(encoding="utf-8")
    (proxy,) = re.findall(r"^npm install .*$", readme, flags=re.MULTILINE)
    container.run(proxy, "root", "/srv/course")
    return container


@contextlib.contextmanager
def running_hub(classroom, log):
    """Run the hub; give its address and process."""
    port, inner, api = browser.free_port(), browser.free_port(), browser.free_port()
    trial = [
        'load_subconfig("/srv/course/deploy/hub/jupyterhub_config.py")',
        f'c.JupyterHub.bind_url = "http://127.0.0.1:{port}"',
        f'c.JupyterHub.hub_bind_url = "http://127.0.0.1:{inner}"',
        f'c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"',
        'c.Spawner.args = ["--LabApp.expose_app_in_browser=True"]',
    ]
    (classroom.root / "root/trial.py").write_text("\n".join(trial) + "\n")
    command = [".venv/bin/jupyterhub", "--config=/root/trial.py"]
    with debian.process(classroom.argv(command, "root", "/srv/course"), log) as server:
        answers(f"http://127.0.0.1:{port}/hub/api/", server, log)
        (first,) = psutil.Process(server.pid).children()
        yield f"http://127.0.0.1:{port}", first.pid


@contextlib.contextmanager
def logged_in(chromium, hub, name):
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto(f"{hub}/hub/login")
    page.fill("#username_input", name)
    page.fill("#password_input", USERS[name])
    page.click("#login_submit")
    page.wait_for_url(re.compile(f"/user/{name}/lab"))
    yield context, page
    context.close()


def test_each_user_has_lessons_with_dashboards_and_reaches_nothing_of_the_other(
    classroom, tmp_path
):
    with (
        running_hub(classroom, tmp_path / "log") as (hub, process),
        browser.running_browser() as chromium,
        logged_in(chromium, hub, "ada") as (_, page),
        logged_in(chromium, hub, "ben") as (bens, _),
    ):
        page.goto(f"{hub}/user/ada/lab/tree/{BOARDS}?reset")
        assert browser.problems(page, BOARDS) == []
        frames = page.eval_on_selector_all(".jp-Notebook iframe", "all => all.map(one => one.src)")
        assert frames, "the lesson shows no dashboard"
        for address in frames:
            assert address.startswith(f"{hub}/user/ada/")
            assert page.request.get(address).status == 200
            # With Ben's log-in, by Ada's address, and by his own server to the port of hers.
            assert bens.request.get(address).status in (403, 404)
            port = re.search(r"/proxy/(?:absolute/)?(\d+)/", address).group(1)
            for way in ("proxy", "proxy/absolute"):
                assert bens.request.get(f"{hub}/user/ben/{way}/{port}/").status in (403, 404)
        for place in ("api/contents", "api/kernels", "files/exercises"):
            assert bens.request.get(f"{hub}/user/ada/{place}").status in (403, 404)
        assert overheard(classroom, page) == ""
        for look in PRIVATE:
            told = asked(classroom, look, "ben", process)
            assert told.stdout == "", look
            assert "Permission denied" in told.stderr
            assert asked(classroom, look, "root", process).stdout != ""
        # Nothing but their modes closes the files.
        classroom.run("chmod -R go+rX ~ada", "root")
        for look in PRIVATE[:2]:
            assert asked(classroom, look, "ben", process).stdout != "", look


def asked(container, command, user, process):
    """Run a command as one of the hub's users, who sees the processes that the hub sees."""
    argv = container.argv(["/bin/sh", "-c", command], user, "/", beside=process)
    return subprocess.run(argv, capture_output=True, text=True)


def overheard(container, page):
    """Return what Ben hears at the port that Ada's kernel prints to while a cell is run in it."""
    files = "/home/ada/.local/share/jupyter/runtime/kernel-*.json"
    newest = f"cat $(ls -t {files} | head -1) | grep -o '\"iopub_port\": [0-9]*'"
    port = container.run(newest, "root").split()[1]
    code = LISTEN.format(port=port, seconds=SECONDS_TO_LISTEN)
    python = "/srv/course/.venv/bin/python"
    pipe = subprocess.PIPE
    argv = container.argv([python, "-c", code], "ben", "/")
    with subprocess.Popen(argv, stdout=pipe, text=True) as ben:
        assert ben.stdout.readline() == "listening\n"
        for _ in range(5):
            page.evaluate("() => jupyterapp.commands.execute('notebook:run-cell')")
        return ben.stdout.read()
