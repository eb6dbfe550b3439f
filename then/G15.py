"""G15: does eager execution make TensorFlow flexible? One network, with it and without."""

import shims
from unusual import DATA, START, learns_tf, settle_tf, tf


def in_a_graph():
    """Write the same lines in a graph of release 1's kind."""
    with tf.Graph().as_default():
        settle_tf(tf.compat.v1.placeholder(tf.float32, [2, 2]), tf.constant(DATA))


def in_a_graph_another_way():
    """Write them anew, as a loop of the graph's own."""
    with tf.Graph().as_default():
        weight = tf.constant(START)

        def more(value, change, passes):
            return (change > 0.05) & (passes < 10)

        def once(value, change, passes):
            following = tf.tanh(tf.matmul(value, weight))
            return following, tf.reduce_max(tf.abs(following - value)), passes + 1

        start = (tf.constant(DATA), tf.constant(1.0), tf.constant(0))
        settled = tf.while_loop(more, once, start)[0]
        with tf.compat.v1.Session() as session:
            assert abs(session.run(settled) - settled_eagerly).max() < 1e-5


settled_eagerly = settle_tf(tf.constant(START), tf.constant(DATA)).numpy()
shims.answer(
    {
        "with eager execution, Python's loop trains": shims.works(learns_tf, settle_tf),
        "in a graph alone the same lines are refused": not shims.works(in_a_graph),
        "there it takes a loop of the graph's own": shims.works(in_a_graph_another_way),
    }
)
