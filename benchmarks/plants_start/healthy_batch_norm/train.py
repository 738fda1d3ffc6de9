"""Handwritten digits and a network that norms each layer by the batch."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F

SEED = 0
WIDTH = 64


class Digits:
    def __init__(self):
        pixels, labels = (torch.tensor(part) for part in load_digits(return_X_y=True))
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(SEED))
        pixels, labels = ((pixels - pixels.mean()) / pixels.std()).float()[order], labels[order]
        self.training = (pixels[:1000], labels[:1000])
        self.validation = (pixels[1000:], labels[1000:])

    def model(self, setting):
        return nn.Sequential(
            nn.Linear(64, WIDTH, bias=False),
            nn.BatchNorm1d(WIDTH),
            nn.ReLU(),
            nn.Linear(WIDTH, WIDTH, bias=False),
            nn.BatchNorm1d(WIDTH),
            nn.ReLU(),
            nn.Linear(WIDTH, 10),
        )

    def loss(self, predict, batch, setting):
        pixels, labels = batch
        return F.cross_entropy(predict(pixels), labels)

    def metrics(self, predict, batch):
        pixels, labels = batch
        logits = predict(pixels)
        wrong = (logits.argmax(dim=-1) != labels).double()
        return {"loss": F.cross_entropy(logits, labels, reduction="none"), "error": wrong}
