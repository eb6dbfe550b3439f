"""Files of one year, opened in another: `files.py write FOLDER` or `files.py open FOLDER`.

Each is opened as one does who knows the file only: with the loader's own defaults.
"""

import inspect
import sys

import numpy as np
import shims

torch, tf = shims.one_thread()
what, place = sys.argv[1:]
data = np.array([[1.0, -2.0, 3.0]], "float32")


class Model(tf.Module):
    """A layer that a SavedModel carries with its graph."""

    def __init__(self):
        super().__init__()
        self.weight = tf.Variable([[1.0], [2.0], [3.0]])

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
    def __call__(self, data):
        """Return the product."""
        return data @ self.weight


def net_torch():
    """Return the layer in PyTorch."""
    net = torch.nn.Linear(3, 1, bias=False)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[1.0, 2.0, 3.0]]))
    return net


def net_keras():
    """Return the layer in Keras."""
    net = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(1, use_bias=False)])
    net.set_weights([np.array([[1.0], [2.0], [3.0]])])
    return net


def restored():
    """Return what a checkpoint holds, put into a new model."""
    model = Model()
    model.weight.assign([[0.0], [0.0], [0.0]])
    tf.train.Checkpoint(model=model).read(place + "/checkpoint").assert_consumed()
    return model


def state():
    """Return the layer with the weights of a file."""
    net = net_torch()
    net.weight.data.zero_()
    net.load_state_dict(torch.load(place + "/state.pt"))
    return net


def trusted():
    """Return a whole module of a sender who is trusted; then, everyone was."""
    newer = "weights_only" in inspect.signature(torch.load).parameters
    return torch.load(place + "/whole.pt", **({"weights_only": False} if newer else {}))


WRITTEN = {
    "weights (.pt)": lambda: torch.save(net_torch().state_dict(), place + "/state.pt"),
    "whole module (.pt)": lambda: torch.save(net_torch(), place + "/whole.pt"),
    "TorchScript": lambda: torch.jit.script(net_torch()).save(place + "/script.pt"),
    "SavedModel": lambda: tf.saved_model.save(Model(), place + "/saved"),
    "checkpoint": lambda: tf.train.Checkpoint(model=Model()).write(place + "/checkpoint"),
    "Keras .h5": lambda: net_keras().save(place + "/keras.h5"),
    "Keras folder": lambda: net_keras().save(place + "/keras"),
    "Keras .keras": lambda: net_keras().save(place + "/net.keras"),
}
OPENED = {
    "weights (.pt)": state,
    "whole module (.pt)": lambda: torch.load(place + "/whole.pt"),
    "whole module (.pt), trusted": trusted,
    "TorchScript": lambda: torch.jit.load(place + "/script.pt"),
    "SavedModel": lambda: tf.saved_model.load(place + "/saved"),
    "checkpoint": restored,
    "Keras .h5": lambda: tf.keras.models.load_model(place + "/keras.h5"),
    "Keras folder": lambda: tf.keras.models.load_model(place + "/keras"),
    "Keras folder, as a SavedModel": lambda: tf.saved_model.load(place + "/keras"),
    "Keras .keras": lambda: tf.keras.models.load_model(place + "/net.keras"),
}


def written(name):
    """Write a file."""
    WRITTEN[name]()


def answers(name):
    """Open a file, and compare what it answers with what was written."""
    model = OPENED[name]()
    given = torch.tensor(data) if isinstance(model, torch.nn.Module) else tf.constant(data)
    assert float(model(given)[0, 0]) == 6.0


if what == "write":
    shims.answer({name: shims.works(written, name) for name in WRITTEN})
else:
    shims.answer({name: shims.works(answers, name) for name in OPENED})
