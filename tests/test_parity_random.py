"""Random twins: a copy is equal to rounding or refused with one line, never anything else."""

import functools
import re

import keras
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from torch import nn

from course_utils import CourseError, parity

L = keras.layers
TOLERANCE = {"float32": 1e-4, "float64": 1e-11}
PROFILE = settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
ACTIVATIONS = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "elu": nn.ELU,
    "celu": nn.CELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "softsign": nn.Softsign,
    "log_sigmoid": nn.LogSigmoid,
    "softplus": functools.partial(
        nn.Softplus, threshold=80
    ),  # above it PyTorch has a line, below e^x
    "linear": nn.Identity,
}


class Added(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return x + self.layer(x)


class Joined(nn.Module):
    """Branches whose layers are defined in the opposite order to that of their use."""

    def __init__(self, first, second):
        super().__init__()
        self.second, self.first = second, first

    def forward(self, x):
        return torch.cat([self.first(x), self.second(x)], -1)


class Recurrent(nn.Module):
    def __init__(self, layer, last):
        super().__init__()
        self.layer, self.last = layer, last

    def forward(self, x):
        x = self.layer(x)[0]
        return x[:, -1] if self.last else x


class Attended(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x)[0]


class Moved(nn.Module):
    """A layer that has the channels first, between others that have them last."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x.movedim(-1, 1)).movedim(1, -1)


class Twins:
    """Two models that grow together; `x` is Keras's tensor and `steps` are PyTorch's layers."""

    def __init__(self, draw, mistakes):
        self.draw, self.mistakes = draw, mistakes
        self.steps = []

    def pick(self, *values):
        return self.draw(st.sampled_from(values))

    def wrong(self, right, wrong):
        """Now and then what a learner does by mistake, where mistakes are asked for."""
        return wrong if self.mistakes and self.pick(False, False, True) else right

    def activation(self):
        name = self.pick(*ACTIVATIONS)
        self.steps.append(ACTIVATIONS[name]())
        self.x = L.Activation(self.wrong(name, self.pick(*ACTIVATIONS)))(self.x)

    def dense(self):
        features, bias, name = self.x.shape[-1], self.pick(True, False), self.pick(*ACTIVATIONS)
        width = self.pick(3, 4, features)
        self.steps += [nn.Linear(features, width, bias=bias), ACTIVATIONS[name]()]
        self.x = L.Dense(width, activation=name, use_bias=self.wrong(bias, not bias))(self.x)

    def added(self):
        features = self.x.shape[-1]
        self.steps.append(Added(nn.Linear(features, features)))
        self.x = L.Add()([self.x, L.Dense(features)(self.x)])

    def joined(self):
        features = self.x.shape[-1]
        deep = nn.Sequential(nn.Linear(features, 3), nn.Tanh(), nn.Linear(3, 3))
        self.steps.append(Joined(deep, nn.Linear(features, 3)))
        short = L.Dense(3)(self.x)
        deep_tf = L.Dense(3)(L.Dense(3, activation="tanh")(self.x))
        self.x = L.Concatenate()(self.wrong([deep_tf, short], [short, deep_tf]))

    def layer_norm(self):
        self.steps.append(nn.LayerNorm(self.x.shape[-1]))
        self.x = L.LayerNormalization(epsilon=self.wrong(1e-5, 1e-3))(self.x)

    def batch_norm(self):
        norm = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}[len(self.x.shape)]
        layer = norm(self.x.shape[-1])
        first = len(self.x.shape) == 4 or len(self.x.shape) == 2
        self.steps.append(layer if first else Moved(layer))
        self.x = L.BatchNormalization(epsilon=self.wrong(1e-5, 1e-3))(self.x)

    def prelu(self):
        self.steps.append(nn.PReLU(self.x.shape[-1]))
        axes = list(range(1, len(self.x.shape) - 1)) or None
        self.x = L.PReLU(shared_axes=axes, alpha_initializer="random_uniform")(self.x)

    def dropout(self):
        self.steps.append(nn.Dropout(0.5))
        self.x = L.Dropout(0.5)(self.x)

    def conv(self):
        filters, size, stride = self.pick(2, 4), self.pick(1, 2, 3), self.pick(1, 2)
        channels, groups = self.x.shape[-1], self.pick(1, self.x.shape[-1])
        filters = filters if groups == 1 else channels
        same = size == 3 and self.pick(True, False)
        self.steps.append(nn.Conv2d(channels, filters, size, stride, int(same), groups=groups))
        pads = self.wrong(same, not same)
        by_hand = pads and self.wrong(True, False)
        x = L.ZeroPadding2D(1)(self.x) if by_hand else self.x
        padding = "same" if pads and not by_hand else "valid"
        if groups == 1:
            self.x = L.Conv2D(filters, size, strides=stride, padding=padding)(x)
        else:
            self.x = L.DepthwiseConv2D(size, strides=stride, padding=padding)(x)

    def transposed(self):
        channels, stride = self.x.shape[-1], self.pick(1, 2)
        self.steps.append(nn.ConvTranspose2d(channels, 3, 3, stride))
        self.x = L.Conv2DTranspose(3, 3, strides=stride)(self.x)

    def group_norm(self):
        channels = self.x.shape[-1]
        groups = self.pick(1, channels)
        self.steps.append(nn.GroupNorm(groups, channels))
        self.x = L.GroupNormalization(groups, epsilon=self.wrong(1e-5, 1e-3))(self.x)

    def pool(self):
        self.steps.append(nn.MaxPool2d(2, 1))
        kind = self.wrong(L.MaxPooling2D, L.AveragePooling2D)
        self.x = kind(2, strides=1)(self.x)

    def upsample(self):
        self.steps.append(nn.Upsample(scale_factor=2))
        self.x = L.UpSampling2D(2)(self.x)

    def conv_1d(self):
        features, width = self.x.shape[-1], self.pick(2, 4)
        self.steps.append(Moved(nn.Conv1d(features, width, 3, padding=1)))
        self.x = L.Conv1D(width, 3, padding=self.wrong("same", "causal"))(self.x)

    def recurrent(self):
        features, width = self.x.shape[-1], self.pick(2, 4)
        kind, last = self.pick("RNN", "GRU", "LSTM"), self.draw(st.booleans())
        twin = {"RNN": L.SimpleRNN, "GRU": L.GRU, "LSTM": L.LSTM}[kind]
        layer = getattr(nn, kind)(features, width, batch_first=True)
        self.steps.append(Recurrent(layer, last))
        self.x = twin(width, return_sequences=not last, go_backwards=self.wrong(False, True))(
            self.x
        )

    def attended(self):
        if self.x.shape[-1] % 2 == 0:
            self.steps.append(Attended(self.x.shape[-1]))
            self.x = L.MultiHeadAttention(2, self.x.shape[-1] // 2)(self.x, self.x)

    def flatten(self):
        self.steps.append(nn.Flatten())
        self.x = self.pick(L.Flatten(), L.Reshape((-1,)))(self.x)

    def unflatten(self):
        channels = self.pick(2, 3)
        self.steps += [
            nn.Linear(self.x.shape[-1], 20 * channels),
            nn.Unflatten(1, (channels, 4, 5)),
        ]
        self.x = L.Reshape((4, 5, channels))(L.Dense(20 * channels)(self.x))

    def grow(self):
        """Add up to five layers that fit what stands there."""
        anywhere = ["activation", "dropout", "batch_norm"]
        flat = [*anywhere, "dense", "added", "joined", "layer_norm", "prelu", "unflatten"]
        sequence = [*anywhere, "dense", "layer_norm", "conv_1d", "recurrent", "attended", "flatten"]
        picture = [*anywhere, "conv", "transposed", "group_norm", "pool", "upsample", "flatten"]
        picture.append("prelu")
        for _ in range(self.draw(st.integers(1, 5))):
            names = {2: flat, 3: sequence, 4: picture}[len(self.x.shape)]
            small = len(self.x.shape) == 4 and min(self.x.shape[1:3]) < 3
            getattr(self, "flatten" if small else self.pick(*names))()
        if len(self.x.shape) == 2:
            self.dense()  # the order of features at the very end could not be followed


def twins(draw, mistakes):
    """Two built models of one architecture, what both take, and their type.

    No strategy: Keras draws the seeds of its layers from Python's random numbers.
    """
    dtype = draw(st.sampled_from(["float32", "float64"]))
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    torch.set_default_dtype(getattr(torch, dtype))
    torch.manual_seed(draw(st.integers(0, 99)))
    both = Twins(draw, mistakes)
    shape = draw(st.sampled_from([(6,), (5, 4), (6, 5, 2), "tokens"]))
    words = shape == "tokens"
    inputs = both.x = keras.Input((5,) if words else shape)
    if words:
        both.steps.append(nn.Embedding(7, 4))
        both.x = L.Embedding(7, 4)(both.x)
    both.grow()
    module, model = nn.Sequential(*both.steps), keras.Model(inputs, both.x)
    with torch.no_grad():
        for norm in module.modules():
            if isinstance(norm, nn.modules.batchnorm._BatchNorm):
                norm.running_mean.uniform_(-1, 1)
                norm.running_var.uniform_(0.5, 2)
                norm.weight.uniform_(0.5, 2)
    return module, model, inputs.shape, words, dtype


def apart(module, model, shape, words, dtype):
    """Return how far the answers part on a batch of our own, as a share of the largest."""
    generator = np.random.default_rng(5)
    size = (7, *shape[1:])
    data = generator.integers(0, 7, size) if words else generator.normal(size=size).astype(dtype)
    ours = torch.from_numpy(
        np.ascontiguousarray(np.moveaxis(data, -1, 1)) if len(shape) == 4 else data
    )
    with torch.no_grad():
        ours = module.eval()(ours).numpy()
    theirs = model(data, training=False).numpy()
    ours = np.moveaxis(ours, 1, -1) if ours.ndim == 4 else ours
    return parity.gap(ours, theirs) / max(1e-3, np.abs(theirs).max())


def allowed(module, dtype):
    """How far answers may part; Keras rounds the scale of attention and of GELU to float32."""
    rounded = any(isinstance(one, Attended | nn.GELU) for one in module.modules())
    return TOLERANCE["float32" if rounded else dtype]


def back_to_float32():
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    torch.set_default_dtype(torch.float32)


MANY = settings(PROFILE, max_examples=200, derandomize=False)


@PROFILE
@given(st.data(), st.booleans())
def test_twins_are_copied_to_rounding(data, to_keras):
    module, model, *others = built = twins(data.draw, mistakes=False)
    try:
        parity.copy_weights(*((module, model) if to_keras else (model, module)))
        assert apart(*built) < allowed(module, others[-1])
    finally:
        back_to_float32()


@PROFILE
@given(st.data(), st.booleans())
def test_mistakes_are_refused_or_do_not_matter(data, to_keras):
    module, model, *others = built = twins(data.draw, mistakes=True)
    before = [*model.get_weights(), *(one.clone().numpy() for one in module.state_dict().values())]
    message = None
    try:
        try:
            parity.copy_weights(*((module, model) if to_keras else (model, module)))
        except CourseError as error:
            message = str(error)
        event("copied" if message is None else f"refused: {message[:24]}")
        if message is None:
            assert apart(*built) < allowed(module, others[-1])
            return
        assert "\n" not in message
        assert re.match("cannot (map|run|copy: the models part|prove|copy PyTorch)", message)
        after = [*model.get_weights(), *(one.numpy() for one in module.state_dict().values())]
        assert all(map(np.array_equal, before, after))
    finally:
        back_to_float32()


@pytest.mark.heavy
@pytest.mark.timeout(1800)
@MANY
@given(st.data(), st.booleans())
def test_many_more_twins(data, to_keras):
    test_twins_are_copied_to_rounding.hypothesis.inner_test(data, to_keras)


@pytest.mark.heavy
@pytest.mark.timeout(1800)
@MANY
@given(st.data(), st.booleans())
def test_many_more_mistakes(data, to_keras):
    test_mistakes_are_refused_or_do_not_matter.hypothesis.inner_test(data, to_keras)
