"""PyTorch's speed on a card: transfers, launches, number types, compilation, training."""

import os
import tempfile
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from course_utils import timing
from course_utils.machine.card.measures import (
    Found,
    compared,
    fraction_bits,
    relative_error,
    scaled,
    seconds,
    wait,
)

if TYPE_CHECKING:
    import torch


def transfers(device: str) -> Found:
    """Time copies to the card and back, from pageable and from pinned memory, large and small."""
    import torch

    count = scaled(device, 2**26, 2**18)
    pageable, there = torch.ones(count), torch.empty(count, device=device)
    pinned = pageable.pin_memory() if device == "cuda" else pageable.clone()
    other = torch.empty_like(there)
    table = torch.ones(1000, 256)
    found = {
        "MB": pageable.nbytes / 1e6,
        "to the card, pageable / pinned": compared(
            lambda: there.copy_(pageable), lambda: there.copy_(pinned), device
        ),
        "back, pageable / pinned": compared(
            lambda: pageable.copy_(there), lambda: pinned.copy_(there), device
        ),
        "to the card pinned / within the card": compared(
            lambda: there.copy_(pinned), lambda: other.copy_(there), device
        ),
        "1000 rows one by one / at once": compared(
            lambda: [row.to(device) for row in table], lambda: table.to(device), device
        ),
    }
    for name, source in (("pageable", pageable), ("pinned", pinned)):
        found[f"non_blocking from {name}: returned / finished"] = _returned(
            lambda source=source: there.copy_(source, non_blocking=True), device
        )
    return found


def _returned(function: Callable[[], Any], device: str, times: int = 1, runs: int = 7) -> Found:
    """Time when calls have returned and when their work is finished, after one run unseen."""
    returned, finished = [], []
    for _ in range(runs + 1):
        wait(device)
        start = time.perf_counter()
        for _ in range(times):
            function()
        returned.append(time.perf_counter() - start)
        wait(device)
        finished.append(time.perf_counter() - start)
    shares = [a / b for a, b in zip(returned, finished, strict=True)]
    return {
        "returned": timing.spread(returned[1:]),
        "finished": timing.spread(finished[1:]),
        "share": timing.spread(shares[1:]),
        "runs": runs,
    }


def launches(device: str) -> Found:
    """Time twenty products until the calls return and until the card is done; then tiny ones."""
    import torch

    size = scaled(device, 4096, 128)
    left, right = torch.randn(2, size, size, device=device)
    left_here, right_here = left.cpu(), right.cpu()
    tiny_there, tiny_here = torch.ones(10, device=device), torch.ones(10)
    return {
        "size": size,
        "20 products": _returned(lambda: left @ right, device, times=20),
        "20 products, a number read of each": _returned(
            lambda: (left @ right)[0, 0].item(), device, times=20
        ),
        "a tiny sum, there / here": compared(
            lambda: tiny_there + 1, lambda: tiny_here + 1, device, times=1000
        ),
        "a large product, here / there": compared(
            lambda: left_here @ right_here, lambda: left @ right, device, pairs=3
        ),
    }


def number_types(device: str) -> Found:
    """Multiply matrices in several number types: error against float64, time against float32."""
    import torch

    torch.manual_seed(0)
    size = scaled(device, 4096, 256)
    left, right = torch.randn(2, size, size, device=device)
    eye = torch.eye(256, device=device)
    reference = left.double() @ right.double()
    found = {"size": size, "unless told": torch.get_float32_matmul_precision()}

    def in_mode(precision: str, dtype: "torch.dtype") -> Callable[..., "torch.Tensor"]:
        def multiply(a: "torch.Tensor", b: "torch.Tensor") -> "torch.Tensor":
            torch.set_float32_matmul_precision(precision)
            return a.to(dtype) @ b.to(dtype)

        return multiply

    modes = {
        "float32": in_mode("highest", torch.float32),
        "TF32": in_mode("high", torch.float32),
        "bfloat16": in_mode("highest", torch.bfloat16),
        "float16": in_mode("highest", torch.float16),
    }
    kinds = {"bfloat16": torch.bfloat16, "float16": torch.float16}
    plain = modes["float32"]
    for name, multiply in modes.items():
        # Conversions are no part of a product's time.
        a, b = (matrix.to(kinds.get(name, torch.float32)) for matrix in (left, right))
        found[name] = {
            "error": relative_error(multiply(left, right), reference),
            "bits after the point": fraction_bits(lambda full, m=multiply: m(full, eye), device),
            "float32 / this": compared(
                lambda: plain(left, right), lambda a=a, b=b, m=multiply: m(a, b), device, times=10
            ),
        }
    precise = left.double(), right.double()
    found["float64"] = {
        "float32 / this": compared(
            lambda: plain(left, right), lambda: precise[0] @ precise[1], device, times=2
        )
    }
    return found


def convolution(device: str) -> Found:
    """Convolve as PyTorch comes, and with TF32 forbidden: error against float64, and time."""
    import torch

    torch.manual_seed(0)
    images = torch.randn(scaled(device, 64, 2), 64, 56, 56, device=device)
    kernels = torch.randn(64, 64, 3, 3, device=device)
    convolve = torch.nn.functional.conv2d

    def strict() -> "torch.Tensor":
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            return convolve(images, kernels)

    reference = convolve(images.double(), kernels.double())
    return {
        "error as it comes": relative_error(convolve(images, kernels), reference),
        "error with TF32 forbidden": relative_error(strict(), reference),
        "forbidden / as it comes": compared(
            strict, lambda: convolve(images, kernels), device, times=10
        ),
    }


def compiling(device: str) -> Found:
    """Compile a chain of small operations, a product and a network's step; time against eager."""
    with tempfile.TemporaryDirectory() as folder:
        # A cache of an earlier run would make the first call look cheap.
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder
        return _compiling(device)


def _compiling(device: str) -> Found:
    import torch

    def chain(data: "torch.Tensor") -> "torch.Tensor":
        for _ in range(8):
            data = torch.relu(data * 1.1 - 0.1)
        return data

    def product(data: "torch.Tensor") -> "torch.Tensor":
        return data @ data

    def network(width: int) -> "torch.nn.Sequential":
        layers = [
            layer for _ in range(4) for layer in (torch.nn.Linear(width, width), torch.nn.ReLU())
        ]
        return torch.nn.Sequential(*layers).to(device)

    size = scaled(device, 4096, 128)
    works = {
        "chain": (chain, torch.randn(4 * size * size, device=device), None),
        "product": (product, torch.randn(size, size, device=device), None),
        "small network": (network(64), torch.randn(32, 64, device=device), None),
        "small network, reduce-overhead": (
            network(64),
            torch.randn(32, 64, device=device),
            "reduce-overhead",
        ),
    }
    found: Found = {}
    with torch.no_grad():
        for name, (function, data, mode) in works.items():
            compiled = torch.compile(function, mode=mode)
            first = seconds(lambda c=compiled, d=data: c(d), device)()
            result, expected = compiled(data).clone(), function(data)
            found[name] = {
                "seconds of the first call": first,
                "largest gap to eager": float((result - expected).abs().max()),
                "eager / compiled": compared(
                    lambda f=function, d=data: f(d), lambda c=compiled, d=data: c(d), device, 10
                ),
            }
    return found


def training(device: str) -> Found:
    """Time a step of a small and of a large network here and on the card; losses must agree."""
    import torch

    def racer(place: str, width: int, depth: int, rows: int) -> Callable[[], float]:
        torch.manual_seed(0)
        layers = [
            layer
            for _ in range(depth)
            for layer in (torch.nn.Linear(width, width), torch.nn.ReLU())
        ]
        network = torch.nn.Sequential(*layers, torch.nn.Linear(width, 10)).to(place)
        optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
        data, target = torch.randn(rows, width).to(place), torch.randint(10, (rows,)).to(place)

        def step() -> "torch.Tensor":
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(network(data), target)
            loss.backward()
            optimizer.step()
            return loss

        return step

    found = {}
    sizes = {
        "small": (64, 2, 32),
        "large": (scaled(device, 4096, 256), 3, scaled(device, 1024, 64)),
    }
    for name, size in sizes.items():
        here, there = racer("cpu", *size), racer(device, *size)
        losses = [[float(step().detach()) for _ in range(3)] for step in (here, there)]
        gap = max(abs(a - b) for a, b in zip(*losses, strict=True))
        found[name] = {
            "width, layers, rows": size,
            "largest gap of three losses": gap,
            "here / there": compared(here, there, device, times=scaled(device, 3, 1), pairs=5),
        }
    return found
