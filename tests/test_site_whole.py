"""The whole website: how long it takes and how big it is, and every page of it in a browser."""

import os

import axe
import browser
import pytest
import site_pages

from course_utils import site

pytest.importorskip("myst_nb", reason="`make site` installs what the website takes")
pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1800)]

SECONDS, MEGABYTES = 40, 40


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The website, and how many seconds of a processor it took to make it."""
    folder = tmp_path_factory.mktemp("whole") / "site"
    before = sum(os.times()[:4])
    site.build(folder)
    return folder, sum(os.times()[:4]) - before


def test_it_is_made_quickly_and_is_small(made):
    folder, seconds = made
    assert seconds < SECONDS
    assert sum(path.stat().st_size for path in folder.rglob("*")) < 1e6 * MEGABYTES


def test_no_link_within_it_is_broken(made):
    folder, _ = made
    assert list(site_pages.broken_links(folder)) == []


@pytest.mark.skipif(not browser.CHROMIUM, reason=browser.MISSING)
@pytest.mark.skipif(not axe.there(), reason=axe.MISSING)
def test_every_page_is_legible_wide_and_narrow_light_and_dark(made):
    folder, _ = made
    with browser.running_browser() as chromium:
        pages = site_pages.names(folder)
        scope = {"exclude": site_pages.CODE}
        found = site_pages.look(chromium, folder, pages, searched=site_pages.HALF, scope=scope)
        assert list(found) == []
