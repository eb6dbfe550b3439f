"""What eager code costs, in processor milliseconds, and what Python's profiler says of a step."""

import cProfile
import json
import pstats
import time

import numpy as np
import shims

torch, tf = shims.one_thread()
STEPS, SMALL = 50, 300
draw = np.random.default_rng(0)
data, target = draw.random((32, 16)).astype("float32"), draw.random((32, 1)).astype("float32")
data_torch, target_torch = torch.tensor(data), torch.tensor(target)
data_tf, target_tf = tf.constant(data), tf.constant(target)
model_torch = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
adam_torch = torch.optim.Adam(model_torch.parameters())
model_tf = tf.keras.Sequential(
    [tf.keras.layers.Dense(32, activation="relu"), tf.keras.layers.Dense(1)]
)
model_tf(data_tf)
adam_tf = tf.keras.optimizers.Adam()
weights = [
    tf.Variable(draw.normal(size=shape).astype("float32"))
    for shape in ((16, 32), (32,), (32, 1), (1,))
]


def small_torch():
    """Run 300 tiny operations."""
    value = torch.ones(4)
    for _ in range(SMALL):
        value = value * 0.99
    return value


def small_tf():
    """Run 300 tiny operations."""
    value = tf.ones(4)
    for _ in range(SMALL):
        value = value * 0.99
    return value


def step_torch():
    """Train one step."""
    adam_torch.zero_grad()
    loss = torch.nn.functional.mse_loss(model_torch(data_torch), target_torch)
    loss.backward()
    adam_torch.step()


def step_tf():
    """Train one step with Keras's layers and its optimizer."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model_tf(data_tf) - target_tf) ** 2)
    own = model_tf.trainable_variables
    adam_tf.apply_gradients(zip(tape.gradient(loss, own), own))


def pass_keras():
    """Pass the data through Keras's layers, without a gradient or an optimizer."""
    return model_tf(data_tf)


def step_plain_tf():
    """Train one step of the same network without Keras."""
    with tf.GradientTape() as tape:
        first, bias, second, last = weights
        hidden = tf.nn.relu(data_tf @ first + bias)
        loss = tf.reduce_mean((hidden @ second + last - target_tf) ** 2)
    for weight, gradient in zip(weights, tape.gradient(loss, weights)):
        weight.assign_sub(0.001 * gradient)


step_traced = tf.function(step_tf)
MEASURED = {
    "300 tiny operations, PyTorch": (small_torch, 1),
    "300 tiny operations, TensorFlow": (small_tf, 1),
    "50 steps, PyTorch": (step_torch, STEPS),
    "50 steps, TensorFlow with Keras": (step_tf, STEPS),
    "50 passes, Keras's layers": (pass_keras, STEPS),
    "50 steps, TensorFlow without Keras": (step_plain_tf, STEPS),
    "50 steps, tf.function": (step_traced, STEPS),
}
PACKAGES = ("/keras/", "/tensorflow/", "/torch/", "/optree/", "/numpy/")
ENTRANCES = ("TFE_Py_FastPathExecute", "TFE_Py_Execute")
"""By these Python's code hands TensorFlow an operation, or a traced function, in both years."""


def milliseconds(function, times):
    """Return the least of five runs' processor time."""
    found = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(times):
            function()
        found.append(1000 * (time.process_time() - start))
    return round(min(found), 3)


def profiled(function):
    """Return the calls and the milliseconds of one run, by the package whose file holds the code.

    What is built in (TensorFlow's arithmetic among it) and Python's own library are "others". The
    profiler costs time itself, at every call. Counted as well: what was handed to TensorFlow.
    """
    profile = cProfile.Profile()
    profile.runcall(function)
    calls, spent = ({name: 0 for name in (*PACKAGES, "others")} for _ in range(2))
    operations = 0
    for (file, _, function), (_, count, own, *_) in pstats.Stats(profile).stats.items():
        operations += count * any(entrance in function for entrance in ENTRANCES)
        home = next((name for name in PACKAGES if name in file), "others")
        calls[home] += count
        spent[home] += 1000 * own
    spent = {name.strip("/"): round(value, 2) for name, value in spent.items()}
    calls = {name.strip("/"): count for name, count in calls.items()}
    return {"calls": calls, "milliseconds": spent, "operations": operations}


for function, _ in MEASURED.values():
    function()
    function()
print(
    json.dumps(
        {
            "milliseconds": {name: milliseconds(*what) for name, what in MEASURED.items()},
            "profiles": {
                name: profiled(MEASURED[name][0])
                for name in MEASURED
                if name.startswith("50 steps") or "passes" in name
            },
        }
    )
)
