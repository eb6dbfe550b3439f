"""What the tests of kernels share."""

import contextlib
import os
import time

import psutil
import pytest
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory

from course_utils import kernels

only_where_warm = pytest.mark.skipif(
    not kernels.environment(), reason="warm kernels need Linux, and are not switched off"
)


@pytest.fixture(name="home", scope="module", autouse=True)
def home_of_this_file(tmp_path_factory, environment_at_the_start):
    """A data folder for this file, so that its faults disturb no other worker's kernels.

    Kernels of either kind inherit nothing that imports of other test files have set.
    """
    folder = tmp_path_factory.mktemp("d")
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - environment_at_the_start.keys():
            patch.delenv(name)
        for name, value in environment_at_the_start.items():
            patch.setenv(name, value)
        patch.setenv("XDG_DATA_HOME", str(folder))
        factory = KernelProvisionerFactory.instance()
        patch.setattr(factory, "default_provisioner_name", kernels.NAME)
        yield folder
    for process in preloads(folder):
        process.kill()


def preloads(home):
    """Return the preloaded processes that belong to this folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        with contextlib.suppress(psutil.Error):
            mine = "course_utils.kernels import preload" in " ".join(process.info["cmdline"] or [])
            if mine and process.environ().get("XDG_DATA_HOME") == str(home):
                found.append(process)
    return found


@pytest.fixture(name="one_line")
def one_line_fixture(caplog):
    """Demand one logged line of why there was no warm kernel, and no warning."""

    @contextlib.contextmanager
    def demand(text):
        caplog.clear()
        yield
        mine = [record.getMessage() for record in caplog.records if "warm ker" in record.message]
        assert len(mine) == 1, mine
        assert text in mine[0]
        assert "\n" not in mine[0]

    return demand


@contextlib.contextmanager
def kernel(warm=True, **options):
    """Start a kernel the way Jupyter does, warm or stock, and shut it down."""
    name = kernels.NAME if warm else "local-provisioner"
    KernelProvisionerFactory.instance().default_provisioner_name = name
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(extra_arguments=["--log-level=ERROR"], **options)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(client, code, timeout=60, **options):
    """Run code in a kernel; return what it printed, showed or raised."""
    said = []

    def listen(message):
        content = message["content"]
        if message["msg_type"] == "stream":
            said.append(content["text"])
        elif message["msg_type"] in ("display_data", "execute_result"):
            said.append(" ".join(sorted(content["data"])))
        elif message["msg_type"] == "error":
            said.append(content["ename"])

    client.execute_interactive(code, output_hook=listen, timeout=timeout, **options)
    return "".join(said).strip()


def children(process):
    return [child.pid for child in process.children()]


def gone(pid, seconds=20):
    end = time.monotonic() + seconds
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end, f"process {pid} is still there"
        time.sleep(0.05)
