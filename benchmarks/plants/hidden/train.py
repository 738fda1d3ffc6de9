"""Regression by a network whose weights are normalized and start short: a large first step makes
them long, and what is long turns slowly ever after."""

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
INPUTS, WIDTH, LENGTH, GAIN = 16, 48, 0.3, 1.0


class Normalized(nn.Module):
    """A layer that only the directions of its weights matter to."""

    def __init__(self, inputs, outputs):
        super().__init__()
        weight = torch.randn(outputs, inputs)
        self.weight = nn.Parameter(LENGTH * weight / weight.norm())

    def forward(self, inputs):
        return F.linear(inputs, self.weight / self.weight.norm() * self.weight.shape[0] ** 0.5)


class Regression:
    def __init__(self):
        generator = torch.Generator().manual_seed(SEED)
        inputs = torch.randn(1536, INPUTS, generator=generator)
        teachers = torch.randn(2, INPUTS, generator=generator)
        first, second = torch.tanh(inputs @ teachers.T / torch.tensor([4.0, 2.0])).T
        targets = first + 0.5 * second + 0.05 * torch.randn(1536, generator=generator)
        targets = (targets - targets.mean()) / targets.std()
        self.training = (inputs[:1024], targets[:1024])
        self.validation = (inputs[1024:], targets[1024:])

    def model(self, setting):
        last = nn.Linear(WIDTH, 1)
        nn.init.normal_(last.weight, std=GAIN * WIDTH**-0.5)
        nn.init.zeros_(last.bias)
        return nn.Sequential(
            Normalized(INPUTS, WIDTH), nn.ReLU(), Normalized(WIDTH, WIDTH), nn.ReLU(), last
        )

    def loss(self, predict, batch, setting):
        inputs, targets = batch
        return F.mse_loss(predict(inputs)[:, 0], targets)

    def metrics(self, predict, batch):
        inputs, targets = batch
        return {"loss": (predict(inputs)[:, 0] - targets) ** 2}
