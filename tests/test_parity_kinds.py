"""Every kind of layer is carried both ways, in float64, to 1e-12."""

import keras
import numpy as np
import pytest
import torch
from torch import nn

from course_utils import CourseError, parity

L = keras.layers


@pytest.fixture(autouse=True)
def float64():
    def set_types(name):
        keras.config.set_floatx(name)
        keras.config.set_dtype_policy(name)
        torch.set_default_dtype(getattr(torch, name))

    set_types("float64")
    torch.manual_seed(0)
    keras.utils.set_random_seed(0)
    yield
    set_types("float32")


def sequential(*layers):
    """The layers of a Keras model that begins with an Input of this shape."""
    shape, *others = layers
    return keras.Sequential([keras.Input(shape), *others])


class Last(nn.Module):
    """A recurrent module of which the last state goes on."""

    def __init__(self, rnn, features=None):
        super().__init__()
        self.rnn = rnn
        self.head = nn.Linear(features, 2) if features else nn.Identity()

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


class Attention(nn.Module):
    def __init__(self, width=8, batch_first=True, **options):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, 2, batch_first=batch_first, **options)

    def forward(self, x):
        return self.attention(x, x, x)[0]


def attention_tf(**options):
    x = keras.Input((5, 8))
    return keras.Model(x, L.MultiHeadAttention(2, 4, **options)(x, x))


def norm_tf(kind, shape, **options):
    return sequential(shape, kind(epsilon=1e-5, **options))


def prelu_tf(shape, **options):
    return sequential(shape, L.PReLU(alpha_initializer="random_normal", **options))


FIRST = "channels first"
RNN = {"batch_first": True}
KINDS = {
    "dense": (lambda: nn.Linear(6, 3), lambda: sequential((6,), L.Dense(3)), None),
    "dense without a bias": (
        lambda: nn.Linear(6, 3, bias=False),
        lambda: sequential((6,), L.Dense(3, use_bias=False)),
        None,
    ),
    "conv1d": (
        lambda: nn.Conv1d(3, 4, 3, padding=1),
        lambda: sequential((7, 3), L.Conv1D(4, 3, padding="same")),
        FIRST,
    ),
    "conv2d, dilated, no bias": (
        lambda: nn.Conv2d(3, 4, (3, 2), dilation=2, bias=False),
        lambda: sequential((9, 8, 3), L.Conv2D(4, (3, 2), dilation_rate=2, use_bias=False)),
        FIRST,
    ),
    "conv3d": (
        lambda: nn.Conv3d(2, 3, 2),
        lambda: sequential((4, 5, 6, 2), L.Conv3D(3, 2)),
        FIRST,
    ),
    "grouped": (
        lambda: nn.Conv2d(4, 6, 3, groups=2),
        lambda: sequential((6, 5, 4), L.Conv2D(6, 3, groups=2)),
        FIRST,
    ),
    "depthwise 1d": (
        lambda: nn.Conv1d(3, 6, 3, groups=3),
        lambda: sequential((7, 3), L.DepthwiseConv1D(3, depth_multiplier=2)),
        FIRST,
    ),
    "depthwise 2d": (
        lambda: nn.Conv2d(3, 6, 3, groups=3),
        lambda: sequential((7, 6, 3), L.DepthwiseConv2D(3, depth_multiplier=2)),
        FIRST,
    ),
    "transposed 1d": (
        lambda: nn.ConvTranspose1d(3, 4, 3, stride=2),
        lambda: sequential((5, 3), L.Conv1DTranspose(4, 3, strides=2)),
        FIRST,
    ),
    "transposed 2d": (
        lambda: nn.ConvTranspose2d(3, 4, 4, stride=2, padding=1),
        lambda: sequential((5, 6, 3), L.Conv2DTranspose(4, 4, strides=2, padding="same")),
        FIRST,
    ),
    "transposed 3d": (
        lambda: nn.ConvTranspose3d(2, 3, 2),
        lambda: sequential((3, 4, 2, 2), L.Conv3DTranspose(3, 2)),
        FIRST,
    ),
    "batch norm": (
        lambda: nn.BatchNorm1d(5),
        lambda: norm_tf(L.BatchNormalization, (5,)),
        None,
    ),
    "batch norm of sequences": (
        lambda: nn.BatchNorm1d(3),
        lambda: norm_tf(L.BatchNormalization, (7, 3)),
        FIRST,
    ),
    "batch norm without weights": (
        lambda: nn.BatchNorm2d(3, affine=False),
        lambda: norm_tf(L.BatchNormalization, (4, 5, 3), center=False, scale=False),
        FIRST,
    ),
    "layer norm": (lambda: nn.LayerNorm(6), lambda: norm_tf(L.LayerNormalization, (4, 6)), None),
    "layer norm without a bias": (
        lambda: nn.LayerNorm(6, bias=False),
        lambda: norm_tf(L.LayerNormalization, (6,), center=False),
        None,
    ),
    "layer norm of pictures": (
        lambda: nn.LayerNorm((3, 4, 5)),
        lambda: norm_tf(L.LayerNormalization, (4, 5, 3), axis=(1, 2, 3)),
        FIRST,
    ),
    "group norm": (
        lambda: nn.GroupNorm(2, 6),
        lambda: norm_tf(L.GroupNormalization, (4, 5, 6), groups=2),
        FIRST,
    ),
    "instance norm": (
        lambda: nn.InstanceNorm2d(3, affine=True),
        lambda: norm_tf(L.GroupNormalization, (4, 5, 3), groups=3),
        FIRST,
    ),
    "RMS norm": (
        lambda: nn.RMSNorm(6, eps=1e-5),
        lambda: norm_tf(L.RMSNormalization, (6,)),
        None,
    ),
    "one slope a feature": (lambda: nn.PReLU(5), lambda: prelu_tf((5,)), None),
    "one slope a channel": (
        lambda: nn.PReLU(3),
        lambda: prelu_tf((4, 5, 3), shared_axes=[1, 2]),
        FIRST,
    ),
    "embedding": (
        lambda: nn.Embedding(7, 3),
        lambda: sequential((4,), L.Embedding(7, 3)),
        "tokens",
    ),
    "plain recurrent": (
        lambda: Last(nn.RNN(4, 5, **RNN)),
        lambda: sequential((6, 4), L.SimpleRNN(5)),
        None,
    ),
    "GRU": (lambda: Last(nn.GRU(4, 5, **RNN)), lambda: sequential((6, 4), L.GRU(5)), None),
    "GRU, time first": (
        lambda: nn.GRU(4, 5),
        lambda: sequential((6, 4), L.GRU(5, return_sequences=True)),
        "time first",
    ),
    "LSTM": (
        lambda: Last(nn.LSTM(4, 5, **RNN)),
        lambda: sequential((6, 4), L.LSTM(5, bias_initializer="random_normal")),
        None,
    ),
    "LSTM without a bias": (
        lambda: Last(nn.LSTM(4, 5, bias=False, **RNN)),
        lambda: sequential((6, 4), L.LSTM(5, use_bias=False)),
        None,
    ),
    "two LSTMs in one": (
        lambda: Last(nn.LSTM(4, 5, num_layers=2, **RNN), 5),
        lambda: sequential((6, 4), L.LSTM(5, return_sequences=True), L.LSTM(5), L.Dense(2)),
        None,
    ),
    "GRU in both directions": (
        lambda: nn.GRU(4, 5, bidirectional=True, **RNN),
        lambda: sequential((6, 4), L.Bidirectional(L.GRU(5, return_sequences=True))),
        None,
    ),
    "attention": (lambda: Attention(), attention_tf, None),
    "attention, time first": (lambda: Attention(batch_first=False), attention_tf, "time first"),
    "attention without biases": (
        lambda: Attention(bias=False),
        lambda: attention_tf(use_bias=False),
        None,
    ),
}


def shake(module, model):
    """Give both models random weights and averages, so that none is left at 0 or 1."""
    generator = np.random.default_rng(0)
    for tensor in [*module.parameters(), *module.buffers()]:
        if tensor.is_floating_point():
            with torch.no_grad():
                tensor.copy_(torch.from_numpy(generator.uniform(0.1, 0.5, tensor.shape)))
    model.set_weights([generator.uniform(0.1, 0.5, w.shape) for w in model.get_weights()])


def twin_batches(model, layout):
    generator = np.random.default_rng(1)
    shape = (3, *model.input_shape[1:])
    if layout == "tokens":
        words = generator.integers(0, 7, shape)
        return torch.from_numpy(words), words
    data = generator.normal(size=shape)
    axes = {None: data, FIRST: np.moveaxis(data, -1, 1), "time first": np.swapaxes(data, 0, 1)}
    return torch.from_numpy(np.ascontiguousarray(axes[layout])), data


def answers(module, model, layout):
    data_torch, data_tf = twin_batches(model, layout)
    with torch.no_grad():
        ours = module.eval()(data_torch)
    ours = (ours[0] if isinstance(ours, tuple) else ours).numpy()
    ours = np.moveaxis(ours, 1, -1) if layout == FIRST else ours
    ours = np.swapaxes(ours, 0, 1) if layout == "time first" else ours
    return ours, model(data_tf, training=False).numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_carried_both_ways(kind):
    build_torch, build_tf, layout = KINDS[kind]
    module, model = build_torch(), build_tf()
    shake(module, model)
    before = answers(module, model, layout)
    assert parity.gap(*before) > 1e-3
    parity.copy_weights(module, model)
    after = answers(module, model, layout)
    assert parity.gap(*after) < 1e-12
    assert np.array_equal(after[0], before[0]), "the source must stay as it is"
    returned = build_torch()
    shake(returned, build_tf())
    parity.copy_weights(model, returned)
    assert parity.gap(*answers(returned, model, layout)) < 1e-12
    if "RNN" not in kind and "LSTM" not in kind and "plain" not in kind:
        for old, new in zip(module.parameters(), returned.parameters(), strict=True):
            assert torch.equal(old, new)


# Keras takes a constant of these in float32, whatever their type is.
ROUNDED = {
    "GELU": (nn.GELU(), lambda: L.Activation("gelu")),
    "leaky ReLU": (nn.LeakyReLU(0.01), lambda: L.LeakyReLU(negative_slope=0.01)),
}


@pytest.mark.parametrize("name", ROUNDED)
def test_what_keras_rounds_to_float32_is_copied_and_said(name, capsys):
    ours, theirs = ROUNDED[name]
    module = nn.Sequential(nn.Linear(4, 5), ours, nn.Linear(5, 2))
    parity.copy_weights(module, sequential((4,), L.Dense(5), theirs(), L.Dense(2)))
    line = capsys.readouterr().out
    assert line.startswith("Equal to float32's rounding")
    assert "in front of PyTorch layer '2'" in line
    assert line.count("\n") == 1
    wrong = sequential((4,), L.Dense(5), L.Activation("tanh"), L.Dense(2))
    with pytest.raises(CourseError, match="tanh in Keras"):
        parity.copy_weights(module, wrong)


def test_attention_is_as_exact_as_keras_computes_it(capsys):
    """Keras rounds the scale, one over the root of 2, to float32."""
    x = keras.Input((5, 4))
    module, model = Attention(4), keras.Model(x, L.MultiHeadAttention(2, 2)(x, x))
    parity.copy_weights(module, model)
    assert 1e-12 < parity.gap(*answers(module, model, None)) < 1e-6
    assert "Equal to float32's rounding" in capsys.readouterr().out
