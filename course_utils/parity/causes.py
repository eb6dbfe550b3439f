"""Why two models part: each cause is put to the test before it is named."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.parity import places
from course_utils.parity.places import Place
from course_utils.parity.weights import Pair


def _same(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    wanted = max(0, (-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size)
    return wanted // 2, wanted - wanted // 2


PADDINGS = {
    "same": _same,
    "valid": lambda *_: (0, 0),
    "causal": lambda size, kernel, stride, dilation: ((kernel - 1) * dilation, 0),
}
"""How much Keras pads an axis on its two sides."""


def tested(found: list[Place], number: int, step: float) -> str:
    """Say why the models part at a place, as far as a test could tell."""
    place = found[number]
    if place.entered is not None:
        cause = _epsilon(place, step) or _padding(place, step)
        return cause or "the cause is none of those tested, epsilon and padding"
    if not place.ours or place.ours[0].shape != place.theirs.shape:
        return f"Keras's shape is {place.theirs.shape}, and PyTorch's numbers have another"
    finite = [bool(np.isfinite(one).all()) for one in (place.ours[0], place.theirs)]
    if finite[0] != finite[1]:
        names = ("PyTorch", "Keras")
        one, other = names if finite[1] else names[::-1]
        return f"{one}'s numbers overflow there, and {other}'s do not"
    if activation := _behind(place, step):
        name, ours, theirs = activation
        cause = f"behind {name!r} stands {ours} in PyTorch and {theirs} in Keras"
        others = (_behind(later, step) for later in found[number + 1 :])
        swapped = [other[0] for other in others if other and other[1:] == (theirs, ours)]
        if swapped:
            cause += f", and the other way round behind {swapped[0]!r}: the order differs"
        return cause
    ours, theirs = place.ours[0], place.theirs
    for name, function in _activations().items():
        if _agree([_apply(function, ours)], theirs, step):
            return f"Keras has {name} there and PyTorch has not"
        if _agree([_apply(function, theirs)], ours, step):
            return f"PyTorch has {name} there and Keras has not"
    if _agree([_in_order(ours)], _in_order(theirs), step):
        return "the same numbers arrive in another order"
    return "the cause is none of those tested, an activation and the order"


def _agree(ours: list[np.ndarray], theirs: np.ndarray, step: float) -> bool:
    return not Place(None, ours, theirs, []).parts(10 * step)


def _in_order(array: np.ndarray) -> np.ndarray:
    return np.sort(array.reshape(len(array) if array.ndim else 1, -1), axis=1)


def _apply(function: Callable, array: np.ndarray) -> np.ndarray:
    import torch

    return function(torch.tensor(array, dtype=torch.float64)).numpy()


def _activations() -> dict[str, Callable]:
    import torch
    from torch.nn import functional as f

    slopes = {
        f"leaky ReLU of slope {slope}": lambda x, slope=slope: f.leaky_relu(x, slope)
        for slope in (0.01, 0.1, 0.2, 0.3)
    }
    return {
        **{"ReLU": f.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "ReLU6": f.relu6},
        **{"GELU": f.gelu, "GELU by tanh": lambda x: f.gelu(x, approximate="tanh")},
        **{"SiLU": f.silu, "ELU": f.elu, "softplus": f.softplus, **slopes},
        "softmax": lambda x: f.softmax(x, -1),
        "log-softmax": lambda x: f.log_softmax(x, -1),
    }


def _behind(place: Place, step: float) -> tuple[str, str, str] | None:
    """Return the last layer of this shape and what both models do behind it, where that differs."""
    for name, numbers in reversed(place.before if place.entered is None else []):
        if numbers.shape == place.theirs.shape:
            known = {"no activation": lambda x: x, **_activations()}
            shown = {key: _apply(function, numbers) for key, function in known.items()}
            named = [
                next((key for key, one in shown.items() if _agree([one], goal, step)), None)
                for goal in (place.ours[0], place.theirs)
            ]
            return (name, *named) if all(named) and named[0] != named[1] else None
    return None


def _again(place: Place, entered: np.ndarray, cut: Any = (), **settings: Any) -> list[np.ndarray]:
    """Call a copy of the PyTorch layer with other settings, and lay its answer out as Keras's."""
    import torch

    try:
        module = copy.copy(place.pair.module)
        for name, value in {"training": False, **settings}.items():
            setattr(module, name, value)
        held = [*module.parameters(), *module.buffers(), torch.zeros(())]
        with torch.no_grad():
            left = module(torch.from_numpy(entered).to(held[0].device))
        return places.left_like_keras(place.pair, left[cut].cpu().numpy(), place.theirs)
    except RuntimeError:
        return []


def epsilons(pair: Pair) -> str | None:
    """Say that the epsilons of a pair differ, where they do."""
    import torch

    ours, theirs = getattr(pair.module, "eps", None), getattr(pair.layer, "epsilon", None)
    if ours is None and isinstance(pair.module, torch.nn.RMSNorm):
        ours = float(np.finfo(pair.layer.compute_dtype).eps)  # PyTorch's goes by the type then
    if ours and theirs and abs(ours - theirs) > 0.01 * max(ours, theirs):
        return f"epsilon is {ours:g} in PyTorch and {theirs:g} in Keras"
    return None


def _epsilon(place: Place, step: float) -> str | None:
    found = epsilons(place.pair)
    again = _again(place, place.entered, eps=place.pair.layer.epsilon) if found else []
    return f"{found}; with one they agree" if _agree(again, place.theirs, step) else None


def _before_padding(place: Place) -> np.ndarray:
    """Return what enters both layers, without what PyTorch's model padded by hand."""
    call, entered = place.pair.call, place.entered
    if place.pair.entering is not None or call.entered is None or call.entered.ndim != entered.ndim:
        return entered
    return np.moveaxis(call.entered, -1, 1).astype(entered.dtype)


def _padding(place: Place, step: float) -> str | None:
    """Pad as Keras does, or cut the answer of a transposed convolution as Keras does."""
    module, padding = place.pair.module, getattr(place.pair.layer, "padding", None)
    if padding not in PADDINGS or not hasattr(module, "dilation"):
        return None
    entered, none = _before_padding(place), (0,) * (place.entered.ndim - 2)
    sizes = entered.shape[2:]
    steps = list(zip(sizes, module.kernel_size, module.stride, module.dilation, strict=True))
    if module.transposed:
        same = padding == "same"
        starts = [max(0, k - s) // 2 if same else 0 for _, k, s, _ in steps]
        ends = [max(0, k - s) // 2 + n * s if same else None for n, k, s, _ in steps]
        cuts = map(slice, starts, ends)
        more = tuple(max(0, s - k) for _, k, s, _ in steps)
        left = _again(place, place.entered, (..., *cuts), padding=none, output_padding=more)
        how = f", and {padding!r} in Keras; cut as Keras does, they agree"
    else:
        pads = [PADDINGS[padding](*one) for one in steps]
        left = _again(place, np.pad(entered, [(0, 0), (0, 0), *pads]), padding=none)
        how = "" if entered.shape == place.entered.shape else " and some by hand"
        how += f" in PyTorch, and {padding!r} in Keras, which is {list(pads[0])} on the two sides"
        how += "; with that they agree"
    return f"padding is {module.padding}{how}" if _agree(left, place.theirs, step) else None
