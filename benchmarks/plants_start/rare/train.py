"""Parts of a machine, of which few are faulty."""

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
FAULTS = 4  # among those to evaluate on
INPUTS, EXAMPLES, EVALUATED = 12, 4000, 800


class Faults:
    def __init__(self):
        draw = torch.Generator().manual_seed(SEED)
        self.sign = torch.randn(INPUTS, generator=draw)
        self.training = self.drawn(EXAMPLES, FAULTS * EXAMPLES // EVALUATED, draw)
        self.validation = self.drawn(EVALUATED, FAULTS, draw)

    def drawn(self, count, faults, draw):
        labels = torch.zeros(count, dtype=torch.int64)
        labels[torch.randperm(count, generator=draw)[:faults]] = 1
        inputs = torch.randn(count, INPUTS, generator=draw)
        return inputs + 0.8 * labels[:, None] * self.sign, labels

    def model(self, setting):
        return nn.Sequential(nn.Linear(INPUTS, 32), nn.ReLU(), nn.Linear(32, 2))

    def loss(self, predict, batch, setting):
        inputs, labels = batch
        return F.cross_entropy(predict(inputs), labels)

    def metrics(self, predict, batch):
        inputs, labels = batch
        logits = predict(inputs)
        wrong = (logits.argmax(dim=-1) != labels).double()
        return {"loss": F.cross_entropy(logits, labels, reduction="none"), "error": wrong}
