"""Lessons and exercises can be read by everyone: axe finds no barrier that is the course's own.

What axe finds of JupyterLab, nbconvert and Keras is listed with the reason; an entry that is found
no more has to go.
"""

import json

import axe
import browser
import nbconvert
import pytest

from course_utils import notebooks

pytestmark = [
    pytest.mark.skipif(browser.CHROMIUM is None, reason=browser.MISSING),
    pytest.mark.skipif(not axe.there(), reason=axe.MISSING),
    pytest.mark.xdist_group("axe"),
]

OURS = ".jp-RenderedHTMLCommon, .jp-OutputArea-output"
LESSON, EXERCISE = "tensors_and_gradients", "first_network"
EXPORTED = "first_network", "card_fraud"

# The editors of code, whose colours are JupyterLab's and nbconvert's, are left out.
CODE = [[".jp-InputArea-editor"]]

# Each by its rule and a part of the element.
IN_JUPYTERLAB = {
    ("aria-allowed-attr", "jp-DebuggerBugButton"): "the debugger's button is said to be pressed",
    ("aria-required-children", "jp-WindowedPanel-viewport"): "a feed holds more than articles",
    ("aria-input-field-name", "noUi-handle"): "a slider's label stands beside it, not tied to it",
    ("button-name", "jp-collapseHeadingButton"): "what folds a section has no name",
}
IN_EXPORTS = {
    ("color-contrast", "Prompt"): "the numbers of cells are grey",
    ("color-contrast", "text-decoration-color"): "Keras's summary of a model has its own colours",
    ("link-in-text-block", "<a "): "links are not underlined",
    ("empty-table-header", "<th></th>"): "the corner of a table that pandas writes is empty",
}
THEME = "name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})"
# What is scrolled away is not looked at.
HEIGHT = "() => document.querySelector('.jp-WindowedPanel-viewport').scrollHeight + 300"
ANSWER = "def unit_torch(data, weights, bias):\n    return torch.sigmoid(data @ weights + bias)"


@pytest.fixture(scope="module")
def chromium():
    with browser.running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("axe")
    browser.copy_course(folder)
    with browser.running_lab(folder) as running:
        yield running


def apart(found, known):
    """Return what is not in a list of what is known, and which entries of the list were found."""
    rest, seen = [], set()
    for one in found:
        entries = [key for key in known if key[0] == one["rule"] and key[1] in one["html"]]
        seen.update(entries)
        rest += [] if entries else [f"{one['rule']}: {one['place']}: {one['html']}"]
    return rest, seen


def looked_at(page, theme):
    page.evaluate(THEME, f"JupyterLab {theme}")
    page.wait_for_function(f"""() => document.body.dataset.jpThemeName === 'JupyterLab {theme}'""")
    page.set_viewport_size({"width": 1400, "height": page.evaluate(HEIGHT)})
    page.wait_for_timeout(500)
    return axe.violations(page, OURS, {"include": [[".jp-NotebookPanel"]], "exclude": CODE})


@pytest.mark.heavy
def test_a_lesson_and_an_exercise_that_were_run_in_both_themes(lab, chromium):
    at = notebooks.named(EXERCISE, "exercises", lab.folder)
    exercise = notebooks.load(at)
    answer = next(cell for cell in exercise["cells"] if "def unit_torch" in "".join(cell["source"]))
    answer["source"] = ANSWER
    at.write_text(json.dumps(exercise), encoding="utf-8")
    faults, ever = [], set()
    for path in (notebooks.named(LESSON, root=lab.folder), at):
        with browser.opened(chromium, lab, path.relative_to(lab.folder).as_posix()) as (page, _):
            browser.run_all(page)
            for theme in ("Dark", "Light"):
                rest, seen = apart(looked_at(page, theme), IN_JUPYTERLAB)
                faults += [f"{path.name}, {theme}: {one}" for one in rest]
                ever |= seen
    assert faults == []
    assert ever == set(IN_JUPYTERLAB)


def test_finds_what_is_ours(chromium):
    page = chromium.new_page()
    page.set_content('<html lang="en"><title>.</title><main><h1>.</h1><img src="data:,"></main>')
    rest, seen = apart(axe.violations(page, "main"), IN_EXPORTS)
    assert [one.partition(":")[0] for one in rest] == ["image-alt"]
    assert seen == set()


def exported(chromium, folder, name):
    """Look at the page that a lesson is exported to."""
    html, _ = nbconvert.HTMLExporter().from_filename(str(notebooks.named(name)))
    path = folder / f"{name}.html"
    path.write_text(html, encoding="utf-8")
    page = chromium.new_page()
    # Its formulas and diagrams come from other machines.
    page.route("http*://**", lambda route: route.abort())
    page.goto(path.as_uri())
    found = axe.violations(page, OURS, {"exclude": CODE})
    page.close()
    return apart(found, IN_EXPORTS)


@pytest.mark.heavy
def test_in_two_exported_lessons_all_that_is_listed_is_found(chromium, tmp_path):
    """Every page of the website meets axe, so two show what the export is like."""
    (rest, seen), (others, more) = (exported(chromium, tmp_path, name) for name in EXPORTED)
    assert rest + others == []
    assert seen | more == set(IN_EXPORTS)
