"""Lessons and exercises in a real JupyterLab in a real browser: Run All, and look.

nbval has run every lesson already, so of most the stored outputs are looked at. RUN names those in
which something lives: progress, sliders, the first training, a dashboard.
"""

import json
import urllib.request
from urllib.parse import urljoin

import browser
import pytest

from course_utils import notebooks
from course_utils.dashboards import boards, web_files

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(browser.CHROMIUM is None, reason=browser.MISSING),
    pytest.mark.xdist_group("browser"),
]

QUICK = "tensors_and_gradients"
RUN = [QUICK, "start_here", "first_network", "tensorboard"]
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

TENSORBOARD = """import tempfile
import numpy as np
from torch.utils.tensorboard import SummaryWriter
from course_utils import dashboards
folder = tempfile.mkdtemp()
with SummaryWriter(folder) as writer:
    for step in range(9):
        writer.add_scalar("trial/loss", 1 / (step + 1), step)
        writer.add_histogram("trial/weights", np.arange(9) + step, step)
    writer.add_image("trial/digits", np.zeros((1, 8, 8)), 0)
dashboards.tensorboard(folder).show()"""
VISDOM = """import numpy as np
import tempfile
from course_utils import dashboards
board = dashboards.visdom(tempfile.mkdtemp())
client = board.client("trial")
client.line(np.arange(9.0), np.arange(9), opts={"title": "a curve"})
client.images(np.zeros((4, 1, 8, 8)), opts={"title": "a grid"})
client.histogram(np.arange(9.0), opts={"title": "a histogram"})
board.show(page="env/trial")"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    browser.copy_course(folder, stored)
    for name, sources in {"good": GOOD, "faulty": FAULTS.values()}.items():
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook_of(sources)), encoding="utf-8")
    with browser.running_lab(folder) as running:
        yield running


@pytest.fixture(scope="module")
def chromium():
    with browser.running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def desk(lab, chromium):
    """A page in which notebooks are opened one after another, and what is amiss on it."""
    with browser.opened(chromium, lab, "") as running:
        running[0].wait_for_function(browser.LAUNCHER)
        yield running


def stored(file_name):
    return file_name not in [notebooks.named(name).name for name in RUN]


def notebook_of(sources):
    rest = {"metadata": {}, "outputs": [], "execution_count": None}
    cells = [
        {"cell_type": "code", "id": f"cell-{n}", "source": source, **rest}
        for n, source in enumerate(sources)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def named(folder):
    """Each notebook of a folder by its name: this file's tests stay together, around one lab."""
    return [notebooks.name_of(path) for path in notebooks.notebook_paths(folder)]


def check(page, amiss, folder, name, stored=False):
    """Run a notebook or look at it; fail with what is wrong and where a picture of it is."""
    found = browser.problems(page, name, stored) + amiss
    if found:
        picture = folder / "screen.png"
        page.screenshot(path=picture)
        pytest.fail("\n".join([f"{name}: {len(found)} faults; see {picture}", *found]))


def place(lab, name, folder="notebooks"):
    return notebooks.named(name, folder, lab.folder).relative_to(lab.folder).as_posix()


@pytest.mark.parametrize("name", RUN)
def test_lesson_that_is_run(lab, chromium, tmp_path, name):
    with browser.opened(chromium, lab, place(lab, name)) as (page, amiss):
        check(page, amiss, tmp_path, place(lab, name))


@pytest.mark.parametrize("name", [name for name in named("notebooks") if name not in RUN])
def test_lesson_as_it_is_stored(lab, desk, tmp_path, name):
    with browser.opened_in(*desk, place(lab, name)):
        check(*desk, tmp_path, place(lab, name), stored=True)


@pytest.mark.parametrize("name", named("exercises"))
def test_exercise(lab, desk, tmp_path, name):
    with browser.opened_in(*desk, place(lab, name, "exercises")):
        check(*desk, tmp_path, place(lab, name, "exercises"))


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


def test_what_is_amiss_with_a_notebook_is_not_laid_on_the_next_in_the_same_page(desk):
    page, amiss = desk
    with browser.opened_in(*desk, "faulty.ipynb"):
        assert browser.problems(page, "faulty.ipynb")
        assert amiss
    with browser.opened_in(*desk, "good.ipynb"):
        assert browser.problems(page, "good.ipynb") + amiss == []


def test_says_where_the_picture_of_a_failure_is(lab, chromium, tmp_path):
    with (
        browser.opened(chromium, lab, "faulty.ipynb") as (page, amiss),
        pytest.raises(pytest.fail.Exception, match=r"faulty.ipynb: \d+ faults; see .*screen.png"),
    ):
        check(page, amiss, tmp_path, "faulty.ipynb")
    assert (tmp_path / "screen.png").stat().st_size > 1000


@pytest.mark.parametrize("base_url", ["/", "/below/a/base/"])
def test_both_boards_are_drawn_inside_the_notebook(chromium, tmp_path, base_url):
    for name, source in {"tensorboard": TENSORBOARD, "visdom": VISDOM}.items():
        text = json.dumps(notebook_of([source]))
        (tmp_path / f"{name}.ipynb").write_text(text, encoding="utf-8")
    with browser.running_lab(tmp_path, base_url) as lab:
        with browser.opened(chromium, lab, "tensorboard.ipynb") as (page, amiss):
            browser.run_all(page)
            frame = page.frame_locator('iframe[title="TensorBoard"]')
            for card, drawn in {
                "image": "img",
                "scalar": "canvas",
                "histogram": "svg path",
            }.items():
                frame.locator("card-view").last.scroll_into_view_if_needed()
                frame.locator(f"{card}-card").scroll_into_view_if_needed()
                frame.locator(f"{card}-card {drawn}").first.wait_for(state="attached")
            settings = frame.locator("metrics-dashboard-right-pane")
            assert settings.count() == 0
            frame.get_by_role("button", name="Settings").last.click()
            settings.wait_for()
            assert amiss == []
        if not web_files.current():
            pytest.skip(f"Visdom's page needs its web files: `{web_files.MEND}`")
        with browser.opened(chromium, lab, "visdom.ipynb") as (page, amiss):
            browser.run_all(page)
            frame = page.frame_locator('iframe[title="Visdom"]')
            frame.locator(".scatterlayer path.js-line").first.wait_for()
            frame.locator(".barlayer path").first.wait_for()
            frame.locator('img[src^="data:image"]').first.wait_for()
            assert amiss == []


def test_a_board_whose_kernel_has_ended_says_what_to_do(chromium, tmp_path, capfd):
    for name, source in {"TensorBoard": TENSORBOARD, "Visdom": VISDOM}.items():
        text = json.dumps(notebook_of([source]))
        (tmp_path / f"{name}.ipynb").write_text(text, encoding="utf-8")
    with browser.running_lab(tmp_path) as lab:
        for name in ("TensorBoard", "Visdom"):
            with browser.opened(chromium, lab, f"{name}.ipynb") as (page, _):
                browser.run_all(page)
                frame = page.locator(f'iframe[title="{name}"]')
                frame.content_frame.locator("body :visible").first.wait_for()
                page.evaluate(browser.SHUT_DOWN)
                page.wait_for_timeout(2000)  # what the open page asks for now is refused, too
                frame.evaluate("frame => { frame.src = frame.src; }")
                frame.content_frame.get_by_text("run the cell that starts it").wait_for()
    said = "".join(capfd.readouterr())
    assert "stopping" in said  # of the server itself, at its end
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1


PREDICTION = [
    """from course_utils import predictions
predictions.ask("trial", "the larger", ["a", "b"])
predictions.ask("trial", "how many")""",
    """predictions.answer("trial", "the larger", "a")
predictions.answer("trial", "how many", 8)""",
]


def test_a_prediction_made_by_keyboard_is_told_beside_the_answer(lab, chromium):
    path = lab.folder / "prediction.ipynb"
    path.write_text(json.dumps(notebook_of(PREDICTION)), encoding="utf-8")
    with browser.opened(chromium, lab, path.name) as (page, amiss):
        before = browser.run_all(page)[1]["text"]
        assert before.count("you made no prediction; it was") == 2
        page.locator(".jp-OutputArea-output input[type=radio]").first.focus()
        page.keyboard.press("Space")
        page.get_by_text("Noted.").first.wait_for()
        page.get_by_placeholder("a number").focus()
        page.keyboard.type("7")
        page.keyboard.press("Enter")
        page.get_by_text("Noted.").nth(1).wait_for()
        told = browser.run_all(page)[1]["text"]
        assert "the larger: you said a; it was a" in told
        assert "how many: you said 7; it was 8" in told
        assert page.locator(".jp-OutputArea-output input[type=radio]").first.is_checked()
        assert amiss == []


WIDER = """() => Array.from(document.querySelectorAll('.jp-CodeCell .cm-scroller'))
  .filter(code => code.scrollWidth > code.clientWidth + 1).map(code => code.textContent)"""


def test_no_code_is_cut_off_in_a_small_window_with_the_files_beside_it(lab, chromium):
    with browser.opened(chromium, lab, place(lab, QUICK)) as (page, _):
        page.set_viewport_size({"width": 1024, "height": 768})
        page.locator(".jp-CodeCell .cm-line").last.wait_for()
        page.evaluate("() => jupyterapp.commands.execute('filebrowser:activate')")
        page.locator(".jp-DirListing-item").first.wait_for()
        assert page.evaluate(WIDER) == []


LABELS = """() => Array.from(document.querySelectorAll('.lm-DockPanel .lm-TabBar-tabLabel'))
  .map(label => getComputedStyle(label, '::before').content.slice(0, 9) + label.textContent)"""


def test_the_tabs_of_a_lesson_and_its_exercise_differ(lab, chromium):
    lesson = notebooks.named(QUICK)
    with browser.opened(chromium, lab, place(lab, QUICK, "exercises")) as (page, amiss):
        page.wait_for_function(browser.READY)
        page.wait_for_function(f"() => ({LABELS})()[0].startsWith('\"Exercise')")
        page.get_by_role("link", name="lesson 01").first.click()
        page.wait_for_function(f"() => ({LABELS})().length === 2")
        page.wait_for_function(f"() => ({LABELS})()[1] === 'none{lesson.name}'")
        assert amiss == []


AT = "() => document.activeElement.textContent.trim()"
SHOWN_TASK = """() => {
  const tasks = Array.from(document.querySelectorAll('.jp-Notebook h2'));
  const { top } = tasks.find(task => task.textContent.startsWith('Task 2')).getBoundingClientRect();
  return 0 <= top && top < innerHeight / 2;
}"""


def test_an_exercise_is_done_by_keyboard_alone(lab, chromium):
    name = "exercises/1_basics/02_first_network.ipynb"
    with browser.opened(chromium, lab, name) as (page, amiss):
        press = page.keyboard.press
        page.wait_for_function(browser.READY)
        page.wait_for_function("() => document.activeElement.closest('.jp-Cell')")
        for _ in range(3):
            press("Shift+Enter")
        tab_to(page, "Hint")
        press("Enter")
        page.get_by_text("data @ weights computes").wait_for()
        press("Escape")
        press("ArrowDown")
        press("Enter")
        press("Control+A")
        # The editor indents the second line.
        page.keyboard.type("def unit_torch(data, weights, bias):\n")
        page.keyboard.type("return torch.sigmoid(data @ weights + bias)")
        press("Shift+Enter")
        press("Shift+Enter")
        page.get_by_text("✓ Done").wait_for()
        press("ArrowUp")
        tab_to(page, "Task 2")
        press("Enter")
        page.wait_for_function(SHOWN_TASK)
        assert amiss == []


def tab_to(page, text, most=5):
    """Press Tab until what has the focus begins with a text; it must not take many."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(AT).startswith(text):
            return
    pytest.fail(f"{most} times Tab do not lead to {text!r}")


def test_visdom_s_card_lists_what_is_saved_after_it_was_opened(lab, chromium):
    with browser.opened(chromium, lab, "good.ipynb") as (page, _):
        page.wait_for_function(browser.READY)
        page.evaluate("() => jupyterapp.commands.execute('launcher:create')")
        page.locator('.jp-LauncherCard[title*="Visdom"]').first.click()
        frame = page.frame_locator('iframe[src*="course-visdom"]')
        frame.locator(".rc-tree-select").first.wait_for()
        with boards.visdom(lab.folder / "visdom") as board:
            # A name with _ would be in a group, which the page keeps closed.
            board.client("later").text("hello")
            board.client("later").save(["later"])
        frame.locator(".rc-tree-select").first.click()
        frame.get_by_text("later").first.wait_for()


@pytest.mark.parametrize("kind", ["tensorboard", "visdom"])
def test_the_launcher_has_a_card_for_each_board_which_asks_for_the_token(lab, chromium, kind):
    with browser.opened(chromium, lab, "good.ipynb") as (page, amiss):
        page.wait_for_function(browser.READY)
        page.evaluate("() => jupyterapp.commands.execute('launcher:create')")
        page.locator(f'.jp-LauncherCard[title*="{boards.NAMES[kind]}"]').first.click()
        frame = page.frame_locator(f'iframe[src*="course-{kind}"]')
        frame.locator("body :visible").first.wait_for()
        source = page.locator(f'iframe[src*="course-{kind}"]').get_attribute("src")
        address = urljoin(lab.address, source)
        page_text = urllib.request.urlopen(f"{address}?token={lab.token}").read().decode()
        assert kind in page_text.lower()
        assert amiss == []
    assert "/login" in urllib.request.urlopen(f"{address}data/runs").url
