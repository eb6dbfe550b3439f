"""How a lesson's cells are cut into slides, and how they stand on one."""

import base64
import html
import re
import struct

import pytest

from course_utils.teaching import deck, layout, outline, speaker


def lines(text):
    """Make cells: a line in capitals is a slide's, other lines are text or stored output."""
    for number, line in enumerate(text.split(" / ")):
        cell = {"metadata": {}, "source": line, "cell_type": "markdown", "id": f"{number}"}
        if line.isupper():
            cell |= {"cell_type": "code", "metadata": {"tags": ["slide"]}, "outputs": []}
        elif line.startswith("out"):
            cell |= {"cell_type": "code", "source": "x", "outputs": [{"text": line}]}
        elif line.startswith("code"):
            cell |= {"cell_type": "code", "outputs": []}
        yield cell


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("## 1 / a / ONE / reads / ## 2 / b / TWO", ["1 a reads", "2 b"]),
        ("## 1 / ONE / reads / leads / TWO", ["1 reads", "leads"]),
        ("## 1 / ONE / reads\n\nleads / TWO", ["1 reads", "leads"]),
        ("## 1 / ONE / leads: / code / TWO", ["1", "leads: (on)"]),
        ("## 1 / ONE / ## 2 / b / ## 3 / c / TWO", ["1 2 b", "3 c"]),
        ("## 1 / ONE / look: / out 1", ["1 look: out 1"]),
        ("## 1 / ONE / look: / code 1 / out 1", ["1 look: out 1"]),
        ("## 1 / ONE / look: / code 1 / so it is", ["1 look: code 1 so it is"]),
        ("## 1 / ONE / reads\n\n## 2\n\nb / TWO", ["1 reads", "2 b"]),
    ],
)
def test_text_is_read_with_the_slide_that_it_belongs_to(text, told):
    parts, _ = speaker.cut(list(lines(text)), {})
    found = [" ".join(part.told).replace(speaker.ON_SLIDE, "(on)") for part in parts]
    plain = [re.sub(r"```\w*|\*\*", "", one) for one in found]
    assert [" ".join(one.split()) for one in plain] == told


def test_above_an_output_alone_stands_what_the_text_asks():
    text = "## 1 / It is so. (Yes.) Which one? / ONE / It is. / TWO / By hand: / code / THREE"
    cells = list(lines(text))
    for cell in cells:
        if cell["source"].isupper():
            cell["metadata"]["tags"] = ["slide", "slide-output"]
    parts, _ = speaker.cut(cells, {})
    shown = [[cell["source"] for cell in part.cells] for part in parts]
    assert shown == [["Which one?", "ONE", "It is."], ["TWO"], ["THREE"]]


def test_of_a_section_without_tags_the_last_picture_or_text_is_shown():
    text = "## 1 / out 1 / It is so. Which one? / out 2 / why / ## 2 / ONE / ## 3 / b"
    parts, _ = speaker.cut(list(lines(text)), {})
    shown = [[cell["source"] for cell in part.cells] for part in parts]
    assert [part.title for part in parts] == ["1", "2"]
    assert shown == [["Which one?", "x"], ["ONE"]]
    assert "out 1" in "".join(parts[0].told)
    assert "**3**" in parts[1].told
    drawn = list(lines("## 1 / out 1 / out 2"))
    drawn[1]["outputs"] = [{"data": {"text/html": "<img>"}}]
    (part,), _ = speaker.cut(drawn, {})
    assert part.cells[0]["outputs"] == drawn[1]["outputs"]


def test_slides_that_show_least_are_joined_and_keep_their_headings():
    cells = list(lines("LONG / SHORT / BRIEF"))
    cells[0]["source"] = "\n".join(["a = 1"] * 9)
    parts = [layout.Part(title, [cell], [title]) for title, cell in zip("122", cells, strict=True)]
    two = layout.fewer(parts, 2)
    assert [one.told for one in two] == [["1"], ["2", "2"]]
    (one,) = layout.fewer(parts, 1)
    assert [cell["source"] for cell in one.cells][1:] == ["### 2", "SHORT", "BRIEF"]


def picture(width, height):
    start = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height)
    return f"<img src='data:image/png;base64,{base64.b64encode(start).decode()}'>"


def test_two_pictures_stand_so_that_they_are_larger_and_at_one_scale():
    square = deck.pictures([picture(600, 500), picture(800, 500)])
    strips = deck.pictures([picture(830, 140), picture(830, 160)])
    assert "stacked" not in square
    assert "flex: 600 1 0" in square
    assert "flex: 800 1 0" in square
    assert "stacked" in strips
    assert "flex: 160 1 0" in strips


def test_little_is_shown_large():
    few, many = ([{"cell_type": "markdown", "source": "a\n" * count}] for count in (5, 40))
    assert (layout.size(few), layout.size(many)) == ("large", "small")


def test_an_object_that_prints_its_address_is_told_by_its_table():
    table = (
        "<style>td {}</style><table><tr><th>a</th><td>1</td></tr><tr><td>2 &lt;</td></tr></table>"
    )
    data = {"text/plain": "<Styler at 0x7f56dbb39190>", "text/html": table}
    assert outline.shown_text({"outputs": [{"data": data}]}) == "a  1\n2  <"


def test_a_slide_shows_how_a_class_answers_and_no_mark_behind_a_heading():
    made = "class One:\n    def __init__(self):\n        self.x = 1\n\n"
    made += "    def call(self):\n        return 2"
    shown = re.sub(r"<[^>]*>", "", deck.code(made))
    assert "self.x" not in shown
    assert "def call(self):\nreturn 2" in shown
    assert re.search(r"padding-left: 12ch;[^>]*><span[^>]*>return", deck.code(made))
    assert "¶" not in html.unescape(deck.text("### What you will find out"))


def test_a_link_to_a_notebook_is_left_out_of_a_slide_and_its_words_are_not():
    assert "this aloud" in deck.text("Read [this](01_title.ipynb) aloud.")
    assert "href" not in deck.text("Read [this](01_title.ipynb) aloud.")
