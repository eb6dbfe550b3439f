"""V05: can TensorBoard be used with PyTorch, and does that take a plug-in?

Taken as its lesson takes it: something besides torch and the dashboard's own package without which
its writer writes nothing.
"""

import tempfile

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

with_it = shims.alone(WRITES.format(["tensorflow"], place))
without_it = shims.alone(WRITES.format(["tensorflow", "tensorboard"], place))
shims.answer(
    {
        "used with PyTorch: its points are read from the record": points == records.LOSSES,
        "by means of plug-ins: with the dashboard's package alone torch writes nothing": (
            with_it is None
        ),
        "by means of plug-ins: without it torch writes nothing": without_it is None,
    },
    counts={"writers that lie inside torch": int(with_it == "True")},
)
