"""What is only opened and run leaves git clean; what is written is saved. In real clones."""

import json
import urllib.request

import browser
import clones
import pytest

from course_utils import kernels, notebooks

PLACE = "notebooks/1_basics/00_first.ipynb"
EXERCISE = "exercises/1_basics/00_first.ipynb"


@pytest.fixture(name="lab", scope="module")
def running_lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saving")
    own = clones.clone(clones.released_course(folder, {"1_basics": ["first"]}), folder)
    with pytest.MonkeyPatch.context() as patch:
        # These notebooks import no framework: a stock kernel is the lighter one.
        for name in kernels.environment():
            patch.delenv(name, raising=False)
        with browser.running_lab(own) as running:
            yield running


@pytest.fixture
def own(lab):
    yield lab.folder
    clones.git(lab.folder, "checkout", "--quiet", ".")
    clones.git(lab.folder, "clean", "--quiet", "--force")


def request(lab, place, model=None):
    data = json.dumps(model).encode() if model else None
    asked = urllib.request.Request(
        f"{lab.address}api/contents/{place}", data, method="PUT" if model else "GET"
    )
    asked.add_header("Authorization", f"token {lab.token}")
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)


def save(lab, place, change):
    """Do what JupyterLab does: get a notebook, change it, put it back."""
    model = request(lab, place)
    change(model["content"])
    request(lab, place, {"type": "notebook", "format": "json", "content": model["content"]})


def ran(notebook):
    """Change what opening and running a notebook change."""
    notebook["metadata"]["language_info"] = {"name": "python", "version": "3.99"}
    notebook["metadata"]["widgets"] = {}
    for cell in notebook["cells"]:
        cell["metadata"] |= {"trusted": True, "collapsed": False}
        if cell["cell_type"] == "code":
            cell["execution_count"] = 7
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "mine\n"}]


def wrote(notebook):
    ran(notebook)
    notebook["cells"][1]["source"] = "my_own = 1"


@pytest.mark.parametrize("place", [PLACE, EXERCISE])
def test_what_was_only_run_is_saved_as_it_was(own, lab, place):
    before = (own / place).read_bytes()
    save(lab, place, ran)
    assert (own / place).read_bytes() == before
    assert clones.changes(own) == []


@pytest.mark.parametrize("place", [PLACE, EXERCISE])
def test_what_was_written_is_saved_with_its_outputs_and_taken_back_leaves_nothing(own, lab, place):
    source = notebooks.read(own / place).cells[1].source
    save(lab, place, wrote)
    cell = notebooks.read(own / place).cells[1]
    assert (cell.source, cell.outputs[0].text) == ("my_own = 1", "mine\n")
    assert clones.changes(own) == [f" M {place}"]

    def take_back(notebook):
        notebook["cells"][1]["source"] = source

    save(lab, place, take_back)
    assert clones.changes(own) == []


def test_a_notebook_of_the_learners_own_is_saved_as_it_is(own, lab):
    copy = own / "notebooks/1_basics/00_first-Copy1.ipynb"
    copy.write_bytes((own / PLACE).read_bytes())
    save(lab, copy.relative_to(own).as_posix(), ran)
    assert notebooks.read(copy).cells[1].outputs[0].text == "mine\n"


def test_outputs_that_a_maintainer_has_just_stored_stay(own, lab):
    notebook = notebooks.read(own / PLACE)
    notebook.cells[1].outputs[0].text = "executed anew\n"
    (own / PLACE).write_text(notebooks.as_text(notebook))
    before = (own / PLACE).read_bytes()
    save(lab, PLACE, ran)
    assert (own / PLACE).read_bytes() == before


def test_without_git_everything_is_saved_as_it_is(own, lab):
    (own / ".git").rename(own.parent / "set aside")
    try:
        save(lab, PLACE, ran)
    finally:
        (own.parent / "set aside").rename(own / ".git")
    assert notebooks.read(own / PLACE).cells[1].outputs[0].text == "mine\n"


@pytest.mark.skipif(browser.CHROMIUM is None, reason=browser.MISSING)
@pytest.mark.heavy
@pytest.mark.parametrize("place", [PLACE, EXERCISE])
def test_a_browser_opens_runs_and_saves_and_git_is_clean(own, lab, place):
    before = (own / place).stat().st_mtime_ns
    with browser.running_browser() as chromium, browser.opened(chromium, lab, place) as (page, _):
        browser.run_all(page)
        page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
        assert (own / place).stat().st_mtime_ns > before
        assert not page.evaluate("() => jupyterapp.shell.currentWidget.context.model.dirty")
        assert clones.changes(own) == []
        page.evaluate("""() => jupyterapp.shell.currentWidget.content.widgets[1]
            .model.sharedModel.setSource("my_own = 1")""")
        page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
        assert clones.changes(own) == [f" M {place}"]
