"""V01: is TensorBoard equipped for visualizing data? Eight kinds of records, and who shows them."""

import tempfile
import warnings

import numpy as np
import records
import shims
from torch.utils.tensorboard import SummaryWriter

KINDS = {*records.KINDS, "pr_curves", "graphs", "hparams", "custom_scalars"}
torch = shims.one_torch()


def more(place):
    """Write four kinds beside those of `records`, with what ships inside torch."""
    right, chances = np.arange(8) % 2, np.linspace(0, 1, 8)
    with SummaryWriter(place) as writer, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        writer.add_pr_curve("curve", right, chances, 0)
        writer.add_graph(torch.nn.Linear(3, 1), torch.zeros(1, 3))
        writer.add_hparams({"rate": 0.1}, {"last": 0.5}, run_name=".")
        writer.add_custom_scalars({"report": {"training": ["Multiline", ["loss"]]}})


def shown(place, tries):
    """Return the kinds of records for which the server says that it has something to show."""
    with shims.tensorboard(place) as server:
        return KINDS & shims.plugins(server, KINDS, tries)[1]


place = records.folder()
more(place + "/more")
found, empty = shown(place, 60), shown(tempfile.mkdtemp(), 10)
shims.answer(
    {
        **{f"{name} are shown": name in found for name in sorted(KINDS)},
        "an empty folder shows none of it": not empty,
    },
    counts={"kinds of records": len(KINDS), "shown": len(found), "of an empty folder": len(empty)},
)
