"""G04: are static graphs more complex than dynamic ones, for instance for recursive networks?

A network over trees: as plain recursion, and made into a graph by each framework's own means.
"""

import shims

torch, tf = shims.one_thread()
TREES = [1.0, (1.0, 2.0), ((1.0, 2.0), 3.0), (1.0, (2.0, (3.0, 4.0)))]
made = []


def value_torch(tree):
    """Return a leaf's number, or what its two branches give together."""
    if isinstance(tree, float):
        return torch.tensor(tree)
    return torch.tanh(value_torch(tree[0]) + 2 * value_torch(tree[1]))


def value_tf(tree):
    """Do the same in TensorFlow."""
    if isinstance(tree, float):
        return tf.constant(tree)
    return tf.tanh(value_tf(tree[0]) + 2 * value_tf(tree[1]))


def noted(tree):
    """Leave a note for each tracing."""
    made.append(1)
    return value_tf(tree)


def scripted():
    """Make PyTorch's graph from the recursion, and ask it for every tree."""
    graph = torch.jit.script(value_torch)
    assert all(torch.equal(graph(tree), value_torch(tree)) for tree in TREES)


eager = [abs(float(value_torch(tree)) - float(value_tf(tree))) for tree in TREES]
graph = tf.function(noted)
for tree in TREES:
    graph(tree)
shims.answer(
    {
        "eagerly the plain recursion reads every tree, in both": max(eager) < 1e-5,
        "PyTorch makes no graph of it": not shims.works(scripted),
        "TensorFlow makes one for each tree": len(made) == len(TREES),
    },
    counts={"trees": len(TREES), "TensorFlow's graphs": len(made)},
)
