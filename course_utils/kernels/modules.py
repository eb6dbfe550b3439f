"""What the preload imports, and what an import leaves to be put right in each kernel."""

import importlib.util
import logging
import os
import sys
from typing import Any, NamedTuple

from course_utils import lesson
from course_utils.kernels import settings

# What a kernel imports when it starts and with its first messages.
KERNEL = [
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "tornado.queues",
    "sqlite3",
]

# What notebooks import; not the backend that shows pictures, which looks for its notebook when it
# is imported.
LIBRARIES = [
    "numpy",
    "matplotlib.figure",
    "matplotlib.font_manager",
    "matplotlib.backends.backend_agg",
    "PIL.Image",
    "sklearn.datasets",
    "sklearn.linear_model",
    "torch",
    "torch.utils.data",
    "torch._dynamo",
    "tensorflow",
    "keras",
]


class Stream:
    """Stands for standard output or error while modules are imported that keep hold of it."""

    def __init__(self, stream: Any):
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class Imported(NamedTuple):
    """What imports left: variables, files of packages, streams, and handlers of log lines.

    With them two parts of what is loaded: the names of the course's own modules, each of which a
    kernel is to import for itself, and the modules that are a kernel's own, through which the
    debugger does not step. A kernel that looked for either among thousands of modules would have
    30 MB more to itself.
    """

    environment: dict[str, str]
    found: dict[str, str]
    ours: list[str]
    kernel: dict[str, Any]
    streams: list[Stream]
    handlers: list[Any]


def import_all() -> Imported:
    """Import; raises ImportError with one line."""
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    before, handlers_before = os.environ.copy(), logging._handlerList[:]
    sys.ps1 = "In : "  # as in a kernel; TensorFlow looks at it to know where its log lines go
    streams = [Stream(sys.stdout), Stream(sys.stderr)]
    sys.stdout, sys.stderr = streams
    for name in KERNEL:
        _import(name, lambda name=name: __import__(name))
    ours = [name for name in sys.modules if name.partition(".")[0] == "course_utils"]
    kernel = {name: sys.modules[name] for name in sys.modules.keys() - set(ours)}
    _import("triton", lesson.import_triton)
    for name in LIBRARIES:
        # A library that is not installed is missing in a stock kernel, too.
        if importlib.util.find_spec(name.partition(".")[0]):
            _import(name, lambda name=name: __import__(name))
    sys.stdout, sys.stderr = [stream.stream for stream in streams]
    if pandas := sys.modules.get("pandas"):
        # It saw no notebook, and would fit tables to a terminal's width.
        pandas.set_option("display.max_columns", 20)
    handlers = [one for one in logging._handlerList if one not in handlers_before]
    logging._handlerList[:] = handlers_before
    if (threads := _threads_after_a_fork()) > 1:
        raise ImportError(f"an import has started {threads - 1} threads, which a fork would lose")
    environment = {key: os.environ[key] for key in os.environ.keys() - before.keys()}
    return Imported(environment, settings.found(), ours, kernel, streams, handlers)


def _import(name: str, work: Any) -> None:
    try:
        work()
    except BaseException as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ImportError(f"{name} cannot be imported ({reason})") from error


def _threads_after_a_fork() -> int:
    """Count the threads that stay; those of OpenBLAS end before a fork, and start when needed."""
    if not (child := os.fork()):
        os._exit(0)
    os.waitpid(child, 0)
    return len(os.listdir("/proc/self/task"))


def files() -> list[str]:
    """List the files that have been imported, and those that decided what an import did."""
    found = [getattr(module, "__file__", None) for module in sys.modules.values()]
    return [file for file in found if isinstance(file, str)] + settings.files()


def last_changes(files: list[str]) -> list[int]:
    """Return when each file was last changed; touches no module, whose memory kernels share."""
    found = []
    for file in files:
        try:
            found.append(os.stat(file).st_mtime_ns)
        except OSError:
            found.append(0)
    return found
