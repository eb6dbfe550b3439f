"""The website: made from stored outputs, whole by itself, and legible on a desk and on a phone."""

import re
from pathlib import Path

import browser
import nbformat
import pytest
import site_pages
import small_course

from course_utils import CourseError, site
from course_utils.authoring import make_exercise
from course_utils.site import doors, staging

pytest.importorskip("myst_nb", reason="`make site` installs what the website takes")
needs_chromium = pytest.mark.skipif(not browser.CHROMIUM, reason=browser.MISSING)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The site of a course of one lesson, with twins in it, and its exercise."""
    root = small_course.make_course(tmp_path_factory.mktemp("course"), {"1_basics": ["title"]})
    path = root / "notebooks/1_basics/00_title.ipynb"
    lesson = nbformat.read(path, 4)
    header = "# 00 · A title\n\nA promise.\n\n| id | words |\n|---|---|\n| B08 | x |"
    lesson.cells[0].source = header
    lesson.cells[-1].source = "**Now you:** [Exercise](../../exercises/1_basics/00_title.ipynb)."
    lesson.cells[1:1] = [
        nbformat.v4.new_code_cell("loss_torch = torch.ones(1)\nprint(loss_torch)"),
        nbformat.v4.new_markdown_cell("and in TensorFlow:"),
        nbformat.v4.new_code_cell("loss_tf = tf.ones(1)\nprint(loss_tf)"),
    ]
    table = "<table><thead><tr><th></th><th>a column</th></tr></thead></table>"
    shown = nbformat.v4.new_output("display_data", data={"text/html": table})
    lesson.cells[1].outputs = [shown]
    lesson.metadata.language_info = {"name": "python"}
    nbformat.write(lesson, path)
    (root / "exercises/1_basics").mkdir(parents=True)
    exercise = make_exercise(root / "solutions/1_basics/00_title.ipynb")
    (root / "exercises/1_basics/00_title.ipynb").write_text(exercise, encoding="utf-8")
    site.build(root / "site", root=root)
    return root / "site"


def page(site_folder, name):
    return (site_folder / f"{name}.html").read_text(encoding="utf-8")


def test_a_torch_cell_and_its_tf_twin_share_a_box_with_the_words_between(small):
    _, _, box = page(small, "notebooks/1_basics/00_title").partition('<div class="twins ')
    words = re.sub("<[^>]*>", "", box)
    assert re.search(r"torch\.ones.*and in TensorFlow:.*tf\.ones", words, re.DOTALL)


def test_a_claim_leads_to_its_row_in_the_ledger(small):
    assert "href='../../ledger.html#B08'" in page(small, "notebooks/1_basics/00_title")
    assert "id='B08'" in page(small, "ledger")


def test_a_solution_and_its_reasons_are_folded_below_the_task(small):
    text = page(small, "exercises/1_basics/00_title")
    assert text.count("A solution") == 2 * 3
    assert "SOLUTION" not in text
    assert re.search(r"<summary>Why</summary>\s*<p>Because of arithmetic", text)
    assert re.search(r"<summary>\s*<p[^>]*>A solution", text)
    assert "Compare with the solution, which says why." in text


def test_a_page_has_no_solution_where_none_is_wanted(small, tmp_path):
    source = tmp_path / "source"
    staging.stage(source, False, small.parent)
    text = (source / "exercises/1_basics/00_title.ipynb").read_text(encoding="utf-8")
    assert "return 2 * x" not in text
    assert "Because of arithmetic" not in text


def test_a_heading_without_words_is_none(small):
    text = page(small, "notebooks/1_basics/00_title")
    assert re.search(r"<td\b[^>]*></td>\s*<th>a column</th>", text)


def test_the_foot_of_a_page_has_both_licences_and_nothing_that_was_left_open(small):
    text = page(small, "index")
    assert "Code: BSD 3-Clause. Text and pictures: CC BY 4.0" in text
    assert "not set" not in text


def test_the_notebook_itself_can_be_had(small):
    text = page(small, "notebooks/1_basics/00_title")
    assert "href='../../download/notebooks/1_basics/00_title.ipynb'" in text
    path = Path("notebooks/1_basics/00_title.ipynb")
    assert (small / "download" / path).read_bytes() == (small.parent / path).read_bytes()


@pytest.mark.parametrize(
    ("code", "whose"),
    [
        ("loss_torch = 1", "torch"),
        ("x = torch.ones(2)", "torch"),
        ("keras.Sequential()", "tf"),
        ("def step_tf(x):\n    return x", "tf"),
        ("close(loss_torch, loss_tf)", None),
        ("print(1)", None),
        ("%load_ext tensorboard", None),
    ],
)
def test_a_cell_belongs_to_the_framework_whose_names_are_in_it(code, whose):
    assert staging.side(code) == whose


def test_doors_open_only_where_the_address_is_known():
    path = staging.PurePosixPath("notebooks/1_basics/02_first_network.ipynb")
    assert doors.doors(path, "").count("<a ") == 1
    links = doors.doors(path, "https://github.com/someone/course")
    lab = "%2Flab%2Ftree%2Fnotebooks%2F1_basics%2F02_first_network.ipynb"
    assert f"https://mybinder.org/v2/gh/someone/course/HEAD?urlpath={lab}" in links
    assert f"colab.research.google.com/github/someone/course/blob/HEAD/{path}" in links
    assert "https://codespaces.new/someone/course" in links


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "work.txt").write_text("precious")
    with pytest.raises(CourseError, match="holds something else than the website"):
        site.build(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["work.txt"]


@pytest.mark.heavy
def test_what_sphinx_warns_of_is_said_and_nothing_is_left(small, tmp_path):
    path = small.parent / "notebooks/1_basics/00_title.ipynb"
    good = path.read_text(encoding="utf-8")
    try:
        path.write_text(good.replace("exercises/1_basics/00_title", "exercises/nowhere"))
        with pytest.raises(CourseError, match="nowhere"):
            site.build(tmp_path / "site", root=small.parent)
    finally:
        path.write_text(good)
    assert list(tmp_path.iterdir()) == []


def test_no_link_of_the_small_site_is_broken_but_those_to_lessons_that_it_lacks(small):
    broken = [link for name, link in site_pages.broken_links(small) if name != "ledger.html"]
    assert broken == []


@needs_chromium
def test_the_small_site_in_a_browser(small):
    pages = ["index", "ledger", "notebooks/1_basics/00_title"]
    with browser.running_browser() as chromium:
        assert list(site_pages.look(chromium, small, pages)) == []


@needs_chromium
def test_the_ledger_filters_and_a_link_opens_its_claim(small):
    with browser.running_browser() as chromium:
        view = chromium.new_page(viewport={"width": 390, "height": 900})
        address = (small / "ledger.html").as_uri()
        view.goto(address)
        everything = view.locator("details.claim").count()
        view.select_option("select[name=verdict]", "false")
        shown = view.locator("details.claim:visible")
        assert 0 < shown.count() < everything
        assert shown.evaluate_all("rows => rows.every(row => row.dataset.verdict === 'false')")
        assert view.inner_text(".filter output") == f"{shown.count()} of {everything}"
        view.goto(f"{address}?verdict=taste")
        assert shown.evaluate_all("rows => rows.every(row => row.dataset.verdict === 'taste')")
        view.goto(f"{address}?verdict=false#B08")
        assert view.locator("#B08").evaluate("row => row.open && !row.hidden")
