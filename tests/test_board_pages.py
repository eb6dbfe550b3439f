"""The record of what can be done at the dashboards' pages: of today's versions, and still true."""

import json
import re
from importlib.metadata import version

import browser
import pytest

from course_utils import claims, dashboards, notebooks, then
from course_utils.dashboards.pages import RECORD

RECORDED = json.loads(RECORD.read_text(encoding="utf-8"))
RECORDED_THEN = json.loads(then.PAGES.read_text(encoding="utf-8"))


def test_the_record_is_of_the_versions_that_are_installed():
    installed = {name: version(name) for name in RECORDED["versions"]}
    assert RECORDED["versions"] == installed, "run `python tests/board_pages.py`"


def test_the_record_of_then_is_of_the_versions_of_then():
    versions = then.read()["versions"]["then"]
    assert RECORDED_THEN["versions"] == {name: versions[name] for name in RECORDED["versions"]}
    assert list(RECORDED_THEN["tried"]["Visdom"]) == list(RECORDED["tried"]["Visdom"])


def test_the_ledger_tells_what_the_pages_of_then_weighed():
    told = claims.claim("V06")["then"]["evidence"]
    for weights in RECORDED_THEN["weighed"].values():
        assert all(re.search(rf"\b{re.escape(str(one))}\b", told) for one in weights.values())


@pytest.mark.parametrize("recorded", [RECORDED, RECORDED_THEN], ids=["now", "then"])
def test_both_pages_were_asked_the_same(recorded):
    for part in ("tried", "weighed"):
        asked = [list(answers) for answers in recorded[part].values()]
        assert len(asked) == 2
        assert asked[0] == asked[1]
    assert not any(row["waited"] for rows in recorded["tried"].values() for row in rows.values())


@pytest.mark.parametrize("board_lesson", ["tensorboard", "visdom"])
def test_a_lesson_shows_the_record_as_it_is(board_lesson):
    stored = notebooks.read(notebooks.named(board_lesson))
    shown = [
        output.data["text/plain"]
        for cell in stored.cells
        if cell.cell_type == "code" and "tried_pages()" in cell.source
        for output in cell.outputs
        if "data" in output
    ]
    pages = dashboards.tried_pages()
    changed = pages if board_lesson == "visdom" else pages["TensorBoard"]
    assert shown == [str(changed.map({True: "changed", False: "-"}.get))]


@pytest.mark.heavy
@pytest.mark.skipif(browser.CHROMIUM is None, reason=browser.MISSING)
@pytest.mark.timeout(900)
def test_the_pages_still_answer_as_recorded(tmp_path):
    import board_pages

    with browser.running_browser() as chromium:
        tried, weighed = board_pages.try_all(chromium, tmp_path)
    assert tried == RECORDED["tried"]
    for board, weights in weighed.items():
        weights |= board_pages.servers(board)
        assert weights == pytest.approx(RECORDED["weighed"][board], rel=0.2)


@pytest.mark.heavy
@pytest.mark.skipif(browser.CHROMIUM is None, reason=browser.MISSING)
@pytest.mark.timeout(900)
@pytest.mark.skipif(not then.available(), reason="takes .venv-2021, which `make then` makes")
def test_the_pages_of_then_still_answer_as_recorded():
    import board_pages_then

    with browser.running_browser() as chromium:
        tried, weighed = board_pages_then.try_all(chromium)
    assert tried == RECORDED_THEN["tried"]
    for board, weights in weighed.items():
        assert weights == pytest.approx(RECORDED_THEN["weighed"][board], rel=0.2)
    found = {"overviews": RECORDED_THEN["overviews"]}
    assert then.ask("overviews", "then") == found
