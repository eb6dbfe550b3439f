"""October 2021: every claim asked or excused, the record whole, the ledger as it was measured."""

import ast
import json
import sys

import pytest

from course_utils import ROOT, CourseError, claims, then
from course_utils.then import asking, making, recording

LEDGER = claims.ledger()
CLAIMS = then.asked()


@pytest.fixture(scope="module")
def found():
    return then.read()


def test_every_claim_is_asked_or_a_reason_says_why_not():
    excused = then.not_asked()
    assert set(CLAIMS) | set(excused) == set(LEDGER)
    assert not set(CLAIMS) & set(excused)
    assert all(why.endswith(".") for why in excused.values())


@pytest.mark.parametrize("path", sorted(then.SCRIPTS.glob("*.py")), ids=lambda path: path.stem)
def test_python_3_9_reads_a_script(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


def test_the_pins_are_what_was_recorded(found):
    lines = (then.SCRIPTS / "constraints.txt").read_text().splitlines()
    pins = dict(line.split(" ;")[0].split("==") for line in lines if "==" in line)
    own = found["versions"]["then"]
    assert own["python"].startswith("3.9.")
    assert all(pins[name] == version.split("+")[0] for name, version in own.items() if name in pins)
    assert {"torch", "tensorflow", "keras", "tensorboard", "visdom", "numpy"} <= set(pins)


@pytest.mark.parametrize("name", CLAIMS)
def test_the_ledger_says_what_was_measured(name, found):
    answers, entry = found["claims"][name], LEDGER[name]
    assert entry["then"]["verdict"] == then.earned(name, answers["then"])
    now = then.earned(name, answers["now"])
    assert now == entry["verdict"] or (entry["verdict"] == "outdated" and now != "holds")


@pytest.mark.parametrize("name", LEDGER)
def test_outdated_is_what_held_then_and_does_not_now(name):
    entry = LEDGER[name]
    held = entry.get("then", {}).get("verdict") == "holds"
    assert (entry["verdict"] == "outdated") == (held and entry["verdict"] not in ("holds", "taste"))


def test_measures_were_taken_in_pairs(found):
    assert set(found["measures"]) == set(recording.MEASURES)
    for name, measure in found["measures"].items():
        assert {len(runs) for runs in measure.values()} == {recording.MEASURES[name]}
    times = [run["milliseconds"] for runs in found["measures"]["eager"].values() for run in runs]
    assert all(run.keys() == times[0].keys() and min(run.values()) > 0 for run in times)


@pytest.mark.parametrize("name", ["idioms_torch", "idioms_tf"])
def test_twenty_idioms_that_ran_then(name, found):
    then_, now = (found["measures"][name][year][0]["truths"] for year in ("then", "now"))
    assert len(then_) == 20
    assert then_.keys() == now.keys()
    assert all(then_.values())


def test_a_year_opens_its_own_files(found):
    for year, row in found["files"].items():
        assert row["written"]
        assert {name for name, truth in row[year].items() if truth} == {
            name for name, truth in row["written"].items() if truth
        }


def refused(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(CourseError) as caught:
        recording.read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_record_that_is_not_whole_is_refused_in_one_line(tmp_path, found):
    path = tmp_path / "results.json"
    with pytest.raises(CourseError, match="cannot be read"):
        recording.read(path)
    assert "cannot be read" in refused(path, json.dumps(found)[:-9])
    assert "damaged" in refused(path, [])
    without = {name: row for name, row in found["claims"].items() if name != CLAIMS[0]}
    assert f"lacks {CLAIMS[0]}" in refused(path, {**found, "claims": without})
    more = {**found["claims"], "Z99": found["claims"][CLAIMS[0]]}
    assert "no script" in refused(path, {**found, "claims": more})
    one = {**found["claims"][CLAIMS[0]], "now": {"truths": {"another question": True}}}
    other = {**found, "claims": {**found["claims"], CLAIMS[0]: one}}
    assert "different questions" in refused(path, other)
    one = {**one, "now": {"truths": {"a question": "yes"}}}
    assert "damaged" in refused(path, {**found, "claims": {**found["claims"], CLAIMS[0]: one}})


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A folder of scripts that this Python answers for both years, and a record beside it."""
    real = recording.ask
    monkeypatch.setitem(asking.YEARS, "then", asking.YEARS["now"])
    monkeypatch.setattr(
        recording, "ask", lambda name, year, *more: real(name, year, *more, folder=tmp_path)
    )
    monkeypatch.setattr(recording, "asked", lambda: ["G01"])
    monkeypatch.setattr(recording, "MEASURES", {})
    (tmp_path / "files.py").write_text('print(\'{"truths": {"a file": true}}\')')
    (tmp_path / "versions.py").write_text("print('{}')")
    (tmp_path / "G01.py").write_text("print('noise'); print('{\"truths\": {\"a\": true}}')")
    return tmp_path


def test_a_record_is_made_and_read_back(scripts):
    path = scripts / "results.json"
    lines = list(recording.record([], path))
    assert lines == ["G01: holds then, holds now", "files: of each year opened in each"]
    assert recording.read(path)["claims"]["G01"]["then"] == {"truths": {"a": True}}


def test_one_claim_goes_into_this_machine_s_record_only(scripts):
    path = scripts / "results.json"
    list(recording.record([], path))
    list(recording.record(["G01"], path))
    before = path.read_text().replace('"processors"', '"processors of another"')
    path.write_text(before)
    with pytest.raises(CourseError, match="another machine's"):
        list(recording.record(["G01"], path))
    assert path.read_text() == before
    with pytest.raises(CourseError, match="no script then/G99"):
        list(recording.record(["G99"], path))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise ValueError('so it is')", "ValueError: so it is"),
        ("print('no JSON')", "printed no JSON"),
        ("pass", "printed no JSON"),
    ],
)
def test_a_script_that_fails_is_named_in_one_line(scripts, code, said):
    (scripts / "G01.py").write_text(code)
    path = scripts / "results.json"
    path.write_text("as it was")
    with pytest.raises(CourseError, match=said) as caught:
        list(recording.record([], path))
    assert "then/G01.py" in str(caught.value)
    assert path.read_text() == "as it was"


def test_a_missing_environment_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setitem(asking.YEARS, "then", tmp_path / "python")
    with pytest.raises(CourseError, match="run make then"):
        then.ask("G01", "then")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A course whose installer is a stand-in that this test writes."""
    (tmp_path / "then").mkdir()
    (tmp_path / "then/constraints.txt").write_text("torch==1.9.1\n")
    monkeypatch.setattr(making, "_pip_s_settings", lambda root: ([], {}))
    return tmp_path


def installer(monkeypatch, root, fails=""):
    def run(command, *_):
        if command[0] == "venv":
            (root / ".venv-2021").mkdir()
            (root / ".venv-2021/pyvenv.cfg").write_text("")
        return "it broke" if command[0] == fails else ""

    monkeypatch.setattr(making, "_uv", run)


def test_a_half_made_environment_is_never_trusted(root, monkeypatch):
    installer(monkeypatch, root, fails="pip")
    with pytest.raises(CourseError, match="it broke"):
        making.make(root)
    assert not (root / ".venv-2021/stamp").exists()
    installer(monkeypatch, root)
    assert "ready" in making.make(root)
    assert "current" in making.make(root)
    (root / "then/constraints.txt").write_text("torch==1.9.0\n")
    assert "ready" in making.make(root)


def test_without_python_3_9_one_line_says_so(root, monkeypatch):
    installer(monkeypatch, root, fails="venv")
    with pytest.raises(CourseError, match=r"no Python 3\.9"):
        making.make(root)


def test_what_else_stands_there_is_left_alone(root, monkeypatch):
    (root / ".venv-2021").mkdir()
    (root / ".venv-2021/mine").write_text("")
    with pytest.raises(CourseError, match="move it away"):
        making.make(root)
    assert (root / ".venv-2021/mine").exists()


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.skipif(not then.available(), reason="make then has not been run here")
@pytest.mark.parametrize("name", CLAIMS)
def test_both_years_answer_as_recorded(name, found):
    for year, answer in found["claims"][name].items():
        assert then.ask(name, year)["truths"] == answer["truths"], year


def test_the_scripts_carry_no_path_of_a_machine():
    assert str(ROOT) not in (then.SCRIPTS / "results.json").read_text()
    assert sys.prefix not in (then.SCRIPTS / "results.json").read_text()
