"""G03: are transformations of a static graph performed? Nodes before and after a pass."""

import shims
from torch import fx

torch, tf = shims.one_thread()


class Square(torch.nn.Module):
    """x times x plus zero, which is one operation too many."""

    def forward(self, data):
        """Return the square."""
        return data * data + 0


data = torch.tensor([1.0, 2.0, 3.0])
traced = fx.symbolic_trace(Square())
before = len(list(traced.graph.nodes))
for node in list(traced.graph.nodes):
    if "add" in str(node.target) and node.args[1] == 0:
        node.replace_all_uses_with(node.args[0])
        traced.graph.erase_node(node)
traced.recompile()
after = len(list(traced.graph.nodes))


def wasteful(value):
    """Compute constants that a graph can compute once."""
    for number in range(5):
        value = value * (tf.constant(2.0) * float(number + 1))
    return value


with tf.Graph().as_default() as graph:
    value = tf.compat.v1.placeholder(tf.float32, [3])
    result = wasteful(value)
    options = tf.compat.v1.RunOptions(output_partition_graphs=True)
    told = tf.compat.v1.RunMetadata()
    with tf.compat.v1.Session() as session:
        own = session.run(result, {value: data.numpy()}, options, told)
left = sum(len(part.node) for part in told.partition_graphs)
nodes = len(graph.as_graph_def().node)
same = abs(own - wasteful(tf.constant(data.numpy())).numpy()).max() < 1e-3
shims.answer(
    {
        "PyTorch: fewer nodes after a pass": after < before,
        "PyTorch: the same answers": torch.equal(traced(data), data * data),
        "TensorFlow: fewer nodes after its optimizer": left < nodes,
        "TensorFlow: the same answers": same,
    },
    counts={"PyTorch": [before, after], "TensorFlow": [nodes, left]},
)
