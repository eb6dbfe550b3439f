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


def test_the_state_of_a_layer_alone_is_not_missed(capsys):
    line = said(
        capsys,
        lambda: nn.GRU(3, 4, batch_first=True),
        lambda: sequential((5, 3), L.GRU(4, return_sequences=True)),
    )
    assert line == ""


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


def pooled():
    middle = [nn.MaxPool2d(2), nn.Conv2d(4, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(nn.Conv2d(3, 4, 1), *middle)


def pooled_tf(padding):
    middle = [L.MaxPooling2D(2, padding=padding), L.Conv2D(2, 1), L.GlobalAveragePooling2D()]
    return lambda: sequential((None, None, 3), L.Conv2D(4, 1), *middle)


def strided():
    return Twin(
        lambda m, x: m.last(m.conv(x.transpose(1, 2)).relu().mean(2)),
        conv=nn.Conv1d(3, 4, 3, 2, 1),
        last=nn.Linear(4, 2),
    )


def strided_tf(*layers, padding):
    conv = L.Conv1D(4, 3, 2, padding=padding, activation="relu")
    return sequential((None, 3), *layers, conv, L.GlobalAveragePooling1D(), L.Dense(2))


@pytest.mark.parametrize("to_keras", [True, False])
def test_where_any_size_will_do_several_are_compared(to_keras, capsys):
    module, model, message = attempt(pooled, pooled_tf("valid"), to_keras)
    assert message is None
    for side in (32, 15):
        x = batch(side, side, 3)
        ours = asked(module, np.moveaxis(x, -1, 1).copy())
        assert parity.gap(ours, asked(model, x)) < 1e-5
    assert "inputs of (33, 33, 3)" in attempt(pooled, pooled_tf("same"), to_keras)[2]
    module, model, message = attempt(
        strided, lambda: strided_tf(L.ZeroPadding1D(1), padding="valid"), to_keras
    )
    assert message is None
    for length in (7, 8, 16):
        x = batch(length, 3)
        assert parity.gap(asked(module, x), asked(model, x)) < 1e-5
    assert capsys.readouterr().out == ""
    message = attempt(strided, lambda: strided_tf(padding="same"), to_keras)[2]
    assert "padding is (1,) in PyTorch" in message
    assert "inputs of (8, 3)" in message


def halves(m, x):
    x = m.a(x).unflatten(2, (-1, 2)).mean(3)  # an even height only
    return m.b(x.mean((2, 3)))


def halves_tf(x):
    return L.Dense(2)(L.GlobalAveragePooling2D()(L.AveragePooling2D((2, 1))(L.Conv2D(4, 1)(x))))


def test_a_size_at_which_a_model_cannot_run_is_said(capsys):
    line = said(
        capsys,
        lambda: Twin(halves, a=nn.Conv2d(3, 4, 1), b=nn.Linear(4, 2)),
        lambda: functional_tf([(None, None, 3)], halves_tf),
    )
    sizes = "(33, 33, 3) and (35, 35, 3)"
    assert line == f"Not compared at inputs of {sizes}: a model cannot run there.\n"


class Pooled(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv, self.last = L.Conv2D(4, 3, 2, padding="same"), L.Dense(2)

    def call(self, x):
        return self.last(keras.ops.mean(self.conv(x), (1, 2)))


def test_where_no_other_size_is_known_that_is_said(capsys):
    def build():
        return Twin(
            lambda m, x: m.last(m.conv(x).mean((2, 3))),
            conv=nn.Conv2d(3, 4, 3, 2, 1),
            last=nn.Linear(4, 2),
        )

    line = "Compared at inputs of ({}) only: no other size is known.\n"
    parity.copy_weights(build(), Pooled(), example=torch.zeros(2, 3, 7, 7))
    assert capsys.readouterr().out == line.format("3, 7, 7")
    model = Pooled()
    model(np.zeros((1, 7, 7, 3)))
    parity.copy_weights(model, build())
    assert capsys.readouterr().out == line.format("7, 7, 3")


@pytest.mark.parametrize("to_keras", [True, False])
def test_padding_to_the_left_alone_is_tested_before_it_is_named(to_keras):
    def build():
        return Twin(
            lambda m, x: m.conv(x.transpose(1, 2)).transpose(1, 2),
            conv=nn.Conv1d(3, 4, 3, padding=2, dilation=2),
        )

    def build_tf():
        return sequential((12, 3), L.Conv1D(4, 3, dilation_rate=2, padding="causal"))

    message = attempt(build, build_tf, to_keras)[2]
    assert "padding is (2,) in PyTorch, and 'causal' in Keras, which is [4, 0]" in message


@pytest.mark.parametrize("to_keras", [True, False])
def test_padding_by_hand_is_told_from_that_of_the_layer(to_keras):
    def build(pads):
        return lambda: Twin(
            lambda m, x: m.conv(nn.functional.pad(x.transpose(1, 2), pads)).transpose(1, 2),
            conv=nn.Conv1d(3, 4, 3),
        )

    def build_tf():
        return sequential((12, 3), L.Conv1D(4, 3, padding="causal"))

    assert attempt(build((2, 0)), build_tf, to_keras)[2] is None
    message = attempt(build((1, 1)), build_tf, to_keras)[2]
    assert "padding is (0,) and some by hand in PyTorch, and 'causal' in Keras" in message
    assert "which is [2, 0] on the two sides; with that they agree" in message


class Cut(L.Layer):
    """Words from the 50th on are one word."""

    def call(self, x):
        return ops.where(x >= 50, 1, x)


class Segments(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.kinds = nn.Embedding(100, 8), nn.Embedding(2, 8)
        self.last = nn.Linear(8, 2)

    def forward(self, x, kinds):
        return self.last((self.words(x) + self.kinds(kinds)).mean(1))


def segments_tf(*middle):
    def build():
        x, kinds = (keras.Input((6,), dtype="int32") for _ in range(2))
        words = x
        for layer in middle:
            words = layer(words)
        both = L.Embedding(100, 8)(words) + L.Embedding(2, 8)(kinds)
        return keras.Model([x, kinds], L.Dense(2)(ops.mean(both, 1)))

    return build


@pytest.mark.parametrize("to_keras", [True, False])
def test_words_are_drawn_from_the_whole_vocabulary(to_keras):
    module, model, message = attempt(Segments, segments_tf(), to_keras)
    assert message is None
    generator = np.random.default_rng(0)
    words, kinds = generator.integers(0, 100, (4, 6)), generator.integers(0, 2, (4, 6))
    assert parity.gap(asked(module, words, kinds), asked(model, words, kinds)) < 1e-5
    assert attempt(Segments, segments_tf(Cut()), to_keras)[2] is not None


def test_whole_numbers_of_which_no_range_is_known_are_said(capsys):
    line = said(
        capsys,
        lambda: Twin(lambda m, x: m.last(x.float() / 255), last=nn.Linear(6, 3)),
        lambda: functional_tf_whole((6,), lambda x: L.Dense(3)(L.Rescaling(1 / 255)(x))),
    )
    assert line == "Compared with 0 and 1 only in input 'pixels'.\n"


def functional_tf_whole(shape, build):
    x = keras.Input(shape, dtype="uint8", name="pixels")
    return keras.Model(x, build(x))


class Masked(nn.Module):
    def __init__(self, run):
        super().__init__()
        self.run, self.words, self.last = run, nn.Embedding(20, 8), nn.Linear(8, 2)

    def forward(self, x, mask):
        return self.last(self.run(self.words(x), mask[..., None]).sum(1))


MASKS = {
    "filled": lambda x, mask: x.masked_fill(~mask, 0.0),
    "as numbers": lambda x, mask: x * mask.float(),
    "subtracted": lambda x, mask: x * (1 - (1 - mask)),
}


def masked_tf():
    x, mask = keras.Input((6,), dtype="int32"), keras.Input((6,), dtype="bool")
    words = ops.where(mask[..., None], L.Embedding(20, 8)(x), 0.0)
    return keras.Model([x, mask], L.Dense(2)(ops.sum(words, 1)))


@pytest.mark.parametrize("name", MASKS)
def test_a_mask_is_true_or_false(name, capsys):
    generator = np.random.default_rng(0)
    words, mask = generator.integers(0, 20, (4, 6)), generator.random((4, 6)) > 0.5

    def compare(module, model):
        given = mask.astype("int64") if name == "subtracted" else mask
        return asked(module, words, given), asked(model, words.astype("int32"), mask)

    assert said(capsys, lambda: Masked(MASKS[name]), masked_tf, compare) == ""
    if name == "filled":
        example = [torch.from_numpy(words), torch.from_numpy(mask)]
        parity.copy_weights(Masked(MASKS[name]), masked_tf(), example=example)
        example = [words.astype("int32"), mask]
        parity.copy_weights(masked_tf(), Masked(MASKS[name]), example=example)
    turned = Masked(lambda x, mask: x * (mask == 0))
    assert attempt(lambda: turned, masked_tf, True)[2] is not None
