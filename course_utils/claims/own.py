"""A learner's own ledger: a TOML file of theirs, with rows as in claims.toml, and their cards.

    own.add("my_claims.toml", "M1", row)
    own.verdict("my_claims.toml", "M1", cases, because="…", answers={"alike": "…"})

A row says where the sentence was read (`source`) instead of which sentences of the article it is.
Nothing here changes a row that is there: the file is the learner's to edit.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from course_utils import CourseError
from course_utils.claims import cards, judging, reading
from course_utils.claims.cases import Case, decide
from course_utils.claims.reading import Entry, fault_of
from course_utils.files import write_text
from course_utils.words import as_html

# The last two stand only where they say something. Until it is measured, a verdict is left open.
FIELDS = {
    "source": str,
    "words": str,
    "claim": str,
    "evidence": str,
    "limit": str,
    "control": str,
    "otherwise": str,
    "verdict": str,
    "parts": list,
}
ALWAYS = list(FIELDS)[:5]
EVIDENCE = ("measured", "none")
VERDICTS = {key: label for key, (label, _) in reading.VERDICTS.items() if key != "outdated"}
SENTENCES = ("claim", "control", "otherwise", "limit")
FEWEST_WORDS, MOST_WORDS = 3, 8
HEAD = "# My own claims, in the fields of the course's ledger, course_utils/claims.toml.\n"


def read(path: Path | str) -> dict[str, Entry]:
    """Return the rows of a learner's ledger by name; raises CourseError, in a line, for a fault."""
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(f"there is no {path.name} yet: `own.add` begins it") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CourseError(f"{path.name} cannot be read: {error}") from None
    rows = content.get("claims")
    if set(content) - {"claims"} or not isinstance(rows, dict):
        raise CourseError(f"{path.name} should hold rows that begin like [claims.M1], and no more")
    for name, row in rows.items():
        if fault := fault_in(row):
            raise CourseError(f"{path.name}: claim {name} {fault}")
    return rows


def add(path: Path | str, name: str, row: Entry) -> None:
    """Write a row below those that the file holds; one that is there already stays as it is.

    Raises CourseError for a malformed row or name, a file that cannot be read or written, and
    another row of that name.
    """
    path = Path(path)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise CourseError(f"a claim is called like M1, by letters and digits, not {name!r}")
    if fault := fault_in(row):
        raise CourseError(f"claim {name} {fault}")
    rows = read(path) if path.exists() else {}
    if name in rows:
        # What the learner has added by hand, such as a verdict, is no contradiction.
        if rows[name] | row != rows[name]:
            raise CourseError(
                f"{path.name} holds another row {name}, and keeps it: edit the file, or give "
                "yours another name"
            )
        return
    # What JSON says of a text or a list of texts, TOML says in the same way.
    lines = [f"{field} = {json.dumps(value, ensure_ascii=False)}" for field, value in row.items()]
    before = path.read_text(encoding="utf-8").rstrip("\n") + "\n" if path.exists() else HEAD
    try:
        write_text(path, "\n".join([before, f"[claims.{name}]", *lines, ""]))
    except OSError as error:
        raise CourseError(f"{path.name} cannot be written: {error.strerror}") from error


def verdict(
    path: Path | str,
    name: str,
    cases: Mapping[str, Case],
    *,
    because: str,
    answers: Mapping[str, str],
) -> None:
    """Show the card of a claim of one's own, and below it what is to be said of the experiment.

    A sentence that names no `parts` holds if all its cases do, and else does not. Where the row
    has a verdict, it has to agree. `answers` to the questions of `judging.ASKED` are the learner's.
    Raises CourseError as `read` and `claims.verdict`, ClaimContradicted where the row says another
    verdict.
    """
    path = Path(path)
    rows = read(path)
    if name not in rows:
        raise CourseError(f"there is no claim {name!r} in {path.name}")
    entry, because = rows[name], " ".join(because.split())
    cards.check_given(name, entry, cases, because)
    if cases:
        came = earned(name, entry, cases)
        cards.check_agrees(name, entry.get("verdict", came), came)
        entry = entry | {"verdict": came}
    page, text = judging.page(judging.checklist(entry, cases, because), answers)
    told = _medians(cases)
    if cases and "verdict" not in rows[name]:
        line = f'verdict = "{came}"'
        told.append(f"To keep it, add below [claims.{name}] in {path.name}: {line}")
    lines = "".join(f"<div style='padding-left:20px'>{as_html(line)}</div>" for line in told)
    below = lines + page, "".join(f"\n{line}" for line in told) + text
    cards.show(name, entry, cases, because, below)


def _medians(cases: Mapping[str, Case]) -> list[str]:
    """Return a line with the median of each case that may be printed, and of its control."""
    middles = [
        f"{label} {cards.shown(float(np.median(case.measured)))}"
        f" ({cards.shown(float(np.median(case.control)))})"
        for label, case in cases.items()
        if case.printed
    ]
    return [f"Medians, and the control's: {', '.join(middles)}"] if middles else []


def earned(name: str, entry: Entry, cases: Mapping[str, Case]) -> str:
    """Return the verdict that the cases earn: in part only by the sentence's own parts."""
    came = decide(name, entry, cases)
    return "false" if came == "partly" and "parts" not in entry else came


def fault_in(row: Entry) -> str:
    """Say what is wrong with a row of one's own, or nothing."""
    if not isinstance(row, dict):
        return "should be a row of fields"
    if row.get("evidence") not in EVIDENCE:
        return f"needs as 'evidence' one of {EVIDENCE}"
    if row["evidence"] == "none" and "verdict" not in row:
        return "has no evidence: then its verdict is 'taste' or 'unsettled'"
    if row.get("verdict") == "outdated":
        return "is 'outdated', and no older release was asked"
    if "verdict" in row and row["verdict"] not in VERDICTS:
        listed = ", ".join(f"{word!r} ({label})" for word, label in VERDICTS.items())
        return f"has the verdict {row['verdict']!r}; say {listed}"
    # A verdict that is still open asks for what every measured row has.
    whole = row if "verdict" in row else row | {"verdict": "holds"}
    if fault := fault_of(whole, FIELDS, ALWAYS):
        return fault
    count = len(row["words"].split())
    if not FEWEST_WORDS <= count <= MOST_WORDS:
        return f"quotes {count} words: {FEWEST_WORDS} to {MOST_WORDS} decide"
    texts = {field: row[field].strip() for field in SENTENCES if field in row}
    for field, text in texts.items():
        if not text.endswith((".", ".)", ".”")):
            return f"needs as {field!r} a sentence, with a full stop: {text[-20:]!r}"
    if len({text.lower() for text in texts.values()}) < len(texts):
        return "says the same in two of its fields"
    return ""
