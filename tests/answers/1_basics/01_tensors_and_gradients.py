# Answers to the tasks of exercise 01, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% tensors_and_gradients-1 right
def distances_torch(points, centres):
    return torch.cdist(points, centres)


# %% tensors_and_gradients-1 right
def distances_torch(points, centres):
    differences = points.double().unsqueeze(1) - centres.double()
    return torch.linalg.norm(differences, dim=-1)


# %% tensors_and_gradients-1 wrong: a loop over them
def distances_torch(points, centres):
    return torch.stack([((points - centre) ** 2).sum(dim=1).sqrt() for centre in centres], dim=1)


# %% tensors_and_gradients-1 wrong: distances is [[  0.,   9.], [ 25.,  16.], [100.,  73.]], expected
def distances_torch(points, centres):
    return ((points[:, None] - centres[None]) ** 2).sum(dim=2)


# %% tensors_and_gradients-1 wrong: the table of distances has shape (2, 3), expected (3, 2)
def distances_torch(points, centres):
    return ((points[None] - centres[:, None]) ** 2).sum(dim=2).sqrt()


# %% tensors_and_gradients-1 wrong: your code stopped at line 2 of the cell, in distances_torch: `return ((points - centres) ** 2).sum(dim=1).sqrt()`: RuntimeError
def distances_torch(points, centres):
    return ((points - centres) ** 2).sum(dim=1).sqrt()


# %% tensors_and_gradients-1 wrong: distances is [[ 0.,  3.], [ 7.,  4.], [14., 11.]], expected
def distances_torch(points, centres):
    return (points[:, None] - centres[None]).abs().sum(dim=2)


# %% tensors_and_gradients-1 wrong: distances_torch(...) is numpy.ndarray, expected torch.Tensor
def distances_torch(points, centres):
    points, centres = points.numpy(), centres.numpy()
    return np.linalg.norm(points[:, None] - centres[None], axis=2)


# %% tensors_and_gradients-2 right
def mean_absolute_error_tf(target, answers):
    target = tf.cast(target, answers.dtype)[:, None]
    return tf.reduce_mean(tf.abs(target - answers))


# %% tensors_and_gradients-2 wrong: your code stopped at line 2 of the cell, in mean_absolute_error_tf: `return tf.reduce_mean(tf.abs(target - answers[:, 0]))`: InvalidArgumentError
def mean_absolute_error_tf(target, answers):
    return tf.reduce_mean(tf.abs(target - answers[:, 0]))


# %% tensors_and_gradients-2 wrong: for perfect answers, the error is 1.3333, expected 0. These are nine differences
def mean_absolute_error_tf(target, answers):
    return tf.reduce_mean(tf.abs(tf.cast(target, "float32") - answers))


# %% tensors_and_gradients-2 wrong: for answers that miss by 0.5, 1 and 2, the error is -0.5, expected 1.1667
def mean_absolute_error_tf(target, answers):
    return tf.reduce_mean(tf.cast(target, "float32") - answers[:, 0])


# %% tensors_and_gradients-2 wrong: for answers that miss by 0.5, 1 and 2, the error is 1.75, expected 1.1667
def mean_absolute_error_tf(target, answers):
    return tf.reduce_mean((tf.cast(target, "float32") - answers[:, 0]) ** 2)


# %% tensors_and_gradients-2 wrong: has shape (3,), expected ()
def mean_absolute_error_tf(target, answers):
    return tf.abs(tf.cast(target, "float32") - answers[:, 0])


# %% tensors_and_gradients-2 wrong: for answers that miss by 0.5, 1 and 2, the error is 1, expected 1.1667
def mean_absolute_error_tf(target, answers):
    errors = tf.abs(target - tf.cast(answers[:, 0], "int32"))
    return tf.reduce_mean(tf.cast(errors, "float32"))


# %% tensors_and_gradients-2 wrong: the result is float64, expected float32
def mean_absolute_error_tf(target, answers):
    errors = tf.cast(target, "float64") - tf.cast(answers[:, 0], "float64")
    return tf.reduce_mean(tf.abs(errors))


# %% tensors_and_gradients-2 right
def mean_absolute_error_tf(target, answers):
    return np.abs(target.numpy() - answers.numpy()[:, 0]).mean(dtype="float32")


# %% tensors_and_gradients-2 wrong: for seven answers drawn at random, the error
def mean_absolute_error_tf(target, answers):
    target = tf.cast(tf.abs(target), "float32")
    return tf.reduce_mean(tf.abs(target - tf.abs(answers[:, 0])))


# %% tensors_and_gradients-3 right
def brighter(picture):
    return torch.from_numpy(picture * 2).clamp(max=1)


# %% tensors_and_gradients-3 right
def brighter(picture):
    tensor = torch.from_numpy(picture).clone()
    tensor *= 2
    tensor[tensor > 1] = 1
    return tensor


# %% tensors_and_gradients-3 wrong: your function changed the array that it was given
def brighter(picture):
    return torch.from_numpy(picture).mul_(2).clamp_(max=1)


# %% tensors_and_gradients-3 wrong: the brighter picture is [[0.2, 1. ], [1.5, 0. ]], expected
def brighter(picture):
    return 2 * torch.tensor(picture)


# %% tensors_and_gradients-3 wrong: brighter(picture) is numpy.ndarray, expected torch.Tensor
def brighter(picture):
    return np.minimum(2 * picture, 1)


# %% tensors_and_gradients-3 wrong: the result is torch.float64, expected torch.float32
def brighter(picture):
    return torch.tensor(np.minimum(2 * picture.astype("float64"), 1))


# %% tensors_and_gradients-3 wrong: changing your tensor changes the array: they share memory
def brighter(picture):
    if picture.max() == 0:
        return torch.from_numpy(picture)
    return (2 * torch.tensor(picture)).clamp(max=1)


# %% tensors_and_gradients-3 wrong: of 15 numbers drawn at random
def brighter(picture):
    picture = torch.tensor(picture)
    return torch.where(picture >= 0.5, torch.ones_like(picture), (picture * 20).round() / 10)


# %% tensors_and_gradients-4 right
def slope_torch(function, w):
    w = torch.tensor(float(w), requires_grad=True)
    return torch.autograd.grad(function(w), w)[0].item()


def slope_tf(function, w):
    w = tf.constant(float(w))
    with tf.GradientTape() as tape:
        tape.watch(w)
        result = function(w)
    return tape.gradient(result, w).numpy().item()


# %% tensors_and_gradients-4 wrong: your code stopped at line 3 of the cell, in slope_torch: `function(w).backward()`: RuntimeError
def slope_torch(function, w):
    w = torch.tensor(float(w))
    function(w).backward()
    return w.grad.item()


def slope_tf(function, w):
    return slope_torch(function, w)


# %% tensors_and_gradients-4 wrong: your code stopped at line 11 of the cell, in slope_tf: `return float(tape.gradient(result, w))`: TypeError
def slope_torch(function, w):
    w = torch.tensor(float(w), requires_grad=True)
    function(w).backward()
    return w.grad.item()


def slope_tf(function, w):
    w = tf.constant(float(w))
    with tf.GradientTape() as tape:
        result = function(w)
    return float(tape.gradient(result, w))


# %% tensors_and_gradients-4 wrong: slope_torch of w**3 at 2.0 is 8, expected 12
def slope_torch(function, w):
    return function(torch.tensor(float(w))).item()


def slope_tf(function, w):
    return float(function(tf.constant(float(w))))


# %% tensors_and_gradients-4 wrong: slope_torch of w**3 at 2.0 is 12.006
def slope_torch(function, w):
    w = torch.tensor(float(w), dtype=torch.float64)
    return ((function(w + 1e-3) - function(w)) / 1e-3).item()


def slope_tf(function, w):
    return 0.0


# %% tensors_and_gradients-4 wrong: slope_torch of w**3 at 2.0 is torch.Tensor, expected float
def slope_torch(function, w):
    w = torch.tensor(float(w), requires_grad=True)
    function(w).backward()
    return w.grad


def slope_tf(function, w):
    return 0.0


# %% tensors_and_gradients-4 wrong: slope_torch of w**3 at 2.0 is None: does your function return its result?
def slope_torch(function, w):
    w = torch.tensor(float(w), requires_grad=True)
    return function(w).backward()


def slope_tf(function, w):
    return 0.0


# %% tensors_and_gradients-4 wrong: slope_torch of w**2 at -1.5 is 3, expected -3
def slope_torch(function, w):
    w = torch.tensor(abs(float(w)), requires_grad=True)
    function(w).backward()
    return w.grad.item()


def slope_tf(function, w):
    w = tf.Variable(float(w))
    with tf.GradientTape() as tape:
        result = function(w)
    return float(tape.gradient(result, w))


# %% tensors_and_gradients-5 right
def descend_tf(function, start, learning_rate, steps):
    w = tf.constant(start)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(w)
            result = function(w)
        w = w - learning_rate * tape.gradient(result, w)
    return w.numpy()


# %% tensors_and_gradients-5 right
def descend_tf(function, start, learning_rate, steps):
    w = tf.Variable([float(number) for number in start], dtype=tf.float64)
    while (steps := steps - 1) >= 0:
        with tf.GradientTape() as tape:
            result = function(w)
        w.assign(w - learning_rate * tape.gradient(result, w))
    return w.numpy()


# %% tensors_and_gradients-5 wrong: with three numbers, after three steps of rate 1.2
def descend_tf(function, start, learning_rate, steps):
    w = tf.Variable(start)
    places = [w.numpy()]
    for _ in range(steps):
        with tf.GradientTape() as tape:
            result = function(w)
        w.assign_sub(learning_rate * tape.gradient(result, w))
        places.append(w.numpy())
    return min(places, key=lambda place: float(function(tf.constant(place))))


# %% tensors_and_gradients-5 wrong: after one step, the place is [-0.2,  1.2], expected [ 0.2, -1.2]. One step is minus
def descend_tf(function, start, learning_rate, steps):
    w = tf.Variable(start)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            result = function(w)
        w.assign_add(learning_rate * tape.gradient(result, w))
    return w.numpy()


# %% tensors_and_gradients-5 wrong: is [ 0.4, -2.4], expected [ 0.36, -1.68]. The first gradient was taken twice.
def descend_tf(function, start, learning_rate, steps):
    w = tf.Variable(start)
    with tf.GradientTape() as tape:
        result = function(w)
    gradient = tape.gradient(result, w)
    for _ in range(steps):
        w.assign_sub(learning_rate * gradient)
    return w.numpy()


# %% tensors_and_gradients-5 wrong: after no step, the place is [ 0.2, -1.2], expected [0, 0]
def descend_tf(function, start, learning_rate, steps):
    w = tf.Variable(start)
    for _ in range(steps + 1):
        with tf.GradientTape() as tape:
            result = function(w)
        w.assign_sub(learning_rate * tape.gradient(result, w))
    return w.numpy()


# %% tensors_and_gradients-5 wrong: after one step, the place is [  2., -12.], expected [ 0.2, -1.2]
def descend_tf(function, start, learning_rate, steps):
    w = tf.Variable(start)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            result = function(w)
        w.assign_sub(tape.gradient(result, w))
    return w.numpy()


# %% tensors_and_gradients-5 wrong: what descend_tf returns is
def descend_tf(function, start, learning_rate, steps):
    w = tf.Variable(start)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            result = function(w)
        w.assign_sub(learning_rate * tape.gradient(result, w))
    return w


# %% tensors_and_gradients-5 wrong: your code stopped at line 6 of the cell, in descend_tf: `w.assign_sub(learning_rate * tape.gradient(result, w))`: AttributeError
def descend_tf(function, start, learning_rate, steps):
    w = tf.Variable(start)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            result = float(function(w))
        w.assign_sub(learning_rate * tape.gradient(result, w))
    return w.numpy()


# %% tensors_and_gradients-5 wrong: with three numbers
def descend_tf(function, start, learning_rate, steps):
    w = tf.Variable(start[:2], dtype="float32")
    for _ in range(steps):
        with tf.GradientTape() as tape:
            result = function(tf.concat([w, start[2:]], axis=0))
        w.assign_sub(learning_rate * tape.gradient(result, w))
    return np.concatenate([w.numpy(), start[2:]]).astype("float32")
