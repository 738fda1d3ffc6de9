"""Handwritten digits and a network of a hidden layer, in JAX."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.datasets import load_digits

SEED = 0
WIDTH = 64


class Model(NamedTuple):
    init: object
    apply: object


def layer(key, inputs, outputs):
    weights = jax.random.normal(key, (inputs, outputs)) * (2.0 / inputs) ** 0.5
    return {"weights": weights, "bias": jnp.zeros(outputs)}


class Digits:
    def __init__(self):
        pixels, labels = load_digits(return_X_y=True)
        order = np.random.default_rng(SEED).permutation(len(labels))
        scaled = ((pixels - pixels.mean()) / pixels.std()).astype(np.float32)[order]
        labels = labels[order]
        self.training = (scaled[:1000], labels[:1000])
        self.validation = (scaled[1000:], labels[1000:])

    def model(self, setting):
        def init(key):
            first, second = jax.random.split(key)
            return [layer(first, 64, WIDTH), layer(second, WIDTH, 10)]

        def apply(parameters, x, key=None):
            first, second = parameters
            x = jax.nn.relu(x @ first["weights"] + first["bias"])
            return x @ second["weights"] + second["bias"]

        return Model(init, apply)

    def loss(self, predict, batch, setting):
        pixels, labels = batch
        odds = jax.nn.log_softmax(predict(pixels))
        return -jnp.take_along_axis(odds, labels[:, None], axis=-1).mean()

    def metrics(self, predict, batch):
        pixels, labels = batch
        odds = jax.nn.log_softmax(predict(pixels))
        losses = -jnp.take_along_axis(odds, labels[:, None], axis=-1)[:, 0]
        return {"loss": losses, "error": odds.argmax(-1) != labels}
