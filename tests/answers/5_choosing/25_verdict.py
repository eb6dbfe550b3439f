# Answers to the tasks of exercise 20, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% verdict-1 right
def judge(measured, control, margin):
    held = []
    for with_it, without in zip(measured, control):
        differences = [float(a) - float(b) for a, b in zip(with_it, without)]
        held.append(sum(differences) / len(differences) > margin and min(differences) >= 0)
    if all(held):
        return "holds"
    return "partly" if any(held) else "false"


# %% verdict-1 wrong: a mean below the margin, the median above it: judge says 'holds'
def judge(measured, control, margin):
    difference = measured - control
    holds = (np.median(difference, axis=1) > margin) & (difference.min(axis=1) >= 0)
    return "holds" if holds.all() else "partly" if holds.any() else "false"


# %% verdict-1 wrong: 0.4 against 0.5 at one of three seeds: judge says 'holds'
def judge(measured, control, margin):
    gain = measured.mean(axis=1) - control.mean(axis=1)
    holds = (gain > margin) & (measured.min(axis=1) >= control.min(axis=1))
    return "holds" if holds.all() else "partly" if holds.any() else "false"


# %% verdict-1 wrong: a mean above the margin, one seed below zero
def judge(measured, control, margin):
    held = (measured - control).mean(axis=1) > margin
    return "holds" if held.all() else "partly" if held.any() else "false"


# %% verdict-1 wrong: two parts gain at every seed: judge says 'false'
def judge(measured, control, margin):
    difference = measured - control
    held = (difference.mean(axis=0) > margin) & (difference.min(axis=0) >= 0.031)
    return "holds" if held.all() else "false"


# %% verdict-1 wrong: a mean below the margin, the best seed above it
def judge(measured, control, margin):
    difference = measured - control
    held = (difference.max(axis=1) > margin) & (difference.min(axis=1) >= 0)
    return "holds" if held.all() else "partly" if held.any() else "false"


# %% verdict-1 wrong: one of two parts gains
def judge(measured, control, margin):
    difference = measured - control
    held = (difference.mean(axis=1) > margin) & (difference.min(axis=1) >= 0)
    return "holds" if held.any() else "false"


# %% verdict-1 wrong: a seed that gains nothing
def judge(measured, control, margin):
    difference = measured - control
    held = (difference.mean(axis=1) > margin) & (difference.min(axis=1) > 1e-12)
    return "holds" if held.all() else "partly" if held.any() else "false"


# %% verdict-1 wrong: with a margin of 0.05, judge says 'holds'
def judge(measured, control, margin):
    difference = measured - control
    held = (difference.mean(axis=1) > 0.031) & (difference.min(axis=1) >= 0)
    return "holds" if held.all() else "partly" if held.any() else "false"


# %% verdict-1 wrong: two parts gain at every seed: judge says <
class Anything:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


def judge(measured, control, margin):
    return Anything()


# %% verdict-1 wrong: one part gains at a seed's cost, the other too little: judge says 'partly'
def judge(measured, control, margin):
    difference = measured - control
    enough, sure = difference.mean(axis=1) > margin, difference.min(axis=1) >= 0
    if enough.all() and sure.all():
        return "holds"
    return "partly" if enough.any() and sure.any() else "false"


# %% verdict-2 right
def chance_torch(model, x):
    def difference(training):
        model.train() if training else model.eval()
        return torch.linalg.vector_norm(model(x) - model(x), float("inf"))

    before = model.training
    measured, control = difference(True).detach().numpy(), difference(False).detach().numpy()
    model.train(before)
    return claims.Case(float(measured), float(control), "10 * control <= measured > 1e-6")


# %% verdict-2 wrong: a model with noise: the case holds: True
def chance_torch(model, x):
    before = model.training
    model.train()
    measured = (model(x) - model(x)).abs().max().item()
    model.train(before)
    return claims.Case(measured, 0.0, "measured > 1e-6 and measured >= 10 * control")


# %% verdict-2 wrong: a model with dropout came in another mode than it left
def chance_torch(model, x):
    gaps = []
    for training in (True, False):
        model.train(training)
        gaps.append((model(x) - model(x)).abs().max().item())
    return claims.Case(*gaps, "measured > 1e-6 and measured >= 10 * control")


# %% verdict-2 wrong: a model whose last row drifts, is 0, expected 0.25
def chance_torch(model, x):
    mode, gaps = model.training, []
    for training in (False, True):
        model.train(training)
        gaps.append((model(x) - model(x)).abs().max().item())
    model.train(mode)
    return claims.Case(*gaps, "measured > 1e-6 and measured >= 10 * control")


# %% verdict-2 wrong: the rule accepts 5e-7 against 0
def chance_torch(model, x):
    mode, gaps = model.training, []
    for training in (True, False):
        model.train(training)
        gaps.append((model(x) - model(x)).abs().max().item())
    model.train(mode)
    return claims.Case(*gaps, "measured > 0 and measured >= 10 * control")


# %% verdict-2 wrong: the rule refuses 1 against 0.1
def chance_torch(model, x):
    mode, gaps = model.training, []
    for training in (True, False):
        model.train(training)
        gaps.append((model(x) - model(x)).abs().max().item())
    model.train(mode)
    return claims.Case(*gaps, "measured > 1e-6 and measured > 10 * control")


# %% verdict-2 wrong: the rule accepts 1e-6 against 0
def chance_torch(model, x):
    mode, gaps = model.training, []
    for training in (True, False):
        model.train(training)
        gaps.append((model(x) - model(x)).abs().max().item())
    model.train(mode)
    return claims.Case(*gaps, "measured >= 1e-6 and measured >= 10 * control")


# %% verdict-2 wrong: the rule accepts 0.9 against 0.1
def chance_torch(model, x):
    mode, gaps = model.training, []
    for training in (True, False):
        model.train(training)
        gaps.append((model(x) - model(x)).abs().max().item())
    model.train(mode)
    return claims.Case(*gaps, "measured > 1e-6 and measured > 3 * control")


# %% verdict-2 wrong: a model with batch norm: the case holds: True
def chance_torch(model, x):
    mode = model.training
    answers = [model.train(training)(x) for training in (True, True, False, False)]
    model.train(mode)
    gaps = [(answers[n] - answers[2]).abs().max().item() for n in (0, 3)]
    return claims.Case(*gaps, "measured > 1e-6 and measured >= 10 * control")


# %% verdict-3 right
def once_tf(function, inputs):
    class Counter:
        runs = 0

        def __call__(self, x):
            self.runs += 1
            return function(x)

    traced, plain = Counter(), Counter()
    graph = tf.function(lambda x: traced(x))
    [graph(x) for x in inputs]
    [plain(x) for x in inputs]
    return claims.Case(traced.runs, plain.runs, "control > 1 and measured == 1")


# %% verdict-3 wrong: the runs in a graph, 7 inputs, is 7
def once_tf(function, inputs):
    runs = []

    def counted(x):
        runs.append(1)
        return function(x)

    for x in inputs:
        tf.function(counted)(x)
    measured = len(runs)
    return claims.Case(measured, len(inputs), "measured == 1 < control")


# %% verdict-3 wrong: the runs in a graph, with two shapes among three inputs,
def once_tf(function, inputs):
    runs = []

    def counted(x):
        runs.append(1)
        return function(x)

    graph = tf.function(counted)
    graph(inputs[0])
    measured = len(runs)
    for x in inputs:
        counted(x)
    return claims.Case(measured, len(runs) - measured, "measured == 1 < control")


# %% verdict-3 wrong: the runs without a graph, 7 inputs, is 8
def once_tf(function, inputs):
    runs = []

    def counted(x):
        runs.append(1)
        return function(x)

    graph = tf.function(counted)
    for x in inputs:
        graph(x)
    measured = len(runs)
    for x in inputs:
        counted(x)
    return claims.Case(measured, len(runs), "measured == 1 < control")


# %% verdict-3 wrong: with 1 inputs, the case holds: True
def once_tf(function, inputs):
    runs = []

    def counted(x):
        runs.append(1)
        return function(x)

    graph = tf.function(counted)
    for x in inputs:
        graph(x)
    measured = len(runs)
    for x in inputs:
        counted(x)
    return claims.Case(measured, len(runs) - measured, "measured == 1 <= control")


# %% verdict-3 wrong: traced twice, the case holds all the same
def once_tf(function, inputs):
    runs = []

    def counted(x):
        runs.append(1)
        return function(x)

    graph = tf.function(counted)
    for x in inputs:
        graph(x)
    measured = len(runs)
    for x in inputs:
        counted(x)
    return claims.Case(measured, len(runs) - measured, "measured < control")


# %% verdict-4 right
def rows():
    return dict(zip((1, 2, 3), ("A B B".replace(" ", ""), "BDA", ("dac"))))


# %% verdict-4 wrong: row 1, the verdict: not 'b'
def rows():
    return {1: "bbb", 2: "bda", 3: "dac"}


# %% verdict-4 wrong: row 1, the control: not 'c'
def rows():
    return {1: "acb", 2: "bda", 3: "dac"}


# %% verdict-4 wrong: row 1, what would turn it: not 'd'
def rows():
    return {1: "abd", 2: "bda", 3: "dac"}


# %% verdict-4 wrong: row 2, the control: not 'e'
def rows():
    return {1: "abb", 2: "bea", 3: "dac"}


# %% verdict-4 wrong: row 3, the verdict: not 'e'
def rows():
    return {1: "abb", 2: "bda", 3: "eac"}


# %% verdict-4 wrong: row 3, what would turn it: not 'e'
def rows():
    return {1: "abb", 2: "bda", 3: "dae"}


# %% verdict-4 wrong: expected three letters from a to e
def rows():
    return {1: "holds", 2: "bda", 3: "dac"}


# %% verdict-4 wrong: rows() has the keys [1, 2], expected 1, 2, 3
def rows():
    return {1: "abb", 2: "bda"}


# %% verdict-4 right
def rows():
    return [["a", "b", "b"], ["b", "d", "a"], ["d", "a", "c"]]


# %% verdict-4 right
def rows():
    return np.array(["ABB", "BDA", "DAC"])


# %% verdict-4 wrong: rows() has the keys [1, 2, 3, 4, 5, 6, 7, 8, 9], expected 1, 2, 3
def rows():
    return list("abbbdadac")
