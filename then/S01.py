"""S01: is switching seamless? Statements that stay of a loop, checkpoints that open."""

import ast
import tempfile

import numpy as np
import shims

torch, tf = shims.one_thread()
LOOP_TORCH = """
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for data, target in batches:
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(data), target)
    loss.backward()
    optimizer.step()
"""
LOOP_TF = """
model = keras.Sequential([layers.Dense(8, "relu"), layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.1)
for data, target in batches:
    with tf.GradientTape() as tape:
        loss = keras.losses.mse(target, model(data))
    weights = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
"""
place = tempfile.mkdtemp()
torch.save(torch.nn.Linear(4, 1).state_dict(), place + "/net.pt")
tf.train.Checkpoint(weight=tf.Variable([1.0])).write(place + "/net")


def stays_in_tf():
    """Open TensorFlow's file in TensorFlow."""
    assert tf.train.load_checkpoint(place + "/net").get_variable_to_shape_map()


def stays_in_torch():
    """Open PyTorch's in PyTorch."""
    assert torch.load(place + "/net.pt")["weight"].shape == (1, 4)


def in_tf():
    """Open PyTorch's file in TensorFlow."""
    assert tf.train.load_checkpoint(place + "/net.pt").get_variable_to_shape_map()


def in_torch():
    """Open TensorFlow's in PyTorch."""
    torch.load(place + "/net.data-00000-of-00001")


def statements(code):
    """Return a program's statements, of a compound one its first line."""
    nodes = ast.walk(ast.parse(code))
    return [ast.unparse(node).split("\n")[0] for node in nodes if isinstance(node, ast.stmt)]


rows, targets = np.ones((5, 4), "float32"), np.ones((5, 1), "float32")
at_home = {"torch": torch, "nn": torch.nn, "batches": [map(torch.tensor, (rows, targets))]}
exec(LOOP_TORCH, at_home)
keras = tf.keras
exec(LOOP_TF, {"tf": tf, "keras": keras, "layers": keras.layers, "batches": [(rows, targets)]})
stays_in_tf()
stays_in_torch()
loop_torch, loop_tf = statements(LOOP_TORCH), statements(LOOP_TF)
kept = [one for one in loop_torch if one in loop_tf]
backends = 0
for name in ("tensorflow", "torch"):
    code = f"import os; os.environ['KERAS_BACKEND'] = {name!r}; import keras;"
    backends += shims.alone(code + "print(keras.backend.backend())") == name
shims.answer(
    {
        "more than half of the loop's statements stay": 2 * len(kept) > len(loop_torch),
        "PyTorch's checkpoint opens in TensorFlow": shims.works(in_tf),
        "TensorFlow's checkpoint opens in PyTorch": shims.works(in_torch),
    },
    counts={
        "frameworks under which Keras runs": backends,
        "statements of the loop, and those that stay": [len(loop_torch), len(kept)],
    },
)
