# Answers to the tasks of the exercise, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% tensorboard-1 right
def log_torch(folder, losses):
    writer = SummaryWriter(log_dir=str(folder))
    for step in range(len(losses)):
        writer.add_scalar(tag="training/loss", scalar_value=losses[step], global_step=step)
    writer.close()
    return len(losses)


# %% tensorboard-1 wrong: the log is empty when log_torch returns
def log_torch(folder, losses):
    global kept
    kept = SummaryWriter(folder)
    for step, loss in enumerate(losses):
        kept.add_scalar("training/loss", loss, step)
    return len(losses)


# %% tensorboard-1 wrong: of 7 losses: the row of steps in the log is [0.
def log_torch(folder, losses):
    with SummaryWriter(folder) as writer:
        for loss in losses:
            writer.add_scalar("training/loss", loss)
    return len(losses)


# %% tensorboard-1 wrong: the tags in the log are ['loss'], expected ['training/loss']
def log_torch(folder, losses):
    with SummaryWriter(folder) as writer:
        for step, loss in enumerate(losses):
            writer.add_scalar("loss", loss, step)
    return len(losses)


# %% tensorboard-1 wrong: the number of records in the log
def log_torch(folder, losses):
    with SummaryWriter(folder) as writer:
        writer.add_scalar("training/loss", losses.mean(), 0)
    return len(losses)


# %% tensorboard-1 wrong: your code changes the losses
def log_torch(folder, losses):
    with SummaryWriter(folder) as writer:
        for step, loss in enumerate(losses):
            writer.add_scalar("training/loss", loss, step)
    losses[:] = sorted(losses)
    return len(losses)


# %% tensorboard-1 wrong: there is no log in the folder
def log_torch(folder, losses):
    with tempfile.TemporaryDirectory() as other, SummaryWriter(other) as writer:
        for step, loss in enumerate(losses):
            writer.add_scalar("training/loss", loss, step)
    return len(losses)


# %% tensorboard-2 right
def log_tf(folder, pictures, weights, step):
    with tf.summary.create_file_writer(str(folder)).as_default():
        images = tf.expand_dims(pictures, -1)
        tf.summary.image("look/pictures", images, step=step, max_outputs=100)
        tf.summary.histogram("look/weights", weights, step=step)


# %% tensorboard-2 wrong: the number of pictures in the log is 3, expected 5
def log_tf(folder, pictures, weights, step):
    with tf.summary.create_file_writer(str(folder)).as_default(step):
        tf.summary.image("look/pictures", pictures[..., None])
        tf.summary.histogram("look/weights", weights)


# %% tensorboard-2 wrong: the counts of the histogram of 1000 weights, summed,
def log_tf(folder, pictures, weights, step):
    with tf.summary.create_file_writer(str(folder)).as_default(step):
        tf.summary.image("look/pictures", pictures[..., None], max_outputs=len(pictures))
        tf.summary.histogram("look/weights", weights[::2])


# %% tensorboard-2 wrong: the number of pictures in the log is 5, expected 40
def log_tf(folder, pictures, weights, step):
    with tf.summary.create_file_writer(str(folder)).as_default(step):
        tf.summary.image("look/pictures", pictures[..., None], max_outputs=5)
        tf.summary.histogram("look/weights", weights)


# %% tensorboard-2 wrong: the steps are [0], expected [8]
def log_tf(folder, pictures, weights, step):
    with tf.summary.create_file_writer(str(folder)).as_default(0):
        tf.summary.image("look/pictures", pictures[..., None], max_outputs=len(pictures))
        tf.summary.histogram("look/weights", weights)


# %% tensorboard-2 wrong: the weights are scalars
def log_tf(folder, pictures, weights, step):
    with tf.summary.create_file_writer(str(folder)).as_default(step):
        tf.summary.image("look/pictures", pictures[..., None], max_outputs=len(pictures))
        tf.summary.scalar("look/weights", weights.mean())


# %% tensorboard-2 wrong: the pictures' bytes
def log_tf(folder, pictures, weights, step):
    with tf.summary.create_file_writer(str(folder)).as_default(step):
        tf.summary.image("look/pictures", pictures[..., None] / 2, max_outputs=len(pictures))
        tf.summary.histogram("look/weights", weights)


# %% tensorboard-2 wrong: the pictures' bytes is 255 at
def log_tf(folder, pictures, weights, step):
    pictures = pictures / pictures.max()
    with tf.summary.create_file_writer(folder).as_default(step):
        tf.summary.image("look/pictures", pictures[..., None], max_outputs=len(pictures))
        tf.summary.histogram("look/weights", weights)


# %% tensorboard-2 wrong: In the log 0 is black and 255 is white.
def log_tf(folder, pictures, weights, step):
    with tf.summary.create_file_writer(str(folder)).as_default(step):
        tf.summary.image("look/pictures", 255 * pictures[..., None], max_outputs=len(pictures))
        tf.summary.histogram("look/weights", weights)


# %% tensorboard-2 wrong: the number of pictures in the log is 10, expected 40
def log_tf(folder, pictures, weights, step):
    with tf.summary.create_file_writer(str(folder)).as_default(step):
        tf.summary.image("look/pictures", pictures[..., None], max_outputs=10)
        tf.summary.histogram("look/weights", weights)


# %% tensorboard-3 right
def silent_torch(hidden):
    return 1 - (hidden.amax(dim=0) > 0).double().mean()


def silent_tf(hidden):
    largest = tf.reduce_max(hidden, axis=0)
    return tf.math.count_nonzero(largest == 0) / tf.size(largest, out_type=tf.int64)


# %% tensorboard-3 wrong: 3 of 8 units are silent: the share that silent_torch gives is 0.05
def silent_torch(hidden):
    return (hidden == 0).all(dim=1).float().mean()


def silent_tf(hidden):
    return tf.reduce_mean(tf.cast(tf.reduce_all(hidden == 0, axis=0), "float32"))


# %% tensorboard-3 wrong: 3 of 8 units are silent: the share that silent_tf gives is 0.
def silent_torch(hidden):
    return (hidden == 0).all(dim=0).float().mean()


def silent_tf(hidden):
    return tf.reduce_mean(tf.cast(hidden == 0, "float32"))


# %% tensorboard-3 wrong: 3 of 8 units are silent: the share that silent_torch gives is 3, expected 0.375
def silent_torch(hidden):
    return (hidden == 0).all(dim=0).sum()


def silent_tf(hidden):
    return tf.math.count_nonzero(tf.reduce_all(hidden == 0, axis=0))


# %% tensorboard-3 wrong: some spoke once: the share that silent_torch gives is
def silent_torch(hidden):
    return (hidden < 1e-6).all(dim=0).float().mean()


def silent_tf(hidden):
    return tf.reduce_mean(tf.cast(tf.reduce_all(hidden < 1e-6, axis=0), "float32"))


# %% tensorboard-3 wrong: some spoke once: the share that silent_tf gives is
def silent_torch(hidden):
    return (hidden == 0).all(dim=0).float().mean()


def silent_tf(hidden):
    return tf.reduce_mean(tf.cast(tf.reduce_all(hidden[1:] == 0, axis=0), "float32"))


# %% tensorboard-3 wrong: 3 of 8 units are silent: the share that silent_torch gives is 0.75
def silent_torch(hidden):
    return (hidden.median(dim=0).values == 0).float().mean()


def silent_tf(hidden):
    return tf.reduce_mean(tf.cast(tf.reduce_all(hidden == 0, axis=0), "float32"))


# %% tensorboard-4 right
def best_run(folder):
    best, highest = None, -1
    for run, rows in dashboards.read_log(folder).query("tag == 'test/accuracy'").groupby("run"):
        last = rows.sort_values("step")["value"].iloc[-1]
        if last > highest:
            best, highest = run, last
    return best


# %% tensorboard-4 wrong: the best run named is 'rate 2/PyTorch', expected 'rate 2/TensorFlow'
def best_run(folder):
    log = dashboards.read_log(folder)
    return log[log.tag == "test/accuracy"].groupby("run").value.max().astype(float).idxmax()


# %% tensorboard-4 wrong: the best run named is 'a/TensorFlow', expected 'rate 2/TensorFlow'
def best_run(folder):
    log = dashboards.read_log(folder)
    return log[log.tag == "test/accuracy"].groupby("run").value.first().astype(float).idxmax()


# %% tensorboard-4 wrong: the best run named is 'a/PyTorch', expected 'rate 2/TensorFlow'
def best_run(folder):
    log = dashboards.read_log(folder)
    log = log[log.tag.str.contains("test/accuracy")]
    return log.groupby("run").value.last().idxmax()


# %% tensorboard-4 wrong: the best run named is 'unfinished', expected 'rate 2/TensorFlow'
def best_run(folder):
    return dashboards.read_log(folder).groupby("run").value.last().astype(float).idxmax()


# %% tensorboard-5 right
def diagnose(loss, accuracy, silent):
    if max(np.nan_to_num(loss, nan=np.inf)) > 1000:
        return "exploding"
    healthy = {False: "sound", True: "leak"}[accuracy[-1] > 0.99]
    return "dead" if silent[-1] > 0.8 else healthy


# %% tensorboard-5 wrong: the loss that ends in NaN: the diagnosis is 'sound', expected 'exploding'
def diagnose(loss, accuracy, silent):
    if max(loss) > 1000:
        return "exploding"
    return "dead" if silent[-1] > 0.8 else "leak" if accuracy[-1] > 0.99 else "sound"


# %% tensorboard-5 wrong: the slow training: the diagnosis is 'dead', expected 'sound'
def diagnose(loss, accuracy, silent):
    if not np.isfinite(loss).all() or max(loss) > 1000:
        return "exploding"
    return "dead" if loss[-1] > 2.2 else "leak" if accuracy[-1] > 0.99 else "sound"


# %% tensorboard-5 wrong: the loss that soars and falls: the diagnosis is 'dead', expected 'exploding'
def diagnose(loss, accuracy, silent):
    if silent[-1] > 0.8:
        return "dead"
    if not np.isfinite(loss).all() or max(loss) > 1000:
        return "exploding"
    return "leak" if accuracy[-1] > 0.99 else "sound"


# %% tensorboard-5 wrong: the leak: the diagnosis is 'sound', expected 'leak'
def diagnose(loss, accuracy, silent):
    if not np.isfinite(loss).all() or max(loss) > 1000:
        return "exploding"
    return "dead" if silent[-1] > 0.8 else "sound"


# %% tensorboard-5 wrong: the units that die at the end: the diagnosis is 'sound', expected 'dead'
def diagnose(loss, accuracy, silent):
    if not np.isfinite(loss).all() or max(loss) > 1000:
        return "exploding"
    return "dead" if np.mean(silent) > 0.8 else "leak" if accuracy[-1] > 0.99 else "sound"


# %% tensorboard-5 wrong: the accuracy 0.99: the diagnosis is 'leak', expected 'sound'
def diagnose(loss, accuracy, silent):
    if not np.isfinite(loss).all() or max(loss) > 1000:
        return "exploding"
    return "dead" if silent[-1] > 0.8 else "leak" if max(accuracy) > 0.99 else "sound"
