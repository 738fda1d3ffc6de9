"""A small MLP in JAX. Etude has the loop: it logs, saves and restores.

Two hidden layers with rectifiers: the baseline of Gorishniy et al. 2021, Revisiting deep learning
models for tabular data, arXiv:2106.11959 (S1). Hold it against boosted trees too (Grinsztajn et al.
2022, arXiv:2207.08815): on tables they are hard to beat.
"""

from itertools import pairwise

import jax
import jax.numpy as jnp
from functions import CLASSES, load

from etude.train.jax.models import Model


class Table:
    """A workload: model, loss, metrics and data. The loop is Etude's."""

    def __init__(self):
        self.training, self.validation = load()

    def model(self, setting):
        width = setting["width"]
        sizes = [self.training[0].shape[1], width, width, CLASSES]

        def init(key):
            keys = jax.random.split(key, 3)
            return [layer(*each) for each in zip(keys, pairwise(sizes), strict=True)]

        def apply(params, x):
            *hidden, last = params
            for part in hidden:
                x = jax.nn.relu(x @ part["w"] + part["b"])
            return x @ last["w"] + last["b"]

        return Model(init, apply)

    def loss(self, predict, batch, setting):
        rows, labels = batch
        return cross_entropy(predict(rows), labels).mean()

    def metrics(self, predict, batch):
        rows, labels = batch
        logits = predict(rows)
        return {"error": logits.argmax(-1) != labels, "loss": cross_entropy(logits, labels)}


def layer(key, shape):
    """Weights drawn evenly up to 1 / sqrt(inputs), as PyTorch draws them, and no bias yet."""
    inputs, outputs = shape
    bound = inputs**-0.5
    return {
        "w": jax.random.uniform(key, shape, minval=-bound, maxval=bound),
        "b": jnp.zeros(outputs),
    }


def cross_entropy(logits, labels):
    """One value an example."""
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=-1)[:, 0]


train = Table
