# Answers to the tasks of exercise 09, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% static_graphs-1 right
def count_tf(function, calls):
    traces = []

    def noted(*arguments):
        traces.append(1)
        return function(*arguments)

    traced = tf.function(noted)
    for arguments in calls:
        traced(*arguments)
    return len(traces)


def count_torch(function, calls):
    count = 0

    def backend(graph_module, examples):
        nonlocal count
        count += 1
        return graph_module.forward

    compiled = torch.compile(backend=backend)(function)
    for arguments in calls:
        compiled(*arguments)
    return count


# %% static_graphs-1 wrong: count_tf for four calls that are alike is 4, expected 1
def count_tf(function, calls):
    count = 0
    for arguments in calls:
        traced = tf.function(function)
        traced(*arguments)
        count += traced.experimental_get_tracing_count()
    return count


def count_torch(function, calls):
    return len(calls)


# %% static_graphs-1 wrong: count_tf for the lengths 3, 5, 3, 5, 5 is 1, expected 2
def count_tf(function, calls):
    for arguments in calls:
        traced = tf.function(function)
        traced(*arguments)
    return traced.experimental_get_tracing_count()


def count_torch(function, calls):
    return 1


# %% static_graphs-1 wrong: count_tf for four Python numbers is 1, expected 4
def count_tf(function, calls):
    return len({tuple(arguments[0].shape) for arguments in calls})


def count_torch(function, calls):
    return len({tuple(arguments[0].shape) for arguments in calls})


# %% static_graphs-1 wrong: count_torch for four calls that are alike is 0, expected 1
def count_tf(function, calls):
    traced = tf.function(function)
    for arguments in calls:
        traced(*arguments)
    return traced.experimental_get_tracing_count()


def count_torch(function, calls):
    graphs = []

    def keep(graph_module, examples):
        graphs.append(graph_module)
        return graph_module

    torch.compile(function, backend=keep)
    return len(graphs)


# %% static_graphs-1 wrong: count_torch for the lengths 3, 5, 7, 9 is 4, expected 2
def count_tf(function, calls):
    traced = tf.function(function)
    for arguments in calls:
        traced(*arguments)
    return traced.experimental_get_tracing_count()


def count_torch(function, calls):
    graphs = []

    def keep(graph_module, examples):
        graphs.append(graph_module)
        return graph_module

    compiled = torch.compile(function, backend=keep, dynamic=False)
    for arguments in calls:
        compiled(*arguments)
    return len(graphs)


# %% static_graphs-1 wrong: count_tf for the lengths 3, 5, 7, 9 is 2, expected 4
def count_tf(function, calls):
    traced = tf.function(function, reduce_retracing=True)
    for arguments in calls:
        traced(*arguments)
    return traced.experimental_get_tracing_count()

def count_torch(function, calls):
    graphs = []
    def keep(graph_module, examples):
        graphs.append(graph_module)
        return graph_module
    compiled = torch.compile(function, backend=keep)
    for arguments in calls:
        compiled(*arguments)
    return len(graphs)


# %% static_graphs-2 right
def traced_once(function):
    @tf.function(input_signature=(tf.TensorSpec((None,)), tf.TensorSpec(())))
    def once(x, rate):
        return function(x, rate)

    return once


# %% static_graphs-2 wrong: 7 calls made 7 traces, expected 1
def traced_once(function):
    return tf.function(function, reduce_retracing=True)


# %% static_graphs-2 wrong: a vector of length 7 and the number 0.25 are refused
def traced_once(function):
    return tf.function(function, input_signature=[tf.TensorSpec([3]), tf.TensorSpec([])])


# %% static_graphs-2 wrong: a vector of length 3 and the number 0.5 are refused
def traced_once(function):
    return tf.function(function, input_signature=[tf.TensorSpec([None]), tf.TensorSpec([None])])


# %% static_graphs-2 wrong: a matrix is taken, expected a refusal
def traced_once(function):
    return tf.function(function, input_signature=[tf.TensorSpec(None), tf.TensorSpec([])])


# %% static_graphs-2 wrong: traced_once returns no tf.function
def traced_once(function):
    return function


# %% static_graphs-3 right
def operations(function):
    from collections import Counter

    nodes = torch.fx.symbolic_trace(function).graph.nodes
    return dict(Counter(node.target.__name__ for node in nodes if callable(node.target)))


# %% static_graphs-3 wrong: for sin(x) * sin(x) there is too much: output, x
def operations(function):
    counts = {}
    for node in torch.fx.symbolic_trace(function).graph.nodes:
        name = getattr(node.target, "__name__", node.name)
        counts[name] = counts.get(name, 0) + 1
    return counts


# %% static_graphs-3 wrong: for sin(x) * sin(x) there is too much: sin_1
def operations(function):
    nodes = torch.fx.symbolic_trace(function).graph.nodes
    return {node.name: 1 for node in nodes if node.op == "call_function"}


# %% static_graphs-3 wrong: for sin(x) * sin(x) the count of sin is 1, expected 2
def operations(function):
    nodes = torch.fx.symbolic_trace(function).graph.nodes
    return {node.target.__name__: 1 for node in nodes if node.op == "call_function"}


# %% static_graphs-3 wrong: what operations returns is set, expected dict
def operations(function):
    nodes = torch.fx.symbolic_trace(function).graph.nodes
    return {node.target.__name__ for node in nodes if node.op == "call_function"}


# %% static_graphs-3 wrong: for sin(x) * sin(x) there is too much: call_function
def operations(function):
    nodes = torch.fx.symbolic_trace(function).graph.nodes
    ops = [node.op for node in nodes if node.op not in ("placeholder", "output")]
    return {op: ops.count(op) for op in ops}


# %% static_graphs-3 wrong: for log2(x) + log10(x) there is too much: log
def operations(function):
    counts = {}
    for node in torch.fx.symbolic_trace(function).graph.nodes:
        if node.op == "call_function":
            name = node.name.rstrip("_0123456789")
            counts[name] = counts.get(name, 0) + 1
    return counts


# %% static_graphs-4 right
def without_ones(traced):
    class Rewriter(torch.fx.Transformer):
        def call_function(self, target, arguments, keywords):
            if target is operator.mul:
                for one, other in (arguments, arguments[::-1]):
                    if isinstance(one, (int, float)) and one == 1:
                        return other
            return super().call_function(target, arguments, keywords)

    return Rewriter(traced).transform()


# %% static_graphs-4 wrong: in 1 * x + x a multiplication by 1 is left
def without_ones(traced):
    for node in traced.graph.nodes:
        if node.target is operator.mul and node.args[1] == 1:
            node.replace_all_uses_with(node.args[0])
            traced.graph.erase_node(node)
    traced.recompile()
    return traced


# %% static_graphs-4 wrong: run node by node, the new graph of sin(x * 1) * 2
def without_ones(traced):
    for node in traced.graph.nodes:
        if node.target is operator.mul:
            node.replace_all_uses_with(node.args[0])
            traced.graph.erase_node(node)
    traced.recompile()
    return traced


# %% static_graphs-4 wrong: the code of sin(x * 1) * 2 is still the old one: recompile it
def without_ones(traced):
    for node in traced.graph.nodes:
        if node.target is operator.mul and 1 in node.args:
            factor = node.args[1] if node.args[0] == 1 else node.args[0]
            node.replace_all_uses_with(factor)
            traced.graph.erase_node(node)
    return traced


# %% static_graphs-4 wrong: in sin(x * 1) * 2 a multiplication by 1 is left
def without_ones(traced):
    for node in traced.graph.nodes:
        if node.target is operator.mul and 1 in node.args:
            factor = node.args[1] if node.args[0] == 1 else node.args[0]
            node.replace_all_uses_with(factor)
    traced.recompile()
    return traced


# %% static_graphs-4 wrong: what without_ones returns is torch.fx.graph.Graph
def without_ones(traced):
    for node in traced.graph.nodes:
        if node.target is operator.mul and 1 in node.args:
            factor = node.args[1] if node.args[0] == 1 else node.args[0]
            node.replace_all_uses_with(factor)
            traced.graph.erase_node(node)
    return traced.graph


# %% static_graphs-4 wrong: run node by node, the new graph of (x * 1.5) * -1
def without_ones(traced):
    for node in traced.graph.nodes:
        if node.target is operator.mul:
            for n in (0, 1):
                if isinstance(node.args[n], (int, float)) and int(node.args[n]) == 1:
                    node.replace_all_uses_with(node.args[1 - n])
                    traced.graph.erase_node(node)
                    break
    traced.recompile()
    return traced


# %% static_graphs-5 right
def shares_torch(x):
    total = x.sum()
    return torch.where(total > 0, x / total, 2 * x)


def shares_tf(x):
    total = tf.reduce_sum(x)
    return tf.cond(total > 0, lambda: x / total, lambda: 2 * x)


# %% static_graphs-5 wrong: torch.export refuses shares_torch: GuardOnDataDependentSymNode
def shares_torch(x):
    if x.sum() > 0:
        return x / x.sum()
    return x * 2


def shares_tf(x):
    if tf.reduce_sum(x) > 0:
        return x / tf.reduce_sum(x)
    return x * 2


# %% static_graphs-5 wrong: tf.function refuses shares_tf: AttributeError
def shares_torch(x):
    return torch.cond(x.sum() > 0, lambda x: x / x.sum(), lambda x: x * 2, (x,))


def shares_tf(x):
    if x.numpy().sum() > 0:
        return x / tf.reduce_sum(x)
    return x * 2


# %% static_graphs-5 wrong: tf.function refuses shares_tf: ValueError
def shares_torch(x):
    return torch.cond(x.sum() > 0, lambda x: x / x.sum(), lambda x: x * 2, (x,))


def shares_tf(x):
    if tf.reduce_sum(x) > 0:
        result = x / tf.reduce_sum(x)
    return result


# %% static_graphs-5 wrong: PyTorch's graph, made with [3.0, 1.0, 1.0], for [-3.0, 1.0, 1.0]
def shares_torch(x):
    return torch.cond(x.sum() > 0, lambda x: x / x.sum(), lambda x: x.clone(), (x,))


def shares_tf(x):
    if tf.reduce_sum(x) > 0:
        return x / tf.reduce_sum(x)
    return x * 2


# %% static_graphs-5 wrong: PyTorch's graph, made with [3.0, 1.0, 1.0], for [0.0, 0.0, 0.0] holds a number that is not finite
def shares_torch(x):
    positive = (x.sum() > 0).float()
    return positive * (x / x.sum()) + (1 - positive) * 2 * x


def shares_tf(x):
    if tf.reduce_sum(x) > 0:
        return x / tf.reduce_sum(x)
    return x * 2


# %% static_graphs-5 wrong: TensorFlow's graph, made with [3.0, 1.0, 1.0], for [-3.0, 1.0, 1.0]
def shares_torch(x):
    return torch.cond(x.sum() > 0, lambda x: x / x.sum(), lambda x: x * 2, (x,))


def shares_tf(x):
    return x / tf.reduce_sum(x)


# %% static_graphs-5 wrong: PyTorch's graph, made with [-3.0, 1.0, 1.0, 2.5, -0.75], for
def shares_torch(x):
    total = x[0] + x[1] + x[2]
    return torch.where(total > 0, x / total, 2 * x)


def shares_tf(x):
    total = x[0] + x[1] + x[2]
    return tf.where(total > 0, x / total, 2 * x)
