"""What the claims' scripts answered then and now: record it in then/results.json, read it back."""

import datetime
import json
import os
import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course_utils import CourseError, claims, files
from course_utils.then.asking import SCRIPTS, YEARS, Answer, ask, asked

RESULTS = SCRIPTS / "results.json"
MEASURES = {
    "eager": 5,
    "operations": 1,
    "startup": 3,
    "boards": 1,
    "idioms_torch": 1,
    "idioms_tf": 1,
}
"""What is measured beside the claims, in so many pairs of then and now."""
EXCHANGE = "files"
"""The script whose files of one year are opened in the other."""
PARTS = {"machine", "date", "versions", "claims", "measures", EXCHANGE}


def record(names: list[str], path: Path = RESULTS) -> Iterator[str]:
    """Ask claims (default: all, and the measures) then and now; yield a line for each.

    The file is replaced after each answer, so that an interruption loses none; without `names` it
    begins anew. A script that fails costs its own row only. Raises CourseError for an unknown name,
    where single answers are to go into the record of another machine or of other releases, and at
    the end for scripts that failed.
    """
    known = [*asked(), *MEASURES, EXCHANGE]
    if unknown := sorted(set(names) - set(known)):
        raise CourseError(f"there is no script then/{unknown[0]}.py: they are {', '.join(known)}")
    own = {"machine": _machine(), "versions": {year: ask("versions", year) for year in YEARS}}
    if names and path.exists():
        found = _parsed(path)
        if {part: found[part] for part in own} != own:
            raise CourseError(
                f"{path.name} is of another machine or of other releases: run course then for all"
            )
    else:
        found = {**own, "claims": {}, "measures": {}, EXCHANGE: {}}
    found["date"] = datetime.datetime.now(datetime.UTC).date().isoformat()
    failed = []
    for name in names or known:
        try:
            line = _put(found, name)
        except CourseError as error:
            failed.append(name)
            yield f"{name}: not recorded: {error}"
            continue
        files.write_text(path, json.dumps(found, indent=1, sort_keys=True) + "\n")
        yield line
    if failed:
        raise CourseError(f"not recorded: try again with course then {' '.join(failed)}")


def read(path: Path = RESULTS) -> dict[str, Any]:
    """Return the record: machine, date, versions, claims and measures, each then and now.

    Raises CourseError for a file that is missing or damaged, and one that lacks an answer.
    """
    found = _parsed(path)
    wanted = {"claims": asked(), "measures": list(MEASURES), EXCHANGE: list(YEARS)}
    lacks = [name for part, names in wanted.items() for name in names if name not in found[part]]
    if lacks:
        again = " ".join(dict.fromkeys(EXCHANGE if name in YEARS else name for name in lacks))
        raise CourseError(f"{path.name} lacks {', '.join(lacks)}: run course then {again}")
    if extra := sorted({*found["claims"], *found["measures"]} - {*asked(), *MEASURES}):
        raise CourseError(f"{path.name} holds {extra[0]}, which has no script: run course then")
    for name, answers in found["claims"].items():
        if not _of_both_years(answers) or not all(_truths(one) for one in answers.values()):
            raise CourseError(f"{path.name}, {name}: damaged, run course then {name}")
        if len({frozenset(answer["truths"]) for answer in answers.values()}) > 1:
            raise CourseError(f"{path.name}, {name}: then and now were asked different questions")
    for name, runs in found["measures"].items():
        if not _of_both_years(runs) or not all(_runs(own, MEASURES[name]) for own in runs.values()):
            raise CourseError(f"{path.name}, {name}: damaged, run course then {name}")
    if not all(_opened(answers) for answers in found[EXCHANGE].values()):
        raise CourseError(f"{path.name}, {EXCHANGE}: damaged, run course then {EXCHANGE}")
    return found


def earned(name: str, answer: Answer) -> str:
    """Return the verdict that an answer's truths earn for a claim: holds, partly or false."""
    return claims.earned(name, claims.claim(name), answer["truths"])


def opened(writer: str) -> dict[str, Answer]:
    """Write files in one year; return what was written, and what each year could open."""
    with tempfile.TemporaryDirectory() as folder:
        return {
            "written": ask(EXCHANGE, writer, "write", folder),
            **{year: ask(EXCHANGE, year, "open", folder) for year in YEARS},
        }


def _put(found: dict[str, Any], name: str) -> str:
    """Put what one script answers into the record, and return a line on it."""
    if name in MEASURES:
        found["measures"][name] = _in_pairs(name)
        return f"{name}: {MEASURES[name]} pairs"
    if name == EXCHANGE:
        found[name] = {year: opened(year) for year in YEARS}
        return f"{name}: of each year opened in each"
    answers = {year: ask(name, year) for year in YEARS}
    verdicts = [earned(name, answer) for answer in answers.values()]
    found["claims"][name] = answers
    return f"{name}: {verdicts[0]} then, {verdicts[1]} now"


def _in_pairs(name: str) -> dict[str, list[Answer]]:
    """Measure then and now one after the other, the order changing from pair to pair."""
    found: dict[str, list[Answer]] = {year: [] for year in YEARS}
    for pair in range(MEASURES[name]):
        for year in list(YEARS) if pair % 2 == 0 else reversed(list(YEARS)):
            found[year].append(ask(name, year))
    return found


def _parsed(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CourseError(f"{path.name} cannot be read: run course then ({error})") from None
    whole = isinstance(found, dict) and set(found) == PARTS and isinstance(found["date"], str)
    if (
        not whole
        or not all(isinstance(found[part], dict) for part in PARTS - {"date"})
        or not _of_both_years(found["versions"])
        or not found["machine"]
    ):
        raise CourseError(f"{path.name} is damaged: run course then")
    return found


def _of_both_years(answers: Any) -> bool:
    return isinstance(answers, dict) and set(answers) == set(YEARS)


def _runs(runs: Any, pairs: int) -> bool:
    whole = isinstance(runs, list) and len(runs) == pairs
    return whole and all(run and isinstance(run, dict) for run in runs)


def _opened(answers: Any) -> bool:
    whole = isinstance(answers, dict) and set(answers) == {"written", *YEARS}
    return whole and all(_truths(one) for one in answers.values())


def _truths(answer: Any) -> bool:
    truths = answer.get("truths") if isinstance(answer, dict) else None
    return isinstance(truths, dict) and all(isinstance(truth, bool) for truth in truths.values())


def _machine() -> dict[str, str | int | None]:
    import psutil

    return {
        "system": platform.system(),
        "kind": platform.machine(),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "gigabytes": round(psutil.virtual_memory().total / 1e9),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "")
