"""G12: does PyTorch use static graphs? Every way to a graph that this release has, tried."""

import shims

torch = shims.one_torch()


class Net(torch.nn.Module):
    """A layer and an activation."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 3)

    def forward(self, data):
        """Return what passes."""
        return torch.relu(self.layer(data))


def compiled(net):
    """Use the newest way without a compiler for C++, which a machine may lack."""
    return torch.compile(net, backend="aot_eager")


def symbolic(net):
    """Trace without data."""
    from torch import fx

    return fx.symbolic_trace(net)


def exported(net):
    """Export a whole program."""
    return torch.export.export(net, (torch.ones(2, 3),)).module()


WAYS = {
    "torch.jit.script": torch.jit.script,
    "torch.jit.trace": lambda net: torch.jit.trace(net, (torch.ones(2, 3),)),
    "torch.fx": symbolic,
    "torch.compile": compiled,
    "torch.export": exported,
}
net, data = Net().eval(), torch.tensor([[1.0, -2.0, 3.0], [0.5, 0.25, -1.0]])


def right(way):
    """Say whether a way's graph gives the network's answers."""
    with torch.no_grad():
        assert torch.allclose(WAYS[way](net)(data), net(data))


found = {way: shims.works(right, way) for way in WAYS}
shims.answer(
    {
        "one way or more gives a graph with the right answers": any(found.values()),
        "a graph can be listed of what was scripted, not of the network as it came": hasattr(
            torch.jit.script(net), "graph"
        )
        and not hasattr(net, "graph"),
    },
    counts={"ways": [way for way in WAYS if found[way]]},
)
