"""V02: does TensorBoard give a detailed summary of metrics and training data?

Taken as its lesson takes it: all that `fit` prints is in the log of Keras's callback as it comes,
and more.
"""

import tempfile

import numpy as np
import shims
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

tf = shims.one_tf()
draw = np.random.default_rng(0)
data, target = draw.random((96, 4)).astype("float32"), draw.random((96, 1)).astype("float32")
layers = [tf.keras.layers.Dense(8, activation="relu"), tf.keras.layers.Dense(1)]
model = tf.keras.Sequential([tf.keras.Input((4,)), *layers])
model.compile("sgd", "mse", metrics=["mae"])
place = tempfile.mkdtemp()
board = tf.keras.callbacks.TensorBoard(place)
own = {"validation_data": (data[64:], target[64:]), "callbacks": [board], "verbose": 0}
printed = model.fit(data[:64], target[:64], epochs=2, **own).history


def records(run):
    """Return the numbers of one run's log, and its other records, by their tags."""
    log = EventAccumulator(f"{place}/{run}").Reload()
    tags = {tag: log.Tensors(tag) for tag in log.Tags()["tensors"]}
    numbers = {
        tag: [float(tf.make_ndarray(event.tensor_proto)) for event in events]
        for tag, events in tags.items()
        if log.SummaryMetadata(tag).plugin_data.plugin_name == "scalars"
    }
    return {**tags, **numbers}


logged = {run: records(run) for run in ("train", "validation")}


def in_the_log(name):
    """Return what stands in the log for a name of `fit`'s."""
    run = "validation" if name.startswith("val_") else "train"
    return logged[run].get("epoch_" + name.replace("val_", ""), [])


# What is called evaluation_… is there twice: the same numbers, by the optimizer's steps.
once = [own for tags in logged.values() for tag, own in tags.items() if "evaluation_" not in tag]
counts = {
    "printed by fit": sum(map(len, printed.values())),
    "in the callback's log": sum(map(len, once)),
}
shims.answer(
    {
        "all that fit prints stands in the log, number for number": all(
            len(in_the_log(name)) == len(own) and np.allclose(in_the_log(name), own, atol=1e-6)
            for name, own in printed.items()
        ),
        "more stands in the log than fit prints": counts["in the callback's log"]
        > counts["printed by fit"],
    },
    counts=counts,
)
