"""Classes that a linear model learns at once and a network in the end, better."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
INPUTS, CLASSES, WIDTH, LAYERS, GAIN = 16, 6, 32, 4, 0.7


class Classes:
    def __init__(self):
        generator = torch.Generator().manual_seed(SEED)
        centres = torch.randn(CLASSES, 4, INPUTS, generator=generator)
        centres += 0.6 * torch.randn(CLASSES, 1, INPUTS, generator=generator)
        labels = torch.randint(CLASSES, (6144,), generator=generator)
        parts = torch.randint(4, (6144,), generator=generator)
        noise = torch.randn(6144, INPUTS, generator=generator)
        inputs = 0.6 * centres[labels, parts] + 0.5 * noise
        self.training = (inputs[:4096], labels[:4096])
        self.validation = (inputs[4096:], labels[4096:])

    def model(self, setting):
        if setting["kind"] == "linear":
            return nn.Linear(INPUTS, CLASSES)
        sizes = [INPUTS, *[WIDTH] * LAYERS, CLASSES]
        layers = []
        for before, after in pairwise(sizes):
            layer = nn.Linear(before, after)
            nn.init.normal_(layer.weight, std=GAIN * before**-0.5)
            layers += [layer, nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    def loss(self, predict, batch, setting):
        inputs, labels = batch
        return F.cross_entropy(predict(inputs), labels)

    def metrics(self, predict, batch):
        inputs, labels = batch
        logits = predict(inputs)
        wrong = (logits.argmax(dim=-1) != labels).double()
        return {"loss": F.cross_entropy(logits, labels, reduction="none"), "error": wrong}
