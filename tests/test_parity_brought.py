"""Pairs from everyday practice of both frameworks, labelled by their answers before the copy."""

import random
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
import torch
from test_parity_hostile import attempt, both_ways, flat, sequential
from test_parity_models import Twin, functional_tf
from torch import nn
from torch.nn import functional as F  # noqa: N812, the name that PyTorch's documents use

from course_utils import parity

L, ops = keras.layers, keras.ops
FIRST, EPS = {"batch_first": True}, {"epsilon": 1e-5}


class Positions(nn.Module):
    """A table of positions as a raw parameter, as vision transformers hold it."""

    def __init__(self, *shape):
        super().__init__()
        self.table = nn.Parameter(torch.randn(1, *shape))

    def forward(self, x):
        return x + self.table


class PositionsTf(L.Layer):
    def build(self, shape):
        self.table = self.add_weight(shape=shape[1:], initializer="random_normal")

    def call(self, x):
        return x + self.table


class Scale(nn.Module):
    """A learned scale a feature."""

    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(torch.rand(width) + 0.5)

    def forward(self, x):
        return x * self.gamma


class ScaleTf(L.Layer):
    def build(self, shape):
        self.gamma = self.add_weight(shape=shape[-1:], initializer="random_uniform")

    def call(self, x):
        return x * self.gamma


class Token(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.token = nn.Parameter(torch.randn(1, 1, width))

    def forward(self, x, last=False):
        both = [self.token.expand(len(x), -1, -1), x]
        return torch.cat(both[::-1] if last else both, 1)


class TokenTf(L.Layer):
    def build(self, shape):
        self.token = self.add_weight(shape=(1, 1, shape[-1]), initializer="random_normal")

    def call(self, x):
        return ops.concatenate([ops.repeat(self.token, ops.shape(x)[0], axis=0), x], axis=1)


class Start(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.state = nn.Parameter(torch.randn(width))

    def forward(self, x):
        return self.state.expand(1, len(x), -1).contiguous()


class StartTf(L.Layer):
    def build(self, shape):
        self.state = self.add_weight(shape=(3,), initializer="random_normal")

    def call(self, x):
        return ops.zeros_like(x[:, 0, :3]) + self.state


class Doubled(L.SeparableConv2D):
    def call(self, x):
        return 2 * super().call(x)


class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = nn.ParameterList([torch.randn(4, 4) for _ in range(2)])

    def forward(self, x):
        return torch.tanh(x @ self.weights[0]) @ self.weights[1]


class TiedTf(keras.Model):
    """The softmax of a language model that reads its own embedding."""

    def __init__(self):
        super().__init__()
        self.words, self.hidden = L.Embedding(9, 4), L.Dense(4, activation="tanh")

    def call(self, x):
        return self.hidden(self.words(x)) @ ops.transpose(self.words.embeddings)


def tied_tf():
    model = TiedTf()
    model(np.zeros((2, 5), "int32"))
    return model


class Answer(NamedTuple):
    logits: torch.Tensor
    hidden: torch.Tensor


def u_net(m, x):
    first = F.relu(m.n1(m.c1(x)))
    second = F.relu(m.c2(F.max_pool2d(first, 2)))
    deep = F.relu(m.c3(F.max_pool2d(second, 2)))
    second = F.relu(m.c4(torch.cat([second, m.up1(deep)], 1)))
    up = F.interpolate(second, scale_factor=2, mode="bilinear", align_corners=False)
    return torch.sigmoid(m.c5(torch.cat([first, up], 1)))


def u_net_torch():
    return Twin(
        u_net,
        c1=nn.Conv2d(2, 4, 3, padding=1, bias=False),
        n1=nn.BatchNorm2d(4),
        c2=nn.Conv2d(4, 5, 3, padding=1),
        c3=nn.Conv2d(5, 6, 3, padding=1),
        up1=nn.ConvTranspose2d(6, 5, 2, 2),
        c4=nn.Conv2d(10, 5, 3, padding=1),
        c5=nn.Conv2d(9, 1, 1),
    )


def u_net_tf(mode="bilinear", swapped=False):
    def build(x):
        same = {"padding": "same", "activation": "relu"}
        x = L.Conv2D(4, 3, padding="same", use_bias=False)(x)
        first = L.ReLU()(L.BatchNormalization(**EPS)(x))
        second = L.Conv2D(5, 3, **same)(L.MaxPooling2D()(first))
        deep = L.Conv2D(6, 3, **same)(L.MaxPooling2D()(second))
        both = [second, L.Conv2DTranspose(5, 2, strides=2)(deep)]
        second = L.Conv2D(5, 3, **same)(L.Concatenate()(both[::-1] if swapped else both))
        up = L.UpSampling2D(interpolation=mode)(second)
        return L.Conv2D(1, 1, activation="sigmoid")(L.Concatenate()([first, up]))

    return lambda: functional_tf([(8, 8, 2)], build)


def inverted(m, x):
    y = F.relu6(m.n1(m.wide(x)))
    y = F.relu6(m.n2(m.deep(y)))
    return x + m.n3(m.narrow(y))


def inverted_torch(**options):
    return lambda: Twin(
        inverted,
        wide=nn.Conv2d(3, 6, 1, bias=False),
        deep=nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False),
        narrow=nn.Conv2d(6, 3, 1, bias=False),
        **{f"n{n}": nn.BatchNorm2d(c, **options) for n, c in ((1, 6), (2, 6), (3, 3))},
    )


def inverted_tf(bound=6.0, **options):
    def build(x):
        norm = lambda x: L.BatchNormalization(**{**EPS, **options})(x)  # noqa: E731
        y = L.ReLU(bound)(norm(L.Conv2D(6, 1, use_bias=False)(x)))
        y = norm(L.DepthwiseConv2D(3, padding="same", use_bias=False)(y))
        return L.Add()([x, norm(L.Conv2D(3, 1, use_bias=False)(L.ReLU(bound)(y)))])

    return lambda: functional_tf([(6, 5, 3)], build)


def token_torch():
    return {"body": nn.Linear(4, 6), "token": Token(6), "head": nn.Linear(6, 2)}


def started_tf(x):
    return L.GRU(3, return_sequences=True)(x, initial_state=StartTf()(x))


def frozen(model):
    model.trainable = False
    return model


def patches(m, x):
    x = m.patch(x).flatten(2).transpose(1, 2)
    x = m.places(x) if hasattr(m, "places") else x
    y = m.norm(x)
    x = x + m.attention(y, y, y, need_weights=False)[0]
    return m.head(x.mean(1))


def patches_torch(**more):
    return lambda: Twin(
        patches,
        patch=nn.Conv2d(3, 8, 2, 2),
        norm=nn.LayerNorm(8, eps=1e-6),
        attention=nn.MultiheadAttention(8, 2, **FIRST),
        head=nn.Linear(8, 3),
        **{name: build() for name, build in more.items()},
    )


def patches_tf(places=None, eps=1e-6):
    def build(x):
        x = L.Reshape((12, 8))(L.Conv2D(8, 2, strides=2)(x))
        x = places()(x) if places else x
        y = L.LayerNormalization(epsilon=eps)(x)
        return L.Dense(3)(L.GlobalAveragePooling1D()(x + L.MultiHeadAttention(2, 4)(y, y)))

    return lambda: functional_tf([(6, 8, 3)], build)


def unfolded(m, x):
    """Patches cut by hand: PyTorch's hold the channels first."""
    return m.patch(F.unfold(x, 2, stride=2).transpose(1, 2)).mean(1)


def unfolded_tf(x):
    x = ops.reshape(x, (-1, 3, 2, 4, 2, 3))
    x = ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, 12, 12))
    return ops.mean(L.Dense(8)(x), axis=1)


def pooled(m, x):
    states = m.rnn(x)[0]
    return m.head((torch.softmax(m.score(states), 1) * states).sum(1))


def pooled_torch(rnn):
    return lambda: Twin(
        pooled,
        rnn=rnn(4, 3, bidirectional=True, **FIRST),
        score=nn.Linear(6, 1),
        head=nn.Linear(6, 2),
    )


def pooled_tf(rnn, axis=1):
    def build(x):
        x = L.Bidirectional(rnn(3, return_sequences=True))(x)
        return L.Dense(2)(ops.sum(ops.softmax(L.Dense(1)(x), axis=axis) * x, axis=1))

    return lambda: functional_tf([(5, 4)], build)


def read(m, x):
    known = (x != 0).unsqueeze(-1)
    return m.head((m.words(x) * known).sum(1) / known.sum(1).clamp(min=1))


def words(run, **more):
    return lambda: Twin(
        run, words=nn.Embedding(9, 4), head=nn.Linear(4, 2), **{n: b() for n, b in more.items()}
    )


def words_tf(*layers, **options):
    return lambda: sequential((5,), L.Embedding(9, 4, **options), *layers, dtype="int32")


def gated(m, x):
    for n in range(2):
        y = F.pad(x, (2 * 2**n, 0))
        x = x + torch.tanh(m.get_submodule(f"f{n}")(y)) * torch.sigmoid(m.get_submodule(f"g{n}")(y))
    return x


def gated_tf(padding="causal"):
    def build(x):
        for n in range(2):
            both = [L.Conv1D(4, 3, padding=padding, dilation_rate=2**n) for _ in range(2)]
            x = x + ops.tanh(both[0](x)) * ops.sigmoid(both[1](x))
        return x

    return lambda: functional_tf([(9, 4)], build)


def strided():
    linear = nn.Linear(6, 4)
    linear.weight = nn.Parameter(torch.randn(6, 4).t(), requires_grad=False)
    return linear


def compiled_tf():
    model = sequential((6,), L.Dense(4, activation="relu"), L.Dense(2))
    model.compile("adam", "mse", jit_compile=True)
    model.fit(np.ones((4, 6)), np.ones((4, 2)), verbose=0)
    return model


def separable_tf(activation="relu", **options):
    return lambda: sequential(
        (7, 6, 3), L.SeparableConv2D(5, 3, activation=activation, **options), L.Conv2D(2, 1)
    )


def separable(*middle, multiplier=1, **options):
    wide = 3 * multiplier
    return lambda: nn.Sequential(
        nn.Conv2d(3, wide, 3, groups=3, bias=False, **options),
        *middle,
        nn.Conv2d(wide, 5, 1),
        nn.ReLU(),
        nn.Conv2d(5, 2, 1),
    )


def first(**options):
    return lambda: nn.Sequential(nn.Conv2d(3, 4, 3, **options), nn.Flatten(), nn.Linear(80, 2))


def first_tf(**options):
    conv = {"data_format": "channels_first", **options}
    return lambda: sequential((3, 7, 6), L.Conv2D(4, 3, **conv), L.Flatten(), L.Dense(2))


def mlp(*middle):
    return lambda: nn.Sequential(nn.Linear(6, 4), *middle, nn.Linear(4, 2))


def mlp_tf(*middle, **options):
    return lambda: sequential((6,), L.Dense(4, **options), *middle, L.Dense(2))


def picture_tf(*layers, shape=(7, 7, 3)):
    return lambda: sequential(shape, *layers)


SAME = {"padding": "same"}
PAIRS = {
    # name: (PyTorch, Keras, is it right?)
    "a U-Net of two levels": (u_net_torch, u_net_tf(), True),
    "a U-Net, interpolated otherwise": (u_net_torch, u_net_tf("nearest"), False),
    "a U-Net, joined the other way": (u_net_torch, u_net_tf(swapped=True), True),
    "an inverted residual": (inverted_torch(), inverted_tf(), True),
    "an inverted residual without its bound": (inverted_torch(), inverted_tf(None), False),
    "another momentum of batch norm": (inverted_torch(momentum=0.3), inverted_tf(), True),
    "another epsilon of batch norm": (inverted_torch(eps=1e-3), inverted_tf(), False),
    "separable": (separable(), separable_tf(), True),
    "separable, two for each channel": (
        separable(multiplier=2),
        separable_tf(depth_multiplier=2),
        True,
    ),
    "separable, at stride 2": (
        separable(stride=2, padding=1),
        separable_tf(strides=2, padding="same"),
        False,
    ),
    "separable, with ReLU in the middle": (separable(nn.ReLU()), separable_tf(), False),
    "a vision transformer": (patches_torch(), patches_tf(), True),
    "a vision transformer's epsilon": (patches_torch(), patches_tf(eps=1e-3), False),
    "raw positions": (
        patches_torch(places=lambda: Positions(12, 8)),
        patches_tf(PositionsTf),
        True,
    ),
    "raw positions, frozen": (
        lambda: patches_torch(places=lambda: Positions(12, 8))().requires_grad_(False),
        lambda: frozen(patches_tf(PositionsTf)()),
        True,
    ),
    "a token before the patches": (
        lambda: Twin(lambda m, x: m.head(torch.tanh(m.token(m.body(x)))), **token_torch()),
        lambda: sequential((5, 4), L.Dense(6), TokenTf(), L.Activation("tanh"), L.Dense(2)),
        True,
    ),
    "a token behind the patches": (
        lambda: Twin(
            lambda m, x: m.head(torch.tanh(m.token(m.body(x), last=True))), **token_torch()
        ),
        lambda: sequential((5, 4), L.Dense(6), TokenTf(), L.Activation("tanh"), L.Dense(2)),
        False,
    ),
    "a first state that is learned": (
        lambda: Twin(
            lambda m, x: m.rnn(x, m.start(x))[0], start=Start(3), rnn=nn.GRU(4, 3, **FIRST)
        ),
        lambda: functional_tf([(5, 4)], started_tf),
        None,
    ),
    "separable over time": (
        lambda: nn.Sequential(
            nn.Conv1d(3, 3, 3, groups=3, bias=False), nn.Conv1d(3, 5, 1), nn.ReLU()
        ),
        lambda: sequential((7, 3), L.SeparableConv1D(5, 3, activation="relu")),
        True,
    ),
    "a separable one that does something else": (
        separable(),
        lambda: sequential((7, 6, 3), Doubled(5, 3, activation="relu"), L.Conv2D(2, 1)),
        False,
    ),
    "raw positions forgotten": (
        patches_torch(places=lambda: Positions(12, 8)),
        patches_tf(),
        False,
    ),
    "raw positions of words": (
        words(lambda m, x: m.head(m.places(m.words(x))), places=lambda: Positions(5, 4)),
        words_tf(PositionsTf(), L.Dense(2)),
        True,
    ),
    "learned scales": (
        lambda: nn.Sequential(nn.Linear(6, 4), Scale(4), nn.Tanh(), nn.Linear(4, 4), Scale(4)),
        lambda: sequential(
            (6,), L.Dense(4), ScaleTf(), L.Activation("tanh"), L.Dense(4), ScaleTf()
        ),
        True,
    ),
    "learned scales at other places": (
        lambda: nn.Sequential(nn.Linear(6, 4), Scale(4), nn.Tanh(), nn.Linear(4, 4)),
        lambda: sequential((6,), L.Dense(4), L.Activation("tanh"), ScaleTf(), L.Dense(4)),
        False,
    ),
    "a list of parameters": (Listed, lambda: sequential((4,), L.Dense(4), L.Dense(4)), False),
    "patches cut by hand": (
        lambda: Twin(unfolded, patch=nn.Linear(12, 8)),
        lambda: functional_tf([(6, 8, 3)], unfolded_tf),
        True,
    ),
    "attention over an LSTM": (pooled_torch(nn.LSTM), pooled_tf(L.LSTM), True),
    "attention over a GRU": (pooled_torch(nn.GRU), pooled_tf(L.GRU), True),
    "attention over the wrong axis": (pooled_torch(nn.GRU), pooled_tf(L.GRU, axis=-1), False),
    "a GRU that resets before": (
        pooled_torch(nn.GRU),
        pooled_tf(lambda n, **o: L.GRU(n, reset_after=False, **o)),
        False,
    ),
    "a masked mean": (
        words(read),
        words_tf(L.GlobalAveragePooling1D(), L.Dense(2), mask_zero=True),
        True,
    ),
    "a mean that masks in Keras only": (
        words(lambda m, x: m.head(m.words(x).mean(1))),
        words_tf(L.GlobalAveragePooling1D(), L.Dense(2), mask_zero=True),
        False,
    ),
    "a tied softmax": (
        lambda: Twin(
            lambda m, x: F.linear(torch.tanh(m.hidden(m.words(x))), m.words.weight),
            words=nn.Embedding(9, 4),
            hidden=nn.Linear(4, 4),
        ),
        tied_tf,
        True,
    ),
    "a WaveNet's block": (
        lambda: Twin(
            gated, **{f"{k}{n}": nn.Conv1d(4, 4, 3, dilation=2**n) for k in "fg" for n in (0, 1)}
        ),
        gated_tf(),
        True,
    ),
    "a WaveNet's block that sees ahead": (
        lambda: Twin(
            gated, **{f"{k}{n}": nn.Conv1d(4, 4, 3, dilation=2**n) for k in "fg" for n in (0, 1)}
        ),
        gated_tf("same"),
        False,
    ),
    "GELU by tanh in both": (
        mlp(nn.GELU("tanh")),
        mlp_tf(L.Lambda(lambda x: ops.gelu(x, approximate=True))),
        True,
    ),
    "GELU by tanh in one": (mlp(nn.GELU("tanh")), mlp_tf(activation="gelu"), False),
    "stride 2 on odd sides": (
        lambda: nn.Conv2d(3, 4, 3, 2, 1),
        picture_tf(L.Conv2D(4, 3, 2, **SAME)),
        True,
    ),
    "stride 2 on even sides": (
        lambda: nn.Conv2d(3, 4, 3, 2, 1),
        picture_tf(L.Conv2D(4, 3, 2, **SAME), shape=(8, 8, 3)),
        False,
    ),
    "padding by name": (
        lambda: nn.Conv2d(3, 4, 4, padding="same"),
        picture_tf(L.Conv2D(4, 4, **SAME)),
        True,
    ),
    "mirrored borders": (
        lambda: nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"),
        picture_tf(L.Conv2D(4, 3, **SAME)),
        False,
    ),
    "a transposed convolution of size 4": (
        lambda: nn.Sequential(nn.ConvTranspose2d(3, 4, 4, 2, 1), nn.Tanh()),
        picture_tf(L.Conv2DTranspose(4, 4, 2, **SAME), L.Activation("tanh")),
        True,
    ),
    "a transposed convolution of size 3": (
        lambda: nn.ConvTranspose2d(3, 4, 3, 2, 1, 1),
        picture_tf(L.Conv2DTranspose(4, 3, 2, **SAME)),
        False,
    ),
    "an average without its border": (
        lambda: nn.Sequential(nn.Conv2d(3, 4, 1), nn.AvgPool2d(3, 2, 1, count_include_pad=False)),
        picture_tf(L.Conv2D(4, 1), L.AveragePooling2D(3, 2, "same")),
        True,
    ),
    "an average of one place": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
        ),
        picture_tf(L.Conv2D(4, 3), L.GlobalAveragePooling2D(), L.Dense(2)),
        True,
    ),
    "pictures that hold the channels last in memory": (
        lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 1)).to(
            memory_format=torch.channels_last
        ),
        picture_tf(L.Conv2D(4, 3, activation="relu"), L.Conv2D(2, 1)),
        True,
    ),
    "channels first in Keras": (first(bias=False), first_tf(use_bias=False), True),
    # On a processor Keras 3.15 adds this bias along the width: no copy can be right.
    "channels first in Keras, with a bias": (first(), first_tf(), None),
    "frozen, with strides": (strided, lambda: sequential((6,), L.Dense(4)), True),
    "compiled and trained in Keras": (mlp(nn.ReLU()), compiled_tf, True),
    "outputs of length 1": (
        lambda: nn.Sequential(nn.Linear(6, 4), L2()),
        lambda: sequential((6,), L.Dense(4), L.UnitNormalization()),
        True,
    ),
    "a named tuple": (
        lambda: Twin(
            lambda m, x: Answer(m.head(torch.relu(m.body(x))), m.body(x)),
            body=nn.Linear(6, 4),
            head=nn.Linear(4, 2),
        ),
        lambda: functional_tf([(6,)], named_tf),
        True,
    ),
    "an LSTM with a projection": (
        lambda: Twin(lambda m, x: m.rnn(x)[0], rnn=nn.LSTM(4, 3, proj_size=2, **FIRST)),
        lambda: sequential((5, 4), L.LSTM(3, return_sequences=True)),
        False,
    ),
    "a bag of words": (
        lambda: nn.Sequential(nn.EmbeddingBag(9, 4), nn.Linear(4, 2)),
        words_tf(L.GlobalAveragePooling1D(), L.Dense(2)),
        None,
    ),
    "a convolution of size 1 for a Dense": (
        lambda: nn.Conv2d(3, 4, 1),
        picture_tf(L.Dense(4)),
        None,
    ),
    "a momentum's batch norm in training mode": (
        lambda: mlp(nn.BatchNorm1d(4), nn.Dropout(0.5))().train(),
        mlp_tf(L.BatchNormalization(**EPS), L.Dropout(0.5)),
        True,
    ),
    "the group norm of both defaults": (
        lambda: nn.Sequential(nn.Conv2d(3, 4, 1), nn.GroupNorm(2, 4)),
        picture_tf(L.Conv2D(4, 1), L.GroupNormalization(2)),
        False,
    ),
    "in float16": (lambda: mlp(nn.ReLU())().half(), mlp_tf(L.ReLU()), False),
}


class L2(nn.Module):
    def forward(self, x):
        return F.normalize(x, dim=-1)


def named_tf(x):
    hidden = L.Dense(4)(x)
    return [L.Dense(2)(ops.relu(hidden)), hidden]


def state(module):
    """All that a copy must leave alone, bar the target's weights."""
    return [
        [one.training for one in module.modules()],
        [one.requires_grad for one in module.parameters()],
        [one.grad is None for one in module.parameters()],
        [len(one._forward_hooks) for one in module.modules()],
        torch.is_grad_enabled(),
        torch.get_rng_state().tolist(),
        np.random.get_state()[1].tolist(),
        random.getstate(),
        tf.config.functions_run_eagerly(),
    ]


def apart(module, model):
    """Return how far the answers part on batches of our own, as a share of the largest."""
    generator, worst = np.random.default_rng(11), 0.0
    shape = getattr(model, "input_shape", None) or (None, 5)
    picture = any(isinstance(one, nn.modules.conv._ConvNd) for one in module.modules())
    picture |= hasattr(module, "patch")
    lookups = any(isinstance(one, nn.Embedding) for one in module.modules())
    for size in (0.1, 1, 30):
        data = (size * generator.normal(size=(6, *shape[1:]))).astype("float32")
        data = generator.integers(0, 9, data.shape) if lookups else data
        turned = picture and not (
            data.ndim > 2 and model.layers[0].get_config().get("data_format") == "channels_first"
        )
        ours = np.moveaxis(data, -1, 1).copy() if turned else data
        with torch.no_grad():
            ours = flat(module(torch.from_numpy(ours)))
        for one, other in zip(ours, flat(model(data, training=False)), strict=True):
            one = np.moveaxis(one, 1, -1) if turned and one.ndim > 2 else one
            worst = max(worst, parity.gap(one, other) / max(1e-2, np.abs(other).max()))
    return worst


@both_ways(PAIRS)
def test_what_people_bring_is_right_or_refused(name, to_keras):
    build_torch, build_tf, right = PAIRS[name]
    module, model, message = attempt(build_torch, build_tf, to_keras, state)
    print(f"{name}: {message or 'copied'}")
    if message:
        assert right is not True, message
        assert len(message) < 400
    else:
        assert right is not False
        assert apart(module.eval(), model) < 1e-4
