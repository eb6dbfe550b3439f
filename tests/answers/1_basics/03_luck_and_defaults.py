# Answers to the tasks of the exercise on luck, right and wrong; the text after `wrong:` is
# part of what the learner must read.


# %% luck_and_defaults-2 right
def history_tf(model, data, target, epochs):
    examples = tf.data.Dataset.from_tensor_slices((data, target)).batch(64)
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss_fn)
    model.optimizer.learning_rate = 0.5
    return model.fit(examples, epochs=epochs, shuffle=False, verbose=0).history["loss"]


def history_torch(model, data, target, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    loss_fn = nn.CrossEntropyLoss(reduction="sum")
    data, target, history = torch.tensor(data), torch.tensor(target), []
    for _ in range(epochs):
        total = 0.0
        for batch, labels in zip(data.split(64), target.split(64)):
            loss = loss_fn(model(batch), labels)
            optimizer.zero_grad()
            (loss / len(batch)).backward()
            optimizer.step()
            total += float(loss.detach())
        history.append(total / len(data))
    return history


# %% luck_and_defaults-2 wrong: the list of history_tf is [2
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, verbose=0)
    return fit.history["loss"]


# %% luck_and_defaults-2 wrong: the list of history_tf is [ 9
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy()
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit.history["loss"]


# %% luck_and_defaults-2 wrong: what history_tf returns is
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit


# %% luck_and_defaults-2 wrong: the list of history_torch holds the losses measured after each epoch
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit.history["loss"]


def history_torch(model, data, target, epochs):
    dataset = TensorDataset(torch.from_numpy(data), torch.from_numpy(target))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    losses = []
    for _ in range(epochs):
        met = []
        for batch, labels in DataLoader(dataset, batch_size=64):
            loss = nn.functional.cross_entropy(model(batch), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            met.append(loss.item())
        with torch.no_grad():
            after = nn.functional.cross_entropy(model(dataset.tensors[0]), dataset.tensors[1])
        losses.append(after.item())
    return losses


# %% luck_and_defaults-2 wrong: the list of history_torch weighs the last batch of 11 examples like one of 64
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit.history["loss"]


def history_torch(model, data, target, epochs):
    dataset = TensorDataset(torch.from_numpy(data), torch.from_numpy(target))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    losses = []
    for _ in range(epochs):
        met = []
        for batch, labels in DataLoader(dataset, batch_size=64):
            loss = nn.functional.cross_entropy(model(batch), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            met.append(loss.item())
        losses.append(float(np.mean(met)))
    return losses


# %% luck_and_defaults-2 wrong: history_torch returned 16 numbers for 4 epochs
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit.history["loss"]


def history_torch(model, data, target, epochs):
    dataset = TensorDataset(torch.from_numpy(data), torch.from_numpy(target))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    losses = []
    for _ in range(epochs):
        met = []
        for batch, labels in DataLoader(dataset, batch_size=64):
            loss = nn.functional.cross_entropy(model(batch), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            met.append(loss.item())
        losses += met
    return losses


# %% luck_and_defaults-2 right
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit.history["loss"]


def history_torch(model, data, target, epochs):
    dataset = TensorDataset(torch.from_numpy(data), torch.from_numpy(target))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    losses = []
    for _ in range(epochs):
        met = []
        for batch, labels in DataLoader(dataset, batch_size=64):
            loss = nn.functional.cross_entropy(model(batch), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            met.append(loss.detach() * len(batch))
        losses.append(sum(met) / len(data))
    return losses


# %% luck_and_defaults-2 wrong: Check the data's order, the learning rate, zero_grad
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit.history["loss"]


def history_torch(model, data, target, epochs):
    dataset = TensorDataset(torch.from_numpy(data), torch.from_numpy(target))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    losses = []
    for _ in range(epochs):
        met = []
        for batch, labels in DataLoader(dataset, batch_size=64):
            loss = nn.functional.cross_entropy(model(batch), labels)
            loss.backward()
            optimizer.step()
            met.append(loss.item() * len(batch))
        losses.append(sum(met) / len(data))
    return losses


# %% luck_and_defaults-2 wrong: after 4 epochs, the PyTorch model's bias
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit.history["loss"]


def history_torch(model, data, target, epochs):
    twin = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10)])
    parity.copy_weights(model, twin)
    return history_tf(twin, data, target, epochs)


# %% luck_and_defaults-2 wrong: after 4 epochs, the Keras model's bias
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs + 1, shuffle=False, verbose=0)
    return fit.history["loss"][:epochs]


# %% luck_and_defaults-2 wrong: the Keras model's bias
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    weights = model.get_weights()
    model = keras.models.clone_model(model)
    model.set_weights(weights)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit.history["loss"]


# %% luck_and_defaults-2 wrong: history_tf returned 4 numbers for 2 epochs
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=4, shuffle=False, verbose=0)
    return fit.history["loss"]


def history_torch(model, data, target, epochs):
    dataset = TensorDataset(torch.from_numpy(data), torch.from_numpy(target))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    losses = []
    for _ in range(epochs):
        total = 0
        for batch, labels in DataLoader(dataset, batch_size=64):
            loss = nn.functional.cross_entropy(model(batch), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        losses.append(total / len(data))
    return losses


# %% luck_and_defaults-2 wrong: the epoch of the running average is
def train_until_worse(model, train_epoch, valid_loss, patience):
    lowest, weights, waited = float("inf"), None, 0
    while waited < patience:
        train_epoch()
        loss = valid_loss()
        waited += 1
        if loss < lowest:
            lowest, weights, waited = (
                loss,
                [value.detach().clone() for value in model.parameters()],
                0,
            )
    for value, kept in zip(model.parameters(), weights):
        value.data.copy_(kept)
    return lowest


# %% luck_and_defaults-2 wrong: [9000.0, 8000.0, 8500.0, 7.0] and patience 1, you stopped after epoch 1
def train_until_worse(model, train_epoch, valid_loss, patience):
    lowest, weights, waited = 1000.0, None, 0
    while waited < patience:
        train_epoch()
        loss = valid_loss()
        waited += 1
        if loss < lowest:
            lowest, weights, waited = loss, copy.deepcopy(model.state_dict()), 0
    model.load_state_dict(weights or model.state_dict())
    return lowest


# %% luck_and_defaults-3 right
def gain(first, second):
    pairs = [float(b) - float(a) for a, b in zip(first, second)]
    mean = sum(pairs) / len(pairs)
    squares = sum((pair - mean) ** 2 for pair in pairs)
    return [
        np.float32(mean) * 0 + mean,
        torch.tensor(squares / (len(pairs) - 1) / len(pairs)) ** 0.5,
    ]


def judged(first, second):
    mean, error = gain(first, second)
    return "second" if mean > 2 * error else "first" if mean < -2 * error else "not settled"


# %% luck_and_defaults-3 wrong: with 5 pairs, in lists, the standard error of the mean
def gain(first, second):
    differences = np.asarray(second) - np.asarray(first)
    return differences.mean(), differences.std(ddof=1)


def judged(first, second):
    mean, error = gain(first, second)
    if abs(mean) <= 2 * error:
        return "not settled"
    return "second" if mean > 0 else "first"


# %% luck_and_defaults-3 wrong: in lists, the standard error
def gain(first, second):
    differences = np.asarray(second) - np.asarray(first)
    return differences.mean(), differences.std() / np.sqrt(len(differences))


def judged(first, second):
    mean, error = gain(first, second)
    if abs(mean) <= 2 * error:
        return "not settled"
    return "second" if mean > 0 else "first"


# %% luck_and_defaults-3 wrong: the standard error of the mean
def gain(first, second):
    differences = np.asarray(second) - np.asarray(first)
    return differences.mean(), differences.std(ddof=1) / len(differences)


def judged(first, second):
    mean, error = gain(first, second)
    if abs(mean) <= 2 * error:
        return "not settled"
    return "second" if mean > 0 else "first"


# %% luck_and_defaults-3 wrong: with 5 pairs, in lists, the mean gain
def gain(first, second):
    differences = np.asarray(second) - np.asarray(first)
    return -differences.mean(), differences.std(ddof=1) / np.sqrt(len(differences))


def judged(first, second):
    mean, error = gain(first, second)
    if abs(mean) <= 2 * error:
        return "not settled"
    return "second" if mean > 0 else "first"


# %% luck_and_defaults-3 wrong: gain must return two numbers
def gain(first, second):
    differences = np.asarray(second) - np.asarray(first)
    return differences.mean()


def judged(first, second):
    mean, error = gain(first, second)
    return "first"


# %% luck_and_defaults-3 wrong: standard error of the mean is
def gain(first, second):
    differences = np.asarray(second) - np.asarray(first)
    return differences.mean(), np.sqrt(
        (np.var(np.asarray(first), ddof=1) + np.var(np.asarray(second), ddof=1)) / len(differences)
    )


def judged(first, second):
    mean, error = gain(first, second)
    if abs(mean) <= 2 * error:
        return "not settled"
    return "second" if mean > 0 else "first"


# %% luck_and_defaults-3 wrong: a mean gain of -0.0055
def gain(first, second):
    differences = np.asarray(second) - np.asarray(first)
    return differences.mean(), differences.std(ddof=1) / np.sqrt(len(differences))


def judged(first, second):
    mean, error = gain(first, second)
    return "second" if mean > 2 * error else "first" if mean < -error else "not settled"


# %% luck_and_defaults-3 wrong: a mean gain of 0.0055
def gain(first, second):
    differences = np.asarray(second) - np.asarray(first)
    return differences.mean(), differences.std(ddof=1) / np.sqrt(len(differences))


def judged(first, second):
    mean, error = gain(first, second)
    return "second" if mean > error else "first" if mean < -error else "not settled"


# %% luck_and_defaults-3 wrong: a mean gain of 0.0
def gain(first, second):
    differences = np.asarray(second) - np.asarray(first)
    return differences.mean(), differences.std(ddof=1) / np.sqrt(len(differences))


def judged(first, second):
    mean, error = gain(first, second)
    return "second" if mean > 2 * error else "first"


# %% luck_and_defaults-3 wrong: a mean gain of 0.01
def gain(first, second):
    differences = np.asarray(second) - np.asarray(first)
    return differences.mean(), differences.std(ddof=1) / np.sqrt(len(differences))


def judged(first, second):
    mean, error = gain(first, second)
    return "first" if mean > 2 * error else "second" if mean < -2 * error else "not settled"


# %% luck_and_defaults-3 wrong: a mean gain of -0.01
def gain(first, second):
    differences = np.asarray(second) - np.asarray(first)
    return differences.mean(), differences.std(ddof=1) / np.sqrt(len(differences))


def judged(first, second):
    mean, error = gain(first, second)
    return "second" if abs(mean) > 2 * error else "not settled"


# %% luck_and_defaults-4 right
def like_keras(model):
    def change(layer):
        if isinstance(layer, nn.Linear):
            drawn = keras.initializers.GlorotUniform()((layer.in_features, layer.out_features))
            layer.weight.data = torch.tensor(drawn.numpy()).T.contiguous()
            layer.bias.data.zero_()
        if isinstance(layer, nn.BatchNorm1d):
            layer.eps, layer.momentum = 1e-3, 1 - 0.99

    return model.apply(change)


def like_torch(inputs, units):
    twin, layer = nn.Linear(inputs, units), keras.layers.Dense(units)
    layer.build((None, inputs))
    layer.set_weights([twin.weight.detach().numpy().T, twin.bias.detach().numpy()])
    return layer


# %% luck_and_defaults-4 wrong: the weights of a linear layer of 37 to 211
def like_keras(model):
    for layer in model.children():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm1d):
            layer.momentum, layer.eps = 0.01, 1e-3
    return model


def like_torch(inputs, units):
    limit = 1 / np.sqrt(inputs)
    even = keras.initializers.RandomUniform(-limit, limit)
    bias = keras.initializers.RandomUniform(-limit, limit)
    return keras.layers.Dense(units, kernel_initializer=even, bias_initializer=bias)


# %% luck_and_defaults-4 wrong: the biases of a linear layer of 37 to 211
def like_keras(model):
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            pass
        elif isinstance(layer, nn.BatchNorm1d):
            layer.momentum, layer.eps = 0.01, 1e-3
    return model


def like_torch(inputs, units):
    limit = 1 / np.sqrt(inputs)
    even = keras.initializers.RandomUniform(-limit, limit)
    bias = keras.initializers.RandomUniform(-limit, limit)
    return keras.layers.Dense(units, kernel_initializer=even, bias_initializer=bias)


# %% luck_and_defaults-4 wrong: the standard deviation is
def like_keras(model):
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.trunc_normal_(layer.weight, std=0.06, a=-0.155, b=0.155)
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm1d):
            layer.momentum, layer.eps = 0.01, 1e-3
    return model


def like_torch(inputs, units):
    limit = 1 / np.sqrt(inputs)
    even = keras.initializers.RandomUniform(-limit, limit)
    bias = keras.initializers.RandomUniform(-limit, limit)
    return keras.layers.Dense(units, kernel_initializer=even, bias_initializer=bias)


# %% luck_and_defaults-4 wrong: the weights are the old ones in another size
def like_keras(model):
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            layer.weight.data *= np.sqrt(6 * layer.in_features / sum(layer.weight.shape))
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm1d):
            layer.momentum, layer.eps = 0.01, 1e-3
    return model


def like_torch(inputs, units):
    limit = 1 / np.sqrt(inputs)
    even = keras.initializers.RandomUniform(-limit, limit)
    bias = keras.initializers.RandomUniform(-limit, limit)
    return keras.layers.Dense(units, kernel_initializer=even, bias_initializer=bias)


# %% luck_and_defaults-4 wrong: what the batch norm gives for a training batch
def like_keras(model):
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm1d):
            layer.momentum, layer.eps = 0.01, 1e-5
    return model


def like_torch(inputs, units):
    limit = 1 / np.sqrt(inputs)
    even = keras.initializers.RandomUniform(-limit, limit)
    bias = keras.initializers.RandomUniform(-limit, limit)
    return keras.layers.Dense(units, kernel_initializer=even, bias_initializer=bias)


# %% luck_and_defaults-4 wrong: after one batch, the batch norm's running mean
def like_keras(model):
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm1d):
            layer.momentum, layer.eps = 0.99, 1e-3
    return model


def like_torch(inputs, units):
    limit = 1 / np.sqrt(inputs)
    even = keras.initializers.RandomUniform(-limit, limit)
    bias = keras.initializers.RandomUniform(-limit, limit)
    return keras.layers.Dense(units, kernel_initializer=even, bias_initializer=bias)


# %% luck_and_defaults-4 wrong: with 23 inputs, the weights
def like_keras(model):
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm1d):
            layer.momentum, layer.eps = 0.01, 1e-3
    return model


def like_torch(inputs, units):
    limit = np.sqrt(6 / (inputs + units))
    even = keras.initializers.RandomUniform(-limit, limit)
    bias = keras.initializers.RandomUniform(-limit, limit)
    return keras.layers.Dense(units, kernel_initializer=even, bias_initializer=bias)


# %% luck_and_defaults-4 wrong: with 23 inputs, the biases
def like_keras(model):
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm1d):
            layer.momentum, layer.eps = 0.01, 1e-3
    return model


def like_torch(inputs, units):
    limit = 1 / np.sqrt(inputs)
    even = keras.initializers.RandomUniform(-limit, limit)
    return keras.layers.Dense(units, kernel_initializer=even)


# %% luck_and_defaults-4 wrong: like_keras must change the model that it gets
def like_keras(model):
    model = copy.deepcopy(model)
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return model
