"""What two functions of a learner's do: whether they are the same work, and whose it is."""

import contextlib
import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

FRAMEWORKS = "torch tensorflow keras jax jaxlib flax mlx mindspore onnxruntime paddle tinygrad"
"""What a comparison of today may be about; a sentence may leave two of them out, but not all."""

MOST_VALUES = 10_000
"""So many values are looked at, for a function may hold a whole data set."""

PLAIN = bool | int | float | str | bytes | None


def same(first: Any, second: Any) -> bool:
    """Say whether two functions run the same code on the same values, and so do the same work.

    So it is with two that a loop has made and that look the loop's variable up when they are
    called. Equal arrays are not the same: one may lie in memory in another order.
    """
    if first is second:
        return True
    if type(first) is not type(second):
        return False
    if isinstance(first, PLAIN):
        return first == second
    if isinstance(first, tuple | list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, functools.partial):
        return same(_partial(first), _partial(second))
    if isinstance(first, types.MethodType):
        return first.__self__ is second.__self__ and same(first.__func__, second.__func__)
    if not isinstance(first, types.FunctionType) or _code(first) != _code(second):
        return False
    # One that calls itself closes over itself.
    own, others = ([one for one in _held(f) if one is not f] for f in (first, second))
    return same(own, others)


def frameworks(*functions: Callable[..., Any]) -> set[str]:
    """Return the frameworks that functions reach: by names, values, calls, or a script's text."""
    waiting: list[Any] = list(functions)
    seen: dict[int, Any] = {}
    found: set[str] = set()
    while waiting and len(seen) < MOST_VALUES:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        if isinstance(value, str):
            found |= {name for name in FRAMEWORKS.split() if name in value}
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple | set):
            waiting += value
        else:
            found |= set(_packages(value))
            waiting += _leads_to(value)
    return found & set(FRAMEWORKS.split())


def _packages(value: Any) -> Iterator[str]:
    kinds = value.__mro__ if isinstance(value, type) else type(value).__mro__
    named = [value.__name__] if isinstance(value, types.ModuleType) else []
    modules = [kind.__module__ for kind in kinds] + [getattr(value, "__module__", None)]
    for name in [*named, *modules]:
        if isinstance(name, str):
            yield name.partition(".")[0]


def _leads_to(value: Any) -> list[Any]:
    """Return what a value holds; of a function also what its code names."""
    if isinstance(value, types.FunctionType):
        codes = list(_codes(value.__code__))
        names = {name for code in codes for name in code.co_names}
        known = [value.__globals__[name] for name in names if name in value.__globals__]
        texts = [one for code in codes for one in code.co_consts if isinstance(one, str)]
        return [*_held(value), *known, *texts, *names]
    if isinstance(value, functools.partial):
        return _partial(value)
    if isinstance(value, types.MethodType | types.BuiltinMethodType):
        return [value.__self__, getattr(value, "__func__", None)]
    if isinstance(value, types.ModuleType | type):
        return []
    return list(getattr(value, "__dict__", {}).values())


def _held(function: types.FunctionType) -> list[Any]:
    """Return what a function brings along: what it closes over, and its defaults."""
    kept = []
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # nothing is in it yet
            kept.append(cell.cell_contents)
    named = function.__kwdefaults__ or {}
    return [*kept, *(function.__defaults__ or ()), *(named[name] for name in sorted(named))]


def _partial(value: functools.partial) -> list[Any]:
    named = [part for item in sorted(value.keywords.items()) for part in item]
    return [value.func, *value.args, *named]


def _code(function: types.FunctionType) -> list[tuple[Any, ...]]:
    """Return what a function's code does, wherever it is written down."""
    return [
        (
            code.co_code,
            code.co_names,
            [repr(one) for one in code.co_consts if not isinstance(one, types.CodeType)],
        )
        for code in _codes(function.__code__)
    ]


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield a code and those of the functions that it defines."""
    yield code
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            yield from _codes(one)
