"""Slides: from tagged cells, none higher than the screen, whole without a network, by keyboard."""

import ast
import functools
import hashlib
import html
import itertools
import re
import shutil

import browser
import nbformat
import pytest
import small_course
from playwright.sync_api import sync_playwright

from course_utils import ROOT, CourseError, claims, minutes, notebooks
from course_utils.authoring import notes
from course_utils.teaching import deck, outline, reveal, slides, speaker, workshop

needs_chromium = pytest.mark.skipif(not browser.CHROMIUM, reason=browser.MISSING)
FEWEST = 8
SMALLEST_PICTURE = 100  # pixels of height on the screen; a strip of digits has 130
SMALLER = 1.6  # times; letters of a picture are about 15 pixels high as it is stored
HALF_EMPTY, LEGIBLE = 400, 18  # a slide that ends above this pixel has no smaller letters
ONE_SIDED = {"visdom", "then_and_now", "your_own_claim"}  # code that serves both, or one at a time
LESSONS = [lesson for lesson in notebooks.lessons() if lesson.tasks]


@functools.cache
def deck_of(name):
    """Make the slides of a lesson, once."""
    return slides.make(next(lesson for lesson in LESSONS if lesson.name == name))


MEASURE = f"""() => [...document.querySelectorAll('.slides > section')].map((slide, n) => {{
  const edge = slide.getBoundingClientRect();
  const parts = [...slide.querySelectorAll(':scope > :not(aside), :scope > :not(aside) *')];
  const low = Math.max(...parts.map(part => part.getBoundingClientRect().bottom));
  const inner = [...slide.querySelectorAll('pre, table, .picture, .twin, .out')];
  const wide = inner.some(part => part.scrollWidth > part.clientWidth + 1
    || part.getBoundingClientRect().right > edge.right + 1);
  const small = [...slide.querySelectorAll('img')].some(picture => {{
    const {{width, height}} = picture.getBoundingClientRect();
    const less = Math.max(picture.naturalWidth / width, picture.naturalHeight / height);
    return height < {SMALLEST_PICTURE} || less > {SMALLER};
  }});
  const lowest = Math.round(low - edge.top);
  const high = Math.max(lowest, slide.scrollHeight);
  const letters = [...slide.querySelectorAll('pre, td')].map(
    part => parseFloat(getComputedStyle(part).fontSize));
  const tiny = lowest < {HALF_EMPTY} && Math.min(...letters) < {LEGIBLE};
  const arrows = document.querySelector('.navigate-right').getBoundingClientRect().top - edge.top;
  const title = slide.querySelector('h1, h2')?.textContent;
  return {{n: n + 1, title, high, wide, small, tiny, covered: lowest > arrows}};
}})"""


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    """The slides of all lessons; the scripts come from the network once, and are kept in build/."""
    to = tmp_path_factory.mktemp("slides")
    kept = slides.ROOT / "build/slides/reveal"
    if kept.exists():
        shutil.copytree(kept, to / "reveal")
    try:
        slides.build([], to)
    except CourseError as error:
        pytest.skip(f"{error}")
    return to


def wrong_sizes(view, name):
    """Yield what of a deck does not fit on a screen of 1280 × 720."""
    for slide in view.evaluate(MEASURE):
        place = f"{name} {slide['n']} {slide['title']!r}"
        if slide["high"] > 720:
            yield f"{place} is {slide['high']} px high"
        if slide["covered"]:
            yield f"{place} lies under the arrows"
        if slide["wide"]:
            yield f"{place} is too wide"
        if slide["small"]:
            yield f"{place} has a picture that is too small"
        if slide["tiny"]:
            yield f"{place} is half empty and its letters are small"


def open_deck(playwright, said):
    chromium = playwright.chromium.launch(
        executable_path=browser.CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
    )
    view = chromium.new_page(viewport={"width": 1280, "height": 720})
    view.on("console", lambda message: said.append(message.text) if message.type == "error" else 0)
    view.on("pageerror", lambda error: said.append(str(error)))
    view.on("request", functools.partial(watch, said))
    return chromium, view


def watch(said, request):
    if not request.url.startswith(("file:", "data:", "blob:")):
        said.append(f"asks for {request.url}")


@pytest.mark.heavy
@needs_chromium
def test_no_slide_is_higher_than_the_screen_and_none_needs_a_network(decks):
    said, faults = [], []
    with sync_playwright() as playwright:
        chromium, view = open_deck(playwright, said)
        for name in [*(lesson.name for lesson in LESSONS), workshop.NAME]:
            view.goto((decks / f"{name}.html").as_uri())
            view.wait_for_function("() => Reveal.isReady()")
            faults += wrong_sizes(view, name)
        chromium.close()
    assert faults + said == []


@pytest.mark.heavy
@needs_chromium
def test_keys_lead_through_the_slides_and_show_the_right_answer(decks):
    said = []
    with sync_playwright() as playwright:
        chromium, view = open_deck(playwright, said)
        view.goto((decks / "first_network.html").as_uri())
        view.wait_for_function("() => Reveal.isReady()")
        count = view.evaluate("() => Reveal.getTotalSlides()")
        view.keyboard.press("ArrowRight")
        assert view.evaluate("() => Reveal.getIndices().h") == 1
        view.keyboard.press("End")
        assert view.evaluate("() => Reveal.getIndices().h") == count - 1
        right = view.locator("section.present .fragment.right")
        assert "visible" not in right.get_attribute("class").split()
        view.keyboard.press("ArrowRight")
        assert "visible" in right.get_attribute("class").split()
        chromium.close()
    assert said == []


@pytest.mark.parametrize("of", LESSONS, ids=[lesson.name for lesson in LESSONS])
def test_a_lesson_has_8_to_15_slides_each_with_a_title(of):
    made = deck_of(of.name)
    assert FEWEST <= len(made) <= slides.MOST
    assert all(slide.title and slide.parts for slide in made)
    assert sum(bool(slide.notes) for slide in made) > len(made) / 2
    titles = [slide.title for slide in made]
    assert titles.count("What we found") == 1
    assert "Check yourself" in titles
    told = "\n".join(titles + [note for slide in made for note in slide.notes])
    sections = [name for name in minutes.by_section(of.path) if name[0].isdigit()]
    assert [name for name in sections if name not in told] == []


@pytest.mark.parametrize("of", LESSONS, ids=[lesson.name for lesson in LESSONS])
def test_what_the_notes_announce_follows_and_the_right_answer_is_marked(of):
    for slide in deck_of(of.name):
        for note, following in itertools.zip_longest(slide.notes, slide.notes[1:], fillvalue=""):
            assert following or not note.endswith(":"), (slide.title, note)
        if slide.title == "Check yourself":
            assert slide.notes[0].count("**Right:**") == 1


def test_every_verdict_is_on_a_slide_hidden_until_it_is_asked_for():
    for of in LESSONS:
        reasons = outline.reasons(notebooks.load(of.path)["cells"])
        found = [slide for slide in deck_of(of.name) if slide.title == "The verdicts"]
        assert len(found) == bool(of.claims), of.name
        assert "`" not in "".join(part for slide in found for part in slide.parts)
        for name in of.claims:
            entry = claims.claim(name)
            row = next(row for row in found[0].parts[0].split("<tr>") if f"<b>{name}</b>" in row)
            words, verdict = row.split("class='fragment'")[:2]
            assert html.escape(entry["words"]) in words
            assert claims.VERDICTS[entry["verdict"]][0] in verdict
            told = "\n".join(found[0].notes)
            assert f"**{name}** {reasons[name]} " in told
            assert entry["limit"] in told
            assert entry.get("otherwise", "") in told


def test_what_limits_a_verdict_is_told_once():
    for of in LESSONS:
        told = [
            note
            for slide in deck_of(of.name)
            if slide.title != "The verdicts"
            for note in slide.notes
        ]
        for name in of.claims:
            for head, text in claims.below(claims.claim(name)).items():
                assert f"{head}: {text}" not in "\n".join(told)


def test_how_a_claim_is_read_stands_below_its_words():
    for of in LESSONS:
        for slide in deck_of(of.name):
            if slide.title == "What is claimed":
                shown = html.unescape("".join(slide.parts) + "".join(slide.notes))
                read = [notes.inline_html(claims.claim(name)["claim"]) for name in of.claims]
                assert [one for one in read if html.unescape(one) not in shown] == []
                assert bool(slide.notes) == (len(of.claims) > slides.FEW)
                assert "`" not in "".join(slide.parts)


def test_what_became_of_the_prediction_is_on_a_slide():
    for of in LESSONS:
        cells = notebooks.load(of.path)["cells"]
        answers = [line for cell in cells for line in outline.measured(cell)]
        shown = [part for slide in deck_of(of.name) for part in slide.parts]
        quoted = "".join(part for part in shown if "<blockquote>" in part)
        values = [html.escape(line.split("**")[1], quote=False) for line in answers]
        assert answers, of.name
        assert [one for one in values if f"<strong>{one}</strong>" not in quoted] == [], of.name


def test_what_became_of_it_shows_when_asked_for_and_nothing_before_it_promises():
    for of in LESSONS:
        made = deck_of(of.name)
        asked = next(n for n, slide in enumerate(made) if slide.title == "Predict first")
        shown = [part for slide in made for part in slide.parts if "<blockquote>" in part]
        assert [part for part in shown if "class='text fragment answer'" not in part] == []
        before = html.unescape("".join(part for slide in made[:asked] for part in slide.parts))
        assert of.promise not in before, of.name
        assert of.promise in "".join(made[0].notes), of.name


def test_a_slide_of_a_few_printed_lines_says_what_they_are():
    for of in LESSONS:
        for slide in deck_of(of.name):
            (only, *more) = slide.parts
            if only.startswith("<pre class='out'>") and only.count("\n") + 1 < speaker.LITTLE:
                assert more, (of.name, slide.title)


def test_code_on_a_slide_is_without_the_lesson_s_tests():
    code = "one = 1\nassert (\n    one == 1\n)\nfor n in range(2):\n    assert n < one + 1\n"
    assert deck.shortened(code) == "one = 1\nfor n in range(2):\n    assert n < one + 1"
    assert deck.shortened("%matplotlib inline\nassert one") == "%matplotlib inline\nassert one"


def test_a_line_of_code_is_indented_by_its_looks_alone():
    shown = deck.code('if x:\n    program = """\n    for y in x:\n        print(y)\n"""')
    lines = re.findall(r"padding-left: (\d+)ch[^>]*>(.*)", shown)
    assert [int(indent) - 4 for indent, _ in lines] == [0, 4, 4, 8, 0]
    assert all(re.sub(r"<[^>]*>", "", line)[0] not in " " for _, line in lines)


def test_a_paragraph_that_reads_one_slide_and_announces_the_next_is_cut():
    tagged = {"cell_type": "code", "metadata": {"tags": ["slide"]}, "source": "x", "outputs": []}
    between = {"cell_type": "markdown", "metadata": {}, "source": "It fell. Now (too): start at 6:"}
    heading = {"cell_type": "markdown", "metadata": {}, "source": "## 1 · One"}
    parts, _ = speaker.cut([heading, tagged, between, tagged], {})
    assert [part.told[-1] for part in parts] == ["It fell.", slides.speaker.ON_SLIDE]
    assert parts[1].told[0] == "Now (too): start at 6:"


def test_wide_twins_stand_one_above_the_other_where_there_is_room():
    def twins(lines, width):
        return [
            {
                "cell_type": "code",
                "metadata": {},
                "source": "\n".join([f"x_{of} = {'1' * width}"] * lines),
            }
            for of in ("torch", "tf")
        ]

    for lines, width, stacked in ((3, 60, True), (3, 30, False), (12, 60, False)):
        pair = twins(lines, width)
        assert slides.layout.stacked(pair, pair) == stacked


def test_the_workshop_s_slides_ask_show_and_judge():
    made = slides.make_workshop()
    parts = workshop.parts()
    for number, part in enumerate(parts, start=1):
        first = next(n for n, one in enumerate(made) if one.title == f"{number} · {part.title}")
        rest = made[first + 1 :]
        last = next(n for n, one in enumerate(rest) if one.title == "The verdict")
        shown = html.unescape("".join(made[first].parts))
        assert part.predict.split("`")[0] in shown
        assert part.answer.split("`")[0] not in shown
        assert "fragment answer" in rest[last - 1].parts[-1]
        assert part.claim in rest[last].parts[0]


def test_every_section_that_shows_something_has_a_slide():
    for of in LESSONS:
        text = "\n".join(
            f"<h2>{slide.title}</h2>" + "".join(slide.parts) for slide in deck_of(of.name)
        )
        headings = re.sub(r"`|</?code>", "", html.unescape(text))
        shows = {}
        for cell in notebooks.load(of.path)["cells"]:
            source = notebooks.joined(cell["source"])
            if cell["cell_type"] == "markdown":
                for heading in re.findall(r"^## (\d+ · .*)$", source, re.MULTILINE):
                    shows[heading] = False
            elif shows and any("text" in one for one in cell["outputs"]):
                shows[list(shows)[-1]] = True
        missing = [
            one
            for one, something in shows.items()
            if something and f"{one.replace('`', '')}</h" not in headings
        ]
        assert missing == [], of.name


def test_no_note_shows_an_object_by_its_address():
    told = [note for of in LESSONS for slide in deck_of(of.name) for note in slide.notes]
    assert [note for note in told if " at 0x" in note] == []


def asked(lesson):
    """Yield what a lesson's form offers, as its code spells it."""
    for cell in notebooks.load(lesson.path)["cells"]:
        source = notebooks.joined(cell["source"])
        if cell["cell_type"] == "code" and "predictions.ask(" in source:
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.List | ast.Dict):
                    parts = node.elts if isinstance(node, ast.List) else node.keys
                    yield from (str(part.value) for part in parts if hasattr(part, "value"))


@pytest.mark.parametrize("of", LESSONS, ids=[lesson.name for lesson in LESSONS])
def test_slides_and_page_show_the_choices_of_the_prediction(of):
    (shown,) = [slide for slide in deck_of(of.name) if slide.title == "Predict first"]
    page = (ROOT / notes.FOLDER / f"{of.name}.md").read_text(encoding="utf-8")
    predicted = page.partition("## The prediction")[2].partition("**The answer.**")[0]
    for choice in asked(of):
        assert choice in html.unescape("".join(shown.parts))
        assert choice in predicted


@pytest.fixture
def small(tmp_path):
    """A lesson with twins that are tagged for one slide."""
    root = small_course.make_course(tmp_path, {"1_basics": ["title"]})
    path = root / "notebooks/1_basics/00_title.ipynb"
    notebook = nbformat.read(path, 4)
    notebook.cells[1:2] = [
        nbformat.v4.new_markdown_cell("## 1 · What is one?"),
        nbformat.v4.new_code_cell("one_torch = 1", metadata={"tags": ["slide"]}),
        nbformat.v4.new_markdown_cell("and in TensorFlow:"),
        nbformat.v4.new_code_cell("one_tf = 1", metadata={"tags": ["slide-more"]}),
        nbformat.v4.new_markdown_cell("Read [this](01_title.ipynb) aloud."),
    ]
    nbformat.write(notebook, path)
    return root


def test_twins_stand_side_by_side_and_the_text_around_becomes_the_notes(small):
    (lesson,) = notebooks.lessons(small)
    shown = slides.make(lesson, small)[-1]
    assert shown.title == "1 · What is one?"
    (part,) = shown.parts
    assert part.index("<h3>PyTorch") < part.index("one_torch") < part.index("<h3>TensorFlow")
    heading = "**1 · What is one?**, from minute 0"
    announced = ["and in TensorFlow:", slides.speaker.ON_SLIDE]
    assert shown.notes == [heading, *announced, "Read [this](01_title.ipynb) aloud."]


def test_a_lesson_s_slides_show_twins():
    def twins(name):
        return "<div class='twins" in "".join(part for one in deck_of(name) for part in one.parts)

    assert {of.name for of in LESSONS if not twins(of.name)} == ONE_SIDED


def test_unknown_and_untagged_lessons_are_named(small, tmp_path):
    with pytest.raises(CourseError, match="no lesson named 'nothing'"):
        slides.build(["nothing"], tmp_path / "to", small)
    path = notebooks.lessons(small)[0].path
    path.write_text(path.read_text().replace('"slide"', '"other"'))
    with pytest.raises(CourseError, match="no cell is tagged 'slide'"):
        slides.build(["title"], tmp_path / "to", small)


def test_scripts_that_are_there_are_not_fetched_again(tmp_path, monkeypatch):
    monkeypatch.setattr(reveal.web_files, "fetch", lambda *_: pytest.fail("fetched"))
    mark = hashlib.sha256(reveal.LIST.read_bytes()).hexdigest()
    (tmp_path / "reveal").mkdir()
    (tmp_path / "reveal/made_from").write_text(mark)
    reveal.put(tmp_path / "reveal")
