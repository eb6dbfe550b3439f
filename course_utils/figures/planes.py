"""What fills a plane: points and boundaries, pictures, tables of numbers."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_utils.figures.output import show
from course_utils.figures.style import CLASS_COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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

    width = max(0.95, 0.13 * max(len(str(title)) for title in titles))
    figure, all_axes = plt.subplots(
        1, len(pictures), figsize=(width * len(pictures), 1.3), squeeze=False
    )
    limit = np.abs(pictures).max()
    colours = {"cmap": "PuOr", "vmin": -limit, "vmax": limit} if diverging else {"cmap": "gray_r"}
    for axes, picture, title in zip(all_axes[0], pictures, titles, strict=True):
        axes.imshow(picture, **colours)
        axes.set_title(title)
        axes.set_axis_off()
    show(figure, alt)


def grids(
    panels: Mapping[str, np.ndarray],
    alt: str,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    xlabel: str = "",
    ylabel: str = "",
    texts: Mapping[str, np.ndarray] | None = None,
    colours: str = "Blues",
) -> None:
    """Draw tables of numbers side by side as coloured cells, with a number or a text in each.

    All panels, of shape (rows, columns), share one range of colours; NaN stays white. Shares have
    the range 0 to 1, whatever the smallest is. `rows` and `columns` name the cells along each side.
    """
    import matplotlib.pyplot as plt

    values = np.concatenate([np.ravel(panel).astype(float) for panel in panels.values()])
    low, high = np.nanmin(values), np.nanmax(values)
    if low >= 0 and high <= 1:
        low, high = 0, 1
    shapes = [np.shape(panel) for panel in panels.values()]
    figure, all_axes = plt.subplots(
        1,
        len(panels),
        figsize=(0.8 + sum(0.75 * width + 0.5 for _, width in shapes), 0.45 * shapes[0][0] + 1.1),
        width_ratios=[width for _, width in shapes],
        squeeze=False,
    )
    for axes, (name, panel) in zip(all_axes[0], panels.items(), strict=True):
        # The lighter half of the colours, so that black text can be read on each of them.
        axes.imshow(panel, cmap=colours, vmin=low, vmax=2 * high - low + 1e-9, aspect=0.6)
        for (y, x), value in np.ndenumerate(panel):
            text = texts[name][y][x] if texts else f"{value:g}"
            axes.text(x, y, text, ha="center", va="center", fontsize=10)
        axes.set_title(name)
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(rows)), rows if axes is all_axes[0][0] else [""] * len(rows))
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_xlabel(xlabel)
    all_axes[0][0].set_ylabel(ylabel)
    show(figure, alt)
