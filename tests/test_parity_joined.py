"""What was flattened, joined with what a layer makes of it: x + layer(x), a gate, a mean."""

import pytest
import torch
from test_parity_hostile import attempt, both_ways
from test_parity_models import Twin, functional_tf
from test_parity_more import Affine, AffineTf, L, first_moved, ops
from test_parity_said import asked, batch
from torch import nn
from torch.nn import functional as F  # noqa: N812, the name that PyTorch's documents use

from course_utils import parity

SHAPE = (6, 5, 2)
JOINS = {
    "a sum": (1, lambda x, a: x + a(x)),
    "a gate": (1, lambda x, a: x * a(x)),
    "a mean": (1, lambda x, a: (x + a(x)) / 2),
    "a mean of two layers": (2, lambda x, a, b: (a(x) + b(x)) / 2),
    "a sum of three": (2, lambda x, a, b: x + a(x) + b(x)),
    "two blocks": (2, lambda x, a, b: (x + a(x)) + b(x + a(x))),
    "two layers in a block": (2, lambda x, a, b: x + b(a(x))),
    "a highway": (2, lambda x, a, b: a(x) * b(x) + (1 - a(x)) * x),
    "a gate behind a sum": (2, lambda x, a, b: (x + a(x)) * b(x + a(x))),
}
TAKEN = (
    "Supposed: PyTorch takes Keras's input (6, 5, 2) as (2, 6, 5), axes [3, 1, 2]; "
    "as (6, 5, 2), axes [1, 2, 3] it would fit as well, with other weights.\n"
)


def joined(name, head=None):
    """Return how both frameworks make the pair; with a `head`, a convolution stands before it."""
    many, join = JOINS[name]
    size = 60 if head is None else 24

    def run(m, x):
        x = F.relu(x if head is None else m.head(x))
        return m.last(join(torch.flatten(x, 1), *(m.get_submodule(f"a{n}") for n in range(many))))

    def build_torch():
        layers = {f"a{n}": nn.Linear(size, size) for n in range(many)}
        layers |= {} if head is None else {"head": nn.Conv2d(2, 2, 3)}
        return Twin(run, **layers, last=nn.Linear(size, 3))

    def build(x):
        x = L.Flatten()(L.ReLU()(x if head is None else L.Conv2D(2, 3)(x)))
        return L.Dense(3)(join(x, *(L.Dense(size) for _ in range(many))))

    return build_torch, lambda: functional_tf([SHAPE], build)


def gap(module, model):
    x = batch(*SHAPE)
    theirs = asked(model, x)
    return parity.gap(asked(module, first_moved(x)), theirs) / float(ops.max(ops.abs(theirs)))


@both_ways(JOINS)
def test_a_join_behind_a_flatten_is_copied_channels_first_and_it_is_said(name, to_keras, capsys):
    """Nothing else tells how a picture enters; as it is, the other weights would fit as well."""
    module, model, message = attempt(*joined(name), to_keras)
    assert message is None
    assert capsys.readouterr().out == TAKEN
    assert gap(module, model) < 1e-5


@both_ways(JOINS)
def test_a_join_behind_a_convolution_is_copied(name, to_keras, capsys):
    module, model, message = attempt(*joined(name, "a convolution"), to_keras)
    assert message is None
    assert capsys.readouterr().out == ""
    assert gap(module, model) < 1e-5


def test_a_join_is_copied_from_an_example_of_pytorchs(capsys):
    build_torch, build_tf = joined("a sum")
    module, model = build_torch(), build_tf()
    parity.copy_weights(module, model, example=torch.zeros(2, 2, 6, 5))
    assert capsys.readouterr().out == ""  # Keras's model takes no other shape
    assert gap(module, model) < 1e-5


def pooled_torch():
    def run(m, x):
        return m.last((torch.flatten(F.relu(x), 1) + m.a(x.mean((2, 3)))) / 2)

    return Twin(run, a=nn.Linear(2, 60), last=nn.Linear(60, 3))


def pooled_tf():
    def build(x):
        flat = L.Flatten()(L.ReLU()(x))
        return L.Dense(3)((flat + L.Dense(60)(L.GlobalAveragePooling2D()(x))) / 2)

    return functional_tf([SHAPE], build)


def added_before_torch():
    def run(m, x):
        return m.last(torch.flatten(x + m.a(x), 1))

    return Twin(run, a=nn.Conv2d(2, 2, 3, padding=1), last=nn.Linear(60, 3))


def added_before_tf():
    def build(x):
        return L.Dense(3)(L.Flatten()(x + L.Conv2D(2, 3, padding="same")(x)))

    return functional_tf([SHAPE], build)


def normed_torch():
    def run(m, x):
        x = torch.flatten(m.head(x), 1)
        return m.last(torch.maximum(x, m.a(m.norm(x))))

    layers = {"norm": nn.BatchNorm1d(24), "a": nn.Linear(24, 24), "last": nn.Linear(24, 3)}
    return Twin(run, head=nn.Conv2d(2, 2, 3), **layers)


def normed_tf():
    def build(x):
        x = L.Flatten()(L.Conv2D(2, 3)(x))
        return L.Dense(3)(ops.maximum(x, L.Dense(24)(L.BatchNormalization(epsilon=1e-5)(x))))

    return functional_tf([SHAPE], build)


def product_torch():
    def run(m, x):
        x = torch.flatten(m.head(x), 1)
        return (x * m.a(x)).sum(1, keepdim=True)

    return Twin(run, head=nn.Conv2d(2, 2, 3), a=nn.Linear(24, 24))


def product_tf():
    def build(x):
        x = L.Flatten()(L.Conv2D(2, 3)(x))
        return ops.sum(x * L.Dense(24)(x), 1, keepdims=True)

    return functional_tf([SHAPE], build)


# PyTorch's model, Keras's, and what is said.
OTHERS = {
    "a mean with what a pooling leaves": (pooled_torch, pooled_tf, ""),
    "a sum in front of the Flatten": (added_before_torch, added_before_tf, ""),
    "the larger, behind a norm": (normed_torch, normed_tf, ""),
    "a product that is the answer": (product_torch, product_tf, ""),
}


@both_ways(OTHERS)
def test_another_join_is_copied(name, to_keras, capsys):
    *both, said = OTHERS[name]
    module, model, message = attempt(*both, to_keras)
    assert message is None
    assert capsys.readouterr().out == said
    assert gap(module, model) < 1e-5


def own_torch():
    own = Affine()
    own.shift, own.scale = nn.Parameter(torch.ones(1, 60)), nn.Parameter(torch.rand(60))
    return nn.Sequential(nn.ReLU(), nn.Flatten(), own, nn.Linear(60, 3))


class AffineTf60(AffineTf):
    def build(self, shape):
        self.scale = self.add_weight(shape=(60,), name="scale")
        self.shift = self.add_weight(shape=(60,), name="shift")


def own_tf():
    return functional_tf([SHAPE], lambda x: L.Dense(3)(AffineTf60()(L.Flatten()(L.ReLU()(x)))))


@pytest.mark.parametrize("to_keras", [True, False], ids=["to Keras", "to PyTorch"])
def test_a_layout_that_is_not_the_usual_one_is_said(to_keras, capsys):
    """Weights of one's own are carried as they are, so only the picture as it is fits them."""
    module, model, message = attempt(own_torch, own_tf, to_keras)
    assert message is None
    assert capsys.readouterr().out == (
        "Supposed: PyTorch takes Keras's input (6, 5, 2) as (6, 5, 2), axes [1, 2, 3], "
        "not as (2, 6, 5), axes [3, 1, 2]: there the models would part.\n"
    )
    x = batch(*SHAPE)
    assert parity.gap(asked(module, x), asked(model, x)) < 1e-5
