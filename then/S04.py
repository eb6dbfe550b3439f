"""S04: do TensorFlow's features for production make a good case, beside PyTorch's?

A small model of which a careless file would forget something, for a server and for telephones, by
each framework's own ways. Then PyTorch's way to a server was `torch.jit.script`, now it is
`torch.export`; Keras had no `export`, which now writes a SavedModel.
"""

import tempfile

import numpy as np
import shims
from torch.jit.mobile import _load_for_lite_interpreter

torch, tf = shims.one_thread()
torch.manual_seed(0)
tf.random.set_seed(0)
rows = np.random.default_rng(0).normal(size=(7, 3)).astype("float32")
data_torch = torch.tensor(rows)
place = tempfile.mkdtemp()
layers = tf.keras.layers
model_tf = tf.keras.Sequential([tf.keras.Input((3,)), layers.Dense(16)])
for layer in (layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(2)):
    model_tf.add(layer)
model_tf.compile("sgd", "mse")
model_tf.train_on_batch(rows, rows[:, :2])
if hasattr(model_tf, "export"):
    model_tf.export(place + "/saved", verbose=False)
else:
    tf.saved_model.save(model_tf, place + "/saved")
home_tf = model_tf(rows, training=False).numpy()
parts = torch.nn.Linear(3, 16), torch.nn.BatchNorm1d(16), torch.nn.Dropout(), torch.nn.Linear(16, 2)
model_torch = torch.nn.Sequential(*parts)
model_torch(data_torch)
home_torch = model_torch.eval()(data_torch).detach()


def server_tf():
    """Ask the SavedModel at the entrance for servers."""
    loaded = tf.saved_model.load(place + "/saved")  # kept: in 2021 the weights went with the object
    entrance = loaded.signatures["serving_default"]
    (name,) = entrance.structured_input_signature[1]
    (answer,) = entrance(**{name: tf.constant(rows)}).values()
    assert np.allclose(answer, home_tf, atol=1e-5)


def phone_tf():
    """Convert it, and let the interpreter for telephones answer."""
    content = tf.lite.TFLiteConverter.from_saved_model(place + "/saved").convert()
    phone = tf.lite.Interpreter(model_content=content)
    entrance = phone.get_input_details()[0]["index"]
    phone.resize_tensor_input(entrance, rows.shape)
    phone.allocate_tensors()
    phone.set_tensor(entrance, rows)
    phone.invoke()
    answer = phone.get_tensor(phone.get_output_details()[0]["index"])
    assert np.allclose(answer, home_tf, atol=1e-5)


def server_torch():
    """Write PyTorch's file with a graph, and ask it."""
    if hasattr(torch, "export"):
        torch.export.save(torch.export.export(model_torch, (data_torch,)), place + "/served.pt2")
        opened = torch.export.load(place + "/served.pt2").module()
    else:
        torch.jit.script(model_torch).save(place + "/served.pt2")
        opened = torch.jit.load(place + "/served.pt2")
    assert torch.allclose(opened(data_torch), home_torch, atol=1e-5)


def phone_torch():
    """Write the file of PyTorch Mobile, and let its interpreter answer."""
    torch.jit.script(model_torch)._save_for_lite_interpreter(place + "/phone.ptl")
    opened = _load_for_lite_interpreter(place + "/phone.ptl")
    assert torch.allclose(opened(data_torch), home_torch, atol=1e-5)


tensorflow = {"server": shims.works(server_tf), "telephones": shims.works(phone_tf)}
pytorch = {"server": shims.works(server_torch), "telephones": shims.works(phone_torch)}
gap_training = abs(model_tf(rows, training=True).numpy() - home_tf).max()
shims.answer(
    {
        "a place or more that TensorFlow's own way reaches": any(tensorflow.values()),
        **{
            f"{where}: TensorFlow's file answers as at home, or neither framework's does": (
                reached or not pytorch[where]
            )
            for where, reached in tensorflow.items()
        },
        "the model as in training answers otherwise": gap_training > 1e-3,
    },
    counts={
        "places that TensorFlow's own ways reach": sum(tensorflow.values()),
        "places that PyTorch's own ways reach": sum(pytorch.values()),
    },
)
