"""Twins start alike and stay alike: weights both ways, aligned optimisers, 200 steps."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from test_parity_models import Twin
from torch import nn

from course_utils import CourseError, datasets, parity

STEPS, BATCH_SIZE = 200, 64
TOLERANCE = {"float64": 1e-12, "float32": 1e-3}


@pytest.fixture(params=["float64", pytest.param("float32", marks=pytest.mark.heavy)])
def dtype(request):
    def set_types(name):
        keras.config.set_floatx(name)
        keras.config.set_dtype_policy(name)
        torch.set_default_dtype(getattr(torch, name))

    set_types(request.param)
    yield request.param
    set_types("float32")


def mlp_torch():
    return nn.Sequential(
        nn.Linear(64, 32), nn.ReLU(), nn.Sequential(nn.Linear(32, 16), nn.ReLU()), nn.Linear(16, 10)
    )


def mlp_tf():
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(32, activation="relu"),
            keras.Sequential([keras.Input((32,)), layers.Dense(16, activation="relu")]),
            layers.Dense(10),
        ]
    )


def cnn_torch():
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4, eps=1e-3),
        nn.Tanh(),
        nn.Conv2d(4, 6, 3),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(6 * 6 * 6, 10),
    )


def cnn_tf():
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((64,)),
            layers.Reshape((8, 8, 1)),
            layers.Conv2D(4, 3, padding="same"),
            layers.BatchNormalization(epsilon=1e-3),
            layers.Activation("tanh"),
            layers.Conv2D(6, 3, activation="tanh"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


TWINS = {"mlp": (mlp_torch, mlp_tf), "cnn": (cnn_torch, cnn_tf)}
OPTIMISERS = {
    "sgd": (lambda p: parity.sgd_like_keras(p, 0.1), lambda: keras.optimizers.SGD(0.1)),
    "momentum": (
        lambda p: parity.sgd_like_keras(p, 0.05, momentum=0.9),
        lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    ),
    "adam": (lambda p: parity.adam_like_keras(p, 0.001), lambda: keras.optimizers.Adam(0.001)),
    "plain adam": (lambda p: torch.optim.Adam(p, 0.001), lambda: keras.optimizers.Adam(0.001)),
}


def train_twins(model, optimiser, dtype):
    split = datasets.digits()
    data, target = split.data_train.astype(dtype), split.target_train
    generator = np.random.default_rng(0)
    batches = [generator.permutation(len(data))[:BATCH_SIZE] for _ in range(STEPS)]
    torch.manual_seed(0)
    model_torch, model_tf = (build() for build in TWINS[model])
    parity.copy_weights(model_torch, model_tf)
    make_torch, make_tf = OPTIMISERS[optimiser]
    optimiser_torch, optimiser_tf = make_torch(model_torch.parameters()), make_tf()
    loss_fn_torch = nn.CrossEntropyLoss()
    loss_fn_tf = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimiser_tf.build(model_tf.trainable_variables)

    @tf.function
    def step_tf(batch, labels):
        with tf.GradientTape() as tape:
            loss = loss_fn_tf(labels, model_tf(batch, training=True))
        gradients = tape.gradient(loss, model_tf.trainable_variables)
        optimiser_tf.apply_gradients(zip(gradients, model_tf.trainable_variables, strict=True))
        return loss

    losses_torch, losses_tf = [], []
    for batch in batches:
        loss = loss_fn_torch(
            model_torch(torch.from_numpy(data[batch])), torch.from_numpy(target[batch])
        )
        optimiser_torch.zero_grad()
        loss.backward()
        optimiser_torch.step()
        losses_torch.append(loss.item())
        losses_tf.append(float(step_tf(tf.constant(data[batch]), tf.constant(target[batch]))))
    return losses_torch, losses_tf


@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("model", TWINS)
def test_200_steps_agree(model, optimiser, dtype):
    losses_torch, losses_tf = train_twins(model, optimiser, dtype)
    assert losses_torch[-1] < 0.9 * losses_torch[0], "the twins must have learned something"
    assert parity.gap(losses_torch, losses_tf) < TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", ["float64"], indirect=True)
def test_an_unaligned_optimiser_is_seen(dtype):
    assert parity.gap(*train_twins("mlp", "plain adam", dtype)) > 1e3 * TOLERANCE["float64"]


@pytest.mark.parametrize("model", TWINS)
def test_weights_travel_both_ways(model):
    build_torch, build_tf = TWINS[model]
    first, second, twin = build_torch().eval(), build_torch().eval(), build_tf()
    if model == "cnn":
        first[2].running_mean.uniform_(-1, 1)
        first[2].running_var.uniform_(0.5, 2)
    data = datasets.digits().data_test[:50]
    parity.copy_weights(first, twin)
    parity.copy_weights(twin, second)
    for before, after in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(before, after)
    with torch.no_grad():
        expected = first(torch.from_numpy(data)).numpy()
        assert np.array_equal(expected, second(torch.from_numpy(data)).numpy())
    assert parity.gap(expected, twin(data, training=False)) < 1e-5


def test_embedding():
    model_torch = nn.Sequential(nn.Embedding(7, 3))
    model_tf = keras.Sequential([keras.Input((4,), dtype="int32"), keras.layers.Embedding(7, 3)])
    parity.copy_weights(model_tf, model_torch)
    words = np.array([[0, 3, 6, 1]])
    assert parity.gap(model_torch(torch.from_numpy(words)).detach(), model_tf(words)) == 0


class Custom(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(4, 3)
        self.scale = nn.Parameter(torch.ones(1))


def dense(*sizes, **options):
    layers = [
        keras.layers.Dense(size, name=f"dense_{n}", **options) for n, size in enumerate(sizes)
    ]
    return keras.Sequential([keras.Input((4,)), *layers])


@pytest.mark.parametrize(
    ("model_torch", "model_tf", "named"),
    [
        (nn.Sequential(nn.Linear(4, 3), nn.GRU(3, 2)), dense(3), "'1' (GRU)"),
        (Custom(), dense(3), "'Custom' (Custom)"),
        (nn.Sequential(nn.Linear(4, 3)), dense(3, 2), "'dense_1'"),
        (nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)), dense(3), "PyTorch layer '1'"),
        (nn.Sequential(nn.Linear(4, 5)), dense(3), "'dense_0'"),
        (nn.Sequential(nn.Linear(4, 3, bias=False)), dense(3), "'dense_0'"),
        (nn.Sequential(nn.BatchNorm1d(4)), dense(4), "'0' (BatchNorm1d)"),
        (
            nn.Sequential(nn.BatchNorm1d(4, track_running_stats=False)),
            dense(4),
            "track_running_stats=True",
        ),
        (
            nn.Sequential(nn.Linear(4, 3)),
            keras.Sequential([keras.layers.Dense(3, name="unbuilt")]),
            "'unbuilt'",
        ),
        (
            nn.Sequential(nn.Linear(4, 3)),
            keras.Sequential([keras.Input((4,)), keras.layers.LayerNormalization(name="norm")]),
            "'norm' (LayerNormalization)",
        ),
        (
            nn.Sequential(nn.Linear(5, 3)),
            keras.Sequential(
                [
                    keras.Input((2, 2, 1)),
                    keras.layers.Flatten(),
                    keras.layers.Dense(3, name="after"),
                ]
            ),
            "'0'",
        ),
    ],
)
def test_what_cannot_be_mapped_is_refused_by_name(model_torch, model_tf, named):
    before = [parameter.clone() for parameter in model_torch.parameters()]
    with pytest.raises(CourseError, match=r"cannot (map|run)") as error:
        parity.copy_weights(model_tf, model_torch)
    assert named in str(error.value)
    for parameter, old in zip(model_torch.parameters(), before, strict=True):
        assert torch.equal(parameter, old), "a refused copy must change nothing"


def test_gap():
    assert parity.gap([1.0, 2.0], [1.0, 2.5]) == 0.5
    assert parity.gap([], []) == 0
    with pytest.raises(CourseError, match="shapes"):
        parity.gap([1.0, 2.0], [1.0])
    with pytest.raises(CourseError, match="not finite"):
        parity.gap([1.0, float("nan")], [1.0, 2.0])


def test_a_sum_that_cancels_is_no_difference():
    """One answer that is near zero is rounded as the numbers are that it is the sum of."""
    for seed in range(20):
        torch.manual_seed(seed)
        module = nn.Sequential(nn.Linear(11, 8), nn.ReLU(), nn.Linear(8, 1))
        layers = [keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)]
        parity.copy_weights(module, keras.Sequential([keras.Input((11,)), *layers]))


def test_a_norm_of_saturated_features_is_no_difference():
    """Features that are nearly equal differ by rounding alone, and a norm magnifies that."""
    for seed in range(8):
        torch.manual_seed(seed)
        module = nn.Sequential(nn.Linear(6, 3), nn.Sigmoid(), nn.LayerNorm(3), nn.Linear(3, 2))
        layers = [
            keras.layers.Dense(3, activation="sigmoid"),
            keras.layers.LayerNormalization(epsilon=1e-5),
            keras.layers.Dense(2),
        ]
        parity.copy_weights(module, keras.Sequential([keras.Input((6,)), *layers]))


def test_a_norm_of_tiny_numbers_behind_an_elu_is_no_difference():
    """TensorFlow's ELU, exp(x) - 1, is a step near one off, and a norm magnifies that too."""
    for seed in range(8):
        torch.manual_seed(seed)
        unflatten = nn.Unflatten(1, (2, 4, 5))
        module = nn.Sequential(nn.Linear(6, 40), unflatten, nn.ELU(), nn.GroupNorm(1, 2))
        layers = [
            keras.layers.Dense(40),
            keras.layers.Reshape((4, 5, 2)),
            keras.layers.Activation("elu"),
            keras.layers.GroupNormalization(1, epsilon=1e-5),
        ]
        parity.copy_weights(module, keras.Sequential([keras.Input((6,)), *layers]))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda x: (1 + x.abs()).log(), lambda x: keras.ops.log1p(keras.ops.abs(x))),
        (lambda x: x.sigmoid() - 0.5, lambda x: keras.ops.sigmoid(x) - 0.5),
        (nn.functional.elu, keras.activations.elu),
        (lambda x: x.log_softmax(-1), keras.activations.log_softmax),
    ],
)
def test_what_cancels_in_front_of_a_norm_by_hand_is_no_difference(ours, theirs):
    """Near zero 1 + x holds few digits of x, and the norm shows them."""

    def run(m, x):
        x = ours(m.first(x))
        x = x - x.mean(-1, keepdim=True)
        return m.last(x / (x.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt())

    def norm(x):
        x = theirs(x)
        x = x - keras.ops.mean(x, axis=-1, keepdims=True)
        return x / keras.ops.sqrt(keras.ops.var(x, axis=-1, keepdims=True) + 1e-5)

    torch.manual_seed(0)
    layers = [keras.layers.Dense(8), keras.layers.Lambda(norm), keras.layers.Dense(2)]
    module = Twin(run, first=nn.Linear(6, 8), last=nn.Linear(8, 2))
    parity.copy_weights(module, keras.Sequential([keras.Input((6,)), *layers]))
