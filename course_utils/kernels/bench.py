"""What the course's own machinery is worth, measured in pairs: warm kernels against stock ones."""

import contextlib
import functools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from course_utils import CourseError, kernels, timing

NOTEBOOKS = 10
READY = (
    "kernel ready, both imported (s)",
    "private memory of a further kernel (MB)",
    "first training, over its own work (s)",
)
IMPORTS = "import tensorflow as tf\nimport torch"
CELLS = [
    IMPORTS,
    "print(int((torch.ones(100, 100) @ torch.ones(100, 100)).sum()))",
    "print(int(tf.reduce_sum(tf.ones((100, 100)) @ tf.ones((100, 100)))))",
]
TRAINING = """
import keras
first = torch.nn.Linear(8, 1)
second = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
adam, other = torch.optim.Adam(first.parameters()), keras.optimizers.Adam()
for _ in range(20):
    adam.zero_grad()
    first(torch.ones(4, 8)).square().mean().backward()
    adam.step()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(second(tf.ones((4, 8))) ** 2)
    other.apply(tape.gradient(loss, second.weights), second.weights)
"""


def bench_kernels(pairs: int = 5) -> str:
    """Compare stock with warm kernels; return the table as text.

    Raises CourseError where there are no warm kernels on this machine.
    """
    from rich.console import Console
    from rich.table import Table

    if not kernels.environment():
        raise CourseError("warm kernels need Linux; COURSE_WARM_KERNELS=0 switches them off")
    table = Table("what", "stock", "warm", "stock / warm")
    with tempfile.TemporaryDirectory(prefix="cb") as folder:
        os.environ["XDG_DATA_HOME"] = folder
        once = _seconds_to_answer(warm=True)
        compared = {("first answer, both imported (s)",): _seconds_to_answer, READY: _ready}
        path = Path(folder)
        for name, options in (("serial", ["-n0"]), ("two workers", ["-n2", "--dist=loadfile"])):
            title = f"{NOTEBOOKS} notebooks through nbval, {name}, preload included (s)"
            compared[title,] = functools.partial(_nbval, path, options)
        for titles, measure in compared.items():
            for title, result in zip(titles, _in_pairs(measure, pairs), strict=True):
                columns = [_range(result.first), _range(result.second), str(result)]
                table.add_row(title, *columns)
    console = Console(width=110, color_system=None)
    with console.capture() as capture:
        console.print(table)
    note = f"The first warm kernel waits for the preload, once: {once[0]:.1f} s. Pairs: {pairs}."
    note += f" Processes that wanted a processor: {os.getloadavg()[0]:.1f}, of {os.cpu_count()}."
    return capture.get() + note


def _in_pairs(measure: Callable[[bool], tuple[float, ...]], pairs: int) -> list[timing.Comparison]:
    """Compare each of the numbers that one start of a kernel gives."""
    said: dict[bool, list[tuple[float, ...]]] = {False: [], True: []}
    both = [lambda warm=warm: said[warm].append(measure(warm)) for warm in said]
    timing.compare(*both, pairs)
    stock, warm = ([list(column) for column in zip(*said[side], strict=True)] for side in said)
    return [timing.Comparison(*columns) for columns in zip(stock, warm, strict=True)]


def _range(values: list[float]) -> str:
    low, middle, high = timing.spread(values)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


@contextlib.contextmanager
def _kernel(warm: bool) -> Iterator[tuple[Any, Any]]:
    """Start a kernel, and give its manager and a client."""
    from jupyter_client.manager import KernelManager
    from jupyter_client.provisioning.factory import KernelProvisionerFactory

    name = kernels.NAME if warm else "local-provisioner"
    KernelProvisionerFactory.instance().default_provisioner_name = name
    manager = KernelManager(kernel_name="python3")
    with open(os.devnull, "w") as nowhere:  # TensorFlow's first lines would go between the numbers
        manager.start_kernel(stdout=nowhere, stderr=nowhere)
    client = manager.client()
    client.start_channels()
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _run(client: Any, code: str) -> float:
    """Run code and return the seconds until its reply came."""
    start = time.perf_counter()
    if client.execute(code, reply=True, timeout=120)["content"]["status"] != "ok":
        raise CourseError("a kernel that was to be measured failed")
    return time.perf_counter() - start


def _seconds_to_answer(warm: bool) -> tuple[float]:
    """Return the seconds to an answer, asked for at once, as JupyterLab does."""
    start = time.perf_counter()
    with _kernel(warm) as (_, client):
        _run(client, IMPORTS)
        return (time.perf_counter() - start,)


def _ready(warm: bool) -> tuple[float, float, float]:
    """Wait until a kernel is ready, as nbclient does, then import and train in it.

    Returns seconds until it has imported, private megabytes then, and seconds of a first training
    over those of the next ones: the median of several, for what else runs disturbs each.
    """
    import psutil

    start = time.perf_counter()
    with _kernel(warm) as (manager, client):
        client.wait_for_ready(timeout=120)
        _run(client, IMPORTS)
        seconds = time.perf_counter() - start
        memory = psutil.Process(manager.provisioner.pid).memory_full_info().uss / 1e6
        first, *again = [_run(client, TRAINING) for _ in range(6)]
    return seconds, memory, first - statistics.median(again)


def _nbval(folder: Path, options: list[str], warm: bool) -> tuple[float]:
    """Run the notebooks through nbval as it is, with a preload that is yet to be started."""
    import nbformat

    with tempfile.TemporaryDirectory(dir=folder) as place:
        for n in range(NOTEBOOKS):
            cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
            nbformat.write(nbformat.v4.new_notebook(cells=cells), Path(place, f"{n}.ipynb"))
        environment = os.environ | {"XDG_DATA_HOME": place}
        environment |= kernels.environment() if warm else {}
        command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-q"]
        start = time.perf_counter()
        result = subprocess.run(
            [*command, *options, place],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - start
    if result.returncode:
        raise CourseError(f"nbval failed: {result.stdout.strip().splitlines()[-1]}")
    return (seconds,)
