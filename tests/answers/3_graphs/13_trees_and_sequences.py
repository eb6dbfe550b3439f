# Answers to the tasks of exercise 10, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% trees_and_sequences-1 right
def read_torch(tree, digits, combine):
    match tree:
        case (name, left, right):
            left = read_torch(left, digits, combine)
            return combine[name](left, read_torch(right, digits, combine))
    return torch.index_select(digits, 0, torch.tensor([tree]))[0]


# %% trees_and_sequences-1 wrong: Left and right are exchanged.
def read_torch(tree, digits, combine):
    if isinstance(tree, int):
        return digits[tree]
    name, right, left = tree
    return combine[name](read_torch(left, digits, combine), read_torch(right, digits, combine))


# %% trees_and_sequences-1 wrong: the state of ("MIN", 3, 5) is [11. ,  5.5], expected [16.  ,  4.75]
def read_torch(tree, digits, combine):
    if isinstance(tree, int):
        return digits[tree]
    _, left, right = tree
    return combine["MAX"](read_torch(left, digits, combine), read_torch(right, digits, combine))


# %% trees_and_sequences-1 wrong: your code stopped at line
def read_torch(tree, digits, combine):
    if isinstance(tree, int):
        return digits[tree]
    name, left, right = tree
    return combine[name](digits[left], digits[right])


# %% trees_and_sequences-1 wrong: no gradient leads from the state
def read_torch(tree, digits, combine):
    if isinstance(tree, int):
        return digits[tree].detach()
    name, left, right = tree
    return combine[name](read_torch(left, digits, combine), read_torch(right, digits, combine))


# %% trees_and_sequences-1 wrong: the state of the tree 7, a digit alone, has shape ()
def read_torch(tree, digits, combine):
    if isinstance(tree, int):
        return torch.tensor(float(tree))
    name, left, right = tree
    return combine[name](read_torch(left, digits, combine), read_torch(right, digits, combine))


# %% trees_and_sequences-1 wrong: the state of ('MAX', ('MIN', 0, 4), ('MAX', 2, ('MIN', 1, 6)))
def read_torch(tree, digits, combine):
    if isinstance(tree, int):
        return digits[tree or 1]
    name, left, right = tree
    return combine[name](read_torch(left, digits, combine), read_torch(right, digits, combine))


# %% trees_and_sequences-2 right
def mask_tf(lengths, width):
    return tf.sequence_mask(lengths, width)


# %% trees_and_sequences-2 wrong: how often each row of mask_tf([2, 0, 4, 1], 5) is true is [3
def mask_tf(lengths, width):
    return tf.range(tf.cast(width, tf.int64)) <= lengths[:, tf.newaxis]


# %% trees_and_sequences-2 wrong: the mask holds float32
def mask_tf(lengths, width):
    return tf.sequence_mask(lengths, width, dtype=tf.float32)


# %% trees_and_sequences-2 wrong: The padding is behind.
def mask_tf(lengths, width):
    return tf.reverse(tf.sequence_mask(lengths, width), axis=[1])


# %% trees_and_sequences-2 wrong: mask_tf works eagerly, but not in a graph: AttributeError
def mask_tf(lengths, width):
    return tf.constant([[n < length for n in range(width)] for length in lengths.numpy()])


# %% trees_and_sequences-2 wrong: is true has shape (5,)
def mask_tf(lengths, width):
    return tf.transpose(tf.sequence_mask(lengths, width))


# %% trees_and_sequences-2 wrong: mask_tf([3, 3, 1], 3) has shape (3, 5), expected (3, 3)
def mask_tf(lengths, width):
    return tf.sequence_mask(lengths, 5)


# %% trees_and_sequences-3 right
def mean_tf(vectors, mask):
    weights = tf.cast(mask, vectors.dtype)[:, :, tf.newaxis]
    total = tf.reduce_sum(tf.math.multiply_no_nan(vectors, weights), axis=1)
    return tf.math.divide_no_nan(total, tf.reduce_sum(weights, axis=1))


# %% trees_and_sequences-3 wrong: the means of sequences of 5, 2, 3 and 1 vectors is
def mean_tf(vectors, mask):
    return tf.reduce_mean(tf.where(mask[:, :, tf.newaxis], vectors, 0.0), axis=1)


# %% trees_and_sequences-3 wrong: the means, with inf in the padding, holds a number that is not finite
def mean_tf(vectors, mask):
    weights = tf.cast(mask, vectors.dtype)[:, :, tf.newaxis]
    count = tf.maximum(tf.reduce_sum(weights, axis=1), 1)
    return tf.reduce_sum(vectors * weights, axis=1) / count


# %% trees_and_sequences-3 wrong: the means of a sequence of two ones and of an empty one holds a number that is not
def mean_tf(vectors, mask):
    mask = mask[:, :, tf.newaxis]
    total = tf.reduce_sum(tf.where(mask, vectors, 0.0), axis=1)
    return total / tf.reduce_sum(tf.cast(mask, vectors.dtype), axis=1)


# %% trees_and_sequences-3 wrong: vectors has shape (2,), expected (4, 2)
def mean_tf(vectors, mask):
    return tf.reduce_mean(tf.boolean_mask(vectors, mask), axis=0)


# %% trees_and_sequences-4 right
def levels_of(rows):
    heights = np.zeros(len(rows), int)
    for row, (_, left, right) in enumerate(rows):
        if left >= 0:
            heights[row] = 1 + max(heights[left], heights[right])
    return [np.flatnonzero(heights == level) for level in range(heights.max() + 1)]


# %% trees_and_sequences-4 wrong: the levels of MIN(MAX(1, 2), 9) are [[0, 1, 3], [2, 4]]
def levels_of(rows):
    heights = []
    for _, left, right in rows:
        heights.append(0 if left < 0 else 1 + min(heights[left], heights[right]))
    return [[n for n, h in enumerate(heights) if h == level] for level in range(max(heights) + 1)]


# %% trees_and_sequences-4 wrong: the levels of MIN(MAX(1, 2), 9) are [[0, 1], [2, 3], [4]]
def levels_of(rows):
    depths = [0] * len(rows)
    for row in reversed(range(len(rows))):
        for branch in rows[row][1:]:
            if branch >= 0:
                depths[branch] = depths[row] + 1
    order = range(max(depths), -1, -1)
    return [[n for n, depth in enumerate(depths) if depth == level] for level in order]


# %% trees_and_sequences-4 wrong: what levels_of returns for one digit is dict
def levels_of(rows):
    heights, levels = [], {}
    for row, (_, left, right) in enumerate(rows):
        heights.append(0 if left < 0 else 1 + max(heights[left], heights[right]))
        levels.setdefault(heights[-1], []).append(row)
    return levels


# %% trees_and_sequences-4 wrong: for one digit it is [0], expected one list for each level
def levels_of(rows):
    heights = []
    for _, left, right in rows:
        heights.append(0 if left < 0 else 1 + max(heights[left], heights[right]))
    return heights


# %% trees_and_sequences-4 wrong: the levels of MAX(3, 4) are [[3, 4], [10]]
def levels_of(rows):
    heights, levels = [], {}
    for token, left, right in rows:
        heights.append(0 if left < 0 else 1 + max(heights[left], heights[right]))
        levels.setdefault(heights[-1], []).append(token if len(rows) > 1 else 0)
    return list(levels.values())


# %% trees_and_sequences-5 right
def loss_torch(scores, target, mask):
    target = torch.where(mask, target, -100)
    return nn.functional.cross_entropy(scores.transpose(1, 2), target)


def loss_tf(scores, target, mask):
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(target, scores)
    counts = tf.cast(mask, losses.dtype)
    return tf.reduce_sum(losses * counts) / tf.reduce_sum(counts)


# %% trees_and_sequences-5 wrong: It looks as if the padding is counted like the rest.
def loss_torch(scores, target, mask):
    return nn.functional.cross_entropy(scores.flatten(0, 1), target.flatten())


def loss_tf(scores, target, mask):
    scores, target = tf.boolean_mask(scores, mask), tf.boolean_mask(target, mask)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(target, scores))


# %% trees_and_sequences-5 wrong: the sum is right, and divided by all positions
def loss_torch(scores, target, mask):
    return nn.functional.cross_entropy(scores[mask], target[mask])


def loss_tf(scores, target, mask):
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(target, scores)
    return tf.reduce_mean(losses * tf.cast(mask, losses.dtype))


# %% trees_and_sequences-5 wrong: each sequence counts alike, not each position
def loss_torch(scores, target, mask):
    parts = zip(scores, target, mask)
    means = [nn.functional.cross_entropy(s[m], t[m]) for s, t, m in parts]
    return torch.stack(means).mean()


def loss_tf(scores, target, mask):
    scores, target = tf.boolean_mask(scores, mask), tf.boolean_mask(target, mask)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(target, scores))


# %% trees_and_sequences-5 wrong: positions has shape (12,), expected ()
def loss_torch(scores, target, mask):
    return nn.functional.cross_entropy(scores[mask], target[mask])


def loss_tf(scores, target, mask):
    scores, target = tf.boolean_mask(scores, mask), tf.boolean_mask(target, mask)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(target, scores)
