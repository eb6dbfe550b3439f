"""V08: does Visdom offer flexibility? A list, tried with it and with TensorBoard."""

import tempfile

import numpy as np
import shims

draw = np.random.default_rng(0)
square = draw.random((6, 6)).astype("float32")
pairs = draw.random((6, 2)).astype("float32")


def with_visdom(vis):
    """Return what to try, by name."""
    return {
        "curve": lambda: vis.line(square[0]),
        "picture": lambda: vis.image(square),
        "distribution": lambda: vis.histogram(square.ravel()),
        "text": lambda: vis.text("begun"),
        "points": lambda: vis.scatter(pairs),
        "bars": lambda: vis.bar(square[0]),
        "heat map": lambda: vis.heatmap(square),
        "contour": lambda: vis.contour(square),
        "surface": lambda: vis.surf(square),
        "boxes": lambda: vis.boxplot(square),
    }


def with_tensorboard(writer):
    """Return the same, as far as there is a call for it that is given the numbers."""
    return {
        "curve": lambda: writer.add_scalar("a", 1.0, 0),
        "picture": lambda: writer.add_image("b", square, dataformats="HW"),
        "distribution": lambda: writer.add_histogram("c", square),
        "text": lambda: writer.add_text("d", "begun"),
        **{
            name: lambda call=call: getattr(writer, f"add_{call}")(square)
            for name, call in [
                ("points", "scatter"),
                ("bars", "bar"),
                ("heat map", "heatmap"),
                ("contour", "contour"),
                ("surface", "surf"),
                ("boxes", "boxplot"),
            ]
        },
    }


from torch.utils.tensorboard import SummaryWriter  # noqa: E402

with shims.visdom_server() as server:
    things = with_visdom(shims.client(server))
    drawn = sum(shims.works(thing) for thing in things.values())
with SummaryWriter(tempfile.mkdtemp()) as writer:
    on_board = sum(shims.works(thing) for thing in with_tensorboard(writer).values())
shims.answer(
    {"more of the list than with TensorBoard": drawn > on_board},
    counts={"list": len(things), "drawn by Visdom": drawn, "by TensorBoard": on_board},
)
