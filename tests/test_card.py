"""A card's experiments without a card: the code runs, what fails is recorded, a record is read."""

import json
import re
import subprocess
import sys

import pytest

from course_utils import ROOT, CourseError
from course_utils.machine.card import running


def keep(monkeypatch, **seconds):
    chosen = {name: running.EXPERIMENTS[name] for name in seconds}
    limited = {name: chosen[name]._replace(seconds=limit) for name, limit in seconds.items()}
    monkeypatch.setattr(running, "EXPERIMENTS", limited)


@pytest.mark.heavy
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


# As on a machine that has Python and PyTorch only: whatever else is imported is not there.
ALONE = """
import importlib.abc, importlib.metadata, sys
from packaging.requirements import Requirement

wanted, todo = {"packaging"}, ["torch"]
while todo:
    name = todo.pop()
    if name not in wanted:
        wanted.add(name)
        todo += [r.name for r in map(Requirement, importlib.metadata.requires(name) or [])
                 if not r.marker or r.marker.evaluate({"extra": ""})]
by_module = importlib.metadata.packages_distributions()
wanted = {name.lower().replace("_", "-") for name in wanted}

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        owners = {owner.lower().replace("_", "-") for owner in by_module.get(name, [])}
        if owners and not owners & (wanted | {"pytorch-tensorflow-course"}):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from course_utils.machine.card import running
for name in %r:
    running.write(running.Path(sys.argv[1], f"{name}.json"), running.EXPERIMENTS[name].run("cpu"))
assert not {"numpy", "tensorflow", "matplotlib", "rich", "typer"} & sys.modules.keys()
"""


@pytest.mark.heavy
def test_pytorch_alone_is_enough(tmp_path):
    names = ("pytorch", "placement_torch", "missing_torch", "number_types_torch")
    command = [sys.executable, "-c", ALONE % (names,), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-600:]
    assert {path.stem for path in tmp_path.iterdir()} == set(names)
