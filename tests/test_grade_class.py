"""A class of honest, clumsy and hostile students, graded in boxes on this machine."""

import csv
import html.parser
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import classroom
import nbformat
import psutil
import pytest
import submissions
import yaml
from kernels_shared import children, home_of_this_file, preloads  # noqa: F401
from nbgrader.api import Gradebook, MissingEntry
from submissions import QUICK, SOURCES, TRICKS

from course_utils import ROOT, CourseError, authoring
from course_utils.grading import box, classes, gradebook, records, roster

PART, STEM = "9_small", "01_small"
ROSTER = "id,name,email,due\nhonest,Ada,a@example.org,\nabsent,=1+1,,\n"


def made_of_boxes():
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed"
    tried = ["bwrap", "--unshare-user", "--unshare-pid", "--ro-bind", "/", "/", "true"]
    done = subprocess.run(tried, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip()


only_in_boxes = pytest.mark.skipif(bool(made_of_boxes()), reason=made_of_boxes())


def make_class(top, names):
    """A course of one small exercise, what was handed in, a roster, a further check."""
    course, submitted = top / "course", top / "submitted"
    path = course / "solutions" / PART / f"{STEM}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(submissions.solution(), path)
    authoring.write_exercises(root=course)
    (top / "further").mkdir()
    hidden = 'from course_utils import tasks\n\nwith tasks.check("small-3"):\n'
    hidden += '    tasks.close(three(10), 30, "HIDDEN three(10)")\n'
    (top / "further" / "small-3.py").write_text(hidden)
    (top / "roster.csv").write_text(ROSTER)
    for name in names:
        answer, own = {**SOURCES, **TRICKS}[name][:2]
        own = own.replace("COURSE", str(ROOT))
        hand_in(submitted, name, submissions.answered(answer, own))
    return course, submitted


def hand_in(submitted, name, content, file=f"{STEM}.ipynb"):
    return classroom.write(submitted / name / PART, content, file)


def grade(top, course, submitted, seconds):
    """Grade it with small boxes; return the folder, the records by student, and what was said."""
    options = classes.Options(
        seconds=seconds, roster=top / "roster.csv", due="2026-01-31", further=top / "further"
    )
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(box, "MEMORY", 1200 * box.MB)
        patch.setattr(box, "DISK", 100 * box.MB)
        patch.setenv("SECRET", "a token")
        folder = classes.grade(PART, submitted, options, said.append, course)
    found = {r.student: r for p in (folder / "records").iterdir() if (r := records.load(p))}
    return folder, found, said


@only_in_boxes
@pytest.mark.heavy
def test_an_environment_of_another_clone_is_said_and_nobody_s_answers_are_wrong(tmp_path):
    course, submitted = make_class(tmp_path, ["honest"])
    other = tmp_path / "other"
    shutil.copytree(ROOT / "course_utils", other / "course_utils")
    with pytest.MonkeyPatch.context() as patch:
        # The boxes hold the other clone's package; the environment leads to this one's.
        patch.setattr(box, "ROOT", other)
        with pytest.raises(CourseError, match=r"set-up broken, nothing was graded: .*course_utils"):
            grade(tmp_path, course, submitted, 30)
    assert not list(tmp_path.rglob("records/*"))


def listening(family, address):
    server = socket.socket(family)
    server.bind(address)
    server.listen()
    return server


@pytest.fixture(scope="module", name="class_of_20")
def class_of_20_fixture(tmp_path_factory, home):
    """Grade honest, clumsy and hostile students, an honest one first, who starts the preload.

    What the others try to reach is there, and can be reached from outside.
    """
    top = tmp_path_factory.mktemp("class")
    course, submitted = make_class(top, ["honest"])
    (submitted / "honest" / PART / "timestamp.txt").write_text("2026-02-01 10:00:00.0 UTC")
    grade(top, course, submitted, 60)
    sockets = [str(path) for path in home.rglob("kernels/*") if path.is_socket()]
    host = listening(socket.AF_INET, ("127.0.0.1", 0))
    named = listening(socket.AF_UNIX, f"\0{top.name}-{os.getpid()}")
    for family, address in (
        (socket.AF_INET, host.getsockname()),
        (socket.AF_UNIX, named.getsockname()),
        *((socket.AF_UNIX, path) for path in sockets),
    ):
        socket.socket(family).connect(address)
    paths = [ROOT / "solutions", ROOT / "tests", submitted]
    paths += [
        ROOT / "course_utils/authoring/equivalent.toml",
        top / "gradebook.db",
        top / "further",
        Path.home() / ".ssh",
        home,
    ]
    known = {
        "PATHS": repr([str(path) for path in paths]),
        "GRADER": str(os.getpid()),
        "PORT": str(host.getsockname()[1]),
        "SOCKETS": repr(sockets),
        "ABSTRACT": f"{top.name}-{os.getpid()}",
    }
    for name in QUICK[1:]:
        answer, own, _ = SOURCES[name]
        for word, value in known.items():
            own = own.replace(word, value)
        hand_in(submitted, name, submissions.answered(answer, own))
    hand_in(submitted, "half", json.dumps(submissions.solution())[:900])
    stripped = submissions.answered(submissions.RIGHT)
    for cell in stripped["cells"]:
        cell["metadata"] = {}
    hand_in(submitted, "stripped", stripped, f"{STEM} (1).ipynb")
    forged = submitted / "forges" / PART
    (forged / "course_utils").mkdir()
    for name in ("sitecustomize.py", "course_utils/tasks.py", "grades.csv", "gradebook.db"):
        (forged / name).write_text("raise SystemExit\n")
    (submitted / "=cmd()" / PART).mkdir(parents=True)
    (submitted / "<img src=x onerror=alert(1)>" / PART).mkdir(parents=True)
    hand_in(submitted, "<img src=x onerror=alert(1)>", submissions.solution())
    table = submissions.answered(submissions.RIGHT)
    classroom.put(table, "small-3-answer", "def three(x):\n    return {2: 6, 5: 15}[x]")
    hand_in(submitted, "by_table", table)
    start = time.monotonic()
    folder, found, said = grade(top, course, submitted, 12)
    said.append(f"{time.monotonic() - start:.1f} s")
    host.close()
    named.close()
    return folder, found, said, (top, course, submitted)


@pytest.mark.heavy
@only_in_boxes
@pytest.mark.parametrize("student", QUICK)
def test_each_gets_the_right_outcome_and_costs_its_own_task_only(student, class_of_20):
    _, found, said, _ = class_of_20
    assert student in found, said
    words = [word for word, _ in found[student].tasks.values()]
    assert words[1] in SOURCES[student][2], found[student]
    assert [words[0], words[2]] == ["ok", "ok"], found[student]


def printed(record):
    return json.dumps([cell.get("outputs") for cell in record.cells])


@pytest.mark.heavy
@only_in_boxes
def test_nothing_outside_a_box_was_reached_and_nothing_is_left_running(class_of_20, home):
    _, found, _, _ = class_of_20
    for name, tried in (("network", 8), ("reads", 8)):
        assert printed(found[name]).count("refused") > tried
        assert "LEAK" not in printed(found[name])
    for what in ("net", "name", "udp", "ipv6", "host", "preload", "abstract", "namespaces"):
        assert f"refused {what} " in printed(found["network"])
    assert "refused environment of 1 " in printed(found["reads"])
    assert [one.name() for one in psutil.Process().children() if one.name() == "bwrap"] == []
    assert [pid for one in preloads(home) for pid in children(one)] == []


@pytest.mark.heavy
@only_in_boxes
def test_what_is_not_graded_is_never_a_0_and_names_are_no_formulas(class_of_20):
    folder, found, _, _ = class_of_20
    with open(folder / "grades.csv", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert len(rows) == 20
    assert [rows["honest"][n] for n in ("points", "late", "name")] == ["3.0", "late", "Ada"]
    assert rows["wrong"]["points"] == "2.0"
    for name in ("loop", "half", "absent"):
        assert rows[name]["points"] == "", name
    assert rows["absent"]["small-1"] == "missing"
    assert rows["absent"]["name"] == "'=1+1"
    assert "'=cmd()" in rows
    assert {word for word, _ in found["half"].tasks.values()} == {"malformed"}
    assert {word for word, _ in found["stripped"].tasks.values()} == {"ok"}
    assert f"found as {PART}/{STEM} (1).ipynb" in found["stripped"].notes
    assert "Any.__eq__" in rows["spoofs"]["look at"]
    assert [n for n in ("honest", "wrong", "warning", "stripped") if rows[n]["look at"]] == []
    with Gradebook(f"sqlite:///{folder.parent.parent / 'gradebook.db'}") as book:
        assert book.find_submission(PART, "honest").score == 3
        assert book.find_submission(PART, "loop").needs_manual_grade
    items = (folder / "items.csv").read_text()
    assert "two(#) is #., expected #." in items or "two(#) is #, expected #" in items


@pytest.mark.heavy
@only_in_boxes
def test_the_gradebook_is_written_as_a_whole_or_not_at_all(class_of_20, tmp_path):
    folder, found, _, (_, course, _) = class_of_20
    path = shutil.copy(folder.parent.parent / "gradebook.db", tmp_path)
    wanted = classes.exercises(PART, course)
    students = [roster.Student("new")]
    strange = found["honest"]._replace(student="new", tasks={"small-9": ("ok", "")})
    with pytest.raises(MissingEntry):
        gradebook.write(Path(path), PART, wanted, students, [strange])
    with Gradebook(f"sqlite:///{path}") as book:
        assert len(book.assignment_submissions(PART)) == len(found)
        assert "new" not in {student.id for student in book.students}


@pytest.mark.heavy
@only_in_boxes
def test_a_further_check_is_run_and_stays_out_of_the_pages(class_of_20):
    folder, found, _, _ = class_of_20
    word, message = found["by_table"].tasks["small-3"]
    assert word == "passes only the shown check"
    assert "10" in message
    page = (folder / "by_table.html").read_text()
    assert "passes only the shown check" in page
    assert "HIDDEN" not in page


class Markup(html.parser.HTMLParser):
    """Gathers the tags of a page, and their attributes."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.heavy
@only_in_boxes
def test_a_page_holds_no_markup_of_a_student_and_asks_nobody(class_of_20):
    folder, _, _, _ = class_of_20
    pages = sorted(folder.glob("*.html"))
    assert len(pages) == 18
    for path in pages:
        markup = Markup()
        markup.feed(path.read_text())
        tags = {tag for tag, _ in markup.found}
        assert tags & {"script", "iframe", "object", "link", "svg", "b", "base", "form"} == set()
        told = {name for _, given in markup.found for name in given}
        assert told <= {"lang", "charset", "http-equiv", "content", "name", "class", "alt", "src"}
        sources = [given["src"] for _, given in markup.found if "src" in given]
        assert [one for one in sources if not one.startswith("data:image/png;base64,")] == []
    page = (folder / "forges.html").read_text()
    assert "&lt;script&gt;hello&lt;/script&gt;" in page
    assert "left out: it would stand in" in page
    assert page.count('<img class="output" alt="" src="data:image/png;base64,QUJD">') == 2


@pytest.mark.heavy
@only_in_boxes
def test_what_was_graded_is_not_run_again_and_shares_join(class_of_20):
    folder, found, _, (top, course, submitted) = class_of_20
    before = {p.name: p.stat().st_mtime_ns for p in (folder / "records").iterdir()}
    tables = {p.name: p.read_text() for p in folder.glob("*.csv")}
    options = classes.Options(
        seconds=12, roster=top / "roster.csv", due="2026-01-31", further=top / "further"
    )
    said = []
    for shard in ("1/2", "2/2"):
        classes.grade(PART, submitted, options._replace(shard=shard), said.append, course)
    again = [line for line in said if " ok" in line or " timeout" in line]
    assert again
    assert all("as before" in line for line in again)
    assert sum("honest " in line for line in said) == 1
    (folder / "grades.csv").unlink()
    classes.grade(PART, submitted, options._replace(merge=True), said.append, course)
    assert {p.name: p.read_text() for p in folder.glob("*.csv")} == tables
    after = {p.name: p.stat().st_mtime_ns for p in (folder / "records").iterdir()}
    assert {n for n in before if before[n] != after[n]} <= {f"half.{STEM}.json"}
    assert len(found) == len(before)


@only_in_boxes
def test_one_exercise_of_a_part_is_graded_alone(tmp_path):
    course, submitted = make_class(tmp_path, ["honest"])
    for place in (course / "solutions" / PART, submitted / "honest" / PART):
        text = (place / f"{STEM}.ipynb").read_text(encoding="utf-8")
        second = text.replace('"small-', '"second-')
        (place / "02_second.ipynb").write_text(second, encoding="utf-8")
    authoring.write_exercises(root=course)
    with pytest.raises(CourseError, match="has no exercise 'third': it has small, second"):
        classes.grade(PART, submitted, classes.Options(only="third"), print, course)
    folder = classes.grade(PART, submitted, classes.Options(only="second"), print, course)
    assert [path.name for path in (folder.parent / "records").iterdir()] == [
        "honest.02_second.json"
    ]
    with open(folder / "canvas.csv", newline="") as file:
        assert list(csv.DictReader(file))[1]["second (3)"] == "3.0"


def test_a_variant_of_a_further_check_goes_by_the_student(tmp_path):
    wanted = classroom.WANTED
    for name in ("first_network-1.py", "first_network-2.a.py", "first_network-2.b.py"):
        (tmp_path / name).write_text(f"# {name}\n")
    got = {classes._further(tmp_path, wanted, f"s{n}")["first_network-2"] for n in range(20)}
    assert got == {"# first_network-2.a.py\n", "# first_network-2.b.py\n"}
    for _ in range(2):
        assert len(classes._further(tmp_path, wanted, "ada")) == 2
    options = classes.Options(further=tmp_path / "none")
    with pytest.raises(CourseError, match="no folder with further checks"):
        classes.grade(classroom.PART, tmp_path, options)


@pytest.fixture(scope="module", name="slow_class")
def slow_class_fixture(tmp_path_factory, home):
    """Grade all others: what takes long, and who wants points for nothing."""
    top = tmp_path_factory.mktemp("slow")
    names = [*(name for name in SOURCES if name not in QUICK), *TRICKS]
    course, submitted = make_class(top, names)
    (submitted / "own_module" / PART / "helper.py").write_text(
        "import course_utils.tasks as t\nt.close = lambda *a, **k: None\n"
    )
    bomb = b"cos\nsystem\n(S'touch /tmp/home/bombed'\ntR."
    (submitted / "pickle_bomb" / PART / "bomb.pickle").write_bytes(bomb)
    return grade(top, course, submitted, 25)


@pytest.mark.heavy
@only_in_boxes
@pytest.mark.parametrize("student", [name for name in SOURCES if name not in QUICK])
def test_what_takes_long_gets_the_right_outcome(student, slow_class):
    _, found, said = slow_class
    assert student in found, said
    words = [word for word, _ in found[student].tasks.values()]
    assert words[1] in SOURCES[student][2], found[student]
    if student not in ("six_processes", "many_processes", "strange_messages"):
        assert [words[0], words[2]] == ["ok", "ok"], found[student]
    if student == "descriptors":
        assert "refused key" in printed(found["descriptors"])
        assert "LEAK" not in printed(found["descriptors"])
    if student == "disk":
        for place in ("/", "/dev", "/var/tmp", "/usr"):
            assert f"refused {place} " in printed(found["disk"])
        assert "LEAK" not in printed(found["disk"])


@pytest.mark.heavy
@only_in_boxes
@pytest.mark.parametrize("student", TRICKS)
def test_no_trick_gets_a_point_without_a_word(student, slow_class):
    _, found, said = slow_class
    assert student in found, said
    record = found[student]
    assert record.tasks["small-2"][0] != "ok" or record.look, record


@pytest.mark.heavy
@only_in_boxes
def test_no_trick_leaves_anything_behind(slow_class, home):
    assert not Path("/tmp/home").exists()
    assert [one.name() for one in psutil.Process().children() if one.name() == "bwrap"] == []
    assert [pid for one in preloads(home) for pid in children(one)] == []


STRANGE = ("o'neil", 'a "b"', "two\nlines", "🐍", b"\xff".decode(errors="surrogateescape"))
STRANGE += ("-rf", "x,y;z", "[bold]", "records", "Ada  ", "__MACOSX")


@pytest.mark.heavy
def test_folders_may_have_any_name_and_without_a_box_it_is_the_same(tmp_path):
    course, submitted = make_class(tmp_path, ["honest", "wrong"])
    for name in STRANGE:
        hand_in(submitted, name, submissions.answered(submissions.RIGHT))
    said = []
    options = classes.Options(boxed=False, roster=tmp_path / "roster.csv")
    folder = classes.grade(PART, submitted, options, said.append, course)
    assert said[0].startswith("In no row of roster.csv: ")
    assert said[1].startswith("No box: ")
    assert all(line.encode() and line.count("\n") == 0 for line in said[:-2])
    with open(folder / "grades.csv", newline="", encoding="utf-8") as file:
        points = [row["points"] for row in csv.DictReader(file)]
    assert sorted(points) == sorted(["3.0"] * (len(STRANGE) + 1) + ["2.0", ""])
    assert len(list(folder.glob("*.html"))) == len(STRANGE) + 2
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        assert len(book.assignment_submissions(PART)) == len(STRANGE) + 2


def test_without_bubblewrap_nothing_is_run(tmp_path, monkeypatch):
    classroom.write(tmp_path / "submitted" / "ada" / classroom.PART, classroom.SOLVED)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CourseError, match="nothing was run: bubblewrap is missing"):
        classes.grade(classroom.PART, tmp_path / "submitted", classes.Options())
    assert not (tmp_path / "graded").exists()


def test_where_namespaces_are_forbidden_nothing_is_run(tmp_path, monkeypatch):
    classroom.write(tmp_path / "submitted" / "ada" / classroom.PART, classroom.SOLVED)
    refusing = tmp_path / "bin" / "bwrap"
    refusing.parent.mkdir()
    line = "bwrap: setting up uid map: Permission denied"
    refusing.write_text(f"#!/bin/sh\necho '{line}' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{refusing.parent}:{os.environ['PATH']}")
    with pytest.raises(CourseError, match=r"nothing was run: .*uid map.*apparmor-bwrap") as said:
        classes.grade(classroom.PART, tmp_path / "submitted", classes.Options())
    assert "\n" not in str(said.value)
    assert not (tmp_path / "graded").exists()


SHARE = """
import sys
from pathlib import Path
from course_utils.grading import classes

part, submitted, shard, course = sys.argv[1:]
classes.grade(part, Path(submitted), classes.Options(shard=shard), print, Path(course))
"""


@pytest.mark.heavy
@only_in_boxes
def test_shares_of_three_processes_joined_are_one_whole_run(tmp_path):
    """They run side by side, as the jobs of a cluster do, over one folder."""
    names = ["honest", "wrong", "syntax", "warning", "patches_late", "spoofs"]
    course, submitted = make_class(tmp_path, names)
    other = tmp_path / "other" / "submitted"
    shutil.copytree(submitted, other)
    classes.grade(PART, other, classes.Options(), print, course)
    shares = [
        subprocess.Popen([sys.executable, "-c", SHARE, PART, submitted, f"{n}/3", course])
        for n in (1, 2, 3)
    ]
    assert [share.wait(timeout=120) for share in shares] == [0, 0, 0]
    said = []
    joined = classes.grade(PART, submitted, classes.Options(merge=True), said.append, course)
    whole = other.parent / "graded" / PART
    for name in ("grades.csv", "canvas.csv", "moodle.csv", "items.csv"):
        assert (joined / name).read_text() == (whole / name).read_text()
    assert "6 notebooks of 6 students" in said[-1]


def test_the_manifests_run_every_share_and_hold_no_secret():
    place = ROOT / "deploy" / "grading"
    job = yaml.safe_load((place / "kubernetes.yaml").read_text())["spec"]
    container = job["template"]["spec"]["containers"][0]
    assert job["completionMode"] == "Indexed"
    assert f'--shard "$((JOB_COMPLETION_INDEX + 1))/{job["completions"]}"' in container["args"][0]
    assert job["template"]["spec"]["automountServiceAccountToken"] is False
    text = (place / "github-actions.yml").read_text()
    flow = yaml.safe_load(text)
    share = flow["jobs"]["share"]
    count = len(share["strategy"]["matrix"]["index"])
    assert any(f"/{count}" in step.get("run", "") for step in share["steps"])
    assert flow["permissions"] == {"contents": "read"}
    assert "secrets" not in text
    assert share["steps"][0]["with"] == {"persist-credentials": False}


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
