"""The ledger is whole, and a verdict that the measurement denies is refused."""

import pytest

from course_utils import ROOT, CourseError, claims, notebooks


@pytest.fixture
def cards(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    return shown


def first(verdict):
    return next(name for name, entry in claims.ledger().items() if entry["verdict"] == verdict)


def test_the_ledger_is_whole():
    ledger = claims.ledger()
    lessons = {lesson.name for lesson in notebooks.lessons()}
    counts = {"B": 10, "A": 6, "C": 4, "E": 4, "V": 9, "G": 12, "D": 8, "S": 5}
    assert {key: sum(name[0] == key for name in ledger) for key in counts} == counts
    for name, entry in ledger.items():
        assert all(text.strip() for text in entry.values()), name
        assert entry["about"] in ("both", "torch", "tensorflow", "tools"), name
        assert entry["lesson"] in lessons, name


MEASURED = {
    "holds": [True, {"here": True, "there": True}],
    "partly": [{"here": True, "there": False}],
    "false": [False, {"here": False}],
    "outdated": [False],
    "opinion": [None],
}


@pytest.mark.parametrize("expected", MEASURED)
@pytest.mark.parametrize("measured", MEASURED)
def test_a_verdict_that_the_measurement_denies_is_refused(expected, measured, cards):
    name = first(expected)
    for holds in MEASURED[measured]:
        same = {measured, expected} <= {"false", "outdated"} or measured == expected
        if same:
            claims.verdict(name, holds=holds, because="it was measured.")
            assert len(cards) == 1
            cards.clear()
        else:
            with pytest.raises(claims.ClaimContradicted, match=name):
                claims.verdict(name, holds=holds, because="it was measured.")
            assert cards == []


def test_a_card_says_the_same_in_text_and_html(cards):
    name = first("partly")
    claims.verdict(name, holds={"a < b": True, "c": False}, because="measured.")
    text, page = cards[0]["text/plain"], cards[0]["text/html"]
    assert text.startswith(
        f"{name}: {claims.claim(name)['claim']}\nVerdict: Holds in part. measured."
    )
    assert "yes  a < b" in text
    assert "✓ a &lt; b" in page
    assert "✗ c" in page
    assert "Holds in part." in page


@pytest.mark.parametrize(
    ("name", "holds", "because"), [("Z99", True, "x"), ("B02", True, " "), ("B02", {}, "x")]
)
def test_bad_verdicts(name, holds, because):
    with pytest.raises(CourseError):
        claims.verdict(name, holds=holds, because=because)


@pytest.mark.parametrize(
    "text",
    ["[claims", "[other]", '[claims.X1]\nclaim = "x"'],
)
def test_a_malformed_ledger_is_one_line(tmp_path, monkeypatch, text):
    path = tmp_path / "claims.toml"
    path.write_text(text)
    monkeypatch.setattr(claims, "LEDGER", path)
    claims.ledger.cache_clear()
    with pytest.raises(CourseError, match=r"claims\.toml"):
        claims.ledger()
    claims.ledger.cache_clear()


def test_the_table_shows_every_claim_with_its_verdict_and_a_link_to_its_lesson(cards, monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks" / "1_basics")
    claims.table()
    page, text = cards[0]["text/html"], cards[0]["text/plain"]
    assert page.count("<tr>") == 1 + len(claims.ledger()) == 1 + len(text.splitlines())
    assert "<a href='02_first_network.ipynb'>02</a>" in page
    assert f"B08  {claims.VERDICTS[claims.claim('B08')['verdict']][0]}" in text
