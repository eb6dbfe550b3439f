"""V03: is TensorBoard's data relatively easy to export? The points come back as written."""

import csv
import inspect
import io

import records
import shims
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

torch, tf = shims.one_thread()


def by_call_torch(place):
    """Read PyTorch's points."""
    return [event.value for event in EventAccumulator(place + "/torch").Reload().Scalars("loss")]


def by_call_tf(place):
    """Read TensorFlow's points, which are kept as tensors."""
    events = EventAccumulator(place + "/tf").Reload().Tensors("loss")
    return [float(tf.make_ndarray(event.tensor_proto)) for event in events]


def by_page(server, run):
    """Read the file that the page offers for download."""
    text = server.get(f"/data/plugin/scalars/scalars?run={run}&tag=loss&format=csv")
    return [float(row["Value"]) for row in csv.DictReader(io.StringIO(text))]


place = records.folder()
with shims.tensorboard(place) as server:
    pages = {run: by_page(server, run) for run in ("torch", "tf")}
statements = len(inspect.getsource(by_call_torch).strip().splitlines()) - 2
shims.answer(
    {
        "a call gives PyTorch's points": by_call_torch(place) == records.LOSSES,
        "a call gives TensorFlow's points": by_call_tf(place) == records.LOSSES,
        "the page gives PyTorch's points": pages["torch"] == records.LOSSES,
        "the page gives TensorFlow's points": pages["tf"] == records.LOSSES,
    },
    counts={"statements of a call, PyTorch": statements},
)
