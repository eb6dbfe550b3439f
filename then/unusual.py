"""An unusual network for the scripts that speak of flexibility: it passes until it has settled."""

import shims

torch, tf = shims.one_thread()


def settle_torch(weight, value):
    """Pass the value through one layer as often as it still changes, ten times at most."""
    passes, change = 0, 1.0
    while change > 0.05 and passes < 10:
        following = torch.tanh(torch.matmul(value, weight))
        change = float((following - value).abs().max())
        value, passes = following, passes + 1
    return value


def settle_tf(weight, value):
    """Do the same in TensorFlow, with Python's own loop; what it asks is tensors from the start."""
    passes, change = tf.constant(0), tf.constant(1.0)
    while change > 0.05 and passes < 10:
        following = tf.tanh(tf.matmul(value, weight))
        change = tf.reduce_max(tf.abs(following - value))
        value, passes = following, passes + 1
    return value


START = [[0.5, -0.3], [0.2, 0.4]]
DATA = [[1.0, -1.0], [0.5, 2.0]]


def learns_torch(settle):
    """Say whether a few steps of descent lower the loss."""
    weight = torch.tensor(START, requires_grad=True)
    losses = []
    for _ in range(5):
        loss = ((settle(weight, torch.tensor(DATA)) - 0.5) ** 2).mean()
        (gradient,) = torch.autograd.grad(loss, weight)
        weight = (weight - 0.5 * gradient).detach().requires_grad_()
        losses.append(float(loss))
    assert losses[-1] < losses[0]


def learns_tf(settle):
    """Do the same in TensorFlow."""
    weight = tf.Variable(START)
    losses = []
    for _ in range(5):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((settle(weight, tf.constant(DATA)) - 0.5) ** 2)
        weight.assign_sub(0.5 * tape.gradient(loss, weight))
        losses.append(float(loss))
    assert losses[-1] < losses[0]
