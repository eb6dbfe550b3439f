"""A pytest plugin for jupyter_client's own tests: it counts kernels and notes outcomes.

Where COURSE_SWAP is set, Python's kernel is started in place of the small ones that those tests
bring along, and writes to the log instead of a pipe that nobody reads: a kernel that runs another
program, or writes to a pipe, is never a warm one.
"""

import collections
import json
import os
from pathlib import Path

from jupyter_client.provisioning import LocalProvisioner

from course_utils import kernels

HOME = os.environ["HOME"]  # each test has one of its own, and would need a preload of its own
OUTCOMES: dict[str, str] = {}
STARTED: collections.Counter = collections.Counter()
THEIRS = ("tests.signalkernel", "pytest_jupyter.echo_kernel")


async def pre_launch(self, before=LocalProvisioner.pre_launch, **kwargs):
    kwargs = await before(self, **kwargs)
    if os.environ.get("COURSE_SWAP"):
        swapped = ["ipykernel_launcher" if word in THEIRS else word for word in kwargs["cmd"]]
        kwargs |= {"cmd": swapped, "env": kwargs["env"] | {"HOME": HOME}}
        kwargs |= {"stdout": None, "stderr": None}
    return kwargs


async def launch_kernel(self, cmd, before=kernels.WarmProvisioner.launch_kernel, **kwargs):
    info = await before(self, cmd, **kwargs)
    STARTED[self.why_stock or "warm"] += 1
    return info


LocalProvisioner.pre_launch = pre_launch
kernels.WarmProvisioner.launch_kernel = launch_kernel


def pytest_collection_modifyitems(items):
    """Tell the tests' own list of provisioners, which stands for what is installed, of ours."""
    for module in {item.module for item in items}:
        if known := getattr(module, "initial_provisioner_map", None):
            known[kernels.NAME] = "course_utils.kernels:WarmProvisioner"


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        OUTCOMES[report.nodeid] = report.outcome


def pytest_sessionfinish():
    Path(os.environ["COURSE_OUTCOMES"]).write_text(json.dumps([OUTCOMES, STARTED]))
