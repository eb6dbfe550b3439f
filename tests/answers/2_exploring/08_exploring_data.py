# Answers to the tasks of exercise 06, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% exploring_data-1 right
def suspect(table):
    best = ("", 0.0)
    for name in table:
        if name != "malignant":
            value = roc_auc_score(table["malignant"], table[name])
            best = max(best, (name, max(value, 1 - value)), key=lambda pair: pair[1])
    return best


# %% exploring_data-1 wrong: the suspect named is 'malignant', expected 'visits'
def suspect(table):
    auc = pd.Series({name: roc_auc_score(table.malignant, table[name]) for name in table})
    return auc.idxmax(), auc.max()


# %% exploring_data-1 wrong: expected 'days at work': it is smaller in malignant rows
def suspect(table):
    columns = table.columns.drop("malignant")
    auc = pd.Series({name: roc_auc_score(table.malignant, table[name]) for name in columns})
    return auc.idxmax(), auc.max()


# %% exploring_data-1 wrong: the suspect named is 'perimeter', expected 'skewed'
def suspect(table):
    name = table.corr().malignant.drop("malignant").abs().idxmax()
    auc = roc_auc_score(table.malignant, table[name])
    return name, max(auc, 1 - auc)


# %% exploring_data-1 wrong: suspect does not return a pair (name, number)
def suspect(table):
    columns = table.columns.drop("malignant")
    auc = pd.Series({name: roc_auc_score(table.malignant, table[name]) for name in columns})
    return auc.clip(lower=1 - auc).idxmax()


# %% exploring_data-1 wrong: the AUC of 'days at work' is 0.0
def suspect(table):
    columns = table.columns.drop("malignant")
    auc = pd.Series({name: roc_auc_score(table.malignant, table[name]) for name in columns})
    name = (auc - 0.5).abs().idxmax()
    return name, auc[name]


# %% exploring_data-1 wrong: the suspect named is 'malignant', expected 'days at work': malignant itself is
def suspect(table):
    columns = table.columns[:-1]
    auc = pd.Series({name: roc_auc_score(table.malignant, table[name]) for name in columns})
    auc = auc.clip(lower=1 - auc)
    return auc.idxmax(), auc.max()


# %% exploring_data-2 right
def mended(table):
    table = table.copy()
    table["visits"] = np.int64(0)
    table.loc[table["perimeter"] > 40 * table["radius"], "radius"] *= 10
    return table[~table.duplicated()].reset_index(drop=True)


# %% exploring_data-2 wrong: Rows that differed only in what was mended are one row now.
def mended(table):
    table = table.drop_duplicates().copy()
    table["visits"] = 0
    table.loc[table["perimeter"] > 20 * table["radius"], "radius"] *= 10
    return table


# %% exploring_data-2 wrong: mended changes the table that it is given
def mended(table):
    table["visits"] = 0
    table.loc[table.radius < 4, "radius"] *= 10
    return table.drop_duplicates()


# %% exploring_data-2 wrong: there are rows whose visits are not 0
def mended(table):
    other = table.perimeter / table.radius > 20
    radius = table.radius.where(~other, table.radius * 10)
    return table.assign(radius=radius).drop_duplicates()


# %% exploring_data-2 wrong: rows the radius is too small
def mended(table):
    other = table.perimeter / table.radius > 20
    return table.assign(visits=0, radius=table.radius.where(~other, table.radius)).drop_duplicates()


# %% exploring_data-2 wrong: in 4 rows the radius is too small
def mended(table):
    table = table.assign(visits=0, radius=table.radius.where(table.radius > 4, table.radius * 10))
    return table.drop_duplicates()


# %% exploring_data-2 wrong: the number of rows of the mended table is 54, expected 61
def mended(table):
    other = table.perimeter / table.radius > 20
    table = table.assign(visits=0, radius=table.radius.where(~other, table.radius * 10))
    return table.dropna().drop_duplicates()


# %% exploring_data-2 wrong: the number of rows of the mended table is 59, expected 61
def mended(table):
    other = table.perimeter / table.radius > 20
    table = table.assign(visits=0, radius=table.radius.where(~other, table.radius * 10))
    return table.drop_duplicates(subset=table.columns.drop("malignant"))


# %% exploring_data-2 wrong: rows the radius is too large
def mended(table):
    return table.assign(visits=0, radius=table.radius * 10).drop_duplicates()


# %% exploring_data-2 wrong: the number of rows of the mended table
def mended(table):
    other = table.perimeter / table.radius > 20
    return table.assign(visits=0, radius=table.radius.where(~other, table.radius * 10))


# %% exploring_data-2 wrong: mended must keep all columns
def mended(table):
    other = table.perimeter / table.radius > 20
    radius = table.radius.where(~other, table.radius * 10)
    return table.assign(radius=radius).drop_duplicates().drop(columns="visits")


# %% exploring_data-2 wrong: the column 'radius', sorted as the others are,
def mended(table):
    return table.assign(visits=0, radius=table.perimeter / 6.3).drop_duplicates()


# %% exploring_data-2 wrong: the column 'malignant', sorted as the others are,
def mended(table):
    other = table.perimeter / table.radius > 20
    radius = table.radius.where(~other, table.radius * 10)
    return table.assign(visits=0, radius=radius).drop_duplicates().assign(malignant=0)


# %% exploring_data-2 wrong: the number of rows of the mended table is 2, expected 61
def mended(table):
    other = table.perimeter / table.radius > 20
    table = table.assign(visits=0, radius=table.radius.where(~other, table.radius * 10))
    return table.drop_duplicates(subset=["malignant", "visits"])


# %% exploring_data-2 wrong: expected 61. Of equal rows one stays, and of the others all.
def mended(table):
    other = table.perimeter / table.radius > 20
    table = table.assign(visits=0, radius=table.radius.where(~other, table.radius * 10))
    return table.drop_duplicates(keep=False)


# %% exploring_data-3 right
def balanced_accuracy_torch(logits, target):
    right = (logits > 0) == (target > 0)
    return sum(right[target == label].double().mean() for label in (0, 1)) / 2


# %% exploring_data-3 wrong: the score of 'always benign', with 4 malignant rows of 16, is 0.75
def balanced_accuracy_torch(logits, target):
    return ((logits > 0) == (target == 1)).float().mean()


# %% exploring_data-3 wrong: the score of 'always benign', with 4 malignant rows of 16, is 0, expected
def balanced_accuracy_torch(logits, target):
    return (logits > 0)[target == 1].float().mean()


# %% exploring_data-3 wrong: 1 found of 2, a logit of 0 is benign, 3 cleared of 3: the score is 0.66
def balanced_accuracy_torch(logits, target):
    says = (logits >= 0).float()
    return (says[target == 1].mean() + 1 - says[target == 0].mean()) / 2


# %% exploring_data-3 wrong: your code changes the logits or the target
def balanced_accuracy_torch(logits, target):
    score = (
        (logits > 0)[target == 1].float().mean() + (logits <= 0)[target == 0].float().mean()
    ) / 2
    logits.clamp_(-0.3, 0.3)
    return score


# %% exploring_data-3 wrong: 3 found of 4, 9 cleared of 12: the score is 0.58333
def balanced_accuracy_torch(logits, target):
    says = (logits > 0.5).float()
    return (says[target == 1].mean() + 1 - says[target == 0].mean()) / 2


# %% exploring_data-3 wrong: your code changes the logits
def balanced_accuracy_torch(logits, target):
    logits[logits > 0] = 1
    logits[logits <= 0] = 0
    return (logits[target == 1].mean() + (1 - logits)[target == 0].mean()) / 2


# %% exploring_data-4 right
def pipeline_tf(data, target, batch_size):
    pairs = tf.data.Dataset.zip(*map(tf.data.Dataset.from_tensor_slices, (data, target)))
    return pairs.shuffle(10_000).batch(batch_size).filter(lambda d, t: tf.size(t) == batch_size)


# %% exploring_data-4 wrong: of 1010 examples, 20 a batch, many stay near their old place
def pipeline_tf(data, target, batch_size):
    examples = tf.data.Dataset.from_tensor_slices((data, target))
    return examples.shuffle(batch_size).batch(batch_size, drop_remainder=True)


# %% exploring_data-4 wrong: neighbours stay together: the batches are mixed, not the examples
def pipeline_tf(data, target, batch_size):
    examples = tf.data.Dataset.from_tensor_slices((data, target))
    return examples.batch(batch_size, drop_remainder=True).shuffle(len(data))


# %% exploring_data-4 wrong: of 1010 examples, 20 a batch, the batches' sizes are [10, 20], expected [20]
def pipeline_tf(data, target, batch_size):
    examples = tf.data.Dataset.from_tensor_slices((data, target))
    return examples.shuffle(len(data)).batch(batch_size)


# %% exploring_data-4 wrong: the second epoch has the order of the first
def pipeline_tf(data, target, batch_size):
    order = np.random.permutation(len(data))
    examples = tf.data.Dataset.from_tensor_slices((data[order], target[order]))
    return examples.batch(batch_size, drop_remainder=True)


# %% exploring_data-4 wrong: a batch's data, beside its targets,
def pipeline_tf(data, target, batch_size):
    parts = (tf.data.Dataset.from_tensor_slices(part).shuffle(len(data)) for part in (data, target))
    return tf.data.Dataset.zip(*parts).batch(batch_size, drop_remainder=True)


# %% exploring_data-4 wrong: of 1010 examples, 20 a batch, some come twice in an epoch
def pipeline_tf(data, target, batch_size):
    examples = tf.data.Dataset.from_tensor_slices((data, target)).repeat(2)
    batches = examples.shuffle(2 * len(data)).batch(batch_size, drop_remainder=True)
    return batches.take(len(data) // batch_size)


# %% exploring_data-4 wrong: of 1010 examples, 20 a batch, the same are left out of every epoch
def pipeline_tf(data, target, batch_size):
    full = len(data) // batch_size * batch_size
    examples = tf.data.Dataset.from_tensor_slices((data[:full], target[:full]))
    return examples.shuffle(full).batch(batch_size)


# %% exploring_data-4 wrong: of 5000 examples, 20 a batch, many stay near their old place
def pipeline_tf(data, target, batch_size):
    examples = tf.data.Dataset.from_tensor_slices((data, target))
    return examples.shuffle(1000).batch(batch_size, drop_remainder=True)


# %% exploring_data-4 wrong: the pipeline must deal pairs: a batch of data, and of targets
def pipeline_tf(data, target, batch_size):
    pairs = tf.data.Dataset.from_tensor_slices((target, data))
    return pairs.shuffle(len(data)).batch(batch_size, drop_remainder=True)


# %% exploring_data-4 wrong: the pipeline must deal pairs
def pipeline_tf(data, target, batch_size):
    examples = tf.data.Dataset.from_tensor_slices(data)
    return examples.shuffle(len(data)).batch(batch_size, drop_remainder=True)


# %% exploring_data-5 right
def doubt_torch(logits, labels):
    return -torch.log_softmax(logits, dim=1)[torch.arange(len(labels)), labels]


def doubt_tf(logits, labels):
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    return loss(labels, logits)


def doubted(doubt, n):
    return np.argsort(np.asarray(doubt))[::-1][:n]


# %% exploring_data-5 wrong: the losses that doubt_torch gives
def doubt_torch(logits, labels):
    return nn.functional.cross_entropy(logits, labels)


def doubt_tf(logits, labels):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def doubted(doubt, n):
    return np.argsort(-np.asarray(doubt))[:n]


# %% exploring_data-5 wrong: the losses that doubt_tf gives
def doubt_torch(logits, labels):
    return nn.functional.cross_entropy(logits, labels, reduction="none")


def doubt_tf(logits, labels):
    loss = tf.keras.losses.SparseCategoricalCrossentropy(reduction="none")
    return loss(labels, tf.nn.softmax(tf.nn.softmax(logits)))


def doubted(doubt, n):
    return np.argsort(-np.asarray(doubt))[:n]


# %% exploring_data-5 wrong: the losses that doubt_torch gives for 23 examples, 4 classes holds a number
def doubt_torch(logits, labels):
    return -torch.log(torch.softmax(logits, dim=1)[torch.arange(len(labels)), labels])


def doubt_tf(logits, labels):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def doubted(doubt, n):
    return np.argsort(-np.asarray(doubt))[:n]


# %% exploring_data-5 wrong: what doubted gives for the doubts of doubt_torch is torch.Tensor
def doubt_torch(logits, labels):
    return nn.functional.cross_entropy(logits, labels, reduction="none")


def doubt_tf(logits, labels):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def doubted(doubt, n):
    return torch.topk(torch.tensor(np.asarray(doubt)), n).indices


# %% exploring_data-5 wrong: These are the least doubted.
def doubt_torch(logits, labels):
    return nn.functional.cross_entropy(logits, labels, reduction="none")


def doubt_tf(logits, labels):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def doubted(doubt, n):
    return np.argsort(np.asarray(doubt))[:n]


# %% exploring_data-5 wrong: the losses that doubt_tf gives for 50 examples, 10 classes is
def doubt_torch(logits, labels):
    return nn.functional.cross_entropy(logits, labels, reduction="none")


def doubt_tf(logits, labels):
    return tf.keras.losses.sparse_categorical_crossentropy(labels, logits)


def doubted(doubt, n):
    return np.argsort(-np.asarray(doubt))[:n]


# %% exploring_data-5 wrong: These are the losses.
def doubt_torch(logits, labels):
    return nn.functional.cross_entropy(logits, labels, reduction="none")


def doubt_tf(logits, labels):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def doubted(doubt, n):
    return np.sort(np.asarray(doubt))[::-1][:n]


# %% exploring_data-5 wrong: still to write: doubted
def doubt_torch(logits, labels):
    return nn.functional.cross_entropy(logits, labels, reduction="none")


def doubt_tf(logits, labels):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def doubted(doubt, n):
    return ...  # your answer here


# %% exploring_data-5 wrong: the 900 most doubted of 2000, the most doubted first, is
def doubt_torch(logits, labels):
    return nn.functional.cross_entropy(logits, labels, reduction="none")


def doubt_tf(logits, labels):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def doubted(doubt, n):
    return np.argpartition(-np.asarray(doubt), n)[:n]


# %% exploring_data-5 wrong: your code changes the doubts
def doubt_torch(logits, labels):
    return nn.functional.cross_entropy(logits, labels, reduction="none")


def doubt_tf(logits, labels):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def doubted(doubt, n):
    doubt = np.asarray(doubt)
    order = np.argsort(doubt)[::-1][:n]
    doubt.sort()
    return order
