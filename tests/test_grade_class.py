"""A class of honest, clumsy and hostile students, graded in boxes on this machine."""

import csv
import json
import os
import shutil
import subprocess
import time

import classroom
import nbformat
import psutil
import pytest
from kernels_shared import children, home_of_this_file, preloads  # noqa: F401
from nbgrader.api import Gradebook
from small_course import graded

from course_utils import ROOT, CourseError, authoring
from course_utils.grading import box, classes, records

PART, STEM = "9_small", "01_small"
NAMES = ("one", "two", "three")


def made_of_boxes():
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed"
    tried = ["bwrap", "--unshare-user", "--unshare-pid", "--ro-bind", "/", "/", "true"]
    done = subprocess.run(tried, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip()


only_in_boxes = pytest.mark.skipif(bool(made_of_boxes()), reason=made_of_boxes())


def solution():
    """An exercise of three tasks that cost nothing: n times a number."""
    cells = [nbformat.v4.new_code_cell("import os, sys, time", id="imports")]
    for n, name in enumerate(NAMES, 1):
        task = f"small-{n}"
        answer = f"def {name}(x):\n    ### BEGIN SOLUTION\n    return {n} * x\n    ### END SOLUTION"
        check = f'from course_utils import tasks\n\nwith tasks.check("{task}"):\n'
        for value in (2, 5):
            check += f'    tasks.close({name}({value}), {n * value}, "{name}({value})")\n'
        cells += [graded(task, answer, False), graded(task, check, True)]
    return nbformat.v4.new_notebook(cells=cells)


def answered(source, own=""):
    """A submission with this answer to the second task, and a cell of the student's own before."""
    notebook = json.loads(json.dumps(solution()))
    classroom.put(notebook, "small-2-answer", source)
    return classroom.before(notebook, "small-2-answer", own) if own else notebook


RIGHT = "def two(x):\n    return 2 * x"
WRONG = "def two(x):\n    return 3 * x"
REACH = """
def reached(name, act):
    try:
        print("LEAK", name, act())
    except Exception as error:
        print("refused", name, type(error).__name__)
"""

# What a student does, and the outcome of the second task; the other two stay right.
SOURCES = {
    "honest": (RIGHT, "", "ok"),
    "wrong": (WRONG, "", "wrong"),
    "warning": ("import warnings\nwarnings.warn('careful')\n" + RIGHT, "", "ok"),
    "syntax": ("def two(x)\n    return 2 * x", "", "wrong"),
    "asks": (RIGHT, "input('your name? ')", "ok"),
    "long_line": (RIGHT, "print('x' * 50_000_000)", "ok"),
    "loop": (
        RIGHT + "\nimport signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "",
        "timeout",
    ),
    "endless_print": (RIGHT + "\nwhile True: print('x' * 1000)", "", "timeout"),
    "exits": (RIGHT + "\nos._exit(0)", "", "crashed"),
    "exits_in_check": ("def two(x):\n    os._exit(0)", "", "crashed"),
    "segfault": ("import ctypes\nctypes.string_at(0)", "", "crashed"),
    "memory": ("held = bytearray(3 * 2**30)\n" + RIGHT, "", "wrong"),
    "six_processes": (
        RIGHT
        + "\nfor _ in range(6):\n    if os.fork() == 0:\n        held = b'x' * (400 * 2**20)\n"
        "        time.sleep(60)\ntime.sleep(60)",
        "",
        "crashed",
    ),
    "many_processes": (
        RIGHT + "\nfor n in range(400):\n    if os.fork() == 0:\n        os.setsid()\n"
        "        time.sleep(120)\n        os._exit(0)",
        "",
        "wrong crashed timeout",
    ),
    "disk": (
        RIGHT,
        REACH + "for place in ['/tmp', '/tmp/home', '/dev/shm', '/', '/dev', '/var/tmp', '/usr']:\n"
        "    reached(place, lambda: [open(f'{place}/{n}', 'wb').write(bytes(2**20)) "
        "for n in range(200)][0])",
        "ok",
    ),
    "network": (
        RIGHT,
        REACH + "import glob, socket\n"
        "reached('net', lambda: socket.create_connection(('1.1.1.1', 53), 3))\n"
        "reached('preload', lambda: glob.glob('/**/kernels/*', root_dir='HOME')[0])\n"
        "reached('kill', lambda: os.kill(GRADER, 0))",
        "ok",
    ),
    "reads": (
        RIGHT,
        REACH + "for path in PATHS:\n    reached(path, lambda: os.listdir(path) or 'empty')\n"
        "reached('secret', lambda: os.environ['SECRET'])\n"
        "reached('start', lambda: open('/proc/self/environ').read().index('SECRET'))",
        "ok",
    ),
    "patches": (
        WRONG,
        "from course_utils import tasks\ntasks.close = lambda *a, **k: None",
        "wrong",
    ),
    "patches_late": (
        "def two(x):\n    import course_utils.tasks as t\n    t.close = lambda *a, **k: None\n"
        "    return 4",
        "",
        "tampered",
    ),
    "hooks": (
        WRONG,
        "ip = get_ipython()\nip.input_transformers_post.append(\n"
        "    lambda lines: ['print(1)\\n'] if any('small-2' in l for l in lines) else lines)",
        "wrong",
    ),
    "hides_errors": (
        "def two(x):\n    get_ipython().showtraceback = lambda *a, **k: None\n    return 0",
        "",
        "wrong",
    ),
    "spoofs": (
        "class Any:\n    def __eq__(self, other):\n        return True\n"
        "    def __array__(self, *a, **k):\n        return sys._getframe(3).f_locals\n"
        "def two(x):\n    return Any()",
        "",
        "wrong",
    ),
    "forges": (
        WRONG,
        "from IPython.display import HTML, display\n"
        "display(HTML('<script>alert(1)</script><b onclick=\"alert(2)\">hello</b>'))",
        "wrong",
    ),
}
MALFORMED = {"empty": b"", "half": json.dumps(solution())[:900]}


@pytest.fixture(scope="module", name="graded_class")
def graded_class_fixture(tmp_path_factory, home):
    """Grade the class once; return its folder, its records by student, and the seconds taken."""
    top = tmp_path_factory.mktemp("class")
    course, submitted = top / "course", top / "submitted"
    path = course / "solutions" / PART / f"{STEM}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(solution(), path)
    authoring.write_exercises(root=course)
    paths = [ROOT / "solutions", submitted, top / "gradebook.db", top / "further", "/root/.ssh"]
    known = {"PATHS": repr([str(path) for path in paths]), "GRADER": str(os.getpid())}
    for name, (answer, own, _) in SOURCES.items():
        for word, value in known.items():
            own = own.replace(word, value)
        classroom.write(submitted / name / PART, answered(answer, own), f"{STEM}.ipynb")
    for name, content in MALFORMED.items():
        classroom.write(submitted / name / PART, content, f"{STEM}.ipynb")
    stripped = answered(RIGHT)
    for cell in stripped["cells"]:
        cell["metadata"] = {}
    classroom.write(submitted / "stripped" / PART, stripped, f"{STEM} (1).ipynb")
    forged = submitted / "forges" / PART
    (forged / "course_utils").mkdir()
    for name in ("sitecustomize.py", "course_utils/tasks.py", "grades.csv"):
        (forged / name).write_text("raise SystemExit\n")
    (submitted / "=cmd()" / PART).mkdir(parents=True)
    (top / "further").mkdir()
    hidden = 'from course_utils import tasks\n\nwith tasks.check("small-3"):\n'
    hidden += '    tasks.close(three(10), 30, "HIDDEN three(10)")\n'
    (top / "further" / "small-3.py").write_text(hidden)
    table = answered(RIGHT)
    classroom.put(table, "small-3-answer", "def three(x):\n    return {2: 6, 5: 15}[x]")
    classroom.write(submitted / "by_table" / PART, table, f"{STEM}.ipynb")
    roster = top / "roster.csv"
    roster.write_text("id,name,email,due\nhonest,Ada,a@example.org,\nabsent,=1+1,,\n")
    (submitted / "honest" / PART / "timestamp.txt").write_text("2026-02-01 10:00:00.0 UTC")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(box, "MEMORY", 1200 * box.MB)
        patch.setattr(box, "DISK", 100 * box.MB)
        patch.setenv("SECRET", "a token")
        options = classes.Options(
            seconds=25, roster=roster, due="2026-01-31", further=top / "further"
        )
        said = []
        start = time.monotonic()
        folder = classes.grade(PART, submitted, options, said.append, course)
        seconds = time.monotonic() - start
    found = {r.student: r for p in (folder / "records").iterdir() if (r := records.load(p))}
    return folder, found, seconds, said, (submitted, options, course)


@pytest.mark.heavy
@only_in_boxes
@pytest.mark.parametrize("student", SOURCES)
def test_each_gets_the_right_outcome_and_costs_its_own_task_only(student, graded_class):
    _, found, _, said, _ = graded_class
    assert student in found, said
    words = [word for word, _ in found[student].tasks.values()]
    assert words[1] in SOURCES[student][2], found[student]
    if student not in ("six_processes", "many_processes"):
        assert [words[0], words[2]] == ["ok", "ok"], found[student]


@pytest.mark.heavy
@only_in_boxes
def test_nothing_outside_a_box_was_reached_and_nothing_is_left_running(graded_class, home):
    _, found, _, _, _ = graded_class
    printed = {
        name: json.dumps([cell.get("outputs") for cell in record.cells])
        for name, record in found.items()
    }
    for name in ("network", "reads"):
        assert "refused" in printed[name]
        assert "LEAK" not in printed[name]
    for place in ("/", "/dev", "/var/tmp", "/usr"):
        assert f"refused {place} " in printed["disk"]
    assert "LEAK" not in printed["disk"]
    assert [one.name() for one in psutil.Process().children() if one.name() == "bwrap"] == []
    assert [pid for one in preloads(home) for pid in children(one)] == []


@pytest.mark.heavy
@only_in_boxes
def test_what_is_not_graded_is_never_a_0_and_names_are_no_formulas(graded_class):
    folder, found, _, _, _ = graded_class
    with open(folder / "grades.csv", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert [rows["honest"][n] for n in ("points", "late", "name")] == ["3.0", "late", "Ada"]
    assert rows["wrong"]["points"] == "2.0"
    for name in ("loop", "half", "empty", "absent"):
        assert rows[name]["points"] == "", name
    assert rows["absent"]["small-1"] == "missing"
    assert rows["absent"]["name"] == "'=1+1"
    assert "'=cmd()" in rows
    assert {word for word, _ in found["half"].tasks.values()} == {"malformed"}
    assert {word for word, _ in found["stripped"].tasks.values()} == {"ok"}
    assert f"found as {PART}/{STEM} (1).ipynb" in found["stripped"].notes
    assert "Any.__eq__" in rows["spoofs"]["look at"]
    assert rows["honest"]["look at"] == ""
    with Gradebook(f"sqlite:///{folder.parent.parent / 'gradebook.db'}") as book:
        assert book.find_submission(PART, "honest").score == 3
        assert book.find_submission(PART, "loop").needs_manual_grade
    items = (folder / "items.csv").read_text()
    assert "two(#) is #., expected #." in items or "two(#) is #, expected #" in items


@pytest.mark.heavy
@only_in_boxes
def test_a_further_check_is_run_and_stays_out_of_the_pages(graded_class):
    folder, found, _, _, _ = graded_class
    word, message = found["by_table"].tasks["small-3"]
    assert word == "passes only the shown check"
    assert "10" in message
    page = (folder / "by_table.html").read_text()
    assert "passes only the shown check" in page
    assert "HIDDEN" not in page


@pytest.mark.heavy
@only_in_boxes
def test_a_page_holds_no_script_of_a_student(graded_class):
    page = (graded_class[0] / "forges.html").read_text()
    assert "hello" in page
    assert "<script>alert(1)" not in page
    assert "left out: it would stand in" in page


@pytest.mark.heavy
@only_in_boxes
def test_what_was_graded_is_not_run_again_and_shares_join(graded_class):
    folder, found, _, _, (submitted, options, course) = graded_class
    before = {p.name: p.stat().st_mtime_ns for p in (folder / "records").iterdir()}
    said = []
    for shard in ("1/2", "2/2"):
        classes.grade(PART, submitted, options._replace(shard=shard), said.append, course)
    again = [line for line in said if "ok" in line or "timeout" in line]
    assert again
    assert all("as before" in line for line in again)
    assert sum("honest " in line for line in said) == 1
    (folder / "grades.csv").unlink()
    classes.grade(PART, submitted, options._replace(merge=True), said.append, course)
    assert (folder / "grades.csv").exists()
    after = {p.name: p.stat().st_mtime_ns for p in (folder / "records").iterdir()}
    ran = {name for name in before if before[name] != after[name]}
    assert ran <= {f"{name}.{STEM}.json" for name in MALFORMED}
    assert len(found) == len(before)


def test_without_bubblewrap_nothing_is_run(tmp_path, monkeypatch):
    classroom.write(tmp_path / "submitted" / "ada" / classroom.PART, classroom.SOLVED)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CourseError, match="nothing was run: bubblewrap is missing"):
        classes.grade(classroom.PART, tmp_path / "submitted", classes.Options())
    assert not (tmp_path / "graded").exists()


@pytest.mark.heavy
@only_in_boxes
def test_a_real_exercise_with_both_frameworks(tmp_path):
    course = tmp_path / "course"
    for folder in ("solutions", "exercises"):
        place = course / folder / classroom.PART
        place.mkdir(parents=True)
        shutil.copy(ROOT / folder / classroom.PART / f"{classroom.STEM}.ipynb", place)
    submitted = tmp_path / "submitted"
    classroom.write(submitted / "ada" / classroom.PART, classroom.SOLVED)
    classroom.write(submitted / "bob" / classroom.PART, classroom.SKELETON)
    folder = classes.grade(classroom.PART, submitted, classes.Options(seconds=120), print, course)
    with open(folder / "canvas.csv", newline="") as file:
        points = {row["SIS Login ID"]: row[f"{classroom.PART} (5)"] for row in csv.DictReader(file)}
    assert (points["ada"], points["bob"]) == ("5.0", "0.0")
