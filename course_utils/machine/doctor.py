"""Is this machine ready, and if not, which one command mends it?"""

import importlib.metadata
import os
import shutil
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from course_utils import ROOT, SET_UP, CourseError, kernels
from course_utils.authoring import exercises, headers
from course_utils.dashboards import web_files
from course_utils.machine import frameworks
from course_utils.machine.table import Row

GIGABYTES_OF_MEMORY, GIGABYTES_OF_DISK = 3, 1


def check_machine() -> list[Row]:
    """Look at everything a learner needs, and at what is optional.

    Other processes compute in the frameworks and start kernels while this one reads notebooks.
    """
    with ThreadPoolExecutor() as pool:
        computing, started = pool.submit(frameworks.look), pool.submit(_kernels)
        notebooks = _notebooks()
    return [
        _python(),
        *_packages(),
        *computing.result(),
        *started.result(),
        *_resources(),
        *_optional(),
        _web_files(),
        *notebooks,
    ]


def pins(constraints: Path | None = None) -> dict[str, str]:
    """Return the version that this environment's constraints give each package."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    stamp = Path(sys.prefix, "stamp")
    cards = stamp.exists() and "cards" in stamp.read_text(encoding="utf-8")
    constraints = constraints or ROOT / f"constraints{'-cards' * cards}.txt"
    found = {}
    for line in constraints.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            if not requirement.marker or requirement.marker.evaluate():
                (specifier,) = requirement.specifier
                found[canonicalize_name(requirement.name)] = specifier.version
    return found


def direct_dependencies() -> list[str]:
    """List the packages that pyproject.toml names, those of the tests included."""
    from packaging.requirements import Requirement

    project = _project()
    named = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    return [Requirement(line).name for line in named]


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _python() -> Row:
    from packaging.specifiers import SpecifierSet

    wanted = _project()["requires-python"]
    version = ".".join(map(str, sys.version_info[:3]))
    fits = version in SpecifierSet(wanted)
    mend = "" if fits else "make lab PYTHON=python3.12" if os.name == "posix" else SET_UP
    return Row("Python", "ok" if fits else "fail", f"{version} (wanted: {wanted})", mend)


def _packages() -> list[Row]:
    from packaging.version import Version

    wanted, good, rows = pins(), 0, []
    for name in direct_dependencies():
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            rows.append(Row(name, "fail", f"missing (tested with {wanted[name]})", SET_UP))
            continue
        # A local build such as 2.13.0+cpu is that version, built for this machine.
        if Version(version).public == Version(wanted[name]).public:
            good += 1
        else:
            rows.append(Row(name, "fail", f"{version} (tested with {wanted[name]})", SET_UP))
    return [Row("packages", "ok", f"{good} at the versions the course was tested with"), *rows]


def _kernels() -> list[Row]:
    """Compute in a kernel of either kind, started as JupyterLab does."""
    rows = [_kernel("stock kernel", "local-provisioner")]
    if kernels.environment():
        return [*rows, _kernel("warm kernel", kernels.NAME)]
    reason = "not on this system, or switched off; stock kernels do, and start more slowly"
    return [*rows, Row("warm kernel", "note", reason)]


def _kernel(title: str, provisioner: str) -> Row:
    from jupyter_client.manager import KernelManager
    from jupyter_client.provisioning.factory import KernelProvisionerFactory

    factory = KernelProvisionerFactory.instance()
    factory.default_provisioner_name = provisioner
    manager = KernelManager(kernel_name="python3")
    said: list[str] = []
    try:
        manager.start_kernel(extra_arguments=["--log-level=CRITICAL"])
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=120)
            client.execute_interactive(
                "import numpy; print(numpy.arange(10).sum())",
                output_hook=lambda message: said.append(message["content"].get("text", "")),
                timeout=120,
            )
        finally:
            client.stop_channels()
    except Exception as error:
        said = [f"{type(error).__name__}: {error}".splitlines()[0]]
    finally:
        why_stock = getattr(manager.provisioner, "why_stock", "")
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)
    if "".join(said) != "45\n":
        return Row(title, "fail", f"cannot compute: {''.join(said) or 'no answer'}", SET_UP)
    if why_stock:
        return Row(title, "note", f"a stock kernel came instead: {why_stock}")
    return Row(title, "ok", "starts and computes")


def _resources() -> list[Row]:
    import psutil

    memory = psutil.virtual_memory()
    free, total = memory.available / 1e9, memory.total / 1e9
    disk = shutil.disk_usage(ROOT).free / 1e9
    few, full = free < GIGABYTES_OF_MEMORY, disk < GIGABYTES_OF_DISK
    close = f"close other programs ({GIGABYTES_OF_MEMORY} GB needed)" if few else ""
    room = f"make room ({GIGABYTES_OF_DISK} GB needed)" if full else ""
    return [
        Row("processor", "ok", f"{os.cpu_count()} cores (the course uses two)"),
        Row("memory", "fail" if few else "ok", f"{free:.1f} of {total:.1f} GB free", close),
        Row("disk", "fail" if full else "ok", f"{disk:.0f} GB free", room),
    ]


def _optional() -> list[Row]:
    wanted = {
        "Node.js": (("node",), "Visdom's web files (part 2), and set-up brings another"),
        "C++ compiler": (("g++", "clang++", "cl"), "torch.compile (part 3)"),
        "Chromium": (
            ("chromium", "chromium-browser", "google-chrome"),
            "the tests in a browser (maintainers)",
        ),
    }
    rows = []
    for name, (programs, purpose) in wanted.items():
        found = next((program for program in programs if shutil.which(program)), None)
        detail = f"found: {found}" if found else f"not found; only needed for {purpose}"
        rows.append(Row(name, "ok" if found else "note", detail))
    return rows


def _web_files() -> Row:
    if web_files.current():
        return Row("Visdom's web files", "ok", "made")
    detail = f"not made; only needed to look at Visdom (part 2): `{web_files.MEND}`"
    return Row("Visdom's web files", "note", detail)


def _notebooks() -> list[Row]:
    """Look at what is generated: what a learner wrote is no fault, wherever and however saved."""
    rows = []
    for name, write, status, mend in (
        ("exercises", exercises.write_exercises, "fail", "course exercises"),
        ("lesson headers", headers.write_headers, "note", ""),
    ):
        try:
            lines, _ = write(check=True)
        except CourseError as error:
            detail = f"{error}: rename yours, and `git checkout` brings the course's back"
            rows.append(Row(name, "note", detail))
            continue
        states = [line.rpartition(": ")[2] for line in lines]
        edited = sum(state.startswith("edited") for state in states)
        older = states.count("edited and stale")
        detail = "current" + (f", {edited} with your own work" if edited else "")
        detail += f" ({older} of another release, or saved elsewhere)" if older else ""
        bad = [line for line in lines if line.endswith((": stale", ": missing"))]
        rows.append(Row(name, status, "; ".join(bad), mend) if bad else Row(name, "ok", detail))
    return rows
