"""The lessons that read a card's record hold with another card's, without an edit.

`another_card.json` is what an H100 answered, numbers cut to four digits. No machine of the course's
had a card that TensorFlow saw: what it would have answered there is pretended.
"""

import copy
import json

import pytest

from course_utils import ROOT, authoring, devices
from course_utils.notebooks import printed, read

LESSONS = {path.stem[3:]: path for path in (ROOT / "notebooks/4_devices").glob("*.ipynb")}
ANOTHER = json.loads((ROOT / "tests/another_card.json").read_text())
# Before the lesson's own cells: it reads the file by this name.
SWAP = "from pathlib import Path\nfrom course_utils import devices\ndevices.RECORD = Path({!r})"


def memory(free, twice):
    """Return what an experiment on TensorFlow's memory finds: MB free before and after."""
    return {
        "free in MB, before and after": free,
        "half of the limit": {"answer": "268435456 numbers"},
        "twice the limit": {"answer": "1"} if twice else {"error": "ResourceExhaustedError"},
    }


SEEN_TF = {
    "tensorflow": {"cards": 1, "tensorflow": "2.20.0"},
    "placement_tf": {"unplaced": "GPU:0"},
    "hiding_tf": {},
    "memory_as_it_comes_tf": memory([80_000, 4_000], True),
    "memory_growing_tf": memory([80_000, 79_900], True),
    "memory_limited_tf": memory([80_000, 77_000], False),
    "number_types_tf": {"TF32 unless told": True},
    "both": {"TensorFlow computes on": "GPU:0"},
}


def seen_by_both():
    record = copy.deepcopy(ANOTHER)
    for name, found in SEEN_TF.items():
        record["results"][name] = {"status": "ok", "found": found}
    return record


def a_slower_card():
    """Return a card on which short types, compiling and size gain little or lose."""
    record = copy.deepcopy(ANOTHER)
    for name in ("number_types_torch", "training_torch", "compiling_torch"):
        for row in record["results"][name]["found"].values():
            if isinstance(row, dict):
                for times in (row, *row.values()):
                    if isinstance(times, dict) and "times" in times:
                        times["times"] = [0.8, 0.9, 1.1]
    return record


def said(notebook):
    """Return all that the cells print, and the verdicts among it, claim by claim."""
    texts = [
        printed(output)
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    verdicts = {
        text[:3]: line.removeprefix("Verdict: ").split(".")[0]
        for text in texts
        for line in text.splitlines()
        if line.startswith("Verdict: ")
    }
    return "\n".join(texts), verdicts


@pytest.mark.heavy
@pytest.mark.parametrize("subject", ["devices", "memory_and_speed"])
@pytest.mark.parametrize(
    ("record", "not_run"),
    [
        pytest.param(seen_by_both(), False, id="both"),
        pytest.param(a_slower_card(), True, id="PyTorch alone, slower"),
    ],
)
def test_a_lesson_holds_with_another_card(subject, record, not_run, tmp_path):
    path = tmp_path / "card.json"
    path.write_text(json.dumps(record))
    label = devices.recorded(path).label
    notebook = read(LESSONS[subject])
    _, stored = said(notebook)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    first.source += "\n" + SWAP.format(str(path))
    authoring.client(notebook, LESSONS[subject]).execute()
    text, verdicts = said(notebook)
    assert label in text
    assert verdicts == stored
    assert ("not run: TensorFlow is not installed" in text) == not_run
