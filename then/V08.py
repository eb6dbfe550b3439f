"""V08: does Visdom offer flexibility? Things drawn on purpose, by it and by TensorBoard.

The list is its lesson's, but for a figure of matplotlib's: that package is not there then.
"""

import json
import tempfile
import warnings

import numpy as np
import shims
from torch.utils.tensorboard import SummaryWriter

torch = shims.one_torch()
draw = np.random.default_rng(0)
numbers = draw.random((40, 5)).astype("float32")
SHARES = np.stack([np.histogram(numbers[:, n], bins=10)[0] for n in range(2)])
SETTINGS = "<table><tr><th>run</th><th>rate</th></tr><tr><td>one</td><td>0.1</td></tr></table>"


def by_visdom(vis):
    """Return how to draw each thing, by name; a network from its edges came after 2021."""
    return {
        "a table of settings": lambda: vis.text(SETTINGS),
        "a network, from its edges": lambda: vis.graph([[0, 1], [1, 2]]),
        "histograms over time": lambda: vis.heatmap(SHARES),
        "bars with names of their own": lambda: vis.bar(
            SHARES[0, :2], opts={"rownames": ["low", "lower"]}
        ),
        "a box plot from numbers": lambda: vis.boxplot(numbers),
    }


def stands(vis, way):
    """Draw a thing, and make sure that the server has its window."""
    assert way() in json.loads(vis.get_window_data())


def by_tensorboard():
    """Record the same, as data that its page can still change; return what the server shows."""
    place = tempfile.mkdtemp()
    with SummaryWriter(place) as writer, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        writer.add_hparams({"rate": 0.1}, {"last": 0.5}, run_name=".")
        writer.add_graph(torch.nn.Linear(3, 1), torch.zeros(1, 3))
        for step in range(2):
            writer.add_histogram("numbers", numbers[:, step], step)
    with shims.tensorboard(place) as server:
        listed, tabs = shims.plugins(server, {"hparams", "graphs", "histograms"})
        steps = json.loads(server.get("/data/plugin/histograms/histograms?run=.&tag=numbers"))
    return {
        "a table of settings": "hparams" in tabs,
        "a network, from its edges": "graphs" in tabs,
        "histograms over time": len(steps) > 1,
        "bars with names of their own": "bar" in listed,
        "a box plot from numbers": "box" in listed,
    }


with shims.visdom_server() as server:
    vis = shims.client(server)
    drawn = {name: shims.works(stands, vis, way) for name, way in by_visdom(vis).items()}
shown = by_tensorboard()
shims.answer(
    {"more of the list than with TensorBoard": sum(drawn.values()) > sum(shown.values())},
    counts={
        "list": len(drawn),
        "drawn by Visdom": [name for name, own in drawn.items() if own],
        "shown by TensorBoard": [name for name, own in shown.items() if own],
    },
)
