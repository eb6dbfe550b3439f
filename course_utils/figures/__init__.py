"""The pictures that recur: curves, boundaries, images, grids, graphs; each with its alt text."""

from course_utils.figures.lines import curves, dots, panels, ratios
from course_utils.figures.nodes import graphs, networks
from course_utils.figures.output import SHOWN, animation, show
from course_utils.figures.planes import boundaries, grids, images, points
from course_utils.figures.style import CLASS_COLOURS, COLOURS, set_style

__all__ = [
    "CLASS_COLOURS",
    "COLOURS",
    "SHOWN",
    "animation",
    "boundaries",
    "curves",
    "dots",
    "graphs",
    "grids",
    "images",
    "networks",
    "panels",
    "points",
    "ratios",
    "set_style",
    "show",
]
