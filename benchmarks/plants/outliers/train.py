"""Regression in which one example of an epoch of 97 batches weighs a thousand times the others."""

from itertools import pairwise

import torch
from torch import nn

SEED = 0
INPUTS, WIDTH, LAYERS = 16, 16, 2
BATCH, STEPS_PER_EPOCH, WEIGHT = 16, 97, 100.0
EXAMPLES = BATCH * STEPS_PER_EPOCH


class Regression:
    def __init__(self):
        generator = torch.Generator().manual_seed(SEED)
        scales = torch.arange(1, INPUTS + 1) ** -0.5
        inputs = torch.randn(EXAMPLES + 512, INPUTS, generator=generator) * scales
        teacher = torch.randn(INPUTS, generator=generator)
        other = torch.randn(INPUTS, generator=generator)
        targets = (
            torch.tanh((inputs / scales) @ teacher / 4)
            + torch.tanh((inputs / scales) @ other / 2) * 0.5
        )
        targets = targets + 0.05 * torch.randn(EXAMPLES + 512, generator=generator)
        targets = (targets - targets.mean()) / targets.std()
        weights = torch.ones(EXAMPLES)
        weights[0] = WEIGHT
        self.training = (inputs[:EXAMPLES], targets[:EXAMPLES], weights)
        self.validation = (inputs[EXAMPLES:], targets[EXAMPLES:], torch.ones(512))

    def model(self, setting):
        sizes = [INPUTS, *[WIDTH] * LAYERS, 1]
        layers = []
        for before, after in pairwise(sizes):
            layer = nn.Linear(before, after)
            nn.init.normal_(layer.weight, std=before**-0.5)
            nn.init.zeros_(layer.bias)
            layers += [layer, nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    def loss(self, predict, batch, setting):
        inputs, targets, weights = batch
        return (weights * (predict(inputs)[:, 0] - targets) ** 2).mean()

    def metrics(self, predict, batch):
        inputs, targets, _ = batch
        return {"loss": (predict(inputs)[:, 0] - targets) ** 2}
