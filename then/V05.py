"""V05: can TensorBoard be used with PyTorch, and does that take a plug-in?

The writer is looked for in torch itself, in a process where nothing but torch can write.
"""

import tempfile

import records
import shims
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

place = tempfile.mkdtemp()
records.torch_writes(place)
points = [event.value for event in EventAccumulator(place).Reload().Scalars("loss")]
inside = shims.alone(
    "import sys; sys.modules['tensorflow'] = None\n"
    "from torch.utils.tensorboard import SummaryWriter as Writer\n"
    "import os, torch\n"
    "file = sys.modules[Writer.__module__].__file__\n"
    "print(file.startswith(os.path.dirname(torch.__file__)))"
)
shims.answer(
    {
        "used with PyTorch: its points are read from the record": points == records.LOSSES,
        "by means of plug-ins: the writer lies outside torch": inside != "True",
    }
)
