"""Keras 3, on JAX and on TensorFlow."""

import os

from generate import case


def data():
    import numpy

    random = numpy.random.default_rng(0)
    x = random.random((96, 4), dtype="float32")
    return x, (x.sum(1) > 2).astype("float32")


def model(metrics=("accuracy",)):
    import keras

    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(4, activation="relu"),
                             keras.layers.Dense(1, activation="sigmoid")])
    made.compile("adam", "binary_crossentropy", metrics=list(metrics))
    return made


def add_history(truth, history):
    for key, values in history.history.items():
        truth.series(key, values)


@case(["keras", "jax"])
def keras_lines(truth):
    add_history(truth, model().fit(*data(), epochs=4, verbose=2, validation_split=0.25, batch_size=16))


@case(["keras", "jax"])
def keras_bars(truth):
    add_history(truth, model().fit(*data(), epochs=3, verbose=1, validation_split=0.25, batch_size=16))


@case(["keras", "jax"], on_tty=True)
def keras_bars_tty(truth):
    add_history(truth, model().fit(*data(), epochs=3, verbose=1, validation_split=0.25, batch_size=16))


@case(["keras", "jax"])
def keras_callbacks(truth):
    import keras

    made = model(["accuracy", keras.metrics.AUC(name="auc")])
    callbacks = [keras.callbacks.ReduceLROnPlateau(patience=0, verbose=1, min_delta=1),
                 keras.callbacks.EarlyStopping(patience=2, verbose=1, min_delta=1),
                 keras.callbacks.ModelCheckpoint("model.keras", verbose=1, save_best_only=True)]
    add_history(truth, made.fit(*data(), epochs=4, verbose=2, validation_split=0.25, callbacks=callbacks))


@case(["keras", "jax"])
def keras_callbacks_bars(truth):
    import keras

    callbacks = [keras.callbacks.ModelCheckpoint("model.keras", verbose=1, save_best_only=True)]
    add_history(truth, model().fit(*data(), epochs=3, verbose=1, validation_split=0.25, callbacks=callbacks))


@case(["keras", "jax"])
def keras_evaluate(truth):
    made = model()
    x, y = data()
    add_history(truth, made.fit(x, y, epochs=2, verbose=2, batch_size=16))
    for key, value in made.evaluate(x[:40], y[:40], verbose=2, batch_size=16, return_dict=True).items():
        truth.add(f"eval_{key}", 2, value)
    made.predict(x, verbose=1)
    made.summary()


@case(["keras", "jax"])
def keras_print_logs(truth):
    import keras

    seen = []
    callback = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: (print(f"epoch {epoch}:", logs), seen.append(dict(logs))))
    model().fit(*data(), epochs=3, verbose=0, validation_split=0.25, callbacks=[callback])
    for epoch, logs in enumerate(seen):
        for key, value in logs.items():
            truth.add(key, epoch, value)


@case(["tensorflow"])
def tensorflow_bars(truth):
    os.environ["KERAS_BACKEND"] = "tensorflow"
    add_history(truth, model(["accuracy", "mse"]).fit(*data(), epochs=3, verbose=1, validation_split=0.25))


@case(["tensorflow"])
def tensorflow_print(truth):
    import tensorflow

    weight = tensorflow.Variable(0.0)
    for step in range(6):
        with tensorflow.GradientTape() as tape:
            loss = (weight - 3.0) ** 2
        weight.assign_sub(0.1 * tape.gradient(loss, weight))
        tensorflow.print("step:", step, "loss:", loss, "weight:", weight)
        truth.add("loss", step, loss.numpy())
        truth.add("weight", step, weight.numpy())


@case(["jax", "optax"])
def jax_loop(truth):
    import jax
    import optax

    x, y = data()

    def loss_of(w):
        return ((x @ w - y) ** 2).mean()

    w = jax.numpy.zeros(4)
    optimizer = optax.adam(0.1)
    state = optimizer.init(w)
    print("devices:", jax.devices(), "jax version:", jax.__version__)
    for step in range(0, 60):
        loss, gradient = jax.value_and_grad(loss_of)(w)
        updates, state = optimizer.update(gradient, state)
        w = optax.apply_updates(w, updates)
        if step % 10 == 0:
            print(f"step {step:3d} | loss {loss:.5f} | grad norm {optax.global_norm(gradient):.3e}")
            truth.add("loss", step, loss)
            truth.add("grad_norm", step, optax.global_norm(gradient))
