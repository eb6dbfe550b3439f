"""What rounding may do inside a PyTorch model: the result of each operation is moved a little."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from course_utils.parity import places

CANCELLING = {"elu", "expm1", "log1p"}
"""What TensorFlow, or who writes it out, may do with a one, exp(x) - 1: it is off near one."""


class Noise(TorchDispatchMode):
    """Move each result by up to a share `shake`, and those of `CANCELLING` by a step near one too.

    So what cancels, or a norm magnifies, moves as far as rounding may move it, and nothing else.
    """

    def __init__(self, shake: float, seed: int) -> None:
        super().__init__()
        self.shake, self.generator = shake, torch.Generator().manual_seed(seed)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        left = func(*args, **(kwargs or {}))
        name = func._schema.name.split("::")[-1]
        if name.rstrip("_") in CANCELLING:
            moved = self._moved(left, near_one=True)
            return left.copy_(moved) if name.endswith("_") else moved
        # A view has been moved already, and what is written into may be a weight.
        if func._schema.is_mutable or any(one.alias_info for one in func._schema.returns):
            return left
        if all(map(_is_whole, tree_leaves((args, kwargs, left)))):
            return left  # such as numbers of words that come as floats
        return tree_map(self._moved, left)

    def _moved(self, left: Any, near_one: bool = False) -> Any:
        if not (_is_floating(left) and left.numel()):
            return left
        noise = 2 * torch.rand((2, *left.shape), generator=self.generator, dtype=torch.float64) - 1
        share, whole = (self.shake * noise).to(left.device)
        found = left * (1 + share)
        if near_one:
            largest = left.double().abs().clamp(max=1).nan_to_num().max()
            found = found + places.NEAR_ONE / places.TREMORS * largest * whole * (left != 0)
        return found.to(left.dtype)


def _is_floating(one: Any) -> bool:
    dense = isinstance(one, torch.Tensor) and one.layout == torch.strided
    return dense and one.is_floating_point()


def _is_whole(one: Any) -> bool:
    return not _is_floating(one) or bool((one == one.round()).all())
