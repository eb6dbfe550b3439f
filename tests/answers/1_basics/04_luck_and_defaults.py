# Answers to the tasks of the exercise on luck, right and wrong; the text after `wrong:` is
# part of what the learner must read.


# %% luck_and_defaults-1 right
def save_tf(folder, model, optimizer):
    values = [variable.numpy() for variable in [*model.variables, *optimizer.variables]]
    np.savez(Path(folder, "all.npz"), *values)


def load_tf(folder, model, optimizer):
    with np.load(Path(folder, "all.npz")) as values:
        for variable, name in zip([*model.variables, *optimizer.variables], values.files):
            variable.assign(values[name])


# %% luck_and_defaults-1 wrong: The first is right: what else did the training remember?
def save_tf(folder, model, optimizer):
    model.save_weights(str(Path(folder, "model.weights.h5")))


def load_tf(folder, model, optimizer):
    model.load_weights(str(Path(folder, "model.weights.h5")))


# %% luck_and_defaults-1 wrong: It is the new model's: its weights did not come back.
def save_tf(folder, model, optimizer):
    tf.train.Checkpoint(model=model, optimizer=optimizer).write(str(Path(folder, "training")))


def load_tf(folder, model, optimizer):
    tf.train.Checkpoint(model=model, optimizer=optimizer)


# %% luck_and_defaults-1 wrong: with the right losses, the array of the model's answers is
def save_tf(folder, model, optimizer):
    kept = [*model.trainable_variables, *optimizer.variables]
    np.savez(Path(folder, "all.npz"), *[variable.numpy() for variable in kept])


def load_tf(folder, model, optimizer):
    with np.load(Path(folder, "all.npz")) as values:
        kept = [*model.trainable_variables, *optimizer.variables]
        for variable, name in zip(kept, values.files):
            variable.assign(values[name])


# %% luck_and_defaults-1 wrong: save_tf wrote nothing into the folder: the path must name a file
def save_tf(folder, model, optimizer):
    tf.train.Checkpoint(model=model, optimizer=optimizer).write(folder)


def load_tf(folder, model, optimizer):
    tf.train.Checkpoint(model=model, optimizer=optimizer).read(folder)


# %% luck_and_defaults-1 wrong: your code stopped at line 6 of the cell, in load_tf
def save_tf(folder, model, optimizer):
    tf.train.Checkpoint(model=model, optimizer=optimizer).write(str(Path(folder, "training")))


def load_tf(folder, model, optimizer):
    tf.train.Checkpoint(model=model, optimizer=optimizer).read(str(Path(folder, "trainig")))


# %% luck_and_defaults-2 right
def train_until_worse(model, train_epoch, valid_loss, patience):
    losses, weights = [], []
    while len(losses) - np.argmin([*losses, np.inf]) <= patience:
        train_epoch()
        losses.append(valid_loss())
        weights.append({name: value.clone() for name, value in model.state_dict().items()})
    model.load_state_dict(weights[int(np.argmin(losses))])
    return min(losses)


# %% luck_and_defaults-2 wrong: the epoch of the weights is 4, expected 2. It is the last epoch, not the best.
def train_until_worse(model, train_epoch, valid_loss, patience):
    lowest, waited = float("inf"), 0
    while waited < patience:
        train_epoch()
        loss = valid_loss()
        waited = 0 if loss < lowest else waited + 1
        if loss < lowest:
            lowest, weights = loss, model.state_dict()
    model.load_state_dict(weights)
    return lowest


# %% luck_and_defaults-2 wrong: and patience 2, you stopped after epoch 3, expected 4
def train_until_worse(model, train_epoch, valid_loss, patience):
    lowest, weights = float("inf"), None
    while True:
        train_epoch()
        loss = valid_loss()
        if loss >= lowest:
            break
        lowest, weights = loss, copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    return lowest


# %% luck_and_defaults-2 wrong: [3.0, 2.0, 2.5, 2.6, 9.0] and patience 2, the training was to stop after epoch 4, and went on
def train_until_worse(model, train_epoch, valid_loss, patience):
    lowest, weights, waited = float("inf"), None, 0
    while waited <= patience:
        train_epoch()
        loss = valid_loss()
        waited += 1
        if loss < lowest:
            lowest, weights, waited = loss, copy.deepcopy(model.state_dict()), 0
    model.load_state_dict(weights)
    return lowest


# %% luck_and_defaults-2 wrong: the returned loss is 2.6, expected 2
def train_until_worse(model, train_epoch, valid_loss, patience):
    lowest, weights, waited = float("inf"), None, 0
    while waited < patience:
        train_epoch()
        loss = valid_loss()
        waited += 1
        if loss < lowest:
            lowest, weights, waited = loss, copy.deepcopy(model.state_dict()), 0
    model.load_state_dict(weights)
    return loss


# %% luck_and_defaults-2 wrong: nothing came back: return the best validation loss
def train_until_worse(model, train_epoch, valid_loss, patience):
    lowest, weights, waited = float("inf"), None, 0
    while waited < patience:
        train_epoch()
        loss = valid_loss()
        waited += 1
        if loss < lowest:
            lowest, weights, waited = loss, copy.deepcopy(model.state_dict()), 0
    model.load_state_dict(weights)


# %% luck_and_defaults-2 wrong: [4.0, 2.0, 2.0, 2.0, 1.0] and patience 2, the training was to stop after epoch 4
def train_until_worse(model, train_epoch, valid_loss, patience):
    lowest, weights, waited = float("inf"), None, 0
    while waited < patience:
        train_epoch()
        loss = valid_loss()
        waited += 1
        if loss <= lowest:
            lowest, weights, waited = loss, copy.deepcopy(model.state_dict()), 0
    model.load_state_dict(weights)
    return lowest


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


# %% luck_and_defaults-2 wrong: for validation losses that fall for 200 epochs and patience 2, you stopped after
def train_until_worse(model, train_epoch, valid_loss, patience):
    best, since = float("inf"), 0
    for _ in range(100):
        train_epoch()
        loss = valid_loss()
        since += 1
        if loss < best:
            best, since, kept = loss, 0, copy.deepcopy(model.state_dict())
        if since == patience:
            break
    model.load_state_dict(kept)
    return best


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


# %% luck_and_defaults-3 wrong: with 5 pairs, in lists, the standard error of the mean is 0.027223, expected 0.012174
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


# %% luck_and_defaults-3 right
def gain(first, second):
    differences = torch.as_tensor(np.subtract(second, first))
    return np.array([differences.mean(), differences.std() / len(differences) ** 0.5])


def judged(first, second):
    mean, error = gain(first, second)
    if -2 * error <= mean <= 2 * error:
        return np.str_("not settled")
    return np.str_("second" if mean > 0 else "first")


# %% luck_and_defaults-3 wrong: a mean gain of 0.0057 with a standard error of 0.0029 is judged 'second'
def gain(first, second):
    differences = np.asarray(second) - np.asarray(first)
    return differences.mean(), differences.std(ddof=1) / np.sqrt(len(differences))


def judged(first, second):
    mean, error = gain(first, second)
    if abs(mean) <= 1.96 * error:
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


# %% luck_and_defaults-3 wrong: a mean gain of -0.0057
def gain(first, second):
    differences = np.asarray(second) - np.asarray(first)
    return differences.mean(), differences.std(ddof=1) / np.sqrt(len(differences))


def judged(first, second):
    mean, error = gain(first, second)
    return "second" if mean > 2 * error else "first" if mean < -error else "not settled"


# %% luck_and_defaults-3 wrong: a mean gain of 0.0057
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


# %% luck_and_defaults-4 wrong: the biases are the first row of the weights, not a new draw
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
    return keras.layers.Dense(units, kernel_initializer=even, bias_initializer=even)


# %% luck_and_defaults-4 wrong: like_keras draws the same weights for two layers of one size
def like_keras(model):
    glorot = keras.initializers.GlorotUniform()
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            drawn = glorot((layer.in_features, layer.out_features)).numpy()
            layer.weight.data = torch.tensor(drawn.T)
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm1d):
            layer.momentum, layer.eps = 0.01, 1e-3
    return model


def like_torch(inputs, units):
    limit = 1 / np.sqrt(inputs)
    even = keras.initializers.RandomUniform(-limit, limit)
    bias = keras.initializers.RandomUniform(-limit, limit)
    return keras.layers.Dense(units, kernel_initializer=even, bias_initializer=bias)


# %% luck_and_defaults-4 wrong: like_torch draws the same weights each time
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
    even = keras.initializers.RandomUniform(-limit, limit, seed=0)
    bias = keras.initializers.RandomUniform(-limit, limit, seed=1)
    return keras.layers.Dense(units, kernel_initializer=even, bias_initializer=bias)


# %% luck_and_defaults-4 wrong: like_keras must change the model that it gets
def like_keras(model):
    model = copy.deepcopy(model)
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return model
