"""The pictures that recur: curves, boundaries, images, grids, graphs; each with its alt text.

JupyterLab gives matplotlib's own output no alt text, so every picture is shown as an HTML image.
"""

import base64
import collections
import html
import io
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from course_utils.timing import Comparison

# Okabe and Ito's colours, which stay distinct for colour-blind readers.
COLOURS = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
CLASS_COLOURS = ["#E69F00", "#0072B2"]
DOTS_PER_INCH = 110
MOST_NODES = 40


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
    from PIL import Image

    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH)
    plt.close(figure)
    # 128 colours are enough for a drawing, and a third of the bytes.
    Image.open(drawn).convert("RGB").quantize(128).save(packed, format="png", optimize=True)
    _show_image(packed.getvalue(), "png", alt)


def _show_image(content: bytes, kind: str, alt: str) -> None:
    from IPython.display import HTML, display

    picture = base64.b64encode(content).decode()
    display(HTML(f'<img alt="{html.escape(alt)}" src="data:image/{kind};base64,{picture}">'))


def animation(
    figure: "Figure", draw: Callable[[int], None], frames: int, alt: str, seconds: float = 0.12
) -> None:
    """Show a figure that moves, as a GIF with this alt text, and close it.

    `draw` is called with 0 to `frames` - 1 and changes the figure each time; each state is shown
    for `seconds`, and then all begins anew.
    """
    import matplotlib.pyplot as plt
    from PIL import Image

    pictures, packed = [], io.BytesIO()
    for n in range(frames):
        drawn = io.BytesIO()
        draw(n)
        figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH * 0.6)
        pictures.append(Image.open(drawn).convert("RGB"))
    plt.close(figure)
    # One palette of few colours for all pictures, so that only what moves takes bytes.
    palette = Image.new("P", (1, 1))
    greys = [[shade] * 3 for shade in range(0, 256, 28)]
    colours = [list(bytes.fromhex(colour[1:])) for colour in COLOURS[:6]]
    palette.putpalette([level for colour in [*greys, [255] * 3, *colours] for level in colour])
    first, *rest = [
        picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures
    ]
    duration = round(1000 * seconds)
    first.save(packed, "gif", save_all=True, append_images=rest, duration=duration, loop=0)
    _show_image(packed.getvalue(), "gif", alt)


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


def panels(
    panels: Mapping[str, Mapping[str, Sequence[float]]],
    xlabel: str,
    ylabel: str,
    alt: str,
    x: Sequence[float] | None = None,
    **settings: Any,
) -> None:
    """Draw named sets of curves side by side on one scale; `x` counts from 1 unless given.

    A curve has shape (n,), or (2, n) for twins: PyTorch's is drawn in colour, and TensorFlow's as
    black dashes on top of it. The first is thick, so that one that lies on it shows. `settings`
    go to every `Axes.set`, for example ylim=(0, 1).
    """
    import matplotlib.pyplot as plt

    width = 6.4 if len(panels) == 1 else 2 + 3 * len(panels)
    figure, all_axes = plt.subplots(
        1, len(panels), figsize=(width, 3.4), sharey=True, squeeze=False
    )
    for axes, (title, series) in zip(all_axes[0], panels.items(), strict=True):
        twins = False
        for n, (name, values) in enumerate(series.items()):
            rows = np.atleast_2d(values)
            twins = len(rows) == 2
            width = 4 if twins or n == 0 else 1.8
            places = range(1, rows.shape[1] + 1) if x is None else x
            marker = "osv^D*"[n] if rows.shape[1] <= 20 else None
            axes.plot(places, rows[0], label=name, linewidth=width, marker=marker)
            if twins:
                axes.plot(places, rows[1], "k--", linewidth=1.2)
        if twins and axes is all_axes[0][-1]:
            axes.plot([], [], "k--", linewidth=1.2, label="TensorFlow")
        if len(series) > 1 or twins:
            axes.legend(fontsize=9)
        axes.set(title=title, xlabel=xlabel, **settings)
    all_axes[0][0].set_ylabel(ylabel)
    show(figure, alt)


def dots(
    rows: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    xlabel: str,
    alt: str,
    band: float = 0.0,
    **settings: Any,
) -> None:
    """Draw one line of dots for each row, a dot for each run: PyTorch's, and below TensorFlow's.

    A grey band covers what lies within `band` of zero. `settings` go to `Axes.set`.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.4, 1.1 + 0.4 * len(rows)))
    for n, runs in enumerate(rows.values()):
        for values, marker, offset in zip(runs, "os", (-0.13, 0.13), strict=True):
            colour = COLOURS["os".index(marker)]
            line = np.full(len(values), n + offset)
            axes.plot(values, line, marker, color=colour, markersize=7, alpha=0.6)
    if band:
        axes.axvspan(-band, band, color="#DDDDDD", zorder=0)
    axes.set(yticks=range(len(rows)), yticklabels=list(rows), ylim=(len(rows) - 0.5, -0.5))
    axes.set(xlabel=xlabel, **settings)
    axes.legend(["PyTorch", "TensorFlow"], loc="upper left", bbox_to_anchor=(1, 1))
    show(figure, alt)


def ratios(rows: Mapping[str, "Comparison"], xlabel: str, alt: str) -> None:
    """Draw one line of dots for each comparison of times, a dot for each pair; 1 is no difference.

    Names that say PyTorch have its colour, all others TensorFlow's.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 1.1 + 0.4 * len(rows)))
    for n, (name, comparison) in enumerate(rows.items()):
        place, colour = [n] * len(comparison.ratios), COLOURS["PyTorch" not in name]
        axes.plot(comparison.ratios, place, "o", color=colour, markersize=7, alpha=0.6)
    axes.axvline(1, color="black", linewidth=1)
    axes.set(yticks=range(len(rows)), yticklabels=list(rows), ylim=(len(rows) - 0.5, -0.5))
    axes.set(xlabel=xlabel, xlim=(0, None))
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

    All panels, of shape (rows, columns), share one range of colours; NaN stays white. `rows` and
    `columns` name the cells along each side.
    """
    import matplotlib.pyplot as plt

    values = np.concatenate([np.ravel(panel).astype(float) for panel in panels.values()])
    low, high = np.nanmin(values), np.nanmax(values)
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


def graphs(panels: Mapping[str, Sequence[tuple[str, str]]], alt: str) -> None:
    """Draw graphs side by side, each given as its edges (from, to): data flows from top to bottom.

    What follows a # in a node's name only tells it from others and is not shown. A node that
    nothing flows into (an input, a weight) is grey. A graph of more than 40 nodes is folded: alike
    nodes of a row become one, and the middle rows of a long graph one that counts what it hides.
    """
    import matplotlib.pyplot as plt

    placed = [_places(_folded(_rows(edges))) for edges in panels.values()]
    spans = [np.ptp([*places.values()], axis=0) for places, _ in placed]
    widths, heights = np.transpose(spans)
    inches = [
        max(2.0, 0.11 * len(name), *_inches(places))
        for name, (places, _) in zip(panels, placed, strict=True)
    ]
    figure, all_axes = plt.subplots(
        1,
        len(panels),
        figsize=(sum(inches), 0.9 + 0.62 * max(heights)),
        width_ratios=inches,
        squeeze=False,
    )
    for axes, (places, edges) in zip(all_axes[0], placed, strict=True):
        for start, end in edges:
            arrow = {"arrowstyle": "-|>", "color": "#666666", "shrinkA": 11, "shrinkB": 11}
            axes.annotate("", places[end], places[start], arrowprops=arrow)
        into = {end for _, end in edges}
        for node, place in places.items():
            colour = "#BBDDF5" if node in into else "#DDDDDD"
            box = {"boxstyle": "round,pad=0.35", "facecolor": colour, "edgecolor": "#666666"}
            axes.text(*place, _label(node), ha="center", va="center", fontsize=10, bbox=box)
    for axes, name, (places, _), width in zip(all_axes[0], panels, placed, widths, strict=True):
        (left, _), (_, top) = np.min([*places.values()], axis=0), np.max([*places.values()], axis=0)
        axes.set(xlim=(left - 0.5, left + width + 0.5), ylim=(top - max(heights) - 0.4, top + 0.4))
        axes.set_title(name)
        axes.set_axis_off()
    show(figure, alt)


def _inches(places: Mapping[str, tuple[float, float]]) -> Iterator[float]:
    """Yield what each row needs: its longest name for every step of the whole graph's width."""
    steps = 1 + np.ptp([x for x, _ in places.values()])
    rows = [row for _, row in places.values()]
    for node, (_, row) in places.items():
        yield (0.35 + 0.085 * len(_label(node))) * (steps if rows.count(row) > 1 else 1.2)


def _label(node: str) -> str:
    return node.partition("#")[0]


def _rows(edges: Sequence[tuple[str, str]]) -> "nx.DiGraph":
    """Give each node its row, counted from the end: an input stands just above what takes it."""
    import networkx as nx

    graph = nx.DiGraph(list(edges))
    for row, nodes in enumerate(nx.topological_generations(graph.reverse())):
        for node in nodes:
            graph.nodes[node]["row"] = row
    return graph


def _folded(graph: "nx.DiGraph") -> "nx.DiGraph":
    """Return the graph itself, or one of fewer nodes where it has too many to be read."""
    import networkx as nx

    if len(graph) <= MOST_NODES:
        return graph
    last, ends = max(row for _, row in graph.nodes(data="row")), 4
    groups: dict[tuple[str, int], list[str]] = {}
    for node, row in graph.nodes(data="row"):
        hidden = last > 2 * ends and ends <= row <= last - ends
        groups.setdefault(("", ends) if hidden else (_label(node), row), []).append(node)
    names = {}
    for (label, row), nodes in groups.items():
        count = f" × {len(nodes)}" if len(nodes) > 1 else ""
        if not label:
            kinds = collections.Counter(map(_label, nodes)).most_common(3)
            count = f"… {len(nodes)} more: " + ", ".join(f"{n} {kind}" for kind, n in kinds)
        names |= dict.fromkeys(nodes, f"{label}{count}#{row}")
    folded = nx.DiGraph((names[a], names[b]) for a, b in graph.edges if names[a] != names[b])
    return _rows(list(folded.edges))


def _places(graph: "nx.DiGraph") -> tuple[dict[str, tuple[float, float]], list[tuple[str, str]]]:
    """Place each node near the middle of what it flows into, at least 1 from its neighbours."""
    places: dict[str, tuple[float, float]] = {}
    rows = [row for _, row in graph.nodes(data="row")]
    for row in range(max(rows) + 1):
        nodes = [node for node in graph if graph.nodes[node]["row"] == row]
        wanted = {
            node: np.mean([places[after][0] for after in graph[node]] or [n])
            for n, node in enumerate(nodes)
        }
        x, free = {}, -np.inf
        for node in sorted(nodes, key=wanted.get):
            x[node] = max(wanted[node], free)
            free = x[node] + 1
        shift = np.mean([wanted[node] - x[node] for node in nodes])
        places |= {node: (x[node] + shift, row) for node in nodes}
    return places, list(graph.edges)
