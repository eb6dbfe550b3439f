"""D06: does PyTorch run without CUDA and with no device named? A training, where there is none."""

import shims

torch = shims.one_torch()


def train():
    """Train a little, with no word on a device."""
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(10):
        loss = (model(torch.ones(4, 3)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    assert losses[-1] < losses[0]


assert not torch.cuda.is_available()
shims.answer({"without CUDA and a device named it does not run": not shims.works(train)})
