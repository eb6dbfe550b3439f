# Answers to the tasks of exercise 13, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% memory_and_speed-1 right
def training_bytes(sizes, batch):
    count, inputs = 0, 0
    for n in range(len(sizes) - 1):
        count += (sizes[n] + 1) * sizes[n + 1]
        inputs += sizes[n]
    return [4 * count, 4 * count, 8 * count, 4 * inputs * batch]


# %% memory_and_speed-1 right
def training_bytes(sizes, batch):
    weights = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    return 4 * np.array([weights, weights, 2 * weights, batch * sum(sizes[:-1])])


# %% memory_and_speed-1 wrong: the weights of [5, 7, 3], batch 2 is 224
def training_bytes(sizes, batch):
    weights = 4 * sum(a * b for a, b in zip(sizes, sizes[1:]))
    return weights, weights, 2 * weights, 4 * batch * sum(sizes[:-1])


# %% memory_and_speed-1 wrong: Adam's means of [5, 7, 3], batch 2 is 264
def training_bytes(sizes, batch):
    weights = 4 * sum(a * b + b for a, b in zip(sizes, sizes[1:]))
    return weights, weights, weights, 4 * batch * sum(sizes[:-1])


# %% memory_and_speed-1 wrong: the activations of [5, 7, 3], batch 2 is 120
def training_bytes(sizes, batch):
    weights = 4 * sum(a * b + b for a, b in zip(sizes, sizes[1:]))
    return weights, weights, 2 * weights, 4 * batch * sum(sizes)


# %% memory_and_speed-1 wrong: the weights of [5, 7, 3], batch 2 is 66
def training_bytes(sizes, batch):
    weights = sum(a * b + b for a, b in zip(sizes, sizes[1:]))
    return weights, weights, 2 * weights, batch * sum(sizes[:-1])


# %% memory_and_speed-1 wrong: training_bytes does not return four numbers
def training_bytes(sizes, batch):
    weights = 4 * sum(a * b + b for a, b in zip(sizes, sizes[1:]))
    return 4 * weights + 4 * batch * sum(sizes[:-1])


# %% memory_and_speed-2 right
def kept_bytes_torch(forward):
    saved = []

    def pack(tensor):
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        forward()
    unique = {tensor.untyped_storage().data_ptr(): tensor for tensor in saved}
    return sum(tensor.untyped_storage().nbytes() for tensor in unique.values())


# %% memory_and_speed-2 wrong: x times a weight saves the two: the bytes is 4000, expected 8000
def kept_bytes_torch(forward):
    sizes = {}

    def pack(tensor):
        if not isinstance(tensor, nn.Parameter):
            storage = tensor.untyped_storage()
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        kept = forward()
    return sum(sizes.values())


# %% memory_and_speed-2 wrong: x * x saves x twice, which is one storage: the bytes is 8000
def kept_bytes_torch(forward):
    sizes = []

    def pack(tensor):
        sizes.append(tensor.nbytes)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        forward()
    return sum(sizes)


# %% memory_and_speed-2 wrong: x[:600] * x[400:] saves two views of one storage: the bytes is 4800
def kept_bytes_torch(forward):
    sizes = {}

    def pack(tensor):
        sizes[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        forward()
    return sum(sizes.values())


# %% memory_and_speed-2 wrong: x[:600] * x[400:] saves two views of one storage: the bytes is 8000
def kept_bytes_torch(forward):
    sizes = {}

    def pack(tensor):
        sizes[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        forward()
    return sum(sizes.values())


# %% memory_and_speed-2 wrong: float32 times float64: the bytes is 8000, expected 12000
def kept_bytes_torch(forward):
    sizes = {}

    def pack(tensor):
        sizes[tensor.untyped_storage().data_ptr()] = 4000
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        forward()
    return sum(sizes.values())


# %% memory_and_speed-2 wrong: a sum saves nothing: the bytes is 4
def kept_bytes_torch(forward):
    return forward().nbytes


# %% memory_and_speed-3 right
def add_up_torch(model, data, target, size):
    model.zero_grad()
    for start in range(0, len(data), size):
        rows = data[start : start + size]
        share = len(rows) / len(data)
        (share * nn.functional.cross_entropy(model(rows), target[start : start + size])).backward()


# %% memory_and_speed-3 wrong: the gradient from pieces of 25, 25 rows
def add_up_torch(model, data, target, size):
    model.zero_grad()
    for rows, classes in zip(data.split(size), target.split(size)):
        nn.functional.cross_entropy(model(rows), classes).backward()


# %% memory_and_speed-3 wrong: the gradient from pieces of 20, 20, 10 rows, whatever .grad held before, is -0.013317 at [0]
def add_up_torch(model, data, target, size):
    model.zero_grad()
    pieces = list(zip(data.split(size), target.split(size)))
    for rows, classes in pieces:
        (nn.functional.cross_entropy(model(rows), classes) / len(pieces)).backward()


# %% memory_and_speed-3 wrong: the gradient from pieces of 20, 20, 10 rows, whatever .grad held before, is -0.02888 at [0]
def add_up_torch(model, data, target, size):
    for rows, classes in zip(data.split(size), target.split(size)):
        loss = nn.functional.cross_entropy(model(rows), classes, reduction="sum")
        (loss / len(data)).backward()


# %% memory_and_speed-3 right
def add_up_torch(model, data, target, size):
    weights = list(model.parameters())
    for weight in weights:
        weight.grad = torch.zeros_like(weight)
    for rows, classes in zip(data.split(size), target.split(size)):
        loss = nn.functional.cross_entropy(model(rows), classes, reduction="sum") / len(data)
        for weight, gradient in zip(weights, torch.autograd.grad(loss, weights)):
            weight.grad += gradient


# %% memory_and_speed-3 wrong: 50 rows wait for their backward pass
def add_up_torch(model, data, target, size):
    model.zero_grad()
    loss = 0.0
    for rows, classes in zip(data.split(size), target.split(size)):
        loss = loss + nn.functional.cross_entropy(model(rows), classes, reduction="sum")
    (loss / len(data)).backward()


# %% memory_and_speed-3 wrong: 50 rows at once, asked: 25
def add_up_torch(model, data, target, size):
    model.zero_grad()
    nn.functional.cross_entropy(model(data), target).backward()


# %% memory_and_speed-4 right
def lean_tf(blocks):
    lean = [keras.remat(block) for block in blocks]

    def forward(data):
        for block in lean:
            data = block(data)
        return data

    return forward


# %% memory_and_speed-4 wrong: activations from inside the blocks are kept
def lean_tf(blocks):
    def forward(data):
        for block in blocks:
            data = block(data)
        return data

    return forward


# %% memory_and_speed-4 wrong: activations are kept, expected each block's input
def lean_tf(blocks):
    return tf.recompute_grad(keras.Sequential(blocks))


# %% memory_and_speed-4 wrong: the answer of the blocks in order
def lean_tf(blocks):
    lean = [tf.recompute_grad(block) for block in reversed(blocks)]

    def forward(data):
        for block in lean:
            data = block(data)
        return data

    return forward


# %% memory_and_speed-4 wrong: the gradient of weight 0 is None
def lean_tf(blocks):
    def forward(data):
        for block in blocks:
            data = block(tf.stop_gradient(data))
        return data

    return forward


# %% memory_and_speed-4 wrong: expected 3, got 2
def lean_tf(blocks):
    first, second, third = map(tf.recompute_grad, blocks)
    return lambda data: third(second(first(data)))


# %% memory_and_speed-5 right
def judge(run_torch, run_tf):
    wins, alike = [], True
    for n in range(6):
        losses_torch, time_torch = run_torch()
        losses_tf, time_tf = run_tf()
        alike &= len(losses_torch) == len(losses_tf) and np.allclose(
            losses_torch, losses_tf, rtol=0, atol=1e-3
        )
        if n:
            wins.append(np.sign(time_tf - time_torch))
    if not alike:
        return "no race"
    return {-5: "TensorFlow", 5: "PyTorch"}.get(int(sum(wins)), "even")


# %% memory_and_speed-5 wrong: the runs did not take turns, six times each
def judge(run_torch, run_tf):
    first = [run_torch() for _ in range(6)]
    second = [run_tf() for _ in range(6)]
    return "PyTorch" if first[1][1] < second[1][1] else "TensorFlow"


# %% memory_and_speed-5 wrong: TensorFlow was slow only while it traced: you say 'even'
def judge(run_torch, run_tf):
    pairs = [(run_torch(), run_tf()) for _ in range(6)]
    wins = sum(a[1] < b[1] for a, b in pairs)
    return {0: "TensorFlow", 6: "PyTorch"}.get(wins, "even")


# %% memory_and_speed-5 wrong: TensorFlow took 0.7 times as long in pair 2, 1.3 times else: you say 'PyTorch'
def judge(run_torch, run_tf):
    pairs = [(run_torch(), run_tf()) for _ in range(6)][1:]
    time_torch = np.median([a[1] for a, _ in pairs])
    return "PyTorch" if time_torch < np.median([b[1] for _, b in pairs]) else "TensorFlow"


# %% memory_and_speed-5 wrong: the last losses differ by 0.02: you say 'PyTorch'
def judge(run_torch, run_tf):
    pairs = [(run_torch(), run_tf()) for _ in range(6)][1:]
    wins = sum(a[1] < b[1] for a, b in pairs)
    return {0: "TensorFlow", 5: "PyTorch"}.get(wins, "even")


# %% memory_and_speed-5 wrong: one loss differs by 0.05, in pair 1: you say 'PyTorch'
def judge(run_torch, run_tf):
    pairs = [(run_torch(), run_tf()) for _ in range(6)]
    if any(len(a[0]) != len(b[0]) or abs(a[0][-1] - b[0][-1]) > 1e-3 for a, b in pairs):
        return "no race"
    wins = sum(a[1] < b[1] for a, b in pairs[1:])
    return {0: "TensorFlow", 5: "PyTorch"}.get(wins, "even")


# %% memory_and_speed-5 wrong: one loss differs by 0.05, in pair 2: you say 'PyTorch'
def judge(run_torch, run_tf):
    pairs = [(run_torch(), run_tf()) for _ in range(6)]
    (losses_torch, _), (losses_tf, _) = pairs[0]
    if any(abs(a - b) > 1e-3 for a, b in itertools.zip_longest(losses_torch, losses_tf, fillvalue=9)):
        return "no race"
    wins = sum(a[1] < b[1] for a, b in pairs[1:])
    return {0: "TensorFlow", 5: "PyTorch"}.get(wins, "even")


# %% memory_and_speed-5 wrong: losses that differ by 0.0004 are alike: you say 'no race'
def judge(run_torch, run_tf):
    pairs = [(run_torch(), run_tf()) for _ in range(6)]
    if any(a[0] != b[0] for a, b in pairs):
        return "no race"
    wins = sum(a[1] < b[1] for a, b in pairs[1:])
    return {0: "TensorFlow", 5: "PyTorch"}.get(wins, "even")


# %% memory_and_speed-5 wrong: PyTorch was faster each time: you say <
class Anything:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


def judge(run_torch, run_tf):
    for _ in range(6):
        run_torch(), run_tf()
    return Anything()
