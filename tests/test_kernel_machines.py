"""Warm kernels where users, homes, containers and memory are not as on one's own machine."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from kernels_shared import home_of_this_file, kernel, only_where_warm, preloads, run  # noqa: F401

pytestmark = only_where_warm

TESTS = Path(__file__).parent

START = f"""
import json, os, sys, logging
sys.path.insert(0, {str(TESTS)!r})
logging.captureWarnings(True)
from course_utils.kernels import protocol
from kernels_shared import kernel, run
"""
ANSWER = """
with kernel() as (manager, client):
    code = "import os, sys; print(os.getuid(), 'torch' in sys.modules)"
    said = run(client, code).split()
    print(json.dumps([*said, manager.provisioner.why_stock]), flush=True)
    sys.stdin.read()
"""

ANN, BEN = 12345, 12346

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")


@pytest.fixture
def place():
    """A folder that everybody may use; pytest's own are closed to other users."""
    folder = Path("/tmp", f"course-{os.getpid()}")
    folder.mkdir()
    folder.chmod(0o1777)
    yield folder
    for process in psutil.process_iter(["cmdline"]):
        if str(folder) in " ".join(process.info["cmdline"] or []):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    shutil.rmtree(folder)


def home_of(user, folder):
    folder.mkdir(parents=True, mode=0o700)
    os.chown(folder, user, user)
    return folder


@contextlib.contextmanager
def started(code, before=(), **changes):
    """Start a kernel in a process that `before` begins; gives its user, warmth and reason."""
    env = {k: v for k, v in os.environ.items() if k not in ("IPYTHONDIR", "XDG_DATA_HOME")}
    command = [*before, sys.executable, "-c", START + code + ANSWER]
    pipe = subprocess.PIPE
    child = subprocess.Popen(
        command, env=env | changes, cwd="/", stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )
    line = child.stdout.readline()
    try:
        user, warm, reason = json.loads(line or child.communicate()[1])
        yield int(user), warm == "True", reason
    finally:
        child.communicate()
    assert child.returncode == 0


def become(user):
    """Begin a command as an ordinary user, who may read the Python that root keeps at home."""
    read = "+dac_read_search"
    command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    return [*command, f"--inh-caps={read}", f"--ambient-caps={read}"]


def as_user(user, home, runtime):
    runtime.mkdir(exist_ok=True)
    runtime.chmod(0o1777)
    return started("", become(user), HOME=str(home), JUPYTER_RUNTIME_DIR=str(runtime))


def sockets(home):
    return [path for path in home.rglob("*") if path.is_socket()]


@needs_root
@pytest.mark.heavy
def test_two_users_have_a_preload_each_and_no_way_to_the_other_s(place):
    homes = home_of(ANN, place / "ann"), home_of(BEN, place / "ben")
    with as_user(ANN, homes[0], place / "a") as ann, as_user(BEN, homes[1], place / "b") as ben:
        assert (ann, ben) == ((ANN, True, ""), (BEN, True, ""))
        (address,) = sockets(homes[0])
        knock = f"import os, socket; os.chdir({str(address.parent)!r})\n"
        knock += f"socket.socket(socket.AF_UNIX).connect({address.name!r})"
        # This Ben can look into every folder, and still may not connect.
        said = subprocess.run(
            [*become(BEN), sys.executable, "-c", knock], capture_output=True, text=True, check=False
        )
        assert "PermissionError" in said.stderr
        with as_user(BEN, homes[0], place / "c") as (user, warm, reason):
            assert (user, warm) == (BEN, False)
            assert "is not private" in reason


@needs_root
@pytest.mark.heavy
def test_a_home_whose_path_is_too_long_for_a_socket_has_warm_kernels(place):
    long = place / "x"
    while len(str(long)) < 190:
        long = long / "folder"
    home = home_of(ANN, long / ("y" * (199 - len(str(long)))))
    for path in (place / "x", *(p for p in (place / "x").rglob("*") if p != home)):
        path.chmod(0o755)
    assert len(str(home)) == 200
    with as_user(ANN, home, place / "a") as answer:
        assert answer == (ANN, True, "")
        assert len(str(sockets(home)[0])) > 200


@needs_root
def test_a_home_that_cannot_be_written_has_stock_kernels(place):
    home = home_of(ANN, place / "home")
    home.chmod(0o500)
    with as_user(ANN, home, place / "a") as (user, warm, reason):
        assert (user, warm) == (ANN, False)
        assert reason.endswith("cannot be used (Permission denied)")
    assert list(home.iterdir()) == []


# A preload that can be asked from everywhere: as if the address held no namespaces.
ONE_ADDRESS = "protocol.inherited = dict\n"

CONTAINER = ["unshare", "--map-root-user", "--pid", "--fork", "--mount-proc", "--net", "--uts"]


@pytest.mark.heavy
def test_containers_that_share_a_home_have_a_preload_each(place):
    if subprocess.run([*CONTAINER, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system makes no namespaces")
    home = home_of(os.getuid(), place / "home")
    lo = [*CONTAINER, "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]
    data = {"XDG_DATA_HOME": str(home), "JUPYTER_RUNTIME_DIR": str(place / "r")}
    with started("", **data) as outside, started("", lo, **data) as inside:
        assert outside[1:] == inside[1:] == (True, "")
        assert len(sockets(home)) == 2
    with started(ONE_ADDRESS, **data), started(ONE_ADDRESS, lo, **data) as (_, warm, reason):
        assert (warm, reason) == (False, "the preloaded process lives in another container")
        assert len(sockets(home)) == 3, "the same was asked"


@contextlib.contextmanager
def memory_group(limit):
    """A control group that holds its processes to so many bytes; skips where none can be made."""
    own = {line.split(":")[1]: line.split(":")[2] for line in open("/proc/self/cgroup")}  # noqa: SIM115
    first = "memory" in own
    root = Path("/sys/fs/cgroup/memory" if first else "/sys/fs/cgroup")
    group = root / f"course-{os.getpid()}"
    try:
        group.mkdir()
        name = "memory.limit_in_bytes" if first else "memory.max"
        (group / name).write_text(str(limit))
    except OSError as error:
        with contextlib.suppress(OSError):
            group.rmdir()
        pytest.skip(f"no control group for memory can be made here ({error.strerror})")
    yield group
    group.rmdir()


@pytest.mark.heavy
def test_a_kernel_that_the_system_kills_for_its_memory_ends_alone(home):
    with memory_group(200_000_000) as group, kernel() as (manager, client), kernel() as (_, other):
        (preload,) = preloads(home)
        process = manager.provisioner.process
        (group / "cgroup.procs").write_text(str(process.pid))
        client.execute("x = b'1' * 10**9")
        assert process.wait(60) == -signal.SIGKILL
        assert not manager.is_alive()
        assert run(other, "print(1)") == "1"
        assert preload.is_running()
        manager.restart_kernel()
        client.wait_for_ready(timeout=60)
        assert run(client, "x = b'1' * 10**9; print(len(x))") == "1000000000"
        assert preloads(home) == [preload]


@needs_root
def test_a_data_folder_on_a_full_disk_gives_a_stock_kernel(place):
    (place / "full").mkdir()
    mount = f"mount -t tmpfs -o nr_inodes=4 tmpfs {place}/full; "
    before = ["unshare", "--mount", "sh", "-c", mount + 'exec "$@"', "sh"]
    data = {"XDG_DATA_HOME": f"{place}/full", "JUPYTER_RUNTIME_DIR": str(place / "r")}
    with started("", before, **data) as (_, warm, reason):
        assert not warm
        assert "No space left on device" in reason


@pytest.mark.heavy
def test_a_preload_that_is_killed_while_it_imports_is_started_again(monkeypatch, tmp_path, home):
    """Killed by its own import, the first time."""
    killed = tmp_path / "killed"
    (tmp_path / "sitecustomize.py").write_text(
        f"import os, pathlib, signal, sys\nkilled = pathlib.Path({str(killed)!r})\n"
        "if any('preload.run' in word for word in sys.orig_argv) and not killed.exists():\n"
        "    killed.touch()\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with kernel() as (manager, client):
        assert killed.exists()
        assert (manager.provisioner.why_stock, run(client, "print(1)")) == ("", "1")
