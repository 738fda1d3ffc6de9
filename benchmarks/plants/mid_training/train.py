"""Regression on inputs that are scaled by their running spread, which starts far too large: the
loss gets steeper through the training, until a rate that trained so far is too high for it."""

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
INPUTS, SPREAD, SHARE = 16, 0.1, 1e-2


class Calibrated(nn.Module):
    """Divides by the spread of all inputs seen so far, as an online normalizer does."""

    def __init__(self):
        super().__init__()
        self.register_buffer("variance", torch.ones(()))

    def forward(self, inputs):
        if self.training:
            seen = inputs.detach().square().mean()
            self.variance.add_(SHARE * (seen - self.variance))
        return inputs / self.variance.sqrt()


class Regression:
    def __init__(self):
        generator = torch.Generator().manual_seed(SEED)
        scales = torch.arange(1, INPUTS + 1) ** -1.3
        directions = torch.randn(1536, INPUTS, generator=generator)
        teacher = torch.randn(INPUTS, generator=generator)
        inputs = directions * scales
        targets = directions @ teacher / 4 + 0.05 * torch.randn(1536, generator=generator)
        targets = (targets - targets.mean()) / targets.std()
        inputs = SPREAD * inputs / inputs.std()
        self.training = (inputs[:1024], targets[:1024])
        self.validation = (inputs[1024:], targets[1024:])

    def model(self, setting):
        return nn.Sequential(Calibrated(), nn.Linear(INPUTS, 1))

    def loss(self, predict, batch, setting):
        inputs, targets = batch
        return F.mse_loss(predict(inputs)[:, 0], targets)

    def metrics(self, predict, batch):
        inputs, targets = batch
        return {"loss": (predict(inputs)[:, 0] - targets) ** 2}
