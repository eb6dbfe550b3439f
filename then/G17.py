"""G17: are structured data simpler in dynamic graphs? Records and trees, as they are and as rows.

As written: eagerly, and made into a graph by the means that both years have, `torch.jit.script`,
`torch.jit.trace` and `tf.function`; by `torch.compile` where it is there. Simpler is counted in
statements and graphs, as its lesson counts them.
"""

from typing import Dict  # noqa: UP035

import shims

torch, tf = shims.one_thread()
FIELDS = ("age", "height", "weight")
FACTORS = {"age": 0.5, "height": -1.0, "weight": 2.0}
RECORDS = [
    {field: 1.0 + n for n, field in enumerate(FIELDS) if kind >> n & 1} for kind in range(1, 8)
]
TREES = [3, ("MAX", 3, 4), ("MIN", ("MAX", 8, 1), 5), ("MAX", 1, ("MIN", 2, ("MAX", 3, 4)))]
TOKENS = {"MAX": 11, "MIN": 12}
WORTH = [float(digit**2) for digit in range(10)]
WORTH_OF_TOKEN = [0.0, *WORTH, 0.0, 0.0]
made = []


def weigh(record):
    """Weigh what a record has."""
    return sum(value * FACTORS[field] for field, value in record.items())


def weigh_typed(record: Dict[str, torch.Tensor], factors: Dict[str, float]):  # noqa: UP006
    """Do so as `torch.jit.script` wants it: with types, and the sum in a loop."""
    total = torch.zeros(())
    for field, value in record.items():
        total = total + value * factors[field]
    return total


def row_of(record):
    """Return a record as a row of fixed length."""
    return [record.get(field, 0.0) for field in FIELDS]


def weigh_row(row):
    """Weigh a row."""
    return row[0] * 0.5 + row[1] * -1.0 + row[2] * 2.0


def total(tree, table):
    """Add up what the digits of a tree are worth."""
    if isinstance(tree, int):
        return table[tree]
    _, left, right = tree
    return total(left, table) + total(right, table)


def sequence(tree):
    """Return a tree as a row of tokens."""
    if isinstance(tree, int):
        return [tree + 1]
    name, left, right = tree
    return [TOKENS[name], *sequence(left), *sequence(right)]


def total_row(row, table):
    """Add up a row of PyTorch's."""
    return table[row].sum()


def total_row_tf(row, table):
    """Add up a row of TensorFlow's."""
    return tf.reduce_sum(tf.gather(table, row))


def noted(function):
    """Return a function that leaves a note for each run of its Python code."""

    def run(*data):
        made.append(1)
        return function(*data)

    return run


def graphs_tf(function, inputs, wanted):
    """Count the graphs that TensorFlow makes for inputs; each answers rightly."""
    made.clear()
    traced = tf.function(noted(function))
    assert [float(traced(*own)) for own in inputs] == wanted
    return len(made)


def graphs_compiled(function, inputs, wanted):
    """Count those that `torch.compile` makes."""
    made.clear()

    def keep(graph, _):
        made.append(graph)
        return graph.forward

    compiled = torch.compile(function, backend=keep)
    assert [float(compiled(*own)) for own in inputs] == wanted
    return len(made)


def one_graph(way, function, inputs, wanted):
    """Say whether one graph of PyTorch's, scripted or traced, answers all inputs rightly."""

    def answers():
        graph = torch.jit.script(function) if way == "script" else torch.jit.trace(function, last)
        assert [float(graph(*own)) for own in inputs] == wanted

    last = inputs[-1]
    return shims.works(answers)


def told(values, tensor):
    """Return each value alone, as a function's only argument."""
    return [(tensor(value),) for value in values]


def as_tensors(record, tensor):
    """Return a record of tensors."""
    return {field: tensor(value) for field, value in record.items()}


tables = torch.tensor(WORTH), tf.constant(WORTH)
tokens = torch.tensor(WORTH_OF_TOKEN), tf.constant(WORTH_OF_TOKEN)
widest = max(len(sequence(tree)) for tree in TREES)
rows = [sequence(tree) + [0] * (widest - len(sequence(tree))) for tree in TREES]
weighed, summed = [weigh(record) for record in RECORDS], [total(tree, WORTH) for tree in TREES]
records_torch, records_tf = (
    [(as_tensors(record, tensor),) for record in RECORDS] for tensor in (torch.tensor, tf.constant)
)
trees_torch, trees_tf = ([(tree, table) for tree in TREES] for table in tables)
record_rows, row_kinds = [row_of(record) for record in RECORDS], (torch.tensor, tf.constant)
rows_torch, rows_tf = (told(record_rows, tensor) for tensor in row_kinds)
tree_rows_torch = [(torch.tensor(row), tokens[0]) for row in rows]
tree_rows_tf = [(tf.constant(row), tokens[1]) for row in rows]
eagerly = [
    [float(weigh(*own)) for own in inputs] == weighed for inputs in (records_torch, records_tf)
] + [[float(total(*own)) for own in inputs] == summed for inputs in (trees_torch, trees_tf)]
graphs = {
    "TensorFlow, as written": [
        graphs_tf(weigh, records_tf, weighed),
        graphs_tf(total, trees_tf, summed),
    ],
    "TensorFlow, as rows": [
        graphs_tf(weigh_row, rows_tf, weighed),
        graphs_tf(total_row_tf, tree_rows_tf, summed),
    ],
}
if hasattr(torch, "compile"):
    graphs["torch.compile, as written"] = [
        graphs_compiled(weigh, records_torch, weighed),
        graphs_compiled(total, trees_torch, summed),
    ]
typed = [(record, FACTORS) for (record,) in records_torch]
statements = {
    "as written": [shims.statements(weigh), shims.statements(total)],
    "as rows": [
        shims.statements(row_of) + shims.statements(weigh_row),
        shims.statements(sequence) + shims.statements(total_row),
    ],
    "records with their types told": [shims.statements(weigh_typed)],
}
shims.answer(
    {
        "eager code takes records and trees as they are, in both": all(eagerly),
        "PyTorch: as written no one graph takes all records": not any(
            one_graph(way, weigh, records_torch, weighed) for way in ("script", "trace")
        ),
        "PyTorch: as written no one graph takes all trees": not any(
            one_graph(way, total, trees_torch, summed) for way in ("script", "trace")
        ),
        "TensorFlow: as written a graph for each of them": graphs["TensorFlow, as written"]
        == [len(RECORDS), len(TREES)],
        "as rows one graph does for all, in both": one_graph(
            "script", weigh_row, rows_torch, weighed
        )
        and one_graph("trace", total_row, tree_rows_torch, summed)
        and graphs["TensorFlow, as rows"] == [1, 1],
        "records: for one graph, more statements than as written": min(
            statements["as rows"][0], statements["records with their types told"][0]
        )
        > statements["as written"][0],
        "trees: the same": statements["as rows"][1] > statements["as written"][1],
    },
    counts={
        "graphs for records and trees": graphs,
        "statements for records and trees": statements,
        "records with their types told, in one graph of PyTorch's": int(
            one_graph("script", weigh_typed, typed, weighed)
        ),
    },
)
