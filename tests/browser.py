"""Run notebooks in a real JupyterLab in a real browser, and say what is wrong with what it shows.

    python tests/browser.py NOTEBOOK... --out DIR

runs notebooks, and writes pictures of every part of them for human eyes.
"""

import argparse
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlparse

from playwright.sync_api import Browser, ConsoleMessage, Page, TimeoutError, sync_playwright

from course_utils import ROOT
from course_utils.machine.lab import arguments
from course_utils.notebooks import FOLDERS

CHROMIUM_NAMES = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]
CHROMIUM = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
MISSING = "No Chromium was found: `apt-get install chromium` (as root) enables them."

NO_TEXT = ("", "image")
"""What JupyterLab says of a picture that came without a text."""

# Functions for the page, where JupyterLab is `jupyterapp` (its --LabApp.expose_app_in_browser).
READY = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  return panel?.context?.isReady && panel.sessionContext?.isReady
    && panel.sessionContext.session?.kernel && panel.content?.widgets?.length > 0;
}"""
# The menu's command returns at once; the command that it calls says when all cells have ended.
LISTEN = """() => {
  window.allCellsEnded = false;
  jupyterapp.commands.commandExecuted.connect((_, {id, result}) => {
    if (id === 'notebook:run-all-cells') result.then(() => { window.allCellsEnded = true; });
  });
}"""
ENDED = "() => window.allCellsEnded"
SHOWN = """() => Array.from(document.querySelectorAll('.jp-Notebook img'))
    .every(image => image.complete)
  && jupyterapp.shell.currentWidget.content.widgets.every(cell => cell.model.type !== 'code'
    || cell.outputArea.widgets.length >= cell.model.outputs.length)"""
CELLS = """() => jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code')
  .map(cell => ({
    source: cell.model.sharedModel.getSource(),
    count: cell.model.executionCount,
    outputs: cell.model.outputs.toJSON(),
    text: cell.outputArea.node.textContent,
  }))"""
PICTURES = """() => Array.from(document.querySelectorAll(
    '.jp-Notebook img, .jp-Notebook iframe, .jp-OutputArea-output svg'))
  .map(picture => ({
    kind: picture.localName,
    shown: picture.localName !== 'img' || picture.naturalWidth > 0,
    name: (picture.getAttribute('alt') ?? picture.getAttribute('title')
      ?? picture.getAttribute('aria-label')
      ?? picture.querySelector(':scope > title')?.textContent ?? '').trim(),
    html: picture.outerHTML.slice(0, 80),
  }))"""
# How far to the first cell that does not end on this screen; 0 where all do.
NEXT = """() => {
  const panel = jupyterapp.shell.currentWidget.content.outerNode;
  const frame = panel.getBoundingClientRect();
  const cells = Array.from(panel.querySelectorAll('.jp-Cell'))
    .map(cell => cell.getBoundingClientRect());
  const cut = cells.find(cell => cell.bottom > frame.bottom + 1);
  return !cut ? 0 : cut.top > frame.top + 1 ? cut.top - frame.top : 0.9 * frame.height;
}"""
SCROLL = "by => jupyterapp.shell.currentWidget.content.outerNode.scrollBy(0, by)"
LAUNCHER = "() => window.jupyterapp?.shell?.currentWidget"
OPEN = "path => jupyterapp.commands.execute('docmanager:open', {path}).then(() => null)"
CLOSE = """() => {
  const panel = jupyterapp.shell.currentWidget;
  const session = panel.sessionContext.session?.id;
  panel.dispose();
  return session && jupyterapp.serviceManager.sessions.shutdown(session);
}"""
SHUT_DOWN = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.shutdown()"


class Lab(NamedTuple):
    """A running JupyterLab: its address, its token, and the folder that holds its notebooks."""

    address: str
    token: str
    folder: Path


def copy_course(folder: Path, stored: Callable[[str], bool] = lambda name: False) -> None:
    """Copy the notebooks, without outputs: what the browser shows is then of its own run.

    `stored` says for a file's name whether its outputs are copied too.
    """
    for name in FOLDERS:
        hidden = shutil.ignore_patterns(".*")
        shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True, ignore=hidden)
    for path in folder.rglob("*.ipynb"):
        if stored(path.name):
            continue
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}
        path.write_text(json.dumps(notebook), encoding="utf-8")


@contextlib.contextmanager
def running_lab(folder: Path, base_url: str = "/") -> Iterator[Lab]:
    """Run JupyterLab as the course does, on the notebooks of a folder, at or below the root."""
    port = free_port()
    token = secrets.token_hex(24)
    # All of a notebook is drawn, also what a screen does not show yet.
    settings = folder / "jupyter/lab/user-settings/@jupyterlab/notebook-extension"
    settings.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"windowingMode": "none"})
    (settings / "tracker.jupyterlab-settings").write_text(text, encoding="utf-8")
    own = {
        "COURSE_PROGRESS": str(folder / "progress.json"),
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
        "JUPYTER_TOKEN": token,
    }
    options = [f"--ServerApp.port={port}", "--LabApp.expose_app_in_browser=True"]
    options += [f"--ServerApp.base_url={base_url}"]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *arguments(folder), *options],
        cwd=folder,
        env=os.environ | own,
        stdin=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}{base_url}"
    try:
        _wait_for(f"{address}api?token={token}", server)
        yield Lab(address, token, folder)
    finally:
        end(server)


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def end(server: subprocess.Popen, seconds: float = 10) -> None:
    """Ask a server to end, and end it where it does not."""
    server.terminate()
    try:
        server.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _wait_for(address: str, server: subprocess.Popen) -> None:
    end = time.monotonic() + 180
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            if server.poll() is not None or time.monotonic() > end:
                raise
        time.sleep(0.1)


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """Run the Chromium of this machine without a window."""
    options = ["--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@contextlib.contextmanager
def opened(browser: Browser, lab: Lab, notebook: str) -> Iterator[tuple[Page, list[str]]]:
    """Open a notebook in a browser of its own; yield the page, and what is amiss on it so far.

    With "" for a notebook JupyterLab shows its launcher.
    """
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(60_000)
    page = context.new_page()
    amiss: list[str] = []
    context.on("request", lambda request: amiss.extend(_outside(request.url)))
    page.on("websocket", lambda socket: amiss.extend(_outside(socket.url)))
    page.on("pageerror", lambda error: amiss.append(f"an error in JavaScript: {error}"))
    page.on("console", lambda said: amiss.extend(_complaint(said)))
    where = f"lab/tree/{notebook}" if notebook else "lab"
    page.goto(f"{lab.address}{where}?reset&token={lab.token}")
    try:
        yield page, amiss
    finally:
        page.evaluate(SHUT_DOWN)
        context.close()


@contextlib.contextmanager
def opened_in(page: Page, amiss: list[str], notebook: str) -> Iterator[None]:
    """Open a notebook in a page that shows JupyterLab already, which takes a quarter of the time.

    `amiss` is then of this notebook, until it is closed: its kernel goes with it, unsaved.
    """
    amiss.clear()
    page.evaluate(OPEN, notebook)
    try:
        yield
    finally:
        page.evaluate(CLOSE)


def _outside(address: str) -> list[str]:
    place = urlparse(address)
    if place.scheme in ("data", "blob", "about") or place.hostname == "127.0.0.1":
        return []
    return [f"a request left this machine: {address[:100]}"]


def _complaint(said: ConsoleMessage) -> list[str]:
    # TensorBoard looks for its letters at the root, wherever it is; the browser then takes others.
    if said.type != "error" or "/font-roboto/" in said.location["url"]:
        return []
    return [f"in the browser's console: {said.text} ({said.location['url'][:100]})"]


def run_all(page: Page, seconds: int = 240) -> list[dict[str, Any]]:
    """Press Run All Cells, wait until all has ended and is shown; return the code cells."""
    page.wait_for_function(READY)
    page.evaluate(LISTEN)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(ENDED, timeout=1000 * seconds)
    return look(page)


def look(page: Page) -> list[dict[str, Any]]:
    """Wait until all outputs are shown; return the code cells."""
    page.wait_for_function(READY)
    page.wait_for_function(SHOWN)
    return page.evaluate(CELLS)


def problems(page: Page, notebook: str, stored: bool = False) -> list[str]:
    """Run a notebook that is open, or look at its stored outputs; list what is wrong with it."""
    try:
        cells = look(page) if stored else run_all(page)
    except TimeoutError as error:
        return [f"it did not come to its end: {error.message.splitlines()[0]}"]
    if notebook.startswith("exercises/"):
        return exercise_problems(cells)
    return lesson_problems(page, cells)


def lesson_problems(page: Page, cells: list[dict[str, Any]]) -> list[str]:
    """List what is wrong with a lesson that was run: its cells, and its pictures."""
    found = []
    for number, cell in enumerate(cells, start=1):
        if cell["count"] is None and cell["source"].strip():
            found.append(f"code cell {number} was not run")
        for error in _errors(cell):
            found.append(f"code cell {number} stopped: {error['ename']}: {error['evalue']}")
    for picture in page.evaluate(PICTURES):
        if picture["name"].lower() in NO_TEXT:
            found.append(f"a picture without a text for those who cannot see it: {picture['html']}")
        if not picture["shown"]:
            found.append(f"a picture that is not shown: {picture['html']}")
    return found


def exercise_problems(cells: list[dict[str, Any]]) -> list[str]:
    """List what is wrong with an untouched exercise: its first check, and no other, stops it."""
    stopped = [number for number, cell in enumerate(cells) if _errors(cell)]
    if not stopped:
        return ["no task stopped it: is a solution left in it?"]
    at, found = stopped[0], []
    said = [line for line in cells[at]["text"].splitlines() if line.strip()]
    if len(said) != 1 or "not attempted" not in said[0].lower():
        found.append(f"code cell {at + 1} does not say in one line 'not attempted': {said}")
    if "tasks.check(" not in cells[at]["source"] or any(
        "tasks.check(" in cell["source"] for cell in cells[:at]
    ):
        found.append(f"it stopped in code cell {at + 1}, not in its first check")
    if any("Traceback" in cell["text"] for cell in cells):
        found.append("a traceback is shown")
    if any(cell["count"] is not None for cell in cells[at + 1 :]):
        found.append("cells below the first task were run")
    return found


def _errors(cell: dict[str, Any]) -> list[dict[str, Any]]:
    return [output for output in cell["outputs"] if output["output_type"] == "error"]


def take_pictures(page: Page, folder: Path, name: str) -> list[Path]:
    """Write pictures of the notebook from its top to its end, a screen each."""
    page.evaluate("() => { jupyterapp.shell.collapseLeft(); jupyterapp.shell.collapseRight(); }")
    folder.mkdir(parents=True, exist_ok=True)
    written, step = [], -1_000_000
    while step:
        page.evaluate(SCROLL, step)
        page.wait_for_timeout(300)  # what scrolls into view is drawn only then
        written.append(folder / f"{name}-{len(written) + 1:02}.png")
        page.locator(".jp-NotebookPanel-notebook").screenshot(path=written[-1])
        step = page.evaluate(NEXT)
    return written


def main() -> None:
    """Run notebooks in the browser and write pictures of them."""
    parser = argparse.ArgumentParser(description="Run notebooks in JupyterLab, and take pictures.")
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--stored", action="store_true", help="show the stored outputs: do not run")
    parser.add_argument("--width", type=int, default=1200)
    parser.add_argument("--height", type=int, default=1400)
    options = parser.parse_args()
    if CHROMIUM is None:
        sys.exit(MISSING)
    names = [path.resolve().relative_to(ROOT).as_posix() for path in options.notebooks]
    with tempfile.TemporaryDirectory(prefix="course-browser-") as folder:
        copy_course(Path(folder), stored=lambda name: options.stored)
        with running_lab(Path(folder)) as lab, running_browser() as browser:
            for name in names:
                with opened(browser, lab, name) as (page, amiss):
                    page.set_viewport_size({"width": options.width, "height": options.height})
                    found = problems(page, name, options.stored)
                    label = name.removesuffix(".ipynb").replace("/", "-")
                    pictures = take_pictures(page, options.out, label)
                    print(f"{name}: {len(pictures)} pictures, {pictures[0]} ...")
                    for problem in [*amiss, *found]:
                        print(f"  {problem}")


if __name__ == "__main__":
    main()
