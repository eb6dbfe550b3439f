# Answers to the tasks of exercise 14, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% many_machines-1 right
def average_torch(gradients, counts):
    weights = torch.tensor(counts, dtype=torch.float32) / sum(counts)
    return torch.tensordot(weights, torch.stack(gradients), dims=1)


# %% many_machines-1 wrong: count alike: that is the plain mean
def average_torch(gradients, counts):
    return torch.stack(gradients).mean(0)


# %% many_machines-1 wrong: the gradient is 2 times as large
def average_torch(gradients, counts):
    return sum(gradients)


# %% many_machines-1 wrong: the gradient is 64 times as large
def average_torch(gradients, counts):
    return sum(gradient * count for gradient, count in zip(gradients, counts))


# %% many_machines-1 wrong: the gradient from shares of 48, 10, 6 rows is 0.052345 at [0, 0], expected -0.0052919 (15 of 15
def average_torch(gradients, counts):
    weights = [1 / count for count in counts]
    return sum(g * w for g, w in zip(gradients, weights)) / sum(weights)


# %% many_machines-1 wrong: average_torch(…) is list, expected torch.Tensor
def average_torch(gradients, counts):
    return [g * c / sum(counts) for g, c in zip(gradients, counts)]


# %% many_machines-2 right
def my_rows(count, rank, size):
    share = count // size
    return np.arange(rank * share, (rank + 1) * share)


# %% many_machines-2 wrong: 10 rows for 3 processes: the shares have [4, 3, 3] rows: not equal
def my_rows(count, rank, size):
    return list(range(rank, count, size))


# %% many_machines-2 wrong: 10 rows for 3 processes: 12 row numbers were given out, but only 10 different ones
def my_rows(count, rank, size):
    return [row % count for row in range(rank, -(-count // size) * size, size)]


# %% many_machines-2 wrong: 12 rows for 3 processes: 12 row numbers were given out, but only 4 different ones
def my_rows(count, rank, size):
    return list(range(count // size))


# %% many_machines-2 wrong: 12 rows for 3 processes: there is no row 12: they are 0 to 11
def my_rows(count, rank, size):
    return list(range(rank + 1, count - count % size + 1, size))


# %% many_machines-2 wrong: 9 rows are left out, 0 must be
def my_rows(count, rank, size):
    return [rank]


# %% many_machines-3 right
def gradients_tf(model, rows, answers, size):
    total = [tf.zeros_like(variable) for variable in model.trainable_variables]
    for part, labels in zip(tf.split(rows, size), tf.split(answers, size)):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(part))
            loss = tf.nn.compute_average_loss(losses, global_batch_size=len(rows))
        found = tape.gradient(loss, model.trainable_variables)
        total = [a + b for a, b in zip(total or found, found)]
    return total


# %% many_machines-3 wrong: with 2 replicas the sum is 2 times too large: each loss is a mean of its own
def gradients_tf(model, rows, answers, size):
    shares = []
    for rank in range(size):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                answers[rank::size], model(rows[rank::size])
            )
            loss = tf.reduce_mean(losses)
        shares.append(tape.gradient(loss, model.trainable_variables))
    return [sum(each) for each in zip(*shares)]


# %% many_machines-3 wrong: the model saw batches of [24] rows, expected [12, 12]
def gradients_tf(model, rows, answers, size):
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(answers, model(rows))
        loss = tf.reduce_mean(losses)
    return tape.gradient(loss, model.trainable_variables)


# %% many_machines-3 wrong: the gradient of gamma, from 2 replicas of 24 rows, is [0.114 , 0.0113, 0.1063, 0.0121, 0.0594]
def gradients_tf(model, rows, answers, size):
    for rank in range(size):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                answers[rank::size], model(rows[rank::size])
            )
            loss = tf.reduce_mean(losses) / size
        found = tape.gradient(loss, model.trainable_variables)
    return found


# %% many_machines-3 wrong: gradients_tf does not return a list of one tensor for each trainable variable
def gradients_tf(model, rows, answers, size):
    shares = []
    for rank in range(size):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                answers[rank::size], model(rows[rank::size])
            )
            loss = tf.reduce_mean(losses) / size
        shares.append(tape.gradient(loss, model.trainable_variables)[0])
    return sum(shares)


# %% many_machines-3 wrong: gradients_tf returns a list of lists, one for each share: they are not added up
def gradients_tf(model, rows, answers, size):
    shares = []
    for rank in range(size):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                answers[rank::size], model(rows[rank::size])
            )
            loss = tf.reduce_mean(losses) / size
        shares.append(tape.gradient(loss, model.trainable_variables))
    return shares


# %% many_machines-4 right
def bytes_sent(parameters, machines, bytes_each=4):
    chunk = parameters / machines
    return sum(chunk * bytes_each for turn in range(machines - 1) for phase in ("add", "copy"))


# %% many_machines-4 wrong: for 2 machines and 1,000 parameters the number is 8000, expected 4000
def bytes_sent(parameters, machines, bytes_each=4):
    return 2 * (machines - 1) * parameters * bytes_each


# %% many_machines-4 wrong: for 2 machines and 1,000 parameters the number is 2000, expected 4000
def bytes_sent(parameters, machines, bytes_each=4):
    return (machines - 1) / machines * parameters * bytes_each


# %% many_machines-4 wrong: for 4 machines and 1,000 parameters the number is 4000
def bytes_sent(parameters, machines, bytes_each=4):
    return parameters * bytes_each


# %% many_machines-4 wrong: for numbers of 2 bytes the number is 6000
def bytes_sent(parameters, machines, bytes_each=4):
    return 2 * (machines - 1) / machines * parameters * 4


# %% many_machines-5 right
def rates(rate, batch, machines, rows_each):
    return [rate / batch * rows_each * machines, rate / batch * rows_each]


# %% many_machines-5 wrong: 2 times 32 rows, before 64 and 0.1: TensorFlow's step is 2 times as long as PyTorch's
def rates(rate, batch, machines, rows_each):
    scaled = rate * machines * rows_each / batch
    return scaled, scaled


# %% many_machines-5 wrong: the rate for PyTorch is 0.2; the whole batch is 1 times the old one
def rates(rate, batch, machines, rows_each):
    return rate * machines, rate


# %% many_machines-5 wrong: 8 times 64 rows, before 64 and 0.1: the rate for PyTorch is 0.1; the whole batch is 8 times the old
def rates(rate, batch, machines, rows_each):
    return rate, rate / machines


# %% many_machines-5 wrong: 2 times 32 rows, before 64 and 0.1: TensorFlow's step is 4 times as long as PyTorch's
def rates(rate, batch, machines, rows_each):
    scaled = rate * machines * rows_each / batch
    return scaled, scaled * machines


# %% many_machines-5 wrong: rates does not return a pair of numbers
def rates(rate, batch, machines, rows_each):
    return rate * machines * rows_each / batch


# %% many_machines-5 right
def rates(rate, batch, machines, rows_each):
    scaled = rate * machines * rows_each / batch
    return tf.constant([scaled, scaled / machines])
