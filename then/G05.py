"""G05: does TensorFlow use static graphs? How often `fit` runs a model's own Python code."""

import numpy as np
import shims

tf = shims.one_tf()
STEPS = 20
calls = []


class Watched(tf.keras.layers.Layer):
    """A layer that notes each run of its Python code."""

    def call(self, data):
        """Note it, and pass the data on."""
        calls.append(1)
        return data


def runs(**settings):
    """Count the runs of Python code in twenty steps of `fit`."""
    calls.clear()
    model = tf.keras.Sequential([Watched(), tf.keras.layers.Dense(1)])
    model.compile("sgd", "mse", **settings)
    data = np.ones((STEPS * 4, 3), "float32")
    model.fit(data, data[:, :1], batch_size=4, verbose=0)
    return len(calls)


as_it_comes, eagerly = runs(), runs(run_eagerly=True)
eager = tf.constant(1.0) + 1
shims.answer(
    {
        "fit as it comes runs the code less than a quarter as often": as_it_comes < eagerly / 4,
        "told to run eagerly, at every step": eagerly >= STEPS,
    },
    counts={"as it comes": as_it_comes, "eagerly": eagerly},
)
