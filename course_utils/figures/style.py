"""Colours, sizes and grid of the course's pictures."""

# Okabe and Ito's colours, which stay distinct for colour-blind readers.
COLOURS = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]

CLASS_COLOURS = ["#E69F00", "#0072B2"]


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
