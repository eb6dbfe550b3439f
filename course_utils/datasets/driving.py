"""Driving: a closed road, cars on it, and what each car's camera sees."""

from typing import NamedTuple

import numpy as np

ROAD_HALF_WIDTH = 2.0
"""Metres from the middle of a road to its edge."""


class Road(NamedTuple):
    """A closed road as points along its middle, 0.5 m apart, and a map of the land around it."""

    points: np.ndarray
    headings: np.ndarray
    bends: np.ndarray
    map: np.ndarray
    corner: np.ndarray


def road(seed: int = 0) -> Road:
    """Draw a closed road of about 260 m.

    Recipe: at angle a, its middle is r = 40 m (1 + sum of c_k cos(k a + p_k), k = 2, 3, 4) away
    from the centre; c_k is uniform on 0 to 0.3 / k, p_k on 0 to 2 pi. With even chance it is driven
    clockwise. `points` (n, 2) in metres, `headings` (n,) in radians, `bends` (n,), 1 / radius of
    the bend, > 0 to the left. `map` has a cell for each 0.25 m: metres to the middle.
    """
    from scipy.spatial import cKDTree

    generator = np.random.default_rng(seed)
    order, angle = np.arange(2, 5)[:, None], np.linspace(0, 2 * np.pi, 5001)
    share = generator.uniform(0, 0.3, (3, 1)) / order
    phase = generator.uniform(0, 2 * np.pi, (3, 1))
    radius = 40 * (1 + (share * np.cos(order * angle + phase)).sum(axis=0))
    path = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    if generator.random() < 0.5:
        path = path[::-1]
    way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    places = np.linspace(0, way[-1], round(way[-1] / 0.5), endpoint=False)
    points = np.stack([np.interp(places, way, axis) for axis in path.T], axis=1)
    ahead, behind = np.roll(points, -1, axis=0), np.roll(points, 1, axis=0)
    headings = np.arctan2(*(ahead - behind).T[::-1])
    turns = _turn(np.roll(headings, -1) - np.roll(headings, 1))
    corner = points.min(axis=0) - 30
    size = np.ceil((points.max(axis=0) + 30 - corner) / 0.25).astype(int)
    cells = corner + 0.25 * np.stack(np.indices(size), axis=-1)
    distances, _ = cKDTree(points).query(cells.reshape(-1, 2))
    land = distances.reshape(size).astype("float32")
    return Road(points, headings, turns / (2 * way[-1] / len(points)), land, corner)


def road_cars(
    road: Road, places: np.ndarray, offsets: np.ndarray | float, turns: np.ndarray | float
) -> np.ndarray:
    """Put cars on a road: shape (n, 3), x and y in metres and the heading in radians.

    `places` (n,) are numbers of points of its middle; `offsets` are metres to the left of it,
    `turns` radians to the left of its direction.
    """
    headings = road.headings[places]
    left = np.stack([-np.sin(headings), np.cos(headings)], axis=1)
    spots = road.points[places] + np.reshape(offsets, (-1, 1)) * left
    return np.column_stack([spots, headings + turns])


def road_errors(road: Road, cars: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return offset, turn and bend for each car, as `road_cars` takes them; the bend 2 m ahead."""
    x, y = (cars[:, axis, None] - road.points[:, axis] for axis in (0, 1))
    places = (x**2 + y**2).argmin(axis=1)
    headings = road.headings[places]
    x, y = (cars[:, axis] - road.points[places, axis] for axis in (0, 1))
    offsets = y * np.cos(headings) - x * np.sin(headings)
    return offsets, _turn(cars[:, 2] - headings), road.bends[(places + 4) % len(road.points)]


def road_pictures(road: Road, cars: np.ndarray, seed: int = 0) -> np.ndarray:
    """Draw what each car's camera sees: float32 of shape (n, 16, 32), 0 black to about 1 white.

    Recipe: the camera looks ahead at flat land, 45 degrees to either side; the rows show it at
    25 m (top) to 2.5 m (bottom), evenly in 1 / distance. Tarmac is 0.3, grass 0.55, a line of
    0.3 m along both edges 1. Each picture is multiplied by light, uniform on 0.6 to 1.1; then
    normal noise of 0.06 is added to every pixel.
    """
    generator = np.random.default_rng(seed)
    ahead = 1 / np.linspace(1 / 25, 1 / 2.5, 16)[:, None]
    left = ahead * np.linspace(1, -1, 32)
    cosine, sine = np.cos(cars[:, 2, None, None]), np.sin(cars[:, 2, None, None])
    spots = [cosine * ahead - sine * left, sine * ahead + cosine * left]
    cells = [
        np.clip(np.rint((spot + cars[:, k, None, None] - road.corner[k]) / 0.25), 0, size - 1)
        for k, (spot, size) in enumerate(zip(spots, road.map.shape, strict=True))
    ]
    distance = road.map[cells[0].astype(int), cells[1].astype(int)]
    # A pixel covers more land the farther away it is: its edges are that much softer.
    soft = np.maximum(0.15, 0.03 * ahead)
    grass = 1 / (1 + np.exp(-(distance - ROAD_HALF_WIDTH) / (0.5 * soft)))
    line = np.exp(-(((distance - ROAD_HALF_WIDTH) / (0.3 + soft)) ** 2))
    pictures = 0.3 + 0.25 * grass
    pictures += (1 - pictures) * line * np.minimum(1, 0.3 / soft)
    pictures *= generator.uniform(0.6, 1.1, (len(cars), 1, 1))
    return (pictures + 0.06 * generator.normal(size=pictures.shape)).astype("float32")


def _turn(angles: np.ndarray) -> np.ndarray:
    """Bring angles into -pi to pi."""
    return (angles + np.pi) % (2 * np.pi) - np.pi
