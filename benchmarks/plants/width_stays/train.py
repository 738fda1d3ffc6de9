"""Classes told apart by layers parametrized for transfer (muP): the best rate stays."""

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
INPUTS, CLASSES, LAYERS, BASE = 24, 8, 3, 16


class Scaled(nn.Module):
    """A layer whose weights are a multiple of what is trained."""

    def __init__(self, inputs, outputs, std, factor):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) * std / factor)
        self.factor = factor

    def forward(self, inputs):
        return F.linear(inputs, self.weight * self.factor)


class Classes:
    def __init__(self):
        generator = torch.Generator().manual_seed(SEED)
        centres = torch.randn(CLASSES, 3, INPUTS, generator=generator)
        labels = torch.randint(CLASSES, (3072,), generator=generator)
        parts = torch.randint(3, (3072,), generator=generator)
        noise = torch.randn(3072, INPUTS, generator=generator)
        inputs = 0.5 * centres[labels, parts] + 0.6 * noise
        self.training = (inputs[:2048], labels[:2048])
        self.validation = (inputs[2048:], labels[2048:])

    def model(self, setting):
        width = setting["width"]
        layers = [Scaled(INPUTS, width, (2 / INPUTS) ** 0.5, 1.0), nn.ReLU()]
        for _ in range(LAYERS - 1):
            layers += [Scaled(width, width, (2 / width) ** 0.5, BASE / width), nn.ReLU()]
        return nn.Sequential(*layers, Scaled(width, CLASSES, BASE**0.5 / width, BASE / width))

    def loss(self, predict, batch, setting):
        inputs, labels = batch
        return F.cross_entropy(predict(inputs), labels)

    def metrics(self, predict, batch):
        inputs, labels = batch
        logits = predict(inputs)
        wrong = (logits.argmax(dim=-1) != labels).double()
        return {"loss": F.cross_entropy(logits, labels, reduction="none"), "error": wrong}
