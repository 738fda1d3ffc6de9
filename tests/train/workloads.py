"""Three small networks in double precision, as a person would write them as workloads."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from etude.train.workload import Workload


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _cross_entropy(predict, batch, setting):
    inputs, labels = batch
    logits = predict(inputs)
    return F.cross_entropy(logits.flatten(0, -2), labels.flatten())


def _metrics(predict, batch):
    inputs, labels = batch
    logits = predict(inputs)
    wrong = (logits.argmax(-1) != labels).double()
    return {"error": wrong.flatten(1).mean(1) if wrong.dim() > 1 else wrong}


def _split(inputs, labels, count):
    return (inputs[:count], labels[:count]), (inputs[count:], labels[count:])


def _mlp() -> Workload:
    inputs = torch.randn(90, 6, generator=_generator(), dtype=torch.float64)
    training, validation = _split(inputs, (inputs[:, 0] * inputs[:, 1] > 0).long(), 60)

    def model(setting):
        dropout = nn.Dropout(setting.get("dropout", 0.0))
        layers = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), dropout, nn.Linear(8, 2))
        return layers.double()

    return Workload(
        model=model,
        loss=_cross_entropy,
        metrics=_metrics,
        training=training,
        validation=validation,
        name="mlp",
    )


def _cnn() -> Workload:
    images = torch.randn(60, 1, 4, 4, generator=_generator(), dtype=torch.float64)
    training, validation = _split(images, (images.mean((1, 2, 3)) > 0).long(), 40)

    def model(setting):
        return nn.Sequential(
            nn.Conv2d(1, 3, 3, padding=1),
            nn.BatchNorm2d(3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout2d(setting.get("dropout", 0.0)),
            nn.Flatten(),
            nn.Linear(12, 2),
        ).double()

    return Workload(
        model=model,
        loss=_cross_entropy,
        metrics=_metrics,
        training=training,
        validation=validation,
        name="cnn",
    )


class Attends(nn.Module):
    """One layer of causal attention over characters, written out."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, 6)
        self.attend = nn.Linear(6, 18)
        self.norm = nn.LayerNorm(6)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(6, 5)
        self.out.weight = self.embed.weight  # tied

    def forward(self, tokens):
        x = self.embed(tokens)
        q, k, v = self.attend(self.norm(x)).chunk(3, -1)
        scores = q @ k.transpose(-1, -2) / 6**0.5
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=x.device).tril()
        weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
        return self.out(x + self.dropout(weights @ v))


def _transformer() -> Workload:
    tokens = torch.randint(0, 5, (40, 8), generator=_generator()).cumsum(1) % 5
    training, validation = _split(tokens[:, :-1], tokens[:, 1:], 30)
    return Workload(
        model=lambda setting: Attends(setting.get("dropout", 0.0)).double(),
        loss=_cross_entropy,
        metrics=_metrics,
        training=training,
        validation=validation,
        name="transformer",
    )


WORKLOADS = {one.name: one for one in (_mlp(), _cnn(), _transformer())}
