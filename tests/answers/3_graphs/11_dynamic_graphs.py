# Answers to the tasks of exercise 08, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% dynamic_graphs-1 right
def operations_torch(result):
    found = set()

    def walk(node):
        if node is not None and node not in found:
            found.add(node)
            for before, _ in node.next_functions:
                walk(before)

    walk(result.grad_fn)
    names = [node.name() for node in found if "Accumulate" not in node.name()]
    return sorted(name.replace("Backward0", "") for name in names)


# %% dynamic_graphs-1 wrong: torch.exp(x) gives ['Exp', 'torch::autograd::AccumulateGrad'], expected ['Exp']
def operations_torch(result):
    nodes = [result.grad_fn]
    for node in nodes:
        for before, _ in node.next_functions:
            if before is not None and before not in nodes:
                nodes.append(before)
    return sorted(node.name().removesuffix("Backward0") for node in nodes)


# %% dynamic_graphs-1 wrong: torch.exp(x) gives ['ExpBackward0'], expected ['Exp']
def operations_torch(result):
    nodes = [result.grad_fn]
    for node in nodes:
        nodes += [one for one, _ in node.next_functions if one is not None and one not in nodes]
    return sorted(node.name() for node in nodes if "Accumulate" not in node.name())


# %% dynamic_graphs-1 wrong: a history with two branches gives ['Add', 'Sin']
def operations_torch(result):
    node, names = result.grad_fn, []
    while node is not None and "Accumulate" not in node.name():
        names.append(node.name().removesuffix("Backward0"))
        node = node.next_functions[0][0]
    return sorted(names)


# %% dynamic_graphs-1 wrong: a result that is used twice gives ['Add', 'Exp', 'Sin', 'Tanh', 'Tanh']
def operations_torch(result):
    nodes = [result.grad_fn]
    for node in nodes:
        nodes += [before for before, _ in node.next_functions if before is not None]
    names = [node.name().removesuffix("Backward0") for node in nodes]
    return sorted(name for name in names if "Accumulate" not in name)


# %% dynamic_graphs-1 wrong: two alike operations gives ['Sin'], expected ['Sin', 'Sin']
def operations_torch(result):
    nodes = [result.grad_fn]
    for node in nodes:
        nodes += [before for before, _ in node.next_functions if before is not None]
    names = {node.name().removesuffix("Backward0") for node in nodes}
    return sorted(name for name in names if "Accumulate" not in name)


# %% dynamic_graphs-1 wrong: AttributeError: 'NoneType' object has no attribute
def operations_torch(result):
    nodes = [result.grad_fn]
    for node in nodes:
        nodes += [before for before, _ in node.next_functions if before not in nodes]
    names = [node.name().removesuffix("Backward0") for node in nodes]
    return sorted(name for name in names if "Accumulate" not in name)


# %% dynamic_graphs-2 right
def shrink_torch(x, w):
    return x if x.abs().max().item() <= 1 else shrink_torch(w * x, w)


def shrink_tf(x, w):
    return x if np.abs(x.numpy()).max() <= 1 else shrink_tf(w * x, w)


# %% dynamic_graphs-2 right
def shrink_torch(x, w):
    return x if torch.linalg.vector_norm(x, float("inf")) <= 1 else shrink_torch(x * w, w)


@tf.function
def shrink_tf(x, w):
    x = tf.convert_to_tensor(x)
    while tf.reduce_any(tf.abs(x) > 1):
        x = w * x
    return x


# %% dynamic_graphs-2 right
def shrink_torch(x, w):
    return shrink_torch(w * x, w) if (x.detach().abs() > 1).any() else x


@tf.function
def shrink_tf(x, w):
    while tf.reduce_max(tf.abs(x)) > 1.0:
        x = x * w
    return x


# %% dynamic_graphs-2 wrong: from [5.0, -3.0], with w = 0.9, the result of shrink_torch
def shrink_torch(x, w):
    for _ in range(10):
        x = x * w if x.abs().max() > 1 else x
    return x


def shrink_tf(x, w):
    while tf.reduce_max(tf.abs(x)) > 1:
        x = x * w
    return x


# %% dynamic_graphs-2 wrong: with w = 0.5, the result of shrink_torch is
def shrink_torch(x, w):
    while x.max() > 1:
        x = x * w
    return x * w


def shrink_tf(x, w):
    while tf.reduce_max(tf.abs(x)) > 1:
        x = x * w
    return x


# %% dynamic_graphs-2 wrong: from [0.5, -7.0], with w = 0.5, the result of shrink_tf is
def shrink_torch(x, w):
    while x.abs().max() > 1:
        x = x * w
    return x


def shrink_tf(x, w):
    while tf.reduce_max(x) > 1:
        x = x * w
    return x


# %% dynamic_graphs-2 wrong: from [1.0, 0.2], with w = 0.3, the result of shrink_torch is
def shrink_torch(x, w):
    while x.abs().max() >= 1:
        x = x * w
    return x


def shrink_tf(x, w):
    while tf.reduce_max(tf.abs(x)) >= 1:
        x = x * w
    return x


# %% dynamic_graphs-2 wrong: shrink_torch's result has lost its history
def shrink_torch(x, w):
    with torch.no_grad():
        while x.abs().max() > 1:
            x = x * w
    return x


def shrink_tf(x, w):
    while tf.reduce_max(tf.abs(x)) > 1:
        x = x * w
    return x


# %% dynamic_graphs-2 wrong: shrink_torch: nothing leads from its result back to w
def shrink_torch(x, w):
    while x.abs().max() > 1:
        x = x * w.item()
    return x


def shrink_tf(x, w):
    while tf.reduce_max(tf.abs(x)) > 1:
        x = x * w
    return x


# %% dynamic_graphs-2 wrong: shrink_tf: nothing leads from its result back to x
def shrink_torch(x, w):
    while x.abs().max() > 1:
        x = x * w
    return x


def shrink_tf(x, w):
    x = x.numpy()
    while np.abs(x).max() > 1:
        x = x * w
    return x


# %% dynamic_graphs-2 wrong: a leaf Variable that requires grad is being used in an in-place operation
def shrink_torch(x, w):
    while x.abs().max() > 1:
        x *= w
    return x


def shrink_tf(x, w):
    while tf.reduce_max(tf.abs(x)) > 1:
        x = x * w
    return x


# %% dynamic_graphs-2 wrong: from an x of shape (3, 4), with w = 0.7, the result of shrink_torch is
def shrink_torch(x, w):
    while torch.linalg.norm(x, float("inf")) > 1:
        x = x * w
    return x


def shrink_tf(x, w):
    while tf.reduce_max(tf.abs(x)) > 1:
        x = x * w
    return x


# %% dynamic_graphs-2 wrong: from [40.0, 3.0], with w = 0.96875, the result of shrink_torch
def shrink_torch(x, w):
    for _ in range(100):
        if x.abs().max() > 1:
            x = x * w
    return x

def shrink_tf(x, w):
    for _ in range(100):
        if tf.reduce_max(tf.abs(x)) > 1:
            x = x * w
    return x


# %% dynamic_graphs-3 right
def grow_torch(model, optimizer):
    first, relu, last = model
    layer = nn.Linear(first.out_features, first.out_features)
    layer.load_state_dict({"weight": torch.eye(len(layer.bias)), "bias": torch.zeros_like(layer.bias)})
    optimizer.add_param_group({"params": [layer.weight], "lr": 0.01})
    optimizer.add_param_group({"params": [layer.bias], "lr": 0.01})
    return nn.Sequential(first, relu, layer, nn.ReLU(), last)


# %% dynamic_graphs-3 wrong: the answers after growing, compared with those before, is 0.027456 at [0, 0]
def grow_torch(model, optimizer):
    layer = nn.Linear(model[0].out_features, model[0].out_features)
    model.insert(2, layer)
    model.insert(3, nn.ReLU())
    optimizer.add_param_group({"params": layer.parameters()})
    return model


# %% dynamic_graphs-3 wrong: the weights of shape [(5, 5), (5,)] have not moved
def grow_torch(model, optimizer):
    layer = nn.Linear(model[0].out_features, model[0].out_features)
    nn.init.eye_(layer.weight)
    nn.init.zeros_(layer.bias)
    model.insert(2, layer)
    model.insert(3, nn.ReLU())
    return model


# %% dynamic_graphs-3 wrong: the weights of shape [(5,)] have not moved
def grow_torch(model, optimizer):
    layer = nn.Linear(model[0].out_features, model[0].out_features)
    nn.init.eye_(layer.weight)
    nn.init.zeros_(layer.bias)
    model.insert(2, layer)
    model.insert(3, nn.ReLU())
    optimizer.add_param_group({"params": layer.weight})
    return model


# %% dynamic_graphs-3 wrong: the model has grown by 25 numbers, expected 30: 25 and 5
def grow_torch(model, optimizer):
    layer = nn.Linear(model[0].out_features, model[0].out_features, bias=False)
    nn.init.eye_(layer.weight)
    model.insert(2, layer)
    model.insert(3, nn.ReLU())
    optimizer.add_param_group({"params": layer.parameters()})
    return model


# %% dynamic_graphs-3 wrong: the old layers must stay in the model: their weights have been replaced
def grow_torch(model, optimizer):
    import copy

    model = copy.deepcopy(model)
    layer = nn.Linear(model[0].out_features, model[0].out_features)
    nn.init.eye_(layer.weight)
    nn.init.zeros_(layer.bias)
    model.insert(2, layer)
    model.insert(3, nn.ReLU())
    optimizer.add_param_group({"params": layer.parameters()})
    return model


# %% dynamic_graphs-3 wrong: grow_torch(model, optimizer) is NoneType
def grow_torch(model, optimizer):
    layer = nn.Linear(model[0].out_features, model[0].out_features)
    nn.init.eye_(layer.weight)
    nn.init.zeros_(layer.bias)
    model.insert(2, layer)
    optimizer.add_param_group({"params": layer.parameters()})


# %% dynamic_graphs-3 wrong: the answer is 0.18759 at [0, 0], expected 0.26113
def grow_torch(model, optimizer):
    layer = nn.Linear(model[0].out_features, model[0].out_features)
    nn.init.eye_(layer.weight)
    nn.init.zeros_(layer.bias)
    model.insert(2, layer)
    optimizer.add_param_group({"params": layer.parameters()})
    return model


# %% dynamic_graphs-3 wrong: the answer is 0.092531 at [0, 0], expected 0.2604
def grow_torch(model, optimizer):
    layer = nn.Linear(model[0].out_features, model[0].out_features)
    nn.init.eye_(layer.weight)
    nn.init.zeros_(layer.bias)
    model.insert(1, layer)
    model.insert(2, nn.ReLU())
    optimizer.add_param_group({"params": layer.parameters()})
    return model


# %% dynamic_graphs-4 right
def grow_tf(model, optimizer):
    old = model.trainable_variables
    layer = keras.layers.Dense(model.layers[0].units)
    layer.build((None, model.layers[0].units))
    layer.set_weights([np.eye(model.layers[0].units), np.zeros(model.layers[0].units)])
    chain = [model.layers[0], layer, keras.layers.ReLU(), model.layers[1]]
    grown = keras.Sequential([keras.Input(model.inputs[0].shape[1:]), *chain])
    return grown, [(keras.optimizers.SGD(0.1, momentum=0.9), layer.weights), (optimizer, old)]


# %% dynamic_graphs-4 wrong: the answers after growing, compared with those before, is 0.18211 at [0, 0]
def grow_tf(model, optimizer):
    first, last = model.layers
    layer = keras.layers.Dense(first.units, activation="relu")
    grown = keras.Sequential([keras.Input(model.inputs[0].shape[1:]), first, layer, last])
    fresh = keras.optimizers.SGD(0.1, momentum=0.9)
    return grown, [(optimizer, model.trainable_variables), (fresh, layer.trainable_variables)]


# %% dynamic_graphs-4 wrong: the variables of shape [(5, 5), (5,)] have not moved
def grow_tf(model, optimizer):
    first, last = model.layers
    layer = keras.layers.Dense(first.units, activation="relu", kernel_initializer="identity")
    grown = keras.Sequential([keras.Input(model.inputs[0].shape[1:]), first, layer, last])
    return grown, [(optimizer, model.trainable_variables)]


# %% dynamic_graphs-4 wrong: an optimizer refuses its variables: Unknown variable
def grow_tf(model, optimizer):
    first, last = model.layers
    layer = keras.layers.Dense(first.units, activation="relu", kernel_initializer="identity")
    grown = keras.Sequential([keras.Input(model.inputs[0].shape[1:]), first, layer, last])
    return grown, [(optimizer, grown.trainable_variables)]


# %% dynamic_graphs-4 wrong: the old optimizer must go on with the old variables: their momentum is lost
def grow_tf(model, optimizer):
    first, last = model.layers
    layer = keras.layers.Dense(first.units, activation="relu", kernel_initializer="identity")
    grown = keras.Sequential([keras.Input(model.inputs[0].shape[1:]), first, layer, last])
    return grown, [(keras.optimizers.SGD(0.1, momentum=0.9), grown.trainable_variables)]


# %% dynamic_graphs-4 wrong: grow_tf does not return a pair
def grow_tf(model, optimizer):
    first, last = model.layers
    layer = keras.layers.Dense(first.units, activation="relu", kernel_initializer="identity")
    return keras.Sequential([keras.Input(model.inputs[0].shape[1:]), first, layer, last])


# %% dynamic_graphs-4 wrong: the second of the pair is not a list of pairs (optimizer, variables)
def grow_tf(model, optimizer):
    first, last = model.layers
    layer = keras.layers.Dense(first.units, activation="relu", kernel_initializer="identity")
    grown = keras.Sequential([keras.Input(model.inputs[0].shape[1:]), first, layer, last])
    return grown, keras.optimizers.SGD(0.1, momentum=0.9)


# %% dynamic_graphs-4 wrong: with other numbers in the new layer, whose ReLU comes behind it, the answer is
def grow_tf(model, optimizer):
    first, last = model.layers
    layer = keras.layers.Dense(first.units, kernel_initializer="identity")
    grown = keras.Sequential([keras.Input(model.inputs[0].shape[1:]), first, layer, last])
    fresh = keras.optimizers.SGD(0.1, momentum=0.9)
    return grown, [(optimizer, model.trainable_variables), (fresh, layer.trainable_variables)]


# %% dynamic_graphs-4 wrong: an optimizer has an empty list in its care
def grow_tf(model, optimizer):
    first, last = model.layers
    layer = keras.layers.Dense(first.units, activation="relu", kernel_initializer="identity")
    fresh = keras.optimizers.SGD(0.1, momentum=0.9)
    in_care = [(optimizer, model.trainable_variables), (fresh, layer.trainable_variables)]
    return keras.Sequential([keras.Input(model.inputs[0].shape[1:]), first, layer, last]), in_care


# %% dynamic_graphs-5 right
def culprit_torch(function, x):
    try:
        with torch.autograd.set_detect_anomaly(True):
            torch.autograd.grad(function(x), x)
    except RuntimeError as error:
        return str(error).split("'")[1]


def culprit_tf(function, x):
    blamed = None
    tf.debugging.enable_check_numerics()
    try:
        with tf.GradientTape() as tape:
            result = function(x)
        tape.gradient(result, x)
    except tf.errors.InvalidArgumentError as error:
        blamed = error.message.split('op "')[1].split('"')[0]
    finally:
        tf.debugging.disable_check_numerics()
    return blamed


# %% dynamic_graphs-5 wrong: culprit_torch, sqrt(x * 0): None, expected 'MulBackward0'
def culprit_torch(function, x):
    try:
        function(x).backward()
    except RuntimeError as error:
        return re.search(r"'(\w+)'", str(error))[1]


def culprit_tf(function, x):
    return None


# %% dynamic_graphs-5 wrong: culprit_torch, sqrt(x * 0): "Function 'MulBackward0' returned nan values
def culprit_torch(function, x):
    with torch.autograd.detect_anomaly():
        try:
            function(x).backward()
        except RuntimeError as error:
            return str(error)


def culprit_tf(function, x):
    return None


# %% dynamic_graphs-5 wrong: culprit_tf leaves TensorFlow's check switched on, after sqrt(sum(x * 0))
def culprit_torch(function, x):
    with torch.autograd.detect_anomaly():
        try:
            function(x).backward()
        except RuntimeError as error:
            return re.search(r"'(\w+)'", str(error))[1]


def culprit_tf(function, x):
    tf.debugging.enable_check_numerics()
    try:
        with tf.GradientTape() as tape:
            result = function(x)
        tape.gradient(result, x)
    except tf.errors.InvalidArgumentError as error:
        return re.search(r'op "(\w+)"', str(error))[1]
    tf.debugging.disable_check_numerics()


# %% dynamic_graphs-5 wrong: culprit_tf, sqrt(sum(x * 0)): None, expected 'SqrtGrad'
def culprit_torch(function, x):
    with torch.autograd.detect_anomaly():
        try:
            function(x).backward()
        except RuntimeError as error:
            return re.search(r"'(\w+)'", str(error))[1]


def culprit_tf(function, x):
    tf.debugging.enable_check_numerics()
    try:
        function(x)
    except tf.errors.InvalidArgumentError as error:
        return re.search(r'op "(\w+)"', str(error))[1]
    finally:
        tf.debugging.disable_check_numerics()


# %% dynamic_graphs-5 wrong: culprit_tf, sum(log(x)): 'Reciprocal', expected 'Log'
def culprit_torch(function, x):
    with torch.autograd.detect_anomaly():
        try:
            function(x).backward()
        except RuntimeError as error:
            return re.search(r"'(\w+)'", str(error))[1]


def culprit_tf(function, x):
    with tf.GradientTape() as tape:
        result = function(x)
    tf.debugging.enable_check_numerics()
    try:
        tape.gradient(result, x)
    except tf.errors.InvalidArgumentError as error:
        return re.search(r'op "(\w+)"', str(error))[1]
    finally:
        tf.debugging.disable_check_numerics()


# %% dynamic_graphs-5 wrong: culprit_torch leaves PyTorch's check switched on, after an error of the function's own
def culprit_torch(function, x):
    torch.autograd.set_detect_anomaly(True)
    try:
        function(x).backward()
    except RuntimeError as error:
        torch.autograd.set_detect_anomaly(False)
        return re.search(r"'(\w+)'", str(error))[1]
    torch.autograd.set_detect_anomaly(False)
    return None

def culprit_tf(function, x):
    tf.debugging.enable_check_numerics()
    try:
        with tf.GradientTape() as tape:
            result = function(x)
        tape.gradient(result, x)
    except tf.errors.InvalidArgumentError as error:
        return re.search(r'op "(\w+)"', str(error))[1]
    finally:
        tf.debugging.disable_check_numerics()


# %% dynamic_graphs-5 wrong: culprit_torch leaves PyTorch's check switched on, after sqrt(x * 0)
def culprit_torch(function, x):
    torch.autograd.set_detect_anomaly(True)
    try:
        function(x).backward()
    except RuntimeError as error:
        return re.search(r"'(\w+)'", str(error))[1]
    torch.autograd.set_detect_anomaly(False)

def culprit_tf(function, x):
    tf.debugging.enable_check_numerics()
    try:
        with tf.GradientTape() as tape:
            result = function(x)
        tape.gradient(result, x)
    except tf.errors.InvalidArgumentError as error:
        return re.search(r'op "(\w+)"', str(error))[1]
    finally:
        tf.debugging.disable_check_numerics()
