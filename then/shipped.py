"""Models for the scripts that ask what a file can do without the code that made it."""

import json
import tempfile

import shims

torch, tf = shims.one_thread()
ROW = [1.0, -2.0, 3.0]


class OursTorch(torch.nn.Module):
    """A linear layer whose answer is doubled: no file without code can know that."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)

    def forward(self, data):
        """Return twice the layer's answer."""
        return 2 * self.layer(data)


class OursTF(tf.Module):
    """The same in TensorFlow."""

    def __init__(self):
        super().__init__()
        self.weight = tf.Variable(tf.random.stateless_normal([3, 2], [0, 0]))

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
    def __call__(self, data):
        """Return twice the product."""
        return 2 * (data @ self.weight)


def files():
    """Save each model in each way; return by name the expression that opens it, and its answer."""
    place = tempfile.mkdtemp()
    ours = OursTorch().eval()
    home = ours(torch.tensor([ROW])).tolist()
    torch.jit.script(ours).save(place + "/scripted.pt")
    torch.save(ours, place + "/pickled.pt")
    row = f"torch.tensor([{ROW}])"
    found = {
        "TorchScript": (f"torch.jit.load('{place}/scripted.pt')({row}).tolist()", home),
        "pickled module": (f"{_load(place)}({row}).tolist()", home),
    }
    if hasattr(torch, "export"):  # not there in 2021
        program = torch.export.export(ours, (torch.tensor([ROW]),))
        torch.export.save(program, place + "/exported.pt2")
        found["torch.export"] = (
            f"torch.export.load('{place}/exported.pt2').module()({row}).tolist()",
            home,
        )
    model = OursTF()
    tf.saved_model.save(model, place + "/saved")
    home = model(tf.constant([ROW])).numpy().tolist()
    asked = f"tf.constant([{ROW}])"
    found["SavedModel"] = (f"tf.saved_model.load('{place}/saved')({asked}).numpy().tolist()", home)
    tf.train.Checkpoint(model=model).write(place + "/weights")
    opened = f"tf.train.load_checkpoint('{place}/weights')"
    found["weights alone"] = (f"{opened}({asked}).numpy().tolist()", home)
    return found


def _load(place):
    # Since 2.6 torch.load refuses a pickled module unless it is asked to trust it.
    newer = tuple(map(int, torch.__version__.split("+")[0].split(".")[:2])) >= (2, 0)
    return f"torch.load('{place}/pickled.pt'" + (", weights_only=False)" if newer else ")")


def answers_alone(expression, home):
    """Say whether a process without our classes gets the answer of home from a file."""
    framework = "import torch" if "torch." in expression else "import tensorflow as tf"
    line = shims.alone(f"{framework}; import json; print(json.dumps({expression}))")
    if line is None:
        return False
    pairs = zip(json.loads(line)[0], home[0])
    return all(abs(one - other) < 1e-5 for one, other in pairs)
