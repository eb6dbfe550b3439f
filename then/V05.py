"""V05: can TensorBoard be used with PyTorch, and does that take a plug-in?

Taken as its lesson takes it: something that has to be installed besides torch, without which it
writes nothing, and which TensorFlow brings or does without.
"""

import re
import tempfile
from importlib.metadata import requires

import records
import shims
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

place = tempfile.mkdtemp()
records.torch_writes(place)
points = [event.value for event in EventAccumulator(place).Reload().Scalars("loss")]
WRITES = """
import sys; sys.modules.update(dict.fromkeys({!r}))
import os, torch
from torch.utils.tensorboard import SummaryWriter as Writer
with Writer({!r}) as writer:
    writer.add_scalar("number", 1.0, 0)
file = sys.modules[Writer.__module__].__file__
print(file.startswith(os.path.dirname(torch.__file__)))
"""
TF_WRITES = """
import sys; sys.modules.update(dict.fromkeys({!r}))
import tensorflow as tf
with tf.summary.create_file_writer({!r}).as_default():
    assert tf.summary.scalar("number", 1.0, 0)
print(True)
"""


def brings(framework):
    """Say whether the package tensorboard is installed with a framework, whatever else is asked."""
    return any(re.match(r"tensorboard\b(?!.*extra ==)", need) for need in requires(framework))


with_it = shims.alone(WRITES.format(["tensorflow"], place))
without_it = shims.alone(WRITES.format(["tensorflow", "tensorboard"], place))
tf_with_it = shims.alone(TF_WRITES.format([], place))
tf_without_it = shims.alone(TF_WRITES.format(["tensorboard"], place))
assert tf_with_it is not None
shims.answer(
    {
        "used with PyTorch: its points are read from the record": points == records.LOSSES,
        "by means of plug-ins: torch writes with the package tensorboard": with_it is not None,
        "by means of plug-ins: without it torch writes nothing": without_it is None,
        "by means of plug-ins: torch does not bring it": not brings("torch"),
        "by means of plug-ins: TensorFlow brings it or does without": (
            brings("tensorflow") or tf_without_it is not None
        ),
    },
    counts={"writers that lie inside torch": int(with_it == "True")},
)
