"""What a picture's fingerprint holds: each change of what is shown is seen, another look is not."""

import base64
import functools
import io
import re
from datetime import date

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from course_utils import CourseError, authoring, figures
from course_utils.figures.fingerprint import fingerprint

STEPS = np.arange(60)
CURVES = {"PyTorch": np.exp(-STEPS / 20), "TensorFlow": 1 - STEPS / 80}
IMAGE = np.random.default_rng(0).random((16, 12))


@pytest.fixture(autouse=True)
def _canvas(monkeypatch):
    plt.switch_backend("agg")
    figures.set_style()
    yield
    plt.close("all")


def picture(curves=CURVES, ylabel="loss", legend=True, image=IMAGE, points=(), **settings):
    figure, (left, middle, right) = plt.subplots(1, 3)
    for name, values in curves.items():
        left.plot(values, label=name)
    if legend:
        left.legend()
    left.set(xlabel="step", ylabel=ylabel, **{"title": "training"} | settings)
    middle.imshow(image, cmap="gray", vmin=0, vmax=1)
    right.scatter(*np.transpose([(0.1, 0.2), (0.5, 0.6), *points]))
    right.bar(["a", "b"], [0.4, 0.8])
    right.text(0.3, 0.7, "here")
    figure.canvas.draw()
    return figure


@functools.cache
def stored():
    return fingerprint(picture())


def changed(text, new):
    outputs = [
        {"output_type": "display_data", "data": {figures.SHOWN: shown}} for shown in (text, new)
    ]
    return authoring.differences(outputs[:1], outputs[1:])


def moved_point():
    values = CURVES["PyTorch"].copy()
    values[30] += 0.1
    return picture(curves=CURVES | {"PyTorch": values})


FAULTS = {
    "moved point": (moved_point, 'line "PyTorch"'),
    "swapped series": (
        lambda: picture(curves=dict(zip(CURVES, reversed(CURVES.values()), strict=True))),
        'line "PyTorch"',
    ),
    "swapped colours": (
        lambda: picture(curves=dict(reversed(CURVES.items()))),
        '"TensorFlow" #d55e00',
    ),
    "label": (lambda: picture(ylabel="accuracy"), '"accuracy"'),
    "legend": (lambda: picture(legend=False), "legend"),
    "title": (lambda: picture(title="testing"), '"testing"'),
    "range": (lambda: picture(ylim=(0, 2)), "0.00e0 to 2.00e0"),
    "scale": (lambda: picture(yscale="log"), '"loss" log'),
    "a curve more": (lambda: picture(curves=CURVES | {"third": STEPS / 60}), '"third"'),
    "a curve less": (lambda: picture(curves={"PyTorch": CURVES["PyTorch"]}), '"TensorFlow"'),
    "another image": (lambda: picture(image=1 - IMAGE), "image gray"),
    "turned image": (lambda: picture(image=IMAGE[::-1]), "image gray"),
    "another point": (lambda: picture(points=[(0.9, 0.1)]), "points"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_change_of_what_is_shown_is_a_difference(fault):
    act, message = FAULTS[fault]
    lines = changed(stored(), fingerprint(act()))
    assert any(message in line for line in lines), lines


def test_what_another_processor_or_release_changes_is_none():
    nearly = {name: values * (1 + 1e-4) for name, values in CURVES.items()}
    assert changed(stored(), fingerprint(picture(curves=nearly))) == []
    other = picture()
    # Another release of matplotlib may place, size and tick otherwise: all that is not data.
    other.set_size_inches(9, 3)
    other.set_dpi(50)
    for axes in other.axes:
        axes.tick_params(labelsize=5)
        axes.yaxis.set_major_locator(plt.MaxNLocator(3))
    other.canvas.draw()
    assert changed(stored(), fingerprint(other)) == []


def test_a_fingerprint_can_be_read():
    lines = stored().splitlines()
    assert 'axes "training"' in lines
    assert 'x "step" linear -0.30e1 to 6.20e1' in lines
    assert 'legend "PyTorch" #d55e00 -, "TensorFlow" #0072b2 -' in lines
    assert 'x "" linear -0.49e0 to 1.49e0 "a", "b"' in lines
    assert 'text "here": 0.40 0.83' in lines


def test_what_has_no_number_has_a_fingerprint():
    figure, axes = plt.subplots()
    axes.plot([1, np.nan, 3], [np.nan, np.nan, np.nan])
    axes.plot([], [], label="nothing")
    axes.imshow(np.full((3, 3), np.nan))
    axes.set(yscale="log")
    figure.canvas.draw()
    assert 'line "nothing" #0072b2 -: nothing' in fingerprint(figure)


def test_a_boundary_that_moves_is_a_difference():
    data = np.array([[-1.0, -1.0], [1.0, 1.0]])

    def drawn(slope, shift=0.0):
        figure, axes = plt.subplots()
        grid = np.meshgrid(np.linspace(-1, 1, 60), np.linspace(-1, 1, 60))
        answer = 1 / (1 + np.exp(-8 * (grid[0] + slope * grid[1] - shift)))
        axes.contourf(*grid, answer, levels=np.linspace(0, 1, 11))
        axes.scatter(*data.T)
        figure.canvas.draw()
        return fingerprint(figure)

    assert changed(drawn(0.5), drawn(0.5, shift=0.2))
    assert changed(drawn(0.5), drawn(-0.5))
    assert changed(drawn(0.5), drawn(0.5 + 1e-4)) == []


def test_an_arrow_that_turns_around_is_a_difference():
    def drawn(start, end):
        figure, axes = plt.subplots()
        axes.annotate("", start, end, arrowprops={"arrowstyle": "->"})
        return fingerprint(figure)

    assert changed(drawn((0, 0), (1, 1)), drawn((1, 1), (0, 0)))


def test_dates_and_categories_are_places_too():
    figure, axes = plt.subplots()
    axes.plot([date(2015, 1, 1), date(2025, 1, 1)], ["a", "b"], "o")
    axes.annotate("then", (date(2020, 1, 1), "b"), (0, 8), textcoords="offset points")
    axes.text(date(2020, 1, 1), "a", "there")
    axes.set(xlim=(date(2015, 1, 1), date(2025, 1, 1)))
    figure.canvas.draw()
    lines = fingerprint(figure).splitlines()
    assert 'text "then": 0.00 8.00 0.50 0.95' in lines
    assert 'text "there": 0.50 0.05' in lines


def test_a_few_curves_are_told_apart_and_the_edges_of_a_network_are_one_thing():
    figure, (few, many) = plt.subplots(1, 2)
    for n in range(3):
        few.plot([0, n], color="black")
    for n in range(30):
        many.plot([0, n], color="black")
    lines = fingerprint(figure).splitlines()
    assert sum(line.startswith("line #000000 -: 2 places") for line in lines) == 3
    assert sum(line.startswith("line #000000 -: 6.0e+01 places") for line in lines) == 1


def test_a_colour_and_a_small_image_among_many():
    figure, all_axes = plt.subplots(1, 5)
    for n, axes in enumerate(all_axes):
        axes.imshow(np.full((8, 8, 3), n / 10))
    lines = [line for line in fingerprint(figure).splitlines() if line.startswith("image")]
    assert lines[3].endswith(": " + " ".join(["0.30"] * 16))


@pytest.fixture
def shown(monkeypatch):
    outputs = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: outputs.append(data))
    return outputs


def test_a_picture_is_shown_with_alt_text_and_fingerprint(shown):
    figures.curves(CURVES, ylabel="loss", alt='It "falls" & ends')
    assert shown[0]["text/plain"] == 'It "falls" & ends'
    assert 'alt="It &quot;falls&quot; &amp; ends"' in shown[0]["text/html"]
    assert 'y "loss"' in shown[0][figures.SHOWN]


def test_a_table_of_shares_may_differ_by_a_last_digit_in_its_colours_too(shown):
    for smallest in (0.68, 0.69, 0.72):
        figures.grids({"": np.array([[0.73, 0.79], [smallest, 0.8]])}, alt="Four shares")
    first, near, far = (output[figures.SHOWN] for output in shown)
    assert changed(first, near) == []
    assert any("image" in line for line in changed(first, far))


def test_an_animation_is_compared_at_three_of_its_frames(shown):
    def animate(speed):
        figure, axes = plt.subplots()
        (line,) = axes.plot([0, 1], [0, 0])
        axes.set_ylim(0, 10)
        figures.animation(figure, lambda n: line.set_ydata([0, speed * n]), frames=8, alt="rises")

    animate(1)
    animate(1.5)
    frames = [line for line in shown[0][figures.SHOWN].splitlines() if line.startswith("frame")]
    assert frames == ["frame 0", "frame 4", "frame 7"]
    lines = changed(*(output[figures.SHOWN] for output in shown))
    assert len(lines) == 2


def test_an_animation_moves_once_and_not_for_long(shown):
    def animate(frames):
        figure = plt.figure()
        figures.animation(figure, lambda n: figure.suptitle(n), frames=frames, alt="moves")

    animate(33)
    content = re.search('base64,([^"]*)', shown[0]["text/html"])[1]
    with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
        assert picture.n_frames > 1
        assert "loop" not in picture.info
    with pytest.raises(CourseError, match=r"50 frames of 0\.12 s move for over 5 s"):
        animate(50)
