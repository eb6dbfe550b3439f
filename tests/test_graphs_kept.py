"""What lessons 12 to 14 say of PyTorch's graphs, where no cell of theirs shows it."""

import torch


def test_past_its_limit_torch_compile_runs_the_graphs_it_has_and_all_else_eagerly():
    made, ran = [], []

    def keep(graph, example_inputs):
        made.append(graph)
        return lambda *inputs: ran.append(1) or graph.forward(*inputs)

    torch.compiler.reset()
    doubled = torch.compile(lambda x: 2 * x, backend=keep, dynamic=False)
    for length in range(2, 14):
        doubled(torch.ones(length))
    ran.clear()
    used = []
    for length in range(2, 14):
        before = len(ran)
        doubled(torch.ones(length))
        used.append(len(ran) - before)
    torch.compiler.reset()
    assert (len(made), used) == (8, [1] * 8 + [0] * 4)
