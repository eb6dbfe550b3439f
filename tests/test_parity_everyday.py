"""Models as learners write them: the right pairs are copied, in the wrong ones one thing is off."""

import collections

import keras
import numpy as np
import torch
from test_parity_hostile import attempt, both_ways, parted, sequential
from test_parity_models import Twin, functional_tf
from torch import nn
from torch.nn import functional as F  # noqa: N812, the name that PyTorch's documents use

from course_utils import parity

L, ops = keras.layers, keras.ops
FIRST, EPS = {"batch_first": True}, {"epsilon": 1e-5}
COUNTS = collections.Counter()


class Places(L.Layer):
    """Words and where they stand, as Keras's guides write it."""

    def __init__(self, length, words, width):
        super().__init__()
        self.words, self.places = L.Embedding(words, width), L.Embedding(length, width)

    def call(self, x):
        return self.words(x) + self.places(ops.arange(x.shape[-1]))


class Rows(L.Layer):
    """The same, with a place for each word of each row."""

    def __init__(self, length, words, width):
        super().__init__()
        self.words, self.places = L.Embedding(words, width), L.Embedding(length, width)

    def call(self, x):
        return self.words(x) + self.places(ops.arange(5) + 0 * ops.cast(x, "int32"))


class Feeding(L.Layer):
    """A layer of layers."""

    def __init__(self, width, features):
        super().__init__()
        self.wide, self.narrow = L.Dense(width, activation="gelu"), L.Dense(features)

    def call(self, x):
        return x + self.narrow(self.wide(x))


class SubclassedBlock(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = L.Conv2D(4, 3, padding="same"), L.BatchNormalization(**EPS)
        self.pool, self.head = L.GlobalAveragePooling2D(), L.Dense(3)

    def call(self, x, training=False):
        return self.head(self.pool(ops.relu(self.norm(self.conv(x), training=training))))


class Lists(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(6, 6) for _ in range(3)])
        self.heads = nn.ModuleDict({"b": nn.Linear(6, 2), "a": nn.Linear(6, 3)})

    def forward(self, x):
        for layer in self.hidden:
            x = x + torch.tanh(layer(x))
        return self.heads["a"](x), self.heads["b"](x)


def lists_tf(x):
    for _ in range(3):
        x = x + L.Dense(6, activation="tanh")(x)
    return [L.Dense(3)(x), L.Dense(2)(x)]


def words_torch(forward):
    return lambda: Twin(
        forward, words=nn.Embedding(9, 4), places=nn.Embedding(5, 4), last=nn.Linear(4, 2)
    )


def words_tf(kind):
    return lambda: functional_tf([(5,)], lambda x: L.Dense(2)(kind(5, 9, 4)(x)))


def residual_tf(x, activation="relu", eps=1e-5):
    skip = L.Conv2D(4, 1, strides=2, use_bias=False)(x)
    x = L.Conv2D(4, 3, strides=2, use_bias=False)(L.ZeroPadding2D(1)(x))
    x = L.Activation(activation)(L.BatchNormalization(epsilon=eps)(x))
    x = L.BatchNormalization(epsilon=eps)(L.Conv2D(4, 3, padding="same", use_bias=False)(x))
    return L.Dense(3)(L.GlobalAveragePooling2D()(L.ReLU()(x + skip)))


def residual():
    return Twin(
        lambda m, x: m.head(
            F.relu(m.n2(m.c2(F.relu(m.n1(m.c1(x))))) + m.skip(x)).flatten(2).mean(2)
        ),
        c1=nn.Conv2d(2, 4, 3, 2, 1, bias=False),
        c2=nn.Conv2d(4, 4, 3, 1, 1, bias=False),
        n1=nn.BatchNorm2d(4),
        n2=nn.BatchNorm2d(4),
        skip=nn.Conv2d(2, 4, 1, 2, bias=False),
        head=nn.Linear(4, 3),
    )


def encoder_tf(x, eps=1e-5, heads=2, activation="relu", causal=False, scale=8):
    y = L.MultiHeadAttention(heads, scale // heads)(x, x, use_causal_mask=causal)
    x = L.LayerNormalization(epsilon=eps)(L.Add()([x, L.Dropout(0.1)(y)]))
    y = L.Dense(8)(L.Dense(16, activation=activation)(x))
    return L.LayerNormalization(epsilon=eps)(L.Add()([x, y]))


def encoder(**options):
    return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, **options)


def before_tf(x, eps=1e-5):
    for _ in range(2):
        y = L.LayerNormalization(epsilon=eps)(x)
        x = x + L.MultiHeadAttention(2, 4)(y, y)
        x = x + L.Dense(8)(L.Dense(16, activation="relu")(L.LayerNormalization(epsilon=eps)(x)))
    return x


def multi_tf(a, b):
    a, b = L.Dense(4, activation="relu")(a), L.Dense(4, activation="relu")(b)
    x = L.Concatenate()([a, b])
    return [L.Dense(1, activation="sigmoid")(x), L.Dense(3)(x)]


def multi(swapped=False, last=torch.sigmoid):
    def run(m, a, b):
        both = [F.relu(m.a(a)), F.relu(m.b(b))]
        x = torch.cat(both[::-1] if swapped else both, 1)
        return last(m.one(x)), m.two(x)

    layers = {"a": nn.Linear(3, 4), "b": nn.Linear(5, 4)}
    return Twin(run, two=nn.Linear(8, 3), one=nn.Linear(8, 1), **layers)


def cnn(*tail, pool=None, **options):
    middle = [nn.ReLU(), pool or nn.MaxPool2d(2), nn.Flatten()]
    return lambda: nn.Sequential(nn.Conv2d(3, 4, 3, **options), *middle, nn.Linear(36, 5), *tail)


def cnn_tf(*tail, pool=None, **options):
    def build():
        middle = [L.ReLU(), pool() if pool else L.MaxPooling2D(), L.Flatten()]
        return sequential((8, 8, 3), L.Conv2D(4, 3, **options), *middle, L.Dense(5), *tail)

    return build


def mlp(activation, *middle):
    return lambda: nn.Sequential(nn.Linear(6, 5), *middle, activation, nn.Linear(5, 2))


def mlp_tf(activation, *middle, **options):
    return lambda: sequential((6,), L.Dense(5, **options), *middle, activation, L.Dense(2))


def wide(*layers, **options):
    return lambda: sequential((6,), *layers, **options)


def read(rnn, **options):
    return lambda: Twin(
        lambda m, x: m.head(m.rnn(m.words(x))[0][:, -1]),
        words=nn.Embedding(9, 4, **options),
        rnn=rnn(4, 3, **FIRST),
        head=nn.Linear(3, 2),
    )


def read_tf(rnn, **options):
    return lambda: sequential((5,), L.Embedding(9, 4, **options), rnn(3), L.Dense(2), dtype="int32")


def same_tf():
    tower = sequential((6,), L.Dense(4, activation="relu"), L.Dense(3))
    return functional_tf([(6,), (6,)], lambda a, b: L.Dot(1)([tower(a), tower(b)]))


def same(m, a, b):
    return (m.tower(a) * m.tower(b)).sum(1, keepdim=True)


def upsampled(mode, **options):
    return lambda: nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.Upsample(scale_factor=2, mode=mode), nn.Conv2d(4, 1, 3)
    )


def upsampled_tf(mode):
    return lambda: sequential(
        (6, 6, 3),
        L.Conv2D(4, 3, padding="same"),
        L.UpSampling2D(interpolation=mode),
        L.Conv2D(1, 3),
    )


def functional_torch(m, x):
    x = F.max_pool2d(F.relu(m.c1(x)), 2)
    return F.log_softmax(m.f1(F.dropout(torch.flatten(x, 1), 0.5, m.training)), dim=1)


def functional_twin():
    return Twin(functional_torch, f1=nn.Linear(36, 5), c1=nn.Conv2d(3, 4, 3))


def separable(*middle):
    return lambda: nn.Sequential(
        nn.Conv2d(3, 3, 3, padding=1, groups=3), *middle, nn.Conv2d(3, 6, 1), nn.ReLU6()
    )


def separable_tf(*middle):
    return lambda: sequential(
        (6, 6, 3), L.DepthwiseConv2D(3, padding="same"), *middle, L.Conv2D(6, 1), L.ReLU(6.0)
    )


def sigmoid_tf(x):
    return ops.sigmoid(L.Dense(1)(x))


RIGHT = {
    "residual block": (residual, lambda: functional_tf([(6, 6, 2)], residual_tf)),
    "a CNN": (cnn(), cnn_tf()),
    "a CNN in functional code": (functional_twin, cnn_tf(L.Activation("log_softmax"))),
    "average pooling": (cnn(pool=nn.AvgPool2d(2)), cnn_tf(pool=lambda: L.AveragePooling2D(2))),
    "siamese": (
        lambda: Twin(same, tower=nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3))),
        same_tf,
    ),
    "inputs and outputs": (multi, lambda: functional_tf([(3,), (5,)], multi_tf)),
    "words and a GRU": (read(nn.GRU), read_tf(L.GRU)),
    "words and an LSTM": (read(nn.LSTM), read_tf(L.LSTM)),
    "both directions, twice": (
        lambda: Twin(
            lambda m, x: m.head(m.rnn(x)[0].mean(1)),
            rnn=nn.LSTM(4, 3, 2, bidirectional=True, **FIRST),
            head=nn.Linear(6, 2),
        ),
        lambda: sequential(
            (5, 4),
            *(L.Bidirectional(L.LSTM(3, return_sequences=True)) for _ in range(2)),
            L.GlobalAveragePooling1D(),
            L.Dense(2),
        ),
    ),
    "encoder block": (encoder, lambda: functional_tf([(5, 8)], encoder_tf)),
    "encoder, norm first": (
        lambda: nn.TransformerEncoder(encoder(norm_first=True), 2, enable_nested_tensor=False),
        lambda: functional_tf([(5, 8)], before_tf),
    ),
    "depthwise separable": (separable(), separable_tf()),
    "upsampled": (upsampled("nearest"), upsampled_tf("nearest")),
    "lists and dicts of layers": (Lists, lambda: functional_tf([(6,)], lists_tf)),
    "places once": (
        words_torch(lambda m, x: m.last(m.words(x) + m.places(torch.arange(5)))),
        words_tf(Places),
    ),
    "places as a row": (
        words_torch(lambda m, x: m.last(m.words(x) + m.places(torch.arange(5)[None]))),
        words_tf(Places),
    ),
    "places once, and for each row": (
        words_torch(lambda m, x: m.last(m.words(x) + m.places(torch.arange(5)))),
        words_tf(Rows),
    ),
    "places for each row, and once": (
        words_torch(lambda m, x: m.last(m.words(x) + m.places(torch.arange(5).expand(len(x), 5)))),
        words_tf(Places),
    ),
    "a layer of layers": (
        lambda: Twin(
            lambda m, x: x + m.narrow(F.gelu(m.wide(x))),
            wide=nn.Linear(6, 8),
            narrow=nn.Linear(8, 6),
        ),
        lambda: functional_tf([(6,)], lambda x: Feeding(8, 6)(x)),
    ),
    "a Lambda": (mlp(nn.ReLU()), mlp_tf(L.Lambda(lambda x: ops.maximum(x, 0)))),
    "Sequential in Sequential": (
        lambda: nn.Sequential(nn.Sequential(nn.Linear(6, 4), nn.Tanh()), nn.Linear(4, 2)),
        lambda: sequential((6,), keras.Sequential([L.Dense(4, activation="tanh")]), L.Dense(2)),
    ),
    "TimeDistributed": (
        lambda: nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2)),
        lambda: sequential(
            (5, 6), L.TimeDistributed(L.Dense(4, activation="relu")), L.TimeDistributed(L.Dense(2))
        ),
    ),
    "float64 and float32": (lambda: mlp(nn.ReLU())().double(), mlp_tf(L.ReLU())),
    "a layer shared": (
        lambda: Twin(
            lambda m, x: m.last(m.one(m.one(x).relu())), one=nn.Linear(6, 6), last=nn.Linear(6, 1)
        ),
        lambda: _shared_tf(),
    ),
    "batch norm": (
        mlp(nn.ReLU(), nn.BatchNorm1d(5)),
        mlp_tf(L.ReLU(), L.BatchNormalization(**EPS)),
    ),
    "dropout and noise": (mlp(nn.Dropout(0.3)), mlp_tf(L.GaussianNoise(0.2))),
    "one probability": (
        lambda: nn.Sequential(nn.Linear(6, 1), nn.Sigmoid()),
        lambda: functional_tf([(6,)], sigmoid_tf),
    ),
    "an autoencoder": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.ConvTranspose2d(4, 1, 2, 2),
            nn.Sigmoid(),
        ),
        lambda: sequential(
            (8, 8, 1),
            L.Conv2D(4, 3, padding="same", activation="relu"),
            L.MaxPooling2D(),
            L.Conv2DTranspose(1, 2, strides=2, activation="sigmoid"),
        ),
    ),
    "Conv1d over words": (
        lambda: Twin(
            lambda m, x: m.head(F.relu(m.conv(m.words(x).transpose(1, 2))).amax(2)),
            words=nn.Embedding(9, 4),
            conv=nn.Conv1d(4, 6, 3),
            head=nn.Linear(6, 2),
        ),
        lambda: sequential(
            (5,),
            L.Embedding(9, 4),
            L.Conv1D(6, 3, activation="relu"),
            L.GlobalMaxPooling1D(),
            L.Dense(2),
            dtype="int32",
        ),
    ),
    "group norm": (
        lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.SiLU()),
        lambda: sequential(
            (6, 6, 3), L.Conv2D(4, 3), L.GroupNormalization(2, **EPS), L.Activation("silu")
        ),
    ),
    "a generator": (
        lambda: nn.Sequential(
            nn.Linear(4, 36), nn.ReLU(), nn.Unflatten(1, (4, 3, 3)), nn.ConvTranspose2d(4, 1, 2, 2)
        ),
        lambda: sequential(
            (4,),
            L.Dense(36, activation="relu"),
            L.Reshape((3, 3, 4)),
            L.Conv2DTranspose(1, 2, strides=2),
        ),
    ),
    "a decoder that enlarges before it convolves": (
        lambda: nn.Sequential(
            nn.Linear(4, 36),
            nn.ReLU(),
            nn.Unflatten(1, (4, 3, 3)),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(4, 2, 3, padding=1),
        ),
        lambda: sequential(
            (4,),
            L.Dense(36, activation="relu"),
            L.Reshape((3, 3, 4)),
            L.UpSampling2D(2),
            L.Conv2D(2, 3, padding="same"),
        ),
    ),
}


def _shared_tf():
    one = L.Dense(6)
    return functional_tf([(6,)], lambda x: L.Dense(1)(one(ops.relu(one(x)))))


def twice(layer, other):
    return lambda: nn.Sequential(nn.Linear(6, 3), layer, other)


WRONG = {
    "epsilon": (residual, lambda: functional_tf([(6, 6, 2)], lambda x: residual_tf(x, eps=1e-3))),
    "epsilon of layer norm": (
        encoder,
        lambda: functional_tf([(5, 8)], lambda x: encoder_tf(x, eps=1e-3)),
    ),
    "another activation": (
        residual,
        lambda: functional_tf([(6, 6, 2)], lambda x: residual_tf(x, "elu")),
    ),
    "padding": (
        lambda: nn.Conv2d(3, 4, 3, 2, 1),
        lambda: sequential((8, 8, 3), L.Conv2D(4, 3, 2, "same")),
    ),
    "no padding": (cnn(), cnn_tf(padding="same")),
    "GELU": (mlp(nn.GELU("tanh")), mlp_tf(L.Activation("gelu"))),
    "slopes": (mlp(nn.LeakyReLU()), mlp_tf(L.LeakyReLU())),
    "ReLU and ReLU6": (mlp(nn.ReLU()), mlp_tf(L.ReLU(6.0))),
    "ELU and SELU": (mlp(nn.ELU()), mlp_tf(L.Activation("selu"))),
    "hard sigmoid": (mlp(nn.Sigmoid()), mlp_tf(L.Activation("hard_sigmoid"))),
    "the heads changed": (
        lambda: Twin(lambda m, x: (m.b(x), m.a(x)), a=nn.Linear(6, 2), b=nn.Linear(6, 3)),
        lambda: functional_tf([(6,)], lambda x: [L.Dense(2)(x), L.Dense(3)(x)]),
    ),
    "dropout that stays": (
        lambda: Twin(
            lambda m, x: m.b(F.dropout(m.a(x), 0.5)), a=nn.Linear(6, 5), b=nn.Linear(5, 2)
        ),
        mlp_tf(L.Dropout(0.5)),
    ),
    "softmax twice": (twice(nn.Softmax(1), nn.Softmax(1)), wide(L.Dense(3, activation="softmax"))),
    "softmax over another axis": (
        lambda: nn.Sequential(nn.Linear(4, 4), nn.Softmax(1)),
        lambda: sequential((4, 4), L.Dense(4, activation="softmax")),
    ),
    "no bias": (lambda: nn.Linear(6, 3), wide(L.Dense(3, use_bias=False))),
    "a kernel turned": (lambda: nn.Linear(6, 6), lambda: _turned_tf()),
    "gates": (read(nn.GRU), read_tf(lambda n: L.GRU(n, reset_after=False))),
    "a recurrent activation": (
        read(nn.LSTM),
        read_tf(lambda n: L.LSTM(n, recurrent_activation="hard_sigmoid")),
    ),
    "backwards": (read(nn.GRU), read_tf(lambda n: L.GRU(n, go_backwards=True))),
    "a mask of words": (read(nn.LSTM, padding_idx=0), read_tf(L.LSTM, mask_zero=True)),
    "the first step for the last": (
        lambda: Twin(lambda m, x: m.rnn(x)[0][:, 0], rnn=nn.GRU(4, 3, **FIRST)),
        lambda: sequential((5, 4), L.GRU(3)),
    ),
    "ceil_mode": (
        cnn(pool=nn.MaxPool2d(2, ceil_mode=True), padding=2, stride=2),
        lambda: sequential(
            (8, 8, 3),
            L.ZeroPadding2D(2),
            L.Conv2D(4, 3, 2),
            L.ReLU(),
            L.MaxPooling2D(),
            L.Flatten(),
            L.Dense(5),
        ),
    ),
    "zeros in an average": (
        cnn(pool=nn.AvgPool2d(3, 2, 1)),
        cnn_tf(pool=lambda: L.AveragePooling2D(3, 2, "same")),
    ),
    "another pooling": (cnn(), cnn_tf(pool=lambda: L.AveragePooling2D(2))),
    "interpolation": (upsampled("nearest"), upsampled_tf("bilinear")),
    "cubic interpolation": (upsampled("bicubic"), upsampled_tf("bicubic")),
    "a causal mask": (
        encoder,
        lambda: functional_tf([(5, 8)], lambda x: encoder_tf(x, causal=True)),
    ),
    "the width of a head": (
        encoder,
        lambda: functional_tf([(5, 8)], lambda x: encoder_tf(x, scale=4)),
    ),
    "the count of heads": (
        encoder,
        lambda: functional_tf([(5, 8)], lambda x: encoder_tf(x, heads=4)),
    ),
    "norm first in one": (
        lambda: encoder(norm_first=True),
        lambda: functional_tf([(5, 8)], encoder_tf),
    ),
    "ties undone": (
        lambda: nn.Sequential(*[nn.Linear(6, 6)] * 2),
        wide(L.Dense(6), L.Dense(6)),
    ),
    "a last sigmoid": (
        lambda: multi(last=lambda x: x),
        lambda: functional_tf([(3,), (5,)], multi_tf),
    ),
    "a scale in one": (mlp(nn.ReLU()), mlp_tf(L.ReLU(), L.Rescaling(0.5))),
}


def _turned_tf():
    class Turned(L.Dense):
        def call(self, x):
            return x @ ops.transpose(self.kernel) + self.bias

    return sequential((6,), Turned(6))


@both_ways(RIGHT)
def test_a_right_pair_is_copied(name, to_keras):
    module, model, message = attempt(*RIGHT[name], to_keras)
    COUNTS["right, refused" if message else "right, copied"] += 1
    assert message is None
    assert parted(module, model) < 1e-4


@both_ways(WRONG)
def test_a_wrong_pair_is_refused(name, to_keras):
    *_, message = attempt(*WRONG[name], to_keras)
    if name == "ties undone" and to_keras:
        assert message is None  # said, and right
        return
    COUNTS["wrong, refused" if message else "wrong, copied"] += 1
    print(f"{name}: {message}")
    assert message is not None
    assert name != "ties undone" or "shares its weights" in message


def test_what_fits_in_two_layouts_is_said(capsys):
    """Behind a Flatten, pictures with the channels first or last would need other weights."""
    for shape in ((6, 5, 2), (3, 3, 3)):
        size = int(np.prod(shape))
        module = nn.Sequential(nn.Flatten(), nn.Linear(size, 2))
        model = sequential(shape, L.Flatten(), L.Dense(2))
        parity.copy_weights(module, model)
        said = capsys.readouterr().out
        moved = (shape[-1], *shape[:-1])
        assert f"Supposed: PyTorch takes Keras's input {shape} as {moved}, axes [3, 1, 2]" in said
        assert said.count("\n") == 1
        data = np.random.default_rng(0).normal(size=(4, *shape)).astype("float32")
        ours = module(torch.from_numpy(np.moveaxis(data, -1, 1).copy()))
        assert parity.gap(ours.detach(), model(data)) < 1e-5
    parity.copy_weights(module, model, example=torch.zeros(2, 3, 3, 3))
    assert "Supposed: Keras takes PyTorch's input (3, 3, 3)" in capsys.readouterr().out


def test_what_fits_in_one_layout_is_not_said(capsys):
    """A convolution tells its channels, also on a picture of which all sides are equal."""
    module = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.Flatten(), nn.Linear(27, 2))
    model = sequential((3, 3, 3), L.Conv2D(3, 3, padding="same"), L.Flatten(), L.Dense(2))
    parity.copy_weights(module, model)
    parity.copy_weights(nn.Linear(4, 2), sequential((4,), L.Dense(2)))
    assert capsys.readouterr().out == ""
