"""A ledger of one's own: rows kept as they are, faults in a line, experiments judged."""

import functools
import re

import numpy as np
import pytest

from course_utils import CourseError, claims
from course_utils.claims import judging, own, work

ROW = {
    "source": "A talk, May 2026",
    "words": "compile makes everything faster",
    "claim": "Whatever is compiled runs faster.",
    "evidence": "measured",
    "limit": "One machine.",
    "control": "The same function as written.",
    "otherwise": "A function that gains nothing.",
}
FASTER = "min(measured) > 1.2 * max(control)"
ANSWERS = dict.fromkeys(judging.ASKED, "Said.")


def case(measured=3.0, control=1.0, rule=FASTER, count=5):
    generator = np.random.default_rng(0)
    noise = generator.uniform(0.99, 1.01, (2, count))
    return claims.Case(measured * noise[0], control * noise[1], rule)


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "my_claims.toml"


@pytest.fixture
def cards(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    return shown


def test_a_row_comes_back_as_it_was_written(ledger):
    odd = ROW | {"limit": 'A "quote", a \\ and ü\n🙂.', "parts": ["lighter", "simpler"]}
    own.add(ledger, "M1", odd)
    own.add(ledger, "M2", ROW)
    assert own.read(ledger) == {"M1": odd, "M2": ROW}


def test_a_row_that_is_there_is_never_changed(ledger):
    own.add(ledger, "M1", ROW)
    text = "# my own words\n" + ledger.read_text() + "\n# and below"
    ledger.write_text(text)
    own.add(ledger, "M1", dict(ROW))
    assert ledger.read_text() == text
    with pytest.raises(CourseError, match="holds another row M1, and keeps it"):
        own.add(ledger, "M1", ROW | {"limit": "Two machines."})
    assert ledger.read_text() == text
    own.add(ledger, "M2", ROW)
    assert ledger.read_text().startswith(text)


def test_a_verdict_that_was_added_by_hand_is_kept(ledger):
    own.add(ledger, "M1", ROW)
    text = ledger.read_text() + 'verdict = "false"\n'
    ledger.write_text(text)
    own.add(ledger, "M1", ROW)
    assert ledger.read_text() == text
    with pytest.raises(CourseError, match="holds another row M1"):
        own.add(ledger, "M1", ROW | {"verdict": "holds"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no my_claims.toml yet"),
        ("[claims.M1\nx = 1", "my_claims.toml cannot be read: .*line 1"),
        (b"\xff", "cannot be read"),
        ("x = 1", "rows that begin like"),
        ("[claims.M1]\n[other]", "and no more"),
        ("[claims]\nM1 = 3", "claim M1 should be a row of fields"),
        ("[claims.M1]", "claim M1 needs as 'evidence' one of"),
    ],
)
def test_a_file_that_is_no_ledger_is_one_line_and_stays(ledger, text, said):
    if text is not None:
        ledger.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CourseError, match=said) as error:
        own.read(ledger)
    assert "\n" not in str(error.value)
    if text is not None:
        before = ledger.read_bytes()
        with pytest.raises(CourseError, match=said):
            own.add(ledger, "M9", ROW)
        assert ledger.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"control": None}, "needs 'control'"),
        ({"otherwise": None}, "needs 'otherwise'"),
        ({"source": None}, "needs 'source'"),
        ({"limit": ""}, "needs as 'limit' a str that is not empty"),
        ({"sentences": [1]}, "has an unknown field 'sentences'"),
        ({"words": "makes faster"}, "quotes 2 words: 3 to 8 decide"),
        ({"words": "one two three four five six seven eight nine"}, "quotes 9 words"),
        ({"otherwise": "The same function as WRITTEN. "}, "says the same in two of its fields"),
        ({"limit": "One machine"}, "needs as 'limit' a sentence, with a full stop: 'One machine'"),
        ({"verdict": "opinion"}, r"has the verdict 'opinion'; say .*'false' \(Does not hold\)"),
        ({"verdict": "outdated"}, "no older release was asked"),
        ({"verdict": "partly"}, "needs 'parts'"),
        ({"verdict": "taste"}, "cannot be 'taste'"),
        ({"evidence": "published"}, "needs as 'evidence' one of"),
        ({"evidence": "none"}, "then its verdict is 'taste' or 'unsettled'"),
        ({"evidence": "none", "verdict": "holds"}, "cannot be 'holds'"),
        ({"evidence": "none", "verdict": "unsettled", "otherwise": None}, "needs 'otherwise'"),
    ],
)
def test_a_malformed_row_is_one_line_and_writes_nothing(ledger, change, said):
    row = {field: value for field, value in (ROW | change).items() if value is not None}
    with pytest.raises(CourseError, match=f"claim M1 .*{said}"):
        own.add(ledger, "M1", row)
    assert not ledger.exists()


def test_a_name_that_toml_would_read_otherwise_is_refused(ledger):
    with pytest.raises(CourseError, match="called like M1"):
        own.add(ledger, "my.claim", ROW)


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(CourseError, match=r"my_claims\.toml cannot be written"):
        own.add(tmp_path / "gone" / "my_claims.toml", "M1", ROW)


def test_some_cases_that_hold_are_not_enough_without_parts(ledger, cards):
    own.add(ledger, "M1", ROW)
    cases = {"chain": case(), "product": case(1.0)}
    own.verdict(ledger, "M1", cases, because="One of two gained.", answers=ANSWERS)
    text = cards[0]["text/plain"]
    assert "M1: “compile makes everything faster” (A talk, May 2026)" in text
    assert "Verdict: Does not hold. One of two gained." in text
    own.add(ledger, "M2", ROW | {"parts": ["chain", "product"]})
    own.verdict(ledger, "M2", cases, because="One of two gained.", answers=ANSWERS)
    assert "Verdict: Holds in part." in cards[1]["text/plain"]


def test_a_card_shows_its_numbers_and_what_to_add_until_it_is_added(ledger, cards):
    own.add(ledger, "M1", ROW)
    seven = np.array([1.1, 9.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    cases = {
        "<a>": claims.Case(seven, seven / 2, FASTER),
        "b": claims.Case(seven, seven / 2, FASTER, printed=False),
    }
    own.verdict(ledger, "M1", cases, because="Half as\n    long.", answers=ANSWERS)
    told = cards[0]["text/plain"].splitlines()
    assert "Medians, and the control's: <a> 4 (2)" in told
    assert any("measured 7 values from 1.10 to 9, control" in line for line in told)
    assert 'To keep it, add below [claims.M1] in my_claims.toml: verdict = "false"' in told
    assert "Verdict: Does not hold. Half as long." in told
    assert "&lt;a&gt; 4 (2)" in cards[0]["text/html"]
    ledger.write_text(ledger.read_text() + 'verdict = "false"\n')
    own.verdict(ledger, "M1", cases, because="Half as long.", answers=ANSWERS)
    assert "To keep it" not in cards[1]["text/plain"]


def test_the_row_s_own_verdict_has_to_agree(ledger, cards):
    own.add(ledger, "M1", ROW | {"verdict": "false"})
    own.verdict(ledger, "M1", {"a": case(1.0)}, because="It gained nothing.", answers={})
    with pytest.raises(claims.ClaimContradicted, match="the measurement says 'holds'"):
        own.verdict(ledger, "M1", {"a": case()}, because="It gained.", answers={})
    assert len(cards) == 1


@pytest.mark.parametrize(
    ("name", "cases", "because", "answers", "said"),
    [
        ("M2", {"a": case()}, "x", {}, "no claim 'M2' in my_claims.toml"),
        ("M1", {}, "x", {}, "needs cases"),
        ("M1", {"a": True}, "x", {}, "should be a Case"),
        ("M1", {"a": case()}, " ", {}, "needs a reason"),
        ("M1", {"a": case()}, "x", {"seeds": "ten"}, "'seeds' is not asked: answer alike, "),
        ("U1", {"a": case()}, "x", {}, "takes no case"),
    ],
)
def test_what_cannot_be_judged_is_refused(ledger, cards, name, cases, because, answers, said):
    own.add(ledger, "M1", ROW)
    own.add(ledger, "U1", ROW | {"evidence": "none", "verdict": "unsettled"})
    with pytest.raises(CourseError, match=said):
        own.verdict(ledger, name, cases, because=because, answers=answers)
    assert cards == []


def test_a_row_that_is_not_settled_has_a_card_too(ledger, cards):
    own.add(ledger, "U1", ROW | {"evidence": "none", "verdict": "unsettled"})
    own.verdict(ledger, "U1", because="JAX is not here.", cases={}, answers={})
    text = cards[0]["text/plain"]
    assert "Not settled here. JAX is not here." in text
    assert "It would settle it: A function that gains nothing." in text
    assert "seeds or pairs" not in text


ALL_YES = {"chain": case(), "product": case(1.0)}


@pytest.mark.parametrize(
    ("cases", "no"),
    [
        (ALL_YES, []),
        ({"a": case(0.2), "b": case()}, []),
        ({"a": case()}, ["situations"]),
        ({"a": case(count=4), "b": case()}, ["seeds or pairs"]),
        (
            {"a": claims.Case([3.0] * 5, 1.0, "min(measured) > control"), "b": case()},
            ["as many values", "seeds or pairs", "nothing happened", "to the reverse"],
        ),
        (
            {"a": case(rule="measured.mean() > 0.5 * control.mean()"), "b": case()},
            ["nothing happened"],
        ),
        ({"a": case(rule="measured.mean() != control.mean()"), "b": case()}, ["to the reverse"]),
        ({"a": case(rule="(measured > control + 1000).all()"), "b": case()}, ["much happened"]),
        ({"a": case(rule="(measured < control - 0.5).all()"), "b": case()}, []),
        (
            {"a": claims.Case([0] * 5, [0, 0, 0, 0, 1], "sum(measured) > 9 + sum(control)")}
            | ALL_YES,
            [],
        ),
        (
            {"a": claims.Case([False] * 5, np.zeros(5, bool), "(measured & ~control).all()")}
            | ALL_YES,
            [],
        ),
        (
            {"a": case(rule="measured.mean() > 0 and len(control) > 1"), "b": case()},
            ["nothing happened", "to the reverse"],
        ),
    ],
)
def test_an_experiment_is_judged_by_its_cases(cases, no):
    judged = judging.checklist(ROW, cases, "It gained.")
    said = [one.question for one in judged if not one.yes]
    assert len(said) == len(no), said
    assert all(part in question for part, question in zip(no, said, strict=True))


@pytest.mark.parametrize(
    ("text", "than", "found"),
    [
        ("Compiling never helps.", "compile makes it slower", ["never"]),
        ("Whatever is compiled is faster.", "compile makes everything faster", []),
        ("Layers help.", "layers can help", ["without 'can'"]),
        ("Layers sometimes help.", "layers can help", []),
        ("It gained in all nine pairs.", "", []),
        ("It gained in none of the nine pairs.", "", []),
        ("None gained.", "", ["none"]),
        ("It gained on any machine in all pairs.", "", ["any"]),
        ("None gained in pairs, on any machine in runs.", "", ["any", "none"]),
        ("It gained in every network.", "", ["every"]),
        ("All pairs and all machines gained.", "", ["all"]),
        ("It was quicker five times of five.", "", []),
        ("Canned ballads.", "", []),
    ],
)
def test_a_text_that_promises_more_is_told(text, than, found):
    assert judging.stronger(text, than) == found


def test_the_checklist_says_all_in_text_and_html():
    judged = [judging.Judged("Is a < b?", True), judging.Judged("Seeds?", False)]
    page, text = judging.page(judged, {"alike": "Gap <1e-6"})
    assert re.search(r"yes  Is a < b\?\n  no   Seeds\?", text)
    assert "✓ Is a &lt; b?" in page
    assert "✗ Seeds?" in page
    assert "Gap &lt;1e-6" in page
    assert f"{judging.ASKED['alike']} Gap <1e-6" in text
    assert text.count("not answered") == len(judging.ASKED) - 1


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["They agree to three digits.", "Before anything ran."], "'Before anything ran.' says"),
        (["They agree to three digits.", "Both were fixed before."], ""),
        (["It is as it is.", "IT is, as it is"], "stands there twice"),
        (["Yes."] * 4, "'Yes.' says too little"),
        ([], ""),
    ],
)
def test_a_text_that_nobody_can_contest_is_told(texts, said):
    found = judging.thin(texts)
    assert said in found
    assert bool(said) == bool(found)


class Squared:
    """An object whose methods are sides."""

    def __init__(self, table):
        self.table = table

    def run(self):
        return self.table @ self.table


def bound_late_and_early():
    found = []
    for size in (2, 3):
        a = np.ones((size, size))
        found.append(
            {
                "late": lambda: a @ a,  # noqa: B023
                "late in a call": functools.partial(lambda b: a @ b, 2),  # noqa: B023
                "early": lambda a=a: a @ a,
                "early by name": lambda *, a=a: a @ a,
                "partial": functools.partial(np.matmul, a, a),
                "method": Squared(a).run,
                "of one size": functools.partial(np.ones, size),
            }
        )
    return found


def test_functions_that_look_one_variable_up_are_the_same_work():
    small, large = bound_late_and_early()
    found = {name for name in small if work.same(small[name], large[name])}
    assert found == {"late", "late in a call"}


def test_what_is_written_twice_is_the_same_work_and_what_differs_in_anything_is_not():
    a, again = np.ones(3), np.ones(3)
    one = Squared(a)

    def down(n):
        return down(n - 1) if n else a

    first = down

    def down(n):
        return down(n - 1) if n else a

    same = [
        (lambda: a + 1, lambda: a + 1),
        (lambda: [a + n for n in range(3)], lambda: [a + n for n in range(3)]),
        (functools.partial(np.add, a, out=None), functools.partial(np.add, a, out=None)),
        (one.run, one.run),
        (np.add, np.add),
    ]
    differ = [
        (lambda: a + 1, lambda: a + 2),
        (lambda: a + 1, lambda: a - 1),
        (lambda: a.sum(), lambda: a.max()),
        (lambda: [a + n for n in range(3)], lambda: [a - n for n in range(3)]),
        (lambda b=a: b, lambda b=again: b),  # in memory each may lie otherwise
        (functools.partial(np.add, a, out=None), functools.partial(np.add, a)),
        (one.run, Squared(a).run),
        (np.add, np.subtract),
        (lambda: a, np.add),
    ]
    assert [work.same(*pair) for pair in same] == [True] * len(same)
    assert [work.same(*pair) for pair in differ] == [False] * len(differ)
    assert isinstance(work.same(first, down), bool)


def test_a_framework_is_found_however_a_side_reaches_it():
    import keras
    import tensorflow as tf
    import torch
    from torch import nn, relu

    x_torch, x_tf = torch.ones(2), tf.ones(2)
    x, script = np.ones(2), "import jax"
    model = Squared(nn.Linear(2, 2))

    def inside():
        import torch

        return torch.ones(2)

    found = {
        "torch": [
            lambda: torch.ones(2),
            lambda: x_torch + 1,
            lambda x=x_torch: x + 1,
            functools.partial(relu, x_torch),
            lambda: relu(x),
            inside,
            model.run,
            torch.compile(lambda: x + 1),
            lambda: [inside() for _ in range(2)],
        ],
        "tensorflow": [lambda: x_tf + 1, tf.function(lambda: x + 1), lambda: tf.ones(2)],
        "keras": [lambda: keras.ops.ones(2), keras.Sequential([keras.layers.Dense(1)]).summary],
        "jax": [lambda: len(script)],
    }
    for name, sides in found.items():
        for number, side in enumerate(sides):
            assert name in work.frameworks(side), (name, number)
    assert work.frameworks(lambda: x + 1, lambda: sorted(range(9)), Squared(x).run) == set()
