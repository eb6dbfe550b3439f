"""What both models answer with: which answer is which, and how each is laid out."""

from typing import TYPE_CHECKING

import numpy as np

from course_utils.parity import kinds, layouts

if TYPE_CHECKING:
    from course_utils.parity.weights import Pair

Answers = dict[tuple, np.ndarray]
"""Each answer by the keys and places under which a model's output holds it."""
Together = list[tuple[tuple, tuple]]
"""Which of PyTorch's answers belongs to which of Keras's."""
AS_IT_IS, CHANNELS, TIME = "as it is", "with the channels last", "with the batch first"


def paired(pairs: list["Pair"], ours: Answers, theirs: Answers) -> Together:
    """Pair PyTorch's answers with Keras's: by key, by place, or by value where keys differ."""
    if set(ours) == set(theirs):
        return [(one, one) for one in ours]
    if not _named(ours, theirs):
        return list(zip(ours, theirs, strict=False))
    found, left = [], list(theirs)
    for one, value in list(ours.items())[: len(left)]:
        free = [one] if one in left else [other for other in left if other not in ours] or left
        fitting = [
            other
            for other in free
            if any(layouts.close(way, theirs[other]) for way in like(pairs, value, theirs[other]))
        ]
        found.append((one, (fitting or free)[0]))
        left.remove(found[-1][1])
    return found


def _named(*both: Answers) -> bool:
    return any(isinstance(key, str) for one in both for path in one for key in path)


def like(pairs: list["Pair"], ours: np.ndarray, theirs: np.ndarray) -> list[np.ndarray]:
    """Return the layouts of PyTorch's answer that have the shape of Keras's, the usual one first.

    An answer that has it already is taken as it is, unless the layer behind which it stands has
    its channels (or its steps) first.
    """
    return list(_ways(pairs, ours, theirs).values())


def _ways(pairs: list["Pair"], ours: np.ndarray, theirs: np.ndarray) -> dict[str, np.ndarray]:
    found = {AS_IT_IS: ours}
    if ours.ndim > 2:
        found |= {CHANNELS: np.moveaxis(ours, 1, -1), TIME: np.swapaxes(ours, 0, 1)}
    found = {name: way for name, way in found.items() if way.shape == theirs.shape}
    usual = _usual(pairs, ours.ndim)
    if AS_IT_IS in found:
        found = {name: found[name] for name in (usual, AS_IT_IS) if name in found}
    squeezed = [tuple(size for size in one.shape if size != 1) for one in (ours, theirs)]
    if not found and squeezed[0] == squeezed[1]:
        found = {AS_IT_IS: ours.reshape(theirs.shape)}
    return found


def _usual(pairs: list["Pair"], rank: int) -> str:
    """Say how the last layer of this rank, or the last of all, lays its answer out."""
    seen = [pair for pair in pairs if pair.call.real is not None]
    last = next((p for p in seen[::-1] if _rank(p) == rank), seen[-1] if seen else None)
    if last and kinds.is_channels_first(last.module):
        return AS_IT_IS if layouts.has_channels_first(last.layer) else CHANNELS
    timed = any(not getattr(pair.module, "batch_first", True) for pair in pairs)
    return TIME if timed else AS_IT_IS


def _rank(pair: "Pair") -> int:
    """Return the rank of what a layer answers; a Dense may keep sides of 1 behind a pooling."""
    shape = pair.call.real.shape
    return len(shape) - (0 if kinds.is_channels_first(pair.module) else shape[1:-1].count(1))


def doubts(pairs: list["Pair"], ours: Answers, theirs: Answers, together: Together) -> list[str]:
    """Say what was supposed of the answers, and which were not compared."""
    lines = []
    for one, other in together:
        ways = _ways(pairs, ours[one], theirs[other])
        fits = [name for name, way in ways.items() if layouts.close(way, theirs[other])]
        taken = next(iter(fits), AS_IT_IS)
        if len(ways) > 1 or taken not in (AS_IT_IS, _usual(pairs, ours[one].ndim)):
            shapes = f"{ours[one].shape[1:]} is Keras's {theirs[other].shape[1:]} {taken}"
            lines.append(f"Supposed: PyTorch's answer {shapes}.")
    shapes = [theirs[other].shape for _, other in together]
    if set(ours) != set(theirs) and _named(ours, theirs) and len(set(shapes)) < len(shapes):
        names = [", ".join(_shown(end[n]) for end in together) for n in (0, 1)]
        lines.append(f"Supposed: PyTorch's answers {names[0]} are Keras's {names[1]}.")
    # A layer alone answers with its state or its weights as well; nobody asked for those.
    alone = all(pair.name == type(pair.module).__name__ for pair in pairs)
    for n, (framework, held) in enumerate((("PyTorch", {} if alone else ours), ("Keras", theirs))):
        if more := [_shown(path) for path in held if path not in {end[n] for end in together}]:
            lines.append(f"Not compared: {framework}'s answer {', '.join(more)}.")
    return lines


def _shown(path: tuple) -> str:
    return ".".join(repr(key) if isinstance(key, str) else f"number {key + 1}" for key in path)
