"""The ledger's rows: the article's own words, every sentence judged, every verdict could differ."""

import hashlib
from pathlib import Path

import pytest

from course_utils import claims, notebooks

# Of each sentence, in order: the first digits of the SHA-256 of each three words that follow one
# another, without punctuation at their ends. It holds the article's words without carrying them.
SENTENCES = {
    int(number): hashes
    for number, *hashes in map(
        str.split, Path(__file__).with_name("article.sha256").read_text().splitlines()
    )
}
ASSERT_NOTHING = {3, 27}
LEDGER = claims.ledger()
MOST_WORDS = 8


def hashed(words):
    bare = [word.strip('.,:;?()"') for word in words.split()]
    threes = [" ".join(bare[n : n + 3]) for n in range(len(bare) - 2)]
    return [hashlib.sha256(three.encode()).hexdigest()[:6] for three in threes]


def stands_in(words, sentence):
    own, others = hashed(words), SENTENCES[sentence]
    starts = range(len(others) - len(own) + 1)
    return bool(own) and any(others[start : start + len(own)] == own for start in starts)


@pytest.mark.parametrize("name", LEDGER)
def test_a_row_quotes_words_of_its_sentence(name):
    entry = LEDGER[name]
    assert 3 <= len(entry["words"].split()) <= MOST_WORDS
    assert any(stands_in(entry["words"], sentence) for sentence in entry["sentences"])


def test_other_words_are_told_from_the_article_s():
    words = LEDGER["B09"]["words"]
    assert stands_in(words, 8)
    assert not stands_in(words, 7)
    assert not stands_in(words.replace("can assist", "assist"), 8)
    assert not stands_in(" ".join(reversed(words.split())), 8)
    assert not stands_in("can assist", 8)


def test_every_sentence_that_asserts_something_has_a_row():
    judged = {sentence for entry in LEDGER.values() for sentence in entry["sentences"]}
    assert judged == set(SENTENCES) - ASSERT_NOTHING


def test_no_two_rows_judge_the_same_words():
    words = [entry["words"] for entry in LEDGER.values()]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("name", LEDGER)
def test_a_row_names_a_lesson_and_what_it_is_about(name):
    entry = LEDGER[name]
    assert entry["about"] in ("both", "torch", "tensorflow", "tools")
    assert notebooks.named(entry["lesson"]), f"there is no lesson {entry['lesson']}"


@pytest.mark.parametrize("name", LEDGER)
def test_a_text_ends_as_a_sentence_and_says_another_thing_than_its_neighbours(name):
    texts = [LEDGER[name].get(field) for field in ("claim", "control", "otherwise", "limit")]
    texts = [text for text in texts if text]
    assert all(text.endswith((".", ")")) for text in texts)
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("name", [name for name in LEDGER if "parts" in LEDGER[name]])
def test_parts_are_the_claim_s_own(name):
    entry = LEDGER[name]
    assert all(part in entry["claim"] for part in entry["parts"])


def test_the_article_is_named():
    assert claims.article().startswith("Ananya Avasthi, “PyTorch vs. TensorFlow”")


def test_published_rows_can_be_decided_from_the_counts():
    counts = claims.adoption()
    numbers = counts.value
    assert (numbers >= 0).all()
    assert (counts.source.str.len() > 15).all()
    assert counts.read.str.fullmatch(r"20\d\d-\d\d-\d\d").all()
    assert counts.year.is_monotonic_decreasing
    assert not counts.duplicated(["year", "counted", "among", "framework", "source"]).any()
    kinds = counts[counts.framework.isin(["PyTorch", "TensorFlow"])].groupby("counted").size()
    assert (kinds >= 2).sum() >= 5
    assert len(counts) >= 30


def test_no_depth_of_the_makers_tables_is_left_out():
    """The steps that gain nothing are counted too, such as PyTorch's from 161 layers to 169."""
    counts = claims.adoption()
    tables = counts[counts.counted.str.startswith("wrong first guesses")].among
    found = tables.str.extract(r"(.+) networks of (\w+), (\d+) layers").astype({2: int})
    depths = found.sort_values(2).groupby([1, 0])[2].apply(list).to_dict()
    assert depths == {
        ("He", "plain"): [18, 34],
        ("Keras", "VGG"): [16, 19],
        ("Keras", "dense"): [121, 169, 201],
        ("Keras", "residual"): [50, 101, 152],
        ("Keras", "second residual"): [50, 101, 152],
        ("PyTorch", "VGG"): [11, 13, 16, 19],
        ("PyTorch", "dense"): [121, 161, 169, 201],
        ("PyTorch", "residual"): [18, 34, 50, 101, 152],
    }
