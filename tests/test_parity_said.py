"""What fits both models only if something is supposed is copied, and a line says what."""

import keras
import numpy as np
import pytest
import torch
from test_parity_hostile import attempt, flat, sequential
from test_parity_models import Twin, functional_tf
from torch import nn

from course_utils import parity

L, ops = keras.layers, keras.ops


def batch(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=(4, *shape)).astype("float32")


def asked(model, *inputs):
    """Return a model's answers to a batch, each model's own way."""
    if isinstance(model, keras.Layer):
        return model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)
    with torch.no_grad():
        return model.eval()(*map(torch.from_numpy, inputs))


def said(capsys, build_torch, build_tf, compare=None):
    """Copy both ways; return the line that both print, and compare the answers on new data."""
    lines = []
    for to_keras in (True, False):
        module, model, message = attempt(build_torch, build_tf, to_keras)
        assert message is None
        lines.append(capsys.readouterr().out)
        if compare:
            for one, other in zip(*map(flat, compare(module, model)), strict=True):
                assert parity.gap(one, other) < 1e-4 * max(1, np.abs(other).max())
    assert lines[0] == lines[1]
    assert lines[0].count("\n") <= 1
    return lines[0]


def difference(m, a, b):
    return m.last(a - b)


def difference_tf(turned, names=("a", "b")):
    def build():
        a, b = (keras.Input((6,), name=name) for name in names)
        return keras.Model([a, b], L.Dense(1)(b - a if turned else a - b))

    return build


def test_inputs_of_one_shape_in_another_order_are_said(capsys):
    a, b = batch(6), batch(6, seed=1)

    def build():
        return Twin(difference, last=nn.Linear(6, 1))

    straight = lambda *both: [asked(one, a, b) for one in both]  # noqa: E731
    crossed = lambda module, model: (asked(module, b, a), asked(model, a, b))  # noqa: E731
    assert said(capsys, build, difference_tf(False), straight) == ""
    line = "Supposed: PyTorch takes Keras's inputs in this order: b, a.\n"
    assert said(capsys, build, difference_tf(True), crossed) == line
    parity.copy_weights(build(), difference_tf(True)(), example=[torch.zeros(3, 6)] * 2)
    assert "Supposed: Keras takes PyTorch's inputs in this order: b, a." in capsys.readouterr().out


def test_an_example_is_in_the_order_of_the_source():
    module = Twin(lambda m, a, b: m.last(torch.cat([a, b], 1)), last=nn.Linear(7, 1))
    b, a = keras.Input((4,)), keras.Input((3,))
    model = keras.Model([b, a], L.Dense(1)(ops.concatenate([a, b], 1)))
    parity.copy_weights(module, model, example=[torch.zeros(2, 3), torch.zeros(2, 4)])
    x, y = batch(3), batch(4)
    assert parity.gap(asked(module, x, y), asked(model, y, x)) < 1e-5


def heads(m, x):
    return m.mu(x), m.logvar(x)


def heads_torch():
    return Twin(heads, mu=nn.Linear(6, 3), logvar=nn.Linear(6, 3))


def heads_tf(answer):
    return lambda: functional_tf(
        [(6,)], lambda x: answer(L.Dense(3, name="mu")(x), L.Dense(3, name="logvar")(x))
    )


@pytest.mark.parametrize("turned", [False, True])
def test_answers_by_name_go_to_the_layers_of_that_name(capsys, turned):
    x = batch(6)

    def answer(mu, logvar):
        return {"logvar": logvar, "mu": mu} if turned else {"mu": mu, "logvar": logvar}

    def compare(module, model):
        theirs = asked(model, x)
        return asked(module, x), [theirs["mu"], theirs["logvar"]]

    line = said(capsys, heads_torch, heads_tf(answer), compare)
    assert line == "Supposed: PyTorch's answers number 1, number 2 are Keras's 'mu', 'logvar'.\n"


def test_heads_that_cross_their_names_are_said(capsys):
    line = said(capsys, heads_torch, heads_tf(lambda mu, logvar: [logvar, mu]))
    assert line.startswith("Supposed: PyTorch layer 'mu' to Keras layer 'logvar'")


def test_an_answer_that_is_not_compared_is_named(capsys):
    line = said(
        capsys,
        lambda: nn.Linear(6, 3),
        lambda: functional_tf([(6,)], lambda x: [y := L.Dense(3)(x), ops.tanh(y)]),
    )
    assert line == "Not compared: Keras's answer number 2.\n"


def scores(m, x):
    return (m.q(x) @ m.k(x).transpose(1, 2)).softmax(-1)


def scores_tf(x):
    q, k = L.Dense(4, name="q")(x), L.Dense(4, name="k")(x)
    return ops.softmax(ops.matmul(q, ops.transpose(k, (0, 2, 1))))


TURNED = {
    "a square answer": (
        lambda: nn.Linear(3, 4),
        [(4, 3)],
        lambda x: L.Dense(4)(x),
    ),
    "a map of attention": (
        lambda: Twin(scores, q=nn.Linear(4, 4), k=nn.Linear(4, 4)),
        [(5, 4)],
        scores_tf,
    ),
}


@pytest.mark.parametrize("name", TURNED)
@pytest.mark.parametrize("to_keras", [True, False])
def test_a_turned_answer_of_the_same_shape_is_refused(name, to_keras):
    build, shapes, build_tf = TURNED[name]
    assert attempt(build, lambda: functional_tf(shapes, build_tf), to_keras)[2] is None
    turned = functional_tf(shapes, lambda x: ops.transpose(build_tf(x), (0, 2, 1)))
    message = attempt(build, lambda: turned, to_keras)[2]
    assert "behind the last layer" in message
    assert "the same numbers arrive in another order" in message


def test_a_turned_answer_of_another_shape_is_said(capsys):
    x = batch(5, 3)
    line = said(
        capsys,
        lambda: nn.Linear(3, 4),
        lambda: functional_tf([(5, 3)], lambda x: ops.transpose(L.Dense(4)(x), (0, 2, 1))),
        lambda module, model: (asked(module, x).transpose(1, 2), asked(model, x)),
    )
    assert line == "Supposed: PyTorch's answer (5, 4) is Keras's (4, 5) with the channels last.\n"


def test_a_picture_of_which_all_sides_are_equal_is_said(capsys):
    x = batch(4, 4, 4)
    line = said(
        capsys,
        lambda: nn.Conv2d(4, 4, 3, padding=1),
        lambda: sequential((4, 4, 4), L.Conv2D(4, 3, padding="same")),
        lambda module, model: (
            asked(module, np.moveaxis(x, -1, 1).copy()).movedim(1, -1),
            asked(model, x),
        ),
    )
    assert "is Keras's (4, 4, 4) with the channels last" in line
    line = said(
        capsys,
        lambda: nn.Conv2d(4, 3, 3, padding=1),
        lambda: sequential((4, 4, 4), L.Conv2D(3, 3, padding="same")),
    )
    assert line == ""
