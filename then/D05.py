"""D05: does PyTorch use CUDA to say whether the card or the processor is used?"""

import shims

torch = shims.one_torch()


def on(device):
    """Ask for a device by its name."""
    torch.ones(2).to(device)


shims.answer(
    {
        "graphics card: without CUDA it cannot be had": not shims.works(on, "cuda"),
        "processor: without CUDA it cannot be had": not shims.works(on, "cpu"),
    }
)
