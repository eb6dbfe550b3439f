"""Warm kernels: like stock ones, and every fault ends in a kernel or in one clear line."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from kernels_shared import (  # noqa: F401
    children,
    gone,
    home_of_this_file,
    kernel,
    one_line_fixture,
    only_where_warm,
    preloads,
    run,
)

from course_utils import ROOT, CourseError, kernels, notebooks
from course_utils.kernels import bench, preload, protocol, provisioner

pytestmark = only_where_warm


LOADED = "import sys; print('torch' in sys.modules)"

PROBES = {
    "arguments": "import sys; print(sys.argv[0].split('/')[-1].split('.')[0], __name__)",
    "path": "import sys; print(sys.path)",
    "folder": "import os; print(os.getcwd())",
    "environment": "import os; print(os.environ['COURSE_ASKED'], os.environ['JPY_PARENT_PID'])",
    "no leftovers": "import sys; print([m for m in sys.modules if m.startswith('course_utils')])",
    "session": "import os; print(os.getsid(0) == os.getpid() == os.getpgid(0))",
    "standard input": "import os; print(os.read(0, 1))",
    "log lines": (
        "import logging, sys, torch, tensorflow\n"
        "for name in ('torch', 'torch.distributed', 'tensorflow'):\n"
        "    log = logging.getLogger(name)\n"
        "    streams = [(h.stream is sys.stdout, h.stream is sys.stderr) for h in log.handlers]\n"
        "    print(log.level, log.propagate, streams)"
    ),
    "pickles": "import pickle, numpy; print(pickle.loads(pickle.dumps(numpy.ones(2))))",
    "reloading": "import importlib, keras; print(importlib.reload(keras).__name__)",
    "backend": "import matplotlib; print(matplotlib.get_backend())",
    "picture": "import matplotlib.pyplot as plt; plt.plot([1, 2]);",
    "tables": "import pandas; print(pandas.get_option('display.max_columns'))",
    "magic": "%load_ext autoreload\n%autoreload 2\nprint('loaded')",
    "shell": "!echo from a shell",
    "subprocess": "import subprocess; print(subprocess.run('true').returncode)",
    "own modules in a new process": (
        "import pathlib, multiprocessing\n"
        "pathlib.Path('beside.py').write_text('def double(x): return 2 * x')\n"
        "import beside\n"
        "with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "    print(pool.map(beside.double, [2]))"
    ),
    "error": "1 / 0",
    "seeded": "import random, torch; torch.manual_seed(0); print(torch.rand(1).item())",
    "exit of threads": "import threading; print(all(t.daemon for t in threading.enumerate()[1:]))",
    "workers": (
        "import torch\n"
        "loader = torch.utils.data.DataLoader(list(range(8)), 4, num_workers=2, timeout=30)\n"
        "print([batch.tolist() for batch in loader])"
    ),
    "computing": (
        "import torch, tensorflow as tf\n"
        "print(float((torch.ones(300, 300) @ torch.ones(300, 300)).sum()),\n"
        "      float(tf.reduce_sum(tf.ones((300, 300)) @ tf.ones((300, 300)))))"
    ),
}


@pytest.mark.heavy
def test_a_warm_kernel_is_like_a_stock_one(tmp_path):
    options = {"env": os.environ | {"COURSE_ASKED": "for"}, "cwd": str(tmp_path)}
    said = {}
    for warm in (True, False):
        with kernel(warm, **options) as (_, client):
            said[warm] = {name: run(client, code) for name, code in PROBES.items()}
    assert said[True] == said[False]
    assert "image/png" in said[True]["picture"]
    assert said[True]["folder"] == str(tmp_path)
    assert said[True]["no leftovers"] == "[]"


def test_it_is_warm_and_small():
    with kernel() as (manager, client):
        code = "import time; start = time.perf_counter(); import torch, tensorflow, keras; "
        assert run(client, code + "print(time.perf_counter() - start < 3)") == "True"
        assert psutil.Process(manager.provisioner.pid).memory_full_info().uss < 80e6


def test_it_answers_questions_completes_and_debugs():
    with kernel() as (_, client):
        ask = {"allow_stdin": True, "stdin_hook": lambda message: client.input("Ada")}
        assert run(client, "print('hello', input())", **ask) == "hello Ada"
        run(client, "import torch")
        client.complete("torch.nn.functional.cross_en")
        reply = client.get_shell_msg(timeout=60)
        assert any("cross_entropy" in match for match in reply["content"]["matches"])
        message = client.session.msg(
            "debug_request", {"type": "request", "seq": 1, "command": "debugInfo"}
        )
        client.control_channel.send(message)
        body = client.get_control_msg(timeout=60)["content"]
        assert body["success"], body


DRAWS = """
import random, secrets, tempfile, uuid
from multiprocessing import current_process
import numpy as np, torch, tensorflow as tf, keras
from sklearn.utils import check_random_state
print(random.random(), np.random.rand(), np.random.default_rng().random())
print(check_random_state(None).rand(), torch.rand(1).item(), torch.initial_seed())
generator = tf.random.Generator.from_non_deterministic_state()
print(float(tf.random.uniform([])), float(generator.uniform([])))
print(float(keras.random.uniform([])), float(keras.initializers.GlorotUniform()((1, 1))[0, 0]))
print(torch.nn.Linear(1, 1).weight.item(), secrets.token_hex(), uuid.uuid4(), uuid.uuid1())
print(next(tempfile._get_candidate_names()), current_process().authkey.hex())
print(torch.randperm(10**6)[0].item())
"""


def test_each_draws_numbers_of_its_own():
    said = []
    for _ in range(3):
        with kernel() as (_, client):
            said.append(run(client, DRAWS).split())
    assert len(said[0]) == 17
    assert all(len(set(draws)) == 3 for draws in zip(*said, strict=True)), said


def test_interrupt_and_restart():
    with kernel() as (manager, client):
        threading.Timer(0.5, manager.interrupt_kernel).start()
        assert run(client, "while True: pass") == "KeyboardInterrupt"
        assert run(client, "x = 3; print(x)") == "3"
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=60)
        assert run(client, "print('x' in globals())") == "False"


@pytest.mark.parametrize("times", [2, pytest.param(8, marks=pytest.mark.heavy)])
def test_a_killed_kernel_is_seen_and_started_again(times):
    with kernel() as (manager, client):
        # Several times, for the request to shut down that the dead one did not read may reach its
        # successor on the same port.
        for _ in range(times):
            process = manager.provisioner.process
            os.kill(process.pid, signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
            assert not manager.is_alive()
            manager.restart_kernel()
            client.wait_for_ready(timeout=60)
            assert run(client, "print(1)") == "1"


def test_an_exit_status_comes_back():
    with kernel() as (manager, client):
        client.execute("import os; os._exit(7)")
        assert manager.provisioner.process.wait() == 7


def test_a_shutdown_that_is_asked_for_ends_the_process():
    with kernel() as (manager, _):
        pid = manager.provisioner.pid
        manager.shutdown_kernel()
        assert not psutil.pid_exists(pid)


@pytest.mark.heavy
def test_kernels_outlive_the_preloaded_process_and_the_next_start_makes_a_new_one(home):
    with kernel() as (manager, client):
        (preload,) = preloads(home)
        preload.kill()
        preload.wait()
        assert run(client, "print(2)") == "2"
        with kernel() as (_, other):
            assert run(other, "print(3)") == "3"
        assert run(client, "print(4)") == "4"
        pid = manager.provisioner.pid
    gone(pid)


@pytest.mark.heavy
@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.unlink() or path.write_text("")])
def test_a_socket_that_is_deleted_or_stale_is_replaced(spoil):
    with kernel():
        (address,) = [path for path in protocol.folder().iterdir() if path.is_socket()]
    spoil(address)
    with kernel() as (_, client):
        assert run(client, LOADED) == "True"
    assert address.is_socket()


def stock_answer():
    with kernel() as (_, client):
        return run(client, LOADED)


def test_a_folder_that_others_could_reach_is_refused(tmp_path, monkeypatch, one_line):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    protocol.folder().chmod(0o755)
    with one_line("is not private: chmod 700 it"):
        assert stock_answer() == "False"
    assert list((tmp_path / "pytorch-tensorflow-course/kernels").iterdir()) == []


def test_another_user_s_folder_is_refused(tmp_path, monkeypatch, one_line):
    if os.getuid() != 0:
        pytest.skip("only root can give a folder to another user")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    os.chown(protocol.folder(), 12345, 12345)
    with one_line("is not private"):
        assert stock_answer() == "False"


@pytest.mark.heavy
def test_another_user_is_not_served():
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    with small_preload(idle_seconds=5) as address:
        code = (
            "import os, socket; os.setuid(12345); s = socket.socket(socket.AF_UNIX)\n"
            f"s.settimeout(20); s.connect({str(address)!r}); print(s.recv(10))"
        )
        child = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
    assert child.stdout == "b''\n", child.stderr


@contextlib.contextmanager
def small_preload(idle_seconds):
    """Run a preloaded process that imports next to nothing, on a socket that anyone may reach."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        address = Path(folder, "s")
        listener.bind(str(address))
        listener.listen()
        Path(folder).chmod(0o755)
        address.chmod(0o777)
        code = "import sys\nfrom course_utils.kernels import preload\n"
        code += "preload.modules.LIBRARIES[:] = ['colorsys']\n"
        code += f"preload.run(int(sys.argv[1]), sys.argv[2], idle_seconds={idle_seconds})"
        command = [sys.executable, "-c", code, str(listener.fileno()), str(address)]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])
        yield address
        assert process.wait(timeout=60) == 0
        assert not address.exists()


@pytest.mark.heavy
def test_an_import_that_fails_is_one_line_and_a_stock_kernel(tmp_path, monkeypatch, one_line):
    (tmp_path / "tensorflow.py").write_text("raise ImportError('no such library')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]]))
    with one_line("tensorflow cannot be imported (ImportError: no such library)"):
        assert stock_answer() == "False"


@pytest.mark.heavy
def test_an_edited_module_renews_the_preloaded_process(tmp_path, monkeypatch, home):
    module = tmp_path / "sitecustomize.py"
    module.write_text("version = 1")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code = "import sitecustomize; print(sitecustomize.version)"
    with kernel() as (_, client):
        assert run(client, code) == "1"
    module.write_text("version = 22")
    with kernel() as (_, client):
        assert run(client, code) == "22"


def kernel_command():
    flags = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher"]
    return [*flags, "-f", tempfile.mktemp(suffix=".json"), "--log-level=ERROR"]


@pytest.mark.heavy
def test_who_waits_in_line_when_a_preloaded_process_retires_is_served_by_the_next(monkeypatch):
    command = kernel_command()
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as retiring:
        monkeypatch.setenv("XDG_DATA_HOME", folder)
        request = provisioner._request(command, {})
        address = protocol.address_of(request["flags"], request["env"], request["cwd"])
        retiring.bind(str(address))
        retiring.listen()

        def retire():
            address.unlink()
            retiring.close()

        threading.Timer(0.5, retire).start()
        process = asyncio.run(provisioner._fork_kernel(command, {}))
        process.kill()
        process.wait()
        for preload in preloads(folder):
            preload.kill()


def test_a_system_that_refuses_to_fork_is_named(monkeypatch):
    def refuse():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    ours, theirs = socket.socketpair()
    monkeypatch.setattr(preload.os, "fork", refuse)
    assert preload._fork(theirs) is None
    assert b"no further process (Resource temporarily unavailable)" in ours.recv(1000)


@pytest.mark.heavy
def test_fifty_at_once_are_ready_draw_numbers_of_their_own_and_leave_nothing(home):
    KernelProvisionerFactory.instance().default_provisioner_name = kernels.NAME
    managers = [KernelManager(kernel_name="python3") for _ in range(50)]
    threads = [threading.Thread(target=manager.start_kernel) for manager in managers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pids = [manager.provisioner.pid for manager in managers]
    try:
        # Jupyter chooses a port before its kernel takes it, and another program may be quicker.
        taken = [m for m in managers if "Address already in use" in m.provisioner.why_stock]
        started = [manager for manager in managers if manager not in taken]
        assert len(taken) < 3
        assert {type(m.provisioner.process) for m in started} == {provisioner.Kernel}
        draws = [_draws(manager.client()) for manager in started]
        assert all(len(set(column)) == len(started) for column in zip(*draws, strict=True))
        own = {m.provisioner.pid for m in started}
        (preload,) = [one for one in preloads(home) if own & set(children(one))]
        assert own <= set(children(preload)), "one process serves all"
    finally:
        for manager in managers:
            manager.shutdown_kernel(now=True)
    for pid in pids:
        gone(pid)
    assert not own & set(children(preload))


def _draws(client):
    """Wait until a kernel is ready, and let it draw."""
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        code = "import random, numpy, torch, uuid; "
        code += "print(random.random(), numpy.random.rand(), torch.rand(1).item(), uuid.uuid1())"
        return run(client, code).split()
    finally:
        client.stop_channels()


PARENT = """
import os, time
from jupyter_client.manager import KernelManager
manager = KernelManager(kernel_name="python3")
manager.start_kernel()
print(manager.provisioner.pid, flush=True)
time.sleep(600)
"""


def test_when_the_parent_is_killed_nothing_of_it_stays():
    environment = os.environ | kernels.environment()
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], env=environment, stdout=subprocess.PIPE, text=True
    )
    pid = int(parent.stdout.readline())
    assert psutil.pid_exists(pid)
    parent.kill()
    parent.wait()
    gone(pid)


@pytest.mark.heavy
def test_a_kernel_lives_on_when_what_stands_for_it_is_collected():
    process = asyncio.run(provisioner._fork_kernel(kernel_command(), {}))
    kept = psutil.Process(process.pid)
    del process
    gc.collect()
    time.sleep(1)
    assert kept.status() != psutil.STATUS_ZOMBIE
    kept.kill()
    gone(kept.pid)


def test_an_idle_preload_goes_and_takes_its_socket():
    with small_preload(idle_seconds=0.5) as address:
        assert address.is_socket()


@pytest.mark.heavy
def test_30_starts_leave_no_zombie_and_no_open_file(home):
    with kernel() as (manager, _):
        (preload,) = [p for p in preloads(home) if manager.provisioner.pid in children(p)]
        command = kernel_command()
        before = preload.num_fds(), psutil.Process().num_fds()
        for _ in range(30):
            process = asyncio.run(provisioner._fork_kernel(command, {}))
            process.kill()
            process.wait()
        assert (preload.num_fds(), psutil.Process().num_fds()) == before
        assert children(preload) == [manager.provisioner.pid]
        assert preload.num_threads() == 1


@pytest.mark.heavy
def test_the_bench_measures_starts_and_notebooks(monkeypatch):
    monkeypatch.setattr(bench, "NOTEBOOKS", 1)
    (answer,), (ready, megabytes, training) = (
        bench._in_pairs(measure, 1) for measure in (bench._seconds_to_answer, bench._ready)
    )
    for compared in (answer, ready, training):
        assert compared.ratios[0] > 1, compared
    assert 0 < megabytes.second[0] < 80 < megabytes.first[0]
    with tempfile.TemporaryDirectory(prefix="cb") as folder:  # a socket's path must be short
        assert 0 < bench._nbval(Path(folder), ["-n0"], warm=True)[0] < 280
        monkeypatch.setattr(bench, "CELLS", ["1 / 0"])
        with pytest.raises(CourseError, match=r"nbval failed: .*1 failed"):
            bench._nbval(Path(folder), ["-n0"], warm=False)


def test_it_can_be_switched_off(monkeypatch):
    assert kernels.environment() == {"JUPYTER_DEFAULT_PROVISIONER_NAME": kernels.NAME}
    monkeypatch.setenv("COURSE_WARM_KERNELS", "0")
    assert kernels.environment() == {}
    monkeypatch.delenv("COURSE_WARM_KERNELS")
    monkeypatch.setattr(provisioner, "NAME", "not-installed")
    assert kernels.environment() == {}


@pytest.mark.heavy
def test_a_lesson_gives_the_same_outputs_in_a_stock_kernel():
    """Everywhere else the notebooks run in warm kernels."""
    lesson = str(notebooks.named("dynamic_graphs"))
    command = [sys.executable, "-m", "pytest", "-n0", "-q", lesson]
    result = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"COURSE_WARM_KERNELS": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
