"""Workloads in JAX as a user writes them, each for one thing that can happen; as in `works.py`."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

INPUTS = np.linspace(-1, 1, 12, dtype=np.float32)[:, None]


class Plain:
    """Fits y = 3 x + 1."""

    training: Any

    def __init__(self):
        self.training = self.validation = (INPUTS, 3 * INPUTS + 1)

    def model(self, setting):
        return SimpleNamespace(
            init=lambda key: (jax.random.uniform(key), jnp.zeros(())),
            apply=lambda params, inputs: params[0] * inputs + params[1],
        )

    def loss(self, predict, batch, setting):
        inputs, wanted = batch
        return jnp.square(predict(inputs) - wanted).mean()

    def metrics(self, predict, batch):
        inputs, wanted = batch
        return {"loss": jnp.square(predict(inputs) - wanted).mean()}


class RaisesInLoss(Plain):
    def loss(self, predict, batch, setting):
        raise ValueError("no loss today")


class RaisesForSome(Plain):
    """Whoever meets example 7 of 400 raises; few trials do in a few steps."""

    def __init__(self):
        super().__init__()
        self.training = Faulty()


class Faulty:
    def __len__(self):
        return 400

    def __getitem__(self, row):
        if row == 7:
            raise ValueError("example 7 cannot be read")
        return np.float32([row / 400]), np.float32([1])


class Decides(Plain):
    """Python decides by a value that it does not know while JAX traces."""

    def loss(self, predict, batch, setting):
        found = super().loss(predict, batch, setting)
        return found if found > 0 else -found


class AsksWrongly(Plain):
    def model(self, setting):
        return setting["widht"]


class Nan(Plain):
    def loss(self, predict, batch, setting):
        return super().loss(predict, batch, setting) * math.nan


class Misreports(Plain):
    def metrics(self, predict, batch):
        return {"lost": predict(batch[0]).mean()}


class NoScalar(Plain):
    def loss(self, predict, batch, setting):
        return jnp.square(predict(batch[0]) - batch[1])


class NoArray(Plain):
    def loss(self, predict, batch, setting):
        return 1.0


class NoModel(Plain):
    def model(self, setting):
        return 3


class Counts(Plain):
    def model(self, setting):
        plain = super().model(setting)
        return SimpleNamespace(init=lambda key: (1.0, jnp.arange(2)), apply=plain.apply)


class Flax(Plain):
    def model(self, setting):
        plain = super().model(setting)
        return SimpleNamespace(init=plain.init, apply=plain.apply, init_with_output=plain.init)


class OddMetric(Plain):
    def metrics(self, predict, batch):
        return {"loss": predict(batch[0])}


class Reads(Plain):
    """Its model asks for `width`, its loss for `smoothing`."""

    def model(self, setting):
        setting["width"]
        return super().model(setting)

    def loss(self, predict, batch, setting):
        return setting["smoothing"] * super().loss(predict, batch, setting)
