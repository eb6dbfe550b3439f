# Answers to the tasks of the exercise on card fraud, right and wrong; the text after `wrong:`
# is part of what the learner must read.

# %% card_fraud-1 right
def precision_and_recall(stopped, fraud):
    stopped, fraud = np.array(stopped) > 0, np.array(fraud) > 0
    precision = fraud[stopped].mean() if stopped.any() else 0.0
    return precision, stopped[fraud].mean()


# %% card_fraud-1 wrong: 4 frauds in all: the precision is 0.25, expected 0.5
def precision_and_recall(stopped, fraud):
    hits = np.sum((stopped == 1) & (fraud == 1))
    return hits / np.sum(fraud), hits / max(1, np.sum(stopped))


# %% card_fraud-1 wrong: 4 frauds in all: the precision is 0.6, expected 0.5
def precision_and_recall(stopped, fraud):
    return np.mean(stopped == fraud), np.sum((stopped == 1) & (fraud == 1)) / np.sum(fraud)


# %% card_fraud-1 wrong: 4 frauds in all: the recall is 0.1, expected 0.25
def precision_and_recall(stopped, fraud):
    both = (stopped == 1) & (fraud == 1)
    return both.sum() / max(1, stopped.sum()), both.mean()


# %% card_fraud-1 wrong: where nothing is stopped, the pair holds a number that is not finite
def precision_and_recall(stopped, fraud):
    with np.errstate(all="ignore"):
        hits = np.sum((stopped == 1) & (fraud == 1))
        return hits / np.sum(stopped), hits / np.sum(fraud)


# %% card_fraud-1 wrong: a pair (precision, recall) is wanted
def precision_and_recall(stopped, fraud):
    return np.sum((stopped == 1) & (fraud == 1)) / max(1, np.sum(stopped))


# %% card_fraud-1 wrong: with booleans, 11 stopped, 3 of them fraud, 13 frauds in all: the pair
def precision_and_recall(stopped, fraud):
    hits = stopped @ fraud
    return hits / max(1, np.sum(stopped)), hits / np.sum(fraud)


# %% card_fraud-1 right
def precision_and_recall(stopped, fraud):
    stopped, fraud = torch.tensor(stopped).double(), torch.tensor(fraud).double()
    hits = (stopped * fraud).sum()
    return torch.stack([hits / stopped.sum().clamp(min=1), hits / fraud.sum()])


# %% card_fraud-2 right
def weighted_loss_torch(logits, target):
    weight = (1 - target).sum() / target.sum()
    each = -weight * target * nn.functional.logsigmoid(logits)
    return (each - (1 - target) * nn.functional.logsigmoid(-logits)).mean()


# %% card_fraud-2 wrong: It is the loss without any weight.
def weighted_loss_torch(logits, target):
    return nn.functional.binary_cross_entropy_with_logits(logits, target)


# %% card_fraud-2 wrong: It is divided by the sum of the weights.
def weighted_loss_torch(logits, target):
    weights = 1 + target * ((target == 0).sum() / (target == 1).sum() - 1)
    each = nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (weights * each).sum() / weights.sum()


# %% card_fraud-2 wrong: with 2 frauds and 28 honest payments, the loss is
def weighted_loss_torch(logits, target):
    return nn.functional.binary_cross_entropy_with_logits(
        logits, target, pos_weight=torch.tensor(3.0, dtype=logits.dtype)
    )


# %% card_fraud-2 wrong: your code stopped at
def weighted_loss_torch(logits, target):
    weight = float((target == 0).sum() / (target == 1).sum())
    return nn.functional.binary_cross_entropy_with_logits(logits, target, pos_weight=weight)


# %% card_fraud-2 wrong: no gradient leads from the loss back to the logits
def weighted_loss_torch(logits, target):
    weight = (target == 0).sum() / (target == 1).sum()
    return nn.functional.binary_cross_entropy_with_logits(
        logits, target, pos_weight=weight
    ).item()


# %% card_fraud-3 right
def probability_tf(logits, weight):
    odds = tf.exp(logits) / weight
    return odds / (1 + odds)


# %% card_fraud-3 wrong: trained with weight 9, the tensor of probabilities is [0.08
def probability_tf(logits, weight):
    return tf.sigmoid(logits)


# %% card_fraud-3 wrong: trained with weight 9, the tensor of probabilities is [0.0093, 0.0769, 0.1   , 0.1098], expected [0.01, 0.2 , 0.5 , 0.9 ]. It looks as if the probability was divided by the weight. (first at [0]: 0.0092593, expected 0.01)
def probability_tf(logits, weight):
    return tf.sigmoid(logits) / weight


# %% card_fraud-3 wrong: trained with weight 1, the tensor of probabilities is [-4
def probability_tf(logits, weight):
    return logits - np.log(weight)


# %% card_fraud-3 wrong: trained with weight 9, the tensor of probabilities is [0.45
def probability_tf(logits, weight):
    return tf.sigmoid(logits + np.log(weight))


# %% card_fraud-4 right
def stop(probability, amount, call):
    return np.where(amount > 0, probability > call / amount, False)


# %% card_fraud-4 wrong: with calls of 2 euros, what your decisions cost on average is 2098.8, expected 456.37
def stop(probability, amount, call):
    return probability > 0.5


# %% card_fraud-4 wrong: with calls of 2 euros, what your decisions cost on average is 459.29
def stop(probability, amount, call):
    return probability * amount > (1 - probability) * call


# %% card_fraud-4 wrong: one boolean a payment is wanted
def stop(probability, amount, call):
    return probability * amount - call


# %% card_fraud-4 wrong: with calls of 20 euros, what your decisions cost on average is
def stop(probability, amount, call):
    return probability * amount > 2


# %% card_fraud-5 right
def hits_torch(logits, fraud, k):
    return fraud[logits.argsort(descending=True)[:k]].double().mean()


def hits_tf(logits, fraud, k):
    order = tf.argsort(logits, direction="DESCENDING")
    return np.mean(tf.gather(fraud, order[:k]).numpy())


# %% card_fraud-5 wrong: hits_torch among the 10 largest of 500 is
def hits_torch(logits, fraud, k):
    return fraud[logits.argsort()[:k]].float().mean()


def hits_tf(logits, fraud, k):
    return tf.reduce_mean(tf.cast(tf.gather(fraud, tf.math.top_k(logits, k).indices), "float32"))


# %% card_fraud-5 wrong: hits_tf among the 10 largest of 500 is
def hits_torch(logits, fraud, k):
    return fraud[torch.topk(logits, k).indices].float().mean()


def hits_tf(logits, fraud, k):
    return tf.reduce_mean(tf.gather(fraud, tf.math.top_k(logits, k).indices))


# %% card_fraud-5 wrong: hits_torch among the 80 largest of 500 is
def hits_torch(logits, fraud, k):
    return fraud[torch.topk(logits, 10).indices].float().mean()


def hits_tf(logits, fraud, k):
    return tf.reduce_mean(tf.cast(tf.gather(fraud, tf.math.top_k(logits, k).indices), "float32"))


# %% card_fraud-5 wrong: hits_tf among the 10 largest of 500 has shape
def hits_torch(logits, fraud, k):
    return fraud[torch.topk(logits, k).indices].float().mean()


def hits_tf(logits, fraud, k):
    return tf.gather(fraud, tf.math.top_k(logits, k).indices)
