"""Regression on inputs of ever smaller spread: the loss falls as a power of the steps."""

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
INPUTS, POWER = 400, 0.75


class Regression:
    def __init__(self):
        generator = torch.Generator().manual_seed(SEED)
        scales = torch.arange(1, INPUTS + 1) ** -POWER
        inputs = torch.randn(25_000, INPUTS, generator=generator) * scales
        teacher = torch.randn(INPUTS, generator=generator).sign()
        targets = inputs @ teacher
        targets = targets / targets.std()
        self.training = (inputs[:24_000], targets[:24_000])
        self.validation = (inputs[24_000:], targets[24_000:])

    def model(self, setting):
        return nn.Linear(INPUTS, 1)

    def loss(self, predict, batch, setting):
        inputs, targets = batch
        return F.mse_loss(predict(inputs)[:, 0], targets)

    def metrics(self, predict, batch):
        inputs, targets = batch
        return {"loss": (predict(inputs)[:, 0] - targets) ** 2}
