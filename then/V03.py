"""V03: is TensorBoard's data relatively easy to export? The points come back as written.

Easy is counted in statements, as its lesson counts them: out, and in.
"""

import csv
import io
import tempfile

import shims
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

torch, tf = shims.one_thread()
POINTS = [1.0, 0.5, 0.25, 0.125]


def put_torch(folder):
    """Write the points with what ships inside torch."""
    with SummaryWriter(folder) as writer:
        for step, point in enumerate(POINTS):
            writer.add_scalar("loss", point, step)


def put_tf(folder):
    """Write them with what ships inside tensorflow."""
    with tf.summary.create_file_writer(folder).as_default():
        for step, point in enumerate(POINTS):
            tf.summary.scalar("loss", point, step)


def get_torch(folder):
    """Read PyTorch's points."""
    events = EventAccumulator(folder).Reload().Scalars("loss")
    return [event.value for event in events]


def get_tf(folder):
    """Read TensorFlow's, which are kept as tensors."""
    events = EventAccumulator(folder, size_guidance={"tensors": 0}).Reload().Tensors("loss")
    return [float(tf.make_ndarray(event.tensor_proto)) for event in events]


def by_page(server, run):
    """Read the file that the page offers for download."""
    text = server.get(f"/data/plugin/scalars/scalars?run={run}&tag=loss&format=csv")
    return [float(row["Value"]) for row in csv.DictReader(io.StringIO(text))]


place = tempfile.mkdtemp()
put_torch(place + "/torch")
put_tf(place + "/tf")
with shims.tensorboard(place) as server:
    pages = {run: by_page(server, run) for run in ("torch", "tf")}
into, out = (
    [shims.statements(function) for function in pair]
    for pair in ((put_torch, put_tf), (get_torch, get_tf))
)
shims.answer(
    {
        "a call gives PyTorch's points": get_torch(place + "/torch") == POINTS,
        "a call gives TensorFlow's points": get_tf(place + "/tf") == POINTS,
        "the page gives PyTorch's points": pages["torch"] == POINTS,
        "the page gives TensorFlow's points": pages["tf"] == POINTS,
        "PyTorch: no more statements out than in": out[0] <= into[0],
        "TensorFlow: no more statements out than in": out[1] <= into[1],
    },
    counts={"statements that put them in": into, "statements that get them out": out},
)
