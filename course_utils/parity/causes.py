"""Why two models part: each cause is put to the test before it is named."""

from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.parity import points

if TYPE_CHECKING:
    from course_utils.parity.points import Point


def tested(places: list["Point"], number: int, step: float) -> str:
    """Say why the models part at a point, as far as a test could tell."""
    point = places[number]
    if point.kind == "leaves":
        found = _epsilon(point, step) or _padding(point, step)
    else:
        found = _between(places, number, step)
    looked = "flattening order, epsilon, padding, activation and order of layers were tested"
    return found or f"none of the usual causes ({looked})"


def _agree(ours: np.ndarray | None, point: "Point", step: float) -> bool:
    if ours is None or ours.shape != point.theirs.shape:
        return False
    theirs = point.theirs.astype("float64")
    rows = (len(theirs), -1)
    gaps = np.abs(ours.astype("float64") - theirs).reshape(rows).max(axis=1)
    return bool((gaps <= 1000 * step * (1e-3 + np.abs(theirs).reshape(rows).max(axis=1))).all())


def _again(point: "Point", **settings: Any) -> np.ndarray | None:
    """Call the PyTorch layer once more with other settings, and lay its answer out as Keras's."""
    import torch

    module, entered = point.pair.module, settings.pop("entered", point.entered)
    before = {name: getattr(module, name) for name in settings}
    training = module.training
    try:
        module.training = False
        for name, value in settings.items():
            setattr(module, name, value)
        with torch.no_grad():
            left = module(entered).detach().cpu().numpy()
    except RuntimeError:
        return None
    finally:
        module.training = training
        for name, value in before.items():
            setattr(module, name, value)
    return points.left_like_keras(point.pair, left, point.theirs)


def _epsilon(point: "Point", step: float) -> str | None:
    ours, theirs = (
        getattr(layer, name, None)
        for layer, name in ((point.pair.module, "eps"), (point.pair.layer, "epsilon"))
    )
    if ours is None or theirs is None or ours == theirs:
        return None
    if _agree(_again(point, eps=theirs), point, step):
        return f"epsilon is {ours:g} in PyTorch and {theirs:g} in Keras; with one they agree"
    return None


def _padding(point: "Point", step: float) -> str | None:
    import torch

    module, layer = point.pair.module, point.pair.layer
    if getattr(layer, "padding", None) not in ("same", "valid") or not hasattr(module, "dilation"):
        return None
    pads = []
    sizes = point.entered.shape[2:]
    if "Transpose" in type(module).__name__:
        return _padding_transposed(point, step)
    for size, kernel, stride, dilation in zip(
        sizes, module.kernel_size, module.stride, module.dilation, strict=True
    ):
        wanted = max(0, (-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size)
        wanted = wanted if layer.padding == "same" else 0
        pads = [wanted // 2, wanted - wanted // 2, *pads]
    entered = torch.nn.functional.pad(point.entered, pads)
    if _agree(_again(point, entered=entered, padding=(0,) * len(sizes)), point, step):
        return (
            f"padding is {module.padding} in PyTorch, and {layer.padding!r} in Keras, which is "
            f"{pads[:2]} on the two sides; with that they agree"
        )
    return None


def _padding_transposed(point: "Point", step: float) -> str | None:
    """Cut PyTorch's whole answer as Keras does: "same" keeps size x stride places."""
    module, sizes = point.pair.module, point.entered.shape[2:]
    places = len(sizes)
    whole = _again_whole(point)
    if whole is None:
        return None
    kept = [slice(None), slice(None)]
    for size, kernel, stride in zip(sizes, module.kernel_size, module.stride, strict=True):
        begin = max(0, kernel - stride) // 2 if point.pair.layer.padding == "same" else 0
        length = size * stride if point.pair.layer.padding == "same" else None
        kept.append(slice(begin, None if length is None else begin + length))
    ours = points.left_like_keras(point.pair, whole[tuple(kept)], point.theirs)
    if _agree(ours, point, step):
        return (
            f"padding is {module.padding} with output_padding {module.output_padding[:places]} in "
            f"PyTorch, and {point.pair.layer.padding!r} in Keras; cut as Keras does, they agree"
        )
    return None


def _again_whole(point: "Point") -> np.ndarray | None:
    import torch

    module = point.pair.module
    before = module.padding, module.output_padding
    none = (0,) * len(before[0])
    try:
        module.padding, module.output_padding = (
            none,
            tuple(
                max(0, stride - kernel)
                for stride, kernel in zip(module.stride, module.kernel_size, strict=True)
            ),
        )
        with torch.no_grad():
            return module(point.entered).detach().cpu().numpy()
    except RuntimeError:
        return None
    finally:
        module.padding, module.output_padding = before


def _activations() -> dict[str, Any]:
    import torch
    from torch.nn import functional

    return {
        "no activation": lambda x: x,
        "ReLU": functional.relu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "softmax": lambda x: functional.softmax(x, -1),
        "log-softmax": lambda x: functional.log_softmax(x, -1),
        "GELU": functional.gelu,
        "GELU by tanh": lambda x: functional.gelu(x, approximate="tanh"),
        "SiLU": functional.silu,
        "ELU": functional.elu,
        "SELU": functional.selu,
        "softplus": functional.softplus,
        "ReLU6": functional.relu6,
        **{
            f"leaky ReLU of slope {slope}": lambda x, slope=slope: functional.leaky_relu(x, slope)
            for slope in (0.01, 0.1, 0.2, 0.3)
        },
    }


def _between(places: list["Point"], number: int, step: float) -> str | None:
    """Test activations behind the last layer that agreed, then the order of the numbers."""
    import torch

    point = places[number]
    ours, theirs = point.ours, point.theirs
    if ours is None:
        ours = point.left
        return (
            f"PyTorch's shape is {ours.shape}, Keras's {theirs.shape}"
            if ours is not None
            else (f"the shape that enters is another than Keras's {theirs.shape}")
        )
    if ours.shape != theirs.shape:
        return f"the shapes are {ours.shape} in PyTorch and {theirs.shape} in Keras"
    earlier = [one for one in places[:number] if one.kind == "leaves"]
    for before in reversed(earlier):
        if before.left is None or before.left.shape != theirs.shape:
            continue
        named = []
        for goal in (ours, theirs):
            aim = points.Point("", "", goal, goal, goal)
            named.append(
                next(
                    (
                        name
                        for name, function in _activations().items()
                        if _agree(function(torch.tensor(before.left)).numpy(), aim, step)
                    ),
                    None,
                )
            )
        if all(named) and named[0] != named[1]:
            return f"behind {before.name!r} stands {named[0]} in PyTorch and {named[1]} in Keras"
        break
    for name, function in _activations().items():
        if name != "no activation" and _agree(function(torch.tensor(ours)).numpy(), point, step):
            return f"Keras has {name} there and PyTorch has not"
        swapped = points.Point("", "", None, ours, None)
        if name != "no activation" and _agree(
            function(torch.tensor(theirs)).numpy(), swapped, step
        ):
            return f"PyTorch has {name} there and Keras has not"
    mixed = [np.sort(one.reshape(len(one), -1), axis=1) for one in (ours, theirs)]
    if np.allclose(*mixed, rtol=1e-4, atol=1e-6):
        return "the same numbers arrive in another order"
    return None
