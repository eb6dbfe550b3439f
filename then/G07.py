"""G07: does TensorFlow have eager execution, which mimics dynamic graphs?"""

import shims

tf = shims.one_tf()


def follows(value):
    """Take another path for another input, with Python's own if."""
    return "doubled" if value * 2 > 0 else "negative"


with tf.Graph().as_default():
    in_graph = tf.constant(1.0) + 1
    refused = not shims.works(follows, tf.constant(1.0))
shims.answer(
    {
        "as it comes an operation runs when it is reached": float(tf.constant(1.0) + 1) == 2,
        "Python's if follows the value": (follows(tf.constant(1.0)) != follows(tf.constant(-1.0))),
        "in a graph of release 1's kind there is no value": not hasattr(in_graph, "numpy"),
        "and Python's if is refused": refused,
    }
)
