"""October 2021: every claim asked or excused, a record read back, only a whole environment used."""

import ast
import json
import re
import subprocess

import pytest

from course_utils import CourseError, claims, then
from course_utils.then import asking, making, recording

needs_then = pytest.mark.skipif(
    not then.available(), reason="takes .venv-2021, which `make then` makes"
)

LEDGER = claims.ledger()
CLAIMS = then.asked()


def test_every_claim_is_asked_or_a_reason_says_why_not():
    excused = then.not_asked()
    assert set(CLAIMS) | set(excused) == set(LEDGER)
    assert not set(CLAIMS) & set(excused)
    assert all(why.endswith(".") for why in excused.values())


@pytest.mark.parametrize("path", sorted(then.SCRIPTS.glob("*.py")), ids=lambda path: path.stem)
def test_python_3_9_reads_a_script(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A folder of scripts that this Python answers for both years, and a record beside it."""
    real, old = recording.ask, tmp_path / "old/bin/python"
    old.parent.mkdir(parents=True)
    old.symlink_to(asking.YEARS["now"])
    (tmp_path / "old/stamp").write_text("")
    monkeypatch.setitem(asking.YEARS, "then", old)
    monkeypatch.setattr(
        recording, "ask", lambda name, year, *more: real(name, year, *more, folder=tmp_path)
    )
    monkeypatch.setattr(recording, "asked", lambda: ["G01", "G02"])
    monkeypatch.setattr(recording, "MEASURES", {"eager": 1})
    (tmp_path / "versions.py").write_text("print('{}')")
    for name in ("G01", "G02", "eager", recording.EXCHANGE):
        (tmp_path / f"{name}.py").write_text("print('noise'); print('{\"truths\": {\"a\": true}}')")
    return tmp_path


def test_a_record_is_made_and_read_back(scripts):
    path = scripts / "results.json"
    lines = list(recording.record([], path))
    assert lines == [
        "G01: holds then, holds now",
        "G02: holds then, holds now",
        "eager: 1 pairs",
        "files: of each year opened in each",
    ]
    assert recording.read(path)["claims"]["G01"]["then"] == {"truths": {"a": True}}


def _without_a_claim(record):
    del record["claims"]["G01"]
    return json.dumps(record)


def _without_files_of(record):
    del record[recording.EXCHANGE]["now"]
    return json.dumps(record)


def _with(*keys, value):
    def changed(record):
        inner = record
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
        return json.dumps(record)

    return changed


DAMAGES = [
    (lambda record: json.dumps(record)[:-9], "cannot be read: run course then"),
    (lambda record: "[]", "is damaged: run course then"),
    (_with("claims", value=5), "is damaged: run course then"),
    (_with("claims", "G01", value="holds"), "G01: damaged, run course then G01"),
    (_with("claims", "G02", "now", value=7), "G02: damaged, run course then G02"),
    (_with("claims", "G02", "now", "truths", value={"a": "yes"}), "G02: damaged, run course"),
    (_with("claims", "G02", "now", "truths", value={"b": True}), "asked different questions"),
    (_with("claims", "G77", value={}), "holds G77, which has no script: run course then"),
    (_with("measures", "eager", value={"then": [{}], "now": [{"a": 1}]}), "eager: damaged"),
    (_with("measures", "eager", value={"then": [], "now": []}), "eager: damaged, run"),
    (_with("measures", "lost", value={}), "holds lost, which has no script: run course then"),
    (_with("files", "now", value=3), "files: damaged, run course then files"),
    (_with("versions", value={"then": {}}), "is damaged: run course then"),
    (_with("machine", value={}), "is damaged: run course then"),
    (_with("date", value=None), "is damaged: run course then"),
    (_without_a_claim, "lacks G01: run course then G01"),
    (_without_files_of, "lacks now: run course then files"),
]


def test_a_damaged_record_is_refused_by_one_line(scripts):
    path = scripts / "results.json"
    list(recording.record([], path))
    whole = path.read_text()
    for damage, said in DAMAGES:
        path.write_text(damage(json.loads(whole)))
        with pytest.raises(CourseError) as refusal:
            recording.read(path)
        assert said in str(refusal.value)
        assert "\n" not in str(refusal.value)


def test_an_interruption_loses_no_answer_and_is_not_taken_for_a_record(scripts):
    path = scripts / "results.json"
    lines = recording.record([], path)
    assert next(lines).startswith("G01: ")
    lines.close()
    with pytest.raises(CourseError, match="lacks G02, eager, then, now: run course then"):
        recording.read(path)
    list(recording.record(["G02", "eager", "files"], path))
    assert set(recording.read(path)["claims"]) == {"G01", "G02"}


def test_one_claim_goes_into_this_machine_s_record_only(scripts):
    path = scripts / "results.json"
    list(recording.record([], path))
    list(recording.record(["G01"], path))
    mine = json.loads(path.read_text())
    others = {
        "machine": {"another": "one"},
        "versions": {**mine["versions"], "now": {"torch": "9"}},
    }
    for part, another in others.items():
        before = json.dumps({**mine, part: another})
        path.write_text(before)
        with pytest.raises(CourseError, match="of another machine or of other releases"):
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
def test_a_script_that_fails_costs_its_own_row_and_is_named(scripts, code, said):
    (scripts / "G01.py").write_text(code)
    path, lines = scripts / "results.json", []
    with pytest.raises(CourseError, match="try again with course then G01"):
        lines.extend(recording.record([], path))
    assert lines[0].startswith("G01: not recorded: then/G01.py, then: ")
    assert said in lines[0]
    assert list(json.loads(path.read_text())["claims"]) == ["G02"]
    with pytest.raises(CourseError, match="lacks G01"):
        recording.read(path)


def test_a_missing_or_half_made_environment_is_one_line(monkeypatch, tmp_path):
    python = tmp_path / ".venv-2021/bin/python"
    monkeypatch.setitem(asking.YEARS, "then", python)
    with pytest.raises(CourseError, match="is not here: run make then"):
        then.ask("G01", "then")
    python.parent.mkdir(parents=True)
    python.write_text("")  # an interrupted `make then` leaves a Python, and no stamp
    with pytest.raises(CourseError, match="is half-made: run make then"):
        list(then.record([], tmp_path / "results.json"))
    assert not (tmp_path / "results.json").exists()


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
    with pytest.raises(CourseError, match=r"no Python 3\.9.*\(it broke\)"):
        making.make(root)


def test_without_uv_one_line_says_so(root, monkeypatch):
    monkeypatch.setattr(making.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match="no uv here: run make then"):
        making.make(root)


def test_what_else_stands_there_is_left_alone(root, monkeypatch):
    (root / ".venv-2021").mkdir()
    (root / ".venv-2021/mine").write_text("")
    with pytest.raises(CourseError, match="move it away"):
        making.make(root)
    assert (root / ".venv-2021/mine").exists()
    (root / ".venv-2021").rename(root / "elsewhere")
    (root / "elsewhere/pyvenv.cfg").write_text("")
    (root / ".venv-2021").symlink_to(root / "elsewhere")
    with pytest.raises(CourseError, match="move it away"):
        making.make(root)
    assert (root / "elsewhere/mine").exists()


@pytest.fixture(scope="module")
def record():
    """The record that is part of the course."""
    return then.read()


def test_the_ledger_says_what_the_record_says(record):
    """Both verdicts of a claim that was asked are what its answers earn."""
    assert set(record["claims"]) == set(CLAIMS)
    for name, answers in record["claims"].items():
        row = LEDGER[name]
        earned = {year: then.earned(name, answers[year]) for year in then.YEARS}
        assert row["then"]["verdict"] == earned["then"], name
        if row["verdict"] == "outdated":
            assert earned["now"] in ("partly", "false"), name
        else:
            assert row["verdict"] == earned["now"], name


def test_what_the_ledger_says_of_then_is_asked_or_published():
    at_pages = then.at_pages()
    assert not set(at_pages) & set(CLAIMS)
    for name, row in LEDGER.items():
        if name in at_pages:
            assert row["then"]["verdict"] == then.earned(name, at_pages[name]), name
        elif "then" in row:
            taste = row["verdict"] == row["then"]["verdict"] == "taste"
            assert name in CLAIMS or row["evidence"] == "published" or taste, name


@pytest.mark.parametrize("damage", ["", "[]", '{"tried": {}, "weighed": {}, "overviews": 5}'])
def test_a_damaged_record_of_the_pages_is_refused_by_one_line(tmp_path, damage):
    path = tmp_path / "pages.json"
    with pytest.raises(CourseError, match=r"pages\.json cannot be read: restore"):
        then.at_pages(path)
    path.write_text(damage)
    with pytest.raises(CourseError, match=r"pages\.json cannot be read: restore"):
        then.at_pages(path)


def test_the_record_tells_nothing_of_the_place_where_it_was_made(record):
    text = then.RESULTS.read_text(encoding="utf-8")
    assert not re.search(r"/(work|root|home|tmp|usr)\b", text)
    assert record["machine"]["processor"]
    assert record["versions"]["then"]["torch"] == "1.9.1"
    assert record["versions"]["then"]["tensorflow"] == "2.6.0"


def test_every_pair_was_measured(record):
    for name, pairs in recording.MEASURES.items():
        assert {len(runs) for runs in record["measures"][name].values()} == {pairs}


@pytest.mark.heavy
@pytest.mark.timeout(3 * asking.SECONDS)
@needs_then
@pytest.mark.parametrize("year", then.YEARS)
def test_the_files_of_a_year_open_where_they_did(year, record):
    found = recording.opened(year)
    for what, answer in record[recording.EXCHANGE][year].items():
        assert found[what]["truths"] == answer["truths"], what


KERAS = """
import tensorflow as tf
from tensorflow.keras import Input, Sequential, layers, models
def net(): return Sequential([Input((3,)), layers.Dense(1)])
"""
READ = """
model = net()
found = tf.train.Checkpoint(model=model).read("f")
print("read")
found.assert_existing_objects_matched()
"""
LOAD = """
with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    tf.compat.v1.saved_model.load(session, ["serve"], "f")
print("read")
tf.saved_model.load("f")
"""
TRAINED = """
def trained(momentum, folder):
    m = net(); m.compile(tf.keras.optimizers.SGD(0.1, momentum), "mse")
    m.fit([[1, 2, 3]], [1]); m.save(folder)
"""
OTHER_NETWORKS = {
    "a whole module with a GELU": (
        "then",
        "import torch; torch.save(torch.nn.GELU(), 'f')",
        "import torch; m = torch.load('f', weights_only=False); print('read'); m(torch.ones(2))",
        "read.*no attribute 'approximate'",
    ),
    "an .h5 with an LSTM": (
        "then",
        KERAS + "Sequential([Input((5, 3)), layers.LSTM(4)]).save('f.h5')",
        KERAS + "models.load_model('f.h5')",
        "Unrecognized keyword arguments passed to LSTM",
    ),
    "a compiled .h5": (
        "then",
        KERAS + "m = net(); m.compile('adam', 'mse'); m.save('f.h5')",
        KERAS
        + "models.load_model('f.h5', compile=False); print('read'); models.load_model('f.h5')",
        "read.*Could not deserialize 'keras.metrics.mse'",
    ),
    "a folder after a training with Adam": (
        "then",
        KERAS + "m = net(); m.compile('adam', 'mse'); m.fit([[1, 2, 3]], [1]); m.save('f')",
        KERAS + LOAD,
        "read.*has no attribute 'add_slot'",
    ),
    "a folder after a training with momentum, beside one without": (
        "then",
        KERAS + TRAINED + "trained(0.0, 'g'); trained(0.9, 'f')",
        KERAS + "tf.saved_model.load('g'); print('read'); tf.saved_model.load('f')",
        "read.*has no attribute 'add_slot'",
    ),
    "a checkpoint of a Keras model": (
        "then",
        KERAS + "tf.train.Checkpoint(model=net()).write('f')",
        KERAS + READ,
        "read.*not bound to checkpointed values",
    ),
    "a scripted Dropout": (
        "now",
        "import torch; torch.jit.script(torch.nn.Dropout()).save('f')",
        "import torch; print('read'); torch.jit.load('f')",
        "read.*Expected Tuple but got String",
    ),
}


@pytest.mark.heavy
@pytest.mark.timeout(3 * asking.SECONDS)
@needs_then
@pytest.mark.parametrize("what", OTHER_NETWORKS)
def test_other_networks_than_the_record_s_come_out_as_the_lesson_says(what, tmp_path):
    writer, write, read, said = OTHER_NETWORKS[what]
    reader = next(year for year in then.YEARS if year != writer)
    settings = {"cwd": tmp_path, "capture_output": True, "text": True}
    subprocess.run([then.YEARS[writer], "-c", write], **settings, check=True)
    done = subprocess.run([then.YEARS[reader], "-c", read], **settings)
    assert done.returncode
    assert re.search(said, done.stdout + done.stderr, re.DOTALL)


COUNT = """
from tensorflow.python.framework import op_callbacks
model, data, handed = net(), tf.ones((2, 3)), []
for optimizer in tf.keras.optimizers.SGD(), tf.keras.optimizers.Adam():
    for _ in range(2):
        handed.append(0)
        op_callbacks.add_op_callback(lambda *_, **__: handed.append(handed.pop() + 1))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(data) ** 2)
        own = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, own), own))
        op_callbacks.clear_op_callbacks()
print(handed[1], handed[3])
"""


@pytest.mark.heavy
@pytest.mark.timeout(3 * asking.SECONDS)
@needs_then
def test_most_of_what_keras_hands_over_since_is_adam_s(tmp_path):
    counts = [
        subprocess.check_output([python, "-c", KERAS + COUNT], cwd=tmp_path, text=True).split()
        for python in map(then.YEARS.get, ("then", "now"))
    ]
    (sgd_then, adam_then), (sgd_now, adam_now) = (map(int, one[-2:]) for one in counts)
    assert sgd_now < 2 * sgd_then
    assert adam_now > 2 * adam_then


@pytest.mark.heavy
@pytest.mark.timeout(3 * asking.SECONDS)
@needs_then
@pytest.mark.parametrize("name", ["idioms_torch", "idioms_tf"])
def test_the_idioms_that_ran_run_again(name, record):
    for year in then.YEARS:
        truths = record["measures"][name][year][0]["truths"]
        assert len(truths) == 20
        assert then.ask(name, year)["truths"] == truths, year


@pytest.mark.heavy
@pytest.mark.timeout(3 * asking.SECONDS)
@needs_then
@pytest.mark.parametrize("name", CLAIMS)
def test_a_script_finds_the_recorded_truths_again(name, record):
    for year in then.YEARS:
        assert then.ask(name, year)["truths"] == record["claims"][name][year]["truths"], year
