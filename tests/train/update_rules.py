"""The six update rules of L3 as the playbook writes them, for one parameter, and its workload.

The formulas meet the loops from outside: through the losses that a training of it logs. Its loss is
x^4 / 4 + (x - 2)^2.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from tests.train.needs_jax import jnp
from torch import nn

from etude.train.jax.loop import Loop as JaxLoop
from etude.train.jax.models import Model
from etude.train.torch.loop import Loop as TorchLoop
from etude.train.workload import Workload

STEPS, FIRST = 30, -1.0
# Every one of its own size, so that none can stand where another belongs.
GIVEN = {"learning_rate": 0.03, "momentum": 0.85, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3}
GIVEN |= {"rmsprop_decay": 0.7}
LR, G, B1, B2, EPS, R = (*GIVEN.values(),)


def sgd(x, d, t, s):
    return x - LR * d


def momentum(x, d, t, s):
    s["v"] = G * s.get("v", 0.0) + d
    return x - LR * s["v"]


def nesterov(x, d, t, s):
    s["v"] = G * s.get("v", 0.0) + d
    return x - LR * (G * s["v"] + d)


def rmsprop(x, d, t, s):
    s["v"] = R * s.get("v", 1.0) + (1 - R) * d**2
    s["m"] = G * s.get("m", 0.0) + LR * d / math.sqrt(s["v"] + EPS)
    return x - s["m"]


def adam(x, d, t, s):
    s["m"] = B1 * s.get("m", 0.0) + (1 - B1) * d
    s["v"] = B2 * s.get("v", 0.0) + (1 - B2) * d**2
    b = math.sqrt(1 - B2**t) / (1 - B1**t)
    return x - LR * b * s["m"] / (math.sqrt(s["v"]) + EPS)


def nadam(x, d, t, s):
    s["m"] = B1 * s.get("m", 0.0) + (1 - B1) * d
    s["v"] = B2 * s.get("v", 0.0) + (1 - B2) * d**2
    b = math.sqrt(1 - B2**t) / (1 - B1**t)
    return x - LR * b * (B1 * s["m"] + (1 - B1) * d) / (math.sqrt(s["v"]) + EPS)


RULES = {rule.__name__: rule for rule in (sgd, momentum, nesterov, rmsprop, adam, nadam)}


def height(x):
    return x**4 / 4 + (x - 2) ** 2


def by_the_formula(rule):
    """The losses before each step."""
    x, losses = FIRST, []
    state: dict[str, float] = {}
    for t in range(1, STEPS + 1):
        losses.append(height(x))
        x = rule(x, x**3 + 2 * (x - 2), t, state)
    return losses


class Only(nn.Module):
    def __init__(self):
        super().__init__()
        self.x = nn.Parameter(torch.full((1,), FIRST, dtype=torch.float64))

    def forward(self, inputs):
        return height(self.x) + 0.0 * inputs


def in_jax(setting):
    return Model(
        lambda key: {"x": jnp.full(1, FIRST)},
        lambda params, inputs: height(params["x"]) + 0 * inputs,
    )


def loop(library):
    data = np.zeros((8, 1))
    held = torch.from_numpy(data) if library == "torch" else data
    workload = Workload(
        model=(lambda setting: Only()) if library == "torch" else in_jax,
        loss=lambda predict, batch, setting: predict(batch).mean(),
        metrics=lambda predict, batch: {"error": predict(batch).mean()},
        training=held,
        validation=held,
    )
    return TorchLoop(workload) if library == "torch" else JaxLoop(workload)
