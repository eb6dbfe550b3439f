"""Whole models are carried to rounding, whatever their graph; what is otherwise is refused."""

import time

import keras
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from course_utils import CourseError, parity

L = keras.layers


class Twin(nn.Module):
    """A module of named layers and a function of them and of the inputs."""

    def __init__(self, run, **layers):
        super().__init__()
        self.run = run
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, *inputs):
        return self.run(self, *inputs)


def functional_tf(shapes, build):
    inputs = [keras.Input(shape) for shape in shapes]
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], build(*inputs))


def conv(m, x):
    return torch.relu(m.conv(x))


def picture_tf(*layers, shape=(6, 5, 2), **options):
    return keras.Sequential(
        [keras.Input(shape), L.Conv2D(3, 3, activation="relu", **options), *layers]
    )


def two_heads_tf():
    def build(x):
        flat = L.Flatten()(L.Conv2D(3, 3, activation="relu")(x))
        return [L.Dense(2)(flat), L.Dense(4)(flat)]

    return functional_tf([(6, 5, 2)], build)


def heads_of_one_shape_tf():
    def build(x):
        second, first = L.Dense(3, name="deviation"), L.Dense(3, name="mean")
        hidden = L.Dense(5, activation="tanh")(x)
        deviation = second(hidden)
        return [first(hidden), deviation]

    return functional_tf([(4,)], build)


def branches_tf():
    def build(x):
        deep = L.Dense(6, activation="relu")(L.Dense(6, activation="relu")(x))
        return L.Dense(2)(L.Concatenate()([deep, L.Dense(6)(x)]))

    return functional_tf([(6,)], build)


def twice_tf():
    same = L.Dense(4)
    return functional_tf([(4,)], lambda x: same(keras.ops.relu(same(x))))


def residual_tf():
    def build(x):
        x = L.Conv2D(4, 3, padding="same")(x)
        for _ in range(2):
            y = L.BatchNormalization(epsilon=1e-5)(L.Conv2D(4, 3, padding="same")(x))
            x = L.ReLU()(L.Add()([x, y]))
        return L.Dense(3)(L.GlobalAveragePooling2D()(x))

    return functional_tf([(6, 6, 2)], build)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm2d(4) for _ in range(2))
        self.convs = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1) for _ in range(2))
        self.head = nn.Linear(4, 3)
        self.stem = nn.Conv2d(2, 4, 3, padding=1)

    def forward(self, x):
        x = self.stem(x)
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = torch.relu(x + norm(conv(x)))
        return self.head(x.mean((2, 3)))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.last = L.Dense(2)
        self.hidden = L.Dense(5, activation="relu")

    def call(self, x):
        return self.last(self.hidden(x))


def subclassed_tf():
    model = Subclassed()
    model(np.zeros((1, 4)))
    return model


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.answer = nn.Embedding(9, 4), nn.Linear(4, 9, bias=False)
        self.answer.weight = self.embed.weight

    def forward(self, words):
        return self.answer(torch.tanh(self.embed(words)))


def generator_tf():
    return keras.Sequential(
        [
            keras.Input((4,)),
            L.Dense(3 * 4 * 5),
            L.BatchNormalization(epsilon=1e-5),
            L.LeakyReLU(0.2),
            L.Reshape((3, 4, 5)),
            L.Conv2DTranspose(2, 3),
        ]
    )


def two_inputs_tf():
    def build(words, numbers):
        read = L.GRU(4)(L.Embedding(6, 3)(words))
        return L.Dense(2)(L.Concatenate()([read, L.Dense(4)(numbers)]))

    return functional_tf([(5,), (3,)], build)


MODELS = {
    "two heads behind one flattening": (
        lambda: Twin(
            lambda m, x: [m.small(conv(m, x).flatten(1)), m.large(conv(m, x).flatten(1))],
            conv=nn.Conv2d(2, 3, 3),
            large=nn.Linear(36, 4),
            small=nn.Linear(36, 2),
        ),
        two_heads_tf,
    ),
    "heads of one shape, by name": (
        lambda: Twin(
            lambda m, x: [m.mean(torch.tanh(m.hidden(x))), m.deviation(torch.tanh(m.hidden(x)))],
            hidden=nn.Linear(4, 5),
            mean=nn.Linear(5, 3),
            deviation=nn.Linear(5, 3),
        ),
        heads_of_one_shape_tf,
    ),
    "heads of one shape, by trying": (
        lambda: Twin(
            lambda m, x: [m.a(torch.tanh(m.hidden(x))), m.b(torch.tanh(m.hidden(x)))],
            hidden=nn.Linear(4, 5),
            a=nn.Linear(5, 3),
            b=nn.Linear(5, 3),
        ),
        heads_of_one_shape_tf,
    ),
    "batch norm behind a flattening": (
        lambda: Twin(
            lambda m, x: m.last(m.norm(torch.flatten(conv(m, x), 1))),
            conv=nn.Conv2d(2, 3, 3),
            norm=nn.BatchNorm1d(36),
            last=nn.Linear(36, 2),
        ),
        lambda: picture_tf(L.Flatten(), L.BatchNormalization(epsilon=1e-5), L.Dense(2)),
    ),
    "a Reshape, layer norm and dropout behind it": (
        lambda: Twin(
            lambda m, x: m.last(m.drop(m.norm(conv(m, x).reshape(len(x), -1)))),
            conv=nn.Conv2d(2, 3, 3),
            norm=nn.LayerNorm(36),
            drop=nn.Dropout(0.5),
            last=nn.Linear(36, 2),
        ),
        lambda: picture_tf(
            L.Reshape((-1,)), L.LayerNormalization(epsilon=1e-5), L.Dropout(0.5), L.Dense(2)
        ),
    ),
    "flattened sequences": (
        lambda: nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(20, 2)),
        lambda: keras.Sequential(
            [keras.Input((7, 3)), L.Conv1D(4, 3, activation="relu"), L.Flatten(), L.Dense(2)]
        ),
    ),
    "branches of different depth": (
        lambda: Twin(
            lambda m, x: m.last(torch.cat([m.b(m.a(x).relu()).relu(), m.short(x)], 1)),
            short=nn.Linear(6, 6),
            last=nn.Linear(12, 2),
            b=nn.Linear(6, 6),
            a=nn.Linear(6, 6),
        ),
        branches_tf,
    ),
    "residual blocks, defined in another order": (Residual, residual_tf),
    "subclassed in both": (
        lambda: Twin(
            lambda m, x: m.last(m.hidden(x).relu()), last=nn.Linear(5, 2), hidden=nn.Linear(4, 5)
        ),
        subclassed_tf,
    ),
    "a layer used twice": (
        lambda: Twin(lambda m, x: m.same(m.same(x).relu()), same=nn.Linear(4, 4)),
        twice_tf,
    ),
    "unflattened to pictures": (
        lambda: nn.Sequential(
            nn.Linear(4, 60),
            nn.BatchNorm1d(60),
            nn.LeakyReLU(0.2),
            nn.Unflatten(1, (5, 3, 4)),
            nn.ConvTranspose2d(5, 2, 3),
        ),
        generator_tf,
    ),
    "two inputs, words and numbers": (
        lambda: Twin(
            lambda m, numbers, words: m.last(
                torch.cat([m.gru(m.embed(words))[1][0], m.numbers(numbers)], 1)
            ),
            embed=nn.Embedding(6, 3),
            gru=nn.GRU(3, 4, batch_first=True),
            numbers=nn.Linear(3, 4),
            last=nn.Linear(8, 2),
        ),
        two_inputs_tf,
    ),
    "rows for pictures": (
        lambda: nn.Sequential(nn.Linear(36, 3), nn.ReLU(), nn.Linear(3, 2)),
        lambda: keras.Sequential(
            [keras.Input((6, 6)), L.Flatten(), L.Dense(3, activation="relu"), L.Dense(2)]
        ),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_carried_both_ways(name):
    build_torch, build_tf = MODELS[name]
    torch.manual_seed(0)
    keras.utils.set_random_seed(0)
    first, model, second = build_torch(), build_tf(), build_torch()
    with torch.no_grad():
        for norm in (one for one in first.modules() if hasattr(one, "running_mean")):
            norm.running_mean.uniform_(-1, 1)
            norm.running_var.uniform_(0.5, 2)
    parity.copy_weights(first, model)
    parity.copy_weights(model, second)
    mine, theirs = first.state_dict(), second.state_dict()
    assert all(torch.equal(mine[key], theirs[key]) for key in mine if "num_b" not in key)


def test_a_copied_picture_model_answers_alike():
    """What the copy proves for itself, seen from outside: two heads on channels first."""
    module, model = (build() for build in MODELS["two heads behind one flattening"])
    parity.copy_weights(module, model)
    data = np.random.default_rng(0).normal(size=(4, 6, 5, 2)).astype("float32")
    ours = module(torch.from_numpy(data.transpose(0, 3, 1, 2).copy()))
    for one, other in zip(ours, model(data), strict=True):
        assert parity.gap(one.detach(), other) < 1e-5


def test_weights_that_are_shared_in_one_framework_only_are_named(capsys):
    model = keras.Sequential(
        [
            keras.Input((5,), dtype="int32"),
            L.Embedding(9, 4),
            L.Activation("tanh"),
            L.Dense(9, use_bias=False),
        ]
    )
    parity.copy_weights(Tied(), model)
    assert "'embed' and 'answer' share a weight in PyTorch only" in capsys.readouterr().out
    model.layers[-1].set_weights([np.ones((4, 9))])
    with pytest.raises(CourseError, match="shares its weights"):
        parity.copy_weights(model, Tied())


def test_an_embedding_that_answers_too():
    words = keras.Input((5,), dtype="int32")
    embed = L.ReversibleEmbedding(9, 4)
    model = keras.Model(words, embed(keras.ops.tanh(embed(words)), reverse=True))
    twin = Tied()
    parity.copy_weights(model, twin)
    assert parity.gap(twin.embed.weight.detach(), embed.embeddings) == 0


def test_a_layer_that_is_not_used_is_named(capsys):
    module = Twin(lambda m, x: m.used(x), used=nn.Linear(4, 2), spare=nn.Linear(4, 3))
    parity.copy_weights(module, keras.Sequential([keras.Input((4,)), L.Dense(2)]))
    assert capsys.readouterr().out == "Not used, and left as it is: PyTorch layer 'spare'.\n"


def test_weights_with_a_norm_are_read_and_never_written():
    module = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)))
    model = keras.Sequential([keras.Input((4,)), L.Dense(3)])
    parity.copy_weights(module, model)
    assert parity.gap(module[0].weight.detach().T, model.get_weights()[0]) == 0
    with pytest.raises(CourseError, match="computed anew"):
        parity.copy_weights(model, module)


def test_an_example_stands_for_a_shape_that_is_not_known():
    module = Twin(
        lambda m, x: m.last(m.hidden(x).relu()), last=nn.Linear(5, 2), hidden=nn.Linear(4, 5)
    )
    model = Subclassed()
    with pytest.raises(CourseError, match="example="):
        parity.copy_weights(module, model)
    parity.copy_weights(module, model, example=torch.zeros(2, 4))
    assert parity.gap(module(torch.ones(1, 4)).detach(), model(np.ones((1, 4)))) < 1e-5


class Named(keras.Model):
    def __init__(self):
        super().__init__()
        self.left, self.right, self.last = L.Dense(5, activation="relu"), L.Dense(5), L.Dense(2)

    def call(self, x):
        return self.last(self.left(x["left"]) + self.right(x["right"]))


class NamedTorch(nn.Module):
    def __init__(self):
        super().__init__()
        self.last, self.right, self.left = nn.Linear(5, 2), nn.Linear(4, 5), nn.Linear(4, 5)

    def forward(self, right, left):
        return self.last(self.left(left).relu() + self.right(right))


def test_inputs_by_name_go_by_their_names_in_whatever_order():
    x = {name: keras.Input((4,), name=name) for name in ("right", "left")}
    functional = keras.Model(x, Named()(x))
    batch = {"right": np.ones((2, 4), "float32"), "left": np.eye(2, 4, dtype="float32")}
    torches = {name: torch.from_numpy(value) for name, value in batch.items()}
    for model, example in ((functional, None), (Named(), batch)):
        module = NamedTorch()
        parity.copy_weights(module, model, example=example)
        assert parity.gap(module(**torches).detach(), model(batch)) < 1e-5
        parity.copy_weights(model, module, example=example)


def test_the_modes_the_seed_and_the_source_stay_as_they_are():
    module, model = Residual().train(), residual_tf()
    module.norms[0].eval()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    torch.manual_seed(3)
    state = torch.get_rng_state()
    parity.copy_weights(module, model)
    assert torch.equal(state, torch.get_rng_state())
    assert [module.training, *(one.training for one in module.norms)] == [True, False, True]
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    assert functional.mse_loss(module(torch.ones(2, 2, 6, 6)), torch.zeros(2, 3)) > 0


@pytest.mark.heavy
@pytest.mark.parametrize(("width", "side", "seconds"), [(2, 8, 1), (64, 32, 2)])
def test_twenty_layers_are_copied_within_a_second(width, side, seconds):
    """In the processor's time, the best of three, on one thread, so that waiting is not counted.

    The wide one takes a second too, and has two, for slower processors.
    """

    def copied():
        module, model = [], [keras.Input((side, side, width))]
        for _ in range(10):
            module += [nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width, eps=1e-3)]
            model += [L.ZeroPadding2D(1), L.Conv2D(width, 3), L.BatchNormalization()]
        both = nn.Sequential(*module), keras.Sequential(model)
        begin = time.thread_time()
        parity.copy_weights(*both)
        return time.thread_time() - begin

    assert min(copied() for _ in range(3)) < seconds
