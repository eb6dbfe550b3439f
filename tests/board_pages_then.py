"""Do at the dashboards' pages of October 2021 what `board_pages.py` does at today's.

    python tests/board_pages_then.py

writes then/pages.json, which lessons show. It takes .venv-2021. Visdom's page of then fetched its
scripts from the network: they are today's, and the one that differs comes from npm.
"""

import contextlib
import datetime
import json
import shutil
import subprocess
from collections.abc import Iterator

import board_pages
import browser
from playwright.sync_api import Browser, Locator, Page

from course_utils import ROOT, then
from course_utils.dashboards import web_files

FOLDER = ROOT / "build" / "visdom_then"
LISTED = then.SCRIPTS / "web_files.toml"
SMOOTH = "smooth lines"


def main() -> None:
    """Record what could be done at the two pages of then, and which overviews they gave."""
    with browser.running_browser() as chromium:
        tried, weighed = try_all(chromium)
    found = {name: then.ask("versions", "then")[name] for name in ("tensorboard", "visdom")}
    record = {"date": str(datetime.date.today()), "versions": found}
    record |= {"tried": tried, "weighed": weighed} | then.ask("overviews", "then")
    then.PAGES.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def try_all(chromium: Browser) -> tuple[dict[str, dict], dict[str, dict]]:
    """Return for each page whether it changed by each thing done and by waiting, and its weight."""
    make_web_files()
    tried, weighed = {}, {}
    with served("TensorBoard") as address:
        page = f"{address}#timeseries"
        tried["TensorBoard"] = board_pages.tried_at(chromium, page, TENSORBOARD)
        weighed["TensorBoard"] = board_pages.weighed_at(chromium, page, f"{address}#scalars")
    with served("Visdom", str(FOLDER)) as address:
        page = f"{address}env/main"
        tried["Visdom"] = board_pages.tried_at(chromium, page, VISDOM)
        weighed["Visdom"] = board_pages.weighed_at(chromium, page, page)
    return tried, weighed


def make_web_files() -> None:
    """Put together the folder from which Visdom's page of then is served."""
    if not web_files.current(FOLDER, LISTED):
        mend = "python tests/board_pages_then.py"
        web_files.put(FOLDER, LISTED, "Visdom's web files of then", mend, begin=_begin)


def _begin(new) -> None:
    shutil.copytree(web_files.FOLDER, new)
    (own,) = (ROOT / ".venv-2021").glob("lib/python3*/site-packages/visdom/static")
    shutil.copytree(own, new, dirs_exist_ok=True)
    (math,) = new.glob("js/mathjax/*/MathJax.js")
    shutil.copy(math, new / "js" / "mathjax-MathJax.js")


@contextlib.contextmanager
def served(board: str, *web_files: str) -> Iterator[str]:
    """Serve a board of then until the block ends; yields its address."""
    command = [then.YEARS["then"], "pages.py", board, *web_files]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=then.SCRIPTS, **pipes) as process:
        # What the scripts of then say themselves goes before the port.
        port = next(line for line in process.stdout if line.strip().isdigit())
        yield f"http://127.0.0.1:{port.strip()}/"
        process.stdin.close()


def _loss(page: Page) -> Locator:
    card = page.locator("scalar-card", has_text="loss").last
    card.scroll_into_view_if_needed()
    page.wait_for_timeout(board_pages.MILLISECONDS)
    return card


def _chart(page: Page) -> Locator:
    return _loss(page).locator("line-chart-interactive-view").first


def _picture(page: Page) -> object:
    return _loss(page).screenshot()


def _axis(page: Page) -> object:
    return _loss(page).locator("line-chart-axis").all_text_contents()


def _choose(page: Page, where: str, what: str) -> None:
    page.locator(f".{where} mat-select").click()
    page.get_by_role("option", name=what).click()


def _under_the_mouse(page: Page) -> object:
    board_pages.hover(page, _chart(page))
    return page.locator("table.tooltip tbody tr").all_text_contents()


def _no_button(page: Page) -> None:
    assert not page.get_by_title(SMOOTH).count()


# Curves had no table beside them: whether one changed is seen in the chart's picture, and runs
# were sorted by their value under the mouse.
TENSORBOARD = board_pages.TENSORBOARD | {
    "hide a curve": (
        _picture,
        lambda page: page.locator("runs-table mat-checkbox label").nth(1).click(),
    ),
    "zoom into a chart": (_axis, lambda page: board_pages.drag(page, _chart(page))),
    "smooth a curve": (
        _picture,
        lambda page: page.locator(".scalars-smoothing input.slider-input").fill("0.95"),
    ),
    "read a value under the mouse": (
        board_pages.texts("table.tooltip"),
        lambda page: board_pages.hover(page, _chart(page)),
    ),
    "step through a picture's past": (
        board_pages.texts("image-card .step"),
        lambda page: page.locator("image-card mat-slider").first.press("ArrowLeft"),
    ),
    "choose the axis: steps or time": (
        _axis,
        lambda page: _choose(page, "x-axis-type", "Relative"),
    ),
    "sort the runs by a value": (
        _under_the_mouse,
        lambda page: _choose(page, "tooltip-sort", "Descending"),
    ),
}
VISDOM = board_pages.VISDOM | {
    "smooth a curve": (board_pages.VISDOM["smooth a curve"][0], _no_button),
}

if __name__ == "__main__":
    main()
