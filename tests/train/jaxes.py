"""Networks in JAX as a person would write them, and the same in PyTorch."""

from __future__ import annotations

import numpy as np
import torch
from tests.train.needs_jax import jax, jnp
from tests.train.workloads import WORKLOADS
from torch import nn

from etude.train.jax.models import Model
from etude.train.workload import Workload

_DATA = [
    tuple(part.numpy() for part in each)
    for each in (WORKLOADS["mlp"].training, WORKLOADS["mlp"].validation)
]
_RANDOM = np.random.default_rng(0)
FIRST = {
    "0.weight": _RANDOM.normal(size=(8, 6)) * 0.4,
    "0.bias": _RANDOM.normal(size=8) * 0.1,
    "2.weight": _RANDOM.normal(size=(2, 8)) * 0.4,
    "2.bias": _RANDOM.normal(size=2) * 0.1,
}


def cross_entropy(logits, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=-1)[:, 0]


def loss(predict, batch, setting):
    inputs, labels = batch
    return cross_entropy(predict(inputs), labels).mean()


def metrics(predict, batch):
    inputs, labels = batch
    return {"error": predict(inputs).argmax(-1) != labels}


def mlp(setting):
    """Its initialization is random, and so is its dropout."""
    rate = setting.get("dropout", 0.0)

    def init(key):
        first, second = jax.random.split(key)
        return {
            "hidden": {"kernel": 0.4 * jax.random.normal(first, (6, 8)), "bias": jnp.zeros(8)},
            "out": {"kernel": 0.4 * jax.random.normal(second, (8, 2)), "bias": jnp.zeros(2)},
        }

    def apply(params, inputs, key=None):
        x = jnp.tanh(inputs @ params["hidden"]["kernel"] + params["hidden"]["bias"])
        if key is not None:
            x = x * jax.random.bernoulli(key, 1 - rate, x.shape) / (1 - rate)
        return x @ params["out"]["kernel"] + params["out"]["bias"]

    return Model(init, apply)


def _same(setting):
    def apply(params, inputs):
        x = jnp.tanh(inputs @ params["0.weight"].T + params["0.bias"])
        return x @ params["2.weight"].T + params["2.bias"]

    return Model(lambda key: FIRST, apply)


def _same_in_torch(setting):
    layers = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 2)).double()
    layers.load_state_dict({name: torch.from_numpy(part) for name, part in FIRST.items()})
    return layers


def workload(model=mlp, **given):
    held = {"loss": loss, "metrics": metrics, "training": _DATA[0], "validation": _DATA[1]}
    return Workload(model=model, name="jax", **{**held, **given})


SAME = workload(_same)
SAME_IN_TORCH = Workload(
    model=_same_in_torch,
    loss=WORKLOADS["mlp"].loss,
    metrics=WORKLOADS["mlp"].metrics,
    training=WORKLOADS["mlp"].training,
    validation=WORKLOADS["mlp"].validation,
)
