"""Which overviews does each dashboard give of what was merely recorded? Five, as V09's lesson asks.

Visdom's page compares two environments; the server is asked for that page as the page asks.
"""

import json
import tempfile
import urllib.request
import warnings

import numpy as np
import shims
import websocket
from torch.utils.tensorboard import SummaryWriter

torch, tf = shims.one_thread()
LOSSES = np.random.default_rng(0).random((2, 10))
HIDDEN = np.random.default_rng(1).random((20, 5)).astype("float32")
TABS = {"projector", "hparams", "graphs", "histograms"}


def by_tensorboard():
    """Record two runs, and return what the server has to show."""
    from tensorboard.plugins import projector

    place = tempfile.mkdtemp()
    for run, curve in zip(("one", "two"), LOSSES):
        with SummaryWriter(f"{place}/{run}") as writer, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for step, loss in enumerate(curve):
                writer.add_scalar("loss", loss, step)
                writer.add_histogram("hidden", HIDDEN + step, step)
            writer.add_hparams({"rate": 0.1}, {"last": 0.5}, run_name=".")
            writer.add_graph(torch.nn.Linear(3, 1), torch.zeros(1, 3))
    np.savetxt(place + "/hidden.tsv", HIDDEN, delimiter="\t")
    settings = projector.ProjectorConfig()
    settings.embeddings.add(tensor_name="hidden", tensor_path="hidden.tsv")
    projector.visualize_embeddings(place, settings)
    with shims.tensorboard(place) as server:
        shown = shims.plugins(server, TABS)[1]
        tags = json.loads(server.get("/data/plugin/scalars/tags"))
        slices = json.loads(server.get("/data/plugin/histograms/histograms?run=one&tag=hidden"))
    return {
        "two runs in one chart": all("loss" in tags[run] for run in ("one", "two")),
        "points in many dimensions": "projector" in shown,
        "two runs' settings in one table": "hparams" in shown,
        "the graph of a model": "graphs" in shown,
        "histograms over time": len(slices) > 1,
    }


def compared(server):
    """Return the curves of the page that compares two environments, by window title."""
    address = f"127.0.0.1:{server.port}"
    page = websocket.create_connection(f"ws://{address}/socket", timeout=20)
    name = json.dumps({"sid": json.loads(page.recv())["data"]}).encode()
    urllib.request.urlopen(f"http://{address}/compare/one+two", name, timeout=20).close()
    windows, message = {}, {}
    while message.get("command") != "layout":
        message = json.loads(page.recv())
        if message.get("type") == "plot":
            windows[message["title"]] = [curve["y"] for curve in message["content"]["data"]]
    page.close()
    return windows


def two_curves(server):
    """Make sure that both runs' losses stand in one chart of that page."""
    curves = compared(server)["loss"]
    assert sorted(curves) == sorted(LOSSES.tolist())


def twice(vis):
    """Send a second histogram to a window, and make sure that it holds both."""
    for step in range(2):
        window = vis.histogram(HIDDEN.ravel() + step, win="hidden")
    assert len(json.loads(vis.get_window_data(window))["content"]["data"]) > 1


def by_visdom():
    """Send the same, and return what it makes of it; it has no place for settings."""
    with shims.visdom_server() as server:
        vis = shims.client(server)
        for run, curve in zip(("one", "two"), LOSSES):
            vis.line(curve, np.arange(10), win="loss", env=run, opts={"title": "loss"})
        return {
            "two runs in one chart": shims.works(two_curves, server),
            "points in many dimensions": shims.works(vis.embeddings, HIDDEN, list(range(20))),
            "two runs' settings in one table": hasattr(vis, "hparams"),
            "the graph of a model": shims.works(lambda: vis.graph(torch.nn.Linear(3, 1))),
            "histograms over time": shims.works(twice, vis),
        }


print(json.dumps({"overviews": {"TensorBoard": by_tensorboard(), "Visdom": by_visdom()}}))
