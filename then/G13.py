"""G13: do both frameworks allow flexibility for new architectures? One, both ways."""

import shims
from unusual import START, learns_tf, learns_torch, settle_tf, settle_torch, tf, torch

ready = tf.keras.Sequential([tf.keras.layers.Dense(2, activation="tanh")])
ready(tf.constant(START))
shims.answer(
    {
        "PyTorch eagerly": shims.works(learns_torch, settle_torch),
        "PyTorch scripted": shims.works(lambda: learns_torch(torch.jit.script(settle_torch))),
        "TensorFlow eagerly": shims.works(learns_tf, settle_tf),
        "TensorFlow traced": shims.works(lambda: learns_tf(tf.function(settle_tf))),
        "ready-made layers pass once, whatever comes": len(ready.layers) == 1,
    }
)
