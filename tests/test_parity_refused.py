"""What parity refuses: a line names the layer and a cause that was tested; nothing changes."""

import keras
import numpy as np
import pytest
import torch
from test_parity_models import Twin
from torch import nn

from course_utils import CourseError, parity

L = keras.layers


def model_tf(*layers, shape=(8, 8, 2)):
    return keras.Sequential([keras.Input(shape), *layers])


class Custom(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 4))

    def forward(self, x):
        return x @ self.weight.T


class Sampled(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean = nn.Linear(4, 3)

    def forward(self, x):
        return self.mean(x) + torch.randn(3)


def conv(**options):
    return nn.Conv2d(2, 3, 3, **options)


MISTAKES = {
    "epsilon": (
        lambda: nn.Sequential(conv(), nn.BatchNorm2d(3)),
        lambda: model_tf(L.Conv2D(3, 3), L.BatchNormalization(name="norm")),
        ["'1'", "'norm'", "epsilon is 1e-05 in PyTorch and 0.001 in Keras; with one they agree"],
    ),
    "epsilon of layer norm": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3)),
        lambda: model_tf(L.Dense(3), L.LayerNormalization(name="norm"), shape=(4,)),
        ["'norm'", "epsilon is 1e-05 in PyTorch and 0.001 in Keras"],
    ),
    "epsilon of RMS norm, left to PyTorch": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.RMSNorm(3)),
        lambda: model_tf(L.Dense(3), L.RMSNormalization(), shape=(4,)),
        ["epsilon is 1.19209e-07 in PyTorch and 1e-06 in Keras; with one they agree"],
    ),
    "padding": (
        lambda: nn.Sequential(conv(stride=2, padding=1)),
        lambda: model_tf(L.Conv2D(3, 3, strides=2, padding="same")),
        ["padding is (1, 1) in PyTorch", "'same' in Keras, which is [0, 1]", "they agree"],
    ),
    "padding left out": (
        lambda: nn.Sequential(conv(padding=1)),
        lambda: model_tf(L.Conv2D(3, 3)),
        ["shapes differ", "padding is (1, 1) in PyTorch, and 'valid' in Keras"],
    ),
    "padding of a transposed convolution": (
        lambda: nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1),
        lambda: model_tf(L.Conv2DTranspose(3, 3, strides=2, padding="same")),
        ["cut as Keras does, they agree"],
    ),
    "another activation": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)),
        lambda: model_tf(L.Dense(3, activation="tanh"), L.Dense(2, name="last"), shape=(4,)),
        ["PyTorch layer '2', Keras layer 'last'", "behind '0' stands ReLU in PyTorch and tanh"],
    ),
    "a slope": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.LeakyReLU(), nn.Linear(3, 2)),
        lambda: model_tf(L.Dense(3), L.LeakyReLU(), L.Dense(2), shape=(4,)),
        ["slope 0.01 in PyTorch and leaky ReLU of slope 0.3 in Keras"],
    ),
    "an activation forgotten": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)),
        lambda: model_tf(L.Dense(3, activation="relu"), L.Dense(2), shape=(4,)),
        ["no activation in PyTorch and ReLU in Keras"],
    ),
    "a bound": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.ReLU6(), nn.Linear(3, 2)),
        lambda: model_tf(L.Dense(3, activation="relu"), L.Dense(2), shape=(4,)),
        ["ReLU6 in PyTorch and ReLU in Keras"],
    ),
    "GELU, exact and by tanh": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.GELU("tanh"), nn.Linear(3, 2)),
        lambda: model_tf(L.Dense(3, activation="gelu"), L.Dense(2), shape=(4,)),
        ["GELU by tanh in PyTorch and GELU in Keras"],
    ),
    "probabilities for logits": (
        lambda: nn.Sequential(nn.Linear(4, 3)),
        lambda: model_tf(L.Dense(3, activation="softmax"), shape=(4,)),
        ["behind the last layer", "no activation in PyTorch and softmax in Keras"],
    ),
    "numbers that overflow": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.Softplus(threshold=1000), nn.Linear(3, 2)),
        lambda: model_tf(L.Dense(3, activation="softplus"), L.Dense(2, name="last"), shape=(4,)),
        ["Keras layer 'last': PyTorch's numbers overflow there, and Keras's do not"],
    ),
    "another pooling": (
        lambda: nn.Sequential(conv(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 2)),
        lambda: model_tf(L.Conv2D(3, 3), L.AveragePooling2D(2), L.Flatten(), L.Dense(2)),
        ["in front of PyTorch layer '3'", "the cause is none of those tested"],
    ),
    "another order of layers": (
        lambda: nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.BatchNorm1d(4, eps=1e-3)),
        lambda: model_tf(L.Dense(4), L.BatchNormalization(), L.ReLU(), shape=(4,)),
        ["in front of PyTorch layer '2'", "the other way round behind '2': the order differs"],
    ),
    "a gate's place": (
        lambda: nn.GRU(4, 3, batch_first=True, bias=False),
        lambda: model_tf(L.GRU(3, reset_after=False, use_bias=False), shape=(5, 4)),
        ["at PyTorch layer 'GRU'"],
    ),
    "a mask": (
        lambda: nn.Sequential(nn.Embedding(5, 3), nn.Flatten(0, 1), nn.Linear(3, 2)),
        lambda: model_tf(L.Embedding(5, 3), L.LSTM(2), shape=(4,)),
        ["they stand at the same place but are not twins"],
    ),
    "random numbers": (
        Sampled,
        lambda: model_tf(L.Dense(3), shape=(4,)),
        ["PyTorch model answers the same batch otherwise each time"],
    ),
    "a layer of one's own": (
        Custom,
        lambda: model_tf(L.Dense(3), shape=(4,)),
        ["'Custom' (Custom): its kind is not known, and it holds weight"],
    ),
    "bfloat16": (
        lambda: nn.Linear(4, 3).bfloat16(),
        lambda: model_tf(L.Dense(3), shape=(4,)),
        ["cannot prove a copy in bfloat16: copy in float32"],
    ),
    "no values": (
        lambda: nn.Linear(4, 3, device="meta"),
        lambda: model_tf(L.Dense(3), shape=(4,)),
        ["on the device meta it has no values"],
    ),
    "no weights yet": (
        lambda: nn.LazyLinear(3),
        lambda: model_tf(L.Dense(3), shape=(4,)),
        ["call the model on a batch first"],
    ),
    "not finite": (
        lambda: _filled(float("nan")),
        lambda: model_tf(L.Dense(3), shape=(4,)),
        ["its weights are not finite"],
    ),
}


def _filled(value):
    linear = nn.Linear(4, 3)
    nn.init.constant_(linear.weight, value)
    return linear


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_by_its_cause_and_nothing_changes(mistake):
    build_torch, build_tf, said = MISTAKES[mistake]
    module, model = build_torch(), build_tf()
    before = model.get_weights()
    with pytest.raises(CourseError) as error:
        parity.copy_weights(module, model)
    message = str(error.value)
    assert "\n" not in message
    assert all(words in message for words in said), message
    assert all(map(np.array_equal, before, model.get_weights()))


@pytest.mark.parametrize("mistake", ["epsilon", "padding", "another activation", "random numbers"])
def test_the_other_way_round_nothing_changes_either(mistake):
    build_torch, build_tf, _ = MISTAKES[mistake]
    module, model = build_torch(), build_tf()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    with pytest.raises(CourseError):
        parity.copy_weights(model, module)
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        (nn.Linear(4, 3), nn.Linear(4, 3), "both are PyTorch models: target.load_state_dict"),
        (model_tf(), model_tf(), "both are Keras models: target.set_weights"),
        (nn.Linear(4, 3).state_dict(), model_tf(), "cannot copy a state_dict: load it"),
        (np.ones(3), model_tf(), "not ndarray"),
        (nn.Linear(4, 3), "model.keras", "not str"),
        (None, None, "not NoneType"),
    ],
)
def test_what_are_no_two_models_is_refused(source, target, said):
    with pytest.raises(CourseError, match=said):
        parity.copy_weights(source, target)


@pytest.mark.parametrize("example", ["a word", 3.0, np.zeros((2, 5)), [np.zeros((2, 4))] * 2])
def test_an_example_that_does_not_fit_is_refused(example):
    with pytest.raises(CourseError):
        parity.copy_weights(nn.Linear(4, 3), model_tf(L.Dense(3), shape=(4,)), example=example)


def unit(eps):
    """Divide rows by their length, but for `eps`, as people write it."""
    return (
        lambda x: nn.functional.normalize(x, dim=-1, eps=eps),
        lambda x: x / keras.ops.maximum(keras.ops.norm(x, axis=-1, keepdims=True), eps),
    )


def bent(eps):
    """Do the same behind GELU, which cancels nothing near zero."""
    ours, theirs = unit(eps)
    return (
        lambda x: ours(nn.functional.gelu(x)),
        lambda x: theirs(keras.activations.gelu(x)),
    )


def root(eps):
    return (
        lambda x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps),
        lambda x: x * keras.ops.rsqrt(keras.ops.mean(x**2, axis=-1, keepdims=True) + eps),
    )


def share(eps):
    return (
        lambda x: x / (x.abs().sum(-1, keepdim=True) + eps),
        lambda x: x / (keras.ops.sum(keras.ops.abs(x), axis=-1, keepdims=True) + eps),
    )


def logarithm(eps):
    return lambda x: (x.abs() + eps).log(), lambda x: keras.ops.log(keras.ops.abs(x) + eps)


def applied(function):
    return Twin(lambda _, x: function(x))


@pytest.mark.parametrize(
    ("own", "ours", "theirs"),
    [
        (unit, 1e-12, 1e-6),
        (bent, 1e-12, 1e-7),
        (root, 1e-12, 1e-10),
        (share, 1e-8, 1e-9),
        (logarithm, 1e-10, 1e-8),
    ],
)
def test_another_epsilon_in_what_has_no_weights_shows_at_small_numbers(own, ours, theirs):
    """Rounding is relative: near zero it is far below a step near one."""
    for eps in (ours, theirs):
        module = nn.Sequential(nn.Linear(6, 8), applied(own(ours)[0]), nn.Linear(8, 3))
        model = model_tf(L.Dense(8), L.Lambda(own(eps)[1]), L.Dense(3), shape=(6,))
        if eps == ours:
            parity.copy_weights(module, model)
        else:
            with pytest.raises(CourseError, match="the models part in front of PyTorch layer '2'"):
                parity.copy_weights(module, model)


def test_what_is_whole_is_exact():
    """A count that noise moves would choose other features, and hide all else."""

    def ours(x):
        return unit(1e-12)[0](x) * (torch.arange(8.0) < 4)

    def theirs(x):
        return unit(1e-6)[1](x) * keras.ops.cast(keras.ops.arange(8) < 4, "float32")

    module = nn.Sequential(nn.Linear(6, 8), applied(ours), nn.Linear(8, 3))
    model = model_tf(L.Dense(8), L.Lambda(theirs), L.Dense(3), shape=(6,))
    with pytest.raises(CourseError, match="the models part in front of PyTorch layer '2'"):
        parity.copy_weights(module, model)
