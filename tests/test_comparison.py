"""How outputs are compared: every rule, with what it lets pass and what it must not."""

import pytest

from course_utils import authoring
from course_utils.figures import SHOWN

# Each line twice: as it is stored, and as another machine prints it.
ALIKE = {
    "the same": ("loss 0.34 after 200 steps", "loss 0.34 after 200 steps"),
    "last digit": ("loss 0.34, then 2.0", "loss 0.33, then 2.1"),
    "carried over": ("0.999", "1.000"),
    "wider, to the right": ("a  9.99|", "a 10.00|"),
    "wider, to the left": ("9.99  |a", "10.00 |a"),
    "sign of zero": ("-0.00", "0.00"),
    "sign of zero in a column": ("| -0.00|", "|  0.00|"),
    "with a plus": ("by +0.01", "by +0.02"),
    "true minus": ("by −0.01", "by −0.02"),
    "across zero": ("0.00", "-0.01"),
    "exponent": ("1.2e-05", "1.3e-05"),
    "exponent without a point": ("1e-05", "9e-06"),
    "exponent carried over": ("1.0e-05", "9.9e-06"),
    "unlike digits": ("0.1", "0.0999"),
    "percent": ("97.5 % and 97.5%", "97.4 % and 97.6%"),
    "thousands": ("1,999.9", "2,000.0"),
    "range": ("0.1-0.2 and 0.1–0.2", "0.2-0.3 and 0.2–0.3"),
    "list": ("[0.10, -0.20, 3]", "[0.11, -0.21, 3]"),
    "array": ("[ 0.10 -0.20]", "[ 0.11 -0.21]"),
    "end of a sentence": ("It is 0.5.", "It is 0.6."),
    "several lines": ("a 0.1\nb 0.2", "a 0.2\nb 0.3"),
    "not a number": ("nan inf -inf", "nan inf -inf"),
}

UNLIKE = {
    "two of the last digit": ("loss 0.34", "loss 0.36"),
    "whole number": ("200 steps", "201 steps"),
    "count in percent": ("97 %", "98 %"),
    "shares of a count": ("17/20", "18/20"),
    "sign": ("0.05", "-0.05"),
    "order of magnitude": ("1.2e-05", "1.2e-06"),
    "all digits of a float": ("0.30000000000000004", "0.3"),
    "fewer digits": ("0.12", "0.1"),
    "becomes whole": ("1.0", "1"),
    "becomes nan": ("0.5", "nan"),
    "nan goes": ("nan", "0.5"),
    "version": ("torch 2.13.0", "torch 2.13.1"),
    "version of two": ("Python 3.11, version 2.1", "Python 3.12, version 2.1"),
    "in a word": ("3.2GB v1.5 model_0.5", "3.3GB v1.5 model_0.5"),
    "name": ("run-0.5", "run-0.6"),
    "file": ("0.5.pt", "0.6.pt"),
    "address": ("127.0.0.1", "127.0.0.2"),
    "date": ("29.10.2021", "30.10.2021"),
    "word": ("loss 0.34", "lose 0.34"),
    "order": ("0.1 0.5", "0.5 0.1"),
    "boolean": ("[True, 0.1]", "[False, 0.1]"),
    "one number more": ("0.1", "0.1 0.1"),
    "blanks": ("a  0.1", "a 0.1"),
    "line more": ("a 0.1", "a 0.1\nb"),
    "line less": ("a 0.1\nb", "a 0.1"),
}


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data):
    kinds = {"html": "text/html", "plain": "text/plain", "shown": SHOWN}
    return {"output_type": "display_data", "data": {kinds[kind]: data[kind] for kind in data}}


@pytest.mark.parametrize("rule", ALIKE)
def test_what_may_differ(rule):
    stored, new = ALIKE[rule]
    assert authoring.differences([stream(stored)], [stream(new)]) == []
    assert authoring.differences([shown(plain=new)], [shown(plain=stored)]) == []
    cell = "<td>{}</td>"
    pages = [shown(html=cell.format(text)) for text in (stored, new)]
    assert authoring.differences(*([page] for page in pages)) == []


@pytest.mark.parametrize("rule", UNLIKE)
def test_what_must_not_differ(rule):
    stored, new = UNLIKE[rule]
    assert authoring.differences([stream(stored)], [stream(new)])
    assert authoring.differences([shown(plain=new)], [shown(plain=stored)])
    pages = [shown(html=f"<td>{text}</td>") for text in (stored, new)]
    assert authoring.differences(*([page] for page in pages))


def test_tags_and_attributes_of_html_are_compared_exactly():
    page = '<table style="opacity: 0.5"><tr><td> 0.34</td><td>12</td></tr></table>'
    for old, new, alike in [("0.34", "0.33", True), ("0.5", "0.6", False), ("12", "13", False)]:
        found = authoring.differences([shown(html=page)], [shown(html=page.replace(old, new))])
        assert (found == []) == alike
    assert authoring.differences([shown(html=page)], [shown(html=page.replace("tr>", "th>"))])


def test_a_difference_says_where_and_names_the_numbers_that_matter():
    stored = stream("all is well\n" + "0.50 " * 100 + "loss 0.34\n")
    new = stream("all is well\n" + "0.51 " * 100 + "loss 0.41\n")
    (line,) = authoring.differences([stored], [new])
    assert line.startswith("stdout, line 2: stored '0.50 0.50 ")
    assert "0.50 loss 0.34', came '0.51 " in line
    assert line.endswith("0.51 loss 0.41'")
    assert len(line) < 220


def test_outputs_that_come_or_go_are_named():
    assert authoring.differences([], [stream("x", "stderr")]) == [
        "stderr: it comes and is not stored"
    ]
    assert authoring.differences([shown(plain="x"), shown(plain="y")], [shown(plain="x")]) == [
        "output 2: text: it is stored and does not come any more"
    ]
    error = {"output_type": "error", "ename": "ValueError", "evalue": "0.5", "traceback": []}
    assert authoring.differences([error], [error | {"ename": "KeyError"}])
    assert authoring.differences([error], [error | {"traceback": ["other"]}]) == []


def test_streams_are_joined_whatever_came_between():
    stored = [stream("a\nb\n"), shown(plain="x")]
    assert authoring.differences(stored, [stream("a\n"), shown(plain="x"), stream("b\n")]) == []
    assert authoring.differences(stored, [stream(["a\n", "b\n"]), shown(plain=["x"])]) == []


PAGE = '<img alt="falls to 0.34" src="data:image/png;base64,{}">'


def test_a_picture_is_compared_by_what_it_shows_and_says():
    stored = shown(html=PAGE.format("AAAA"), shown="line: 3 places, y 0.10 0.20 0.30")
    new = shown(html=PAGE.format("BBBB"), shown="line: 3 places, y 0.11 0.20 0.30")
    assert authoring.differences([stored], [new]) == []
    new["data"][SHOWN] = "line: 3 places, y 0.10 0.20 0.34"
    (line,) = authoring.differences([stored], [new])
    assert line.startswith("output 1: what the picture shows, line 1: ")
    other_words = shown(html=stored["data"]["text/html"].replace("falls", "rises"))
    assert authoring.differences([shown(html=stored["data"]["text/html"])], [other_words])


def test_a_stored_picture_without_a_fingerprint_is_a_difference():
    page = PAGE.format("AAAA")
    assert authoring.differences([shown(html=page)], [shown(html=page, shown="axes")]) == [
        "output 1: what the picture shows: it comes and is not stored"
    ]


def test_a_picture_of_trainings_may_differ_by_a_share_of_its_axes():
    stored = shown(shown='x "gain" linear -8.72e-2 to 0.69e-2\nline "a" #d55e00: y 0.40 0.30')
    for old, new, alike in [
        ("0.40", "0.44", True),
        ("0.40", "0.46", False),
        ("8.72e", "9.01e", True),
        ("8.72e", "9.30e", False),
        ("gain", "loss", False),
        ("#d55e00", "#0072b2", False),
    ]:
        other = shown(shown=stored["data"][SHOWN].replace(old, new))
        assert (authoring.differences([stored], [other], varies=True, by=0.05) == []) == alike
        assert authoring.differences([stored], [other])
    assert authoring.differences([stream("0.10")], [stream("0.12")], varies=True, by=0.05)


def test_of_a_picture_of_times_only_the_words_are_compared():
    stored = shown(shown='x "times faster" log 1.0e-01 to 1.0e+02\nline "a" #d55e00: y 0.10 12')
    words = [("0.10 12", "0.77 nan"), ("1.0e-01", "1.0e+00")]
    for old, new in words:
        other = shown(shown=stored["data"][SHOWN].replace(old, new))
        assert authoring.differences([stored], [other], varies=True) == []
        assert authoring.differences([stored], [other])
    for old, new in [("faster", "slower"), ("#d55e00", "#0072b2"), ("log", "linear")]:
        other = shown(shown=stored["data"][SHOWN].replace(old, new))
        assert authoring.differences([stored], [other], varies=True)
    assert authoring.differences([stream("0.10")], [stream("0.30")], varies=True)
