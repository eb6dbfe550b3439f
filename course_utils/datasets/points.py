"""Points of the plane, and handwritten digits, small and enlarged."""

from typing import NamedTuple

import numpy as np


class Split(NamedTuple):
    """Data and targets, split into a part to train on and a part to test on."""

    data_train: np.ndarray
    data_test: np.ndarray
    target_train: np.ndarray
    target_test: np.ndarray


def digits(seed: int = 0) -> Split:
    """Load scikit-learn's 1797 handwritten digits: 1297 to train on, 500 to test on.

    Data: float32 of shape (n, 64), an 8 × 8 picture row by row, 0 (paper) to 1 (ink).
    Targets: int64 of shape (n,), the digit. Every digit has its share of both parts.
    Source: E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    data, target = load_digits(return_X_y=True)
    data = (data / 16).astype("float32")
    parts = train_test_split(
        data, target.astype("int64"), test_size=500, random_state=seed, stratify=target
    )
    return Split(*parts)


def framed_digits(seed: int = 0) -> Split:
    """Load the digits of `digits`, split alike, as larger pictures with paper around them.

    Recipe: each 8 × 8 picture is enlarged to 16 × 16 (each new pixel weighs the nearest old ones
    by 3/4 and 1/4 along either axis) and stands in the middle of 24 × 24 pixels, the rest 0.
    Data: float32 of shape (n, 24, 24), 0 (paper) to 1 (ink). Targets as `digits` has them.
    """
    pixels = np.arange(16)
    # New pixel 2k lies at 3/4 of old pixel k and 1/4 of k - 1, new pixel 2k + 1 at k and k + 1.
    beside = np.clip(pixels // 2 + np.where(pixels % 2, 1, -1), 0, 7)
    enlarge = 0.75 * np.eye(8)[pixels // 2] + 0.25 * np.eye(8)[beside]

    def framed(data: np.ndarray) -> np.ndarray:
        pictures = enlarge @ data.reshape(-1, 8, 8) @ enlarge.T
        return np.pad(pictures, ((0, 0), (4, 4), (4, 4))).astype("float32")

    split = digits(seed)
    return split._replace(data_train=framed(split.data_train), data_test=framed(split.data_test))


def spirals(
    n_train: int = 1000,
    n_test: int = 1000,
    turns: float = 1.75,
    noise: float = 0.04,
    seed: int = 0,
) -> Split:
    """Draw points from two spiral arms that wind around each other: two classes in the plane.

    Recipe: class c is 0 or 1 with equal chance; u is uniform on [0, 1]; radius r = sqrt(u); angle
    = 2 pi turns r + pi c; then normal noise, whose standard deviation is `noise`, is added.
    Data: float32 of shape (n, 2). Targets: int64 of shape (n,), the arm.
    """
    generator = np.random.default_rng(seed)
    n = n_train + n_test
    target = generator.integers(0, 2, n)
    radius = np.sqrt(generator.random(n))
    angle = 2 * np.pi * turns * radius + np.pi * target
    data = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    data = (data + noise * generator.normal(size=(n, 2))).astype("float32")
    return Split(data[:n_train], data[n_train:], target[:n_train], target[n_train:])


def mislabel(target: np.ndarray, n: int, classes: int = 10, seed: int = 0) -> np.ndarray:
    """Return a copy of the labels, n of which, drawn at random, are another class at random."""
    generator = np.random.default_rng(seed)
    wrong, labels = generator.choice(len(target), n, replace=False), target.copy()
    labels[wrong] = (labels[wrong] + generator.integers(1, classes, n)) % classes
    return labels
