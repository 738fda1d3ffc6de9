"""Two workloads on scikit-learn's handwritten digits: an MLP, and the demo's convolutional network.

A workload is what a person cares about: model, loss, metrics, data. The loop is Etude's, so it can
resume, keep the best checkpoints, log gradient norms, and train many trials in one program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional as F

Batch = tuple[Tensor, Tensor]


def split(train_size: int) -> tuple[Batch, Batch]:
    """Images and labels to train on and to validate on, the same ones in every trial."""
    pixels, labels = (torch.tensor(part) for part in load_digits(return_X_y=True))
    rows = torch.arange(len(labels))
    train, valid = train_test_split(rows, train_size=train_size, stratify=labels, random_state=0)
    scaled = ((pixels - pixels[train].mean()) / pixels[train].std()).float()
    return (scaled[train], labels[train]), (scaled[valid], labels[valid])


class Mlp:
    """Two hidden layers; 1,200 digits to train on, 597 to validate on."""

    def __init__(self) -> None:
        self.training, self.validation = split(1200)

    def model(self, setting: Mapping[str, Any]) -> nn.Module:
        width = setting["width"]
        return nn.Sequential(
            nn.Linear(64, width),
            nn.ReLU(),
            nn.Dropout(setting["dropout"]),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, 10),
        )

    def loss(
        self, predict: Callable[[Tensor], Tensor], batch: Batch, setting: Mapping[str, Any]
    ) -> Tensor:
        images, labels = batch
        return F.cross_entropy(predict(images), labels)

    def metrics(self, predict: Callable[[Tensor], Tensor], batch: Batch) -> dict[str, Tensor]:
        images, labels = batch
        logits = predict(images)
        wrong = logits.argmax(dim=-1) != labels
        return {"error": wrong.double(), "loss": F.cross_entropy(logits, labels)}


class Cnn(Mlp):
    """The network of `examples/optimizer`; 400 digits to train on, 1,397 to validate on."""

    def __init__(self) -> None:
        self.training, self.validation = split(400)

    def model(self, setting: Mapping[str, Any]) -> nn.Module:
        width = setting["width"]
        return nn.Sequential(
            nn.Unflatten(1, (1, 8, 8)),
            nn.Conv2d(1, width, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(setting["dropout"]),
            nn.Linear(2 * width * 2 * 2, 10),
        )
