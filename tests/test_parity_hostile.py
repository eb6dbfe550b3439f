"""Pairs that people bring: each is right on a batch of our own, or refused with one line."""

import collections
import itertools

import keras
import numpy as np
import pytest
import torch
from test_parity_models import Twin, functional_tf
from torch import nn
from torch.nn import functional as F  # noqa: N812, the name that PyTorch's documents use
from torch.nn.utils import prune

from course_utils import CourseError, parity

L = keras.layers
RIGHT = "right"


def both_ways(names):
    """Try each pair one way in turn, and the other way where heavy tests run."""
    cases = []
    for n, name in enumerate(names):
        for to_keras, way in ((True, "to Keras"), (False, "to PyTorch")):
            marks = pytest.mark.heavy if to_keras == n % 2 else ()
            cases.append(pytest.param(name, to_keras, id=f"{name}-{way}", marks=marks))
    return pytest.mark.parametrize(("name", "to_keras"), cases)


def sequential(shape, *layers, **options):
    return keras.Sequential([keras.Input(shape, **options), *layers])


def dense(*layers):
    return lambda: sequential((4,), *layers)


class OwnLinear(nn.Module):
    """What many write as their first layer: the weight as (in, out)."""

    def __init__(self, features, width):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features, width))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        return x @ self.weight + self.bias


class Scaled(nn.Linear):
    """A Linear that does something else under the same name."""

    def forward(self, x):
        return 2 * super().forward(x)


class Adapted(nn.Linear):
    """A Linear with a low-rank addition."""

    def __init__(self, features, width):
        super().__init__(features, width)
        self.down = nn.Parameter(torch.randn(1, features))
        self.up = nn.Parameter(torch.randn(width, 1))

    def forward(self, x):
        return super().forward(x) + x @ (self.up @ self.down).T


class Counting(nn.Module):
    """Calls its layer as often as the batch says."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        for _ in range(1 + int(x.abs().max() > 50)):
            x = torch.tanh(self.layer(x))
        return x


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.last, self.hidden = L.Dense(2), L.Dense(5, activation="relu")

    def call(self, x):
        return self.last(self.hidden(x))


class OwnDense(L.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 3))

    def call(self, x):
        return x @ self.kernel


def block_tf(x):
    y = L.MultiHeadAttention(2, 4)(x, x)
    x = L.LayerNormalization(epsilon=1e-5)(x + y)
    y = L.Dense(8)(L.Dense(16, activation="relu")(x))
    return L.LayerNormalization(epsilon=1e-5)(x + y)


def by_hand(m, x):
    query, key, value = (one(x) for one in (m.query, m.key, m.value))
    return (query @ key.transpose(1, 2) / 8**0.5).softmax(-1) @ value


def by_hand_tf(scale):
    def build(x):
        query, key, value = L.Dense(8), L.Dense(8), L.Dense(8)
        query, key, value = query(x), key(x), value(x)
        weights = keras.ops.softmax(query @ keras.ops.transpose(key, (0, 2, 1)) / scale)
        return weights @ value

    return functional_tf([(5, 8)], build)


def u_net_tf(x):
    down = L.Conv2D(4, 3, padding="same", activation="relu")(x)
    deep = L.Conv2D(6, 3, padding="same", activation="relu")(L.MaxPooling2D()(down))
    up = L.Conv2DTranspose(4, 2, strides=2)(deep)
    return L.Conv2D(1, 1)(L.Concatenate()([up, down]))


def u_net(m, x):
    down = F.relu(m.down(x))
    up = m.up(F.relu(m.deep(F.max_pool2d(down, 2))))
    return m.last(torch.cat([up, down], 1))


def squeezed_tf(x):
    x = L.Conv2D(4, 3, padding="same")(x)
    gate = L.Dense(2, activation="relu")(L.GlobalAveragePooling2D()(x))
    gate = L.Reshape((1, 1, 4))(L.Dense(4, activation="sigmoid")(gate))
    return L.Dense(3)(L.GlobalMaxPooling2D()(x * gate))


def squeezed(m, x):
    x = m.conv(x)
    gate = torch.sigmoid(m.up(F.relu(m.down(x.mean((2, 3))))))
    return m.last((x * gate[:, :, None, None]).amax((2, 3)))


def heads_tf(x):
    return [L.Dense(2)(x), L.Dense(4)(x)]


def variational_tf(x):
    hidden = L.Dense(6, activation="relu")(x)
    return {"spread": L.Dense(2)(hidden), "mean": L.Dense(2)(hidden)}


def variational(m, x):
    hidden = F.relu(m.hidden(x))
    return {"mean": m.mean(hidden), "spread": m.spread(hidden)}


def siamese_tf():
    same = sequential((4,), L.Dense(5, activation="tanh"), L.Dense(3))
    return functional_tf([(4,), (4,)], lambda a, b: L.Dense(1)(keras.ops.abs(same(a) - same(b))))


def translation_tf():
    def build(source, target):
        _, *state = L.LSTM(5, return_state=True)(L.Embedding(7, 3)(source))
        read = L.LSTM(5, return_sequences=True)(L.Embedding(6, 3)(target), initial_state=state)
        return L.Dense(6)(read)

    inputs = [keras.Input((4,), dtype="int32"), keras.Input((3,), dtype="int32")]
    return keras.Model(inputs, build(*inputs))


def translation(m, source, target):
    _, state = m.encoder(m.words(source))
    return m.answer(m.decoder(m.others(target), state)[0])


def experts(m, x):
    share = m.gate(x).softmax(-1)
    return sum(share[:, n : n + 1] * expert(x) for n, expert in enumerate(m.experts))


def experts_torch(count):
    each = nn.ModuleList([nn.Linear(4, 3) for _ in range(count)])
    return Twin(experts, gate=nn.Linear(4, count), experts=each)


def experts_tf(count):
    def build(x):
        share = L.Dense(count, activation="softmax")(x)
        return L.Add()([L.Dense(3)(x) * share[:, n : n + 1] for n in range(count)])

    return functional_tf([(4,)], build)


def packed(m, x):
    lengths = (x != 0).sum(1).clamp(min=1)
    options = {"batch_first": True, "enforce_sorted": False}
    words = nn.utils.rnn.pack_padded_sequence(m.words(x), lengths, **options)
    return m.last(m.rnn(words)[1][-1])


def dicts_tf():
    inputs = {"age": keras.Input((1,), name="age"), "text": keras.Input((4,), name="text")}
    joined = L.Concatenate()([L.Dense(3)(inputs["text"]), L.Dense(2)(inputs["age"])])
    return keras.Model(inputs, L.Dense(1)(joined))


def position(shape):
    return torch.linspace(0, 1, int(np.prod(shape))).reshape(shape)


def frozen_tf():
    model = sequential((4,), L.Dense(4), L.BatchNormalization(epsilon=1e-5), L.Dense(2))
    model.trainable = False
    return model


def normalised_tf():
    scale = L.Normalization(mean=[1.0, 2, 3, 4], variance=[1.0, 4, 9, 16])
    return sequential((4,), scale, L.Dense(3))


def adapted_tf():
    model = sequential((4,), L.Dense(3))
    model.layers[0].enable_lora(2)
    return model


def pruned():
    linear = nn.Linear(4, 3)
    return prune.l1_unstructured(linear, "weight", 0.5)


def picture(*layers):
    return lambda: sequential((6, 5, 2), *layers)


IMPORTED = nn.utils.parametrizations
FIRST = {"batch_first": True}
PAIRS = {
    "two heads behind one Flatten": (
        lambda: Twin(
            lambda m, x: (m.a(m.conv(x).flatten(1)), m.b(m.conv(x).flatten(1))),
            conv=nn.Conv2d(2, 3, 3),
            b=nn.Linear(36, 4),
            a=nn.Linear(36, 2),
        ),
        lambda: functional_tf(
            [(6, 5, 2)],
            lambda x: heads_tf(L.Flatten()(L.Conv2D(3, 3)(x))),
        ),
        RIGHT,
    ),
    "batch norm between Flatten and Dense": (
        lambda: nn.Sequential(
            nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.BatchNorm1d(36), nn.Linear(36, 2)
        ),
        picture(
            L.Conv2D(3, 3, activation="relu"),
            L.Flatten(),
            L.BatchNormalization(epsilon=1e-5),
            L.Dense(2),
        ),
        RIGHT,
    ),
    "channels first in Keras": (
        lambda: nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 2)),
        lambda: sequential(
            (2, 6, 5),
            L.MaxPooling2D(data_format="channels_first"),
            L.Flatten(),
            L.Dense(2),
        ),
        "right or refused",
    ),
    "Reshape((-1,)) and torch.flatten": (
        lambda: Twin(
            lambda m, x: m.last(torch.flatten(F.relu(m.conv(x)), 1)),
            conv=nn.Conv2d(2, 3, 3),
            last=nn.Linear(36, 2),
        ),
        picture(L.Conv2D(3, 3, activation="relu"), L.Reshape((-1,)), L.Dense(2)),
        RIGHT,
    ),
    "PyTorch permutes before it flattens": (
        lambda: Twin(
            lambda m, x: m.last(m.conv(x).permute(0, 2, 3, 1).flatten(1)),
            conv=nn.Conv2d(2, 3, 3),
            last=nn.Linear(36, 2),
        ),
        picture(L.Conv2D(3, 3), L.Flatten(), L.Dense(2)),
        RIGHT,
    ),
    "Keras permutes before it flattens": (
        lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(36, 2)),
        picture(L.Conv2D(3, 3), L.Permute((3, 1, 2)), L.Flatten(), L.Dense(2)),
        RIGHT,
    ),
    "flattened at the very end": (
        lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten()),
        picture(L.Conv2D(3, 3), L.Flatten()),
        "the same numbers arrive in another order",
    ),
    "a U-Net": (
        lambda: Twin(
            u_net,
            last=nn.Conv2d(8, 1, 1),
            up=nn.ConvTranspose2d(6, 4, 2, 2),
            deep=nn.Conv2d(4, 6, 3, padding=1),
            down=nn.Conv2d(2, 4, 3, padding=1),
        ),
        lambda: functional_tf([(6, 4, 2)], u_net_tf),
        RIGHT,
    ),
    "squeeze and excitation": (
        lambda: Twin(
            squeezed,
            up=nn.Linear(2, 4),
            down=nn.Linear(4, 2),
            conv=nn.Conv2d(2, 4, 3, padding=1),
            last=nn.Linear(4, 3),
        ),
        lambda: functional_tf([(6, 5, 2)], squeezed_tf),
        RIGHT,
    ),
    "weight_norm": (
        lambda: nn.Sequential(IMPORTED.weight_norm(nn.Linear(4, 3))),
        dense(L.Dense(3)),
        {"to Keras": RIGHT, "to PyTorch": "computed anew in each call"},
    ),
    "spectral_norm": (
        lambda: nn.Sequential(IMPORTED.spectral_norm(nn.Linear(4, 3))),
        dense(L.Dense(3)),
        {"to Keras": RIGHT, "to PyTorch": "computed anew in each call"},
    ),
    "the older spectral_norm": (
        lambda: nn.Sequential(nn.utils.spectral_norm(nn.Linear(4, 3))),
        dense(L.Dense(3)),
        {"to Keras": RIGHT, "to PyTorch": "computed anew in each call"},
    ),
    "prune": (
        lambda: nn.Sequential(pruned()),
        dense(L.Dense(3)),
        {"to Keras": RIGHT, "to PyTorch": "computed anew in each call"},
    ),
    "a class Linear of one's own": (
        lambda: nn.Sequential(OwnLinear(4, 3)),
        dense(L.Dense(3)),
        "'0' (OwnLinear): its kind is not known, and it holds weight, bias",
    ),
    "a Linear that is none": (lambda: Scaled(4, 3), dense(L.Dense(3)), "at PyTorch layer 'Scaled'"),
    "a Linear with an adapter": (
        lambda: Adapted(4, 3),
        dense(L.Dense(3)),
        "at PyTorch layer 'Adapted'",
    ),
    "a Dense with an adapter": (lambda: nn.Linear(4, 3), adapted_tf, "cannot map"),
    "a layer of one's own in Keras": (
        lambda: nn.Linear(4, 3, bias=False),
        dense(OwnDense()),
        "its kind is not known, and it holds",
    ),
    "bfloat16": (lambda: nn.Linear(4, 3).bfloat16(), dense(L.Dense(3)), "in bfloat16"),
    "float16 in Keras": (lambda: nn.Linear(4, 3), dense(L.Dense(3, dtype="float16")), "in float16"),
    "mixed precision": (
        lambda: nn.Linear(4, 3),
        dense(L.Dense(3, dtype="mixed_bfloat16")),
        "in bfloat16",
    ),
    "float64 to float32": (lambda: nn.Linear(4, 3).double(), dense(L.Dense(3)), RIGHT),
    "complex numbers": (
        lambda: nn.Linear(4, 3, dtype=torch.complex64),
        dense(L.Dense(3)),
        "in complex64",
    ),
    "the device meta": (
        lambda: nn.Linear(4, 3, device="meta"),
        dense(L.Dense(3)),
        "on the device meta it has no values",
    ),
    "a lazy layer": (lambda: nn.LazyLinear(3), dense(L.Dense(3)), "it has no weights yet"),
    "an unbuilt model": (
        lambda: nn.Linear(4, 3),
        lambda: keras.Sequential([L.Dense(3)]),
        "it has no weights yet",
    ),
    "a subclassed model, never called": (
        lambda: nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2)),
        Subclassed,
        "example=",
    ),
    "two models of one framework": (lambda: nn.Linear(4, 3), lambda: nn.Linear(4, 3), "both are"),
    "a state_dict": (lambda: nn.Linear(4, 3).state_dict(), dense(L.Dense(3)), "state_dict"),
    "a path": (lambda: "model.pt", dense(L.Dense(3)), "not str"),
    "a script": (
        lambda: torch.jit.script(nn.Sequential(nn.Linear(4, 3))),
        dense(L.Dense(3)),
        "its kind is not known",
    ),
    "compiled": (lambda: torch.compile(nn.Linear(4, 3)), dense(L.Dense(3)), RIGHT),
    "compiled inside": (
        lambda: nn.Sequential(torch.compile(nn.Linear(4, 3), backend="eager"), nn.Linear(3, 2)),
        dense(L.Dense(3), L.Dense(2)),
        "right or refused",
    ),
    "GRU of two directions and a head": (
        lambda: Twin(
            lambda m, x: m.head(torch.cat(tuple(m.gru(x)[1]), 1)),
            head=nn.Linear(6, 2),
            gru=nn.GRU(4, 3, bidirectional=True, **FIRST),
        ),
        lambda: sequential((5, 4), L.Bidirectional(L.GRU(3)), L.Dense(2)),
        RIGHT,
    ),
    "LSTM of two directions, read at the end": (
        lambda: Twin(
            lambda m, x: m.head(m.lstm(x)[0][:, -1]),
            head=nn.Linear(6, 2),
            lstm=nn.LSTM(4, 3, bidirectional=True, **FIRST),
        ),
        lambda: sequential((5, 4), L.Bidirectional(L.LSTM(3)), L.Dense(2)),
        "in front of PyTorch layer 'head'",
    ),
    "two directions, added": (
        lambda: Twin(
            lambda m, x: m.gru(x)[0].unflatten(2, (2, 3)).sum(2),
            gru=nn.GRU(4, 3, bidirectional=True, **FIRST),
        ),
        lambda: sequential(
            (5, 4), L.Bidirectional(L.GRU(3, return_sequences=True), merge_mode="sum")
        ),
        "they stand at the same place but are not twins",
    ),
    "a deep LSTM of two directions": (
        lambda: Twin(
            lambda m, x: m.lstm(x)[0],
            lstm=nn.LSTM(4, 3, 2, bidirectional=True, **FIRST),
        ),
        lambda: sequential(
            (5, 4), *(L.Bidirectional(L.LSTM(3, return_sequences=True)) for _ in range(2))
        ),
        RIGHT,
    ),
    "a recurrent cell with another activation": (
        lambda: Twin(lambda m, x: m.rnn(x)[0], rnn=nn.RNN(4, 3, **FIRST)),
        lambda: sequential((5, 4), L.SimpleRNN(3, activation="relu", return_sequences=True)),
        "at PyTorch layer 'rnn'",
    ),
    "a deep recurrent network with another activation": (
        lambda: Twin(lambda m, x: m.rnn(x)[0], rnn=nn.RNN(4, 3, 2, nonlinearity="relu", **FIRST)),
        lambda: sequential(
            (5, 4),
            L.SimpleRNN(3, activation="relu", return_sequences=True),
            L.SimpleRNN(3, return_sequences=True),
        ),
        "cannot copy: the models part",
    ),
    "an LSTM that keeps its state": (
        lambda: Twin(lambda m, x: m.lstm(x)[0], lstm=nn.LSTM(4, 3, **FIRST)),
        lambda: keras.Sequential(
            [
                keras.Input(batch_shape=(2, 5, 4)),
                L.LSTM(3, return_sequences=True, stateful=True),
            ]
        ),
        "cannot prove the copy: the Keras model answers the same batch otherwise each time",
    ),
    "a mask in Keras only": (
        lambda: Twin(
            lambda m, x: m.lstm(m.embed(x))[0][:, -1],
            embed=nn.Embedding(7, 4, padding_idx=0),
            lstm=nn.LSTM(4, 3, **FIRST),
        ),
        lambda: sequential((5,), L.Embedding(7, 4, mask_zero=True), L.LSTM(3)),
        "cannot copy: the models part",
    ),
    "a mask of numbers in Keras only": (
        lambda: Twin(lambda m, x: m.lstm(x)[0][:, -1], lstm=nn.LSTM(4, 3, **FIRST)),
        lambda: sequential((5, 4), L.Masking(-1.0), L.LSTM(3)),
        "cannot copy: the models part",
    ),
    "a translator": (
        lambda: Twin(
            translation,
            answer=nn.Linear(5, 6),
            others=nn.Embedding(6, 3),
            words=nn.Embedding(7, 3),
            decoder=nn.LSTM(3, 5, **FIRST),
            encoder=nn.LSTM(3, 5, **FIRST),
        ),
        translation_tf,
        RIGHT,
    ),
    "a transformer's block": (
        lambda: nn.TransformerEncoderLayer(8, 2, 16, 0.1, batch_first=True),
        lambda: functional_tf([(5, 8)], block_tf),
        RIGHT,
    ),
    "attention to something else": (
        lambda: Twin(
            lambda m, x, y: m.attention(x, y, y)[0], attention=nn.MultiheadAttention(8, 2, **FIRST)
        ),
        lambda: functional_tf([(5, 8), (3, 8)], lambda x, y: L.MultiHeadAttention(2, 4)(x, y)),
        RIGHT,
    ),
    "a causal mask in Keras only": (
        lambda: Twin(
            lambda m, x: m.attention(x, x, x)[0], attention=nn.MultiheadAttention(8, 2, **FIRST)
        ),
        lambda: functional_tf(
            [(5, 8)], lambda x: L.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)
        ),
        "at PyTorch layer 'attention'",
    ),
    "attention by hand": (
        lambda: Twin(by_hand, value=nn.Linear(8, 8), key=nn.Linear(8, 8), query=nn.Linear(8, 8)),
        lambda: by_hand_tf(8**0.5),
        RIGHT,
    ),
    "attention by hand without its root": (
        lambda: Twin(by_hand, value=nn.Linear(8, 8), key=nn.Linear(8, 8), query=nn.Linear(8, 8)),
        lambda: by_hand_tf(1.0),
        "cannot copy: the models part behind the last layer",
    ),
    "words and where they stand": (
        lambda: Twin(
            lambda m, x: m.last(m.words(x) + m.places(torch.arange(5)).expand(len(x), -1, -1)),
            places=nn.Embedding(5, 4),
            words=nn.Embedding(9, 4),
            last=nn.Linear(4, 2),
        ),
        lambda: functional_tf(
            [(5,)],
            lambda x: L.Dense(2)(
                L.Embedding(9, 4)(x)
                + L.Embedding(5, 4)(keras.ops.arange(5) + 0 * keras.ops.cast(x, "int32"))
            ),
        ),
        RIGHT,
    ),
    "an embedding that keeps its rows short": (
        lambda: nn.Sequential(nn.Embedding(7, 3, max_norm=1.0)),
        lambda: sequential((4,), L.Embedding(7, 3)),
        "right or refused",
    ),
    "another count of words": (
        lambda: nn.Sequential(nn.Embedding(7, 3)),
        lambda: sequential((4,), L.Embedding(8, 3)),
        "in Keras's order the shapes are",
    ),
    "a tower for two": (
        lambda: Twin(
            lambda m, a, b: m.last((m.tower(a) - m.tower(b)).abs()),
            last=nn.Linear(3, 1),
            tower=nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)),
        ),
        siamese_tf,
        RIGHT,
    ),
    "a tower for two, twice built": (
        lambda: Twin(
            lambda m, a, b: m.last((m.one(a) - m.two(b)).abs()),
            last=nn.Linear(3, 1),
            one=nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)),
            two=nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)),
        ),
        siamese_tf,
        {"to Keras": "shares its weights with another layer", "to PyTorch": RIGHT},
    ),
    "answers by name": (
        lambda: Twin(
            variational, hidden=nn.Linear(4, 6), mean=nn.Linear(6, 2), spread=nn.Linear(6, 2)
        ),
        lambda: functional_tf([(4,)], variational_tf),
        RIGHT,
    ),
    "three experts": (lambda: experts_torch(3), lambda: experts_tf(3), RIGHT),
    "six experts": (lambda: experts_torch(6), lambda: experts_tf(6), RIGHT),
    "packed words": (
        lambda: Twin(
            packed,
            words=nn.Embedding(9, 4),
            rnn=nn.GRU(4, 3, batch_first=True),
            last=nn.Linear(3, 2),
        ),
        lambda: sequential((5,), L.Embedding(9, 4, mask_zero=True), L.GRU(3), L.Dense(2)),
        "a packed sequence enters it",
    ),
    "inputs by name": (
        lambda: Twin(
            lambda m, x: m.last(torch.cat([m.text(x["text"]), m.age(x["age"])], 1)),
            last=nn.Linear(5, 1),
            age=nn.Linear(1, 2),
            text=nn.Linear(4, 3),
        ),
        dicts_tf,
        RIGHT,
    ),
    "random numbers in evaluation": (
        lambda: Twin(lambda m, x: m.last(F.dropout(x, 0.5)), last=nn.Linear(4, 3)),
        dense(L.Dense(3)),
        "random numbers in evaluation mode",
    ),
    "random numbers between two layers": (
        lambda: Twin(
            lambda m, x: m.last(F.dropout(m.hidden(x))),
            hidden=nn.Linear(4, 5),
            last=nn.Linear(5, 3),
        ),
        dense(L.Dense(5), L.Dense(3)),
        "random numbers in evaluation mode",
    ),
    "as many calls as the batch says": (
        lambda: Counting(),
        dense(L.Dense(4, activation="tanh")),
        "cannot copy",
    ),
    "frozen in Keras": (
        lambda: nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)),
        frozen_tf,
        RIGHT,
    ),
    "normalised in Keras only": (lambda: nn.Linear(4, 3), normalised_tf, "in front of"),
    "normalised in both": (
        lambda: Twin(
            lambda m, x: m.last((x - torch.arange(1.0, 5)) / torch.arange(1.0, 5)),
            last=nn.Linear(4, 3),
        ),
        normalised_tf,
        RIGHT,
    ),
    "rescaled pictures": (
        lambda: Twin(lambda m, x: m.conv(x / 255), conv=nn.Conv2d(2, 3, 3)),
        picture(L.Rescaling(1 / 255), L.Conv2D(3, 3)),
        RIGHT,
    ),
    "rescaled in one only": (
        lambda: nn.Conv2d(2, 3, 3),
        picture(L.Rescaling(1 / 255), L.Conv2D(3, 3)),
        "in front of PyTorch layer 'Conv2d'",
    ),
    "separable in Keras": (
        lambda: nn.Sequential(nn.Conv2d(2, 2, 3, groups=2), nn.Conv2d(2, 3, 1)),
        picture(L.SeparableConv2D(3, 3)),
        "'separable_conv2d",
    ),
    "one step of time after the other": (
        lambda: nn.Linear(4, 3),
        lambda: sequential((5, 4), L.TimeDistributed(L.Dense(3))),
        "right or refused",
    ),
    "a silent layer before another dilation": (
        lambda: nn.Sequential(
            _silent(nn.Conv1d(2, 2, 1)), nn.ReLU(), nn.Conv1d(2, 3, 3, dilation=2, padding=2)
        ),
        lambda: sequential(
            (7, 2), L.Conv1D(2, 1, activation="relu"), L.Conv1D(3, 3, padding="same")
        ),
        "at PyTorch layer '2'",
    ),
    "a silent layer before another pooling": (
        lambda: nn.Sequential(
            _silent(nn.Conv2d(2, 3, 1)), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 2)
        ),
        picture(L.Conv2D(3, 1, activation="relu"), L.AveragePooling2D(2), L.Flatten(), L.Dense(2)),
        "in front of PyTorch layer '4'",
    ),
    "a silent layer at the end": (
        lambda: nn.Sequential(_silent(nn.Linear(4, 3)), nn.ReLU()),
        dense(L.Dense(3, activation="relu6")),
        "behind '0' stands ReLU in PyTorch and ReLU6 in Keras",
    ),
    "a causal convolution": (
        lambda: Twin(lambda m, x: m.conv(F.pad(x, (2, 0))), conv=nn.Conv1d(4, 3, 3)),
        lambda: sequential((7, 4), L.Conv1D(3, 3, padding="causal")),
        RIGHT,
    ),
    "a causal convolution, cut": (
        lambda: Twin(lambda m, x: m.conv(x)[..., :-2], conv=nn.Conv1d(4, 3, 3, padding=2)),
        lambda: sequential((7, 4), L.Conv1D(3, 3, padding="causal")),
        "cannot copy: the models part at PyTorch layer 'conv'",
    ),
    "padded by hand as Keras does": (
        lambda: Twin(
            lambda m, x: m.last(F.relu(m.conv(F.pad(x, (0, 1, 0, 1)))).flatten(1)),
            conv=nn.Conv2d(2, 3, 3, 2),
            last=nn.Linear(27, 2),
        ),
        lambda: sequential(
            (6, 6, 2),
            L.Conv2D(3, 3, strides=2, padding="same", activation="relu"),
            L.Flatten(),
            L.Dense(2),
        ),
        RIGHT,
    ),
    "upsampled, nearest": (
        lambda: nn.Sequential(nn.Conv2d(2, 3, 1), nn.Upsample(scale_factor=2), nn.Conv2d(3, 1, 3)),
        picture(L.Conv2D(3, 1), L.UpSampling2D(2), L.Conv2D(1, 3)),
        RIGHT,
    ),
    "upsampled, corners aligned": (
        lambda: nn.Sequential(
            nn.Conv2d(2, 3, 1),
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
            nn.Conv2d(3, 1, 3),
        ),
        picture(L.Conv2D(3, 1), L.UpSampling2D(2, interpolation="bilinear"), L.Conv2D(1, 3)),
        "in front of PyTorch layer '2'",
    ),
    "shuffled pixels": (
        lambda: nn.Sequential(nn.Conv2d(2, 8, 1), nn.PixelShuffle(2), nn.Conv2d(2, 1, 3)),
        lambda: functional_tf(
            [(6, 5, 2)],
            lambda x: L.Conv2D(1, 3)(
                keras.ops.reshape(
                    keras.ops.transpose(
                        keras.ops.reshape(L.Conv2D(8, 1)(x), (-1, 6, 5, 2, 2, 2)),
                        (0, 1, 4, 2, 5, 3),
                    ),
                    (-1, 12, 10, 2),
                )
            ),
        ),
        RIGHT,
    ),
    "an average of two equal heads": (
        lambda: Twin(
            lambda m, x: (m.a(x).relu() + m.b(x).relu()) / 2, a=nn.Linear(4, 3), b=nn.Linear(4, 3)
        ),
        lambda: functional_tf(
            [(4,)],
            lambda x: (L.Dense(3, activation="relu")(x) + L.Dense(3, activation="relu")(x)) / 2,
        ),
        RIGHT,
    ),
    "another count of answers": (
        lambda: Twin(lambda m, x: (m.a(x), m.b(x), m.a(x)), a=nn.Linear(4, 3), b=nn.Linear(4, 2)),
        lambda: functional_tf([(4,)], lambda x: [L.Dense(3)(x), L.Dense(2)(x)]),
        "answers with 3 tensors, Keras with 2",
    ),
    "no answer at all": (
        lambda: Twin(lambda m, x: m.a(x) and None, a=nn.Linear(4, 1)),
        dense(L.Dense(1)),
        "cannot",
    ),
    "a model that breaks": (
        lambda: Twin(lambda m, x: m.missing(x), a=nn.Linear(4, 3)),
        dense(L.Dense(3)),
        "cannot run the PyTorch model on a batch",
    ),
    "nothing to copy": (lambda: nn.Sequential(nn.Tanh()), dense(L.Activation("tanh")), RIGHT),
    "nothing to copy, and otherwise": (
        lambda: nn.Sequential(nn.Tanh()),
        dense(L.Activation("relu")),
        "cannot copy: the models part behind the last layer",
    ),
    "made in inference mode": (
        lambda: _inferred(),
        dense(L.Dense(3)),
        {"to Keras": RIGHT, "to PyTorch": "made in inference mode"},
    ),
}


def _silent(layer):
    nn.init.constant_(layer.bias, -1e4)
    return layer


def _inferred():
    with torch.inference_mode():
        return nn.Linear(4, 3)


def randomised(model, both):
    """Random weights and averages; nothing where there is no module or model."""
    generator = np.random.default_rng(3)
    if isinstance(model, nn.Module):
        for norm in model.modules():
            if isinstance(norm, nn.modules.batchnorm._BatchNorm):
                norm.running_mean.uniform_(-1, 1)
                norm.running_var.uniform_(0.5, 2)
    elif isinstance(model, keras.Layer) and both:
        for weight in model.weights:
            if weight.dtype == "float32" and "mean" not in weight.path:
                weight.assign(generator.uniform(0.1, 0.5, weight.shape))
    return model


def flat(answer):
    """The tensors of an answer as arrays, in order of the names."""
    if isinstance(answer, dict):
        return [one for key in sorted(answer) for one in flat(answer[key])]
    if isinstance(answer, list | tuple):
        return [one for each in answer for one in flat(each)]
    return [np.asarray(answer.detach() if isinstance(answer, torch.Tensor) else answer)]


def parted(module, model):
    """How far the answers part on small and large numbers of our own, as a share of the largest."""
    generator = np.random.default_rng(7)
    embedded = [one.input_dim for one in model._flatten_layers() if hasattr(one, "input_dim")]
    names = getattr(model, "input", None)
    first = any(isinstance(one, nn.modules.conv._ConvNd) for one in module.modules())
    worst = 0.0
    for size in (1, 0.1, 40):
        data = []
        for one in model.inputs:
            shape = (2 if one.shape[0] else 7, *one.shape[1:])
            values = size * generator.normal(size=shape).astype("float32")
            values[-1, -1:] = -1  # a masked step
            if embedded:
                values = generator.integers(0, min(embedded), shape)
            data.append(values)
        inputs = [torch.from_numpy(np.moveaxis(v, -1, 1).copy() if first else v) for v in data]
        kind = next((p.dtype for p in module.parameters()), torch.float32)
        inputs = [one.to(kind) if one.is_floating_point() else one for one in inputs]
        if isinstance(names, dict):
            data = dict(zip(names, data, strict=True))
            inputs = [dict(zip(names, inputs, strict=True))]
        with torch.no_grad():
            ours = flat(module.eval()(*inputs))
        theirs = flat(model(data if len(data) > 1 else data[0], training=False))
        for one, other in itertools.zip_longest(ours, theirs):
            one = np.moveaxis(one, 1, -1) if first and one.ndim > 2 else one
            worst = max(worst, parity.gap(one, other) / max(1e-2, np.abs(other).max()))
    return worst


COUNTS = collections.Counter()


@pytest.fixture(scope="module", autouse=True)
def table():
    """What became of the pairs, for those who run with -s."""
    yield
    print("\n", *(f"{count:4} {what}\n" for what, count in COUNTS.most_common()))


@both_ways(PAIRS)
def test_a_pair_is_right_or_refused_with_a_line(name, to_keras):
    build_torch, build_tf, expected = PAIRS[name]
    way = "to Keras" if to_keras else "to PyTorch"
    said = expected[way] if isinstance(expected, dict) else expected
    module, model, message = attempt(build_torch, build_tf, to_keras)
    COUNTS["right" if message is None else f"refused: {message.split(':')[0][:40]}"] += 1
    if message is None:
        assert "right" in said, "this must be refused"
        assert parted(module, model) < 1e-4
    else:
        assert said != RIGHT, message
        assert "right" in said or said in message, message


def attempt(build_torch, build_tf, to_keras, state=lambda module: None):
    """Copy a model to its twin; return both, and the line by which it was refused, or None.

    The source, what `state` says of the module, and the target of a refused copy stay as they are.
    """
    torch.manual_seed(0)
    keras.utils.set_random_seed(0)
    module, model = build_torch(), build_tf()
    randomised(module, True), randomised(model, not to_keras)
    source, target = (module, model) if to_keras else (model, module)
    before, around, message = (saved(source), saved(target)), state(module), None
    try:
        parity.copy_weights(source, target)
    except CourseError as error:
        message = str(error)
    assert state(module) == around
    assert unchanged(source, before[0]), "the source must stay as it is"
    if message is not None:
        assert "\n" not in message
        assert unchanged(target, before[1])
    return module, model, message


def saved(model):
    if isinstance(model, keras.Layer):
        return [weight.numpy() for weight in model.weights]
    if isinstance(model, nn.Module):
        tensors = [*model.parameters(), *model.buffers()]
        known = [t for t in tensors if not (t.is_meta or nn.parameter.is_lazy(t))]
        return [tensor.detach().float().numpy().copy() for tensor in known]
    return []


def unchanged(model, before):
    return all(np.array_equal(a, b) for a, b in zip(saved(model), before, strict=False))
