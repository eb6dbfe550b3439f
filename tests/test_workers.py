"""Workers that work together: their results, their failures, and that none is ever left behind."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time

import psutil
import pytest

from course_utils import CourseError, workers


def python(source, *arguments):
    return [sys.executable, "-c", textwrap.dedent(source), *arguments]


ANSWERS = """
    import json, os, sys, time
    time.sleep(float(sys.argv[2]))
    print(json.dumps({"rank": int(sys.argv[1]), "more": os.environ.get("MORE")}), flush=True)
"""
# It starts a process in a session of its own, as torchrun does with its workers.
WAITS = """
    import subprocess, sys, time
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    print("half-way", flush=True)
    time.sleep(60)
"""
# It waits for a sign of life of the other, and is killed then.
KILLED = """
    import os, signal, time
    print("at step 3", flush=True)
    os.write(2, b"I0000 00:00:1 26886 cudart_stub.cc:31] Could not find cuda drivers\\n")
    time.sleep(1)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def nothing_left():
    """After each test no process of it carries a worker's mark."""
    yield
    deadline = time.monotonic() + 10
    while (left := all_marked()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


@pytest.fixture(autouse=True)
def own_mark(monkeypatch):
    """Other tests may run workers at this moment: count those that this process started."""
    monkeypatch.setenv("COURSE_TEST_WORKERS", str(os.getpid()))


def all_marked():
    found = []
    for process in psutil.process_iter():
        try:
            variables = process.environ()
            own = variables.get("COURSE_TEST_WORKERS") == str(os.getpid())
            if own and workers.MARK in variables and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def test_results_come_in_the_order_of_the_ranks():
    commands = [python(ANSWERS, "1", "0"), python(ANSWERS, "0", "0.3")]
    results = workers.run(commands, 30, [{"MORE": "a"}, {"MORE": "b"}])
    assert results == [{"rank": 0, "more": "b"}, {"rank": 1, "more": "a"}]


def test_lines_that_two_processes_write_at_once_are_told_apart():
    command = python("""print('{"rank": 1, "a": {}}{"rank": 0}\\n\\n', end="")""")
    assert workers.run([command], 30) == [{"rank": 0}, {"rank": 1, "a": {}}]


def test_a_worker_killed_half_way_is_named_and_the_others_end():
    with pytest.raises(CourseError) as caught:
        workers.run([python(WAITS), python(KILLED)], 30)
    message = str(caught.value)
    assert message.startswith("worker 1 was killed (signal 9, SIGKILL); all others were ended.")
    assert message.endswith("Its last line: at step 3")
    assert "\n" not in message


def test_a_worker_that_fails_says_why():
    with pytest.raises(CourseError, match=r"worker 0 failed; .*Its last line: ValueError: no data"):
        workers.run([python("raise ValueError('no data')"), python(WAITS)], 30)


def test_time_is_up():
    start = time.monotonic()
    with pytest.raises(CourseError, match=r"worker 1 of 2 was not done after 2 s; .*half-way"):
        workers.run([python(ANSWERS, "0", "0"), python(WAITS)], 2)
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_the_process_that_started_them(how):
    source = f"""
        import signal, sys
        from course_utils import workers
        # What a script starts in the background ignores it; a kernel does not.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        workers.run([[sys.executable, "-c", {textwrap.dedent(WAITS)!r}]] * 2, 60)
    """
    parent = subprocess.Popen(python(source), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while len(all_marked()) < 4 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(all_marked()) == 4
    parent.send_signal(how)
    parent.wait(timeout=20)


def test_a_worker_of_torchrun_is_named():
    source = """
        import os, signal, sys, time
        print("at step 3", flush=True)
        if os.environ["RANK"] == "1":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)
    """
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node=2", "--no-python", *python(source)]
    with pytest.raises(CourseError, match=r"^worker 1 was killed \(signal 9, SIGKILL\)"):
        workers.run([command], 60)


def test_why_a_worker_of_torchrun_died_is_told():
    source = """
        import json, os, time
        if os.environ["RANK"] == "1":
            time.sleep(60)
        print(json.dumps({"rank": 0}), flush=True)
        os.write(2, b"terminate called after throwing an instance of 'gloo::IoException'\\n")
        os.write(2, b"  what():  Connection closed by peer\\n")
        os.abort()
    """
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node=2", "--no-python", *python(source)]
    with pytest.raises(CourseError, match=r"SIGABRT\).*what\(\):  Connection closed by peer$"):
        workers.run([command], 60)


def test_free_ports_differ():
    assert len(set(workers.free_ports(5))) == 5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_the_sockets_of_a_process_have_sent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = socket.create_connection(server.getsockname())
        there, _ = server.accept()
        with here, there:
            before = workers.bytes_sent()
            here.sendall(bytes(100_000))
            received = 0
            while received < 100_000:
                received += len(there.recv(65_536))
            assert workers.bytes_sent() - before == 100_000
