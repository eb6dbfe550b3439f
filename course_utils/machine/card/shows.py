"""What a card's record says on the claims, computed from it: another card's file needs no edit.

A row is true where it supports its claim, as `claims.verdict` wants it; a row whose experiment did
not run is left out, and `unanswered` says why.
"""

from collections.abc import Callable
from typing import Any

Found = dict[str, Any]
Rows = dict[str, bool]

MOST, LITTLE = 0.8, 0.2
"""TensorFlow takes "most" of what is free, or "little" of it, at its first operation."""


def unanswered(record: Found) -> dict[str, str]:
    """Return why, for each experiment that gave no result."""
    results = record["results"].items()
    return {name: outcome["why"] for name, outcome in results if outcome["status"] != "ok"}


def rows(record: Found, claim: str) -> Rows:
    """Return the rows for one of D02 to D08 that this record can answer."""
    found = {
        name: outcome["found"]
        for name, outcome in record["results"].items()
        if outcome["status"] == "ok"
    }
    told: Rows = {}
    for needed, read in READINGS[claim]:
        if all(name in found for name in needed):
            told |= read(*(found[name] for name in needed))
    return told


def _refused(outcome: Found) -> bool:
    return "error" in outcome


def _takes_it(placement: Found, hiding: Found) -> Rows:
    hidden = hiding["hidden by set_visible_devices"]["a tensor is on"]
    return {
        "an unplaced tensor of TensorFlow's is on the card, with the card hidden it is not": (
            placement["unplaced"].startswith("GPU") and not hidden.startswith("GPU")
        )
    }


def _chooses(placement: Found, hiding: Found) -> Rows:
    hidden, not_hidden = hiding["hidden by set_visible_devices"], hiding["nothing hidden"]
    silent, strict = (placement[f"operands elsewhere, policy {p}"] for p in ("silent", "explicit"))
    return {
        "a hidden card is gone, one that is not hidden is there": (
            hidden["cards"] == 0 < not_hidden["cards"]
        ),
        "what is said is done: processor and card": (
            placement["said: the processor"].startswith("CPU")
            and placement["said: the device"].startswith("GPU")
        ),
        "copies that nobody asked for can be forbidden": _refused(strict) and not _refused(silent),
    }


def _share(memory: Found) -> float:
    before, after = memory["free in MB, before and after"]
    return (before - after) / before


def _no_growth(as_it_comes: Found, growing: Found) -> Rows:
    return {
        "memory that is to grow is taken at once all the same": not (
            _share(as_it_comes) > MOST and _share(growing) < LITTLE
        )
    }


def _no_limit(as_it_comes: Found, limited: Found) -> Rows:
    kept = _refused(limited["twice the limit"]) and not _refused(limited["half of the limit"])
    return {
        "what exceeds a limit is granted all the same": not (
            kept and not _refused(as_it_comes["twice the limit"])
        )
    }


def _by_cuda(missing: Found, hiding: Found) -> Rows:
    return {
        "Nvidia's card answers to the name cuda": missing["cuda"].get("answer") == "cuda:0",
        "the processor, too, is reached by CUDA only": not hiding["cards hidden"]["trained"],
    }


def _needs_cuda(hiding: Found) -> Rows:
    hidden, not_hidden = hiding["cards hidden"], hiding["nothing hidden"]
    compared = hidden["cards"] == 0 < not_hidden["cards"]
    return {"with every card hidden, training fails": not (compared and hidden["trained"])}


def _stricter(missing: Found, torch: Found, tf: Found) -> Rows:
    no_card, apart = _refused(missing["cuda:9"]), _refused(torch["operands apart"])
    silent, strict = (tf[f"operands elsewhere, policy {p}"] for p in ("silent", "explicit"))
    return {
        "a missing card: PyTorch refuses, TensorFlow as it comes does not": (
            no_card and not _refused(tf["GPU:9, soft placement True"])
        ),
        "a missing card: TensorFlow cannot be made to refuse": (
            no_card and not _refused(tf["GPU:9, soft placement False"])
        ),
        "operands apart: PyTorch refuses, TensorFlow as it comes does not": (
            apart and not _refused(silent)
        ),
        "operands apart: TensorFlow cannot be made to refuse": apart and not _refused(strict),
    }


def _faster(both: Found) -> Rows:
    medians = {size: both[size]["TensorFlow graph / PyTorch"]["times"][1] for size in SIZES}
    return {f"{size} network on the card": times > 1 for size, times in medians.items()}


SIZES = ("small", "large")
TF_MEMORY = "memory_as_it_comes_tf"
READINGS: dict[str, list[tuple[tuple[str, ...], Callable[..., Rows]]]] = {
    "D02": [(("placement_tf", "hiding_tf"), _takes_it)],
    "D03": [(("placement_tf", "hiding_tf"), _chooses)],
    "D04": [
        ((TF_MEMORY, "memory_growing_tf"), _no_growth),
        ((TF_MEMORY, "memory_limited_tf"), _no_limit),
    ],
    "D05": [(("missing_torch", "hiding_torch"), _by_cuda)],
    "D06": [(("hiding_torch",), _needs_cuda)],
    "D07": [(("missing_torch", "placement_torch", "placement_tf"), _stricter)],
    "D08": [(("both",), _faster)],
}
