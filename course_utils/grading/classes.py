"""Grade a class: every notebook that was handed in, one after another or several at a time."""

import compileall
import concurrent.futures
import datetime
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from course_utils import ROOT, CourseError
from course_utils.grading import (
    box,
    gradebook,
    looking,
    mending,
    pages,
    reading,
    records,
    roster,
    running,
    tables,
)
from course_utils.grading.mending import Exercise
from course_utils.grading.records import Record
from course_utils.notebooks import counterpart, load, name_of, notebook_paths

SECONDS_A_CELL = 60


class Options(NamedTuple):
    """What the command line can ask for; see `course grade --help`.

    Without a number of jobs, one more than there are processors, as memory allows. `only` names
    the lesson whose exercise alone is graded.
    """

    jobs: int = 0
    boxed: bool = True
    seconds: float = SECONDS_A_CELL
    roster: Path | None = None
    due: str = ""
    further: Path | None = None
    shard: str = ""
    merge: bool = False
    only: str = ""


class _Job(NamedTuple):
    student: str
    wanted: Exercise
    path: Path


def grade(
    part: str,
    submitted: Path,
    options: Options,
    say: Callable[[str], None] = print,
    root: Path = ROOT,
) -> Path:
    """Grade a part for every student below `submitted`; return the folder with what came of it.

    It is `graded/PART/` beside `submitted`, with the gradebook, and in it a folder of a lesson's
    name where only that one's exercise is graded. What was graded before, by the
    same checks, is not run again. Raises CourseError before anything is run.
    """
    submitted = submitted.resolve()
    if not submitted.is_dir():
        raise CourseError(f"{submitted} is no folder: collect into submitted/NAME/{part}/")
    if options.merge and options.shard:
        raise CourseError("--shard runs a share and --merge joins them all: name one of the two")
    if options.further and not options.further.is_dir():
        raise CourseError(f"{options.further} is no folder with further checks, TASK.py")
    wanted = exercises(part, root, options.only)
    due = roster.moment(options.due, "--due") if options.due else None
    students, strangers = roster.read(options.roster, submitted)
    if not students:
        raise CourseError(f"{submitted} holds no folder: collect into submitted/NAME/{part}/")
    if strangers:
        named = ", ".join(map(records.shown, strangers))
        say(f"In no row of {options.roster.name}: {named}")
    folder = submitted.parent / "graded" / part
    jobs = [
        _Job(s.id, one, folder / "records" / f"{records.file_name(s.id)}.{one.stem}.json")
        for s in students
        for one in wanted
    ]
    if not options.merge:
        mine = [job for job in jobs if _is_mine(job.student, options.shard)]
        _run_all(mine, part, submitted, options, say)
    if options.shard:
        say(f"Share {options.shard} is done; after the last one, --merge writes the tables")
    else:
        _report(part, submitted, folder / options.only, wanted, students, jobs, due, say)
    return folder / options.only


def exercises(part: str, root: Path = ROOT, only: str = "") -> list[Exercise]:
    """Return the exercises of a part, or one of them; raises CourseError where there is none."""
    paths = [path for path in notebook_paths("solutions", root) if path.parent.name == part]
    if not paths:
        parts = {path.parent.name for path in notebook_paths("solutions", root)}
        known = ", ".join(sorted(parts)) or "none"
        raise CourseError(f"there is no part {part!r} in solutions/, which holds {known}")
    names = {name_of(path): path for path in paths}
    if only and only not in names:
        raise CourseError(f"{part} has no exercise {only!r}: it has {', '.join(names)}")
    paths = [names[only]] if only else paths
    return [mending.exercise(p.stem, load(p), load(counterpart(p, "exercises"))) for p in paths]


def _is_mine(student: str, shard: str) -> bool:
    if not shard:
        return True
    index, _, count = shard.partition("/")
    if not (index.isdigit() and count.isdigit() and 1 <= int(index) <= int(count)):
        raise CourseError(f"--shard {shard}: write it as I/N, with I from 1 to N")
    return _number(student) % int(count) == int(index) - 1


def _run_all(
    jobs: list[_Job], part: str, submitted: Path, options: Options, say: Callable[[str], None]
) -> None:
    watchdog, (count, memory) = None, box.shared(options.jobs)
    if options.boxed:
        box.check()
        # Each kernel imports the course anew, and can write nothing that the next one would read.
        compileall.compile_dir(ROOT / "course_utils", quiet=2)
        watchdog = box.Watchdog(memory)
        watchdog.start()
    else:
        say("No box: the students' code runs with all your rights, and can read and write all.")
    hidden = [path for path in (submitted.parent, options.further) if path]
    setting = running.Setting(watchdog, options.seconds, hidden)
    try:
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            able = pool.submit(running.ready, setting)
            waiting = [
                pool.submit(_grade_one, job, part, submitted, options.further, setting, able)
                for job in jobs
            ]
            if error := able.exception():
                pool.shutdown(cancel_futures=True)
                raise error
            absent = 0
            for n, future in enumerate(concurrent.futures.as_completed(waiting), 1):
                if future.result().endswith(": missing"):
                    absent += 1
                else:
                    say(f"{n} of {len(jobs)}: {future.result()}")
            if absent:
                say(f"{absent} notebooks of the class are missing")
    finally:
        if watchdog:
            watchdog.stop()


def _grade_one(
    job: _Job,
    part: str,
    submitted: Path,
    further: Path | None,
    setting: running.Setting,
    able: concurrent.futures.Future,
) -> str:
    """Grade one notebook and keep its record; return a line about it. Nothing stops the others.

    No outcome counts where kernels turn out not to be able to import this course.
    """
    start = time.monotonic()
    who = f"{records.shown(job.student)} {job.wanted.stem}"
    words: dict[str, tuple[str, str]] = {}
    notes: list[str] = []
    try:
        folder = submitted / job.student / part
        found, notes = reading.find(folder, job.wanted.stem)
        if found is None:
            job.path.unlink(missing_ok=True)
            return f"{who}: missing"
        cells, said = reading.read(found, submitted)
        files, left_out = reading.beside(found)
        notes = notes + said + left_out
        hidden_checks = _further(further, job.wanted, job.student)
        key = records.key(found, files, job.wanted, hidden_checks)
        old = records.load(job.path)
        if old and old.key == key:
            return f"{who}: {_words(old)} (as before)"
        steps, mended, missing = mending.mend(cells, job.wanted)
        result = running.run(steps, files, job.wanted.imports, hidden_checks, setting)
        able.result()
        words = dict(result.outcomes)
        for task in missing:
            if words[task][0] != "ok":
                words[task] = "missing", "there is no cell with its answer"
        shown = [
            {"kind": s.kind, "source": s.source, "outputs": result.outputs.get(n, [])}
            for n, s in enumerate(steps)
        ]
        notes = notes + mended + result.notes
        look = looking.look([*steps, *_modules(files)], job.wanted)
    except reading.Malformed as reason:
        words = dict.fromkeys(job.wanted.checks, ("malformed", str(reason)))
        notes = [str(reason)]
        key, look, shown = "", [], []
    except CourseError as error:
        return f"{who}: not run: {error}"
    except Exception as error:  # a fault of ours: said, and tried again the next time
        return f"{who}: not run: {type(error).__name__}: {error}"
    seconds = round(time.monotonic() - start, 2)
    record = Record(
        job.student, job.wanted.stem, key, words, list(dict.fromkeys(notes)), look, shown, seconds
    )
    records.save(record, job.path)
    return f"{who}: {_words(record)} ({seconds:.1f} s)"


def _modules(files: dict[str, Path]) -> list[mending.Step]:
    """Return the student's own modules, which a cell may import, as code to look at."""
    found = [path for name, path in files.items() if name.endswith(".py")]
    return [mending.Step("code", "", path.read_text(errors="replace")) for path in found]


def _further(folder: Path | None, wanted: Exercise, student: str) -> dict[str, str]:
    """Return an instructor's further checks of tasks: TASK.py, and one of TASK.NAME.py by student.

    Which of the variants a student gets depends on the student's and the task's name only.
    """
    found = {}
    for task in wanted.checks if folder else ():
        paths = [path for path in [folder / f"{task}.py"] if path.exists()]
        if variants := sorted(folder.glob(f"{task}.*.py")):
            paths.append(variants[_number(f"{student} {task}") % len(variants)])
        if paths:
            found[task] = "\n\n".join(path.read_text(encoding="utf-8") for path in paths)
    return found


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:4])


def _words(record: Record) -> str:
    parts = [f"{task.rpartition('-')[2]} {word}" for task, (word, _) in record.tasks.items()]
    flag = f"; look at {', '.join(record.look)}" if record.look else ""
    return ", ".join(parts) + flag


def _report(
    part: str,
    submitted: Path,
    folder: Path,
    wanted: list[Exercise],
    students: list[roster.Student],
    jobs: list[_Job],
    due: datetime.datetime | None,
    say: Callable[[str], None],
) -> None:
    """Write the pages, the tables and the gradebook from the records, and say the table."""
    from rich.console import Console
    from rich.table import Table

    found = [record for job in jobs if (record := records.load(job.path))]
    by_student = {s.id: [r for r in found if r.student == s.id] for s in students}
    late = {s.id for s in students if roster.is_late(s, submitted / s.id / part, due)}
    if due and not any(roster.handed_in(submitted / s.id / part) for s in students):
        say("No folder has a timestamp.txt: nobody can be told to be late")
    folder.mkdir(parents=True, exist_ok=True)
    for mine in filter(None, by_student.values()):
        pages.write(folder, folder.name, mine)
    tasks = [task for one in wanted for task in one.checks]
    tables.write(folder, folder.name, tasks, students, by_student, late)
    gradebook.write(submitted.parent / "gradebook.db", part, wanted, students, found)
    table = Table("student", "points", "not graded", "look at", title=f"{folder.name}: {folder}")
    for student in students:
        mine = by_student[student.id]
        count = sum(w in records.GRADED for r in mine for w, _ in r.tasks.values())
        when = " (late)" if student.id in late else ""
        flags = sorted({flag for record in mine for flag in record.look})
        points = f"{sum(record.score for record in mine):g} of {count}" if mine else "missing"
        # Text of a student is no markup.
        row = [
            records.shown(student.id) + when,
            points,
            str(len(tasks) - count),
            " ".join(flags)[:60],
        ]
        table.add_row(*(text.replace("[", "\\[") for text in row))
    console = Console(width=110, color_system=None)
    with console.capture() as capture:
        console.print(table)
    say(capture.get().rstrip())
    say(f"{len(found)} notebooks of {len(by_student)} students: {folder.name}/, gradebook.db")
