"""Say in numbers and words what a figure shows, so that a test can compare it: data, not pixels.

Places are fractions of their axes, to a hundredth; a long series is given as the means of blocks of
it, to a thousandth, and an image as a small one. None of it depends on matplotlib's release.
"""

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from matplotlib.text import Text
    from matplotlib.transforms import Transform

BLOCKS, MOST_ALIKE = 24, 6

MOST_LARGE_IMAGES, LARGE, SMALL = 3, 8, 4

FARTHEST = 9.99
"""What lies farther from its axes, such as 0 on a logarithmic scale, is written as lying here."""


def fingerprint(figure: "Figure") -> str:
    """Return the words and rounded numbers of a figure that was drawn, a line for each thing."""
    lines = [f'text "{text.get_text()}"' for text in figure.texts]
    lines += [_legend(legend) for legend in figure.legends]
    images = sum(len(axes.images) for axes in figure.axes)
    side = LARGE if images <= MOST_LARGE_IMAGES else SMALL
    with warnings.catch_warnings(action="ignore"):  # means of nothing but NaN
        for axes in figure.axes:
            lines += _axes(axes, side)
    return "\n".join(line.replace("\n", "⏎") for line in lines)


def _axes(axes: "Axes", side: int) -> Iterator[str]:
    titles = [title for place in ("left", "center", "right") if (title := axes.get_title(place))]
    yield " ".join(["axes", *(f'"{title}"' for title in titles)])
    if axes.axison:
        yield from (_axis(axis) for axis in (axes.xaxis, axes.yaxis))
    if legend := axes.get_legend():
        yield _legend(legend)
    groups: dict[str, list[np.ndarray]] = {}
    for artist in [*axes.lines, *axes.collections, *axes.patches]:
        if artist.get_visible():
            groups.setdefault(_description(artist), []).append(_places(artist, axes))
    for description, places in groups.items():
        # The edges of a network, say, are one thing; a few curves that look alike are several.
        for series in places if len(places) <= MOST_ALIKE else [np.concatenate(places)]:
            yield f"{description}: {_series(series)}"
    for image in axes.images:
        yield f"image {image.get_cmap().name}: {_numbers(_thumbnail(image, side))}"
    for text in axes.texts:
        yield f'text "{text.get_text()}": {_numbers(_text_places(text, axes))}'


def _axis(axis: "Axis") -> str:
    """Name an axis: its label, scale and ends, and its marks where they are words of the author."""
    from matplotlib.category import StrCategoryFormatter
    from matplotlib.ticker import FixedFormatter

    low, high = axis.get_view_interval()
    if axis.get_scale() == "linear":
        # Both ends with the exponent of what lies between them.
        exponent = int(np.floor(np.log10(abs(high - low))))
        ends = f"{low / 10.0**exponent:.2f}e{exponent} to {high / 10.0**exponent:.2f}e{exponent}"
    else:
        ends = f"{low:.1e} to {high:.1e}"
    line = f'{axis.axis_name} "{axis.get_label_text()}" {axis.get_scale()} {ends}'
    if isinstance(axis.get_major_formatter(), FixedFormatter | StrCategoryFormatter):
        line += " " + ", ".join(f'"{mark.get_text()}"' for mark in axis.get_ticklabels())
    return line


def _legend(legend: Any) -> str:
    entries = zip(legend.get_texts(), legend.legend_handles, strict=True)
    return "legend " + ", ".join(f'"{text.get_text()}" {_look(handle)}' for text, handle in entries)


def _description(artist: "Artist") -> str:
    """Return an artist's kind, name and look; many that share them make one series."""
    from matplotlib.collections import Collection, PathCollection
    from matplotlib.contour import ContourSet
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    kinds = {
        Line2D: "line",
        PathCollection: "points",
        ContourSet: "contours",
        Collection: "area",
        Rectangle: "bar",
    }
    kind = next((name for kind, name in kinds.items() if isinstance(artist, kind)), "shape")
    label = str(artist.get_label())
    name = "" if label.startswith("_") else f'"{label}"'
    return " ".join(filter(None, [kind, name, _look(artist)]))


def _look(artist: "Artist") -> str:
    """Return an artist's colours, and a line's dashes and marks."""
    from matplotlib.colors import to_hex
    from matplotlib.lines import Line2D

    if isinstance(artist, Line2D):
        marks = [artist.get_linestyle(), artist.get_marker()]
        return " ".join([to_hex(artist.get_color()), *(str(m) for m in marks if m != "None")])
    colours = np.atleast_2d(artist.get_facecolor())
    if not len(colours):
        colours = np.atleast_2d(artist.get_edgecolor())
    return " ".join(dict.fromkeys(to_hex(colour) for colour in colours[:BLOCKS]))


def _places(artist: "Artist", axes: "Axes") -> np.ndarray:
    """Return where an artist is, as fractions of its axes, shape (n, 2)."""
    from matplotlib.collections import PathCollection
    from matplotlib.contour import ContourSet
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    if isinstance(artist, Line2D):
        return _fractions(artist.get_xydata(), artist.get_transform(), axes)
    if isinstance(artist, PathCollection):
        return _fractions(artist.get_offsets(), artist.get_offset_transform(), axes)
    if isinstance(artist, ContourSet):
        levels = [
            (_fractions(path.vertices, artist.get_transform(), axes), path.codes)
            for path in artist.get_paths()
        ]
        return np.array([_moments(*level) for level in levels])
    if hasattr(artist, "get_paths"):
        vertices = np.concatenate([path.vertices for path in artist.get_paths()])
        return _fractions(vertices, artist.get_transform(), axes)
    vertices = artist.get_path().vertices
    corners = vertices[[0, 2]] if isinstance(artist, Rectangle) else vertices
    return _fractions(corners, artist.get_transform(), axes)


def _text_places(text: "Text", axes: "Axes") -> np.ndarray:
    """Return where a text is and, for a note, what it is about; an offset stays as it is."""
    place = [float(value) for value in text.get_unitless_position()]
    if not hasattr(text, "xy"):
        return _fractions(place, text.get_transform(), axes)
    about = [float(axes.convert_xunits(text.xy[0])), float(axes.convert_yunits(text.xy[1]))]
    ways = ((place, text.anncoords), (about, text.xycoords))
    return np.concatenate(
        [_fractions(p, axes.transData, axes)[0] if way == "data" else p for p, way in ways]
    )


def _fractions(places: Any, transform: "Transform", axes: "Axes") -> np.ndarray:
    """Turn places in an artist's own units into fractions of its axes, shape (n, 2)."""
    places = np.ma.filled(np.ma.asarray(places, dtype=float), np.nan)
    fractions = axes.transAxes.inverted().transform(transform.transform(places.reshape(-1, 2)))
    return np.clip(fractions, -FARTHEST, FARTHEST)


def _moments(vertices: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
    """Return the first moments, shape (2,), of what outlines enclose, by the shoelace formula.

    They change as little as the outlines do, where the number of outlines and vertices may jump.
    """
    if codes is None:
        return np.zeros(2)
    starts, ends = vertices[:-1], vertices[1:]
    inside = (codes[1:] != 1) * np.cross(starts, ends)  # 1 begins another outline
    return ((starts + ends) * inside[:, None]).sum(axis=0) / 6


def _series(places: np.ndarray) -> str:
    """Write places, shape (n, 2): each of a few, the mean of each block of many."""
    if not len(places):
        return "nothing"
    many = len(places) > BLOCKS
    columns = []
    for name, values in zip("xy", places.T, strict=True):
        steps = np.diff(values)
        if name == "x" and len(steps) > 1 and np.allclose(steps, steps[0], atol=1e-9):
            columns.append(f"{name} {_numbers(values[[0, -1]])} evenly")
        else:
            blocks = np.array_split(values, BLOCKS) if many else values
            means = [np.nanmean(block) for block in blocks]
            columns.append(f"{name} {_numbers(means, digits=3 if many else 2)}")
    # How many points a curve of thousands has may hang on ties.
    count = f"{len(places):.1e}" if many else len(places)
    return f"{count} places, " + ", ".join(columns)


def _thumbnail(image: "AxesImage", side: int) -> np.ndarray:
    """Return an image's shades, 0 to 1, as the means of at most side × side fields."""
    pixels = image.get_array()
    shades = pixels.mean(axis=2) if pixels.ndim == 3 else image.norm(pixels)
    shades = np.ma.filled(shades.astype(float), np.nan)
    rows = np.array_split(shades, min(side, len(shades)))
    fields = [np.array_split(row, min(side, row.shape[1]), axis=1) for row in rows]
    return np.array([[np.nanmean(field) for field in row] for row in fields])


def _numbers(values: Any, digits: int = 2) -> str:
    # Adding 0 turns -0.0 into 0.0.
    return " ".join(f"{value + 0.0:.{digits}f}" for value in np.round(np.ravel(values), digits))
