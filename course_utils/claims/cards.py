"""What a reader sees: a claim's verdict card, and the ledger as a page of folded rows."""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from course_utils import CourseError, notebooks
from course_utils.claims.cases import Case, ClaimContradicted, decide
from course_utils.claims.counts import adoption
from course_utils.claims.reading import (
    VERDICTS,
    Entry,
    article,
    claim,
    ledger,
    section,
)
from course_utils.files import relative_link
from course_utils.words import as_html

NO_CASES: Mapping[str, Case] = {}


def verdict(
    name: str,
    cases: Mapping[str, Case] = NO_CASES,
    *,
    then: Mapping[str, Case] = NO_CASES,
    because: str,
) -> None:
    """Show the verdict card of a claim, from what was measured.

    `cases` names each `Case`; where all hold, the claim holds, where some of its parts do, it holds
    in part. A claim that the ledger calls a matter of taste, or unsettled, takes none. `then` names
    cases of October 2021, where there are some. `because` is one sentence of evidence. Raises
    ClaimContradicted where the ledger says otherwise, CourseError for an unknown claim, cases that
    cannot decide it, or an empty reason.
    """
    entry = claim(name)
    check_given(name, entry, cases, because)
    if entry["evidence"] == "published":
        _check_sources(name, {**cases, **then})
    if cases:
        check_agrees(name, entry["verdict"], decide(name, entry, cases))
    if then:
        check_agrees(
            f"{name}, then", entry.get("then", {}).get("verdict"), decide(name, entry, then)
        )
    told = {**cases, **{f"October 2021: {label}": case for label, case in then.items()}}
    show(name, entry, told, because)


def show(
    name: str,
    entry: Entry,
    cases: Mapping[str, Case],
    because: str,
    below: tuple[str, str] = ("", ""),
) -> None:
    """Display the card of a claim whose entry has its verdict; `below` it as HTML and as text."""
    from IPython.display import display

    card = {
        "text/html": _card_html(name, entry, cases, because) + below[0],
        "text/plain": _card_text(name, entry, cases, because) + below[1],
    }
    display(card, raw=True)


def table() -> None:
    """Show the whole ledger by the article's sections: a line a claim, the rest folded below it."""
    from IPython.display import display

    lines = []
    for title, rows in _by_section().items():
        lines += [title, *(f"  {_line(name, entry)}" for name, entry in rows.items())]
    display({"text/html": page(Path.cwd()), "text/plain": "\n".join(lines)}, raw=True)


def page(start: Path) -> str:
    """Return the ledger as HTML whose links lead to the lessons from the folder `start`.

    A row is a `details` with the class `claim` and its verdict, evidence and lesson as data.
    """
    parts = []
    for title, rows in _by_section().items():
        folded = "".join(_row(name, entry, start) for name, entry in rows.items())
        head = f"<summary><b>{html.escape(title)}</b> · {len(rows)} claims</summary>"
        parts.append(f"<details class='section' open>{head}{folded}</details>")
    quoted = f"<div>Words in “ ” are quoted from {html.escape(article())}.</div>"
    return f"<div class='ledger' style='max-width:60em'>{quoted}{''.join(parts)}</div>"


def _by_section() -> dict[str, dict[str, Entry]]:
    rows = sorted(ledger().items(), key=lambda row: min(row[1]["sentences"]))
    found: dict[str, dict[str, Entry]] = {}
    for name, entry in rows:
        found.setdefault(section(entry), {})[name] = entry
    return found


def check_given(name: str, entry: Entry, cases: Mapping[str, Case], because: str) -> None:
    """Raise CourseError for an empty reason, and for cases where a claim takes none or lacks them.

    An entry whose verdict is still open needs cases.
    """
    if not because.strip():
        raise CourseError(f"verdict({name!r}) needs a reason")
    if bool(cases) == (entry["evidence"] == "none"):
        wants = "takes no case" if cases else "needs cases"
        said = entry.get("verdict", "measured")
        raise CourseError(f"verdict({name!r}) {wants}: the ledger calls it {said!r}")


def check_agrees(name: str, expected: str | None, came: str) -> None:
    """Raise ClaimContradicted where a measurement says another verdict than the ledger expects."""
    # What was true once and is not now measures as false, or as true in part.
    if came != expected and not (expected == "outdated" and came in ("false", "partly")):
        raise ClaimContradicted(
            f"{name}: the measurement says {came!r}, the ledger says {expected!r}"
        )


def _check_sources(name: str, cases: Mapping[str, Case]) -> None:
    known = set(adoption().source)
    for label, case in cases.items():
        own = set(case.sources) if isinstance(case, Case) else set()
        if not own or own - known:
            raise CourseError(f"{name}: {label!r} needs sources that adoption.csv has")


def _line(name: str, entry: Entry) -> str:
    label = VERDICTS[entry["verdict"]][0]
    return f"{name}  {label:17}  “{entry['words']}”: {entry['claim']} ({entry['lesson']})"


def below(entry: Entry) -> dict[str, str]:
    """Return what stands below a claim's verdict, by its heading."""
    turned = "It would settle it" if entry["verdict"] == "unsettled" else "It would have turned it"
    then = entry.get("then")
    label = VERDICTS[then["verdict"]][0] if then else ""
    texts = {
        "Compared with": entry.get("control"),
        turned: entry.get("otherwise"),
        "In October 2021": then and f"{label}. {then['evidence']}",
        "Limits": entry["limit"],
    }
    return {head: text for head, text in texts.items() if text}


def _where(entry: Entry) -> str:
    if "source" in entry:
        return entry["source"]
    numbers = ", ".join(map(str, entry["sentences"]))
    return f"sentence{'s' if len(entry['sentences']) > 1 else ''} {numbers}"


def _row(name: str, entry: Entry, start: Path) -> str:
    label, colour = VERDICTS[entry["verdict"]]
    link = relative_link(notebooks.named(entry["lesson"]), start)
    lesson = f"<a href='{link}'>{entry['lesson'].replace('_', ' ')}</a>"
    details = "".join(
        f"<div><i>{head}:</i> {as_html(text)}</div>" for head, text in below(entry).items()
    )
    data = "".join(f" data-{key}='{entry[key]}'" for key in ("verdict", "evidence", "lesson"))
    return (
        f"<details class='claim'{data} style='margin:4px 0 4px 14px'>"
        f"<summary><span style='border-left:6px solid {colour};padding-left:6px'>{name} "
        f"<b>{label}</b></span> “{as_html(entry['words'])}”</summary>"
        f"<div style='margin:2px 0 8px 22px'>"
        f"<div><i>We take it to mean:</i> {as_html(entry['claim'])}</div>{details}"
        f"<div><i>The article's {_where(entry)}; lesson:</i> {lesson}</div></div></details>"
    )


def shown(value: Any) -> str:
    """Write a number, a truth or an array of them in a form that other machines repeat."""
    if isinstance(value, np.ndarray):
        flat = value.ravel().tolist()
        if len(flat) > 6:
            return f"{len(flat)} values from {shown(min(flat))} to {shown(max(flat))}"
        return ", ".join(map(shown, flat))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value == int(value) or abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) >= 0.01 else f"{value:.1g}"


def _values(case: Case) -> str:
    if not case.printed:
        return ""
    return f"measured {shown(case.measured)}, control {shown(case.control)}"


def _sources(cases: Mapping[str, Case]) -> list[str]:
    return sorted({source for case in cases.values() for source in case.sources})


def _card_text(name: str, entry: Entry, cases: Mapping[str, Case], because: str) -> str:
    lines = [
        f"{name}: “{entry['words']}” ({_where(entry)})",
        f"We take it to mean: {entry['claim']}",
        f"Verdict: {VERDICTS[entry['verdict']][0]}. {because}",
    ]
    for label, case in cases.items():
        said = ", ".join(filter(None, [_values(case), f"rule: {case.rule}"]))
        lines.append(f"  {'yes' if case.holds else 'no '}  {label} ({said})")
    lines += [f"{head}: {text}" for head, text in below(entry).items()]
    return "\n".join([*lines, *(f"Source: {source}" for source in _sources(cases))])


def _card_html(name: str, entry: Entry, cases: Mapping[str, Case], because: str) -> str:
    label, colour = VERDICTS[entry["verdict"]]
    items = ""
    for case_label, case in cases.items():
        said = " · ".join(filter(None, [_values(case), f"<code>{html.escape(case.rule)}</code>"]))
        items += f"<li>{'✓' if case.holds else '✗'} {as_html(case_label)}<br>{said}</li>"
    if items:
        items = f"<ul style='list-style:none;padding-left:0;margin:4px 0'>{items}</ul>"
    details = "".join(
        f"<div><small><i>{head}:</i> {as_html(text)}</small></div>"
        for head, text in below(entry).items()
    )
    if sources := _sources(cases):
        listed = "".join(f"<div><small>{as_html(source)}</small></div>" for source in sources)
        head = f"<summary><small><i>Sources:</i> {len(sources)}</small></summary>"
        details += f"<details>{head}{listed}</details>"
    return (
        f"<div style='border-left:6px solid {colour};padding:6px 14px;margin:6px 0;max-width:44em'>"
        f"<div><b>{name}</b> “{as_html(entry['words'])}” <small>({_where(entry)})</small></div>"
        f"<div><i>We take it to mean:</i> {as_html(entry['claim'])}</div>"
        f"<div style='margin:4px 0'><b>{label}.</b> {as_html(because)}</div>"
        f"{items}{details}</div>"
    )
