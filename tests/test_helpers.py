"""Data, figures, the start of a lesson, and what importing the package costs."""

import base64
import html
import io
import itertools
import os
import re
import subprocess
import sys
import time

import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel
from PIL import Image

from course_utils import CourseError, counting, datasets, figures, lesson, timing
from course_utils.datasets import language
from course_utils.figures import nodes


def test_digits():
    split = datasets.digits()
    assert split.data_train.shape == (1297, 64)
    assert split.data_test.shape == (500, 64)
    assert split.data_train.dtype == np.float32
    assert split.target_train.dtype == np.int64
    assert (split.data_train.min(), split.data_train.max()) == (0, 1)
    assert np.bincount(split.target_test).min() > 45
    assert np.array_equal(split.data_test, datasets.digits().data_test)
    assert not np.array_equal(split.data_test, datasets.digits(seed=1).data_test)
    rows = {row.tobytes() for row in split.data_train}
    assert not any(row.tobytes() in rows for row in split.data_test)


def test_framed_digits_follow_their_recipe():
    small, split = datasets.digits(seed=3), datasets.framed_digits(seed=3)
    assert split.data_train.shape == (1297, 24, 24)
    assert split.data_test.shape == (500, 24, 24)
    assert split.data_train.dtype == np.float32
    assert np.array_equal(split.target_test, small.target_test)
    inside = split.data_test[:, 4:20, 4:20]
    assert not split.data_test[:, :4].any()
    assert inside.sum() == split.data_test.sum()
    old = small.data_test.reshape(-1, 8, 8)
    assert np.allclose(inside.mean(axis=(1, 2)), old.mean(axis=(1, 2)), atol=1e-6)
    rows = 0.75 * old[:, 1] + 0.25 * old[:, 0]
    assert np.allclose(inside[:, 2, 3], 0.75 * rows[:, 1] + 0.25 * rows[:, 2], atol=1e-6)


def test_spirals_follow_their_recipe():
    data_train, data_test, target_train, target_test = datasets.spirals(300, 200, 1.5, noise=0)
    assert data_train.shape == (300, 2)
    assert data_test.shape == (200, 2)
    assert data_train.dtype == np.float32
    assert set(target_test) == {0, 1}
    radius = np.hypot(*data_train.T)
    angle = 2 * np.pi * 1.5 * radius + np.pi * target_train
    assert np.allclose(
        data_train, radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1), atol=1e-5
    )
    assert np.array_equal(datasets.spirals(seed=3).data_test, datasets.spirals(seed=3).data_test)


def test_nested_expressions_follow_their_recipe():
    def parts(tree, depth=0):
        yield tree, depth
        if not isinstance(tree, int):
            for argument in tree[1:]:
                yield from parts(argument, depth + 1)

    trees, values = datasets.nested_expressions(400, depth=3, seed=2)
    assert len(trees) == len(set(trees)) == len(values) == 400
    assert values.dtype == np.int64
    nodes = [node for tree in trees for node in parts(tree)]
    assert {depth for _, depth in nodes} == {0, 1, 2, 3}
    assert all(isinstance(tree, tuple) for tree in trees)
    assert {tree[0] for tree, _ in nodes if isinstance(tree, tuple)} == {"MAX", "MIN"}
    assert {tree for tree, _ in nodes if isinstance(tree, int)} == set(range(10))
    early = np.mean([isinstance(tree, int) for tree, depth in nodes if depth == 1])
    assert early > 0.15
    for tree, value in zip(trees, values, strict=True):
        called = re.sub(r"\('(MAX|MIN)', ", lambda name: f"{name[1].lower()}(", str(tree))
        assert eval(called) == value
    again = datasets.nested_expressions(400, depth=3, seed=2)
    assert again.trees == trees
    assert datasets.nested_expressions(400, depth=3, seed=3).trees != trees
    assert len(datasets.nested_expressions(200, depth=1).trees) == 200
    with pytest.raises(CourseError, match="only 200"):
        datasets.nested_expressions(201, depth=1)


@pytest.fixture
def pages(monkeypatch):
    shown = []
    monkeypatch.setattr(
        "IPython.display.display", lambda data, raw: shown.append(data["text/html"])
    )
    figures.set_style()
    return shown


DATA, TARGET = np.random.default_rng(0).normal(size=(20, 2)).astype("float32"), np.arange(20) % 2
PICTURES = {
    "curves": lambda alt: figures.curves({"a": [1, 2], "b": [2, 1]}, ylabel="loss", alt=alt),
    "log curves": lambda alt: figures.curves({"a": [1, 2]}, ylabel="loss", log=True, alt=alt),
    "panels": lambda alt: figures.panels(
        {"p": {"a": [1, 2], "b": [[1, 2], [1, 2]]}}, xlabel="epoch", ylabel="loss", alt=alt
    ),
    "dots": lambda alt: figures.dots({"a": ([1, 2], [1, 3])}, xlabel="loss", alt=alt, band=0.1),
    "points": lambda alt: figures.points(DATA, TARGET, alt=alt),
    "boundaries": lambda alt: figures.boundaries(
        {"a": lambda points: 1 / (1 + np.exp(-points[:, 0]))}, DATA, TARGET, alt=alt
    ),
    "images": lambda alt: figures.images(np.ones((2, 8, 8)), titles=[1, 2], alt=alt),
    "grids": lambda alt: figures.grids({"a": np.eye(2), "b": np.ones((2, 1))}, alt=alt),
    "graphs": lambda alt: figures.graphs({"a": [("w", "mul"), ("x", "mul")]}, alt=alt),
    "networks": lambda alt: figures.networks({"a": [2, 1], "b": [2, 3, 1]}, alt=alt),
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_has_its_alt_text_and_is_closed(name, pages):
    import matplotlib.pyplot as plt

    PICTURES[name]('two "lines" & more')
    alt, picture = re.search(
        r'<img alt="([^"]*)" src="data:image/png;base64,(.*)">', pages[0]
    ).groups()
    assert html.unescape(alt) == 'two "lines" & more'
    image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("L")
    assert image.width > 180
    assert np.asarray(image).std() > 5, "the picture is not blank"
    assert plt.get_fignums() == []


def test_a_moving_picture_has_its_alt_text_and_all_its_frames(pages):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(4, 3))
    line = axes.plot([0, 1], [0, 1])[0]
    figures.animation(figure, lambda n: line.set_ydata([0, n]), frames=4, alt='two "lines"')
    found = re.search(r'<img alt="([^"]*)" src="data:image/gif;base64,(.*)">', pages[0])
    assert html.unescape(found[1]) == 'two "lines"'
    moving = Image.open(io.BytesIO(base64.b64decode(found[2])))
    assert moving.n_frames == 4
    assert "loop" not in moving.info, "it moves once"
    shown = []
    for n in range(4):
        moving.seek(n)
        shown.append(np.asarray(moving.convert("RGB")).astype(int))
    assert all((first != second).any() for first, second in itertools.pairwise(shown))
    assert np.abs(shown[1] - [0xD5, 0x5E, 0x00]).sum(axis=2).min() == 0, "its colours are kept"
    assert plt.get_fignums() == []


def in_python(code, *options):
    return subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, check=True
    )


def in_a_kernel(code):
    """Run code as a notebook's first cell; return what it prints."""
    said = []
    manager, client = start_new_kernel()
    try:
        client.execute_interactive(
            code, output_hook=lambda message: said.append(message["content"].get("text", ""))
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return "".join(said)


def test_importing_the_package_is_quick_and_loads_no_framework():
    code = (
        "import time; start = time.perf_counter()\n"
        "import course_utils\n"
        "print(time.perf_counter() - start)\n"
        "import sys, pkgutil\n"
        "for module in pkgutil.iter_modules(course_utils.__path__):\n"
        "    __import__('course_utils.' + module.name)\n"
        "print(sorted({'torch', 'tensorflow', 'keras'} & set(sys.modules)))"
    )
    seconds, loaded = zip(*(in_python(code).stdout.split("\n")[:2] for _ in range(3)), strict=True)
    assert min(map(float, seconds)) < 0.1
    assert set(loaded) == {"[]"}


BEGIN = """
import sys
import time
{hide}
from course_utils import lesson
lesson.begin()
import random
import numpy as np
from threadpoolctl import threadpool_info
print(random.random(), np.random.rand())
print("threads", max(pool["num_threads"] for pool in threadpool_info()))
{rest}
"""
HIDE = """
import importlib.util as u; find = u.find_spec
u.find_spec = lambda name, *a: None if name in {} else find(name, *a)
"""
# At the first optimiser PyTorch imports Triton, where there is one, long after TensorFlow.
TORCH = """import torch
torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
print(torch.rand(1).item(), torch.get_num_threads())"""
TENSORFLOW = (
    "import tensorflow as tf\n"
    "print(float(tf.random.uniform([])), tf.config.threading.get_intra_op_parallelism_threads())"
)


@pytest.mark.heavy
@pytest.mark.parametrize("missing", ["", "torch", "tensorflow"])
def test_a_lesson_begins_quietly_and_alike_each_time(missing):
    hide = HIDE.format([missing]) if missing else ""
    rest = "\n".join(
        code for name, code in (("torch", TORCH), ("tensorflow", TENSORFLOW)) if name != missing
    )
    code = BEGIN.format(hide=hide, rest=rest)
    first = in_python(code)
    assert first.stderr == ""
    assert first.stdout == in_a_kernel(code)
    assert all(line.endswith(" 1") for line in first.stdout.splitlines()[1:])
    assert f"'{missing}'" not in first.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="cores are asked of another program there")
def test_scikit_learn_says_nothing_where_a_container_hides_its_cores(tmp_path, monkeypatch):
    silent = tmp_path / "lscpu"
    silent.write_text("#!/bin/sh\n")
    silent.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("LOKY_MAX_CPU_COUNT", raising=False)
    code = "import joblib\nprint(joblib.cpu_count(only_physical_cores=True))"
    if os.cpu_count() > lesson.THREADS:
        assert "found 0 physical cores" in in_python(code).stderr
        # Without the frameworks, which have no part in it and take seconds to import.
        begin = HIDE.format(["torch", "tensorflow"])
        begin += "from course_utils import lesson\nlesson.begin()\n"
        begun = in_python(begin + code)
        assert (begun.stdout, begun.stderr) == (f"{lesson.THREADS}\n", "")


def test_what_the_start_holds_back_comes_out_when_it_fails():
    code = (
        "import os\nfrom course_utils.lesson import _quiet_stderr\n"
        "try:\n    with _quiet_stderr():\n        os.write(2, b'why it failed'); 1 / 0\n"
        "except ZeroDivisionError: pass\n"
        "with _quiet_stderr():\n    os.write(2, b'noise')\n"
        "os.write(2, b', and after')"
    )
    assert in_python(code).stderr == "why it failed, and after"


def test_an_error_stops_also_what_arrives_a_little_late():
    manager, client = start_new_kernel()
    try:
        begin = client.execute_interactive("from course_utils import lesson\nlesson.begin()")
        assert begin["content"]["status"] == "ok"
        client.execute("1 / 0")
        told = [status(client)]
        for seconds in (lesson.SECONDS_TO_STOP / 4, lesson.SECONDS_TO_STOP + 0.5):
            time.sleep(seconds)
            client.execute("pass")
            told.append(status(client))
        assert told == ["error", "aborted", "ok"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def status(client):
    return client.get_shell_msg(timeout=60)["content"]["status"]


def test_comparisons_are_ratios_in_changing_order():
    order = []

    def measure(name, value):
        return lambda: order.append(name) or value

    result = timing.compare(measure("a", 6.0), measure("b", 2.0), pairs=3)
    assert "".join(order) == "abbaab"
    assert result.ratios == [3.0, 3.0, 3.0]
    assert str(result) == "3.0 × (3.0 to 3.0)"
    slow, fast = (lambda: time.sleep(0.05)), (lambda: None)
    assert min(timing.compare(slow, fast).ratios) > 10


def test_statements_do_not_hang_on_how_lines_are_broken():
    def one_line(x):
        return [x, x]

    def several(
        x,
    ):
        doubled = [
            x,
            x,
        ]
        return doubled

    assert (counting.statements(one_line), counting.statements(several)) == (1, 2)
    assert counting.statements(one_line, several, "for n in x:\n    n = (\n        1)") == 5


@pytest.mark.parametrize("seed", range(5))
def test_the_clinic_holds_the_faults_that_its_recipe_plants(seed):
    delivered, later, planted = datasets.clinic(seed)
    assert delivered.duplicated().sum() == planted.entered_again.sum() == 90
    assert delivered.drop_duplicates().malignant.sum() == 45
    other_unit = delivered.perimeter / delivered.radius > 20
    assert other_unit.equals(planted.other_unit)
    assert other_unit.any()
    assert len(later) == 200
    assert not later.visits.any()
    assert (later.perimeter / later.radius < 10).all()
    assert datasets.clinic(seed).delivered.equals(delivered)


def test_mislabel_changes_so_many_labels_and_no_other():
    target = datasets.digits().target_train
    labels = datasets.mislabel(target, n=100)
    assert (labels != target).sum() == 100
    assert labels.dtype == target.dtype
    assert set(labels) == set(range(10))
    assert (datasets.mislabel(target, n=100, seed=1) != labels).any()


@pytest.mark.parametrize("seed", range(3))
def test_utterances_follow_their_recipe(seed):
    drawn = datasets.utterances(seed=seed)
    assert (len(drawn.text_train), len(drawn.text_test)) == (1200, 500)
    assert drawn.target_train.dtype == np.int64
    assert np.bincount(drawn.target_test).min() > 35
    assert not set(drawn.text_train) & set(drawn.text_test)
    texts = drawn.text_train + drawn.text_test
    assert not re.search(r"[^a-z ]|  ", "".join(texts))
    assert drawn.text_train == datasets.utterances(seed=seed).text_train
    assert drawn.text_train != datasets.utterances(seed=seed + 1).text_train
    known, words = ({w for t in part for w in t.split()} for part in (drawn.text_train, texts))
    assert 5 < len(words - known) < 20
    subjects = np.concatenate([drawn.target_train, drawn.target_test])
    both = [{"on", "off"} <= set(t.split()) or {"up", "down"} <= set(t.split()) for t in texts]
    assert 0.2 < np.mean(np.array(both)[subjects >= 4]) < 0.4
    assert datasets.INTENTS[4:] == ["lamp on", "lamp off", "heat up", "heat down"]


def test_no_phrasing_of_the_test_is_trained_on():
    for phrasings in language._PHRASINGS.values():
        train, test = (
            [" ".join(p.split()) for p in part.split(",")] for part in phrasings.split("|")
        )
        assert not set(train) & set(test)


def test_graphs_of_hundreds_of_nodes_are_folded_and_none_is_lost(monkeypatch):
    texts = []
    monkeypatch.setattr(nodes, "show", lambda figure, alt: texts.extend(labels(figure)))
    steps = [f"{'add' if n % 2 else 'mul'}#{n}" for n in range(200)]
    figures.graphs({"long": list(itertools.pairwise(steps))}, alt="a chain")
    assert len(texts) == 9
    assert "… 192 more: 96 mul, 96 add" in texts
    texts.clear()
    figures.graphs({"wide": [(f"w#{n}", "sum") for n in range(60)]}, alt="a fan")
    assert sorted(texts) == ["sum", "w × 60"]
    texts.clear()
    figures.graphs({"small": [("x#1", "sum"), ("x#2", "sum")]}, alt="two alike")
    assert sorted(texts) == ["sum", "x", "x"]


def labels(figure):
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


@pytest.mark.parametrize("seed", range(3))
def test_fraud_is_rare_and_a_new_kind_comes_later(seed):
    table, later = (datasets.transactions(later=later, seed=seed) for later in (False, True))
    assert datasets.transactions(seed=seed).equals(table)
    assert 0.006 < table.fraud.mean() < 0.014
    fraud, new = table[table.fraud == 1], later[later.fraud == 1]
    assert ((fraud.online == 1) | (fraud.distance > 20)).mean() > 0.95
    assert (fraud.hour < 6).mean() < 0.1
    assert 0.25 < (new.hour < 6).mean() < 0.6
    assert table.day.is_monotonic_increasing
    assert np.ptp(np.bincount(table.day, minlength=90)) <= 1
    assert (table.hour.between(0, 24) & (table.minutes > 0) & (table.amount > 0)).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_road_is_closed_smooth_and_follows_its_recipe(seed):
    road = datasets.road(seed)
    ahead = np.roll(road.points, -1, axis=0) - road.points
    assert np.abs(np.hypot(*ahead.T) - 0.5).max() < 0.01
    assert np.abs(np.sin(road.headings - np.arctan2(ahead[:, 1], ahead[:, 0]))).max() < 0.1
    assert abs(abs(road.bends.sum() * 0.5) - 2 * np.pi) < 0.05, "once around"
    assert np.abs(road.bends).max() < 0.2
    cells = np.rint((road.points - road.corner) / 0.25).astype(int)
    assert road.map[tuple(cells.T)].max() < 0.3
    assert np.array_equal(datasets.road(seed).points, road.points)


def test_cars_are_found_where_they_were_put():
    road = datasets.road(2)
    places = np.arange(0, len(road.points), 25)
    offsets = np.linspace(-1.8, 1.8, len(places))
    turns = np.linspace(0.4, -0.4, len(places))
    cars = datasets.road_cars(road, places, offsets, turns)
    found = datasets.road_errors(road, cars)
    assert np.allclose(found[0], offsets, atol=0.02)
    assert np.allclose(found[1], turns, atol=0.03)
    assert np.allclose(found[2], road.bends[(places + 4) % len(road.points)], atol=0.01)


def test_a_camera_sees_the_road_where_it_is():
    road = datasets.road(1)
    straight = np.abs(road.bends).argsort()[:20]
    cars = datasets.road_cars(road, straight, 0.0, 0.0)
    pictures = datasets.road_pictures(road, cars)
    assert pictures.shape == (20, 16, 32)
    assert pictures.dtype == np.float32
    assert np.array_equal(pictures, datasets.road_pictures(road, cars))
    assert not np.array_equal(pictures, datasets.road_pictures(road, cars, seed=1))
    near = pictures[:, -1].mean(axis=0)
    assert near[15:17].mean() < 0.7 * near[[0, 1, 30, 31]].mean(), "tarmac is darker than grass"
    for offset, edge in ((1.5, "left"), (-1.5, "right")):
        beside = datasets.road_cars(road, straight, offset, 0.0)
        middle = datasets.road_pictures(road, beside)[:, -6:, 12:20].mean(axis=(0, 1))
        assert (middle.argmax() < 4) == (edge == "left"), "the nearer edge is on its own side"
