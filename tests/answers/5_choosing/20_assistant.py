# Answers to the tasks of assistant, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% assistant-1 right
def encode(text, numbers):
    row = []
    for word in text.split():
        row.append(numbers[word.lower()] if word.lower() in numbers else 1)
    return row if row else [1]


# %% assistant-1 wrong: an unknown word becomes 1
def encode(text, numbers):
    return [numbers[word] for word in text.lower().split() if word in numbers] or [1]


# %% assistant-1 wrong: capital letters make no difference
def encode(text, numbers):
    return [numbers.get(word, 1) for word in text.split()] or [1]


# %% assistant-1 wrong: several spaces are no word
def encode(text, numbers):
    return [numbers.get(word, 1) for word in text.lower().split(" ")] or [1]


# %% assistant-1 wrong: a text without words becomes [1]
def encode(text, numbers):
    return [numbers.get(word, 1) for word in text.lower().split()]


# %% assistant-1 wrong: one number for each word, in order
def encode(text, numbers):
    return sorted(numbers.get(word, 1) for word in text.lower().split()) or [1]


# %% assistant-1 wrong: your code stopped at line
def encode(text, numbers):
    return [numbers[word] for word in text.lower().split()] or [1]


# %% assistant-2 right
def pad_torch(rows):
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(int(lengths.max())) < lengths[:, None]
    tokens = torch.zeros(mask.shape, dtype=torch.int64)
    tokens[mask] = torch.tensor([number for row in rows for number in row])
    return tokens, mask


# %% assistant-2 wrong: Are the sentences the first axis?
def pad_torch(rows):
    tokens = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows])
    return tokens, tokens > 0


# %% assistant-2 wrong: the padded numbers of 3 sentences is 0 at [0, 0], expected 5 (6 of 12 numbers differ)
def pad_torch(rows):
    tensors = [torch.tensor(row) for row in rows]
    tokens = nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_side="left")
    return tokens, tokens > 0


# %% assistant-2 wrong: the mask of 3 sentences, true where a word stands, is 0 at [0, 0], expected 1 (12 of 12 numbers
def pad_torch(rows):
    tokens = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
    return tokens, tokens == 0


# %% assistant-2 wrong: should return two tensors
def pad_torch(rows):
    return nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)


# %% assistant-2 wrong: the numbers are torch.float32
def pad_torch(rows):
    tensors = [torch.tensor(row, dtype=torch.float32) for row in rows]
    tokens = nn.utils.rnn.pad_sequence(tensors, batch_first=True)
    return tokens, tokens > 0


# %% assistant-2 wrong: expected torch.bool
def pad_torch(rows):
    tokens = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
    return tokens, (tokens > 0).long()


# %% assistant-2 wrong: 5 sentences of at most 7 words came as (5, 4), expected (5, 7).
def pad_torch(rows):
    rows = [row[:4] for row in rows]
    tokens = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
    return tokens, tokens > 0


# %% assistant-3 right
def sentence_tf(table, tokens):
    vectors = tf.gather(table, tf.ragged.boolean_mask(tokens, tokens > 0))
    return tf.reduce_mean(vectors, axis=1)


# %% assistant-3 wrong: the padding's vector is in the mean
def sentence_tf(table, tokens):
    return tf.reduce_mean(tf.gather(table, tokens), axis=1)


# %% assistant-3 wrong: divided by the width
def sentence_tf(table, tokens):
    known = tf.cast(tokens > 0, table.dtype)[:, :, tf.newaxis]
    return tf.reduce_mean(tf.gather(table, tokens) * known, axis=1)


# %% assistant-3 wrong: it is the sum, not the mean
def sentence_tf(table, tokens):
    known = tf.cast(tokens > 0, table.dtype)[:, :, tf.newaxis]
    return tf.reduce_sum(tf.gather(table, tokens) * known, axis=1)


# %% assistant-3 wrong: the means of sentences of 4, 3, 1 and 2 words has shape (4,), expected (4, 4)
def sentence_tf(table, tokens):
    return tf.reduce_mean(tf.gather(table, tf.boolean_mask(tokens, tokens > 0)), axis=0)


# %% assistant-3 wrong: a word that comes twice counts once
def sentence_tf(table, tokens):
    rows = [tf.unique(row)[0] for row in tokens]
    return tf.stack([tf.reduce_mean(tf.gather(table, row[row > 0]), axis=0) for row in rows])


# %% assistant-4 right
def lowest_threshold(chances, target, most_wrong):
    of_wrong = chances.max(axis=1)[chances.argmax(axis=1) != target]
    tried = np.append(np.linspace(0, 1, 101), 1.01)
    shares = (of_wrong[None, :] >= tried[:, None]).sum(axis=1) / len(target)
    return tried[np.argmax(shares <= most_wrong)]


# %% assistant-4 wrong: most_wrong=0.5), where five of all ten may be wrong, is 0.41
def lowest_threshold(chances, target, most_wrong):
    sure, wrong = chances.max(axis=1), chances.argmax(axis=1) != target
    for threshold in np.arange(101) / 100:
        acted = sure >= threshold
        if not acted.any() or wrong[acted].mean() <= most_wrong:
            return threshold
    return 1.01


# %% assistant-4 wrong: most_wrong=0.5), where five of all ten may be wrong, is 1
def lowest_threshold(chances, target, most_wrong):
    sure, wrong = chances.max(axis=1), chances.argmax(axis=1) != target
    for threshold in np.arange(100, -1, -1) / 100:
        if np.mean(wrong & (sure >= threshold)) <= most_wrong:
            return threshold
    return 1.01


# %% assistant-4 wrong: a chance of exactly 0.75 is 0.75, expected 0.76
def lowest_threshold(chances, target, most_wrong):
    sure, wrong = chances.max(axis=1), chances.argmax(axis=1) != target
    for threshold in np.arange(101) / 100:
        if np.mean(wrong & (sure > threshold)) <= most_wrong:
            return threshold
    return 1.01


# %% assistant-4 wrong: None: does your function return its result?
def lowest_threshold(chances, target, most_wrong):
    sure, wrong = chances.max(axis=1), chances.argmax(axis=1) != target
    for threshold in np.arange(101) / 100:
        if np.mean(wrong & (sure >= threshold)) <= most_wrong:
            return threshold


# %% assistant-4 wrong: where three of all ten may be wrong, is
def lowest_threshold(chances, target, most_wrong):
    sure, wrong = chances.max(axis=1), chances.argmax(axis=1) != target
    for threshold in np.arange(101) / 100:
        if np.mean(wrong & (sure >= threshold)) <= max(most_wrong, 0.5):
            return threshold
    return 1.01


# %% assistant-4 wrong: most_wrong=0.28), where two of all ten may be wrong
def lowest_threshold(chances, target, most_wrong):
    sure = chances.max(axis=1)[chances.argmax(axis=1) != target]
    most = round(most_wrong * len(target))
    return next((n / 100 for n in range(101) if (sure >= n / 100).sum() <= most), 1.01)


# %% assistant-5 right
def heard_torch(model, tokens, swapped):
    pairs = zip(model(tokens).detach().numpy(), model(swapped).detach().numpy())
    return float(np.mean([one.argmax() != other.argmax() for one, other in pairs]))


def heard_tf(model, tokens, swapped):
    first, second = model(tokens), model(swapped)
    same = [int(tf.argmax(a)) == int(tf.argmax(b)) for a, b in zip(first, second)]
    return 1 - sum(same) / len(same)


# %% assistant-5 wrong: It looks like the share that is the same.
def heard_torch(model, tokens, swapped):
    return (model(tokens).argmax(dim=1) == model(swapped).argmax(dim=1)).double().mean()


def heard_tf(model, tokens, swapped):
    same = tf.argmax(model(tokens), axis=1) == tf.argmax(model(swapped), axis=1)
    return tf.reduce_mean(tf.cast(same, tf.float64))


# %% assistant-5 wrong: It looks like the number of pairs, not their share.
def heard_torch(model, tokens, swapped):
    return (model(tokens).argmax(dim=1) != model(swapped).argmax(dim=1)).sum()


def heard_tf(model, tokens, swapped):
    differs = tf.argmax(model(tokens), axis=1) != tf.argmax(model(swapped), axis=1)
    return tf.reduce_sum(tf.cast(differs, tf.float64))


# %% assistant-5 wrong: It looks like whether any scores differ, not the answers.
def heard_torch(model, tokens, swapped):
    gaps = (model(tokens) - model(swapped)).abs().amax(dim=1)
    return (gaps > 1e-9).double().mean()


def heard_tf(model, tokens, swapped):
    gaps = tf.reduce_max(tf.abs(model(tokens) - model(swapped)), axis=1)
    return tf.reduce_mean(tf.cast(gaps > 1e-9, tf.float64))


# %% assistant-5 wrong: heard_torch of 40 pairs and a model that hears the last word loudest has shape (40,), expected ()
def heard_torch(model, tokens, swapped):
    return (model(tokens).argmax(dim=1) != model(swapped).argmax(dim=1)).double()


def heard_tf(model, tokens, swapped):
    differs = tf.argmax(model(tokens), axis=1) != tf.argmax(model(swapped), axis=1)
    return tf.cast(differs, tf.float64)


# %% assistant-5 wrong: heard_tf of 40 pairs and a model that hears the last word loudest is 1, expected 0.6
def heard_torch(model, tokens, swapped):
    return (model(tokens).argmax(dim=1) != model(swapped).argmax(dim=1)).double().mean()


def heard_tf(model, tokens, swapped):
    differs = tf.argmax(model(tokens), axis=0) != tf.argmax(model(swapped), axis=0)
    return tf.reduce_mean(tf.cast(differs, tf.float64))
