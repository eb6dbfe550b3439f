"""Variants of answers: made by rule, run through the real check, counted."""

import nbformat
import pytest
from small_course import graded

from course_utils import ROOT, CourseError, authoring, notebooks
from course_utils.authoring import mutants
from course_utils.authoring.attempts import Kernel
from course_utils.authoring.variants import difference, variants


def made(source):
    return set(variants(source).values())


RULES = {
    "x = y + 1": {"`x = y + 2`", "`x = y + 0`", "`x = y - 1`", "`x = y`", "`x = 1`"},
    "x = y * 0.5": {"`x = y * 1.5`", "`x = y * 1.0`", "`x = y * 0.0`", "`x = y / 0.5`"},
    "x = a < b <= c": {"`x = a <= b <= c`", "`x = a < b < c`", "`x = a > b <= c`"},
    "x = a and b": {"`x = a or b`", "`x = a`", "`x = b`"},
    "x = not a": {"`x = a`"},
    "x = f(a, b, mode='same')": {
        *("`x = f(b, a, mode='same')`", "`x = f(a, mode='same')`", "`x = f(a, b)`"),
        "`x = f(a, b, mode='valid')`",
    },
    "x = y.mean(dim=1)": {"`x = y.sum(dim=1)`", "`x = y.mean(dim=0)`", "`x = y.mean()`", "`x = y`"},
    "x = sorted(abs(y))": {"`x = abs(y)`", "`x = sorted(y)`", "`x = list(abs(y))`"},
    "x = max(a, b)": {"`x = min(a, b)`", "`x = max(a)`", "`x = max(b)`"},
    "x = torch.argmax(y)": {"`x = torch.argmin(y)`", "`x = y`"},
    "x = y.detach()": {"`x = y`"},
    "x = tf.cast(y, tf.float32)": {"`x = tf.cast(y, tf.float64)`"},
    "x = y[1:n]": {"`x = y[:n]`", "`x = y[1:]`", "`x = y`", "`x = y[2:n]`"},
    "x = a if b else c": {"`x = a`", "`x = c`"},
    "x = (a, b)": {"`x = (b, a)`", "`x = (a,)`", "`x = (b,)`"},
    "x = [i for i in y if i]": {"`x = [i for i in y]`", "`x = [i for i in list(y)[1:] if i]`"},
}


@pytest.mark.parametrize("source", RULES)
def test_rules_of_expressions(source):
    assert {f"`{source}` → {new}" for new in RULES[source]} <= made(source)


def test_what_says_the_same_is_not_made():
    assert "`x = max(a, b)` → `x = max(b, a)`" not in made("x = max(a, b)")
    assert "nothing → `torch.save(a, b)`" not in made("torch.save(a, b)")


def test_rules_of_statements():
    found = made(
        "def f(n, k=2):\n    total = 0\n    for i in range(n):\n        if i > k:\n"
        "            continue\n        total += i\n        log.append(i)\n"
        "    with torch.no_grad():\n        g(total)\n    return total"
    )
    assert {
        "`total += i` → `total -= i`",
        "`total += i` → `total = i`",
        "`total += i` → nothing",
        "nothing → `log.append(i)`",
        "`log.append(i)` → nothing",
        "`if i > k:` → nothing",
        "`continue` → `break`",
        "`with torch.no_grad():` → nothing",
        "`for i in range(n):` → `for i in list(range(n))[:-1]:`",
        "nothing → `n = n * 0`",
        "nothing → `k = 2`",
        "nothing → `torch.set_grad_enabled(False)`",
        "`return total` → `return total.detach()`",
        "`return total` → `result = total; n[...] = 0; return result`",
        "`return total` → nothing",
    } <= found


def test_only_what_the_learner_writes_is_varied():
    source = "a = 1\n### BEGIN SOLUTION\nb = 2\n### END SOLUTION\nc = 3"
    assert {line.split(" = ")[0] for line in made(source)} == {"`b"}


def test_every_variant_of_every_answer_is_another_program(solution):
    for cell in notebooks.load(solution)["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            source = "".join(cell["source"])
            found = variants(source)
            assert len(found) > 10
            for text in found:
                compile(text, "variant", "exec")
                assert difference(text, source) != "nothing"
            assert found == variants(source)
            assert authoring.sampled(source, 5).items() <= found.items()


ANSWERS = {
    "trial-1": "def twice(n):\n    ### BEGIN SOLUTION\n    return 2 * n\n    ### END SOLUTION",
    "trial-2": "def half(n):\n    ### BEGIN SOLUTION\n    return n // 2\n    ### END SOLUTION",
}
CHECKS = {
    "trial-1": 'with tasks.check("trial-1"):\n    tasks.close(twice(2), 4, "twice(2)")',
    "trial-2": 'with tasks.check("trial-2"):\n    tasks.close(half(0), 0, "half(0)")',
}


@pytest.fixture
def course(tmp_path, monkeypatch):
    cells = [nbformat.v4.new_code_cell("from course_utils import tasks")]
    for task, answer in ANSWERS.items():
        cells += [graded(task, answer, False), graded(task, CHECKS[task], True)]
    (tmp_path / "solutions").mkdir()
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbformat.write(notebook, tmp_path / "solutions" / "02_trial.ipynb")
    (tmp_path / "CONTRIBUTING.md").write_text(
        "<!-- mutants: made -->\n| exercise | made |\n|---|---|\n| gone | 1 |\n"
        "<!-- end of mutants -->\n"
    )
    named = tmp_path / "equivalent.toml"
    named.write_text("variant = []")
    monkeypatch.setattr(mutants, "EQUIVALENT", named)
    return tmp_path


def test_what_a_check_accepts_is_named_and_counted(course):
    found = list(authoring.trials([], root=course))
    outcomes = {trial.difference: trial for trial in found}
    assert outcomes["`return 2 * n` → `return 3 * n`"].outcome == "refused"
    assert outcomes["`return 2 * n` → `return 3 * n`"].said.endswith("is 6, expected 4")
    assert outcomes["nothing → `n = n[:-1]`"].outcome == "failed"
    assert outcomes["nothing → `n = n * 0`"].outcome == "survived"
    lines, good = authoring.summary(found)
    counts = [sum(trial.outcome == name for trial in found) for name in ("failed", "survived")]
    assert lines == [
        f"trial: {len(found)} made, 0 equivalent, {len(found) - counts[1]} refused, "
        f"{counts[0]} by an error of their own, {counts[1]} surviving"
    ]
    assert not good
    authoring.write_table(found, root=course)
    table = (course / "CONTRIBUTING.md").read_text().splitlines()
    assert (
        table[3]
        == f"| trial | {len(found)} | 0 | {len(found) - counts[1]} | {counts[0]} | {counts[1]} |"
    )
    assert len(table) == 5


def test_variants_that_are_right_are_named_by_hand(course):
    entry = (
        'task = "trial-2"\ndifference = "nothing → `n = n * 0`"\nreason = "half of 0 is 0, always"'
    )
    (course / "equivalent.toml").write_text(f"[[variant]]\n{entry}\n")
    found = list(authoring.trials(["trial-2"], root=course))
    outcomes = {trial.difference: trial.outcome for trial in found}
    assert outcomes["nothing → `n = n * 0`"] == "equivalent"
    with pytest.raises(CourseError, match="of trial a part was run"):
        authoring.write_table(found, root=course)


def test_a_sample_is_the_same_every_time(course):
    first, second = (list(authoring.trials(["trial"], 2, root=course)) for _ in range(2))
    assert first == second
    assert [trial.task for trial in first] == ["trial-1", "trial-1", "trial-2", "trial-2"]


def test_an_unknown_task_is_one_line():
    with pytest.raises(CourseError, match="there is no task or exercise 'nothing-1'"):
        list(authoring.trials(["nothing-1"]))


def test_a_copy_without_solutions_says_so(tmp_path):
    with pytest.raises(CourseError, match="made of solutions, and here are none: use a clone"):
        list(authoring.trials(["first_network-1"], root=tmp_path))


@pytest.mark.heavy
def test_nothing_of_an_attempt_is_met_by_the_next():
    with Kernel() as kernel:
        kernel.do("import os\nimport torch\nkept = 1")
        kernel.remember()
        left = "kept = 2\nnew = 3\ntorch.set_grad_enabled(False)\nos.environ['LEFT'] = '1'"
        left += "\nopen('left.txt', 'w').close()\nos.makedirs('away/below')\nos.chdir('away')"
        assert kernel.attempt(left, "pass", 5)[0] == "survived"
        clean = "assert kept == 1 and 'new' not in globals() and torch.is_grad_enabled()"
        clean += "\nassert os.listdir() == []"
        assert kernel.attempt(clean, "assert 'LEFT' not in os.environ", 5) == ("survived", "")
        assert kernel.attempt("while True: pass", "pass", 1) == ("refused", "stopped after 1 s")
        assert kernel.attempt("os._exit(1)", "pass", 2) == ("refused", "stopped after 2 s")
        stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
        assert kernel.attempt(stubborn, "pass", 1) == ("refused", "stopped after 1 s")
        assert kernel.attempt(clean, "assert 'LEFT' not in os.environ", 5) == ("survived", "")


def test_equivalent_variants_are_variants_with_a_reason():
    import tomllib

    for entry in tomllib.loads(mutants.EQUIVALENT.read_text(encoding="utf-8"))["variant"]:
        assert set(entry) == {"task", "difference", "reason"}
        path = notebooks.named(entry["task"].rpartition("-")[0], "solutions", ROOT)
        assert entry["difference"] in made(mutants.answers(path)[entry["task"]])
        assert len(entry["reason"].split()) > 3
