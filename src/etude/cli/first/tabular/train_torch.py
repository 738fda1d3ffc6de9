"""A small MLP in PyTorch. Etude has the loop: it logs, saves and restores.

Two hidden layers with rectifiers: the baseline of Gorishniy et al. 2021, Revisiting deep learning
models for tabular data, arXiv:2106.11959 (S1). Hold it against boosted trees too (Grinsztajn et al.
2022, arXiv:2207.08815): on tables they are hard to beat.
"""

import torch
from functions import CLASSES, load
from torch import nn
from torch.nn import functional as F


class Table:
    """A workload: model, loss, metrics and data. The loop is Etude's."""

    def __init__(self):
        training, validation = load()
        self.training = tuple(torch.as_tensor(part) for part in training)
        self.validation = tuple(torch.as_tensor(part) for part in validation)

    def model(self, setting):
        width, columns = setting["width"], self.training[0].shape[1]
        return nn.Sequential(
            nn.Linear(columns, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, CLASSES),
        )

    def loss(self, predict, batch, setting):
        rows, labels = batch
        return F.cross_entropy(predict(rows), labels)

    def metrics(self, predict, batch):
        rows, labels = batch
        logits = predict(rows)
        wrong = logits.argmax(dim=-1) != labels
        return {"error": wrong.double(), "loss": F.cross_entropy(logits, labels, reduction="none")}


train = Table
