"""V06: is Visdom considerably lighter than TensorBoard, and very simple to use?

Lighter is memory, a client's what it adds to a program that has imported torch; considerably is
half; simple is statements for the same three pictures.
"""

import inspect
import tempfile

import numpy as np
import shims

HELD = "print(next(int(l.split()[1]) for l in open('/proc/self/status') if 'VmRSS' in l))"
WRITER = "from torch.utils.tensorboard import SummaryWriter; SummaryWriter({!r}); "
picture = np.random.default_rng(0).random((8, 8)).astype("float32")


def with_visdom(vis):
    """Draw a curve, a picture and a distribution."""
    vis.line(np.array([1, 0.5, 0.25]))
    vis.image(picture)
    vis.histogram(picture.ravel())


def with_tensorboard(writer):
    """Draw the same."""
    for step, loss in enumerate([1, 0.5, 0.25]):
        writer.add_scalar("loss", loss, step)
    writer.add_image("picture", picture, dataformats="HW")
    writer.add_histogram("values", picture)


def statements(function):
    """Count the lines of a function's body."""
    return len(inspect.getsource(function).strip().splitlines()) - 2


from torch.utils.tensorboard import SummaryWriter  # noqa: E402

place = tempfile.mkdtemp()
with SummaryWriter(place) as writer:
    with_tensorboard(writer)
with shims.visdom_server() as server:
    with_visdom(shims.client(server))
    visdom_mb = shims.megabytes(server.process.pid)
with shims.tensorboard(place) as server:
    server.get("/data/plugins_listing")
    board_mb = shims.megabytes(server.process.pid)
base = int(shims.alone("import torch; " + HELD))
client = int(shims.alone("import torch, visdom; " + HELD)) - base
begun = "import torch; " + WRITER.format(place) + HELD
writer_with_tf = int(shims.alone(begun)) - base
writer_without = int(shims.alone("import sys; sys.modules['tensorflow'] = None; " + begun)) - base
shims.answer(
    {
        "considerably lighter: the server": visdom_mb < board_mb / 2,
        "considerably lighter: the client, TensorFlow installed": client < writer_with_tf / 2,
        "considerably lighter: the client, without TensorFlow": client < writer_without / 2,
        "very simple to use: no more statements": statements(with_visdom)
        <= statements(with_tensorboard),
    },
    counts={
        "server, Visdom's share of TensorBoard's": round(visdom_mb / board_mb, 2),
        "client, share of the writer's": round(client / writer_with_tf, 2),
        "client, share without TensorFlow": round(client / writer_without, 2),
    },
)
