"""Small batches for a pair of models: which shapes both take, and in which layout each."""

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from course_utils import CourseError
from course_utils.parity import layouts

if TYPE_CHECKING:
    import keras
    import torch

ROWS = 12
MOST_ROUTES = 200
SCALES = np.array([1, 0.01, 1, 30, 1, 3, 300, 0.1, 1, 30, 300, 1])
"""Small rows show an epsilon, large ones a bound such as that of ReLU6."""


class Spec(NamedTuple):
    """What one input holds: its shape with the batch; whole numbers below `top`, or any."""

    shape: tuple[int, ...]
    top: int | None
    some: np.ndarray | None = None
    guess: bool = False


class Route(NamedTuple):
    """How the same numbers enter both models: a way for each input, and how PyTorch is called."""

    ways_keras: tuple[int, ...]
    ways_torch: tuple[int, ...]
    call: str
    floats: bool
    order: tuple[int, ...]


def specs(model: "keras.Layer", example: Any, tops: list[int]) -> list[Spec]:
    """Say what the inputs are: as in `example`, or as the Keras model was built.

    `tops` are the sizes of the embeddings. Raises CourseError where no shape can be known.
    """
    import keras

    if example is not None:
        arrays = [as_array(one) for one in keras.tree.flatten(example)]
        return [
            Spec((ROWS, *one.shape[1:]), None if one.dtype.kind == "f" else 2, one)
            for one in arrays
        ]
    shapes = _built_shapes(model)
    if not shapes:
        raise CourseError(
            "cannot copy: the shape of an input is not known; pass a batch as the source takes it, "
            "copy_weights(source, target, example=…)"
        )
    found = []
    for shape, dtype in shapes:
        whole = "int" in dtype or "bool" in dtype
        top = min(tops, default=2) if whole or tops else None
        found.append(Spec(_filled(shape), top, guess=not whole and bool(tops)))
    return found


def as_array(one: Any) -> np.ndarray:
    """Return an example input as an array; raises CourseError for what is none."""
    found = one.detach().cpu() if hasattr(one, "detach") else one
    found = np.asarray(found)
    if found.ndim == 0 or found.dtype.kind not in "fiub":
        raise CourseError(f"cannot copy: example= is no batch of numbers but {type(one).__name__}")
    return found


def _built_shapes(model: "keras.Layer") -> list[tuple[tuple, str]]:
    import keras

    inputs = getattr(model, "inputs", None)
    if inputs:
        return [(tuple(one.shape), str(one.dtype)) for one in inputs]
    config = model.get_build_config() or {}
    shapes = config.get("input_shape") or list((config.get("shapes_dict") or {}).values())
    if not shapes:
        return []
    if all(size is None or isinstance(size, int) for size in shapes):
        shapes = [shapes]
    if any(not isinstance(shape, list | tuple) for shape in shapes):
        return []
    return [((None, *shape[1:]), keras.config.floatx()) for shape in shapes]


def _filled(shape: tuple) -> tuple[int, ...]:
    batch, *rest = shape
    side = 32 if rest.count(None) > 1 else 7
    return (batch or ROWS, *(side if size is None else size for size in rest))


def scaled(values: np.ndarray) -> np.ndarray:
    """Give the rows of an array very different sizes."""
    return values * np.resize(SCALES, len(values)).reshape(-1, *[1] * (values.ndim - 1))


def draw(
    all_specs: list[Spec], seed: int, sizes: bool = False, masked: float = 0.0
) -> list[np.ndarray]:
    """Draw a batch in float64; with `sizes`, its rows have very different ones.

    `masked` is what a mask would leave out: it occurs once.
    """
    generator = np.random.default_rng(seed)
    found = []
    for spec in all_specs:
        if spec.top is None:
            values = generator.standard_normal(spec.shape)
            drawn = scaled(values) if sizes else values
            if sizes:
                drawn[-1, -1:] = masked
            # As float32 holds them: a Keras model of float64 layers may take its input as float32.
            found.append(drawn.astype("float32").astype("float64"))
        elif spec.some is not None:
            found.append(generator.choice(spec.some.ravel(), spec.shape))
        else:
            values = generator.integers(0, spec.top, spec.shape)
            values[..., -1:] = 0  # what a mask would leave out must occur
            found.append(values)
    return found


def routes(values: list[np.ndarray], from_torch: bool, names: list[str] | None) -> Iterable[Route]:
    """Yield the ways to feed both models; `from_torch`: the values are as PyTorch takes them."""
    ways = [range(len(_ways(one, from_torch))) for one in values]
    orders = list(itertools.permutations(range(len(values))))[:6]
    calls = ["one by one", *(["by name", "as a dict"] if names else [])]
    calls += ["as a list"] if len(values) > 1 else []
    whole = any(one.dtype.kind in "iub" for one in values)
    every = (
        Route(
            chosen if from_torch else (0,) * len(values),
            (0,) * len(values) if from_torch else chosen,
            call,
            floats,
            order,
        )
        for order in orders
        for call in calls
        for floats in ([False, True] if whole else [True])
        for chosen in itertools.product(*ways)
    )
    return itertools.islice(every, MOST_ROUTES)


def _ways(values: np.ndarray, from_torch: bool) -> list[np.ndarray]:
    return list(layouts.keras_shapes(values) if from_torch else layouts.torch_shapes(values))


def for_keras(
    model: "keras.Layer", values: list[np.ndarray], route: Route, from_torch: bool
) -> Any:
    """Lay a batch out as the Keras model takes it."""
    import keras

    if from_torch:
        ways = zip(values, route.ways_keras, strict=True)
        values = [_ways(one, from_torch)[way] for one, way in ways]
    tensors = [
        keras.ops.convert_to_tensor(
            one.astype(model.compute_dtype if one.dtype == "float64" else "int32")
        )
        for one in values
    ]
    structure = getattr(model, "input", None) if getattr(model, "inputs", None) else None
    if structure is not None:
        return keras.tree.pack_sequence_as(structure, tensors)
    return tensors[0] if len(tensors) == 1 else tensors


def for_torch(
    values: list[np.ndarray],
    route: Route,
    names: list[str] | None,
    like: "torch.Tensor",
    from_torch: bool,
) -> Callable[["torch.nn.Module"], Any]:
    """Return what calls a PyTorch model on a batch; `like` has its type and device."""
    import torch

    if not from_torch:
        ways = zip(values, route.ways_torch, strict=True)
        values = [_ways(one, from_torch)[way] for one, way in ways]
    tensors = []
    for one in values:
        tensor = torch.from_numpy(np.ascontiguousarray(one))
        whole = not tensor.is_floating_point() and not route.floats
        tensors.append(tensor.to(like.device, torch.int64 if whole else like.dtype))
    named = dict(zip(names or [], tensors, strict=False))
    tensors = [tensors[n] for n in route.order]
    return {
        "one by one": lambda module: module(*tensors),
        "as a list": lambda module: module(tensors),
        "by name": lambda module: module(**named),
        "as a dict": lambda module: module(named),
    }[route.call]
