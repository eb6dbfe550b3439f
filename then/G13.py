"""G13: do both frameworks allow flexibility for new architectures? One, both ways."""

import shims
from unusual import DATA, START, learns_tf, learns_torch, settle_tf, settle_torch, tf, torch

once = tf.tanh(tf.matmul(tf.constant(DATA), tf.constant(START)))
settled = settle_tf(tf.constant(START), tf.constant(DATA))
shims.answer(
    {
        "PyTorch eagerly": shims.works(learns_torch, settle_torch),
        "PyTorch scripted": shims.works(lambda: learns_torch(torch.jit.script(settle_torch))),
        "TensorFlow eagerly": shims.works(learns_tf, settle_tf),
        "TensorFlow traced": shims.works(lambda: learns_tf(tf.function(settle_tf))),
        "a layer that passes once gives other answers": abs(once - settled).numpy().max() > 0.1,
    }
)
