# Answers to the tasks of the exercise, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% convolution-1 right
def slide(maps, filters, stride):
    size = filters.shape[2]
    windows = np.lib.stride_tricks.sliding_window_view(maps, (size, size), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]
    return torch.from_numpy(np.einsum("cyxij,fcij->fyx", windows, filters))


# %% convolution-1 wrong: These are the sums with the filters turned round
def slide(maps, filters, stride):
    size = filters.shape[-1]
    _, height, width = maps.shape
    windows = [
        [maps[:, y : y + size, x : x + size] for x in range(0, width - size + 1, stride)]
        for y in range(0, height - size + 1, stride)
    ]
    turned = filters[:, :, ::-1, ::-1]
    sums = [[np.sum(turned * window, axis=(1, 2, 3)) for window in row] for row in windows]
    return np.moveaxis(np.array(sums), -1, 0)


# %% convolution-1 wrong: has shape (7, 7, 1), expected (1, 7, 7)
def slide(maps, filters, stride):
    size = filters.shape[-1]
    _, height, width = maps.shape
    windows = [
        [maps[:, y : y + size, x : x + size] for x in range(0, width - size + 1, stride)]
        for y in range(0, height - size + 1, stride)
    ]
    return np.array([[np.sum(filters * w, axis=(1, 2, 3)) for w in row] for row in windows])


# %% convolution-1 wrong: for 3 channels of 11 × 8, 4 filters of 3 × 3, stride 2, the array has shape (4, 9, 6)
def slide(maps, filters, stride):
    size = filters.shape[-1]
    _, height, width = maps.shape
    windows = [
        [maps[:, y : y + size, x : x + size] for x in range(width - size + 1)]
        for y in range(height - size + 1)
    ]
    sums = [[np.sum(filters * window, axis=(1, 2, 3)) for window in row] for row in windows]
    return np.moveaxis(np.array(sums), -1, 0)


# %% convolution-1 wrong: for 3 channels of 11 × 8, 4 filters of 3 × 3, stride 2, the array is
def slide(maps, filters, stride):
    size = filters.shape[-1]
    _, height, width = maps.shape
    windows = [
        [maps[:1, y : y + size, x : x + size] for x in range(0, width - size + 1, stride)]
        for y in range(0, height - size + 1, stride)
    ]
    sums = [[np.sum(filters[:, :1] * w, axis=(1, 2, 3)) for w in row] for row in windows]
    return np.moveaxis(np.array(sums), -1, 0)


# %% convolution-2 right
def same_torch(pictures, filters, stride):
    size, (height, width) = filters.shape[2], pictures.shape[2:]

    def missing(length):
        rest = length % stride or stride
        return max(size - rest, 0)

    down, right = missing(height), missing(width)
    pad = nn.ZeroPad2d((right // 2, right - right // 2, down // 2, down - down // 2))
    return torch.conv2d(pad(pictures), filters, None, stride)


# %% convolution-2 wrong: Your windows begin as with padding=size // 2: too early
def same_torch(pictures, filters, stride):
    return nn.functional.conv2d(pictures, filters, stride=stride, padding=filters.shape[-1] // 2)


# %% convolution-2 wrong: your code stopped at line 2 of the cell, in same_torch
def same_torch(pictures, filters, stride):
    return nn.functional.conv2d(pictures, filters, stride=stride, padding="same")


# %% convolution-2 wrong: for pictures of 24 × 24, a filter of 3 and stride 1, the tensor is
def same_torch(pictures, filters, stride):
    missing = filters.shape[-1] - 1
    pictures = nn.functional.pad(pictures, (0, missing, 0, missing))
    return nn.functional.conv2d(pictures, filters, stride=stride)


# %% convolution-2 wrong: for pictures of 25 × 22, a filter of 3 and stride 2, the tensor has shape (2, 4, 12, 11)
def same_torch(pictures, filters, stride):
    length = pictures.shape[-1]
    results = -(-length // stride)
    missing = max((results - 1) * stride + filters.shape[-1] - length, 0)
    around = [missing // 2, missing - missing // 2] * 2
    return nn.functional.conv2d(nn.functional.pad(pictures, around), filters, stride=stride)


# %% convolution-2 wrong: for pictures of 9 × 8, a filter of 1 and stride 3, the tensor
def same_torch(pictures, filters, stride):
    around = []
    for length in (pictures.shape[3], pictures.shape[2]):
        results = -(-length // stride)
        missing = (results - 1) * stride + filters.shape[-1] - length
        around += [missing // 2, missing - missing // 2]
    return nn.functional.conv2d(nn.functional.pad(pictures, around), filters, stride=stride)


# %% convolution-2 wrong: for pictures of 10 × 7, a filter of 2 and stride 3, the tensor
def same_torch(pictures, filters, stride):
    size, around = filters.shape[-1], []
    for length in (pictures.shape[3], pictures.shape[2]):
        missing = max((-(-length // stride) - 1) * stride + size - length, 0) * (size >= stride)
        around += [missing // 2, missing - missing // 2]
    return nn.functional.conv2d(nn.functional.pad(pictures, around), filters, stride=stride)


# %% convolution-2 wrong: no gradient leads from the result back to the filters
def same_torch(pictures, filters, stride):
    result = tf.nn.conv2d(
        pictures.permute(0, 2, 3, 1).numpy(),
        filters.detach().permute(2, 3, 1, 0).numpy(),
        stride,
        "SAME",
    )
    return torch.tensor(result.numpy()).permute(0, 3, 1, 2).requires_grad_()


# %% convolution-3 right
def kernel_tf(weight, channels, height, width):
    places = np.arange(channels * height * width).reshape(channels, height, width)
    order = np.moveaxis(places, 0, -1).ravel()
    return np.asarray(weight.tolist(), dtype="float32")[:, order].T


# %% convolution-3 wrong: for 3 channels of 5 × 2 and 4 outputs, the twin's answer is
def kernel_tf(weight, channels, height, width):
    return weight.detach().numpy().T


# %% convolution-3 wrong: the kernel has shape (4, 30), expected (30, 4)
def kernel_tf(weight, channels, height, width):
    maps = weight.detach().numpy().reshape(-1, channels, height, width)
    return maps.transpose(0, 2, 3, 1).reshape(len(maps), -1)


# %% convolution-3 wrong: your code stopped at line 2 of the cell, in kernel_tf
def kernel_tf(weight, channels, height, width):
    maps = weight.numpy().reshape(-1, channels, height, width)
    return maps.transpose(2, 3, 1, 0).reshape(height * width * channels, -1)


# %% convolution-3 wrong: what kernel_tf returns is torch.Tensor, expected numpy.ndarray
def kernel_tf(weight, channels, height, width):
    maps = weight.detach().reshape(-1, channels, height, width)
    return maps.permute(2, 3, 1, 0).reshape(height * width * channels, -1)


# %% convolution-4 right
def measure(layers, channels):
    seen, weights = 1, 0
    for _, window, stride, *_ in layers[::-1]:
        seen = (seen - 1) * stride + window
    for _, window, _, filters in [layer for layer in layers if layer[0] == "conv"]:
        weights += window**2 * channels * filters + filters
        channels = filters
    return np.array(seen), np.int64(weights)


# %% convolution-4 wrong: the pixels seen is 9, expected 18
def measure(layers, channels):
    seen, weights = 1, 0
    for kind, window, stride, *filters in layers:
        seen += window - 1
        if kind == "conv":
            weights += (window * window * channels + 1) * filters[0]
            channels = filters[0]
    return seen, weights


# %% convolution-4 wrong: the number of weights is 72, expected 80
def measure(layers, channels):
    seen, apart, weights = 1, 1, 0
    for kind, window, stride, *filters in layers:
        seen += (window - 1) * apart
        apart *= stride
        if kind == "conv":
            weights += window * window * channels * filters[0]
            channels = filters[0]
    return seen, weights


# %% convolution-4 wrong: the number of weights is 560, expected 5888
def measure(layers, channels):
    seen, apart, weights = 1, 1, 0
    for kind, window, stride, *filters in layers:
        seen += (window - 1) * apart
        apart *= stride
        if kind == "conv":
            weights += (window * window * channels + 1) * filters[0]
    return seen, weights


# %% convolution-4 wrong: the pixels seen is 21, expected 18
def measure(layers, channels):
    seen, apart, weights = 1, 1, 0
    for kind, window, stride, *filters in layers:
        apart *= stride
        seen += (window - 1) * apart
        if kind == "conv":
            weights += (window * window * channels + 1) * filters[0]
            channels = filters[0]
    return seen, weights


# %% convolution-5 right
def accuracy_moved_tf(model, pictures, target, distance):
    right = []
    for down, across in ((distance, 0), (-distance, 0), (0, distance), (0, -distance)):
        moved = np.zeros_like(pictures)
        to = [slice(max(step, 0), min(step, 0) or None) for step in (down, across)]
        source = [slice(max(-step, 0), min(-step, 0) or None) for step in (down, across)]
        moved[:, to[0], to[1]] = pictures[:, source[0], source[1]]
        right.append(tf.argmax(model(moved[..., None]), axis=1).numpy() == target)
    return np.mean(right)


# %% convolution-5 wrong: So it is where what leaves comes in on the other side
def accuracy_moved_tf(model, pictures, target, distance):
    scores = []
    for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        moved = np.roll(pictures, (down * distance, right * distance), axis=(1, 2))
        logits = model(moved[..., None], training=False)
        scores.append(np.mean(np.argmax(logits, axis=1) == target))
    return float(np.mean(scores))


# %% convolution-5 wrong: for pictures of 6 × 9 moved by 1, the mean accuracy has shape (4,), expected ()
def accuracy_moved_tf(model, pictures, target, distance):
    _, height, width = pictures.shape
    padded = np.pad(pictures, [(0, 0), (distance, distance), (distance, distance)])
    scores = []
    for down, right in ((0, 1), (2, 1), (1, 0), (1, 2)):
        y, x = down * distance, right * distance
        moved = padded[:, y : y + height, x : x + width]
        scores.append(np.mean(np.argmax(model(moved[..., None]), axis=1) == target))
    return scores


# %% convolution-5 right
def accuracy_moved_tf(model, pictures, target, distance):
    places = tf.constant(pictures)[..., None]
    hits = []
    for pad in ([distance, 0], [0, distance]):
        for paddings in ((pad, [0, 0]), ([0, 0], pad)):
            cropped = keras.layers.Cropping2D([part[::-1] for part in paddings])
            moved = cropped(tf.pad(places, [[0, 0], *paddings, [0, 0]]))
            hits.append(tf.argmax(model(moved), axis=1) == target)
    return tf.reduce_mean(tf.cast(tf.stack(hits), tf.float32))


# %% convolution-5 wrong: for pictures of 9 × 7 moved by 3, the mean accuracy is
def accuracy_moved_tf(model, pictures, target, distance):
    _, height, width = pictures.shape
    padded = np.pad(pictures, [(0, 0), (1, 1), (1, 1)])
    scores = []
    for y, x in ((0, 1), (2, 1), (1, 0), (1, 2)):
        moved = padded[:, y : y + height, x : x + width]
        logits = model(moved[..., None], training=False)
        scores.append(np.mean(np.argmax(logits, axis=1) == target))
    return float(np.mean(scores))


# %% convolution-5 wrong: your code stopped at line 8 of the cell, in accuracy_moved_tf
def accuracy_moved_tf(model, pictures, target, distance):
    _, height, width = pictures.shape
    padded = np.pad(pictures, [(0, 0), (distance, distance), (distance, distance)])
    scores = []
    for down, right in ((0, 1), (2, 1), (1, 0), (1, 2)):
        y, x = down * distance, right * distance
        moved = padded[:, y : y + height, x : x + width]
        logits = model(moved, training=False)[:, None, :, None, 0]
        scores.append(np.mean(np.argmax(logits, axis=1) == target))
    return float(np.mean(scores))
