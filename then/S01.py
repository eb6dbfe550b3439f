"""S01: is switching seamless? Lines that stay, checkpoints that open."""

import difflib
import tempfile

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


def in_tf():
    """Open PyTorch's file in TensorFlow."""
    assert tf.train.load_checkpoint(place + "/net.pt").get_variable_to_shape_map()


def in_torch():
    """Open TensorFlow's in PyTorch."""
    torch.load(place + "/net.data-00000-of-00001")


lines = LOOP_TORCH.strip().splitlines(), LOOP_TF.strip().splitlines()
blocks = difflib.SequenceMatcher(None, *lines).get_matching_blocks()
kept = sum(block.size for block in blocks) / len(lines[0])
backends = 0
for name in ("tensorflow", "torch"):
    code = f"import os; os.environ['KERAS_BACKEND'] = {name!r}; import keras;"
    backends += shims.alone(code + "print(keras.backend.backend())") == name
shims.answer(
    {
        "more than half of the loop's lines stay": kept > 0.5,
        "PyTorch's checkpoint opens in TensorFlow": shims.works(in_tf),
        "TensorFlow's checkpoint opens in PyTorch": shims.works(in_torch),
    },
    counts={"frameworks under which Keras runs": backends},
)
