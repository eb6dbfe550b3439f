"""What the preload has imported stays out of sight until a notebook imports it, as if it did now.

`recorded` notes, while the preload imports, which module's body imported which, and what it changed
in the process besides. `Hidden` keeps the modules out of `sys.modules`: the first import of one
brings back what a stock import brings, no more. Where a setting or a file is not what it was,
packages of Python alone are imported anew; for what cannot be loaded twice the notebook is told.
"""

import builtins
import contextlib
import importlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import _bootstrap, machinery, util
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

# What these read, of the environment, when they are loaded, and never again.
READ_ONCE = {
    "numpy": ("GOTO_", "MKL_", "NPY_", "OMP_", "OPENBLAS_"),
    "sklearn": ("GOMP_", "KMP_", "OMP_", "SCIPY_", "SKLEARN_"),
    "tensorflow": ("DNNL_", "ONEDNN_", "TF2_", "TF_"),
    "torch": ("ATEN_", "DNNL_", "GOMP_", "KINETO_", "MKL_", "OMP_", "ONEDNN_", "PYTORCH_", "TORCH"),
}

# What begins like that, and is looked at when it is needed.
READ_LATER = {
    "PYTORCH_CUDA_ALLOC_CONF",
    "TF_CONFIG",
    "TF_FORCE_GPU_ALLOW_GROWTH",
    "TF_GPU_ALLOCATOR",
    "TORCHINDUCTOR_CACHE_DIR",
    "TORCH_HOME",
}

TOO_LATE = (
    "Warm kernel: {} was set after {} had been loaded, so it may have no effect. Set it before "
    "Jupyter starts, or start Jupyter with COURSE_WARM_KERNELS=0."
)


def _changed_at(*paths: str | Path) -> list[tuple[str, int]]:
    found = []
    for path in paths:
        with contextlib.suppress(OSError):
            found.append((str(path), os.stat(path).st_mtime_ns))
    return found


def _environment(*prefixes: str) -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key.startswith(prefixes)}


def _keras_settings(keras: ModuleType) -> Any:
    home = os.environ.get("KERAS_HOME") or Path("~/.keras").expanduser()
    return _environment("KERAS_"), _changed_at(Path(home, "keras.json"))


def _matplotlib_settings(matplotlib: ModuleType) -> Any:
    fonts = sorted(Path(matplotlib.get_cachedir()).glob("fontlist-*.json"))
    files = _changed_at(matplotlib.matplotlib_fname(), *fonts)
    return _environment("MPL", "MATPLOTLIBRC"), files


# Packages that can be imported anew, and what they look at when they are imported.
SETTINGS: dict[str, Callable[[ModuleType], Any]] = {
    "keras": _keras_settings,
    "matplotlib": _matplotlib_settings,
}


class State(NamedTuple):
    """What an import changes in the process, sys.modules aside, and what can be put back."""

    environment: dict[bytes, bytes]
    filters: list[tuple]
    finders: list[Any]

    def restore(self) -> None:
        """Make it the state again."""
        os.environ.clear()
        os.environ.update({os.fsdecode(k): os.fsdecode(v) for k, v in self.environment.items()})
        warnings.filters[:] = self.filters
        warnings._filters_mutated()
        sys.meta_path[:] = self.finders


def state() -> State:
    """Return the state of this process."""
    return State(dict(os.environ._data), list(warnings.filters), list(sys.meta_path))


def _change(before: State, after: State) -> None:
    """Do to this process what an import did to the preload."""
    for name, value in after.environment.items():
        old, key = before.environment.get(name), os.fsdecode(name)
        if value != old and os.environ._data.get(name) == old:
            os.environ[key] = os.fsdecode(value)
    added = [entry for entry in after.filters if entry not in before.filters]
    kept = [f for f in warnings.filters if f in after.filters or f not in before.filters]
    behind = added if after.filters[:1] == before.filters[:1] else []
    warnings.filters[:] = [*([] if behind else added), *kept, *behind]
    warnings._filters_mutated()
    sys.meta_path += [one for one in after.finders if one not in before.finders]


class Record:
    """Which module imported which, and which changed the state from what to what."""

    def __init__(self):
        self.imported: dict[str, set[str]] = {}
        self.changes: list[tuple[str, State, State]] = []
        self._last = state()

    def look(self, module: str) -> None:
        """Book what has changed since the last look on this module."""
        now = (os.environ._data, warnings.filters, sys.meta_path)
        if now != self._last:
            self.changes.append((module, self._last, state()))
            self._last = self.changes[-1][2]


@contextlib.contextmanager
def recorded() -> Iterator[Record]:
    """Note every import that is made meanwhile, be it by a statement, from C or by importlib."""
    record = Record()
    by_statement, by_name = builtins.__import__, _bootstrap._gcd_import

    def statement(name, globals=None, locals=None, fromlist=(), level=0):
        importer = _importer()
        record.look(importer)
        module = by_statement(name, globals, locals, fromlist, level)
        if level:
            package = globals.get("__package__") or globals["__name__"].rpartition(".")[0]
            name = util.resolve_name("." * level + name, package)
        record.look(name)
        parts = fromlist or ()
        if "*" in parts:
            parts = getattr(module, "__all__", ())
        names = [name, *(f"{name}.{part}" for part in parts)]
        record.imported.setdefault(importer, set()).update(names)
        return module

    def call(name, package=None, level=0):
        importer = _importer()
        record.look(importer)
        module = by_name(name, package, level)
        name = util.resolve_name("." * level + name, package) if level else name
        record.look(name)
        record.imported.setdefault(importer, set()).add(name)
        return module

    builtins.__import__, _bootstrap._gcd_import = statement, call
    try:
        yield record
    finally:
        builtins.__import__, _bootstrap._gcd_import = by_statement, by_name


def _importer() -> str:
    """Name the module whose body is at work, however deep in calls the import stands."""
    frame = sys._getframe(2)
    while frame.f_back and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return frame.f_globals.get("__name__", "")


class Hidden:
    """A finder, the first on sys.meta_path, of modules that have been imported out of sight."""

    def __init__(self, record: Record, seen_before: set[str]):
        """Hide what has been imported since the modules named were all that there were."""
        names = [n for n in sys.modules if n not in seen_before and sys.modules[n] is not None]
        self.modules = {name: sys.modules.pop(name) for name in names}
        self.modules.pop("__mp_main__", None)
        self.specs = {name: getattr(one, "__spec__", None) for name, one in self.modules.items()}
        self._record = record
        booked = set().union(*record.imported.values())
        for name in self.modules:
            # Not imported, but put there by another module, most likely its package.
            if name not in booked or self.specs[name] is None:
                record.imported.setdefault(name.rpartition(".")[0], set()).add(name)
        known = [(root, look) for root, look in SETTINGS.items() if root in self.modules]
        self._settings = {root: look(self.modules[root]) for root, look in known}
        self._environment: dict[str, str] = {}

    def begin(self) -> None:
        """Answer imports from now on; the environment is what the kernel starts with."""
        self._environment = dict(os.environ)
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Answer an import; Python calls this."""
        if name not in self.modules or self._forget(name.partition(".")[0]):
            return None
        spec = self.specs[name]
        found = machinery.ModuleSpec(name, self, origin=getattr(spec, "origin", None))
        found.submodule_search_locations = getattr(spec, "submodule_search_locations", None)
        return found

    def create_module(self, spec: Any) -> ModuleType:
        """Return the module that was imported; Python calls this."""
        return self.modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """Bring back what an import of this module brings; Python calls this."""
        name = module.__spec__.name
        module.__spec__ = self.specs[name]
        roots = {other.partition(".")[0] for other in self._brought_by(name)}
        anew = sorted(root for root in roots if self._forget(root))
        names = self._brought_by(name)
        self._warn(roots & set(names))
        for other in names:
            sys.modules.setdefault(other, self.modules.pop(other))
        if "multiprocessing" in names:
            sys.modules["__mp_main__"] = sys.modules["__main__"]
        for changed, before, after in self._record.changes:
            if changed in names:
                _change(before, after)
        for root in anew:
            importlib.import_module(root)

    def _brought_by(self, name: str) -> list[str]:
        """List the hidden modules that an import of this one imports, in the order it did."""
        found, waiting = set(), [name]
        while waiting:
            other = waiting.pop()
            if other in self.modules and other not in found:
                found.add(other)
                waiting += [*self._record.imported.get(other, ()), other.rpartition(".")[0]]
        return [other for other in self.modules if other in found]

    def _forget(self, root: str) -> bool:
        """Give up a package that an import would now find, or make, otherwise; say whether."""
        if root not in self.modules:
            return False
        spec = self.specs[root]
        found = machinery.PathFinder.find_spec(root) if getattr(spec, "has_location", 0) else None
        changed = found is not None and found.origin != spec.origin
        if root in self._settings:
            changed |= SETTINGS[root](self.modules[root]) != self._settings[root]
        if changed:
            for name in [n for n in self.modules if n == root or n.startswith(root + ".")]:
                del self.modules[name]
        return changed

    def _warn(self, roots: set[str]) -> None:
        """Say it aloud where a variable was set too late for what is now imported."""
        for root in sorted(roots & READ_ONCE.keys()):
            now, then = (
                {
                    key: value
                    for key, value in values.items()
                    if key.startswith(READ_ONCE[root]) and key not in READ_LATER
                }
                for values in (os.environ, self._environment)
            )
            for key in sorted(key for key in now | then if now.get(key) != then.get(key)):
                print(TOO_LATE.format(key, root), file=sys.stderr)
                self._environment[key] = os.environ.get(key, "")
