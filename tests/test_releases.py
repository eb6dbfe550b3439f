"""Who broke which test: bisecting between two sets of pins, on pins and on a real package."""

import sys

import pytest

from course_utils.authoring import releases

OLD = "# made by hand\na==1.0\nb==2.0\nc==3.0 ; sys_platform == 'nowhere'\nd==4.0\ne==5.0\n"
NEW = "a==1.1\nb==2.0\nc==3.1 ; sys_platform == 'nowhere'\nd==4.2\nf==6.0\n"


def test_changes_are_those_of_this_machine():
    assert list(map(str, releases.changes(OLD, NEW))) == [
        "a 1.0 -> 1.1",
        "d 4.0 -> 4.2",
        "e 5.0 -> none",
        "f none -> 6.0",
    ]


def test_red_tests_are_read_from_a_report():
    report = "\n".join(
        [
            "FAILED notebooks/1_basics/a.ipynb::Cell 3 - notebooks/1_basics/a.ipynb, sec...",
            "FAILED tests/test_a.py::test_b[x y] - assert 1 == 2",
            "ERROR tests/test_c.py",
            "FAILED tests/test_a.py::test_b[x y] - assert 1 == 2",
            "SKIPPED [1] tests/test_d.py:3: FAILED to",
        ]
    )
    assert releases.red_tests(report) == [
        "notebooks/1_basics/a.ipynb::Cell 3",
        "tests/test_a.py::test_b[x y]",
        "tests/test_c.py",
    ]


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_each_culprit_is_found_in_few_steps(count):
    found = [releases.Change(f"package{n}", "1", "2") for n in range(count)]
    broken = {f"test{n}": n for n in range(count)} | {"always": -1}
    asked = []

    def red_at(made):
        asked.append(made)
        return {test for test, n in broken.items() if n < made}

    culprits = releases.blame(["test0", "always"], found, red_at)
    assert culprits == {"test0": found[0], "always": None}
    assert len(asked) <= 2 * count.bit_length()
    assert len(asked) == len(set(asked)), "nothing is run twice"
    assert releases.blame(list(broken), found, red_at) == {
        test: found[n] if n >= 0 else None for test, n in broken.items()
    }


def test_a_run_is_of_whole_notebooks_and_one_that_breaks_off_is_red(monkeypatch, tmp_path):
    tests = ["notebooks/a.ipynb::Cell 3", "tests/test_a.py::test_b"]
    script = tmp_path / "python"
    for status, text, red in [
        (1, f"FAILED {tests[0]} - x", {tests[0]}),
        (0, "", set()),
        (2, "", set(tests)),
    ]:
        script.write_text(
            f"#!/bin/sh\necho \"$@\" > {tmp_path}/asked\necho '{text}'\nexit {status}"
        )
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))
        assert releases._run(tests) == red
    asked = (tmp_path / "asked").read_text()
    assert "notebooks/a.ipynb tests/test_a.py::test_b" in asked
