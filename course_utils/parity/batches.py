"""Small batches for a pair of models: what both take, in which layout and in which order."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from course_utils import CourseError
from course_utils.parity import layouts

if TYPE_CHECKING:
    import keras
    import torch

ROWS, FEW_ROWS, LARGE = 12, 4, 1000
"""So many rows has a batch; few of them where a row is large."""
SCALES = np.array([1, 0.01, 300, 1e-9, 30, 3, 1, 0.1, 1, 30, 300, 1])
"""Small rows show an epsilon (the smallest that of a norm), large ones a bound such as ReLU6's."""
MOST_ROUTES = 500


class Input(NamedTuple):
    """What one input holds: its shape with the batch; whole numbers below `top`, or any.

    `some` is an example; `guess` says that whole numbers are only supposed. `open` are the axes of
    which any size will do.
    """

    shape: tuple[int, ...]
    top: int | None
    some: np.ndarray | None = None
    guess: bool = False
    truth: bool = False
    open: tuple[int, ...] = ()

    def longer(self, more: int) -> "Input":
        """Return the same with more of what may have any size."""
        sizes = [size + more * (axis in self.open) for axis, size in enumerate(self.shape)]
        return self._replace(shape=tuple(sizes))


class Route(NamedTuple):
    """How a batch enters: each input's layout, the target's order, PyTorch's call and type.

    `whole` is the type that PyTorch takes what is true or false in: "bool", "int64" or "float";
    whole numbers are int64 in the first two.
    """

    ways: tuple[int, ...]
    order: tuple[int, ...]
    call: str
    whole: str

    @property
    def is_positional(self) -> bool:
        """Say whether the inputs go by their places, not by their names."""
        return self.call in ("one by one", "as a list")

    def is_near(self, other: "Route") -> bool:
        """Say whether one input alone is laid out otherwise."""
        differ = [one != two for one, two in zip(self.ways, other.ways, strict=True)]
        return sum(differ) == 1 and self._replace(ways=other.ways) == other


@dataclass(frozen=True)
class Feed:
    """Both models' inputs; `like` has PyTorch's type and device.

    `from_torch` says that batches are drawn as PyTorch takes them, and laid out for Keras. `given`
    is the example, if there is one.
    """

    model: "keras.Layer"
    like: "torch.Tensor"
    inputs: list[Input]
    from_torch: bool
    given: Any

    @property
    def structure(self) -> Any:
        """Return how Keras's inputs stand together, None where that is not known."""
        if getattr(self.model, "inputs", None):
            return getattr(self.model, "input", None)
        return self.given if isinstance(self.given, dict) else None

    @property
    def names(self) -> list[str]:
        """Return the names of Keras's inputs where it takes a dict, in the order of `inputs`."""
        return sorted(self.structure) if isinstance(self.structure, dict) else []

    def draw(self, seed: int, sizes: bool = False, masked: float = 0.0) -> list[np.ndarray]:
        """Draw a batch in float64; with `sizes`, its rows have very different ones.

        `masked` is what a mask would leave out: it occurs once.
        """
        generator, found = np.random.default_rng(seed), []
        for one in self.inputs:
            if one.top is None:
                values = generator.standard_normal(one.shape)
                if sizes:
                    values = scaled(values)
                    values[-1, -1:] = masked
                # As float32 holds them: Keras's float64 layers may take an input as float32.
                values = values.astype("float32").astype("float64")
            elif one.some is not None:
                values = generator.choice(one.some.ravel(), one.shape)
            else:
                values = generator.integers(0, one.top, one.shape)
                values[..., -1:] = 0
                if one.truth:
                    values[..., :1] = 1  # no row is masked as a whole
                    values = values.astype(bool)
            found.append(values)
        return found

    def routes(self, values: list[np.ndarray]) -> Iterable[Route]:
        """Yield the ways to feed both models, the most likely first."""
        ways = [range(len(layouts.ways(one, not self.from_torch))) for one in values]
        orders = list(itertools.permutations(range(len(values))))[:6]
        calls = ["by name", "one by one", "as a dict"] if self.names else ["one by one"]
        calls += ["as a list"] if len(values) > 1 else []
        held = {one.dtype.kind for one in values}
        types = ["bool"] if "b" in held else []
        types += ["int64"] if held & set("iub") else []
        every = itertools.product(orders, calls, [*types, "float"], itertools.product(*ways))
        routes = (Route(chosen, order, call, whole) for order, call, whole, chosen in every)
        return itertools.islice(routes, MOST_ROUTES)

    def lay(self, values: list[np.ndarray], route: Route) -> tuple[Callable, Any]:
        """Return what calls a PyTorch model on a batch, and what the Keras model takes."""
        other = [
            layouts.ways(one, not self.from_torch)[way]
            for one, way in zip(values, route.ways, strict=True)
        ]
        if route.is_positional:  # the source takes its inputs as they come
            other = [other[n] for n in route.order]
        ours, theirs = (values, other) if self.from_torch else (other, values)
        return self._call(ours, route), self._for_keras(theirs)

    @property
    def labels(self) -> list[str]:
        """Return what the inputs are called, in the order of `inputs`."""
        names = self.names or [one.name for one in getattr(self.model, "inputs", None) or []]
        return names or [f"number {n + 1}" for n in range(len(self.inputs))]

    def supposed(self, route: Route) -> list[str]:
        """Say what a route takes for granted: the order of inputs that are alike, time first."""
        values, names = self.draw(1), self.labels
        source, target = ("PyTorch", "Keras") if self.from_torch else ("Keras", "PyTorch")
        lines, alike = [], len({one.shape for one in values}) < len(values)
        if (
            alike
            and route.is_positional
            and (self.names or list(route.order) != sorted(route.order))
        ):
            order = ", ".join(names[n] for n in route.order)
            lines.append(f"Supposed: {target} takes {source}'s inputs in this order: {order}.")
        for one, way in zip(values, route.ways, strict=True):
            laid = layouts.ways(one, not self.from_torch)[way]
            if laid.strides != one.strides and laid.strides == np.swapaxes(one, 0, 1).strides:
                shape = f"{source}'s input {one.shape[1:]}"
                lines.append(
                    f"Supposed: {target} takes {shape} with its first axis before the batch."
                )
        return lines

    def doubt(self, values: list[np.ndarray], taken: Route, other: Route, fits: bool = True) -> str:
        """Say that a second layout of an input fits both models, or that the usual one does not."""
        both = zip(values, taken.ways, other.ways, strict=True)
        value, *ways = next(one for one in both if one[1] != one[2])
        shown = []
        for way in ways:
            laid = layouts.ways(value, not self.from_torch)[way]
            axes = [value.strides.index(n) for n in laid.strides] if laid.ndim == value.ndim else []
            shown.append(f"{laid.shape[1:]}" + (f", axes {axes[1:]}" if axes else ""))
        source, target = ("PyTorch", "Keras") if self.from_torch else ("Keras", "PyTorch")
        line = f"Supposed: {target} takes {source}'s input {value.shape[1:]} as {shown[0]}"
        if fits:
            return f"{line}; as {shown[1]} it would fit as well, with other weights."
        return f"{line}, not as {shown[1]}: there the models would part."

    def _for_keras(self, values: list[np.ndarray]) -> Any:
        import keras

        types = {"f": self.model.compute_dtype, "b": "bool"}
        both = [(one, types.get(one.dtype.kind, "int32")) for one in values]
        tensors = [keras.ops.convert_to_tensor(one.astype(kind)) for one, kind in both]
        if self.structure is not None:
            return keras.tree.pack_sequence_as(self.structure, tensors)
        return tensors[0] if len(tensors) == 1 else tensors

    def _call(self, values: list[np.ndarray], route: Route) -> Callable:
        import torch

        tensors = []
        for one in values:
            tensor = torch.from_numpy(np.ascontiguousarray(one))
            kind = self.like.dtype
            if not (tensor.is_floating_point() or route.whole == "float"):
                keeps = tensor.dtype == torch.bool and route.whole == "bool"
                kind = torch.bool if keeps else torch.int64
            tensors.append(tensor.to(self.like.device, kind))

        def call(module: "torch.nn.Module") -> Any:
            fresh = [one.clone() for one in tensors]  # a model may write into its inputs
            named = dict(zip(self.names, fresh, strict=False))
            return {
                "one by one": lambda: module(*fresh),
                "as a list": lambda: module(fresh),
                "by name": lambda: module(**named),
                "as a dict": lambda: module(named),
            }[route.call]()

        return call


def inputs(model: "keras.Layer", example: Any, tops: list[int]) -> list[Input]:
    """Say what the inputs are: as in `example`, or as the Keras model was built.

    `tops` are the sizes of the embeddings. Raises CourseError where no shape can be known.
    """
    import keras

    found = []
    if example is not None:
        for one in keras.tree.flatten(example):
            array = np.asarray(one.detach().cpu() if hasattr(one, "detach") else one)
            if array.ndim == 0 or array.dtype.kind not in "fiub":
                kind = type(one).__name__
                raise CourseError(f"cannot copy: example= is no batch of numbers but {kind}")
            top = None if array.dtype.kind == "f" else 2
            found.append(Input(_filled((None, *array.shape[1:])), top, array))
        return found
    shapes = _built_shapes(model)
    if not shapes:
        raise CourseError(
            "cannot copy: the shape of an input is not known; pass a batch as the source takes it, "
            "copy_weights(source, target, example=…)"
        )
    for shape, dtype in shapes:
        whole = "int" in dtype or "bool" in dtype
        top = min(tops, default=2) if whole or tops else None
        truth = "bool" in dtype
        found.append(
            Input(
                _filled(shape),
                2 if truth else top,
                guess=not whole and bool(tops),
                truth=truth,
                open=tuple(n for n, size in enumerate(shape) if n and size is None),
            )
        )
    return found


def _built_shapes(model: "keras.Layer") -> list[tuple[tuple, str]]:
    import keras

    if getattr(model, "inputs", None):
        return [(tuple(one.shape), str(one.dtype)) for one in model.inputs]
    config = model.get_build_config() or {}
    shapes = config.get("input_shape") or list((config.get("shapes_dict") or {}).values())
    if shapes and all(size is None or isinstance(size, int) for size in shapes):
        shapes = [shapes]
    known = all(isinstance(shape, list | tuple) for shape in shapes)
    return [((None, *shape[1:]), keras.config.floatx()) for shape in shapes] if known else []


def _filled(shape: tuple) -> tuple[int, ...]:
    batch, *rest = shape
    side = 32 if rest.count(None) > 1 else 7
    rest = [side if size is None else size for size in rest]
    rows = ROWS if np.prod(rest) < LARGE else FEW_ROWS
    return (batch or rows + (rest[:1] == [rows]), *rest)  # the batch must not pass for steps


def scaled(values: np.ndarray) -> np.ndarray:
    """Give the rows of an array very different sizes."""
    return values * np.resize(SCALES, len(values)).reshape(-1, *[1] * (values.ndim - 1))
