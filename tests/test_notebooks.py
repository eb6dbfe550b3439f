"""Every notebook: what its file shows, what its exercise does untouched, what its checks accept."""

import html
import re
import subprocess
from pathlib import Path

import bs4
import nbconvert
import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from course_utils import ROOT, authoring, claims, notebooks, tasks

ANSWERS = ROOT / "tests" / "answers"
LEAST_WRONG_ANSWERS = 3
VARIANTS = 1
"""So many variants of each solution's answer, always the same ones; `course mutants` has more."""

SECONDS_FOR_A_VARIANT = 5
"""Some never end."""


def test_file(notebook):
    assert authoring.problems(notebook) == []


def test_only_notebooks_stand_among_notebooks():
    listed = subprocess.run(
        ["git", "ls-files", *notebooks.FOLDERS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    strays = {path for path in listed.stdout.split() if not path.endswith(".ipynb")}
    assert strays <= {"notebooks/lessons.toml", "notebooks/.ruff.toml", "solutions/.ruff.toml"}


def test_exercise_is_current(solution):
    exercise = notebooks.counterpart(solution, "exercises")
    made = authoring.make_exercise(solution)
    assert authoring.state_of_exercise(exercise, made) == "current", "run `course exercises`"


def test_headers_and_table_are_current():
    lines, good = authoring.write_headers(check=True)
    assert good, f"run `course headers`: {lines}"


def test_every_lesson_but_the_first_has_an_exercise(lesson):
    solution = notebooks.counterpart(lesson, "solutions")
    assert solution.exists() or lesson == notebooks.named("start_here")


def test_few_outputs_are_ignored():
    paths = [
        path for folder in ("notebooks", "solutions") for path in notebooks.notebook_paths(folder)
    ]
    ignored, code = (
        sum(counts) for counts in zip(*map(authoring.ignored_cells, paths), strict=True)
    )
    assert ignored < 0.10 * code


def test_no_claim_is_judged_twice():
    judged = [
        name for path in notebooks.notebook_paths("notebooks") for name in authoring.verdicts(path)
    ]
    assert len(judged) == len(set(judged))
    assert set(judged) <= set(claims.ledger())


def test_untouched_exercise_stops_at_its_first_task(exercise):
    notebook = notebooks.read(exercise)
    with pytest.raises(CellExecutionError):
        authoring.client(notebook, exercise, shutdown_kernel="immediate").execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    run = [cell for cell in code if cell.execution_count]
    assert run[-1].metadata.nbgrader.grade_id == notebooks.task_ids(notebook)[0]
    error = run[-1].outputs[-1]
    assert error.ename == "NotAttempted"
    assert len(error.traceback) == 1
    assert "\n" not in error.traceback[0]


def test_answers(solution, tmp_path):
    """Each task refuses the untouched skeleton and every wrong answer, each for its own reason."""
    beside = set(solution.parent.iterdir())
    answers = read_answers(ANSWERS / solution.relative_to(ROOT / "solutions").with_suffix(".py"))
    notebook = notebooks.read(solution)
    skeletons = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in nbformat.reads(authoring.make_exercise(solution), 4).cells
        if "nbgrader" in cell.metadata
    }
    wanted = notebooks.task_ids(notebook)
    assert {answer[0] for answer in answers} <= set(wanted)
    failures = []
    # A wrong answer must not cancel the next one, as an error does in a Run All.
    # What answers write does not belong beside the solutions.
    options = {"allow_errors": True, "shutdown_kernel": "immediate"}
    runner = authoring.client(notebook, tmp_path / solution.name, **options)
    with runner.setup_kernel():
        for n, cell in enumerate(notebook.cells):
            if (task := cell.metadata.get("nbgrader", {}).get("grade_id")) not in wanted:
                run_cell(runner, cell, n)
                continue
            own = [answer for answer in answers if answer[0] == task]
            reasons = [text for _, outcome, text, _ in own if outcome == "wrong"]
            assert len(set(reasons)) == len(reasons) >= LEAST_WRONG_ANSWERS, (
                f"wrong answers to {task}"
            )
            assert any(outcome == "right" for _, outcome, _, _ in own), (
                f"another right answer to {task}"
            )
            own.insert(0, (task, "not attempted", "fill in", skeletons[f"{task}-answer"]))
            answer = notebook.cells[n - 1].source
            for source, difference in authoring.sampled(answer, VARIANTS).items():
                came = attempt(runner, source, cell.source, n)
                if came.startswith("Done") and not authoring.is_equivalent(task, difference):
                    failures.append(f"{task} accepts: {difference}")
            own.append((task, "right", "", answer))
            for _, outcome, text, source in own:
                run_cell(runner, nbformat.v4.new_code_cell(source), n)
                came = run_cell(runner, nbformat.v4.new_code_cell(cell.source), n)
                if (
                    not came.lower().startswith({"right": "done"}.get(outcome, outcome))
                    or text not in came
                ):
                    failures.append(f"{task} {outcome} ({text}): {came}")
    assert not failures, "\n".join(failures)
    assert set(solution.parent.iterdir()) == beside


def attempt(runner, answer, check, n):
    """Run an answer, which may raise or never end, and its check; return what the check says."""

    def allow(seconds):
        allowing = f"__import__('course_utils.tasks').tasks.SECONDS = {seconds}"
        runner.execute_cell(nbformat.v4.new_code_cell(allowing), n)

    allow(SECONDS_FOR_A_VARIANT)
    runner.execute_cell(nbformat.v4.new_code_cell(answer), n)
    came = run_cell(runner, nbformat.v4.new_code_cell(check), n)
    allow(tasks.SECONDS)
    return came


def read_answers(path: Path):
    """Read `# %% TASK right` and `# %% TASK wrong: part of the message` blocks of a file."""
    blocks = re.split(r"^# %% ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found = []
    for block in blocks:
        first, _, source = block.partition("\n")
        task, _, rest = first.partition(" ")
        outcome, _, text = rest.partition(": ")
        assert outcome in ("right", "wrong"), f"{path.name}: {first}"
        found.append((task, outcome, text, source))
    return found


def run_cell(runner, cell, n):
    """Run a cell in the client's kernel; return the last line that it shows, or its error's."""
    if cell.cell_type != "code":
        return ""
    runner.execute_cell(cell, n)
    if not cell.outputs:
        return ""
    last = cell.outputs[-1]
    if last.output_type == "error":
        assert len(last.traceback) == 1, f"a traceback: {last.traceback}"
        return last.evalue
    return last.data["text/plain"] if "data" in last else last.text.splitlines()[-1]


def test_a_script_of_a_lesson_is_python(lesson):
    script, resources = nbconvert.ScriptExporter().from_filename(str(lesson))
    assert resources["output_extension"] == ".py"
    compile(script, lesson.stem, "exec")


@pytest.mark.heavy
def test_the_page_of_a_lesson_holds_what_the_lesson_holds(lesson):
    page, _ = nbconvert.HTMLExporter().from_filename(str(lesson))
    words, pictures = seen(page)
    for cell in notebooks.load(lesson)["cells"]:
        for output in cell.get("outputs", []):
            data = {kind: notebooks.joined(text) for kind, text in output.get("data", {}).items()}
            text = notebooks.joined(output.get("text", data.get("text/plain")))
            assert text.strip(), f"an output without a text, of cell {cell['id']}"
            its_words, its_pictures = seen(data.get("text/html", html.escape(text)))
            assert its_words in words, f"not exported, of cell {cell['id']}: {its_words[:80]}"
            assert set(its_pictures) <= set(pictures)


def seen(page):
    """Return the words of a page, and the texts of its pictures."""
    soup = bs4.BeautifulSoup(page, "html.parser")
    return " ".join(soup.get_text().split()), [image["alt"] for image in soup("img")]
