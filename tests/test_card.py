"""A card's experiments without a card: the code runs, what fails is recorded, a record is read."""

import json
import re

import pytest

from course_utils import CourseError
from course_utils.machine.card import running, shows


def keep(monkeypatch, **seconds):
    chosen = {name: running.EXPERIMENTS[name] for name in seconds}
    limited = {name: chosen[name]._replace(seconds=limit) for name, limit in seconds.items()}
    monkeypatch.setattr(running, "EXPERIMENTS", limited)


def test_what_fails_or_takes_too_long_is_recorded_and_the_rest_go_on(monkeypatch, tmp_path):
    keep(monkeypatch, caching_torch=60, compiling_torch=6, launches_torch=4, missing_torch=60)
    path = tmp_path / "card.json"
    record = running.run_all(path, device="cpu")
    assert json.loads(path.read_text()) == record
    results = record["results"]
    status = {name: outcome["status"] for name, outcome in results.items()}
    assert status == {
        "caching_torch": "failed",
        "compiling_torch": "late",
        "launches_torch": "not run",
        "missing_torch": "ok",
    }
    # The memory of a processor is not PyTorch's to tell.
    assert re.search("CUDA|NVIDIA", results["caching_torch"]["why"])
    assert set(results["missing_torch"]["found"]["cpu"]) == {"answer"}
    assert set(results["missing_torch"]["found"]["toaster"]) == {"error", "says"}
    assert set(shows.unanswered(record)) == set(status) - {"missing_torch"}


@pytest.mark.heavy
@pytest.mark.parametrize(
    "name",
    ["placement_torch", "transfers_torch", "number_types_torch", "convolution_torch",
     "one_rank_torch", "training_torch", "placement_tf", "number_types_tf", "both"],
)  # fmt: skip
def test_an_experiment_runs_on_the_processor(name):
    outcome = running.run_apart(name, "cpu", 100)
    assert outcome["status"] == "ok", outcome
    found = outcome["found"]
    if name == "number_types_torch":
        bits = [found[kind]["bits after the point"] for kind in ("float32", "bfloat16", "float16")]
        assert bits == [23, 7, 10]
        assert found["float32"]["error"] < 1e-6 < 1e-3 < found["bfloat16"]["error"] < 1e-2
    if name == "placement_tf":
        assert "error" in found["operands elsewhere, policy explicit"]
        assert found["operands elsewhere, policy silent"] == {"answer": "CPU:0"}


def test_without_a_card_nothing_is_measured_or_written(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    keep(monkeypatch, pytorch=60, tensorflow=60)
    with pytest.raises(CourseError, match="sees no CUDA card"):
        running.run_all(tmp_path / "card.json")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(CourseError, match="cannot be written"):
        running.write(tmp_path / "taken" / "card.json", {})


def record(**found):
    """Return a record as a card's run leaves it, the rest not run."""
    results = {name: {"status": "ok", "found": value} for name, value in found.items()}
    missing = {"status": "not run", "why": "TensorFlow is not installed"}
    return {"results": dict.fromkeys(running.EXPERIMENTS, missing) | results}


def test_rows_of_what_did_not_run_are_left_out():
    assert all(shows.rows(record(), claim) == {} for claim in shows.READINGS)
    assert set(shows.unanswered(record())) == set(running.EXPERIMENTS)
    needed = {
        name for readings in shows.READINGS.values() for names, _ in readings for name in names
    }
    assert needed <= set(running.EXPERIMENTS)


@pytest.mark.parametrize(
    ("visible", "left", "trained", "fails"),
    # Nothing was hidden, or there was nothing to hide: then it shows nothing against the claim.
    [(1, 0, True, False), (1, 0, False, True), (1, 1, True, True), (0, 0, True, True)],
)
def test_training_without_cuda_counts_only_beside_its_control(visible, left, trained, fails):
    found = {
        "nothing hidden": {"cards": visible, "trained": True},
        "cards hidden": {"cards": left, "trained": trained},
    }
    assert list(shows.rows(record(hiding_torch=found), "D06").values()) == [fails]


@pytest.mark.parametrize(
    ("growing", "refused", "expected"),
    [(100, True, [False, False]), (70_000, True, [True, False]), (100, False, [False, True])],
)
def test_control_over_memory_is_judged_by_effect(growing, refused, expected):
    def memory(taken, twice):
        return {
            "free in MB, before and after": [80_000, 80_000 - taken],
            "half of the limit": {"answer": "1"},
            "twice the limit": {"error": "ResourceExhaustedError"} if twice else {"answer": "1"},
        }

    found = {
        "memory_as_it_comes_tf": memory(76_000, False),
        "memory_growing_tf": memory(growing, False),
        "memory_limited_tf": memory(2_500, refused),
    }
    assert list(shows.rows(record(**found), "D04").values()) == expected
