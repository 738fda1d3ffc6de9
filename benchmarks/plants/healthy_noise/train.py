"""Linear regression on noisy targets: a rate far below what breaks it is best, for the noise."""

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
INPUTS, NOISE = 32, 1.0


class Regression:
    def __init__(self):
        generator = torch.Generator().manual_seed(SEED)
        inputs = torch.randn(5120, INPUTS, generator=generator)
        teacher = torch.randn(INPUTS, generator=generator) * INPUTS**-0.5
        targets = inputs @ teacher + NOISE * torch.randn(5120, generator=generator)
        self.training = (inputs[:4096], targets[:4096])
        self.validation = (inputs[4096:], targets[4096:])

    def model(self, setting):
        return nn.Linear(INPUTS, 1)

    def loss(self, predict, batch, setting):
        inputs, targets = batch
        return F.mse_loss(predict(inputs)[:, 0], targets)

    def metrics(self, predict, batch):
        inputs, targets = batch
        return {"loss": (predict(inputs)[:, 0] - targets) ** 2}
