"""Measure what each lesson takes, and write it into CONTRIBUTING.md."""

import re
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils import ROOT, CourseError, notebooks
from course_utils.authoring.execution import client
from course_utils.files import inside, write_text

if TYPE_CHECKING:
    import psutil

PAGE = Path("CONTRIBUTING.md")

TABLE = re.compile(r"(<!-- seconds: .*? -->\n).*?(<!-- end of seconds -->)", re.DOTALL)

ROW = re.compile(r"^\| (\S+\.ipynb) \| (\d+) \| (\d+) \|$", re.MULTILINE)

SECONDS_BETWEEN_LOOKS = 0.3


def measure(paths: list[Path], root: Path = ROOT) -> list[str]:
    """Run lessons (default: all) one by one and write what they took; return a line for each.

    Seconds count from the second cell on: the first imports both frameworks. Megabytes are the
    most that the kernel and its children held at once, parts that they share counted once.
    Raises CourseError, and runs none, where the page has no place for them.
    """
    lessons = [root / inside(path, root) for path in paths] or notebooks.notebook_paths(
        "notebooks", root
    )
    rows = read(root)
    lines = []
    for path in lessons:
        seconds, megabytes = _run(path)
        name = path.relative_to(root / "notebooks").as_posix()
        rows[name] = round(seconds), round(megabytes)
        lines.append(f"{name}: {seconds:.0f} s, {megabytes:.0f} MB")
    known = [
        path.relative_to(root / "notebooks").as_posix()
        for path in notebooks.notebook_paths("notebooks", root)
    ]
    table = ["| lesson | seconds | MB |", "|---|---|---|"]
    table += [f"| {name} | {rows[name][0]} | {rows[name][1]} |" for name in known if name in rows]
    # Read again: somebody may have written in the page while the lessons ran.
    new = TABLE.sub(lambda match: match[1] + "\n".join(table) + "\n" + match[2], _page(root))
    write_text(root / PAGE, new)
    return lines


def read(root: Path = ROOT) -> dict[str, tuple[int, int]]:
    """Return each lesson's seconds and megabytes as they stand in the table."""
    found = ROW.findall(TABLE.search(_page(root))[0])
    return {name: (int(seconds), int(megabytes)) for name, seconds, megabytes in found}


def _page(root: Path) -> str:
    text = (root / PAGE).read_text(encoding="utf-8")
    if not TABLE.search(text):
        raise CourseError(f"{PAGE} has lost the comments between which the lessons' seconds stand")
    return text


def _run(path: Path) -> tuple[float, float]:
    """Run a notebook in a stock kernel, which shares no memory with another one."""
    import psutil

    notebook = notebooks.read(path)
    runner = client(notebook, path)
    code = [n for n, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    peak, done = 0.0, threading.Event()
    with runner.setup_kernel():
        kernel = psutil.Process(runner.km.provisioner.pid)

        def watch() -> None:
            nonlocal peak
            while not done.wait(SECONDS_BETWEEN_LOOKS):
                peak = max(peak, _megabytes(kernel))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            runner.execute_cell(notebook.cells[code[0]], code[0])
            start = time.perf_counter()
            for n in code[1:]:
                runner.execute_cell(notebook.cells[n], n)
            seconds = time.perf_counter() - start
        finally:
            done.set()
            watcher.join()
    return seconds, peak


def _megabytes(process: "psutil.Process") -> float:
    """Return what a process and its children hold; where the system tells, shared parts once."""
    import psutil

    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            memory = one.memory_full_info()
        except psutil.Error:
            continue
        total += getattr(memory, "pss", memory.rss)
    return total / 1e6
