# Answers to the tasks of the exercise on training, right and wrong; the text after `wrong:` is
# part of what the learner must read.


# %% training-1 right
def accuracy_torch(model, loader):
    model.train(False)
    with torch.inference_mode():
        right = [model(data).argmax(1) == target for data, target in loader]
    return torch.cat(right).float().mean().item()


# %% training-1 wrong: in batches of three and two, the accuracy is 0.75, expected 0.8. The batch of two weighs as much
def accuracy_torch(model, loader):
    model.eval()
    with torch.no_grad():
        shares = [(model(data).argmax(1) == target).float().mean() for data, target in loader]
    return float(np.mean(shares))


# %% training-1 wrong: in batches of three and two, the accuracy is 0.66667, expected 0.8
def accuracy_torch(model, loader):
    model.eval()
    with torch.no_grad():
        right = sum((model(data).argmax(1) == target).sum().item() for data, target in loader)
    return right / (len(loader) * loader.batch_size)


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


# %% training-1 wrong: with ten classes and 38 of 57 right, the accuracy is 0.
def accuracy_torch(model, loader):
    model.eval()
    right = count = 0
    with torch.no_grad():
        for data, target in loader:
            right += (model(data).softmax(dim=0).argmax(dim=1) == target).sum().item()
            count += len(target)
    return right / count


# %% training-1 wrong: with ten classes and 38 of 57 right
def accuracy_torch(model, loader):
    model.eval()
    right = count = 0
    with torch.no_grad():
        for data, target in loader:
            answers = model(data)
            right += ((answers[:, 1] > answers[:, 0]) == target).sum().item()
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


# %% training-2 wrong: the list of the batches' sizes is 3 at [21], expected 100
def loader_tf(data, target, size, seed):
    return tf.data.Dataset.from_tensor_slices((data, target)).batch(size).shuffle(len(data), seed)


# %% training-2 wrong: an epoch has 25 batches, expected 26
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


# %% training-2 wrong: an epoch has 30 batches
def loader_tf(data, target, size, seed):
    examples = tf.data.Dataset.from_tensor_slices((data, target))
    return examples.shuffle(len(data), seed=seed).batch(size).repeat()


# %% training-2 wrong: late examples never come early
def loader_tf(data, target, size, seed):
    examples = tf.data.Dataset.from_tensor_slices((data, target))
    return examples.shuffle(1000, seed=seed).batch(size)


# %% training-2 wrong: the same seed gives another order
def loader_tf(data, target, size, seed):
    examples = tf.data.Dataset.from_tensor_slices((data, target))
    return examples.shuffle(len(data)).batch(size)


# %% training-2 wrong: another seed gives the same order
def loader_tf(data, target, size, seed):
    examples = tf.data.Dataset.from_tensor_slices((data, target))
    return examples.shuffle(len(data), seed=1).batch(size)


# %% training-2 wrong: with 7 examples and size 4
def loader_tf(data, target, size, seed):
    examples = tf.data.Dataset.from_tensor_slices((data, target))
    return examples.shuffle(len(data), seed=seed).batch(min(max(size, 7), 100))


# %% training-2 right
def loader_tf(data, target, size, seed):
    places = tf.data.Dataset.range(len(data))
    places = places.shuffle(places.cardinality(), seed=seed).batch(size)
    data, target = tf.constant(data), tf.constant(target)
    return places.map(lambda chosen: (tf.gather(data, chosen), tf.gather(target, chosen)))


# %% training-3 right
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


# %% training-3 wrong: the list of history_tf is [2
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, verbose=0)
    return fit.history["loss"]


# %% training-3 wrong: the list of history_tf is [9
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy()
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit.history["loss"]


# %% training-3 wrong: what history_tf returns is
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit


# %% training-3 wrong: the list of history_torch holds the losses measured after each epoch
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


# %% training-3 wrong: the list of history_torch weighs the last batch of 11 examples like one of 64
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


# %% training-3 wrong: history_torch returned 16 numbers for 4 epochs
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


# %% training-3 right
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


# %% training-3 wrong: the list of history_torch is [
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


# %% training-3 wrong: after 4 epochs, the PyTorch model's bias
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit.history["loss"]


def history_torch(model, data, target, epochs):
    twin = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10)])
    parity.copy_weights(model, twin)
    return history_tf(twin, data, target, epochs)


# %% training-3 wrong: after 4 epochs, the Keras model's bias
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs + 1, shuffle=False, verbose=0)
    return fit.history["loss"][:epochs]


# %% training-3 wrong: the Keras model's bias
def history_tf(model, data, target, epochs):
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    weights = model.get_weights()
    model = keras.models.clone_model(model)
    model.set_weights(weights)
    model.compile(keras.optimizers.SGD(0.5), loss=loss_fn)
    fit = model.fit(data, target, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return fit.history["loss"]


# %% training-3 wrong: history_tf returned 4 numbers for 2 epochs
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


# %% training-4 right
def warm_torch(optimizer, steps):
    scheduler = torch.optim.lr_scheduler
    return scheduler.LinearLR(optimizer, start_factor=1 / steps, total_iters=steps - 1)


def warm_tf(rate, steps):
    class Warm(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return rate * tf.minimum((tf.cast(step, tf.float32) + 1) / steps, 1)

    return Warm()


# %% training-4 wrong: with rate 0.3 and 4 steps, the list of PyTorch's rates is 0 at [0], expected 0.075
def warm_torch(optimizer, steps):
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda made: min(made / steps, 1))


def warm_tf(rate, steps):
    return keras.optimizers.schedules.PolynomialDecay(rate / steps, max(steps - 1, 1), rate)


# %% training-4 wrong: the list of PyTorch's rates is 0.375 at [4], expected 0.3
def warm_torch(optimizer, steps):
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda made: (made + 1) / steps)


def warm_tf(rate, steps):
    return keras.optimizers.schedules.PolynomialDecay(rate / steps, max(steps - 1, 1), rate)


# %% training-4 wrong: the list of PyTorch's rates is 0.13125 at [1], expected 0.15
def warm_torch(optimizer, steps):
    return torch.optim.lr_scheduler.LinearLR(optimizer, 1 / steps, total_iters=steps)


def warm_tf(rate, steps):
    return keras.optimizers.schedules.PolynomialDecay(rate / steps, max(steps - 1, 1), rate)


# %% training-4 wrong: warm_torch must return a scheduler
def warm_torch(optimizer, steps):
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda made: min((made + 1) / steps, 1))
    return optimizer


def warm_tf(rate, steps):
    return keras.optimizers.schedules.PolynomialDecay(rate / steps, max(steps - 1, 1), rate)


# %% training-4 wrong: the list of the rates of a second group
def warm_torch(optimizer, steps):
    full = optimizer.param_groups[0]["lr"]

    class Warm:
        made = 0

        def step(self):
            self.made += 1
            for group in optimizer.param_groups:
                group["lr"] = full * min((self.made + 1) / steps, 1)

    scheduler = Warm()
    scheduler.made = -1
    scheduler.step()
    return scheduler


def warm_tf(rate, steps):
    return keras.optimizers.schedules.PolynomialDecay(rate / steps, max(steps - 1, 1), rate)


# %% training-4 wrong: the list of Keras's rates is 0.3 at [0], expected 0.075
def warm_torch(optimizer, steps):
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda made: min((made + 1) / steps, 1))


def warm_tf(rate, steps):
    return rate


# %% training-4 wrong: the list of Keras's rates is 0 at [0], expected 0.075
def warm_torch(optimizer, steps):
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda made: min((made + 1) / steps, 1))


def warm_tf(rate, steps):
    return keras.optimizers.schedules.PolynomialDecay(0.0, steps, rate)


# %% training-4 wrong: in warm_tf
def warm_torch(optimizer, steps):
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda made: min((made + 1) / steps, 1))


def warm_tf(rate, steps):
    return keras.optimizers.schedules.PolynomialDecay(rate / steps, steps - 1, rate) / 1
