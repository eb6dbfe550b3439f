"""V07: does Visdom support PyTorch's tensors directly? What goes in comes back."""

import json

import shims

torch, tf = shims.one_thread()
rows = [[1.0, 0.5], [0.25, 2.0], [3.0, 1.5]]


def comes_back(vis, kind, tensor):
    """Draw a tensor, and compare what the server holds with its numbers."""
    window = {"line": vis.line, "heatmap": vis.heatmap, "scatter": vis.scatter}[kind](tensor)
    held = json.loads(vis.get_window_data(window))["content"]["data"]
    if kind == "line":
        assert [list(row["y"]) for row in held] == [list(column) for column in zip(*rows)]
    elif kind == "heatmap":
        assert [list(row) for row in held[0]["z"]] == rows
    else:
        assert list(zip(held[0]["x"], held[0]["y"])) == [tuple(row) for row in rows]


def takes(vis, tensor):
    """Count the kinds of windows for which a tensor comes back as it was."""
    return sum(shims.works(comes_back, vis, kind, tensor) for kind in KINDS)


KINDS = ("line", "heatmap", "scatter")
with shims.visdom_server() as server:
    vis = shims.client(server)
    of_torch = takes(vis, torch.tensor(rows))
    with_gradient = takes(vis, torch.tensor(rows, requires_grad=True))
    of_tf = takes(vis, tf.constant(rows))
    trained_tf = takes(vis, tf.Variable(rows))
shims.answer(
    {
        "PyTorch's tensors come back unchanged, from every call": of_torch == len(KINDS),
        "what is trained as well": with_gradient == len(KINDS),
        "TensorFlow's from less than half as many": of_tf + trained_tf
        < (of_torch + with_gradient) / 2,
    },
    counts={
        "calls": len(KINDS),
        "of PyTorch's": [of_torch, with_gradient],
        "of TensorFlow's": [of_tf, trained_tf],
    },
)
