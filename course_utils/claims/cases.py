"""A case: what was measured, what it is compared with, the rule that decides, and the verdict."""

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_utils import CourseError
from course_utils.claims.reading import Entry

ALLOWED = {"measured", "control", "abs", "all", "any", "len", "max", "min", "round", "sum"}


class ClaimContradicted(Exception):
    """A measurement and the ledger disagree: one of the two has to be mended."""


@dataclass
class Case:
    """What was measured, its control, and the rule that decides: Python on these two names.

    `measured` and `control` are numbers, truths, or lists or arrays of them, of one kind. `rule`
    is an expression such as "measured > control + 0.05" or "(measured > control).all()". `printed`
    is False for what differs from run to run, such as a timing: the card then leaves the two out.
    `sources` is for published counts: the sources of `claims.adoption()` from which they come.

    Raises CourseError for a name or nothing where a measurement should be, a number that is not
    finite, one object on both sides, and a rule that does not compare the two.
    """

    measured: Any
    control: Any
    rule: str
    printed: bool = True
    sources: Collection[str] = ()
    holds: bool = field(init=False)

    def __post_init__(self):
        if self.measured is self.control and not isinstance(self.measured, bool | int):
            raise CourseError(f"a case compares one object with itself (rule: {self.rule})")
        self.measured = _numbers(self.measured, "measured")
        self.control = _numbers(self.control, "control")
        self.holds = _decided(self.rule, self.measured, self.control)


def decide(name: str, entry: Entry, cases: Mapping[str, Case]) -> str:
    """Return the verdict that a claim's cases earn, as `earned` says; raises CourseError as it."""
    for label, case in cases.items():
        if not isinstance(case, Case):
            raise CourseError(f"{name}: {label!r} should be a Case(measured, control, rule)")
    return earned(name, entry, {label: case.holds for label, case in cases.items()})


def earned(name: str, entry: Entry, truths: Mapping[str, bool]) -> str:
    """Return the verdict that a claim's truths earn: holds, partly or false.

    Where the ledger names the claim's `parts`, a truth is one part's ("part" or "part: case"), and
    a part holds if all its truths do. Raises CourseError for a part without one, or the reverse.
    """
    parts = entry.get("parts", [])
    by_part: dict[str, list[bool]] = {part: [] for part in parts}
    for label, truth in truths.items():
        part = next((p for p in parts if label == p or label.startswith(f"{p}: ")), None)
        if parts and part is None:
            raise CourseError(f"{name}: the case {label!r} should begin with one of {parts}")
        by_part.setdefault(part or label, []).append(truth)
    if empty := [part for part, own in by_part.items() if not own]:
        raise CourseError(f"{name}: no case for {empty[0]!r}")
    held = [all(own) for own in by_part.values()]
    return "holds" if all(held) else "partly" if any(held) else "false"


def objections(tree: ast.AST) -> list[str]:
    """Say what a notebook cell's parsed code shows to be wrong with its cases, a line each.

    A measurement that is written down, and a comparison of an expression with itself.
    """
    found = []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in calls:
        if ast.unparse(call.func).split(".")[-1] != "Case":
            continue
        given = dict(zip(("measured", "control"), call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords}
        sides = [given.get("measured"), given.get("control")]
        if None in sides:
            continue
        measured, control = map(ast.unparse, sides)
        if not any(isinstance(node, ast.Name) for node in ast.walk(sides[0])):
            found.append(f"a case's measurement is written down: {measured}")
        if measured == control:
            found.append(f"a case compares a thing with itself: {measured}")
    return found


def _decided(rule: str, measured: Any, control: Any) -> bool:
    """Apply a rule; raise CourseError where it cannot decide between the two."""
    try:
        nodes = list(ast.walk(ast.parse(rule, mode="eval")))
    except SyntaxError:
        raise CourseError(f"the rule {rule!r} is not an expression of Python") from None
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    if missing := {"measured", "control"} - names:
        raise CourseError(f"the rule {rule!r} does not look at {' and '.join(sorted(missing))}")
    if unknown := names - ALLOWED:
        raise CourseError(f"the rule {rule!r} uses {min(unknown)}: write its value out")
    try:
        decided = eval(rule, {"measured": measured, "control": control})
    except Exception as error:
        raise CourseError(f"the rule {rule!r} cannot be applied: {error}") from error
    if not isinstance(decided, bool | np.bool_):
        raise CourseError(f"the rule {rule!r} gives no single yes or no: say .all() or .any()")
    return bool(decided)


def _numbers(value: Any, side: str) -> Any:
    """Return a number, a truth or an array of them; raise CourseError for anything else."""
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "biuf" or not numbers.size:
        said = f"{value!r}" if isinstance(value, str | None) else f"a {type(value).__name__}"
        raise CourseError(f"{side} is {said}: a case needs numbers or truths")
    if not np.isfinite(numbers).all():
        raise CourseError(f"{side} holds a number that is not finite")
    return numbers if numbers.ndim else numbers.item()
