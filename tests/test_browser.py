"""Every lesson and exercise in a real JupyterLab in a real browser: Run All, and look."""

import json

import browser
import pytest

from course_utils import ROOT

pytestmark = [
    pytest.mark.skipif(browser.CHROMIUM is None, reason=browser.MISSING),
    pytest.mark.xdist_group("browser"),
]

GOOD = [
    "print('hello')",
    """from IPython.display import HTML
HTML('<svg role="img" aria-label="a dot" width="9" height="9"><circle r="4"/></svg>')""",
]
FAULTS = {
    'a picture without a text for those who cannot see it: <img src="data:image/gif': """
from IPython.display import HTML
HTML('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==">')""",
    'a picture without a text for those who cannot see it: <img src="data:image/png': """
from IPython.display import Image
Image(b"\\x89PNG\\r\\n\\x1a\\n", format="png", alt="not shown by JupyterLab")""",
    "a picture that is not shown": """HTML('<img alt="gone" src="data:image/png;base64,AAAA">')""",
    "a request left this machine: http://nowhere.invalid/": """
HTML('<img alt="far" src="http://nowhere.invalid/picture.png">')""",
    "in the browser's console: oops": """from IPython.display import Javascript
Javascript('console.error("oops")')""",
    "code cell 6 stopped: ZeroDivisionError: division by zero": "1 / 0",
    "code cell 7 was not run": "print('never')",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    browser.copy_course(folder)
    for name, sources in {"good": GOOD, "faulty": FAULTS.values()}.items():
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook_of(sources)), encoding="utf-8")
    with browser.running_lab(folder) as running:
        yield running


@pytest.fixture(scope="module")
def chromium():
    with browser.running_browser() as running:
        yield running


def notebook_of(sources):
    rest = {"metadata": {}, "outputs": [], "execution_count": None}
    cells = [
        {"cell_type": "code", "id": f"cell-{n}", "source": source, **rest}
        for n, source in enumerate(sources)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def check(lab, chromium, folder, name):
    """Run a notebook; fail with what is wrong with it and where a picture of it is."""
    with browser.opened(chromium, lab, name) as (page, amiss):
        found = browser.problems(page, name) + amiss
        if found:
            picture = folder / "screen.png"
            page.screenshot(path=picture)
            pytest.fail("\n".join([f"{name}: {len(found)} faults; see {picture}", *found]))


def test_lesson(lab, chromium, tmp_path, lesson):
    check(lab, chromium, tmp_path, lesson.relative_to(ROOT).as_posix())


def test_exercise(lab, chromium, tmp_path, exercise):
    check(lab, chromium, tmp_path, exercise.relative_to(ROOT).as_posix())


def test_finds_no_fault_in_a_good_lesson_and_that_it_is_no_exercise(lab, chromium):
    with browser.opened(chromium, lab, "good.ipynb") as (page, amiss):
        cells = browser.run_all(page)
        assert [*amiss, *browser.lesson_problems(page, cells)] == []
        assert browser.exercise_problems(cells) == ["no task stopped it: is a solution left in it?"]


def test_finds_every_fault(lab, chromium):
    with browser.opened(chromium, lab, "faulty.ipynb") as (page, amiss):
        cells = browser.run_all(page)
        found = [*amiss, *browser.lesson_problems(page, cells)]
        missed = [fault for fault in FAULTS if not any(fault in one for one in found)]
        assert missed == [], found
        found = browser.exercise_problems(cells)
        assert "a traceback is shown" in found
        assert any("does not say in one line" in one for one in found)
        assert any("not in its first check" in one for one in found)


def test_says_where_the_picture_of_a_failure_is(lab, chromium, tmp_path):
    with pytest.raises(pytest.fail.Exception, match=r"faulty.ipynb: \d+ faults; see .*screen.png"):
        check(lab, chromium, tmp_path, "faulty.ipynb")
    assert (tmp_path / "screen.png").stat().st_size > 1000
