"""Regression on noisy targets, with a warmup and a cosine decay already there."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
INPUTS, WIDTH, LAYERS = 16, 24, 2
GAIN = 1.0


class Regression:
    def __init__(self):
        generator = torch.Generator().manual_seed(SEED)
        scales = torch.arange(1, INPUTS + 1) ** -0.5
        inputs = torch.randn(1536, INPUTS, generator=generator) * scales
        teacher = torch.randn(INPUTS, generator=generator)
        other = torch.randn(INPUTS, generator=generator)
        targets = (
            torch.tanh((inputs / scales) @ teacher / 4)
            + torch.tanh((inputs / scales) @ other / 2) * 0.5
        )
        targets = targets + 1.0 * torch.randn(1536, generator=generator)
        targets = (targets - targets.mean()) / targets.std()
        self.training = (inputs[:1024], targets[:1024])
        self.validation = (inputs[1024:], targets[1024:])

    def model(self, setting):
        sizes = [INPUTS, *[WIDTH] * LAYERS, 1]
        layers = []
        for before, after in pairwise(sizes):
            layer = nn.Linear(before, after)
            nn.init.normal_(layer.weight, std=GAIN * before**-0.5)
            nn.init.zeros_(layer.bias)
            layers += [layer, nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    def loss(self, predict, batch, setting):
        inputs, targets = batch
        return F.mse_loss(predict(inputs)[:, 0], targets)

    def metrics(self, predict, batch):
        inputs, targets = batch
        return {"loss": (predict(inputs)[:, 0] - targets) ** 2}
