"""What an interpreter looks at before a cell runs; a kernel prints `table()` as JSON.

With it what the libraries hold once a notebook has imported them, `libraries()`.
"""


def table():
    return {name: look() for name, look in LOOKS.items()}


def libraries():
    import logging
    import os
    import sys
    import warnings

    from course_utils import lesson

    lesson.import_triton()  # before TensorFlow, or loading it later ends the process
    import keras
    import matplotlib.pyplot as plt
    import numpy as np
    import pandas
    import sklearn
    import tensorflow as tf
    import torch
    import torch._dynamo
    from matplotlib import get_cachedir, matplotlib_fname, rcParams
    from sklearn import datasets, linear_model  # noqa: F401
    from tensorflow.python.eager import context

    torch_now = [torch.get_num_threads(), torch.get_num_interop_threads()]
    torch_now += [torch.get_default_dtype(), torch.get_float32_matmul_precision()]
    torch_now += [torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled()]
    torch_now += [torch.cuda.is_initialized(), torch._tensor_str.PRINT_OPTS]
    tf_now = [context._context is None or context._context._initialized, tf.executing_eagerly()]
    tf_now += [tf.config.threading.get_intra_op_parallelism_threads(), tf.get_logger().level]
    keras_now = [keras.config.backend(), keras.config.floatx(), keras.config.dtype_policy()]
    keras_now += [keras.config.is_interactive_logging_enabled(), keras.config.image_data_format()]
    shown = [plt.get_backend(), plt.isinteractive(), get_cachedir(), matplotlib_fname(), rcParams]
    numbers = [np.get_printoptions(), np.geterr(), sklearn.get_config()]
    options = ("max_columns", "max_rows", "max_colwidth", "width", "notebook_repr_html")
    frames = [pandas.get_option(f"display.{name}") for name in options]
    loggers = logging.Logger.manager.loggerDict
    handlers = {name: getattr(loggers[name], "handlers", []) for name in loggers}
    found = {"torch": torch_now, "tf": tf_now, "keras": keras_now, "matplotlib": shown}
    found |= {"numpy": numbers, "pandas": frames, "warnings": sorted(map(str, warnings.filters))}
    found |= {"environment": dict(os.environ), "modules": [n for n in sys.modules if n[:1] != "_"]}
    found["handlers"] = {
        name: [[type(h).__name__, type(getattr(h, "stream", None)).__name__] for h in all_of_one]
        for name, all_of_one in handlers.items()
        if all_of_one
    }
    lists = (k for k in found if k not in ("environment", "handlers", "modules"))
    return found | {name: list(map(str, found[name])) for name in lists}


def _status(*kept):
    with open("/proc/self/status") as lines:
        return [line.split() for line in lines if line.startswith(kept)]


def _read(path):
    with open(path) as file:
        return file.read()


def _limits():
    import resource

    names = sorted(name for name in dir(resource) if name.startswith("RLIMIT_"))
    return {name: resource.getrlimit(getattr(resource, name)) for name in names}


def _files():
    """Say of each open file what it is; of the first three, with the access to it."""
    import collections
    import fcntl
    import gc
    import os
    import re
    import time

    kinds = collections.Counter()
    gc.collect()  # or a socket stays open for a while
    time.sleep(1)  # IPython's history opens and closes a journal of its own
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        kind = re.sub(r"\d+", "N", target.split("/")[-1] if "hist" in target else target)
        kinds[kind if int(name) > 2 else f"{name}: {kind.split(':')[0]}"] += 1
    access = [fcntl.fcntl(n, fcntl.F_GETFL) & os.O_ACCMODE for n in range(3)]
    return {"kinds": dict(kinds), "access": access, "input": len(os.read(0, 1))}


def _streams():
    import sys

    names = ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__")
    found = {}
    for name in names:
        one = getattr(sys, name)
        found[name] = [
            type(one).__name__,
            getattr(one, "encoding", ""),
            getattr(one, "errors", ""),
            getattr(one, "line_buffering", ""),
        ]
    return found


def _signals():
    import signal

    return {n.name: str(signal.getsignal(n)).split(" at ")[0] for n in signal.Signals}


def _loggers():
    import logging

    found = {}
    for name, logger in sorted(logging.Logger.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger):
            streams = [type(getattr(h, "stream", h)).__name__ for h in logger.handlers]
            found[name] = [logger.level, logger.disabled, logger.propagate, streams]
    found["root"] = [logging.root.level, len(logging.root.handlers), logging.raiseExceptions]
    found["handlers"] = len(logging._handlerList)
    return found


def _threads():
    import os
    import threading

    python = sorted((type(t).__name__, t.daemon) for t in threading.enumerate())
    return {"python": python, "all": len(os.listdir("/proc/self/task"))}


def _hooks():
    import builtins
    import importlib
    import sys
    import warnings

    owners = [sys.excepthook, sys.unraisablehook, sys.displayhook, warnings.showwarning]
    owners += [builtins.__import__, importlib.import_module, builtins.open, builtins.print]
    return [f"{one.__module__}.{getattr(one, '__qualname__', type(one))}" for one in owners]


def _numbers():
    """The settings of Python that hold numbers."""
    import decimal
    import gc
    import sys
    import threading

    return {
        "recursion": sys.getrecursionlimit(),
        "switch": sys.getswitchinterval(),
        "dlopen": sys.getdlopenflags(),
        "digits": sys.get_int_max_str_digits(),
        "stack": threading.stack_size(),
        "garbage": [gc.isenabled(), gc.get_threshold(), len(gc.callbacks)],
        "frozen": gc.get_freeze_count() > 0,
        "decimal": str(decimal.getcontext()),
        "trace": [sys.gettrace() is None, sys.getprofile() is None],
    }


def _processes():
    """What this process is to others, and what those that it starts are to be told."""
    import asyncio
    import faulthandler
    import multiprocessing.process

    return {
        "command": _read("/proc/self/cmdline").replace("\0", " ").split(" -f ")[0],
        "name": _read("/proc/self/comm"),
        "environment": sorted(one.split("=")[0] for one in _read("/proc/self/environ").split("\0")),
        "folder": multiprocessing.process.ORIGINAL_DIR,
        "method": multiprocessing.get_start_method(allow_none=True),
        "parent": multiprocessing.parent_process(),
        "children": multiprocessing.active_children(),
        "faulthandler": faulthandler.is_enabled(),
        "loop": type(asyncio.get_event_loop_policy()).__name__,
    }


def _debugger():
    """The files that the debugger does not step through."""
    kernel = get_ipython().kernel  # noqa: F821
    return sorted(path.rpartition("site-packages/")[2] for path in kernel._kernel_modules)


def _python():
    import os
    import sys

    return {
        "argv": [os.path.basename(sys.argv[0]), len(sys.argv), sys.argv[1]],
        "orig_argv": sys.orig_argv[:3],
        "flags": str(sys.flags),
        "options": sorted(map(str, sys._xoptions.items())),
        "warnoptions": sys.warnoptions,
        "executable": [sys.executable, sys.prefix, sys.base_prefix],
        "path": sys.path,
        "main": [__name__, sorted(n for n in dir(sys.modules["__main__"]) if n[:2] == "__")],
        "builtins": len(dir(__builtins__)),
    }


def _system():
    import grp
    import locale
    import os
    import pwd
    import time

    return {
        "cwd": os.getcwd(),
        "umask": _status("Umask"),
        "identity": _status("Uid", "Gid", "Groups", "Cap", "NoNewPrivs", "Seccomp:"),
        "names": [pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name],
        "affinity": sorted(os.sched_getaffinity(0)),
        "nice": [os.nice(0), os.sched_getscheduler(0)],
        "memory": [_read("/proc/self/oom_score_adj"), _read("/proc/self/coredump_filter")],
        "limits": _limits(),
        "cgroup": _read("/proc/self/cgroup"),
        "namespaces": sorted(
            os.readlink(f"/proc/self/ns/{n}") for n in os.listdir("/proc/self/ns")
        ),
        "root": os.stat("/").st_ino,
        "session": [os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()],
        "locale": [locale.setlocale(locale.LC_ALL), locale.getpreferredencoding()],
        "time": [time.tzname, time.timezone],
        "timer": _read("/proc/self/timerslack_ns"),
        "personality": _read("/proc/self/personality"),
    }


def _folders():
    import os
    import site
    import tempfile

    home = [os.path.expanduser("~"), site.getuserbase()]
    return {"home": home, "temporary": tempfile.gettempdir()}


def _modules():
    import sys

    return sorted(name for name in sys.modules if isinstance(name, str))


LOOKS = {
    "modules": _modules,
    "environment": lambda: dict(__import__("os").environ),
    "processes": _processes,
    "debugger": _debugger,
    "system": _system,
    "masks": lambda: _status("SigBlk", "SigIgn", "SigCgt"),
    "folders": _folders,
    "files": _files,
    "python": _python,
    "streams": _streams,
    "signals": _signals,
    "warnings": lambda: list(map(str, __import__("warnings").filters)),
    "finders": lambda: [
        getattr(f, "__name__", type(f).__name__) for f in __import__("sys").meta_path
    ],
    "threads": _threads,
    "loggers": _loggers,
    "hooks": _hooks,
    "numbers": _numbers,
}
