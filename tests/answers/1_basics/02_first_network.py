# Answers to the tasks of exercise 02, right and wrong; the text after `wrong:` is part of what the
# learner must read.

# %% first_network-1 right
def unit_torch(data, weights, bias):
    logits = (data * weights).sum(dim=1) + bias
    return 1 / (1 + torch.exp(-logits))


# %% first_network-1 wrong: with zero weights and bias 2, the answer is [2., 2.], expected [0.8808, 0.8808]. These are the logits, without the bend.
def unit_torch(data, weights, bias):
    return data @ weights + bias


# %% first_network-1 wrong: with zero weights and bias 2, the answer is [0.5, 0.5], expected [0.8808, 0.8808]
def unit_torch(data, weights, bias):
    return torch.sigmoid(data @ weights)


# %% first_network-1 wrong: has shape (2, 3), expected (2,)
def unit_torch(data, weights, bias):
    return torch.sigmoid(data * weights + bias)


# %% first_network-1 wrong: unit_torch(...) is numpy.ndarray, expected torch.Tensor
def unit_torch(data, weights, bias):
    return 1 / (1 + np.exp(-(data.numpy() @ weights.numpy() + bias)))


# %% first_network-1 wrong: unit_torch(...) is NoneType, expected torch.Tensor
def unit_torch(data, weights, bias):
    answer = torch.sigmoid(data @ weights + bias)


# %% first_network-1 wrong: your code stopped at line 2 of the cell, in unit_torch: `return torch.sigmoid(weights @ data + bias)`: RuntimeError
def unit_torch(data, weights, bias):
    return torch.sigmoid(weights @ data + bias)


# %% first_network-1 wrong: for seven points drawn at random, the answer
def unit_torch(data, weights, bias):
    return torch.sigmoid((data @ weights + bias).clamp(min=0))


# %% first_network-1 wrong: your code changes the data or the weights
def unit_torch(data, weights, bias):
    return torch.sigmoid(data.mul_(weights).sum(dim=1) + bias)


# %% first_network-2 right
def loss_tf(target, logits):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=target, logits=logits))


# %% first_network-2 wrong: for logits of 0 (undecided), the loss is 12.089, expected 0.69315. The logits were taken for probabilities.
def loss_tf(target, logits):
    return keras.losses.BinaryCrossentropy()(target, logits)


# %% first_network-2 wrong: has shape (4,), expected ()
def loss_tf(target, logits):
    return keras.losses.binary_crossentropy(target, logits, from_logits=True)


# %% first_network-2 wrong: for logits of 0 (undecided), the loss is 0.25, expected 0.69315
def loss_tf(target, logits):
    return keras.losses.MeanSquaredError()(target, tf.sigmoid(logits))


# %% first_network-2 wrong: for logits of 0 (undecided), the loss is 1.1582, expected 0.69315. The two arguments of Keras's loss have changed places.
def loss_tf(target, logits):
    return keras.losses.BinaryCrossentropy(from_logits=True)(logits, target)


# %% first_network-2 wrong: for logits of 0 (undecided), the loss is 0.59908, expected 0.69315. The logits went through two sigmoids.
def loss_tf(target, logits):
    return keras.losses.BinaryCrossentropy(from_logits=True)(target, tf.sigmoid(logits))


# %% first_network-2 wrong: for logits of 0 (undecided), the loss is 2.7726, expected 0.69315. This is the sum.
def loss_tf(target, logits):
    return keras.losses.BinaryCrossentropy(from_logits=True, reduction="sum")(target, logits)


# %% first_network-2 wrong: expected numbers: was it made, and never called?
def loss_tf(target, logits):
    return keras.losses.BinaryCrossentropy(target, logits)


# %% first_network-2 right
def loss_tf(target, logits):
    losses = tf.nn.sigmoid_cross_entropy_with_logits(target, tf.convert_to_tensor(logits))
    return tf.reduce_mean(losses)


# %% first_network-2 wrong: Where float32 cannot tell a sigmoid from 0 or 1
def loss_tf(target, logits):
    return keras.losses.BinaryCrossentropy()(target, tf.sigmoid(logits))


# %% first_network-2 wrong: for large logits, the loss
def loss_tf(target, logits):
    return keras.losses.BinaryCrossentropy(from_logits=True)(target, tf.clip_by_value(logits, -15, 15))


# %% first_network-3 right
def step_torch(model, loss_fn, optimizer, data, target):
    optimizer.zero_grad()
    answers = model(data)
    loss = loss_fn(answers, target)
    loss.backward()
    optimizer.step()
    return float(loss.detach())


# %% first_network-3 wrong: the weight after two steps is 1.7306, expected 0.98056. The first step's gradient was added to the second's.
def step_torch(model, loss_fn, optimizer, data, target):
    loss = loss_fn(model(data), target)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% first_network-3 wrong: the weight after one step is 0, expected 0.75. It has not moved.
def step_torch(model, loss_fn, optimizer, data, target):
    loss = loss_fn(model(data), target)
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


# %% first_network-3 wrong: what step_torch returns is torch.Tensor, expected float
def step_torch(model, loss_fn, optimizer, data, target):
    loss = loss_fn(model(data), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


# %% first_network-3 wrong: the loss that the first step returns is 0.18943, expected 0.69315. This is the loss after the move.
def step_torch(model, loss_fn, optimizer, data, target):
    loss = loss_fn(model(data), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss_fn(model(data), target).item()


# %% first_network-3 wrong: is None: does your function return its result?
def step_torch(model, loss_fn, optimizer, data, target):
    loss = loss_fn(model(data), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


# %% first_network-3 wrong: The loss got (target, answer), and takes (answer, target).
def step_torch(model, loss_fn, optimizer, data, target):
    loss = loss_fn(target, model(data))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% first_network-3 wrong: with nn.MSELoss, Adam and two layers, the losses of three steps is [
def step_torch(model, loss_fn, optimizer, data, target):
    loss = loss_fn(model(data), target)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= optimizer.param_groups[0]["lr"] * parameter.grad
    return loss.item()


# %% first_network-3 wrong: with nn.MSELoss, Adam and two layers, the losses of three steps
def step_torch(model, loss_fn, optimizer, data, target):
    loss = nn.functional.binary_cross_entropy_with_logits(model(data), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% first_network-3 wrong: Adam and two layers, the losses of three steps
def step_torch(model, loss_fn, optimizer, data, target):
    loss = loss_fn(model(data), target)
    optimizer.zero_grad()
    layer = list(model.parameters())[:2]
    for weight, gradient in zip(layer, torch.autograd.grad(loss, layer)):
        weight.grad = gradient
    optimizer.step()
    return loss.item()


# %% first_network-4 right
def step_tf(model, loss_fn, optimizer, data, target):
    weights = model.trainable_variables
    with tf.GradientTape() as tape:
        answers = model(data)
        loss = loss_fn(target, answers)
    optimizer.apply(tape.gradient(loss, weights), weights)
    return loss.numpy().item()


# %% first_network-4 wrong: in step_tf: `optimizer.apply_gradients(zip(gradients, model.trainable_variables))`
def step_tf(model, loss_fn, optimizer, data, target):
    loss = loss_fn(target, model(data))
    with tf.GradientTape() as tape:
        pass
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return float(loss)


# %% first_network-4 wrong: the bias after one step is 0, expected 0.5. It has not moved.
def step_tf(model, loss_fn, optimizer, data, target):
    kernel = model.trainable_variables[0]
    with tf.GradientTape() as tape:
        loss = loss_fn(target, model(data))
    optimizer.apply_gradients([(tape.gradient(loss, kernel), kernel)])
    return float(loss)


# %% first_network-4 wrong: the weight after one step is -0.75, expected 0.75
def step_tf(model, loss_fn, optimizer, data, target):
    with tf.GradientTape() as tape:
        loss = loss_fn(target, model(data))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients([(-g, v) for g, v in zip(gradients, model.trainable_variables)])
    return float(loss)


# %% first_network-4 wrong: the weight after one step is 0, expected 0.75. It has not moved.
def step_tf(model, loss_fn, optimizer, data, target):
    with tf.GradientTape() as tape:
        loss = loss_fn(target, model(data))
    tape.gradient(loss, model.trainable_variables)
    return float(loss)


# %% first_network-4 wrong: what step_tf returns is
def step_tf(model, loss_fn, optimizer, data, target):
    with tf.GradientTape() as tape:
        loss = loss_fn(target, model(data))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


# %% first_network-4 wrong: The loss got (answer, target), and takes (target, answer).
def step_tf(model, loss_fn, optimizer, data, target):
    with tf.GradientTape() as tape:
        loss = loss_fn(model(data), target)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return float(loss)


# %% first_network-4 wrong: with MeanSquaredError, Adam and two layers, the losses of three steps is [
def step_tf(model, loss_fn, optimizer, data, target):
    with tf.GradientTape() as tape:
        loss = loss_fn(target, model(data))
    for gradient, weight in zip(
        tape.gradient(loss, model.trainable_variables), model.trainable_variables
    ):
        weight.assign_sub(optimizer.learning_rate * gradient)
    return float(loss)


# %% first_network-4 wrong: with MeanSquaredError, Adam and two layers, the losses of three steps
def step_tf(model, loss_fn, optimizer, data, target):
    loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        loss = loss_fn(target, model(data))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return float(loss)


# %% first_network-4 wrong: Adam and two layers, the losses of three steps
def step_tf(model, loss_fn, optimizer, data, target):
    layer = model.trainable_variables[:2]
    with tf.GradientTape() as tape:
        loss = loss_fn(target, model(data))
    optimizer.apply_gradients(zip(tape.gradient(loss, layer), layer))
    return float(loss)


# %% first_network-5 right
def twins():
    class Digits(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = nn.Linear(64, 16)
            self.output = nn.Linear(16, 10)

        def forward(self, data):
            return self.output(torch.relu(self.hidden(data)))

    start = keras.Input((64,))
    middle = keras.layers.ReLU()(keras.layers.Dense(16)(start))
    return Digits(), keras.Model(start, keras.layers.Dense(10)(middle))


# %% first_network-5 right
class OutputFirst(keras.Model):
    def __init__(self):
        super().__init__()
        self.output_layer = keras.layers.Dense(10)
        self.hidden = keras.layers.Dense(16, activation="relu")

    def call(self, data):
        return self.output_layer(self.hidden(data))


def twins():
    model_tf = OutputFirst()
    model_tf(np.zeros((1, 64), "float32"))
    return [nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10)), model_tf]


# %% first_network-5 wrong: the number of weights of your PyTorch model is 650, expected 1210
def twins():
    model_torch = nn.Sequential(nn.Linear(64, 10))
    return model_torch, keras.Sequential([keras.Input((64,)), keras.layers.Dense(10)])


# %% first_network-5 wrong: stands no activation in PyTorch and softmax in Keras
def twins():
    model_torch = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    layers = [
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
    return model_torch, keras.Sequential([keras.Input((64,)), *layers])


# %% first_network-5 wrong: stands no activation in PyTorch and ReLU in Keras
def twins():
    model_torch = nn.Sequential(nn.Linear(64, 16), nn.Linear(16, 10))
    layers = [keras.layers.Dense(16, activation="relu"), keras.layers.Dense(10)]
    return model_torch, keras.Sequential([keras.Input((64,)), *layers])


# %% first_network-5 wrong: do not answer as they do with a ReLU in the hidden layer
def twins():
    model_torch = nn.Sequential(nn.Linear(64, 16), nn.Sigmoid(), nn.Linear(16, 10))
    layers = [keras.layers.Dense(16, activation="sigmoid"), keras.layers.Dense(10)]
    return model_torch, keras.Sequential([keras.Input((64,)), *layers])


# %% first_network-5 wrong: your models do not answer as they do with a ReLU
def twins():
    model_torch = nn.Sequential(nn.Linear(64, 16), nn.Linear(16, 10))
    layers = [keras.layers.Dense(16), keras.layers.Dense(10)]
    return model_torch, keras.Sequential([keras.Input((64,)), *layers])


# %% first_network-5 wrong: the number of weights of your Keras model is
def twins():
    model_torch = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    layers = [
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(16),
        keras.layers.Dense(10),
    ]
    return model_torch, keras.Sequential([keras.Input((64,)), *layers])


# %% first_network-5 wrong: begin with keras.Input((64,))
def twins():
    model_torch = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    layers = [keras.layers.Dense(16, activation="relu"), keras.layers.Dense(10)]
    return model_torch, keras.Sequential(layers)


# %% first_network-5 wrong: twins() should return two models
def twins():
    return nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))


# %% first_network-5 wrong: the first model is keras.src.models.sequential.Sequential, expected torch.nn
def twins():
    model_torch = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    layers = [keras.layers.Dense(16, activation="relu"), keras.layers.Dense(10)]
    return keras.Sequential([keras.Input((64,)), *layers]), model_torch
