"""Linear regression on noisy targets, most of it along inputs of small spread: every gradient is
about as large as any other, and too high a rate makes all of them too large."""

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
INPUTS, LARGE, SMALL, SIGNAL = 24, 8, 0.1, 3.0


class Regression:
    def __init__(self):
        generator = torch.Generator().manual_seed(SEED)
        white = torch.randn(1536, INPUTS, generator=generator)
        scales = torch.where(torch.arange(INPUTS) < LARGE, 1.0, SMALL)
        turned, _ = torch.linalg.qr(torch.randn(INPUTS, INPUTS, generator=generator))
        inputs = (white * scales) @ turned
        teacher = torch.randn(INPUTS - LARGE, generator=generator) * (INPUTS - LARGE) ** -0.5
        noise = torch.randn(1536, generator=generator).sign()
        targets = SIGNAL * white[:, LARGE:] @ teacher + noise
        self.training = (inputs[:1024], targets[:1024])
        self.validation = (inputs[1024:], targets[1024:])

    def model(self, setting):
        return nn.Linear(INPUTS, 1)

    def loss(self, predict, batch, setting):
        inputs, targets = batch
        return F.mse_loss(predict(inputs)[:, 0], targets)

    def metrics(self, predict, batch):
        inputs, targets = batch
        return {"loss": (predict(inputs)[:, 0] - targets) ** 2}
