# Answers to the tasks of exercise 04, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% depth_and_data-1 right
def layer_torch(data, matrix, bias):
    return torch.stack([(data @ m + b).clamp(min=0) for m, b in zip(matrix, bias)])


def layer_tf(data, matrix, bias):
    product = tf.einsum("pi,niu->npu", data, matrix)
    return tf.maximum(product + tf.reshape(bias, (len(bias), 1, -1)), 0.0)


# %% depth_and_data-1 wrong: your code stopped at line 2 of the cell, in layer_torch
def layer_torch(data, matrix, bias):
    return torch.relu(data @ matrix + bias)


def layer_tf(data, matrix, bias):
    return tf.nn.relu(data @ matrix + bias)


# %% depth_and_data-1 wrong: It has no ReLU.
def layer_torch(data, matrix, bias):
    return data @ matrix + bias[:, None]


def layer_tf(data, matrix, bias):
    return data @ matrix + bias[:, None]


# %% depth_and_data-1 wrong: Each point, not each network, has got a bias of its own.
def layer_torch(data, matrix, bias):
    product = data @ matrix
    return torch.relu(product + (bias if len(bias) == len(data) else bias[:, None]))


def layer_tf(data, matrix, bias):
    return tf.nn.relu(data @ matrix + bias[:, None])


# %% depth_and_data-1 wrong: the array of layer_tf has shape (5, 2, 6), expected (2, 5, 6)
def layer_torch(data, matrix, bias):
    return torch.relu(data @ matrix + bias[:, None])


def layer_tf(data, matrix, bias):
    return tf.nn.relu(tf.einsum("pi,niu->pnu", data, matrix) + bias)


# %% depth_and_data-1 wrong: layer_tf is still to write; the other is there
def layer_torch(data, matrix, bias):
    return torch.relu(data @ matrix + bias[:, None])


def layer_tf(data, matrix, bias):
    return ...  # your answer here


# %% depth_and_data-1 wrong: your code changes the data, the matrix or the bias
def layer_torch(data, matrix, bias):
    return torch.relu(data @ matrix + bias.unsqueeze_(1))


def layer_tf(data, matrix, bias):
    return tf.nn.relu(data @ matrix + bias[:, None])


# %% depth_and_data-2 right
def deep_torch(depth, width):
    def he(before, after):
        layer = nn.Linear(before, after)
        layer.weight.data = torch.randn(after, before) * (2 / before) ** 0.5
        layer.bias.data.zero_()
        return layer

    hidden = [he(width if n else 64, width) for n in range(depth)]
    blocks = [nn.Sequential(layer, nn.ReLU()) for layer in hidden]
    return nn.Sequential(*blocks, he(width, 10))


# %% depth_and_data-2 wrong: layer 1: the spread of its weights, divided by He's, is 0.4
def deep_torch(depth, width):
    sizes, layers = [64, *[width] * depth], []
    for before, after in zip(sizes, sizes[1:]):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 10))


# %% depth_and_data-2 wrong: logits come without a ReLU
def deep_torch(depth, width):
    sizes, layers = [64, *[width] * depth, 10], []
    for before, after in zip(sizes, sizes[1:]):
        layers += [nn.Linear(before, after), nn.ReLU()]
        nn.init.kaiming_normal_(layers[-2].weight)
        nn.init.zeros_(layers[-2].bias)
    return nn.Sequential(*layers)


# %% depth_and_data-2 wrong: layer 1: its biases are not zero
def deep_torch(depth, width):
    sizes, layers = [64, *[width] * depth], []
    for before, after in zip(sizes, sizes[1:]):
        layers += [nn.Linear(before, after), nn.ReLU()]
    layers.append(nn.Linear(width, 10))
    for layer in layers[::2]:
        nn.init.kaiming_normal_(layer.weight)
    return nn.Sequential(*layers)


# %% depth_and_data-2 wrong: the number of weights of deep_torch(3, 100) is 17610, expected 27710
def deep_torch(depth, width):
    sizes, layers = [64, *[width] * (depth - 1)], []
    for before, after in zip(sizes, sizes[1:]):
        layers += [nn.Linear(before, after), nn.ReLU()]
    layers.append(nn.Linear(width, 10))
    for layer in layers[::2]:
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


# %% depth_and_data-2 wrong: layers 2 and 3 have got the same weights
def deep_torch(depth, width):
    middle = nn.Linear(width, width)
    linears = [nn.Linear(64, width), *[nn.Linear(width, width) for _ in range(depth - 1)]]
    nn.init.kaiming_normal_(middle.weight)
    for linear in linears[1:]:
        linear.weight.data = middle.weight.detach().clone()
    linears.append(nn.Linear(width, 10))
    for linear in (linears[0], linears[-1]):
        nn.init.kaiming_normal_(linear.weight)
    for linear in linears:
        nn.init.zeros_(linear.bias)
    layers = [layer for linear in linears for layer in (linear, nn.ReLU())]
    return nn.Sequential(*layers[:-1])


# %% depth_and_data-2 wrong: the network only adds up: it has no ReLU
def deep_torch(depth, width):
    sizes = [64, *[width] * depth, 10]
    layers = [nn.Linear(before, after) for before, after in zip(sizes, sizes[1:])]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


# %% depth_and_data-2 wrong: layer 1: its weights are uniform, and should be normal
def deep_torch(depth, width):
    sizes, layers = [64, *[width] * depth], []
    for before, after in zip(sizes, sizes[1:]):
        layers += [nn.Linear(before, after), nn.ReLU()]
    layers.append(nn.Linear(width, 10))
    for layer in layers[::2]:
        nn.init.kaiming_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


# %% depth_and_data-2 wrong: Expected is one ReLU after each hidden layer, and nothing after the last layer.
def deep_torch(depth, width):
    sizes = [64, *[width] * depth, 10]
    layers = [nn.Linear(before, after) for before, after in zip(sizes, sizes[1:])]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(layers[0], nn.ReLU(), *layers[1:])


# %% depth_and_data-2 wrong: the number of weights of deep_torch(1, 30) is 27710, expected 2260
def deep_torch(depth, width):
    layers = []
    for before, after in ((64, 100), (100, 100), (100, 100)):
        layers += [nn.Linear(before, after), nn.ReLU()]
    layers.append(nn.Linear(100, 10))
    for layer in layers[::2]:
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


# %% depth_and_data-3 wrong: These are the sizes from the last to the first.
def gradient_sizes_tf(model, data, target):
    kernels = [layer.kernel for layer in model.layers]
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        loss = loss_fn(target, model(data))
    return [float(tf.norm(gradient)) for gradient in tape.gradient(loss, kernels)][::-1]


# %% depth_and_data-3 wrong: These are the sizes for the sum over the examples.
def gradient_sizes_tf(model, data, target):
    kernels = [layer.kernel for layer in model.layers]
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(target, model(data))
    return [float(tf.norm(gradient)) for gradient in tape.gradient(losses, kernels)]


# %% depth_and_data-3 wrong: the model's weights have changed
def gradient_sizes_tf(model, data, target):
    kernels = [layer.kernel for layer in model.layers]
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        loss = loss_fn(target, model(data))
    gradients = tape.gradient(loss, kernels)
    keras.optimizers.SGD().apply_gradients(zip(gradients, kernels))
    return [float(tf.norm(gradient)) for gradient in gradients]


# %% depth_and_data-3 right
def gradient_sizes_tf(model, data, target):
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(target, model(data, training=True))
        loss = tf.reduce_mean(losses)
    gradients = tape.gradient(loss, model.trainable_variables)
    return [tf.sqrt(tf.reduce_sum(gradient**2)).numpy().item() for gradient in gradients[::2]]


# %% depth_and_data-3 wrong: the list has 8 sizes, expected 4: those of the kernels only
def gradient_sizes_tf(model, data, target):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        loss = loss_fn(target, model(data))
    return [float(tf.norm(g)) for g in tape.gradient(loss, model.trainable_variables)]


# %% depth_and_data-3 wrong: the list of sizes is [0.
def gradient_sizes_tf(model, data, target):
    kernels = [layer.kernel for layer in model.layers][::-1]
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        loss = loss_fn(target, model(data))
    return [float(tf.norm(gradient)) for gradient in tape.gradient(loss, kernels)]


# %% depth_and_data-3 wrong: a gradient is None: the tape knows no way
def gradient_sizes_tf(model, data, target):
    kernels = [layer.kernel for layer in model.layers]
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loss = loss_fn(target, model(data))
    with tf.GradientTape() as tape:
        pass
    return [float(tf.norm(gradient)) for gradient in tape.gradient(loss, kernels)]


# %% depth_and_data-3 wrong: an entry of the list is
def gradient_sizes_tf(model, data, target):
    kernels = [layer.kernel for layer in model.layers]
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        loss = loss_fn(target, model(data))
    return [tf.norm(gradient) for gradient in tape.gradient(loss, kernels)]


# %% depth_and_data-3 wrong: the list of sizes is [8
def gradient_sizes_tf(model, data, target):
    kernels = [layer.kernel for layer in model.layers]
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    with tf.GradientTape() as tape:
        loss = loss_fn(target, model(data))
    return [float(tf.norm(gradient)) for gradient in tape.gradient(loss, kernels)]


# %% depth_and_data-3 wrong: the list of sizes
def gradient_sizes_tf(model, data, target):
    kernels = [layer.kernel for layer in model.layers]
    loss_fn = keras.losses.SparseCategoricalCrossentropy()
    with tf.GradientTape() as tape:
        loss = loss_fn(target, model(data))
    return [float(tf.norm(gradient)) for gradient in tape.gradient(loss, kernels)]


# %% depth_and_data-4 right
def skip_tf(depth, width):
    start = keras.Input((64,))
    values = keras.layers.ReLU()(keras.layers.Dense(width)(start))
    for _ in range(1, depth):
        change = keras.layers.ReLU()(keras.layers.Dense(width)(values))
        values = keras.layers.Add()([values, change])
    return keras.Model(start, keras.layers.Dense(10)(values))


# %% depth_and_data-4 right
def skip_tf(depth, width):
    class Skips(keras.Model):
        def __init__(self):
            super().__init__()
            self.out = keras.layers.Dense(10)
            self.further = [keras.layers.Dense(width, activation="relu") for _ in range(depth - 1)]
            self.first = keras.layers.Dense(width, activation="relu")

        def call(self, values):
            values = self.first(values)
            for layer in self.further:
                values = values + layer(values)
            return self.out(values)

    return Skips()


# %% depth_and_data-4 wrong: the number of weights of skip_tf(1, 5) is
def skip_tf(depth, width):
    start = keras.Input((64,))
    values = keras.layers.Dense(9, activation="relu")(start)
    for _ in range(3):
        values = values + keras.layers.Dense(9, activation="relu")(values)
    return keras.Model(start, keras.layers.Dense(10)(values))


# %% depth_and_data-4 wrong: The values did not get around layers 2 to 4.
def skip_tf(depth, width):
    layers = [keras.layers.Dense(width, activation="relu") for _ in range(depth)]
    return keras.Sequential([keras.Input((64,)), *layers, keras.layers.Dense(10)])


# %% depth_and_data-4 wrong: the array of answers is -1.1706 at [0, 0], expected 0.82711
def skip_tf(depth, width):
    start = keras.Input((64,))
    values = keras.layers.Dense(width, activation="relu")(start)
    for _ in range(depth - 1):
        values = keras.layers.ReLU()(values + keras.layers.Dense(width)(values))
    return keras.Model(start, keras.layers.Dense(10)(values))


# %% depth_and_data-4 wrong: the number of weights of skip_tf(4, 9) is 1045, expected 955
def skip_tf(depth, width):
    start = keras.Input((64,))
    values = keras.layers.Dense(width, activation="relu")(start)
    for _ in range(depth):
        values = values + keras.layers.Dense(width, activation="relu")(values)
    return keras.Model(start, keras.layers.Dense(10)(values))


# %% depth_and_data-4 wrong: the number of weights of skip_tf(4, 9) is 1
def skip_tf(depth, width):
    start = keras.Input((64,))
    values = keras.layers.Dense(width, activation="relu")(start)
    for _ in range(depth - 1):
        more = keras.layers.Dense(width, activation="relu")(values)
        values = keras.layers.Concatenate()([values, more])
    return keras.Model(start, keras.layers.Dense(10)(values))


# %% depth_and_data-4 wrong: The answers are no logits: there is a softmax.
def skip_tf(depth, width):
    start = keras.Input((64,))
    values = keras.layers.Dense(width, activation="relu")(start)
    for _ in range(depth - 1):
        values = values + keras.layers.Dense(width, activation="relu")(values)
    return keras.Model(start, keras.layers.Dense(10, activation="softmax")(values))


# %% depth_and_data-4 wrong: The first layer has no ReLU.
def skip_tf(depth, width):
    start = keras.Input((64,))
    values = keras.layers.Dense(width)(start)
    for _ in range(depth - 1):
        values = values + keras.layers.Dense(width, activation="relu")(values)
    return keras.Model(start, keras.layers.Dense(10)(values))


# %% depth_and_data-4 wrong: numbers differ). Each further layer gives its own input
def skip_tf(depth, width):
    start = keras.Input((64,))
    values = keras.layers.Dense(width, activation="relu")(start)
    for _ in range(depth - 1):
        values = values + keras.layers.Dense(width)(values)
    return keras.Model(start, keras.layers.Dense(10)(values))


# %% depth_and_data-4 wrong: Each further layer gives its own input + ReLU(Dense(input)).
def skip_tf(depth, width):
    start = keras.Input((64,))
    values = first = keras.layers.Dense(width, activation="relu")(start)
    for _ in range(depth - 1):
        values = first + keras.layers.Dense(width, activation="relu")(values)
    return keras.Model(start, keras.layers.Dense(10)(values))


# %% depth_and_data-5 right
def probes_torch(model, split):
    train, test = torch.from_numpy(split.data_train), torch.from_numpy(split.data_test)
    probe, scores = RidgeClassifier(), []
    for layer in model:
        if isinstance(layer, nn.Linear):
            probe.fit(train.detach(), split.target_train)
            scores.append(float(np.mean(probe.predict(test.detach()) == split.target_test)))
        train, test = layer(train), layer(test)
    return scores


# %% depth_and_data-5 right
def probes_torch(model, split):
    train, test = torch.tensor(split.data_train), torch.tensor(split.data_test)
    scores = []
    with torch.no_grad():
        for layer in [nn.Identity(), *model]:
            train, test = layer(train), layer(test)
            if not isinstance(layer, nn.Linear):
                probe = RidgeClassifier().fit(train.numpy(), split.target_train)
                scores.append(np.mean(probe.predict(test.numpy()) == split.target_test))
    return np.array(scores)


# %% depth_and_data-5 wrong: the list has 3 accuracies, expected 4
def probes_torch(model, split):
    scores = []
    for end in range(2, len(model), 2):
        with torch.no_grad():
            train = model[:end](torch.from_numpy(split.data_train)).numpy()
            test = model[:end](torch.from_numpy(split.data_test)).numpy()
        probe = RidgeClassifier().fit(train, split.target_train)
        scores.append(probe.score(test, split.target_test))
    return scores


# %% depth_and_data-5 wrong: the list of accuracies is [0.97
def probes_torch(model, split):
    scores = []
    for end in range(0, len(model), 2):
        with torch.no_grad():
            train = model[:end](torch.from_numpy(split.data_train)).numpy()
        probe = RidgeClassifier().fit(train, split.target_train)
        scores.append(probe.score(train, split.target_train))
    return scores


# %% depth_and_data-5 wrong: the list has 4 accuracies, expected 2
def probes_torch(model, split):
    scores = []
    for end in (0, 2, 4, 6):
        with torch.no_grad():
            train = model[:end](torch.from_numpy(split.data_train)).numpy()
            test = model[:end](torch.from_numpy(split.data_test)).numpy()
        probe = RidgeClassifier().fit(train, split.target_train)
        scores.append(probe.score(test, split.target_test))
    return scores


# %% depth_and_data-5 wrong: the list of accuracies
def probes_torch(model, split):
    scores = []
    for end in [0, *range(1, len(model) - 1, 2)]:
        with torch.no_grad():
            train = model[:end](torch.from_numpy(split.data_train)).numpy()
            test = model[:end](torch.from_numpy(split.data_test)).numpy()
        probe = RidgeClassifier().fit(train, split.target_train)
        scores.append(probe.score(test, split.target_test))
    return scores


# %% depth_and_data-5 wrong: the list has 8 accuracies, expected 4
def probes_torch(model, split):
    scores = []
    for end in range(len(model) + 1):
        with torch.no_grad():
            train = model[:end](torch.from_numpy(split.data_train)).numpy()
            test = model[:end](torch.from_numpy(split.data_test)).numpy()
        probe = RidgeClassifier().fit(train, split.target_train)
        scores.append(probe.score(test, split.target_test))
    return scores


# %% depth_and_data-5 wrong: your code stopped at line 4 of the cell, in probes_torch
def probes_torch(model, split):
    scores = []
    for end in range(0, len(model), 2):
        train = model[:end](torch.from_numpy(split.data_train)).numpy()
        test = model[:end](torch.from_numpy(split.data_test)).numpy()
        probe = RidgeClassifier().fit(train, split.target_train)
        scores.append(probe.score(test, split.target_test))
    return scores
