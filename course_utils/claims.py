"""The ledger of claims, claims.toml, and the verdict cards that a lesson's measurements earn."""

import functools
import html
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course_utils import CourseError, notebooks
from course_utils.files import relative_link

LEDGER = Path(__file__).with_name("claims.toml")

VERDICTS = {
    "holds": ("Holds", "#009E73"),
    "partly": ("Holds in part", "#E69F00"),
    "outdated": ("Outdated", "#CC79A7"),
    "false": ("Does not hold", "#D55E00"),
    "opinion": ("A matter of opinion", "#56606B"),
}


class ClaimContradicted(Exception):
    """A measurement and the ledger disagree: one of the two has to be mended."""


@functools.cache
def ledger() -> dict[str, dict[str, str]]:
    """Return every claim by its id: claim, verdict, about, lesson, test, limit.

    Raises CourseError where claims.toml is malformed.
    """
    try:
        claims = tomllib.loads(LEDGER.read_text(encoding="utf-8"))["claims"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise CourseError(f"{LEDGER.name} cannot be read: {error}") from error
    fields = {"claim", "verdict", "about", "lesson", "test", "limit"}
    for name, entry in claims.items():
        if set(entry) != fields or entry["verdict"] not in VERDICTS:
            raise CourseError(f"{LEDGER.name}: claim {name} needs {sorted(fields)} and a verdict")
    return claims


def claim(name: str) -> dict[str, str]:
    """Return one claim of the ledger; raises CourseError for an id that it does not hold."""
    if name not in ledger():
        raise CourseError(f"there is no claim {name!r} in {LEDGER.name}")
    return ledger()[name]


def verdict(name: str, holds: bool | Mapping[str, bool] | None, because: str) -> None:
    """Show the verdict card of a claim, from what was measured.

    `holds` is one measured truth; or several, each with the case it was measured in, and then the
    claim holds in part when some are true and some are not; or None for a matter of opinion.
    `because` is one sentence of evidence. Raises ClaimContradicted where the ledger says otherwise,
    CourseError for an unknown claim or an empty reason.
    """
    from IPython.display import display

    entry = claim(name)
    cases = {case: bool(true) for case, true in holds.items()} if isinstance(holds, Mapping) else {}
    if not because.strip() or (isinstance(holds, Mapping) and not holds):
        raise CourseError(f"verdict({name!r}) needs a measurement and a reason")
    measured = _measured(list(cases.values()) if cases else [holds])
    # What was true once and is not now measures as false.
    if measured != {"outdated": "false"}.get(entry["verdict"], entry["verdict"]):
        raise ClaimContradicted(
            f"{name}: the measurement says {measured!r}, the ledger says {entry['verdict']!r}"
        )
    card = {
        "text/html": _card_html(name, entry, cases, because),
        "text/plain": _card_text(name, entry, cases, because),
    }
    display(card, raw=True)


def table() -> None:
    """Show the whole ledger: each claim, its verdict, how it was tested, what that leaves open."""
    from IPython.display import display

    heads = ("id", "claim", "verdict", "how it was tested", "what that leaves open", "lesson")
    rows, lines = [], []
    for name, entry in ledger().items():
        label, colour = VERDICTS[entry["verdict"]]
        cells = [name, *(html.escape(entry[field]) for field in ("claim", "test", "limit"))]
        cells.insert(2, f"<b style='border-left:6px solid {colour};padding-left:6px'>{label}</b>")
        rows.append(_row([*cells, _lesson_link(entry["lesson"])]))
        lines.append(f"{name}  {label:20} {entry['claim']} (lesson {entry['lesson']})")
    head = "".join(f"<th style='text-align:left'>{text}</th>" for text in heads)
    page = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    display({"text/html": page, "text/plain": "\n".join(lines)}, raw=True)


def _row(cells: list[str]) -> str:
    texts = (f"<td style='text-align:left;vertical-align:top'>{cell}</td>" for cell in cells)
    return f"<tr>{''.join(texts)}</tr>"


def _lesson_link(name: str) -> str:
    """Link to a lesson from the notebook that is running, whose folder is the kernel's."""
    path = notebooks.named(name)
    return f"<a href='{relative_link(path, Path.cwd())}'>{path.name[:2]}</a>"


def _measured(truths: list[Any]) -> str:
    if truths == [None]:
        return "opinion"
    if all(truths):
        return "holds"
    return "partly" if any(truths) else "false"


def _card_text(name: str, entry: dict[str, str], cases: dict[str, bool], because: str) -> str:
    lines = [f"{name}: {entry['claim']}", f"Verdict: {VERDICTS[entry['verdict']][0]}. {because}"]
    lines += [f"  {'yes' if true else 'no '}  {case}" for case, true in cases.items()]
    return "\n".join([*lines, f"Limits: {entry['limit']}"])


def _card_html(name: str, entry: dict[str, str], cases: dict[str, bool], because: str) -> str:
    label, colour = VERDICTS[entry["verdict"]]
    rows = "".join(
        f"<li>{'✓' if true else '✗'} {html.escape(case)}</li>" for case, true in cases.items()
    )
    cases_list = (
        f"<ul style='list-style:none;padding-left:0;margin:4px 0'>{rows}</ul>" if rows else ""
    )
    return (
        f"<div style='border-left:6px solid {colour};padding:6px 14px;margin:6px 0;max-width:44em'>"
        f"<div><b>{name}</b> {html.escape(entry['claim'])}</div>"
        f"<div style='margin:4px 0'><b>{label}.</b> {html.escape(because)}</div>"
        f"{cases_list}<div><small>Limits: {html.escape(entry['limit'])}</small></div></div>"
    )
