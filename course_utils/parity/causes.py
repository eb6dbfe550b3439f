"""Why two models part: each cause is put to the test before it is named."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.parity import places

if TYPE_CHECKING:
    from course_utils.parity.places import Place
    from course_utils.parity.weights import Pair


def tested(found: list["Place"], number: int, step: float) -> str:
    """Say why the models part at a place, as far as a test could tell."""
    place = found[number]
    if place.pair and place.entered is not None:
        cause = _epsilon(place, step) or _padding(place, step)
        return cause or "neither epsilon nor padding is the cause, as a test showed"
    if not place.ours or place.ours[0].shape != place.theirs.shape:
        return f"Keras's shape is {place.theirs.shape}, and PyTorch's numbers have another"
    activation = _behind(place, step)
    if activation:
        name, ours, theirs = activation
        cause = f"behind {name!r} stands {ours} in PyTorch and {theirs} in Keras"
        for later in found[number + 1 :]:
            other = _behind(later, step)
            if other and other[1:] == (theirs, ours):
                cause += f", and the other way round behind {other[0]!r}: the order differs"
                break
        return cause
    ours, theirs = place.ours[0], place.theirs
    for name, function in _activations().items():
        if _agree([_apply(function, ours)], theirs, step):
            return f"Keras has {name} there and PyTorch has not"
        if _agree([_apply(function, theirs)], ours, step):
            return f"PyTorch has {name} there and Keras has not"
    if _agree([_in_order(ours)], _in_order(theirs), step):
        return "the same numbers arrive in another order"
    return "no other activation and no other order is the cause, as a test showed"


def _agree(ours: list[np.ndarray], theirs: np.ndarray, step: float) -> bool:
    return not places.Place(None, ours, theirs, []).parts(10 * step)


def _in_order(array: np.ndarray) -> np.ndarray:
    return np.sort(array.reshape(len(array) if array.ndim else 1, -1), axis=1)


def _apply(function: Callable, array: np.ndarray) -> np.ndarray:
    import torch

    return function(torch.tensor(array, dtype=torch.float64)).numpy()


def _activations() -> dict[str, Callable]:
    import torch
    from torch.nn import functional

    return {
        "ReLU": functional.relu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "softmax": lambda x: functional.softmax(x, -1),
        "log-softmax": lambda x: functional.log_softmax(x, -1),
        "GELU": functional.gelu,
        "GELU by tanh": lambda x: functional.gelu(x, approximate="tanh"),
        "SiLU": functional.silu,
        "ELU": functional.elu,
        "softplus": functional.softplus,
        "ReLU6": functional.relu6,
        **{
            f"leaky ReLU of slope {slope}": lambda x, slope=slope: functional.leaky_relu(x, slope)
            for slope in (0.01, 0.1, 0.2, 0.3)
        },
    }


def _behind(place: "Place", step: float) -> tuple[str, str, str] | None:
    """Return the last layer of this shape and what both models do behind it, where that differs."""
    for name, numbers in reversed(place.before if place.entered is None else []):
        if numbers.shape == place.theirs.shape:
            known = {"no activation": lambda x: x, **_activations()}
            named = [
                next(
                    (n for n, f in known.items() if _agree([_apply(f, numbers)], goal, step)), None
                )
                for goal in (place.ours[0], place.theirs)
            ]
            return (name, *named) if all(named) and named[0] != named[1] else None
    return None


def _again(place: "Place", cut: Any = (), **settings: Any) -> list[np.ndarray]:
    """Call the PyTorch layer once more with other settings, and lay its answer out as Keras's."""
    import torch

    module, entered = place.pair.module, settings.pop("entered", place.entered)
    before = {name: getattr(module, name) for name in settings}
    training = module.training
    try:
        module.training = False
        for name, value in settings.items():
            setattr(module, name, value)
        with torch.no_grad():
            left = module(entered)[cut].detach().cpu().numpy()
    except RuntimeError:
        return []
    finally:
        module.training = training
        for name, value in before.items():
            setattr(module, name, value)
    return places.left_like_keras(place.pair, left, place.theirs)


def epsilons(pair: "Pair") -> str | None:
    """Say that the epsilons of a pair differ, where they do."""
    ours, theirs = getattr(pair.module, "eps", None), getattr(pair.layer, "epsilon", None)
    if ours and theirs and abs(ours - theirs) > 0.01 * max(ours, theirs):
        return f"epsilon is {ours:g} in PyTorch and {theirs:g} in Keras"
    return None


def _epsilon(place: "Place", step: float) -> str | None:
    found = epsilons(place.pair)
    if found and _agree(_again(place, eps=place.pair.layer.epsilon), place.theirs, step):
        return f"{found}; with one they agree"
    return None


def _padding(place: "Place", step: float) -> str | None:
    """Pad as Keras does, or cut the answer of a transposed convolution as Keras does."""
    import torch

    module, padding = place.pair.module, getattr(place.pair.layer, "padding", None)
    if padding not in ("same", "valid") or not hasattr(module, "dilation"):
        return None
    sizes = place.entered.shape[2:]
    steps = zip(sizes, module.kernel_size, module.stride, module.dilation, strict=True)
    none = (0,) * len(sizes)
    if module.transposed:
        same = padding == "same"
        cuts = [(max(0, k - s) // 2, n * s) if same else (0, None) for n, k, s, _ in steps]
        whole = tuple(slice(begin, size and begin + size) for begin, size in cuts)
        more = tuple(max(0, s - k) for s, k in zip(module.stride, module.kernel_size, strict=True))
        left = _again(place, (..., *whole), padding=none, output_padding=more)
        how = f", and {padding!r} in Keras; cut as Keras does, they agree"
    else:
        wanted = [max(0, (-(-n // s) - 1) * s + (k - 1) * d + 1 - n) for n, k, s, d in steps]
        wanted = wanted if padding == "same" else none
        pads = [side for one in reversed(wanted) for side in (one // 2, one - one // 2)]
        entered = torch.nn.functional.pad(place.entered, pads)
        left = _again(place, ..., entered=entered, padding=none)
        how = f" in PyTorch, and {padding!r} in Keras, which is {pads[:2]} on the two sides"
        how += "; with that they agree"
    return f"padding is {module.padding}{how}" if _agree(left, place.theirs, step) else None
