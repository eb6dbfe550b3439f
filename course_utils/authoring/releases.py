"""Find out which package's new release broke which test, by bisecting between two sets of pins."""

import functools
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from course_utils import ROOT


class Change(NamedTuple):
    """A package, and its version among the old and the new pins; None where it has none."""

    name: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        return f"{self.name} {self.old or 'none'} -> {self.new or 'none'}"


def changes(old: str, new: str) -> list[Change]:
    """List in what two files of constraints differ on this machine, by name."""
    before, after = _pins(old), _pins(new)
    return [
        Change(name, before.get(name), after.get(name))
        for name in sorted(before | after)
        if before.get(name) != after.get(name)
    ]


def red_tests(report: str) -> list[str]:
    """List the tests that failed by the last lines of a pytest report (`-ra`)."""
    return list(dict.fromkeys(re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", report, re.M)))


def blame(
    tests: Iterable[str], found: list[Change], red_at: Callable[[int], set[str]]
) -> dict[str, Change | None]:
    """Name for each test the change with which it turns red; None where it is red before all.

    `red_at` says which tests are red once the first n changes were made; all are with all of them.
    Each step halves what is left, and what one test has asked for answers for the others too.
    """
    known = functools.cache(red_at)
    culprits: dict[str, Change | None] = {}
    for test in tests:
        green, red = -1, len(found)
        while red - green > 1:
            middle = (green + red) // 2
            green, red = (green, middle) if test in known(middle) else (middle, red)
        culprits[test] = found[red - 1] if red else None
    return culprits


def report(old: Path, new: Path, tests_report: Path) -> str:
    """Install and run what it takes to name each red test's culprit; return a line for each test.

    It changes the environment that it runs in, and ends with the new pins.
    """
    found = [
        change
        for change in changes(old.read_text(encoding="utf-8"), new.read_text(encoding="utf-8"))
        # Some are pinned for other machines: a build for cards needs more than one for processors.
        if not change.new or _installed(change.name)
    ]
    tests = red_tests(tests_report.read_text(encoding="utf-8"))

    def red_at(count: int) -> set[str]:
        _install({change.name: change.new for change in found[:count]})
        _install({change.name: change.old for change in found[count:]})
        return _run(tests)

    culprits = blame(tests, found, red_at)
    _install({change.name: change.new for change in found})
    return "\n".join(
        f"{test}: {culprit or 'red with the old versions too'}"
        for test, culprit in culprits.items()
    )


def _pins(text: str) -> dict[str, str]:
    from packaging.requirements import Requirement

    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    pinned = [Requirement(line) for line in lines]
    return {
        pin.name: str(pin.specifier).removeprefix("==")
        for pin in pinned
        if pin.marker is None or pin.marker.evaluate()
    }


def _install(versions: dict[str, str | None]) -> None:
    """Install these versions where others are, without what they depend on, and remove the Nones.

    A mixture of old and new is what bisecting needs, and not what pip's resolver admits.
    """
    pip = [sys.executable, "-m", "pip"]
    wrong = {name: version for name, version in versions.items() if _installed(name) != version}
    added = [f"{name}=={version}" for name, version in wrong.items() if version]
    gone = [name for name, version in wrong.items() if not version]
    if added:
        command = [*pip, "install", "--quiet", "--no-deps", *added]
        subprocess.run([*command, "--build-constraint=build-constraints.txt"], cwd=ROOT, check=True)
    if gone:
        subprocess.run([*pip, "uninstall", "--quiet", "--yes", *gone], cwd=ROOT, check=True)


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None


def _run(tests: list[str]) -> set[str]:
    """Run these tests, and the cells before those of a notebook; return which of them are red."""
    asked = {test.partition("::")[0] if ".ipynb::" in test else test for test in tests}
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "tests/test_comparison.py"]
    done = subprocess.run(
        [*command, *sorted(asked)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    # A run that did not come to its end has shown nothing to be green.
    return set(tests) if done.returncode > 1 else set(red_tests(done.stdout))
