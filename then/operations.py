"""What a training step with Keras hands TensorFlow to compute, operation by operation and by part.

TensorFlow calls back for each operation that it runs eagerly; a part that goes through as one
call of a traced function is counted as what that call is.
"""

import json
from collections import Counter

import numpy as np
import shims
from tensorflow.python.framework import op_callbacks

tf = shims.one_tf()
draw = np.random.default_rng(0)
data = tf.constant(draw.random((32, 16)).astype("float32"))
target = tf.constant(draw.random((32, 1)).astype("float32"))
layers = [tf.keras.layers.Dense(32, activation="relu"), tf.keras.layers.Dense(1)]
model = tf.keras.Sequential(layers)
model(data)
adam = tf.keras.optimizers.Adam()
seen = Counter()


def note(op_type, inputs, attributes, outputs, op_name=None, graph=None):
    """Take down what was run."""
    seen[op_type if isinstance(op_type, str) else op_type.decode()] += 1


def part(function):
    """Return a function's value, and what it handed over, by kind of operation."""
    seen.clear()
    op_callbacks.add_op_callback(note)
    value = function()
    op_callbacks.remove_op_callback(note)
    return value, dict(seen)


def step():
    """Train one step, part by part."""
    with tf.GradientTape() as tape:
        answer, of_layers = part(lambda: model(data))
        loss, of_loss = part(lambda: tf.reduce_mean((answer - target) ** 2))
    own = model.trainable_variables
    gradients, of_gradients = part(lambda: tape.gradient(loss, own))
    _, of_optimizer = part(lambda: adam.apply_gradients(zip(gradients, own)))
    return {
        "layers": of_layers,
        "loss": of_loss,
        "gradients": of_gradients,
        "optimizer": of_optimizer,
    }


step()  # the first one makes the optimizer's variables
print(json.dumps({"operations": step()}))
