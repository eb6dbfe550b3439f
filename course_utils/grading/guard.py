"""What runs in a student's kernel around each check: is what the checks rest on as it was?

It cannot be told for certain from inside the process that runs the student's code; it is told for
every way that takes no knowledge of this module.
"""

import builtins
import contextlib
import importlib
import sys
import types
from collections.abc import Iterator
from typing import Any

import course_utils
from course_utils import ROOT

AFRESH = ("explain", "limits", "progress", "tasks")
MODULES = ("importlib", "inspect", "math", "numpy", "numpy._core.numeric", "numpy.testing")
MODULES += ("torch", "torch.nn", "torch.nn.functional", "torch.optim", "tensorflow", "keras")
MODULES += ("keras.losses", "keras.ops", "contextlib")
CLASSES = (("torch", "Tensor"), ("torch.nn", "Module"), ("keras", "Model"), ("keras", "Layer"))
STREAMS = ("stdout", "stderr")
LISTS = ("ast_transformers", "input_transformers_cleanup", "input_transformers_post")

# What is used below is what it was before any of the student's code.
globals().update({name: value for name, value in vars(builtins).items() if callable(value)})

_remembered: dict[str, Any] = {}
_set: list[str] = []


class _Watched(types.ModuleType):
    """A module that notes which of its functions is replaced, also where it is put back at once."""

    def __setattr__(self, name: str, value: Any) -> None:
        was = vars(self).get(name)
        # The kernel itself sets `input` for each cell.
        known = name == "input" or sys._getframe(1).f_code is _remembered["export"]
        if callable(was) and value is not was and not known:
            _set.append(f"{self.__name__}.{name}")
        super().__setattr__(name, value)


def remember() -> None:
    """Note how everything is before any of the student's code; files beside come last."""
    sys.path[:] = [*filter(None, sys.path), ""]
    _remembered["modules"] = {name: importlib.import_module(name) for name in MODULES}
    # PyTorch's compiler replaces two methods of all its modules when it is first used.
    importlib.import_module("torch._dynamo.mutation_guard").install_generation_tagging_init()
    # PyTorch's export replaces three functions while it runs; it is known by its own code.
    export = importlib.import_module("torch._export.non_strict_utils")
    _remembered["export"] = export._override_builtin_ops.__wrapped__.__code__
    for name in AFRESH:
        module = importlib.import_module(f"course_utils.{name}")
        _remembered[name] = module.__spec__.loader.get_code(module.__name__)
    _remembered["streams"] = {name: getattr(sys, name) for name in STREAMS}
    for module in [builtins, *_remembered["modules"].values()]:
        if type(module) is types.ModuleType:
            module.__class__ = _Watched
    _remembered["vars"] = {name: _callables(place) for name, place in _places()}
    _remembered["hooks"] = _hooks()


def look(key: str, read: list[str]) -> None:
    """Put back what was changed, import the checks afresh, and name what was changed.

    `read` are built-in functions that the check uses. The answer is a line with `key`, by which
    the notebook knows this function, and a line for each name.
    """
    _shell().user_ns.pop(key, None)
    changed = [*_set, *_mended(), *_shadowed(read)]
    for name in AFRESH:
        _import_afresh(name)
    _remembered["vars"] |= {n: _callables(p) for n, p in _places() if n.startswith("course_utils.")}
    changed += _believing_anything()
    _set.clear()
    _remembered["streams"]["stdout"].write("\n".join([key, *dict.fromkeys(changed[:20]), ""]))


def _import_afresh(name: str) -> None:
    """Run a module's code as it was at the start; what finds modules may be another by now."""
    module = _Watched(f"course_utils.{name}")
    module.__file__, module.__package__ = str(ROOT / "course_utils" / f"{name}.py"), "course_utils"
    sys.modules[module.__name__] = module
    exec(_remembered[name], vars(module))
    setattr(course_utils, name, module)


def _shadowed(read: list[str]) -> Iterator[str]:
    """Take a notebook's own functions out of the way of those that a check means."""
    names = _shell().user_ns
    for name in read:
        if callable(names.get(name)) and names[name] is not getattr(builtins, name):
            del names[name]
            yield f"{name}() of the notebook"


def _believing_anything() -> list[str]:
    """Try the comparison that most checks rest on with what is right, and with what is wrong."""
    from course_utils import tasks

    wrong = [(1.0, 2.0), ([0.5, 1.0], [0.5, -1.0]), ([1.0], [1.0, 1.0]), (float("nan"), 0.0)]
    missed = 0
    for came, right in wrong:
        with contextlib.suppress(tasks.Wrong):
            tasks.close(came, right, "")
            missed += 1
    tasks.close([0.5, 1.0], [0.5, 1.0], "")
    return ["what compares numbers"] if missed else []


def _mended() -> Iterator[str]:
    for name, module in _remembered["modules"].items():
        if sys.modules.get(name) is not module:
            sys.modules[name] = module
            yield f"the module {name}"
    if type(course_utils) is not types.ModuleType:
        course_utils.__class__ = types.ModuleType
        yield "the class of a module"
    if sys.gettrace() or sys.getprofile():
        sys.settrace(None)
        sys.setprofile(None)
        yield "a function that follows each line"
    for name, stream in _remembered["streams"].items():
        if getattr(sys, name) is not stream:
            setattr(sys, name, stream)
            yield f"sys.{name}"
    for name, place in _places():
        for attribute, (value, code) in _remembered["vars"][name].items():
            now = vars(place).get(attribute)
            if now is not value:
                setattr(place, attribute, value)
                yield f"{name}.{attribute}"
            elif code is not None and value.__code__ is not code:
                value.__code__ = code
                yield f"{name}.{attribute}.__code__"
        if isinstance(place, type):
            for attribute in _callables(place).keys() - _remembered["vars"][name].keys():
                delattr(place, attribute)
                yield f"{name}.{attribute}"
    now = _hooks()
    for name, value in _remembered["hooks"].items():
        if now[name] != value:
            yield name
    _restore_hooks()


def _places() -> list[tuple[str, Any]]:
    """List the modules and classes that a check uses."""
    from ipykernel import iostream, ipkernel, kernelbase, zmqshell
    from IPython.core import interactiveshell
    from jupyter_client import session

    modules = _remembered["modules"]
    found = [("builtins", builtins), *modules.items()]
    found += [(f"{m}.{name}", getattr(modules[m], name)) for m, name in CLASSES]
    kinds = (interactiveshell.InteractiveShell, interactiveshell.ExecutionResult)
    kinds += (zmqshell.ZMQInteractiveShell, zmqshell.ZMQDisplayPublisher, ipkernel.IPythonKernel)
    kinds += (kernelbase.Kernel, session.Session, iostream.OutStream, iostream.IOPubThread)
    found += [(kind.__name__, kind) for kind in kinds]
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
        **{name: _own_methods(one) for name, one in _objects().items()},
        **{f"IPython's {name}": list(getattr(shell, name)) for name in LISTS},
    }


def _restore_hooks() -> None:
    shell, was = _shell(), _remembered["hooks"]
    sys.meta_path[:] = was["the finders of modules"]
    sys.path_hooks[:] = was["the hooks of paths"]
    shell.custom_exceptions = was["IPython's own exceptions"]
    for listed in shell.events.callbacks.values():
        listed[:] = [callback for callback in listed if _installed(callback)]
    for what, one in _objects().items():
        for name in _own_methods(one).keys() - was[what].keys():
            delattr(one, name)
    for name in LISTS:
        getattr(shell, name)[:] = was[f"IPython's {name}"]


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()


def _objects() -> dict[str, Any]:
    """Return what a check's outcome passes on its way to whoever asked for it."""
    shell = _shell()
    return {
        "the shell's own methods": shell,
        "the kernel's own methods": shell.kernel,
        "the session's own methods": shell.kernel.session,
        "the display's own methods": shell.display_pub,
        "the output's own methods": _remembered["streams"]["stdout"],
    }


def _own_methods(one: Any) -> dict[str, Any]:
    """Return what a cell has put into an object in the place of a method of its class."""
    kind, own = type(one), vars(one).items()
    return {n: v for n, v in own if callable(v) and hasattr(kind, n) and not _installed(v)}


def _installed(callback: Any) -> bool:
    """Tell whether a callback comes from a package, and not from a cell."""
    file = getattr(getattr(callback, "__code__", None), "co_filename", "")
    return file.startswith((sys.prefix, sys.base_prefix, str(ROOT / "course_utils")))
