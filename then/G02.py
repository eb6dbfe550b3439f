"""G02: does a graph ship a model without its code? Files opened where the class is unknown."""

import shims
from shipped import answers_alone, files

found = {name: answers_alone(*how) for name, how in files().items()}
shims.answer(
    {
        "PyTorch: a file with a graph answers as at home": found["TorchScript"],
        "TensorFlow: a file with a graph answers as at home": found["SavedModel"],
        "a pickled module does not open": not found["pickled module"],
        "weights alone do not answer": not found["weights alone"],
    },
    counts={
        "PyTorch's ways to such a file": sum(
            found.get(name, False) for name in ("TorchScript", "torch.export")
        )
    },
)
