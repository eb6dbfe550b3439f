"""Right pairs of which the models differ in what stands between their layers."""

import keras
import numpy as np
import pytest
import torch
from test_parity_hostile import attempt, both_ways, flat, sequential
from test_parity_models import Twin, functional_tf
from test_parity_said import asked, batch
from torch import nn
from torch.nn import functional as F  # noqa: N812, the name that PyTorch's documents use

from course_utils import parity

L, ops = keras.layers, keras.ops
EPS = {"epsilon": 1e-5}


class Decoder(keras.Model):
    """A decoder that reshapes in its call."""

    def __init__(self):
        super().__init__()
        self.wide, self.up = L.Dense(96), L.UpSampling2D(2)
        self.conv = L.Conv2D(5, 3, padding="same")

    def call(self, x):
        return self.conv(self.up(ops.reshape(self.wide(x), (-1, 4, 4, 6))))


def decoder_torch():
    unflatten = [nn.Unflatten(1, (6, 4, 4)), nn.Upsample(scale_factor=2)]
    return nn.Sequential(nn.Linear(8, 96), *unflatten, nn.Conv2d(6, 5, 3, padding=1))


def decoder_tf(reshape):
    def build(x):
        return L.Conv2D(5, 3, padding="same")(L.UpSampling2D(2)(reshape(L.Dense(96)(x))))

    return lambda: functional_tf([(8,)], build)


def decoder_subclassed():
    model = Decoder()
    model(np.zeros((2, 8), "float32"))
    return model


def gated(m, x):
    return x * torch.sigmoid(m.up(F.relu(m.down(x.mean((2, 3))))))[:, :, None, None]


def gated_torch():
    conv = nn.Conv2d(3, 8, 3)
    return Twin(
        lambda m, x: gated(m, m.conv(x)), conv=conv, down=nn.Linear(8, 2), up=nn.Linear(2, 8)
    )


def gated_tf(pool):
    def build(x):
        x = L.Conv2D(8, 3)(x)
        return x * L.Dense(8, "sigmoid")(L.Dense(2, "relu")(pool(x)))

    return lambda: functional_tf([(6, 6, 3)], build)


def bare_torch():
    return Twin(lambda m, x: m.b(F.layer_norm(m.a(x), (5,))), a=nn.Linear(6, 5), b=nn.Linear(5, 2))


def bare_tf(epsilon=1e-5):
    def build():
        norm = L.LayerNormalization(epsilon=epsilon, center=False, scale=False)
        return sequential((6,), L.Dense(5), norm, L.Dense(2))

    return build


def unit_torch(eps):
    def run(m, x):
        return m.b(F.normalize(m.a(x), dim=-1, eps=eps))

    return lambda: Twin(run, a=nn.Linear(6, 5), b=nn.Linear(5, 2))


def unit_tf():
    return sequential((6,), L.Dense(5), L.UnitNormalization(), L.Dense(2))


def generator_torch():
    return nn.Sequential(nn.ConvTranspose2d(10, 4, 4), nn.ReLU(), nn.ConvTranspose2d(4, 3, 4, 2, 1))


def generator_tf():
    last = L.Conv2DTranspose(3, 4, 2, padding="same")
    first = [L.Reshape((1, 1, 10)), L.Conv2DTranspose(4, 4), L.ReLU()]
    return sequential((10,), *first, last)


class Writing(nn.Module):
    """Writes into its input, and divides by a number of its own."""

    def __init__(self):
        super().__init__()
        self.last, self.warmth = nn.Linear(6, 3), nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        x += 1
        return self.last(x) / self.warmth


class Warmth(L.Layer):
    def build(self, shape):
        self.warmth = self.add_weight(shape=(), initializer="ones")

    def call(self, x):
        return x / self.warmth


def writing_tf():
    return functional_tf([(6,)], lambda x: Warmth()(L.Dense(3)(x + 1)))


def enlarged_torch(m, x):
    return m.b(F.relu(m.a(x)))


def enlarged():
    a, b = nn.ConvTranspose2d(3, 4, 3, 2, 1, output_padding=1), nn.ConvTranspose2d(4, 2, 4, 2, 1)
    return Twin(enlarged_torch, a=a, b=b)


def enlarged_tf(first):
    """Keras's "same" cuts at other sides than PyTorch's padding, so a layer behind it cuts."""

    def build(x):
        x = L.Cropping2D(first)(L.Conv2DTranspose(4, 3, 2, activation="relu")(x))
        return L.Cropping2D(1)(L.Conv2DTranspose(2, 4, 2)(x))

    return lambda: functional_tf([(5, 4, 3)], build)


class Affine(nn.Module):
    def __init__(self):
        super().__init__()
        self.shift, self.scale = nn.Parameter(torch.ones(1, 4)), nn.Parameter(torch.ones(4))

    def forward(self, x):
        return x * self.scale + self.shift


class AffineTf(L.Layer):
    def build(self, shape):
        self.scale = self.add_weight(shape=(4,), name="scale")
        self.shift = self.add_weight(shape=(4,), name="shift")

    def call(self, x):
        return x * self.scale + self.shift


def first_moved(x):
    return np.moveaxis(x, -1, 1).copy()


def as_it_is(x):
    return x


def with_sides(x):
    return x[:, :, None, None].copy()


# PyTorch's model, Keras's, an input of Keras's, and how PyTorch takes it.
RIGHT = {
    "rows of length 1": (unit_torch(1e-12), unit_tf, (6,), as_it_is),
    "a decoder by Reshape": (decoder_torch, decoder_tf(L.Reshape((4, 4, -1))), (8,), as_it_is),
    "a decoder by ops.reshape": (
        decoder_torch,
        decoder_tf(lambda x: ops.reshape(x, (-1, 4, 4, 6))),
        (8,),
        as_it_is,
    ),
    "a decoder in a class": (decoder_torch, decoder_subclassed, (8,), as_it_is),
    "a gate that keeps its sides": (
        gated_torch,
        gated_tf(L.GlobalAveragePooling2D(keepdims=True)),
        (6, 6, 3),
        first_moved,
    ),
    "a gate with sides of 1": (
        gated_torch,
        gated_tf(lambda x: L.Reshape((1, 1, 8))(L.GlobalAveragePooling2D()(x))),
        (6, 6, 3),
        first_moved,
    ),
    "a norm without weights": (bare_torch, bare_tf(), (6,), as_it_is),
    "an input written into": (Writing, writing_tf, (6,), np.copy),
    "a cut behind": (enlarged, enlarged_tf(((1, 0), (1, 0))), (5, 4, 3), first_moved),
    "a generator": (generator_torch, generator_tf, (10,), with_sides),
    "weights by name": (
        lambda: nn.Sequential(nn.Linear(6, 4), Affine()),
        lambda: sequential((6,), L.Dense(4), AffineTf()),
        (6,),
        as_it_is,
    ),
}


@both_ways(RIGHT)
def test_a_right_pair_is_copied(name, to_keras, capsys):
    build_torch, build_tf, shape, lay = RIGHT[name]
    module, model, message = attempt(build_torch, build_tf, to_keras)
    assert message is None
    assert capsys.readouterr().out == ""
    x = batch(*shape)
    (ours,), (theirs,) = flat(asked(module, lay(x))), flat(asked(model, x))
    assert parity.gap(np.moveaxis(ours, 1, -1) if ours.ndim > 2 else ours, theirs) < 1e-5


WRONG = {
    "another upsampling": (
        decoder_torch,
        lambda: functional_tf(
            [(8,)],
            lambda x: L.Conv2D(5, 3, padding="same")(
                L.UpSampling2D(2, interpolation="bilinear")(L.Reshape((4, 4, 6))(L.Dense(96)(x)))
            ),
        ),
    ),
    "a gate from the largest": (gated_torch, gated_tf(L.GlobalMaxPooling2D(keepdims=True))),
    "another epsilon in a norm without weights": (bare_torch, bare_tf(1e-3)),
    "a cut at the other sides": (enlarged, enlarged_tf(((0, 1), (0, 1)))),
    "an epsilon that shows at tiny numbers only": (unit_torch(1e-6), unit_tf),
}


@both_ways(WRONG)
def test_a_wrong_pair_is_refused(name, to_keras):
    assert attempt(*WRONG[name], to_keras)[2] is not None


def steps_torch():
    return Twin(lambda m, x: m.last(m.rnn(x)[0]), rnn=nn.LSTM(8, 5), last=nn.Linear(5, 2))


def steps_tf():
    return sequential((7, 8), L.LSTM(5, return_sequences=True), L.Dense(2))


def encoder_tf(epsilon=1e-5):
    def build(x):
        x = L.LayerNormalization(epsilon=epsilon)(x + L.MultiHeadAttention(2, 4)(x, x))
        both = L.Dense(8)(L.Dense(16, activation="relu")(x))
        return L.LayerNormalization(epsilon=epsilon)(x + both)

    return lambda: functional_tf([(7, 8)], build)


STEPS = {
    "an LSTM": (steps_torch, steps_tf),
    "an encoder": (lambda: nn.TransformerEncoderLayer(8, 2, 16), encoder_tf()),
}


@both_ways(STEPS)
def test_models_that_take_time_first_are_copied_and_it_is_said(name, to_keras, capsys):
    module, model, message = attempt(*STEPS[name], to_keras)
    assert message is None
    line = "Supposed: PyTorch takes Keras's input (7, 8) with its first axis before the batch.\n"
    assert capsys.readouterr().out == line
    x = batch(7, 8)
    ours = asked(module, np.swapaxes(x, 0, 1).copy())
    assert parity.gap(ours.transpose(0, 1), asked(model, x)) < 1e-5


@pytest.mark.parametrize("to_keras", [True, False], ids=["to Keras", "to PyTorch"])
def test_a_forgotten_batch_first_is_refused(to_keras):
    def build():
        layers = {"rnn": nn.LSTM(8, 5), "last": nn.Linear(5, 2)}
        return Twin(lambda m, x: m.last(m.rnn(x)[0][:, -1]), **layers)

    assert attempt(build, lambda: sequential((7, 8), L.LSTM(5), L.Dense(2)), to_keras)[2]
    assert "epsilon" in attempt(STEPS["an encoder"][0], encoder_tf(1e-3), to_keras)[2]
