# Answers to the tasks of the exercise on attention, right and wrong; the text after `wrong:` is
# part of what the learner must read.


# %% attention-1 right
@tf.function
def attend_tf(queries, keys, values, allowed):
    queries, keys, values = (tf.convert_to_tensor(part) for part in (queries, keys, values))
    scores = tf.einsum("...qs,...ks->...qk", queries, keys) * keys.shape[-1] ** -0.5
    kept = tf.cast(tf.broadcast_to(allowed, tf.shape(scores)), scores.dtype)
    scores -= (1 - kept) * 1e30
    powers = kept * tf.exp(scores - tf.reduce_max(scores, axis=-1, keepdims=True))
    return tf.math.divide_no_nan(powers, tf.reduce_sum(powers, axis=-1, keepdims=True)) @ values


# %% attention-1 wrong: the gradients hold NaN where a query may look at nothing
def attend_tf(queries, keys, values, allowed):
    scores = tf.matmul(queries, keys, transpose_b=True) / keys.shape[-1] ** 0.5
    some = tf.broadcast_to(tf.cast(allowed, scores.dtype), tf.shape(scores))
    scores = scores * some - 1e30 * (1 - some)
    powers = tf.exp(scores - tf.reduce_max(scores, axis=-1, keepdims=True)) * some
    total = tf.reduce_sum(powers, axis=-1, keepdims=True)
    return tf.where(total > 0, powers / total, 0) @ values


# %% attention-1 right
def attend_tf(queries, keys, values, allowed):
    scores = tf.matmul(queries, keys, transpose_b=True) / keys.shape[-1] ** 0.5
    weights = tf.nn.softmax(tf.where(allowed, scores, -np.inf))
    return tf.where(tf.math.is_nan(weights), 0.0, weights) @ values


# %% attention-1 wrong: no gradient leads from the answer back to queries, keys and values
def attend_tf(queries, keys, values, allowed):
    scores = queries.numpy() @ np.swapaxes(keys.numpy(), -1, -2) / np.sqrt(keys.shape[-1])
    scores = np.where(allowed, scores, -np.inf)
    top = scores.max(axis=-1, keepdims=True)
    powers = np.exp(scores - np.where(np.isfinite(top), top, 0))
    return powers / np.maximum(powers.sum(axis=-1, keepdims=True), 1e-30) @ values.numpy()


# %% attention-1 wrong: one may look at nothing) holds a number that is not finite
def attend_tf(queries, keys, values, allowed):
    scores = tf.matmul(queries, keys, transpose_b=True) / tf.sqrt(
        tf.cast(tf.shape(keys)[-1], queries.dtype)
    )
    return tf.nn.softmax(tf.where(allowed, scores, -np.inf)) @ values


# %% attention-1 wrong: the answer (3 queries, 5 keys, no axis in front; one may look at nothing) is
def attend_tf(queries, keys, values, allowed):
    scores = tf.matmul(queries, keys, transpose_b=True) / tf.sqrt(
        tf.cast(tf.shape(keys)[-1], queries.dtype)
    )
    return tf.nn.softmax(tf.where(allowed, scores, scores.dtype.min)) @ values


# %% attention-1 wrong: the answer (large scores; all allowed) holds a number that is not finite
def attend_tf(queries, keys, values, allowed):
    scores = tf.matmul(queries, keys, transpose_b=True) / tf.sqrt(
        tf.cast(tf.shape(keys)[-1], queries.dtype)
    )
    powers = tf.where(allowed, tf.exp(scores), 0)
    return tf.math.divide_no_nan(powers, tf.reduce_sum(powers, axis=-1, keepdims=True)) @ values


# %% attention-1 wrong: the answer (3 queries, 5 keys, no axis in front; all allowed) is
def attend_tf(queries, keys, values, allowed):
    weights = tf.nn.softmax(
        tf.where(allowed, tf.matmul(queries, keys, transpose_b=True), queries.dtype.min)
    )
    return tf.where(allowed, weights, 0) @ values


# %% attention-1 wrong: the answer (3 queries, 5 keys, no axis in front; some forbidden) is
def attend_tf(queries, keys, values, allowed):
    scores = tf.matmul(queries, keys, transpose_b=True) / tf.sqrt(
        tf.cast(tf.shape(keys)[-1], queries.dtype)
    )
    return tf.where(allowed, tf.nn.softmax(scores), 0) @ values


# %% attention-2 right
def mask_torch(data, heads):
    tokens = data.shape[1]
    mask = torch.ones(len(data) * heads, tokens, tokens, dtype=torch.bool)
    for n in range(len(mask)):
        for place in range(tokens):
            mask[n, place, : place + 1] = data[n // heads, : place + 1] == 0
            mask[n, place, place] = False
    return mask


# %% attention-2 wrong: the mask is True where a place may look; to this layer True means the opposite
def mask_torch(data, heads):
    tokens = data.shape[1]
    causal = torch.ones(tokens, tokens, dtype=torch.bool).tril()
    allowed = causal & (data != 0)[:, None] | torch.eye(tokens, dtype=torch.bool)
    return allowed.repeat_interleave(heads, dim=0)


# %% attention-2 wrong: for words of [4, 2, 6] signs in rows of 6, and 2 heads, the mask is
def mask_torch(data, heads):
    tokens = data.shape[1]
    causal = torch.ones(tokens, tokens, dtype=torch.bool).tril()
    allowed = causal & (data != 0)[:, None] | torch.eye(tokens, dtype=torch.bool)
    return ~allowed.repeat(heads, 1, 1)


# %% attention-2 wrong: the mask has shape (3, 6, 6), expected (6, 6, 6)
def mask_torch(data, heads):
    tokens = data.shape[1]
    causal = torch.ones(tokens, tokens, dtype=torch.bool).tril()
    allowed = causal & (data != 0)[:, None] | torch.eye(tokens, dtype=torch.bool)
    return ~allowed


# %% attention-2 wrong: the mask's type is torch.float32, expected bool
def mask_torch(data, heads):
    tokens = data.shape[1]
    causal = torch.ones(tokens, tokens, dtype=torch.bool).tril()
    allowed = causal & (data != 0)[:, None] | torch.eye(tokens, dtype=torch.bool)
    return torch.where(allowed, 0.0, -torch.inf).repeat_interleave(heads, dim=0)


# %% attention-2 wrong: of 216 numbers differ)
def mask_torch(data, heads):
    tokens = data.shape[1]
    causal = torch.ones(tokens, tokens, dtype=torch.bool).tril()
    return ~(causal & (data != 0)[:, None]).repeat_interleave(heads, dim=0)


# %% attention-2 wrong: your code changes data: it was given to read, not to write
def mask_torch(data, heads):
    tokens = data.shape[1]
    causal = torch.ones(tokens, tokens, dtype=torch.bool).tril()
    allowed = causal & (data.clamp_(0, 1) == 1)[:, None] | torch.eye(tokens, dtype=torch.bool)
    return ~allowed.repeat_interleave(heads, dim=0)


# %% attention-3 right
def to_torch(layer, width):
    twin = nn.MultiheadAttention(width, layer.num_heads, batch_first=True)
    weights = [torch.from_numpy(part) for part in layer.get_weights()]
    with torch.no_grad():
        for n in range(3):
            place = slice(n * width, (n + 1) * width)
            twin.in_proj_weight[place] = weights[2 * n].flatten(1).T
            twin.in_proj_bias[place] = weights[2 * n + 1].flatten()
        twin.out_proj.weight.copy_(weights[6].flatten(0, 1).T)
        twin.out_proj.bias.copy_(weights[7])
    return twin


# %% attention-3 wrong: who looks at whom (heads: 2, size of each: 2) has shape
made = {}


def to_torch(layer, width):
    if width not in made:
        weights = layer.get_weights()
        twin = made[width] = nn.MultiheadAttention(width, layer.num_heads, batch_first=True)
        kernels = [kernel.reshape(width, width).T for kernel in weights[:6:2]]
        biases = [bias.reshape(width) for bias in weights[1:6:2]]
        with torch.no_grad():
            twin.in_proj_weight.copy_(torch.tensor(np.concatenate(kernels)))
            twin.in_proj_bias.copy_(torch.tensor(np.concatenate(biases)))
            twin.out_proj.weight.copy_(torch.tensor(weights[6].reshape(width, width).T))
            twin.out_proj.bias.copy_(torch.tensor(weights[7]))
    return made[width]


# %% attention-3 wrong: who looks at whom (heads: 1, size of each: 4) is
def to_torch(layer, width):
    *three, out, out_bias = layer.get_weights()
    twin = nn.MultiheadAttention(width, layer.num_heads, batch_first=True)
    arrays = {
        "in_proj_weight": np.concatenate([kernel.reshape(width, width) for kernel in three[::2]]),
        "in_proj_bias": np.concatenate([bias.reshape(width) for bias in three[1::2]]),
        "out_proj.weight": out.reshape(width, width).T,
        "out_proj.bias": out_bias,
    }
    twin.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
    return twin


# %% attention-3 wrong: the answer (heads: 1, size of each: 4) is
def to_torch(layer, width):
    *three, out, out_bias = layer.get_weights()
    twin = nn.MultiheadAttention(width, layer.num_heads, batch_first=True)
    arrays = {
        "in_proj_weight": np.concatenate([kernel.reshape(width, width).T for kernel in three[::2]]),
        "in_proj_bias": np.concatenate([bias.reshape(width) for bias in three[1::2]]),
        "out_proj.weight": out.reshape(width, width),
        "out_proj.bias": out_bias,
    }
    twin.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
    return twin


# %% attention-3 wrong: who looks at whom (heads: 2, size of each: 3) has shape (2, 1, 4, 6), expected (2, 2, 4, 6)
def to_torch(layer, width):
    *three, out, out_bias = layer.get_weights()
    twin = nn.MultiheadAttention(width, 1, batch_first=True)
    arrays = {
        "in_proj_weight": np.concatenate([kernel.reshape(width, width).T for kernel in three[::2]]),
        "in_proj_bias": np.concatenate([bias.reshape(width) for bias in three[1::2]]),
        "out_proj.weight": out.reshape(width, width).T,
        "out_proj.bias": out_bias,
    }
    twin.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
    return twin


# %% attention-3 wrong: the layer is not batch_first
def to_torch(layer, width):
    *three, out, out_bias = layer.get_weights()
    twin = nn.MultiheadAttention(width, layer.num_heads)
    arrays = {
        "in_proj_weight": np.concatenate([kernel.reshape(width, width).T for kernel in three[::2]]),
        "in_proj_bias": np.concatenate([bias.reshape(width) for bias in three[1::2]]),
        "out_proj.weight": out.reshape(width, width).T,
        "out_proj.bias": out_bias,
    }
    twin.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
    return twin


# %% attention-3 wrong: who looks at whom (heads: 2, size of each: 3) is
def to_torch(layer, width):
    *three, out, out_bias = layer.get_weights()
    twin = nn.MultiheadAttention(width, layer.num_heads, batch_first=True)
    kernels = [kernel.transpose(2, 1, 0).reshape(width, width) for kernel in three[::2]]
    arrays = {
        "in_proj_weight": np.concatenate(kernels),
        "in_proj_bias": np.concatenate([bias.T.reshape(width) for bias in three[1::2]]),
        "out_proj.weight": out.transpose(1, 0, 2).reshape(width, width).T,
        "out_proj.bias": out_bias,
    }
    twin.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
    return twin


# %% attention-4 right
def next_row(layer, row, cache):
    heads, size = layer.num_heads, row.shape[1] // layer.num_heads
    weights, biases = layer.in_proj_weight.chunk(3), layer.in_proj_bias.chunk(3)
    query, key, value = (
        (row @ weight.T + bias).reshape(len(row), heads, 1, size)
        for weight, bias in zip(weights, biases)
    )
    if not cache:
        cache += [key, value]
    else:
        cache[:] = torch.cat([cache[0], key], 2), torch.cat([cache[1], value], 2)
    answer = nn.functional.scaled_dot_product_attention(query, *cache)
    return layer.out_proj(answer.reshape(len(row), -1))


# %% attention-4 wrong: token 2 took 112 multiplications; 80 are enough
def next_row(layer, row, cache):
    cache.append(row)
    rows = torch.stack(cache, dim=1)
    return layer(row[:, None], rows, rows)[0][:, 0]


# %% attention-4 wrong: the answer for token 2 (texts: 1, heads: 1, width: 4) is
def next_row(layer, row, cache):
    return layer(row[:, None], row[:, None], row[:, None])[0][:, 0]


# %% attention-4 wrong: the answer for token 1 (texts: 1, heads: 1, width: 4) is
def next_row(layer, row, cache):
    three = nn.functional.linear(row, layer.in_proj_weight)
    query, key, value = three.unflatten(-1, (3, layer.num_heads, -1)).unbind(1)
    cache.append((key, value))
    keys, values = (torch.stack(part, dim=2) for part in zip(*cache))
    scores = query[:, :, None] @ keys.mT / query.shape[-1] ** 0.5
    return layer.out_proj((scores.softmax(dim=-1) @ values).flatten(1))


# %% attention-4 wrong: the answer for token 2 (texts: 3, heads: 2, width: 6) is
def next_row(layer, row, cache):
    three = nn.functional.linear(row, layer.in_proj_weight, layer.in_proj_bias)
    query, key, value = three.unflatten(-1, (3, layer.num_heads, -1)).unbind(1)
    cache.append((key, value))
    keys, values = (torch.stack(part, dim=2) for part in zip(*cache))
    scores = query[:, :, None] @ keys.mT / row.shape[-1] ** 0.5
    return layer.out_proj((scores.softmax(dim=-1) @ values).flatten(1))


# %% attention-4 wrong: the answer for token 1 (texts: 1, heads: 1, width: 4) has shape (1, 1, 4), expected (1, 4)
def next_row(layer, row, cache):
    three = nn.functional.linear(row, layer.in_proj_weight, layer.in_proj_bias)
    query, key, value = three.unflatten(-1, (3, layer.num_heads, -1)).unbind(1)
    cache.append((key, value))
    keys, values = (torch.stack(part, dim=2) for part in zip(*cache))
    scores = query[:, :, None] @ keys.mT / query.shape[-1] ** 0.5
    return layer.out_proj((scores.softmax(dim=-1) @ values).flatten(1)[:, None])
