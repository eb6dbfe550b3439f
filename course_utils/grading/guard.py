"""What runs in a student's kernel around each check: is what the checks rest on as it was?

It cannot be told for certain from inside the process that runs the student's code; it is told for
every way that takes no knowledge of this module.
"""

import builtins
import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any

from course_utils import ROOT

AFRESH = ("explain", "limits", "progress", "tasks")
MODULES = ("importlib", "inspect", "math", "numpy", "torch", "torch.nn", "tensorflow", "keras")
CLASSES = (("torch", "Tensor"), ("torch.nn", "Module"), ("keras", "Model"))
LISTS = ("ast_transformers", "input_transformers_cleanup", "input_transformers_post")

_remembered: dict[str, Any] = {}


def remember() -> None:
    """Note how everything is before any of the student's code; files beside come last."""
    sys.path[:] = [*filter(None, sys.path), ""]
    for name in (*MODULES, "course_utils.tasks"):
        importlib.import_module(name)
    _remembered["vars"] = {name: _callables(place) for name, place in _places()}
    _remembered["hooks"] = _hooks()


def look(key: str) -> None:
    """Put back what was changed, import the checks afresh, and name what was changed.

    `key` comes back with the answer.
    """
    changed = list(_mended())
    for name in AFRESH:
        sys.modules.pop(f"course_utils.{name}", None)
    for name in AFRESH:
        importlib.import_module(f"course_utils.{name}")
    _remembered["vars"] |= {n: _callables(p) for n, p in _places() if n.startswith("course_utils")}
    print(json.dumps({key: changed[:20]}))


def _mended() -> Iterator[str]:
    for name, place in _places():
        for attribute, (value, code) in _remembered["vars"][name].items():
            now = vars(place).get(attribute)
            if now is not value:
                setattr(place, attribute, value)
                yield f"{name}.{attribute}"
            elif code is not None and value.__code__ is not code:
                value.__code__ = code
                yield f"{name}.{attribute}.__code__"
    now = _hooks()
    for name, value in _remembered["hooks"].items():
        if now[name] != value:
            yield name
    _restore_hooks()


def _places() -> list[tuple[str, Any]]:
    """List the modules and classes that a check uses."""
    from ipykernel import zmqshell
    from IPython.core import interactiveshell

    found = [("builtins", builtins), *((name, sys.modules[name]) for name in MODULES)]
    found += [(f"{m}.{name}", getattr(sys.modules[m], name)) for m, name in CLASSES]
    found += [("shell", interactiveshell.InteractiveShell)]
    found += [("kernel's shell", zmqshell.ZMQInteractiveShell)]
    for name in AFRESH:
        if module := sys.modules.get(f"course_utils.{name}"):
            found.append((f"course_utils.{name}", module))
    return found


def _callables(place: Any) -> dict[str, tuple[Any, Any]]:
    values = {n: value for n, value in vars(place).items() if callable(value) and n != "input"}
    return {name: (value, getattr(value, "__code__", None)) for name, value in values.items()}


def _hooks() -> dict[str, Any]:
    """Return what IPython and Python call on the way; of events, what no package registered."""
    shell = _shell()
    events = shell.events.callbacks
    own = {n: [c for c in listed if not _installed(c)] for n, listed in events.items()}
    return {
        "the finders of modules": list(sys.meta_path),
        "the hooks of paths": list(sys.path_hooks),
        "IPython's own exceptions": shell.custom_exceptions,
        "IPython's events": {name: listed for name, listed in own.items() if listed},
        "the shell's own methods": {n: v for n, v in vars(shell).items() if _is_method(v)},
        **{f"IPython's {name}": list(getattr(shell, name)) for name in LISTS},
    }


def _restore_hooks() -> None:
    shell, was = _shell(), _remembered["hooks"]
    sys.meta_path[:] = was["the finders of modules"]
    sys.path_hooks[:] = was["the hooks of paths"]
    shell.custom_exceptions = was["IPython's own exceptions"]
    for listed in shell.events.callbacks.values():
        listed[:] = [callback for callback in listed if _installed(callback)]
    for name in {n for n, v in vars(shell).items() if _is_method(v)}:
        if name not in was["the shell's own methods"]:
            delattr(shell, name)
    for name in LISTS:
        getattr(shell, name)[:] = was[f"IPython's {name}"]


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()


def _is_method(value: Any) -> bool:
    return hasattr(value, "__code__") or hasattr(value, "__func__")


def _installed(callback: Any) -> bool:
    """Tell whether a callback comes from a package, and not from a cell."""
    file = getattr(getattr(callback, "__code__", None), "co_filename", "")
    return file.startswith((sys.prefix, sys.base_prefix, str(ROOT / "course_utils")))
