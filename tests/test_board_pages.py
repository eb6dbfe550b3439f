"""The record of what can be done at the dashboards' pages: of today's versions, and still true."""

import json
from importlib.metadata import version

import browser
import pytest

from course_utils import dashboards, notebooks
from course_utils.dashboards.pages import RECORD

RECORDED = json.loads(RECORD.read_text(encoding="utf-8"))


def test_the_record_is_of_the_versions_that_are_installed():
    installed = {name: version(name) for name in RECORDED["versions"]}
    assert RECORDED["versions"] == installed, "run `python tests/board_pages.py`"


def test_both_pages_were_asked_the_same():
    for part in ("tried", "weighed"):
        asked = [list(answers) for answers in RECORDED[part].values()]
        assert len(asked) == 2
        assert asked[0] == asked[1]
    assert not any(row["waited"] for rows in RECORDED["tried"].values() for row in rows.values())


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
def test_the_pages_still_answer_as_recorded(tmp_path):
    import board_pages

    with browser.running_browser() as chromium:
        tried, weighed = board_pages.try_all(chromium, tmp_path)
    assert tried == RECORDED["tried"]
    for board, weights in weighed.items():
        weights |= board_pages.servers(board)
        assert weights == pytest.approx(RECORDED["weighed"][board], rel=0.2)
