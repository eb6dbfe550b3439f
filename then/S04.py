"""S04: do TensorFlow's features for production make a good case? Two files."""

import tempfile

import numpy as np
import shims

tf = shims.one_tf()
data = np.random.default_rng(0).random((1, 4)).astype("float32")


class Served(tf.Module):
    """A layer with an entrance for a server."""

    def __init__(self):
        super().__init__()
        self.weight = tf.Variable(tf.random.stateless_normal([4, 2], [0, 1]))

    @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32)])
    def serve(self, data):
        """Return what the layer gives."""
        return {"answer": tf.nn.relu(data @ self.weight)}


model, place, bare = Served(), tempfile.mkdtemp(), tempfile.mkdtemp()
home = model.serve(tf.constant(data))["answer"].numpy()
tf.saved_model.save(model, place, signatures=model.serve)
weights = tf.Module()
weights.weight = model.weight
tf.saved_model.save(weights, bare)


def on_a_phone():
    """Convert the file, and let the interpreter for phones answer."""
    content = tf.lite.TFLiteConverter.from_saved_model(place).convert()
    phone = tf.lite.Interpreter(model_content=content)
    phone.allocate_tensors()
    phone.set_tensor(phone.get_input_details()[0]["index"], data)
    phone.invoke()
    assert np.allclose(phone.get_tensor(phone.get_output_details()[0]["index"]), home, atol=1e-5)


loaded = tf.saved_model.load(place)  # kept: in 2021 the weights went with the object
answered = loaded.signatures["serving_default"](data=tf.constant(data))["answer"].numpy()
shims.answer(
    {
        "a file for a server has an entrance and answers as at home": np.allclose(answered, home),
        "the weights alone have no entrance": not tf.saved_model.load(bare).signatures,
        "a file for phones answers as at home": shims.works(on_a_phone),
    }
)
