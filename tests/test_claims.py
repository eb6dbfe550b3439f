"""Verdicts: decided by cases with controls, refused where they cannot decide, shown in full."""

import ast

import numpy as np
import pytest

from course_utils import ROOT, CourseError, claims, notebooks
from course_utils.claims import counts, reading

BETTER = "measured > control + 0.05"
ROW = """
sentences = [8]
words = "some <words>"
claim = "Layers help."
lesson = "first_network"
about = "both"
limit = "Two tasks."
"""
DECIDED = 'control = "none"\notherwise = "no gain"\n'
LEDGER = f"""
[claims.H]
verdict = "holds"
evidence = "measured"
{DECIDED}{ROW}
[claims.F]
verdict = "false"
evidence = "measured"
{DECIDED}{ROW}
[claims.P]
verdict = "partly"
evidence = "measured"
parts = ["light", "simple"]
{DECIDED}{ROW}
[claims.O]
verdict = "outdated"
evidence = "measured"
then = {{ verdict = "holds", evidence = "It was slow." }}
{DECIDED}{ROW}
[claims.T]
verdict = "taste"
evidence = "none"
{ROW}
[claims.U]
verdict = "unsettled"
evidence = "none"
otherwise = "a survey"
{ROW}
[claims.C]
verdict = "holds"
evidence = "published"
{DECIDED}{ROW}
"""


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A ledger with one row of each kind, whose text a test may change."""

    def use(text):
        path = tmp_path / "claims.toml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(reading, "LEDGER", path)
        claims.ledger.cache_clear()

    use(LEDGER)
    yield use
    claims.ledger.cache_clear()


@pytest.fixture
def cards(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    return shown


def yes():
    return claims.Case(0.93, 0.65, BETTER)


def no():
    return claims.Case(0.66, 0.65, BETTER)


GIVEN = {
    "holds": [{"a": yes()}, {"a": yes(), "b": yes()}],
    "partly": [{"a": yes(), "b": no()}],
    "false": [{"a": no()}, {"a": no(), "b": no()}],
}
FITTING = {"H": ["holds"], "F": ["false"], "O": ["false", "partly"]}


@pytest.mark.parametrize("name", FITTING)
@pytest.mark.parametrize("measured", GIVEN)
def test_a_verdict_that_the_measurement_denies_is_refused(name, measured, small, cards):
    for cases in GIVEN[measured]:
        cards.clear()
        if measured in FITTING[name]:
            claims.verdict(name, cases, because="it was measured.")
            assert len(cards) == 1
        else:
            with pytest.raises(claims.ClaimContradicted, match=name):
                claims.verdict(name, cases, because="it was measured.")
            assert cards == []


def test_a_claim_holds_in_part_by_its_own_parts(small, cards):
    light = {"light: memory": yes(), "light: disk": yes()}
    claims.verdict("P", light | {"simple": no()}, because="it is heavy to write.")
    with pytest.raises(claims.ClaimContradicted, match="'false'"):
        # One case of a part that fails makes the part fail.
        claims.verdict("P", light | {"light: time": no(), "simple": no()}, because="x")
    with pytest.raises(CourseError, match="no case for 'simple'"):
        claims.verdict("P", light, because="x")
    with pytest.raises(CourseError, match="begin with one of"):
        claims.verdict("P", light | {"simple": no(), "quick": no()}, because="x")
    with pytest.raises(CourseError, match="begin with one of"):
        claims.verdict("P", light | {"simpler": no()}, because="x")


def test_what_held_in_october_2021_is_computed_too(small, cards):
    claims.verdict("O", {"a": no()}, then={"a": yes()}, because="it has got quicker.")
    assert "yes  October 2021: a (" in cards[0]["text/plain"]
    assert "no   a (" in cards[0]["text/plain"]
    assert "In October 2021: Holds. It was slow." in cards[0]["text/plain"]
    with pytest.raises(claims.ClaimContradicted, match="O, then: the measurement says 'false'"):
        claims.verdict("O", {"a": no()}, then={"a": no()}, because="x")
    with pytest.raises(claims.ClaimContradicted, match="the ledger says None"):
        claims.verdict("H", {"a": yes()}, then={"a": yes()}, because="x")


@pytest.mark.parametrize(
    ("name", "cases", "because", "said"),
    [
        ("Z", GIVEN["holds"][0], "x", "no claim 'Z'"),
        ("H", GIVEN["holds"][0], " ", "needs a reason"),
        ("H", {}, "x", "needs cases"),
        ("H", {"a": True}, "x", "should be a Case"),
        ("T", GIVEN["holds"][0], "x", "takes no case: the ledger calls it 'taste'"),
        ("U", GIVEN["holds"][0], "x", "takes no case: the ledger calls it 'unsettled'"),
        ("C", GIVEN["holds"][0], "x", "needs sources"),
        ("C", {"a": claims.Case(2, 1, BETTER, sources=["hearsay"])}, "x", "needs sources"),
    ],
)
def test_what_cannot_decide_is_refused(name, cases, because, said, small, cards):
    with pytest.raises(CourseError, match=said):
        claims.verdict(name, cases, because=because)
    assert cards == []


SAME = np.array([0.9, 0.8])


@pytest.mark.parametrize(
    ("measured", "control", "rule", "said"),
    [
        ("cuda", "cpu", "measured != control", "a name|'cuda': a case needs numbers"),
        (None, 1, "measured > control", "None: a case needs numbers"),
        (True, None, "measured and not control", "control is None"),
        (float("nan"), 1.0, BETTER, "not finite"),
        ([], [1.0], BETTER, "a list: a case needs numbers"),
        (SAME, SAME, "(measured > control).all()", "compares one object with itself"),
        (0.9, 0.8, "measured > 0.5", "does not look at control"),
        (0.9, 0.8, "True", "does not look at"),
        (0.9, 0.8, "measured > control + margin", "uses margin: write its value out"),
        (0.9, 0.8, "measured >", "not an expression"),
        (SAME, [0.5, 0.5], "measured > control", "no single yes or no"),
        (0.9, 0.8, "measured - control", "no single yes or no"),
        (0.9, 0.8, "measured.all() > control.all()", "cannot be applied"),
        (0.9, 0.8, "measured > control and __import__('os')", "uses __import__"),
    ],
)
def test_a_case_that_cannot_decide_is_refused(measured, control, rule, said):
    with pytest.raises(CourseError, match=said):
        claims.Case(measured, control, rule)


@pytest.mark.parametrize(
    ("measured", "control", "rule", "holds"),
    [
        (0, 0, "measured == control", True),
        (True, True, "measured and not control", False),
        (np.float32(0.5), 0.25, "measured > control", True),
        ([0.9, 0.7], [0.6, 0.8], "(measured > control).any()", True),
        ([0.9, 0.7], [0.6, 0.8], "(measured > control).all()", False),
        ([0.9, 0.7], [0.6, 0.8], "(measured - control).mean() > 0.09", True),
        (3.0, [1.0, 1.2], "measured > 3 * max(control)", False),
        (1e-8, 0.3, "measured < 1e-6 < control", True),
    ],
)
def test_a_rule_decides_from_both_sides(measured, control, rule, holds):
    assert claims.Case(measured, control, rule).holds is holds


def test_a_card_says_all_in_text_and_html(small, cards):
    cases = {
        "light: a < b": claims.Case([0.931, 0.0042], 12.0, "measured.max() < control"),
        "simple": claims.Case(71.23456, 20.0, "measured < control", printed=False),
    }
    claims.verdict("P", cases, because="measured & found.")
    text, page = cards[0]["text/plain"], cards[0]["text/html"]
    for said in (
        "P: “some <words>” (sentence 8)",
        "We take it to mean: Layers help.",
        "Verdict: Holds in part. measured & found.",
        "yes  light: a < b (measured 0.93, 0.004, control 12, rule: measured.max() < control)",
        "no   simple (rule: measured < control)",
        "Compared with: none",
        "It would have turned it: no gain",
        "Limits: Two tasks.",
    ):
        assert said in text
    for said in (
        "“some &lt;words&gt;”",
        "Layers help.",
        "<b>Holds in part.</b> measured &amp; found.",
        "✓ light: a &lt; b<br>measured 0.93, 0.004, control 12",
        "<code>measured.max() &lt; control</code>",
        "✗ simple",
        "It would have turned it:",
        "no gain",
        "Two tasks.",
    ):
        assert said in page
    assert "71" not in text + page


def test_code_in_a_card_is_code_and_the_learner_s_own_markup_is_text(small, cards):
    claims.verdict("U", because="`a < b` and `x` are code, a single ` and <i> are not.")
    assert (
        "<code>a &lt; b</code> and <code>x</code> are code, a single ` and &lt;i&gt; are not."
        in cards[0]["text/html"]
    )
    assert "`a < b` and `x`" in cards[0]["text/plain"]


def test_a_card_without_cases_says_what_would_settle_it(small, cards):
    claims.verdict("U", because="nobody counted.")
    claims.verdict("T", because="it is a word.")
    assert "It would settle it: a survey" in cards[0]["text/plain"]
    assert "Not settled here. nobody counted." in cards[0]["text/plain"]
    assert "A matter of taste" in cards[1]["text/html"]


def test_published_counts_decide_and_their_sources_are_shown(small, cards):
    row = claims.adoption().iloc[0]
    case = claims.Case(row.value, row.value - 1, "measured > control", sources=[row.source])
    claims.verdict("C", {"counted": case}, because="it was counted.")
    assert f"Source: {row.source}" in cards[0]["text/plain"]
    assert "<i>Sources:</i> 1" in cards[0]["text/html"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[claims.H]", "[claims.H", "cannot be read"),
        ("[claims.", "[other.", "cannot be read"),
        ('limit = "Two tasks."', "", "claim H needs 'limit'"),
        ('limit = "Two tasks."', 'limit = ""', "needs as 'limit' a str that is not empty"),
        ("sentences = [8]", "sentences = 8", "needs as 'sentences' a list"),
        ("sentences = [8]", "sentences = [8]\ntest = 'x'", "unknown field 'test'"),
        ('verdict = "false"', 'verdict = "opinion"', "claim F has the verdict 'opinion'"),
        ('"taste"\nevidence = "none"', '"taste"\nevidence = "measured"', "cannot be 'taste'"),
        ('"holds"\nevidence = "measured"', '"holds"\nevidence = "none"', "cannot be 'holds'"),
        (DECIDED, 'otherwise = "no gain"\n', "claim H needs 'control'"),
        (DECIDED, 'control = "none"\n', "claim H needs 'otherwise'"),
        ('otherwise = "a survey"', "", "claim U needs 'otherwise'"),
        ('parts = ["light", "simple"]', "", "claim P needs 'parts'"),
        ('parts = ["light", "simple"]', 'parts = ["light"]', "fewer than two parts"),
        ('{ verdict = "holds"', '{ verdict = "false"', "did not hold in October 2021"),
        (', evidence = "It was slow."', "", "a verdict and the evidence"),
        ('then = { verdict = "holds", evidence = "It was slow." }', "", "claim O needs 'then'"),
        ('"outdated"', '"false"', "claim O is 'false' and held in October 2021"),
    ],
)
def test_a_malformed_ledger_is_one_line(small, old, new, said):
    assert old in LEDGER
    small(LEDGER.replace(old, new))
    with pytest.raises(CourseError, match=f"claims.toml.*{said}"):
        claims.ledger()


def test_malformed_counts_are_one_line(tmp_path, monkeypatch):
    path = tmp_path / "adoption.csv"
    monkeypatch.setattr(counts, "COUNTS", path)
    for text in ("year,value\n2021,3\n", f"{','.join(counts.COLUMNS)}\n2021,a,b,c,,%,d,e\n"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(CourseError, match=r"adoption\.csv needs the columns"):
            claims.adoption()


def test_the_table_folds_every_claim_below_its_section(cards, monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks" / "1_basics")
    claims.table()
    page, text = cards[0]["text/html"], cards[0]["text/plain"]
    ledger = claims.ledger()
    assert page.count("<details class='claim'") == len(ledger)
    assert page.count("<details class='section'") == len(reading.SECTIONS)
    assert len(text.splitlines()) == len(ledger) + len(reading.SECTIONS)
    link = notebooks.named("first_network").name
    assert f"<a href='{link}'>first network</a>" in page
    assert f"B08  {claims.VERDICTS[claims.claim('B08')['verdict']][0]}" in text
    assert "data-verdict='taste'" in page


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("claims.verdict('B', {'a': claims.Case(right.mean(), 0.1, 'measured > control')})", []),
        ("Case(measured=0.9, control=a, rule='')", ["a case's measurement is written down: 0.9"]),
        ("Case(x[0],  x[0], 'measured > control')", ["a case compares a thing with itself: x[0]"]),
    ],
)
def test_code_shows_what_is_written_down_and_what_is_compared_with_itself(code, said):
    assert claims.objections(ast.parse(code)) == said
