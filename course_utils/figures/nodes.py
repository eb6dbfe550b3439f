"""Nodes and edges: networks as columns of nodes, graphs as rows of named boxes."""

import collections
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_utils.figures.output import show
from course_utils.figures.style import COLOURS

if TYPE_CHECKING:
    import networkx as nx

MOST_NODES = 40


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
