"""E04: do both frameworks have elements for quick visual analysis? Each writes with its own."""

import glob
import tempfile

import numpy as np
import records
import shims


def writes(function):
    """Say whether a function leaves a file of records."""
    place = tempfile.mkdtemp()
    return shims.works(function, place) and bool(glob.glob(place + "/events*"))


in_numpy = [name for name in dir(np) if "summary" in name or "plot" in name]
shims.answer(
    {
        "PyTorch writes numbers, a picture, a distribution": writes(records.torch_writes),
        "TensorFlow writes numbers, a picture, a distribution": writes(records.tf_writes),
        "NumPy has no such element": not in_numpy,
    }
)
