# Answers to the tasks of the exercise, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% sequences-1 right
def mask_tf(lengths, width):
    return tf.sequence_mask(lengths, width)


# %% sequences-1 wrong: how often each row of mask_tf([2, 0, 4, 1], 5) is true is [3
def mask_tf(lengths, width):
    return tf.range(tf.cast(width, tf.int64)) <= lengths[:, tf.newaxis]


# %% sequences-1 wrong: the mask holds float32
def mask_tf(lengths, width):
    return tf.sequence_mask(lengths, width, dtype=tf.float32)


# %% sequences-1 wrong: The padding is behind.
def mask_tf(lengths, width):
    return tf.reverse(tf.sequence_mask(lengths, width), axis=[1])


# %% sequences-1 wrong: mask_tf works eagerly, but not in a graph: AttributeError
def mask_tf(lengths, width):
    return tf.constant([[n < length for n in range(width)] for length in lengths.numpy()])


# %% sequences-1 wrong: is true has shape (5,)
def mask_tf(lengths, width):
    return tf.transpose(tf.sequence_mask(lengths, width))


# %% sequences-1 wrong: mask_tf([3, 3, 1], 3) has shape (3, 5), expected (3, 3)
def mask_tf(lengths, width):
    return tf.sequence_mask(lengths, 5)


# %% sequences-2 right
def mean_tf(vectors, mask):
    weights = tf.cast(mask, vectors.dtype)[:, :, tf.newaxis]
    total = tf.reduce_sum(tf.math.multiply_no_nan(vectors, weights), axis=1)
    return tf.math.divide_no_nan(total, tf.reduce_sum(weights, axis=1))


# %% sequences-2 wrong: the means of sequences of 5, 2, 3 and 1 vectors is
def mean_tf(vectors, mask):
    return tf.reduce_mean(tf.where(mask[:, :, tf.newaxis], vectors, 0.0), axis=1)


# %% sequences-2 wrong: the means, with inf in the padding, holds a number that is not finite
def mean_tf(vectors, mask):
    weights = tf.cast(mask, vectors.dtype)[:, :, tf.newaxis]
    count = tf.maximum(tf.reduce_sum(weights, axis=1), 1)
    return tf.reduce_sum(vectors * weights, axis=1) / count


# %% sequences-2 wrong: the means of a sequence of two ones and of an empty one holds a number that is not
def mean_tf(vectors, mask):
    mask = mask[:, :, tf.newaxis]
    total = tf.reduce_sum(tf.where(mask, vectors, 0.0), axis=1)
    return total / tf.reduce_sum(tf.cast(mask, vectors.dtype), axis=1)


# %% sequences-2 wrong: vectors has shape (2,), expected (4, 2)
def mean_tf(vectors, mask):
    return tf.reduce_mean(tf.boolean_mask(vectors, mask), axis=0)


# %% sequences-2 wrong: the gradient of the means of sequences of 5, 2, 3 and 1 vectors is
def mean_tf(vectors, mask):
    mask = mask[:, :, tf.newaxis]
    kept = tf.where(mask, vectors, 0.0)
    total = kept[:, 0] + tf.stop_gradient(tf.reduce_sum(kept[:, 1:], axis=1))
    return total / tf.maximum(tf.reduce_sum(tf.cast(mask, vectors.dtype), axis=1), 1.0)


# %% sequences-3 right
def last_torch(states, lengths):
    positions = torch.arange(states.shape[1])
    here = positions == (lengths[:, None] - 1)
    return torch.where(here[:, :, None], states, 0.0).sum(dim=1)


# %% sequences-3 wrong: last_torch for the lengths [3, 1, 5, 2] in a width of 5 is
def last_torch(states, lengths):
    return states[:, -1]


# %% sequences-3 wrong: your code stopped at line
def last_torch(states, lengths):
    return states[torch.arange(len(states)), lengths]


# %% sequences-3 wrong: last_torch for the lengths [2, 0, 4, 4, 0] in a width of 6 is
def last_torch(states, lengths):
    return states[torch.arange(len(states)), lengths - 1]


# %% sequences-3 wrong: with inf in the padding, holds a number that is not finite
def last_torch(states, lengths):
    last = states[torch.arange(len(states)), lengths - 1]
    return last * (lengths > 0)[:, None]


# %% sequences-3 wrong: has shape (4, 4, 2), expected (4, 2)
def last_torch(states, lengths):
    return states[:, lengths - 1]


# %% sequences-3 wrong: no gradient leads from the result back to the states
def last_torch(states, lengths):
    last = states.detach()[torch.arange(len(states)), lengths - 1]
    return torch.where(lengths[:, None] > 0, last, 0.0)


# %% sequences-3 wrong: the tensors
def last_torch(states, lengths):
    lengths -= 1
    last = states[torch.arange(len(states)), lengths]
    return torch.where(lengths[:, None] >= 0, last, 0.0)


# %% sequences-3 wrong: one state of which is infinite,
def last_torch(states, lengths):
    last = states[torch.arange(len(states)), lengths - 1]
    return torch.nan_to_num(last * (lengths[:, None] > 0))


# %% sequences-4 right
def loss_torch(scores, target, mask):
    target = torch.where(mask, target, -100)
    return nn.functional.cross_entropy(scores.transpose(1, 2), target)


def loss_tf(scores, target, mask):
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(target, scores)
    counts = tf.cast(mask, losses.dtype)
    return tf.reduce_sum(tf.where(mask, losses, 0)) / tf.reduce_sum(counts)


# %% sequences-4 wrong: of sequences of 4, 4, 1 positions, with scores around 400
def loss_torch(scores, target, mask):
    front = torch.arange(mask.shape[1]) < mask.sum(dim=1, keepdim=True)
    return nn.functional.cross_entropy(scores[front], target[front])


def loss_tf(scores, target, mask):
    front = tf.sequence_mask(tf.reduce_sum(tf.cast(mask, tf.int32), axis=1), tf.shape(mask)[1])
    scores, target = tf.boolean_mask(scores, front), tf.boolean_mask(target, front)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(target, scores))


# %% sequences-4 wrong: It looks as if the padding is counted like the rest.
def loss_torch(scores, target, mask):
    return nn.functional.cross_entropy(scores.flatten(0, 1), target.flatten())


def loss_tf(scores, target, mask):
    scores, target = tf.boolean_mask(scores, mask), tf.boolean_mask(target, mask)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(target, scores))


# %% sequences-4 wrong: the sum is right, and divided by all positions
def loss_torch(scores, target, mask):
    return nn.functional.cross_entropy(scores[mask], target[mask])


def loss_tf(scores, target, mask):
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(target, scores)
    return tf.reduce_mean(losses * tf.cast(mask, losses.dtype))


# %% sequences-4 wrong: each sequence counts alike, not each position
def loss_torch(scores, target, mask):
    parts = zip(scores, target, mask)
    means = [nn.functional.cross_entropy(s[m], t[m]) for s, t, m in parts]
    return torch.stack(means).mean()


def loss_tf(scores, target, mask):
    scores, target = tf.boolean_mask(scores, mask), tf.boolean_mask(target, mask)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(target, scores))


# %% sequences-4 wrong: positions has shape (12,), expected ()
def loss_torch(scores, target, mask):
    return nn.functional.cross_entropy(scores[mask], target[mask])


def loss_tf(scores, target, mask):
    scores, target = tf.boolean_mask(scores, mask), tf.boolean_mask(target, mask)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(target, scores)


# %% sequences-4 wrong: with inf in the padding, holds a number that is not finite
def loss_torch(scores, target, mask):
    losses = nn.functional.cross_entropy(scores.transpose(1, 2), target, reduction="none")
    return (losses * mask).sum() / mask.sum()


def loss_tf(scores, target, mask):
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(target, scores)
    counts = tf.cast(mask, losses.dtype)
    return tf.reduce_sum(losses * counts) / tf.reduce_sum(counts)
