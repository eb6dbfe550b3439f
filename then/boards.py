"""What the two dashboards weigh, in megabytes: each server, and what a client adds to PyTorch.

TensorBoard's server and PyTorch's writer look for TensorFlow, so each is weighed without it too.
"""

import json
import sys
import tempfile

import numpy as np
import shims

HIDDEN = "import sys; sys.modules['tensorflow'] = None; "
WRITER = "import torch; from torch.utils.tensorboard import SummaryWriter; SummaryWriter({!r}); "


def held(code):
    """Return the memory of a process that has run some code."""
    return float(shims.alone(f"{code}print({shims.HELD})"))


def server_tensorboard(place, before=""):
    """Return the memory of TensorBoard's server, as its command starts it."""
    code = f"{before}from tensorboard.main import run_main; run_main()"
    command = [sys.executable, "-c", code, "--logdir", place, "--port", "{port}"]
    with shims.Server(command) as server:
        server.get("/data/plugins_listing")
        return shims.megabytes(server.process.pid)


with shims.visdom_server() as server:
    shims.client(server).line(np.array([1, 0.5, 0.25]))
    server_visdom = shims.megabytes(server.process.pid)
place = tempfile.mkdtemp()
torch_alone = held("import torch; ")
megabytes = {
    "Visdom's server": server_visdom,
    "TensorBoard's server": server_tensorboard(place),
    "TensorBoard's server, TensorFlow hidden": server_tensorboard(place, HIDDEN),
    "Visdom's client, added to PyTorch": held("import torch, visdom; ") - torch_alone,
    "PyTorch's writer, added": held(WRITER.format(place)) - torch_alone,
    "PyTorch's writer, added, TensorFlow hidden": held(HIDDEN + WRITER.format(place)) - torch_alone,
}
print(json.dumps({"megabytes": {name: round(value) for name, value in megabytes.items()}}))
