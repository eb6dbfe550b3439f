"""Twenty everyday idioms of TensorFlow in October 2021, ours: which of them run?"""

import tempfile

import numpy as np
import shims

tf = shims.one_tf()
keras = tf.keras
place = tempfile.mkdtemp()
draw = np.random.default_rng(0)
data, target = draw.random((12, 4)).astype("float32"), draw.integers(0, 3, 12)


def net(optimizer="adam"):
    """Return a small network, compiled."""
    model = keras.Sequential(
        [
            keras.layers.Dense(8, activation="relu", input_shape=(4,)),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def compile_and_fit():
    net().fit(data, target, epochs=2, batch_size=4, validation_split=0.25, verbose=0)


def functional_model():
    inputs = keras.Input((4,))
    keras.Model(inputs, keras.layers.Dense(3)(inputs)).predict(data, verbose=0)


def tape_and_apply():
    model, optimizer = net(), keras.optimizers.Adam()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(data))
    weights = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))


def rate_called_lr():
    net(keras.optimizers.Adam(lr=0.01)).fit(data, target, verbose=0)


def decay_of_an_optimizer():
    net(keras.optimizers.SGD(0.01, decay=1e-4)).fit(data, target, verbose=0)


def model_to_a_folder_and_back():
    net().save(place + "/folder")
    keras.models.load_model(place + "/folder")


def recurrent_layers_over_words():
    words = keras.layers.Embedding(10, 4, input_length=3, mask_zero=True)
    model = keras.Sequential([words, keras.layers.LSTM(8), keras.layers.Dense(1)])
    model.compile("rmsprop", "mse")
    model.fit(draw.integers(0, 10, (12, 3)), draw.random((12, 1)), verbose=0)


def model_to_h5_and_back():
    net().save(place + "/model.h5")
    keras.models.load_model(place + "/model.h5").predict(data, verbose=0)


def weights_in_a_checkpoint():
    model = net()
    model.save_weights(place + "/weights")
    model.load_weights(place + "/weights")


def checkpoints_while_it_fits():
    keep = keras.callbacks.ModelCheckpoint(place + "/best-{epoch}", save_weights_only=True)
    net().fit(data, target, verbose=0, callbacks=[keep])


def board_while_it_fits():
    net().fit(data, target, verbose=0, callbacks=[keras.callbacks.TensorBoard(place)])


def early_stopping():
    stop = keras.callbacks.EarlyStopping(monitor="loss", restore_best_weights=True)
    net().fit(data, target, epochs=3, verbose=0, callbacks=[stop])


def data_set_with_autotune():
    rows = tf.data.Dataset.from_tensor_slices((data, target)).shuffle(12).batch(4)
    net().fit(rows.prefetch(tf.data.experimental.AUTOTUNE), verbose=0)


def generator_of_pictures():
    pictures = draw.random((4, 8, 8, 3)).astype("float32")
    make = keras.preprocessing.image.ImageDataGenerator(horizontal_flip=True)
    next(make.flow(pictures, np.zeros(4), batch_size=2))


def tokenizer():
    words = keras.preprocessing.text.Tokenizer(num_words=10)
    words.fit_on_texts(["one two", "two three"])
    keras.preprocessing.sequence.pad_sequences(words.texts_to_sequences(["two"]))


def normalization_layer():
    layer = keras.layers.experimental.preprocessing.Normalization()
    layer.adapt(data)


def backend_s_functions():
    keras.backend.mean(keras.backend.square(tf.constant(data)))


def wrapper_for_scikit_learn():
    keras.wrappers.scikit_learn.KerasClassifier(net, verbose=0).fit(data, target)


def estimator():
    columns = [tf.feature_column.numeric_column("x", shape=(4,))]
    guess = tf.estimator.LinearClassifier(columns, n_classes=3, model_dir=place + "/estimator")
    rows = tf.compat.v1.estimator.inputs.numpy_input_fn({"x": data}, target, shuffle=False)
    guess.train(rows, steps=1)


def session():
    with tf.Graph().as_default(), tf.compat.v1.Session() as own:
        value = tf.compat.v1.placeholder(tf.float32)
        assert own.run(value * 2, {value: 1.0}) == 2


IDIOMS = [
    compile_and_fit,
    functional_model,
    tape_and_apply,
    rate_called_lr,
    decay_of_an_optimizer,
    model_to_a_folder_and_back,
    recurrent_layers_over_words,
    model_to_h5_and_back,
    weights_in_a_checkpoint,
    checkpoints_while_it_fits,
    board_while_it_fits,
    early_stopping,
    data_set_with_autotune,
    generator_of_pictures,
    tokenizer,
    normalization_layer,
    backend_s_functions,
    wrapper_for_scikit_learn,
    estimator,
    session,
]
shims.answer({idiom.__name__.replace("_", " "): shims.works(idiom) for idiom in IDIOMS})
