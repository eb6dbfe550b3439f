"""G10: can a dynamic graph be changed at any time? A layer is added in the middle of a training."""

import numpy as np
import shims

torch, tf = shims.one_thread()
data = np.random.default_rng(0).random((16, 3)).astype("float32")


def grow_torch(told):
    """Train, add a layer, train on; say whether the new layer has learned."""
    model = torch.nn.ModuleList([torch.nn.Linear(3, 3)])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(6):
        if step == 3:
            model.append(torch.nn.Linear(3, 3))
            first = model[1].weight.detach().clone()
            if told:
                optimizer.add_param_group({"params": model[1].parameters()})
        value = torch.tensor(data)
        for layer in model:
            value = layer(value)
        optimizer.zero_grad()
        (value**2).mean().backward()
        optimizer.step()
    return not torch.equal(first, model[1].weight)


def grow_tf(told):
    """Do the same; Keras of now wants a new optimizer for new weights."""
    layers = [tf.keras.layers.Dense(3)]
    optimizer = tf.keras.optimizers.SGD(0.1)
    for step in range(6):
        if step == 3:
            layers.append(tf.keras.layers.Dense(3))
            layers[1].build((None, 3))
            first = layers[1].get_weights()[0]
            if told:
                optimizer = tf.keras.optimizers.SGD(0.1)
        with tf.GradientTape() as tape:
            value = tf.constant(data)
            for layer in layers:
                value = layer(value)
            loss = tf.reduce_mean(value**2)
        weights = [weight for layer in layers for weight in layer.trainable_variables]
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
    return not np.array_equal(first, layers[1].get_weights()[0])


untold_tf = shims.works(grow_tf, False)
shims.answer(
    {
        "PyTorch: the new layer learns": grow_torch(told=True),
        "PyTorch: not if the optimizer is not told": not grow_torch(told=False),
        "TensorFlow: the new layer learns": shims.works(grow_tf, True) and grow_tf(told=True),
    },
    counts={"TensorFlow's optimizer takes it untold": int(untold_tf)},
)
