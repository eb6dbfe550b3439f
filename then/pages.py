"""Serve a dashboard's page until standard input ends: two curves, a picture's past, a number.

    pages.py TensorBoard|Visdom [FOLDER]

FOLDER holds the web files of Visdom's page, which its own command would fetch from the network. The
first line that is printed tells the port.
"""

import sys
import tempfile

import numpy as np
import shims

LOSSES = np.random.default_rng(0).random((2, 40)) + np.array([[0], [1]])
PICTURES = [step / 3 for step in range(3)]
TABLE = "<table><tr><th>run</th><th>loss</th></tr>{}</table>"


def tensorboard():
    """Write the records with PyTorch's writer, and start the server."""
    from torch.utils.tensorboard import SummaryWriter

    place = tempfile.mkdtemp()
    for run, curve in zip(("one", "two"), LOSSES):
        with SummaryWriter(f"{place}/{run}") as writer:
            for step, loss in enumerate(curve):
                writer.add_scalar("training/loss", loss, step)
            writer.add_scalar("test/accuracy", 1.0, 0)
    with SummaryWriter(place + "/pictures") as writer:
        for step, grey in enumerate(PICTURES):
            writer.add_image("digit", np.full((1, 8, 8), grey), step)
    return shims.tensorboard(place)


def fill_visdom(server):
    """Send the same to Visdom's server."""
    client = shims.client(server)
    labels = {"title": "training/loss", "showlegend": True}
    for run, curve in zip(("one", "two"), LOSSES):
        client.line(
            curve, np.arange(len(curve)), win="loss", name=run, update="append", opts=labels
        )
    for step, grey in enumerate(PICTURES):
        kept = {"title": "digit", "store_history": True, "caption": f"step {step}"}
        client.image(np.full((1, 200, 200), grey), win="digit", opts=kept)
    rows = "".join(f"<tr><td>{run}</td><td>{2 - n}</td></tr>" for n, run in enumerate("ab"))
    client.text(TABLE.format(rows), win="table", opts={"title": "test/accuracy"})


board, *web_files = sys.argv[1:]
with tensorboard() if board == "TensorBoard" else shims.visdom_server(*web_files) as server:
    if board == "Visdom":
        fill_visdom(server)
    print(server.port, flush=True)
    sys.stdin.read()
