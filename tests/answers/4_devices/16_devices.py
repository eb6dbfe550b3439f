# Answers to the tasks of exercise 12, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% devices-1 right
def send_torch(batch, device):
    return torch.utils._pytree.tree_map(
        lambda part: part.to(device) if torch.is_tensor(part) else part, batch
    )


# %% devices-1 wrong: the batch, sent, has the names ['pixels', 'more', 'deep']
def send_torch(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        kept = {name: value for name, value in batch.items() if not isinstance(value, str)}
        return {name: send_torch(value, device) for name, value in kept.items()}
    if isinstance(batch, list | tuple):
        return type(batch)(send_torch(value, device) for value in batch)
    return batch


# %% devices-1 wrong: a single tensor is still on cpu
def send_torch(batch, device):
    if isinstance(batch, torch.Tensor):
        batch.to(device)
    return batch


# %% devices-1 wrong: the batch that came in was changed
def send_torch(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    keys = batch if isinstance(batch, dict) else range(len(batch))
    for key in keys:
        if isinstance(batch[key], torch.Tensor):
            batch[key] = batch[key].to(device)
    return batch


# %% devices-1 wrong: a tensor in a list in a dictionary is still on cpu
def send_torch(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    return {k: v.to(device) if torch.is_tensor(v) else v for k, v in batch.items()}


# %% devices-1 wrong: the tuple in the list, sent, is list, expected tuple
def send_torch(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {name: send_torch(value, device) for name, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return [send_torch(value, device) for value in batch]
    return batch


# %% devices-1 wrong: 'str' object has no attribute 'to'
def send_torch(batch, device):
    if isinstance(batch, dict):
        return {name: send_torch(value, device) for name, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(send_torch(value, device) for value in batch)
    return batch.to(device)


# %% devices-1 wrong: the number 7, sent, is torch.Tensor, expected int
def send_torch(batch, device):
    if isinstance(batch, dict):
        return {name: send_torch(value, device) for name, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(send_torch(value, device) for value in batch)
    return batch if isinstance(batch, str) else torch.as_tensor(batch, device=device)


# %% devices-1 wrong: torch.arange(3) in a list, sent to cpu, is [0., 0., 0.]
def send_torch(batch, device):
    if isinstance(batch, dict):
        return {name: send_torch(value, device) for name, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(send_torch(value, device) for value in batch)
    return torch.zeros_like(batch, device=device) if torch.is_tensor(batch) else batch


# %% devices-2 right
@contextlib.contextmanager
def soft_placement(soft):
    before = tf.config.get_soft_device_placement()
    tf.config.set_soft_device_placement(soft)
    try:
        yield
    finally:
        tf.config.set_soft_device_placement(before)


def strictly_tf(make, device):
    with soft_placement(False), tf.device(device):
        return make()


# %% devices-2 wrong: no InvalidArgumentError came out
def strictly_tf(make, device):
    with tf.device(device):
        return make()


# %% devices-2 wrong: soft placement was True before, and is False afterwards
def strictly_tf(make, device):
    tf.config.set_soft_device_placement(False)
    with tf.device(device):
        return make()


# %% devices-2 wrong: soft placement was False before, and is True afterwards
def strictly_tf(make, device):
    tf.config.set_soft_device_placement(False)
    try:
        with tf.device(device):
            return make()
    finally:
        tf.config.set_soft_device_placement(True)


# %% devices-2 wrong: soft placement was True before, and is False after an error
def strictly_tf(make, device):
    before = tf.config.get_soft_device_placement()
    tf.config.set_soft_device_placement(False)
    with tf.device(device):
        made = make()
    tf.config.set_soft_device_placement(before)
    return made


# %% devices-2 wrong: asked for CPU:2, it was made on CPU:0
def strictly_tf(make, device):
    before = tf.config.get_soft_device_placement()
    tf.config.set_soft_device_placement(False)
    try:
        with tf.device("CPU:0"):
            return make()
    finally:
        tf.config.set_soft_device_placement(before)


# %% devices-2 wrong: what make() returns, through strictly_tf, is None
def strictly_tf(make, device):
    before = tf.config.get_soft_device_placement()
    tf.config.set_soft_device_placement(False)
    try:
        with tf.device(device):
            make()
    finally:
        tf.config.set_soft_device_placement(before)


# %% devices-3 right
def megabytes_torch(build):
    torch.set_default_device("meta")
    try:
        return sum(weight.nbytes for weight in build().parameters()) / 1e6
    finally:
        torch.set_default_device(None)


# %% devices-3 wrong: the model was built on the CPU
def megabytes_torch(build):
    return sum(weight.nbytes for weight in build().to("meta").parameters()) / 1e6


# %% devices-3 wrong: MB of a model with 500 500 numbers of eight bytes
def megabytes_torch(build):
    with torch.device("meta"):
        return sum(weight.numel() * 4 for weight in build().parameters()) / 1e6


# %% devices-3 wrong: MB of a model with 505 510 numbers of four bytes is 1.92836761
def megabytes_torch(build):
    with torch.device("meta"):
        return sum(weight.nbytes for weight in build().parameters()) / 2**20


# %% devices-3 wrong: MB of a model with 505 510 numbers of four bytes is 0.50551
def megabytes_torch(build):
    with torch.device("meta"):
        return sum(weight.numel() for weight in build().parameters()) / 1e6


# %% devices-3 wrong: the default device is meta now, expected cpu
def megabytes_torch(build):
    torch.set_default_device("meta")
    return sum(weight.nbytes for weight in build().parameters()) / 1e6


# %% devices-3 wrong: MB of a model whose two layers share a weight
def megabytes_torch(build):
    with torch.device("meta"):
        model = build()
    return sum(p.nbytes for m in model.modules() for p in m.parameters(recurse=False)) / 1e6


# %% devices-4 right
def with_rows_torch(data):
    rows = torch.ones_like(data[:, :1]).cumsum(0) - 1
    return torch.hstack([data, rows])


def with_rows_tf(data):
    with tf.device(data.device):
        rows = tf.cumsum(tf.ones_like(data[:, :1]), exclusive=True)
        return tf.concat([data, rows], axis=-1)


# %% devices-4 wrong: your code stopped at line 3 of the cell, in with_rows_torch
def with_rows_torch(data):
    rows = torch.arange(len(data), dtype=data.dtype)
    return torch.cat([data, rows[:, None]], dim=1)


def with_rows_tf(data):
    with tf.device(data.device):
        rows = tf.cast(tf.range(len(data)), data.dtype)
        return tf.concat([data, rows[:, None]], axis=1)


# %% devices-4 wrong: and this was made on the CPU: arange
def with_rows_torch(data):
    rows = torch.arange(len(data), dtype=data.dtype).to(data.device)
    return torch.cat([data, rows[:, None]], dim=1)


def with_rows_tf(data):
    with tf.device(data.device):
        rows = tf.cast(tf.range(len(data)), data.dtype)
        return tf.concat([data, rows[:, None]], axis=1)


# %% devices-4 wrong: with_rows_torch makes torch.float32 out of float64
def with_rows_torch(data):
    rows = torch.arange(len(data), device=data.device, dtype=torch.float32)
    return torch.cat([data.float(), rows[:, None]], dim=1)


def with_rows_tf(data):
    with tf.device(data.device):
        rows = tf.cast(tf.range(len(data)), data.dtype)
        return tf.concat([data, rows[:, None]], axis=1)


# %% devices-4 wrong: with_rows_torch of 3 rows of 2 is 1 at [0, 2], expected 0 (3 of 9 numbers differ)
def with_rows_torch(data):
    rows = torch.arange(1, len(data) + 1, device=data.device, dtype=data.dtype)
    return torch.cat([data, rows[:, None]], dim=1)


def with_rows_tf(data):
    with tf.device(data.device):
        rows = tf.cast(tf.range(len(data)), data.dtype)
        return tf.concat([data, rows[:, None]], axis=1)


# %% devices-4 wrong: data on CPU:1, scope CPU:3, the result is on CPU:3
def with_rows_torch(data):
    rows = torch.arange(len(data), device=data.device, dtype=data.dtype)
    return torch.cat([data, rows[:, None]], dim=1)


def with_rows_tf(data):
    rows = tf.cast(tf.range(len(data)), data.dtype)
    return tf.concat([data, rows[:, None]], axis=1)


# %% devices-4 wrong: data on CPU:1, scope CPU:3, the result is on CPU:0
def with_rows_torch(data):
    rows = torch.arange(len(data), device=data.device, dtype=data.dtype)
    return torch.cat([data, rows[:, None]], dim=1)


def with_rows_tf(data):
    with tf.device("CPU:0"):
        rows = tf.cast(tf.range(len(data)), data.dtype)
        return tf.concat([data, rows[:, None]], axis=1)


# %% devices-4 wrong: data on CPU:1, and with_rows_tf made something on CPU:3
def with_rows_torch(data):
    rows = torch.arange(len(data), device=data.device, dtype=data.dtype)
    return torch.cat([data, rows[:, None]], dim=1)


def with_rows_tf(data):
    rows = tf.cast(tf.range(len(data)), data.dtype)
    with tf.device(data.device):
        return tf.concat([data, rows[:, None]], axis=1)


# %% devices-4 wrong: with_rows_tf makes <dtype: 'float32'> out of float64
def with_rows_torch(data):
    rows = torch.arange(len(data), device=data.device, dtype=data.dtype)
    return torch.cat([data, rows[:, None]], dim=1)


def with_rows_tf(data):
    with tf.device(data.device):
        rows = tf.cast(tf.range(len(data)), tf.float32)
        return tf.concat([tf.cast(data, tf.float32), rows[:, None]], axis=1)


# %% devices-4 wrong: no gradient leads from with_rows_torch's result to data
def with_rows_torch(data):
    rows = torch.arange(len(data), device=data.device, dtype=data.dtype)
    return torch.cat([data.detach(), rows[:, None]], dim=1).requires_grad_()

def with_rows_tf(data):
    with tf.device(data.device):
        rows = tf.cast(tf.range(len(data)), data.dtype)
        return tf.concat([data, rows[:, None]], axis=1)


# %% devices-4 wrong: the gradient through with_rows_torch
def with_rows_torch(data):
    rows = torch.arange(len(data), device=data.device, dtype=data.dtype)
    return torch.cat([torch.cat([data[:-1].detach(), data[-1:]]), rows[:, None]], dim=1)

def with_rows_tf(data):
    with tf.device(data.device):
        rows = tf.cast(tf.range(len(data)), data.dtype)
        return tf.concat([data, rows[:, None]], axis=1)


# %% devices-5 right
def strays_torch(step, device):
    with Placement() as placement:
        try:
            step()
        except RuntimeError:
            print("the step stopped")
    return set(name for name, place in placement.log if torch.device(place).type != device)


def strays_tf(function, spec):
    graph = tf.Graph()
    with graph.as_default():
        function(tf.compat.v1.placeholder(spec.dtype, spec.shape))
    return {place_tf(operation) for operation in graph.get_operations() if operation.device}


# %% devices-5 wrong: what strays_torch finds in a step that sends is {_to_copy, add}, expected {randn}
def strays_torch(step, device):
    with Placement() as placement, contextlib.suppress(RuntimeError):
        step()
    return {name for name, place in placement.log if place == device} - {"rand_like", "mul"} - {
        "t",
        "addmm",
    }


def strays_tf(function, spec):
    graph = tf.function(function).get_concrete_function(spec).graph
    return {place_tf(operation) for operation in graph.get_operations()} - {""}


# %% devices-5 wrong: what strays_torch finds in a clean step is list, expected set
def strays_torch(step, device):
    with Placement() as placement, contextlib.suppress(RuntimeError):
        step()
    return [name for name, place in placement.log if place != device]


def strays_tf(function, spec):
    graph = tf.function(function).get_concrete_function(spec).graph
    return {place_tf(operation) for operation in graph.get_operations()} - {""}


# %% devices-5 wrong: Tensor on device cpu is not on the expected device meta
def strays_torch(step, device):
    with Placement() as placement:
        step()
    return {name for name, place in placement.log if place != device}


def strays_tf(function, spec):
    graph = tf.function(function).get_concrete_function(spec).graph
    return {place_tf(operation) for operation in graph.get_operations()} - {""}


# %% devices-5 wrong: what strays_torch finds in a step on meta, to be on cpu, is {}, expected {ones}
def strays_torch(step, device):
    with Placement() as placement, contextlib.suppress(RuntimeError):
        step()
    return {name for name, place in placement.log if place == "cpu"}


def strays_tf(function, spec):
    graph = tf.function(function).get_concrete_function(spec).graph
    return {place_tf(operation) for operation in graph.get_operations()} - {""}


# %% devices-5 wrong: what strays_tf finds in two scopes is {, CPU:3, GPU:0}, expected
def strays_torch(step, device):
    with Placement() as placement, contextlib.suppress(RuntimeError):
        step()
    return {name for name, place in placement.log if place != device}


def strays_tf(function, spec):
    graph = tf.function(function).get_concrete_function(spec).graph
    return {place_tf(operation) for operation in graph.get_operations()}


# %% devices-5 wrong: what strays_tf finds in two scopes is {/device:CPU:3, /device:GPU:0}, expected
def strays_torch(step, device):
    with Placement() as placement, contextlib.suppress(RuntimeError):
        step()
    return {name for name, place in placement.log if place != device}


def strays_tf(function, spec):
    graph = tf.function(function).get_concrete_function(spec).graph
    return {operation.device for operation in graph.get_operations()} - {""}
