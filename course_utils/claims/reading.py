"""Read claims.toml: each claim of the article, what we take it to mean, and what became of it."""

import functools
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from course_utils import CourseError

LEDGER = Path(__file__).parent.with_name("claims.toml")

VERDICTS = {
    "holds": ("Holds", "#009E73"),
    "partly": ("Holds in part", "#E69F00"),
    "outdated": ("Outdated", "#CC79A7"),
    "false": ("Does not hold", "#D55E00"),
    "taste": ("A matter of taste", "#56606B"),
    "unsettled": ("Not settled here", "#0072B2"),
}

# The article's own sections, each with its last sentence; the first and the last have no heading.
SECTIONS = {
    "What is deep learning? (the opening)": 15,
    "A comparison between TensorFlow & PyTorch": 31,
    "Graph Generation": 43,
    "Device Management": 50,
    "Which one to choose (the last lines)": 56,
}

# What each field holds; the last four stand only where they say something.
FIELDS = {
    "sentences": list,
    "words": str,
    "claim": str,
    "verdict": str,
    "evidence": str,
    "lesson": str,
    "about": str,
    "limit": str,
    "control": str,
    "otherwise": str,
    "parts": list,
    "then": dict,
}
ALWAYS = list(FIELDS)[:8]
BY_EVIDENCE = {
    "measured": ["control", "otherwise"],
    "published": ["control", "otherwise"],
    "none": [],
}
BY_VERDICT = {"partly": ["parts"], "outdated": ["then"], "unsettled": ["otherwise"]}
WITHOUT_EVIDENCE = ("taste", "unsettled")

Entry = dict[str, Any]


@functools.cache
def ledger() -> dict[str, Entry]:
    """Return every claim by its id: the article's words, our reading, verdict, evidence, limits.

    Raises CourseError, naming the claim and the field, where claims.toml is malformed.
    """
    claims = _read("claims")
    for name, entry in claims.items():
        if fault := fault_of(entry):
            raise CourseError(f"{LEDGER.name}: claim {name} {fault}")
    return claims


def article() -> str:
    """Return the author, title and date of the article whose words the ledger quotes."""
    return "{author}, “{title}”, {date}".format(**_read("article"))


def claim(name: str) -> Entry:
    """Return one claim of the ledger; raises CourseError for an id that it does not hold."""
    if name not in ledger():
        raise CourseError(f"there is no claim {name!r} in {LEDGER.name}")
    return ledger()[name]


def section(entry: Entry) -> str:
    """Return the article's section in which a claim's first sentence stands."""
    first = min(entry["sentences"])
    return next(title for title, last in SECTIONS.items() if first <= last)


def _read(table: str) -> Entry:
    try:
        return tomllib.loads(LEDGER.read_text(encoding="utf-8"))[table]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise CourseError(f"{LEDGER.name} cannot be read: {error}") from error


def fault_of(
    entry: Entry, fields: Mapping[str, type] = FIELDS, always: Sequence[str] = ALWAYS
) -> str:
    """Say what is wrong with an entry, whose `fields` have kinds and stand `always`, or nothing."""
    verdict, evidence = entry.get("verdict"), entry.get("evidence")
    if verdict not in VERDICTS or evidence not in BY_EVIDENCE:
        return f"has the verdict {verdict!r} by the evidence {evidence!r}"
    if (evidence == "none") != (verdict in WITHOUT_EVIDENCE):
        return f"cannot be {verdict!r} with the evidence {evidence!r}"
    for field in [*always, *BY_EVIDENCE[evidence], *BY_VERDICT.get(verdict, [])]:
        if field not in entry:
            return f"needs {field!r}"
    for field, value in entry.items():
        if field not in fields:
            return f"has an unknown field {field!r}"
        if not isinstance(value, fields[field]) or not value:
            return f"needs as {field!r} a {fields[field].__name__} that is not empty"
    then = entry.get("then")
    if then and (set(then) != {"verdict", "evidence"} or then["verdict"] not in VERDICTS):
        return "needs in 'then' a verdict and the evidence for it"
    if verdict == "outdated" and then["verdict"] != "holds":
        return "is outdated, and did not hold in October 2021"
    if verdict in ("partly", "false") and then and then["verdict"] == "holds":
        return f"is {verdict!r} and held in October 2021: then it is 'outdated'"
    if verdict == "partly" and len(entry["parts"]) < 2:
        return "holds in part, and names fewer than two parts"
    return ""
