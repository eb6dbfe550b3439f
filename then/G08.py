"""G08: does the graph make TensorFlow friendlier to production? Steps to serve."""

import tempfile

import shims

place = tempfile.mkdtemp()
MAKE = """
import tensorflow as tf
class Ours(tf.Module):
    def __init__(self):
        self.weight = tf.Variable(tf.ones([3, 2]))
    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
    def __call__(self, data):
        return 2 * (data @ self.weight)
"""
TRAINED = "\nmodel = Ours(); model.weight.assign(tf.reshape(tf.range(6.0), [3, 2]))\n"
SHOW = "\nprint(model(tf.constant([[1.0, 2.0, 3.0]])).numpy().tolist())"
SAVE = f"tf.saved_model.save(model, '{place}/saved')"
SAVE += f"\ntf.train.Checkpoint(m=model).save('{place}/c')"
LOAD = f"import tensorflow as tf\nmodel = tf.saved_model.load('{place}/saved')"
RESTORE = f"\nmodel = Ours()\ntf.train.Checkpoint(m=model).restore('{place}/c-1')"


def statements(code):
    """Count the lines that say something."""
    return sum(bool(line.strip()) for line in code.splitlines())


home = shims.alone(MAKE + TRAINED + SAVE + SHOW)
BARE = f"import tensorflow as tf\nmodel = tf.train.load_checkpoint('{place}/c-1')"
without_code = shims.alone(BARE + SHOW)
shims.answer(
    {
        "with its graph it answers as at home, without its code": shims.alone(LOAD + SHOW) == home,
        "without a graph it answers with its code": shims.alone(MAKE + RESTORE + SHOW) == home,
        "without a graph it does not answer without its code": without_code is None,
        "fewer statements with the graph": statements(LOAD) < statements(MAKE + RESTORE),
    },
    counts={"with": statements(LOAD), "without": statements(MAKE + RESTORE)},
)
