# Answers to the tasks of the exercise, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% trees-1 right
def read_torch(tree, digits, combine):
    match tree:
        case (name, left, right):
            left = read_torch(left, digits, combine)
            return combine[name](left, read_torch(right, digits, combine))
    return torch.index_select(digits, 0, torch.tensor([tree]))[0]


# %% trees-1 wrong: Left and right are exchanged.
def read_torch(tree, digits, combine):
    if isinstance(tree, int):
        return digits[tree]
    name, right, left = tree
    return combine[name](read_torch(left, digits, combine), read_torch(right, digits, combine))


# %% trees-1 wrong: the state of ("MIN", 3, 5) is [11. ,  5.5], expected [16.  ,  4.75]
def read_torch(tree, digits, combine):
    if isinstance(tree, int):
        return digits[tree]
    _, left, right = tree
    return combine["MAX"](read_torch(left, digits, combine), read_torch(right, digits, combine))


# %% trees-1 wrong: your code stopped at line
def read_torch(tree, digits, combine):
    if isinstance(tree, int):
        return digits[tree]
    name, left, right = tree
    return combine[name](digits[left], digits[right])


# %% trees-1 wrong: no gradient leads from the state
def read_torch(tree, digits, combine):
    if isinstance(tree, int):
        return digits[tree].detach()
    name, left, right = tree
    return combine[name](read_torch(left, digits, combine), read_torch(right, digits, combine))


# %% trees-1 wrong: the state of the tree 7, a digit alone, has shape ()
def read_torch(tree, digits, combine):
    if isinstance(tree, int):
        return torch.tensor(float(tree))
    name, left, right = tree
    return combine[name](read_torch(left, digits, combine), read_torch(right, digits, combine))


# %% trees-1 wrong: the state of ('MAX', ('MIN', 0, 4), ('MAX', 2, ('MIN', 1, 6)))
def read_torch(tree, digits, combine):
    if isinstance(tree, int):
        return digits[tree or 1]
    name, left, right = tree
    return combine[name](read_torch(left, digits, combine), read_torch(right, digits, combine))


# %% trees-2 right
def levels_of(rows):
    heights = np.zeros(len(rows), int)
    for row, (_, left, right) in enumerate(rows):
        if left >= 0:
            heights[row] = 1 + max(heights[left], heights[right])
    return [np.flatnonzero(heights == level) for level in range(heights.max() + 1)]


# %% trees-2 wrong: the levels of MIN(MAX(1, 2), 9) are [[0, 1, 3], [2, 4]]
def levels_of(rows):
    heights = []
    for _, left, right in rows:
        heights.append(0 if left < 0 else 1 + min(heights[left], heights[right]))
    return [[n for n, h in enumerate(heights) if h == level] for level in range(max(heights) + 1)]


# %% trees-2 wrong: the levels of MIN(MAX(1, 2), 9) are [[0, 1], [2, 3], [4]]
def levels_of(rows):
    depths = [0] * len(rows)
    for row in reversed(range(len(rows))):
        for branch in rows[row][1:]:
            if branch >= 0:
                depths[branch] = depths[row] + 1
    order = range(max(depths), -1, -1)
    return [[n for n, depth in enumerate(depths) if depth == level] for level in order]


# %% trees-2 wrong: what levels_of returns for one digit is dict
def levels_of(rows):
    heights, levels = [], {}
    for row, (_, left, right) in enumerate(rows):
        heights.append(0 if left < 0 else 1 + max(heights[left], heights[right]))
        levels.setdefault(heights[-1], []).append(row)
    return levels


# %% trees-2 wrong: for one digit it is [0], expected one list for each level
def levels_of(rows):
    heights = []
    for _, left, right in rows:
        heights.append(0 if left < 0 else 1 + max(heights[left], heights[right]))
    return heights


# %% trees-2 wrong: the levels of MAX(3, 4) are [[3, 4], [10]]
def levels_of(rows):
    heights, levels = [], {}
    for token, left, right in rows:
        heights.append(0 if left < 0 else 1 + max(heights[left], heights[right]))
        levels.setdefault(heights[-1], []).append(token if len(rows) > 1 else 0)
    return list(levels.values())


# %% trees-3 right
def lay_out(rows, levels):
    place, table = {-1: -1}, []
    for level in levels:
        for row in level:
            token, left, right = rows[row]
            place[row] = len(table)
            table.append([token, place[left], place[right]])
    return np.array(table)


# %% trees-3 wrong: the left branches of MIN(MAX(1, 2), 9) is [-1., -1., -1.,  0.,  2.], expected
def lay_out(rows, levels):
    return np.array(rows)[np.concatenate(levels).astype(int)]


# %% trees-3 wrong: the left branches of one digit
def lay_out(rows, levels):
    order = np.concatenate(levels).astype(int)
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    table = np.array(rows)[order]
    table[:, 1:] = place[table[:, 1:]]
    return table


# %% trees-3 wrong: the left branches of trees of 13 digits, drawn at random,
def lay_out(rows, levels):
    order = np.concatenate(levels).astype(int)
    table = np.array(rows)[order]
    table[:, 1:] = np.where(table[:, 1:] < 0, -1, order[table[:, 1:]])
    return table


# %% trees-3 wrong: the left branches of the same rows, each level turned round,
def lay_out(rows, levels):
    order = np.sort([len(rows) * n + row for n, level in enumerate(levels) for row in level])
    order = order % len(rows)
    place = np.argsort(order)
    table = np.array(rows)[np.concatenate(levels).astype(int)]
    table[:, 1:] = np.where(table[:, 1:] < 0, -1, place[table[:, 1:]])
    return table


# %% trees-3 wrong: lay_out changes the lists that it is given
def lay_out(rows, levels):
    order = [row for level in levels for row in level]
    place = {row: n for n, row in enumerate(order)} | {-1: -1}
    for n, (token, left, right) in enumerate(rows):
        rows[n] = (token, place[left], place[right])
    return np.array(rows)[order]


# %% trees-3 wrong: what lay_out returns for one digit is list, expected numpy.ndarray
def lay_out(rows, levels):
    order = [row for level in levels for row in level]
    place = {row: n for n, row in enumerate(order)} | {-1: -1}
    return [(rows[row][0], place[rows[row][1]], place[rows[row][2]]) for row in order]


# %% trees-3 wrong: expected integers
def lay_out(rows, levels):
    order = [row for level in levels for row in level]
    place = {row: n for n, row in enumerate(order)} | {-1: -1}
    found = [(rows[row][0], place[rows[row][1]], place[rows[row][2]]) for row in order]
    return np.array(found, float)


# %% trees-3 wrong: for trees of 60,000 digits lay_out works for
def lay_out(rows, levels):
    order = np.concatenate(levels).astype(int)

    def place(row):
        return -1 if row < 0 else np.where(order == row)[0][0]

    return np.array([(rows[row][0], *map(place, rows[row][1:])) for row in order])


# %% trees-4 right
def states_torch(table, counts, digits, combine):
    states = torch.zeros(len(table), digits.shape[1], dtype=digits.dtype)
    start = 0
    for level, count in enumerate(counts):
        token, left, right = table[start : start + count].T
        new = combine(token, states[left], states[right]) if level else digits[token]
        states = torch.cat([states[:start], new, states[start + count :]])
        start += count
    return states


def states_tf(table, counts, digits, combine):
    ends = np.cumsum(counts)
    parts = [tf.gather(digits, table[: ends[0], 0])]
    for start, end in zip(ends[:-1], ends[1:]):
        token, left, right = table[start:end].T
        states = tf.concat(parts, axis=0)
        parts.append(combine(token, tf.gather(states, left), tf.gather(states, right)))
    return tf.concat(parts, axis=0)


# %% trees-4 wrong: combine was called with [1, 1] rows, expected [2]
def states_torch(table, counts, digits, combine):
    states = digits[torch.tensor(table[: counts[0], 0])]
    for token, left, right in table[counts[0] :]:
        new = combine(np.array([token]), states[left : left + 1], states[right : right + 1])
        states = torch.cat([states, new])
    return states


def states_tf(table, counts, digits, combine):
    lowest, *levels = tf.split(tf.constant(table), list(counts))
    states = tf.gather(digits, lowest[:, 0])
    for rows in levels:
        token, left, right = tf.unstack(rows, axis=1)
        new = combine(token, tf.gather(states, left), tf.gather(states, right))
        states = tf.concat([states, new], axis=0)
    return states


# %% trees-4 wrong: the states by states_torch, a table of two operators on one level,
def states_torch(table, counts, digits, combine):
    lowest, *levels = torch.tensor(table).split(list(counts))
    states = digits[lowest[:, 0]]
    for rows in levels:
        token, left, right = rows.T
        states = torch.cat([states, combine(token, states[right], states[left])])
    return states


def states_tf(table, counts, digits, combine):
    lowest, *levels = tf.split(tf.constant(table), list(counts))
    states = tf.gather(digits, lowest[:, 0])
    for rows in levels:
        token, left, right = tf.unstack(rows, axis=1)
        new = combine(token, tf.gather(states, left), tf.gather(states, right))
        states = tf.concat([states, new], axis=0)
    return states


# %% trees-4 wrong: the states by states_tf, a table of two operators on one level, has shape
def states_torch(table, counts, digits, combine):
    lowest, *levels = torch.tensor(table).split(list(counts))
    states = digits[lowest[:, 0]]
    for rows in levels:
        token, left, right = rows.T
        states = torch.cat([states, combine(token, states[left], states[right])])
    return states


def states_tf(table, counts, digits, combine):
    lowest, *levels = tf.split(tf.constant(table), list(counts))
    states = tf.gather(digits, lowest[:, 0])
    for rows in levels:
        token, left, right = tf.unstack(rows, axis=1)
        new = combine(token, tf.gather(states, left), tf.gather(states, right))
        states = new
    return states


# %% trees-4 wrong: no gradient leads from the states to `digits`: states_torch
def states_torch(table, counts, digits, combine):
    lowest, *levels = torch.tensor(table).split(list(counts))
    states = digits.detach()[lowest[:, 0]]
    for rows in levels:
        token, left, right = rows.T
        states = torch.cat([states, combine(token, states[left], states[right])])
    return states


def states_tf(table, counts, digits, combine):
    lowest, *levels = tf.split(tf.constant(table), list(counts))
    states = tf.gather(digits, lowest[:, 0])
    for rows in levels:
        token, left, right = tf.unstack(rows, axis=1)
        new = combine(token, tf.gather(states, left), tf.gather(states, right))
        states = tf.concat([states, new], axis=0)
    return states


# %% trees-4 wrong: no gradient leads from the states to `digits`: states_tf
def states_torch(table, counts, digits, combine):
    lowest, *levels = torch.tensor(table).split(list(counts))
    states = digits[lowest[:, 0]]
    for rows in levels:
        token, left, right = rows.T
        states = torch.cat([states, combine(token, states[left], states[right])])
    return states


def states_tf(table, counts, digits, combine):
    lowest, *levels = tf.split(tf.constant(table), list(counts))
    states = tf.constant(digits.numpy()[lowest.numpy()[:, 0]])
    for rows in levels:
        token, left, right = tf.unstack(rows, axis=1)
        new = combine(token, tf.gather(states, left), tf.gather(states, right))
        states = tf.concat([states, new], axis=0)
    return states


# %% trees-4 wrong: the states by states_tf, a table of four levels, has shape
def states_torch(table, counts, digits, combine):
    lowest, *levels = torch.tensor(table).split(list(counts))
    states = digits[lowest[:, 0]]
    for rows in levels:
        token, left, right = rows.T
        states = torch.cat([states, combine(token, states[left], states[right])])
    return states


def states_tf(table, counts, digits, combine):
    states = tf.gather(digits, table[: counts[0], 0])
    token, left, right = table[counts[0] : counts[0] + counts[1]].T if len(counts) > 1 else [[]] * 3
    if len(token):
        new = combine(token, tf.gather(states, left), tf.gather(states, right))
        states = tf.concat([states, new], axis=0)
    return states
