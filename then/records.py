"""Records for the scripts that ask TensorBoard: what both frameworks write with their own."""

import tempfile

import numpy as np
import shims

KINDS = ("scalars", "images", "histograms", "text")
LOSSES = [1.0, 0.5, 0.25, 0.125]

torch, tf = shims.one_thread()
picture = np.random.default_rng(0).random((1, 8, 8, 1)).astype("float32")


def folder():
    """Write a number, a picture, a distribution and a text, by each framework; return where."""
    place = tempfile.mkdtemp()
    torch_writes(place + "/torch")
    tf_writes(place + "/tf")
    return place


def torch_writes(place):
    """Write with what ships inside torch."""
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(place) as writer:
        for step, loss in enumerate(LOSSES):
            writer.add_scalar("loss", loss, step)
        writer.add_histogram("weights", torch.tensor(picture), 0)
        writer.add_image("picture", torch.tensor(picture[0]), 0, dataformats="HWC")
        writer.add_text("note", "begun", 0)


def tf_writes(place):
    """Write with what ships inside tensorflow."""
    writer = tf.summary.create_file_writer(place)
    with writer.as_default():
        for step, loss in enumerate(LOSSES):
            tf.summary.scalar("loss", loss, step)
        tf.summary.histogram("weights", picture, 0)
        tf.summary.image("picture", picture, 0)
        tf.summary.text("note", "begun", 0)
    writer.close()
