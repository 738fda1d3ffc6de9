"""The MLP of `examples/digits` in JAX: a workload says the same whichever library it is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class Model(NamedTuple):
    init: Callable[..., Any]
    apply: Callable[..., Any]


class Mlp:
    """Two hidden layers; 1,200 digits to train on, 597 to validate on."""

    def __init__(self) -> None:
        pixels, labels = load_digits(return_X_y=True)
        rows = np.arange(len(labels))
        train, valid = train_test_split(rows, train_size=1200, stratify=labels, random_state=0)
        scaled = ((pixels - pixels[train].mean()) / pixels[train].std()).astype(np.float32)
        self.training, self.validation = ((scaled[at], labels[at]) for at in (train, valid))

    def model(self, setting: Mapping[str, Any]) -> Model:
        sizes, rate = [64, setting["width"], setting["width"], 10], setting["dropout"]

        def init(key):
            keys = jax.random.split(key, 3)
            return [layer(*each) for each in zip(keys, pairwise(sizes), strict=True)]

        def apply(params, x, key=None):
            first, second, last = params
            x = jax.nn.relu(x @ first["w"] + first["b"])
            if key is not None:  # while training: dropout, another mask at every step
                x = x * jax.random.bernoulli(key, 1 - rate, x.shape) / (1 - rate)
            x = jax.nn.relu(x @ second["w"] + second["b"])
            return x @ last["w"] + last["b"]

        return Model(init, apply)

    def loss(self, predict, batch, setting):
        images, labels = batch
        odds = jax.nn.log_softmax(predict(images))
        return -jnp.take_along_axis(odds, labels[:, None], axis=-1).mean()

    def metrics(self, predict, batch):
        images, labels = batch
        wrong = predict(images).argmax(-1) != labels
        return {"error": wrong, "loss": self.loss(predict, batch, {})}


def layer(key, shape):
    """Weights and biases, drawn as PyTorch draws them: evenly, up to 1 / sqrt(inputs)."""
    inputs, outputs = shape
    bound = inputs**-0.5
    drawn = jax.random.uniform(key, (inputs + 1, outputs), minval=-bound, maxval=bound)
    return {"w": drawn[:-1], "b": drawn[-1]}
