"""G01: does a static graph store a fixed data structure? Its nodes, after other inputs."""

import shims

torch, tf = shims.one_thread()


def branching(value):
    """Take another path for a positive input than for a negative one."""
    if value.sum() > 0:
        return value * 2
    return (value + 1) * 3


def branching_tf(value):
    """Do the same with TensorFlow's sum."""
    if tf.reduce_sum(value) > 0:
        return value * 2
    return (value + 1) * 3


scripted = torch.jit.script(branching)
before = str(scripted.graph)
inputs = [torch.ones(3), -torch.ones(3), torch.zeros(5)]
answers = [torch.equal(scripted(value), branching(value)) for value in inputs]
graph = tf.function(branching_tf).get_concrete_function(tf.TensorSpec([None], tf.float32))
nodes = [node.name for node in graph.graph.as_graph_def().node]
for value in inputs:
    graph(tf.constant(value.numpy()))
eager = [
    type(branching(value.requires_grad_()).grad_fn.next_functions[0][0]).__name__
    for value in (torch.ones(3), -torch.ones(3))
]
shims.answer(
    {
        "PyTorch: the scripted graph is the same after other inputs": str(scripted.graph) == before,
        "PyTorch: it answers them all": all(answers),
        "TensorFlow: the nodes are the same after other inputs": nodes
        == [node.name for node in graph.graph.as_graph_def().node],
        "an eager run's record is another one for another input": eager[0] != eager[1],
    },
    counts={"nodes of TensorFlow's graph": len(nodes)},
)
