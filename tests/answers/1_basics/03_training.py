# Answers to the tasks of exercise 03, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% training-1 right
def accuracy_torch(model, loader):
    model.train(False)
    with torch.inference_mode():
        right = [model(data).argmax(1) == target for data, target in loader]
    return torch.cat(right).float().mean().item()


# %% training-1 wrong: in batches of four and one, the accuracy is 0.5, expected 0.8. The last batch
def accuracy_torch(model, loader):
    model.eval()
    with torch.no_grad():
        shares = [(model(data).argmax(1) == target).float().mean() for data, target in loader]
    return float(np.mean(shares))


# %% training-1 wrong: judging changed the running averages
def accuracy_torch(model, loader):
    right = count = 0
    with torch.no_grad():
        for data, target in loader:
            right += (model(data).argmax(dim=1) == target).sum().item()
            count += len(target)
    return right / count


# %% training-1 wrong: with four of five right, in one batch, the accuracy is 4, expected 0.8
def accuracy_torch(model, loader):
    model.eval()
    with torch.no_grad():
        return float(sum((model(data).argmax(1) == target).sum() for data, target in loader))


# %% training-1 wrong: what accuracy_torch returns is torch.Tensor, expected float
def accuracy_torch(model, loader):
    model.eval()
    right = count = 0
    for data, target in loader:
        right += (model(data).argmax(dim=1) == target).sum()
        count += len(target)
    return right / count


# %% training-1 wrong: with four of five right, in one batch, the accuracy is 0.2, expected 0.8
def accuracy_torch(model, loader):
    model.eval()
    right = count = 0
    for data, target in loader:
        right += (model(data).argmin(dim=1) == target).sum().item()
        count += len(target)
    return right / count


# %% training-1 wrong: the model kept a history for gradients
def accuracy_torch(model, loader):
    model.eval()
    right = count = 0
    for data, target in loader:
        right += (model(data).argmax(dim=1) == target).sum().item()
        count += len(target)
    return right / count


# %% training-2 right
def loader_tf(data, target, size, seed):
    generator = np.random.default_rng(seed)

    def examples():
        for n in generator.permutation(len(data)):
            yield data[n], target[n]

    kinds = tf.TensorSpec((), data.dtype), tf.TensorSpec((), target.dtype)
    return tf.data.Dataset.from_generator(examples, output_signature=kinds).batch(size)


# %% training-2 wrong: each batch holds neighbours
def loader_tf(data, target, size, seed):
    return tf.data.Dataset.from_tensor_slices((data, target)).batch(size).shuffle(len(data), seed)


# %% training-2 wrong: an epoch has 10 batches, expected 11
def loader_tf(data, target, size, seed):
    examples = tf.data.Dataset.from_tensor_slices((data, target)).shuffle(len(data), seed)
    return examples.batch(size, drop_remainder=True)


# %% training-2 wrong: late examples never come early in the epoch: the buffer is too small
def loader_tf(data, target, size, seed):
    examples = tf.data.Dataset.from_tensor_slices((data, target))
    return examples.shuffle(33, seed=seed).batch(size)


# %% training-2 wrong: the examples come in their old order
def loader_tf(data, target, size, seed):
    return tf.data.Dataset.from_tensor_slices((data, target)).batch(size)


# %% training-2 wrong: some examples have got another's target
def loader_tf(data, target, size, seed):
    data = tf.data.Dataset.from_tensor_slices(data).shuffle(len(data), seed=seed)
    target = tf.data.Dataset.from_tensor_slices(target).shuffle(len(target), seed=seed + 1)
    return tf.data.Dataset.zip((data, target)).batch(size)


# %% training-2 wrong: the second epoch has the order of the first
def loader_tf(data, target, size, seed):
    order = np.random.default_rng(seed).permutation(len(data))
    return tf.data.Dataset.from_tensor_slices((data[order], target[order])).batch(size)


# %% training-2 wrong: each batch must be a pair (data, target)
def loader_tf(data, target, size, seed):
    return tf.data.Dataset.from_tensor_slices(data).shuffle(len(data), seed=seed).batch(size)


# %% training-2 wrong: an epoch has 12 batches
def loader_tf(data, target, size, seed):
    examples = tf.data.Dataset.from_tensor_slices((data, target))
    return examples.shuffle(len(data), seed=seed).batch(size).repeat()


# %% training-3 right
def train_until_worse(model, train_epoch, valid_loss, patience):
    losses, weights = [], []
    while len(losses) - np.argmin([*losses, np.inf]) <= patience:
        train_epoch()
        losses.append(valid_loss())
        weights.append({name: value.clone() for name, value in model.state_dict().items()})
    model.load_state_dict(weights[int(np.argmin(losses))])
    return min(losses)


# %% training-3 wrong: the epoch of the weights is 4, expected 2. The best epoch's weights were wanted: were they copied
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


# %% training-3 wrong: and patience 2, you stopped after epoch 3, expected 4
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


# %% training-3 wrong: [3.0, 2.0, 2.5, 2.6, 9.0] and patience 2, the training was to stop after epoch 4, and went on
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


# %% training-3 wrong: the returned loss is 2.6, expected 2
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


# %% training-3 wrong: nothing came back: return the best validation loss
def train_until_worse(model, train_epoch, valid_loss, patience):
    lowest, weights, waited = float("inf"), None, 0
    while waited < patience:
        train_epoch()
        loss = valid_loss()
        waited += 1
        if loss < lowest:
            lowest, weights, waited = loss, copy.deepcopy(model.state_dict()), 0
    model.load_state_dict(weights)


# %% training-3 wrong: [4.0, 2.0, 2.0, 2.0, 1.0] and patience 2, the training was to stop after epoch 4
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


# %% training-4 right
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


# %% training-4 wrong: the list of history_tf is [2
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, verbose=0)
    return fit.history["loss"]


# %% training-4 wrong: the list of history_tf is [ 9
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy()
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit.history["loss"]


# %% training-4 wrong: what history_tf returns is
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit


# %% training-4 wrong: the list of history_torch holds the losses measured after each epoch
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


# %% training-4 wrong: the list of history_torch weighs the last batch of 11 examples like one of 64
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


# %% training-4 wrong: history_torch returned 16 numbers for four epochs
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


# %% training-4 wrong: a number in the list of history_torch is torch.Tensor, expected float
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


# %% training-4 wrong: Check the data's order, the learning rate, zero_grad
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


# %% training-4 wrong: after the training, the PyTorch model's bias
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit.history["loss"]


def history_torch(model, data, target, epochs):
    twin = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10)])
    parity.copy_weights(model, twin)
    return history_tf(twin, data, target, epochs)


# %% training-5 right
def save_tf(folder, model, optimizer):
    values = [variable.numpy() for variable in [*model.variables, *optimizer.variables]]
    np.savez(Path(folder, "all.npz"), *values)


def load_tf(folder, model, optimizer):
    with np.load(Path(folder, "all.npz")) as values:
        for variable, name in zip([*model.variables, *optimizer.variables], values.files):
            variable.assign(values[name])


# %% training-5 wrong: the list of losses after the interruption
def save_tf(folder, model, optimizer):
    model.save_weights(str(Path(folder, "model.weights.h5")))


def load_tf(folder, model, optimizer):
    model.load_weights(str(Path(folder, "model.weights.h5")))


# %% training-5 wrong: after the interruption, the model's first loss
def save_tf(folder, model, optimizer):
    tf.train.Checkpoint(model=model, optimizer=optimizer).write(str(Path(folder, "training")))


def load_tf(folder, model, optimizer):
    tf.train.Checkpoint(model=model, optimizer=optimizer)


# %% training-5 wrong: save_tf wrote nothing into the folder: the path must name a file
def save_tf(folder, model, optimizer):
    tf.train.Checkpoint(model=model, optimizer=optimizer).write(folder)


def load_tf(folder, model, optimizer):
    tf.train.Checkpoint(model=model, optimizer=optimizer).read(folder)


# %% training-5 wrong: your code stopped at line 6 of the cell, in load_tf
def save_tf(folder, model, optimizer):
    tf.train.Checkpoint(model=model, optimizer=optimizer).write(str(Path(folder, "training")))


def load_tf(folder, model, optimizer):
    tf.train.Checkpoint(model=model, optimizer=optimizer).read(str(Path(folder, "trainig")))
