"""Do at each dashboard's page, in a real browser, what a person does there; and weigh both boards.

    python tests/board_pages.py

writes course_utils/dashboards/pages.json, which the lessons show: a lesson has no browser.
"""

import contextlib
import datetime
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import browser
import numpy as np
import psutil
from playwright.sync_api import Browser, Locator, Page

from course_utils import dashboards
from course_utils.dashboards.pages import RECORD
from course_utils.workers import free_ports

MILLISECONDS = 1500
TIMES_TO_LOOK = 6
SCREEN = {"width": 1400, "height": 1000}
CONTROLS = (
    "button, input, select, textarea, a[href], [role=button], [role=checkbox], [role=tab], "
    "mat-select, mat-slider"
)
COMMANDS = {
    "TensorBoard": ("from tensorboard.main import run_main as main", "--port", "--logdir"),
    "Visdom": ("from visdom.server.run_server import main", "-port", "-bind_local", "-env_path"),
}
TABLE = "<table><tr><th>run</th><th>loss</th></tr>{}</table>"


def main() -> None:
    """Record what can be done at the two pages today."""
    with browser.running_browser() as chromium, tempfile.TemporaryDirectory() as folder:
        tried, weighed = try_all(chromium, Path(folder))
    for board in weighed:
        weighed[board] |= servers(board)
    versions = {name: version(name) for name in ("tensorboard", "visdom")}
    record = {"date": str(datetime.date.today()), "versions": versions}
    record |= {"tried": tried, "weighed": weighed}
    RECORD.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def try_all(chromium: Browser, folder: Path) -> tuple[dict[str, dict], dict[str, dict]]:
    """Return for each page whether it changed by each thing done and by waiting, and its weight."""
    losses = np.random.default_rng(0).random((2, 40)) + np.array([[0], [1]])
    tried, weighed = {}, {}
    with _tensorboard(folder / "tensorboard", losses) as board:
        address = f"{board.address}?tagFilter=loss%7Cdigit#timeseries"
        tried["TensorBoard"] = tried_at(chromium, address, TENSORBOARD)
        weighed["TensorBoard"] = weighed_at(chromium, address, f"{board.address}#scalars")
    with _visdom(folder / "visdom", losses) as board:
        address = f"{board.address}env/main"
        tried["Visdom"] = tried_at(chromium, address, VISDOM)
        weighed["Visdom"] = weighed_at(chromium, address, address)
    return tried, weighed


def servers(board: str) -> dict[str, int]:
    """Return the megabytes of a board's server, as its own command starts it, in an empty folder.

    Visdom's command would fetch the page's scripts first; that step is left out.
    """
    kinds = {"its server": "", "its server, no TensorFlow": "sys.modules['tensorflow'] = None; "}
    return {f"megabytes of {kind}": _server(board, hide) for kind, hide in kinds.items()}


def _server(board: str, hide: str) -> int:
    program, port_option, *options = COMMANDS[board]
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", f"import sys; {hide}{program}; main()"]
        command += [port_option, str(port), *options, folder]
        with subprocess.Popen(command) as process:
            try:
                while not _answers(port):
                    assert process.poll() is None, f"{board}'s server ended"
                    time.sleep(0.2)
                return round(psutil.Process(process.pid).memory_info().rss / 1e6)
            finally:
                process.kill()


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def _tensorboard(folder: Path, losses: np.ndarray) -> Iterator[dashboards.Board]:
    from torch.utils.tensorboard import SummaryWriter

    for run, curve in zip(("one", "two"), losses, strict=True):
        with SummaryWriter(folder / run) as writer:
            for step, loss in enumerate(curve):
                writer.add_scalar("training/loss", loss, step)
            writer.add_scalar("test/accuracy", 1.0, 0)
    with SummaryWriter(folder / "pictures") as writer:
        for step in range(3):
            writer.add_image("digit", np.full((1, 8, 8), step / 3), step)
    with dashboards.tensorboard(folder) as board:
        yield board


@contextlib.contextmanager
def _visdom(folder: Path, losses: np.ndarray) -> Iterator[dashboards.Board]:
    with dashboards.visdom(folder) as board:
        client = board.client("main")
        labels = {"title": "training/loss", "showlegend": True}
        for run, curve in zip(("one", "two"), losses, strict=True):
            steps = np.arange(len(curve))
            client.line(curve, steps, win="loss", name=run, update="append", opts=labels)
        for step in range(3):
            kept = {"title": "digit", "store_history": True, "caption": f"step {step}"}
            client.image(np.full((1, 200, 200), step / 3), win="digit", opts=kept)
        rows = "".join(f"<tr><td>{run}</td><td>{2 - n}</td></tr>" for n, run in enumerate("ab"))
        client.text(TABLE.format(rows), win="table", opts={"title": "test/accuracy"})
        yield board


def tried_at(
    chromium: Browser,
    address: str,
    things: dict[str, tuple[Callable[[Page], object], Callable[[Page], None]]],
) -> dict[str, dict[str, bool]]:
    """Return for each thing done at a page whether the page changed by it, and by waiting."""
    found = {}
    for name, (seen, act) in things.items():
        context = chromium.new_context(viewport=SCREEN)
        page = context.new_page()
        _open(page, address)
        first = seen(page)
        page.wait_for_timeout(MILLISECONDS)
        waited = seen(page)
        act(page)
        found[name] = {"done": _changes(page, seen, waited), "waited": waited != first}
        context.close()
    return found


def _changes(page: Page, seen: Callable[[Page], object], before: object) -> bool:
    """Whether the page comes to show something else, however slow a busy machine is."""
    for _ in range(TIMES_TO_LOOK):
        page.wait_for_timeout(MILLISECONDS)
        if seen(page) != before:
            return True
    return False


def weighed_at(chromium: Browser, address: str, plainest: str) -> dict[str, float]:
    """Return what a page loads and then holds, in megabytes, and how many controls it shows.

    Controls are also counted at `plainest`, the address at which the board shows the fewest.
    """
    context = chromium.new_context(viewport=SCREEN)
    page = context.new_page()
    tools = context.new_cdp_session(page)
    loaded = []
    tools.on("Network.dataReceived", lambda event: loaded.append(event["dataLength"]))
    tools.send("Network.enable")
    tools.send("Performance.enable")
    _open(page, address)
    tools.send("HeapProfiler.collectGarbage")
    metrics = tools.send("Performance.getMetrics")["metrics"]
    (held,) = (metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize")
    megabytes = {"megabytes loaded": sum(loaded), "megabytes held": held}
    found = {name: round(size / 1e6, 1) for name, size in megabytes.items()}
    controls = page.locator(CONTROLS).locator("visible=true")
    found["controls"] = controls.count()
    _open(page, plainest)
    found["controls, plainest tab"] = controls.count()
    context.close()
    return found


def _open(page: Page, address: str) -> None:
    page.set_default_timeout(60_000)
    page.goto(address, wait_until="commit")
    pages = page.locator("card-view, tf-scalar-dashboard, .react-grid-item")
    pages.locator("visible=true").first.wait_for()
    # From its makers TensorBoard's page comes with its settings open; the course closes them.
    if "false" in (page.evaluate("localStorage.getItem('_tb_global_settings')") or ""):
        page.get_by_role("button", name="Toggle settings side pane").click()
    page.wait_for_timeout(3 * MILLISECONDS)


def texts(selector: str) -> Callable[[Page], object]:
    return lambda page: [text.strip() for text in page.locator(selector).all_text_contents()]


def drag(page: Page, chart: Locator, within: tuple[float, float] = (0.3, 0.6)) -> None:
    box = chart.bounding_box()
    x, y = box["x"], box["y"] + 0.2 * box["height"]
    page.mouse.move(x + within[0] * box["width"], y)
    page.mouse.down()
    page.mouse.move(x + within[1] * box["width"], y + 0.6 * box["height"], steps=10)
    page.mouse.up()


def hover(page: Page, chart: Locator) -> None:
    box = chart.bounding_box()
    for share in (0.4, 0.45, 0.5):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        page.wait_for_timeout(100)


def _loss_tb(page: Page) -> Locator:
    card = page.locator("card-view", has_text="training/loss").last
    card.scroll_into_view_if_needed()
    page.wait_for_timeout(MILLISECONDS)
    return card


def _chart_tb(page: Page) -> Locator:
    return _loss_tb(page).locator("line-chart-interactive-view svg").first


def _rows_tb(page: Page) -> object:
    return _loss_tb(page).locator("tb-data-table-content-row").all_text_contents()


def _axis_tb(page: Page) -> object:
    return _loss_tb(page).locator("line-chart-axis").all_text_contents()


def _choose_axis_tb(page: Page) -> None:
    page.locator(".x-axis-type mat-select").click()
    page.get_by_role("option", name="Relative").click()


def _smooth_tb(page: Page) -> None:
    page.locator("input.slider-input[aria-labelledby=scalars-smoothing-label]").fill("0.95")


def _sort_tb(page: Page) -> None:
    header = _loss_tb(page).get_by_text("Value", exact=True).first
    header.click()
    header.click()


CURVES = ".scatterlayer .trace path.js-line"
TENSORBOARD = {
    "filter by name": (
        lambda page: page.locator("card-view").count(),
        lambda page: page.get_by_role("combobox", name="Filter tags").fill("loss"),
    ),
    "hide a curve": (
        _rows_tb,
        lambda page: page.get_by_role("checkbox").nth(1).click(),
    ),
    "zoom into a chart": (_axis_tb, lambda page: drag(page, _chart_tb(page))),
    "smooth a curve": (_rows_tb, _smooth_tb),
    "read a value under the mouse": (
        texts(".tooltip-container, table.tooltip"),
        lambda page: hover(page, _chart_tb(page)),
    ),
    "step through a picture's past": (
        texts("image-card .metadata, image-card"),
        lambda page: page.locator("image-card input[type=range]").first.press("ArrowLeft"),
    ),
    "choose the axis: steps or time": (_axis_tb, _choose_axis_tb),
    "sort the runs by a value": (_rows_tb, _sort_tb),
}
VISDOM = {
    "filter by name": (
        lambda page: page.locator(".react-grid-item:visible").count(),
        lambda page: page.get_by_placeholder("Filter text").fill("loss"),
    ),
    "hide a curve": (
        lambda page: page.locator(CURVES).count(),
        lambda page: page.locator(".legendtoggle").first.click(),
    ),
    "zoom into a chart": (
        texts(".xtick text"),
        lambda page: drag(page, page.locator(".nsewdrag").first),
    ),
    "smooth a curve": (
        lambda page: page.locator(CURVES).count(),
        lambda page: page.get_by_title("smooth lines").first.click(),
    ),
    "read a value under the mouse": (
        texts(".hoverlayer text"),
        lambda page: hover(page, page.locator(".nsewdrag").first),
    ),
    "step through a picture's past": (
        lambda page: page.locator(".react-grid-item img").first.get_attribute("src"),
        lambda page: page.locator("input[type=range]").first.click(
            position={"x": 3, "y": 5}, force=True
        ),
    ),
    "choose the axis: steps or time": (
        texts(".xtick text"),
        lambda page: page.locator(".xtick text").first.click(force=True),
    ),
    "sort the runs by a value": (
        texts("tr"),
        lambda page: page.locator("th", has_text="loss").click(),
    ),
}

if __name__ == "__main__":
    main()
