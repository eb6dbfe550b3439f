"""E04: do both frameworks have elements for quick visual analysis? Each shows a planted fault.

A column of which some rows came in another unit, and the same column when it is sound: recorded by
each framework's own histogram, and read back.
"""

import tempfile

import numpy as np
import shims
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

torch, tf = shims.one_thread()
sound = np.random.default_rng(0).normal(14, 2, 500).clip(9, 20)
COLUMNS = {"delivered": np.where(np.arange(500) % 10 == 0, sound / 10, sound), "sound": sound}


def by_torch(place):
    """Record both columns with what ships inside torch; return the bins that come back."""
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(place) as writer:
        for name, column in COLUMNS.items():
            writer.add_histogram(name, column, 0)
    log = EventAccumulator(place).Reload()
    values = {name: log.Histograms(name)[0].histogram_value for name in COLUMNS}
    return {name: list(zip(own.bucket_limit, own.bucket)) for name, own in values.items()}


def by_tf(place):
    """Do the same with what ships inside tensorflow, whose bins are rows: left, right, count."""
    writer = tf.summary.create_file_writer(place)
    with writer.as_default():
        for name, column in COLUMNS.items():
            tf.summary.histogram(name, column, 0)
    writer.close()
    log = EventAccumulator(place).Reload()
    tables = {name: tf.make_ndarray(log.Tensors(name)[0].tensor_proto) for name in COLUMNS}
    return {name: [row[1:] for row in table] for name, table in tables.items()}


def left_of_the_gap(bins):
    """Count the rows below 5, where a sound column has none."""
    return round(sum(count for right, count in bins if right < 5))


found = {"PyTorch": by_torch(tempfile.mkdtemp()), "TensorFlow": by_tf(tempfile.mkdtemp())}
rows = {
    name: [left_of_the_gap(own["delivered"]), left_of_the_gap(own["sound"])]
    for name, own in found.items()
}
shims.answer(
    {
        f"{name}'s own histogram shows the fault, and none where there is none": (
            delivered > healthy + 20
        )
        for name, (delivered, healthy) in rows.items()
    },
    counts={f"rows left of the gap, {name}": own for name, own in rows.items()},
)
