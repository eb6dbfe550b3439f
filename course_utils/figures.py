"""The pictures that recur: curves, decision boundaries, images, networks; each with its alt text.

JupyterLab gives matplotlib's own output no alt text, so every picture is shown as an HTML image.
"""

import base64
import html
import io
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which stay distinct for colour-blind readers.
COLOURS = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
CLASS_COLOURS = ["#E69F00", "#0072B2"]
DOTS_PER_INCH = 110


def set_style() -> None:
    """Set matplotlib's colours, sizes and grid to those of the course."""
    import matplotlib as mpl

    mpl.rcParams.update(
        {
            "axes.prop_cycle": mpl.cycler(color=COLOURS),
            "axes.grid": True,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "figure.constrained_layout.use": True,
            "figure.figsize": (6.4, 3.4),
            "font.size": 11,
            "grid.alpha": 0.3,
            "legend.frameon": False,
            "lines.linewidth": 2,
        }
    )


def show(figure: "Figure", alt: str) -> None:
    """Show a figure below the cell as an image with this alt text, and close it."""
    import matplotlib.pyplot as plt
    from IPython.display import HTML, display
    from PIL import Image

    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH)
    plt.close(figure)
    # 128 colours are enough for a drawing, and a third of the bytes.
    Image.open(drawn).convert("RGB").quantize(128).save(packed, format="png", optimize=True)
    picture = base64.b64encode(packed.getvalue()).decode()
    display(HTML(f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{picture}">'))


def curves(
    series: Mapping[str, Sequence[float]],
    ylabel: str,
    alt: str,
    xlabel: str = "step",
    log: bool = False,
) -> None:
    """Draw one line for each named series; the second is thin and dashed, so twins both show."""
    import matplotlib.pyplot as plt

    styles = [("-", 1.2)] if log else [("-", 5), ("--", 2), ("-", 1.5)]
    figure, axes = plt.subplots()
    for n, (name, values) in enumerate(series.items()):
        line, width = styles[n % len(styles)]
        axes.plot(values, label=name, linewidth=width, linestyle=line)
    axes.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(series), borderaxespad=0)
    show(figure, alt)


def boundaries(
    panels: Mapping[str, Callable[[np.ndarray], np.ndarray]],
    data: np.ndarray,
    target: np.ndarray,
    alt: str,
) -> None:
    """Draw, for each named model, what it answers everywhere in the plane, with the points on top.

    A model is a function from points, float32 of shape (n, 2), to the probability of class 1, shape
    (n,). `data` has shape (m, 2), `target` (m,) holds 0 and 1. The black line is probability 1/2.
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap

    low, high = data.min(axis=0) - 0.1, data.max(axis=0) + 0.1
    grid = np.meshgrid(np.linspace(low[0], high[0], 200), np.linspace(low[1], high[1], 200))
    points = np.stack([axis.ravel() for axis in grid], axis=1).astype("float32")
    colours = LinearSegmentedColormap.from_list("", [CLASS_COLOURS[0], "white", CLASS_COLOURS[1]])
    figure, all_axes = plt.subplots(
        1, len(panels), figsize=(3.3 * len(panels), 3.4), squeeze=False, sharey=True
    )
    for axes, (name, predict) in zip(all_axes[0], panels.items(), strict=True):
        answer = np.asarray(predict(points)).reshape(grid[0].shape)
        axes.contourf(*grid, answer, levels=np.linspace(0, 1, 11), cmap=colours, alpha=0.45)
        axes.contour(*grid, answer, levels=[0.5], colors="black", linewidths=1.5)
        _classes(axes, data, target, size=9)
        axes.set(title=name, xlabel="$x_1$", xticks=[-1, 0, 1], yticks=[-1, 0, 1], aspect="equal")
    all_axes[0][0].set_ylabel("$x_2$")
    show(figure, alt)


def points(data: np.ndarray, target: np.ndarray, alt: str) -> None:
    """Draw points of the plane, `data` of shape (n, 2), marked by their class, 0 or 1."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 3.8))
    _classes(axes, data, target, size=14)
    axes.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    show(figure, alt)


def _classes(axes: "Axes", data: np.ndarray, target: np.ndarray, size: float) -> None:
    for label, (colour, marker) in enumerate(zip(CLASS_COLOURS, "os", strict=True)):
        chosen = data[target == label]
        axes.scatter(
            *chosen.T,
            s=size,
            c=colour,
            marker=marker,
            edgecolors="#333333",
            linewidths=0.3,
            label=f"class {label}",
        )


def images(pictures: np.ndarray, titles: Sequence[str], alt: str, diverging: bool = False) -> None:
    """Draw pictures of shape (n, height, width) in a row; `diverging` centres the colours at 0."""
    import matplotlib.pyplot as plt

    figure, all_axes = plt.subplots(
        1, len(pictures), figsize=(0.95 * len(pictures), 1.3), squeeze=False
    )
    limit = np.abs(pictures).max()
    colours = {"cmap": "PuOr", "vmin": -limit, "vmax": limit} if diverging else {"cmap": "gray_r"}
    for axes, picture, title in zip(all_axes[0], pictures, titles, strict=True):
        axes.imshow(picture, **colours)
        axes.set_title(title)
        axes.set_axis_off()
    show(figure, alt)


def networks(panels: Mapping[str, Sequence[int]], alt: str) -> None:
    """Draw networks side by side, each as the sizes of its layers: a column of nodes a layer."""
    import matplotlib.pyplot as plt

    figure, all_axes = plt.subplots(1, len(panels), figsize=(3.3 * len(panels), 2.6), squeeze=False)
    reach = max(max(sizes) for sizes in panels.values()) / 2
    for axes, (name, sizes) in zip(all_axes[0], panels.items(), strict=True):
        columns = [[(x, y - (size - 1) / 2) for y in range(size)] for x, size in enumerate(sizes)]
        for left, right in itertools.pairwise(columns):
            for start in left:
                for end in right:
                    axes.plot(*zip(start, end, strict=True), color="#888888", linewidth=1, zorder=1)
        for n, column in enumerate(columns):
            kind = 0 if n == 0 else 1 if n == len(columns) - 1 else 2
            colour = ("#BBBBBB", COLOURS[0], COLOURS[2])[kind]
            axes.scatter(*zip(*column, strict=True), s=260, color=colour, zorder=2)
        axes.set(title=name, xlim=(-0.4, len(sizes) - 0.6), ylim=(-reach, reach))
        axes.set_axis_off()
    show(figure, alt)
