"""The command line, `course …`: thin; every command is a call into one module of the package."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from course_utils import ROOT, CourseError

app = typer.Typer(
    name="course",
    help="PyTorch and TensorFlow, side by side: the course's commands.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

LEARN, TEACH, MAINTAIN = "For learners", "For those who teach", "For those who maintain it"

bench = typer.Typer(help="Measure what the course's machinery is worth.", no_args_is_help=True)
app.add_typer(bench, name="bench", rich_help_panel=MAINTAIN)

Check = Annotated[bool, typer.Option("--check", help="Change nothing; say what is not current.")]
Pairs = Annotated[int, typer.Option(min=1, help="Runs of each side.")]


@app.command(rich_help_panel=LEARN)
def lab(browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True) -> None:
    """Open JupyterLab on the first lesson, for this machine only (127.0.0.1)."""
    from course_utils.machine import lab

    lab.open_lab(browser=browser)


@app.command(rich_help_panel=LEARN)
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Is this machine ready, and if not, which one command mends it?"""
    from course_utils.machine import doctor, table

    rows = doctor.check_machine()
    print(table.as_json(rows) if as_json else table.as_text(rows))
    raise typer.Exit(0 if table.ready(rows) else 1)


@app.command(rich_help_panel=LEARN)
def card(
    to: Annotated[Path, typer.Option(help="The JSON file to write.")] = ROOT / "build/card.json",
) -> None:
    """Run every experiment that needs a graphics card (five minutes at most)."""
    from course_utils.machine.card import running

    running.run_all(to)


@app.command(rich_help_panel=LEARN)
def web_files() -> None:
    """Make the files that Visdom's page needs, from npm packages (needs the network, once)."""
    from course_utils.dashboards import web_files

    print(web_files.make())


@app.command(rich_help_panel=LEARN)
def progress() -> None:
    """Show what you have done and what is next."""
    from course_utils import progress

    print(progress.as_text())
    progress.check_tasks()


@app.command(rich_help_panel=LEARN)
def update() -> None:
    """Bring the newest release of the course; what you wrote stays, the new one lies beside it."""
    from course_utils.machine import updating

    print("\n".join(updating.update()))


@app.command(rich_help_panel=TEACH)
def exercises(check: Check = False) -> None:
    """Generate the exercises from the solutions; an edited exercise is never overwritten."""
    from course_utils import authoring

    _report(authoring.write_exercises(check=check))


@app.command(rich_help_panel=TEACH)
def site(
    to: Annotated[Path, typer.Option(help="The folder to make it in.")] = ROOT / "build/site",
    solutions: Annotated[bool, typer.Option(help="A solution below each task, folded.")] = True,
) -> None:
    """Make the course's website from stored outputs (`make site` installs what it takes)."""
    from course_utils import site

    print(site.build(to.resolve(), solutions))


@app.command(rich_help_panel=TEACH)
def instructor_pages(check: Check = False) -> None:
    """Generate a page for each lesson, the guide's schedules and the workshop's notebook."""
    from course_utils.teaching import pages

    _report(pages.write_pages(check=check))


@app.command(rich_help_panel=TEACH)
def questions(
    to: Annotated[Path, typer.Option(help="A new file: .gift for Moodle, .zip for Canvas.")],
) -> None:
    """Write the lessons' questions as GIFT (Moodle) or as QTI 1.2 (Canvas and others)."""
    from course_utils.teaching import quizzes

    print(quizzes.export(to))


@app.command(rich_help_panel=TEACH)
def slides(
    names: Annotated[list[str] | None, typer.Argument(metavar="[LESSON]...")] = None,
    to: Annotated[Path, typer.Option(help="The folder to make them in.")] = ROOT / "build/slides",
) -> None:
    """Make slides of lessons, and of the workshop, from stored outputs (once with the network)."""
    from course_utils.teaching import slides

    print("\n".join(slides.build(names or [], to.resolve())))


@app.command(rich_help_panel=TEACH)
def room(folder: Annotated[Path, typer.Argument(help="Holds NAME.json of each machine.")]) -> None:
    """Are all machines of a room ready? Reads what `course doctor --json` said on each."""
    from course_utils.teaching import room

    _report(room.table(folder))


@app.command(rich_help_panel=TEACH)
def grade(
    part: Annotated[str, typer.Argument(help="A folder of solutions/, like 1_basics.")],
    submitted: Annotated[Path, typer.Option(help="Holds NAME/PART/.")] = ROOT / "submitted",
    jobs: Annotated[int, typer.Option(min=0, help="Notebooks at a time; 0: what fits.")] = 0,
    box: Annotated[bool, typer.Option(help="Run each in a box (Linux, bubblewrap).")] = True,
    seconds: Annotated[float, typer.Option(min=1, help="A cell may take so long.")] = 60,
    roster: Annotated[Path | None, typer.Option(help="CSV: id, name, email, due.")] = None,
    due: Annotated[str, typer.Option(help="Later is late; ISO format, UTC.")] = "",
    further: Annotated[
        Path | None, typer.Option(help="Holds further checks, TASK.py, TASK.NAME.py.")
    ] = None,
    shard: Annotated[str, typer.Option(help="I/N: the Ith of N shares of the class.")] = "",
    merge: Annotated[bool, typer.Option("--merge", help="Run nothing; join shares.")] = False,
    only: Annotated[str, typer.Option(help="Run this lesson's exercise only.")] = "",
) -> None:
    """Grade a part of the course for a class; the results are in graded/PART/."""
    from course_utils.grading import classes

    options = classes.Options(jobs, box, seconds, roster, due, further, shard, merge, only)
    classes.grade(part, submitted, options, print)


@app.command(rich_help_panel=TEACH)
def release(
    part: Annotated[str, typer.Argument(help="A folder of exercises/, like 1_basics.")],
    to: Annotated[Path, typer.Option(help="A folder that is yet to be made.")],
    alone: Annotated[bool, typer.Option("--alone", help="Without the other parts.")] = False,
) -> None:
    """Make what learners get: the course without its solutions."""
    from course_utils.grading import releasing

    print(releasing.release(part, to, alone=alone))


@app.command(rich_help_panel=MAINTAIN)
def execute(notebooks: Annotated[list[Path], typer.Argument(metavar="NOTEBOOK...")]) -> None:
    """Run notebooks in place, with clean metadata and stable cell ids; one that fails stays."""
    from course_utils import authoring

    _report(authoring.execute_all(notebooks, print))


@app.command(rich_help_panel=MAINTAIN)
def headers(check: Check = False) -> None:
    """Generate headers, last cells, links between lessons and the README's tables."""
    from course_utils import authoring

    _report(authoring.write_headers(check=check))


@app.command(rich_help_panel=MAINTAIN)
def mutants(
    names: Annotated[list[str] | None, typer.Argument(metavar="[TASK|EXERCISE]...")] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="At most so many a task.")] = None,
    table: Annotated[bool, typer.Option("--table", help="Count them in CONTRIBUTING.md.")] = False,
) -> None:
    """Name the variants of the solutions' answers that the checks accept (all: an hour)."""
    from course_utils import authoring

    found = []
    for trial in authoring.trials(names or [], sample):
        found.append(trial)
        if trial.outcome == "survived":
            print(f"{trial.task} accepts: {trial.difference}")
    if table:
        authoring.write_table(found)
    _report(authoring.summary(found))


@app.command(rich_help_panel=MAINTAIN)
def renumber() -> None:
    """Give each lesson the place that notebooks/lessons.toml says, and its links with it."""
    from course_utils import authoring

    print("\n".join(authoring.renumber()))


@app.command(rich_help_panel=MAINTAIN)
def validate(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH]...")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what passed before.")] = False,
) -> None:
    """Run every check that concerns these notebooks (default: all of them)."""
    from course_utils import authoring

    raise typer.Exit(authoring.validate(paths or [], again=again))


@app.command(rich_help_panel=MAINTAIN)
def then(names: Annotated[list[str] | None, typer.Argument()] = None, make: bool = False) -> None:
    """Ask the claims' questions of October 2021's releases and of these (--make: make those)."""
    from course_utils import then

    for line in [then.make()] if make else then.record(names or []):
        print(line)


@app.command()
def measure(
    lessons: Annotated[list[Path] | None, typer.Argument(metavar="[LESSON]...")] = None,
) -> None:
    """Measure the seconds and the memory of lessons, for the table in CONTRIBUTING.md."""
    from course_utils.authoring import measuring

    for line in measuring.measure(lessons or []):
        print(line)


@app.command()
def blame(old: Path, new: Path, report: Path) -> None:
    """Which package's release broke each test that is red in pytest's REPORT? Installs both."""
    from course_utils.authoring import releases

    print(releases.report(old, new, report))


@app.command(context_settings={"ignore_unknown_options": True})
def as_processor(
    name: Annotated[str, typer.Argument(metavar="generic|avx2")],
    command: Annotated[list[str], typer.Argument(metavar="COMMAND...")],
) -> None:
    """Run a command as on another processor: `course as-processor generic pytest notebooks`."""
    from course_utils.authoring import processors

    processors.become(command, name)


@bench.command("kernels")
def bench_kernels(pairs: Pairs = 5) -> None:
    """Compare warm kernels with stock ones, in pairs (about ten minutes)."""
    from course_utils.kernels import bench

    print(bench.bench_kernels(pairs))


@bench.command("grade")
def bench_grade(pairs: Pairs = 2) -> None:
    """Compare grading in boxes with plain nbgrader, in pairs (about three minutes)."""
    from course_utils.grading import bench

    print(bench.bench_grading(pairs, print))


def _report(outcome: tuple[list[str], bool]) -> None:
    lines, good = outcome
    told = [line for line in lines if not line.endswith(": current")]
    print("\n".join(told or [f"all {len(lines)} are current"]))
    raise typer.Exit(0 if good else 1)


def main() -> None:
    """Run the command line; a mistake that the user can mend is one line and exit status 2."""
    # Not every pipe, of Windows above all, has every letter; progress shows in a file at once.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace", line_buffering=True)
    try:
        app()
    except CourseError as error:
        print(f"course: {error}", file=sys.stderr)
        sys.exit(2)
