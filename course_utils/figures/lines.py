"""Lines and dots: curves, sets of curves, runs and ratios."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.figures.output import show
from course_utils.figures.style import COLOURS

if TYPE_CHECKING:
    from course_utils.timing import Comparison


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
