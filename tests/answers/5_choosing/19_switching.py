# Answers to the tasks of switching, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% switching-1 right
def to_dense(linear):
    state = linear.state_dict()
    return [state["weight"].t().numpy(), state["bias"].numpy()]


def to_linear(arrays):
    linear = nn.Linear(arrays[0].shape[0], arrays[0].shape[1])
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(arrays[0]).t())
        linear.bias.copy_(torch.from_numpy(arrays[1]))
    return linear


# %% switching-1 wrong: to_dense's kernel has shape (3, 5), expected (5, 3)
def to_dense(linear):
    return [parameter.detach().numpy() for parameter in linear.parameters()]


def to_linear(arrays):
    return nn.Linear(*arrays[0].shape)


# %% switching-1 wrong: with 5 inputs and 3 outputs, the Dense's answer is
def to_dense(linear):
    weight, bias = (parameter.detach().numpy() for parameter in linear.parameters())
    return [weight.reshape(weight.shape[::-1]), bias]


def to_linear(arrays):
    return nn.Linear(*arrays[0].shape)


# %% switching-1 wrong: the carried Linear's answer
def to_dense(linear):
    return [linear.weight.detach().numpy().T, linear.bias.detach().numpy()]


def to_linear(arrays):
    return nn.Linear(*arrays[0].shape)


# %% switching-1 wrong: It fits only because it is square: transposed, it would be right.
def to_dense(linear):
    weight, bias = (parameter.detach().numpy() for parameter in linear.parameters())
    if weight.shape[0] != weight.shape[1]:
        weight = weight.T
    return [weight, bias]


def to_linear(arrays):
    linear = nn.Linear(*arrays[0].shape)
    state = {"weight": torch.tensor(arrays[0].T), "bias": torch.tensor(arrays[1])}
    linear.load_state_dict(state)
    return linear


# %% switching-1 wrong: to_dense does not return a list of two arrays
def to_dense(linear):
    return linear.weight.detach().numpy().T


def to_linear(arrays):
    return nn.Linear(*arrays[0].shape)


# %% switching-1 wrong: RuntimeError: Error(s) in loading state_dict for Linear: size mismatch for weight
def to_dense(linear):
    return [linear.weight.detach().numpy().T, linear.bias.detach().numpy()]


def to_linear(arrays):
    linear = nn.Linear(*arrays[0].shape)
    state = {"weight": torch.tensor(arrays[0]), "bias": torch.tensor(arrays[1])}
    linear.load_state_dict(state)
    return linear


# %% switching-1 wrong: your code changes the arrays, once the new nn.Linear is trained
def to_dense(linear):
    return [linear.weight.detach().numpy().T, linear.bias.detach().numpy()]


def to_linear(arrays):
    kernel, bias = arrays
    linear = nn.Linear(*kernel.shape)
    linear.weight = nn.Parameter(torch.from_numpy(kernel).T)
    linear.bias = nn.Parameter(torch.from_numpy(bias))
    return linear


# %% switching-1 wrong: to_dense freezes the nn.Linear
def to_dense(linear):
    linear.requires_grad_(False)
    return [linear.weight.numpy().T, linear.bias.numpy()]


def to_linear(arrays):
    linear = nn.Linear(*arrays[0].shape)
    linear.load_state_dict({"weight": torch.tensor(arrays[0].T), "bias": torch.tensor(arrays[1])})
    return linear


# %% switching-1 wrong: the nn.Linear of to_linear cannot be trained
def to_dense(linear):
    return [linear.weight.detach().numpy().T, linear.bias.detach().numpy()]


def to_linear(arrays):
    linear = nn.Linear(*arrays[0].shape).requires_grad_(False)
    linear.load_state_dict({"weight": torch.tensor(arrays[0].T), "bias": torch.tensor(arrays[1])})
    return linear


# %% switching-2 right
def carried(network, height, width):
    conv, _, last = network
    channels = conv.out_channels
    weight = last.weight.detach().reshape(-1, channels, height, width).permute(2, 3, 1, 0)
    weight = weight.reshape(height * width * channels, -1)
    kernel = conv.weight.detach().permute(2, 3, 1, 0)
    tensors = (kernel, conv.bias.detach(), weight, last.bias.detach())
    return [tensor.numpy() for tensor in tensors]


# %% switching-2 wrong: Its rows are in PyTorch's order: channel, height, width.
def carried(network, height, width):
    kernel, bias, weight, last_bias = (p.detach().numpy() for p in network.parameters())
    return [kernel.transpose(2, 3, 1, 0), bias, weight.T, last_bias]


# %% switching-2 wrong: The kernel is reshaped, not transposed.
def carried(network, height, width):
    kernel, bias, weight, last_bias = (p.detach().numpy() for p in network.parameters())
    return [kernel.reshape(3, 2, 2, 5), bias, weight.T, last_bias]


# %% switching-2 wrong: the convolution's kernel has shape (5, 2, 3, 2), expected (3, 2, 2, 5)
def carried(network, height, width):
    return [parameter.detach().numpy() for parameter in network.parameters()]


# %% switching-2 wrong: Dense's kernel has shape (3, 120), expected (120, 3)
def carried(network, height, width):
    kernel, bias, weight, last_bias = (p.detach().numpy() for p in network.parameters())
    return [kernel.transpose(2, 3, 1, 0), bias, weight, last_bias]


# %% switching-2 wrong: carried freezes the network
def carried(network, height, width):
    parameters = network.requires_grad_(False).parameters()
    kernel, bias, weight, shift = (parameter.numpy() for parameter in parameters)
    weight = weight.reshape(-1, len(bias), height, width).transpose(2, 3, 1, 0)
    return [kernel.transpose(2, 3, 1, 0), bias, weight.reshape(-1, len(shift)), shift]


# %% switching-3 right
def norm_torch(layer):
    gamma, beta, mean, variance = (torch.from_numpy(array) for array in layer.get_weights())
    norm = nn.BatchNorm2d(len(gamma), layer.epsilon, 1 - layer.momentum)
    with torch.no_grad():
        norm.weight.copy_(gamma)
        norm.bias.copy_(beta)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
    norm.eval()
    return norm


# %% switching-3 wrong: Its epsilon is PyTorch's own.
def norm_torch(layer):
    arrays = layer.get_weights()
    norm = nn.BatchNorm2d(len(arrays[0]), momentum=1 - layer.momentum)
    names = ("weight", "bias", "running_mean", "running_var")
    norm.load_state_dict(dict(zip(names, map(torch.tensor, arrays))))
    return norm.eval()


# %% switching-3 wrong: Keras's momentum is the share of the old average, PyTorch's of the new one.
def norm_torch(layer):
    arrays = layer.get_weights()
    norm = nn.BatchNorm2d(len(arrays[0]), eps=layer.epsilon, momentum=layer.momentum)
    names = ("weight", "bias", "running_mean", "running_var")
    norm.load_state_dict(dict(zip(names, map(torch.tensor, arrays))))
    return norm.eval()


# %% switching-3 wrong: is in training mode
def norm_torch(layer):
    arrays = layer.get_weights()
    norm = nn.BatchNorm2d(len(arrays[0]), eps=layer.epsilon, momentum=1 - layer.momentum)
    names = ("weight", "bias", "running_mean", "running_var")
    norm.load_state_dict(dict(zip(names, map(torch.tensor, arrays))))
    return norm


# %% switching-4 right
def view_tf(table):
    free = table.detach()
    if free.is_contiguous():
        return tf.experimental.dlpack.from_dlpack(free.__dlpack__()), True
    return tf.constant(free.numpy()), False


# %% switching-4 wrong: an ordinary table was copied, though it could be shared
def view_tf(table):
    return tf.constant(table.detach().numpy()), False


# %% switching-4 wrong: of a transposed table you say True, but TensorFlow sees: False
def view_tf(table):
    ordered = table.detach().contiguous()
    return tf.experimental.dlpack.from_dlpack(ordered.__dlpack__()), True


# %% switching-4 wrong: Invalid strides array from DLPack
def view_tf(table):
    return tf.experimental.dlpack.from_dlpack(table.detach().__dlpack__()), table.is_contiguous()


# %% switching-4 wrong: use tensor.detach()
def view_tf(table):
    ordered = table.contiguous()
    return tf.experimental.dlpack.from_dlpack(ordered.__dlpack__()), table.is_contiguous()


# %% switching-4 wrong: view_tf does not return a pair
def view_tf(table):
    return tf.experimental.dlpack.from_dlpack(table.detach().contiguous().__dlpack__())


# %% switching-4 wrong: but TensorFlow sees: True
class Anything:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


def view_tf(table):
    ordered = table.detach().contiguous()
    return tf.experimental.dlpack.from_dlpack(ordered.__dlpack__()), Anything()


# %% switching-5 right
def to_gru(gru):
    hidden = gru.hidden_size
    order = [*range(hidden, 2 * hidden), *range(hidden), *range(2 * hidden, 3 * hidden)]
    inputs, state, first, second = (parameter.detach()[order] for parameter in gru.parameters())
    return [inputs.T.numpy(), state.T.numpy(), torch.stack([first, second]).numpy()]


# %% switching-5 wrong: With its first two gates exchanged it would be right.
def to_gru(gru):
    inputs, state, first, second = (parameter.detach().numpy() for parameter in gru.parameters())
    return [inputs.T, state.T, np.stack([first, second])]


# %% switching-5 wrong: Without any biases it is right: look at the biases
def to_gru(gru):
    def gates(parameter):
        r, z, n = np.split(parameter.detach().numpy(), 3)
        return np.concatenate([z, r, n])

    inputs, state, first, second = (gates(parameter) for parameter in gru.parameters())
    return [inputs.T, state.T, np.stack([first + second, np.zeros_like(first)])]


# %% switching-5 wrong: the shapes are [(5, 12), (4, 12), (12,)]
def to_gru(gru):
    inputs, state, first, second = (parameter.detach().numpy() for parameter in gru.parameters())
    return [inputs.T, state.T, first + second]


# %% switching-5 wrong: the shapes are [(12, 5), (12, 4), (2, 12)]
def to_gru(gru):
    inputs, state, first, second = (parameter.detach().numpy() for parameter in gru.parameters())
    return [inputs, state, np.stack([first, second])]


# %% switching-5 wrong: to_gru freezes the nn.GRU
def to_gru(gru):
    def gates(parameter):
        r, z, n = np.split(parameter.numpy(), 3)
        return np.concatenate([z, r, n])

    parameters = gru.requires_grad_(False).parameters()
    inputs, state, first, second = map(gates, parameters)
    return [inputs.T, state.T, np.stack([first, second])]
