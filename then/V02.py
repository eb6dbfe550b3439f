"""V02: does TensorBoard give a detailed summary of metrics and training data?

Taken as: what Keras's own callback records can be found again, and is more than `fit` prints.
"""

import tempfile

import numpy as np
import shims
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

tf = shims.one_tf()
draw = np.random.default_rng(0)
data, target = draw.random((64, 4)).astype("float32"), draw.random((64, 1)).astype("float32")
layers = [tf.keras.layers.Dense(8, activation="relu"), tf.keras.layers.Dense(1)]
model = tf.keras.Sequential([tf.keras.Input((4,)), *layers])
model.compile("sgd", "mse", metrics=["mae"])
place = tempfile.mkdtemp()
board = tf.keras.callbacks.TensorBoard(place, histogram_freq=1)
printed = model.fit(data, target, epochs=2, verbose=0, callbacks=[board]).history
found = EventAccumulator(place + "/train").Reload().Tags()["tensors"]
curves = [tag for tag in found if tag.startswith("epoch")]
shims.answer(
    {
        "every metric that fit prints is found again": all(
            any(tag == f"epoch_{name}" for tag in curves) for name in printed
        ),
        "more is found than fit prints": len(found) > len(printed),
    },
    counts={"printed by fit": len(printed), "found on the board": len(found)},
)
