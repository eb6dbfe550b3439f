"""What a start costs, in processor milliseconds and megabytes, and what tracing and saving do."""

import json
import tempfile
import time

import shims

torch, tf = shims.one_thread()
PROBE = """
import os, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy
start = time.process_time()
import {}
spent = time.process_time() - start
print(1000 * spent, {})
"""
place = tempfile.mkdtemp()
net = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1)).eval()
row = torch.ones(1, 16)


class Served(tf.Module):
    """The same network, to be traced and saved."""

    def __init__(self):
        super().__init__()
        self.weights = [tf.Variable(tf.ones([16, 32])), tf.Variable(tf.ones([32, 1]))]
        self.traced = traced_tf(self)

    def answer(self, data):
        """Return what the network gives."""
        return tf.nn.relu(data @ self.weights[0]) @ self.weights[1]


def traced_tf(model):
    """Return a model's function, traced."""
    traced = tf.function(model.answer, input_signature=[tf.TensorSpec([None, 16], tf.float32)])
    traced.get_concrete_function()
    return traced


def milliseconds(function):
    """Return the least processor time of three runs."""
    found = []
    for _ in range(3):
        start = time.process_time()
        function()
        found.append(1000 * (time.process_time() - start))
    return min(found)


def imported(module):
    """Return milliseconds and megabytes of an import; this script's own has the files at hand."""
    return map(float, shims.alone(PROBE.format(module, shims.HELD)).split())


torch_ms, torch_mb = imported("torch")
tf_ms, tf_mb = imported("tensorflow")

traced, served, saved = torch.jit.trace(net, row), Served(), place + "/saved"
times = {
    "import, PyTorch": torch_ms,
    "import, TensorFlow": tf_ms,
    "trace, PyTorch": milliseconds(lambda: torch.jit.trace(net, row)),
    "trace, TensorFlow": milliseconds(lambda: traced_tf(served)),
    "save, PyTorch (TorchScript)": milliseconds(lambda: traced.save(place + "/net.pt")),
    "save, TensorFlow (SavedModel)": milliseconds(lambda: tf.saved_model.save(served, saved)),
}
print(
    json.dumps(
        {
            "milliseconds": {name: round(value, 2) for name, value in times.items()},
            "megabytes": {"PyTorch": round(torch_mb), "TensorFlow": round(tf_mb)},
        }
    )
)
