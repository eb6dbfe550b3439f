"""G09: has PyTorch dynamic graphs? The record of one function for two inputs, and a trace of it."""

import shims

torch = shims.one_torch()


def halvings(value):
    """Halve until small: as many operations as the input needs."""
    while value.sum() > 1:
        value = value / 2
    return value


def length(record):
    """Count the steps of an eager run's record."""
    steps = 0
    while record is not None:
        steps, record = steps + 1, record.next_functions[0][0] if record.next_functions else None
    return steps


short, long = (torch.full((2,), size, requires_grad=True) for size in (1.0, 64.0))
traced = torch.jit.trace(halvings, (short,), check_trace=False)
shims.answer(
    {
        "another input, another graph": length(halvings(short).grad_fn)
        < length(halvings(long).grad_fn),
        "traced once, the graph stays and answers otherwise": not torch.equal(
            traced(long), halvings(long)
        ),
    },
    counts={"steps": [length(halvings(value).grad_fn) for value in (short, long)]},
)
