"""Workloads with a rare class, in PyTorch and JAX, for the tests of what stands beside a metric."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import Subset, TensorDataset

SETTING = {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 20}


def drawn(seed, count):
    """Inputs (count, 4) near a centre for each of three classes, the last of them rare."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, size=count, p=[0.5, 0.44, 0.06])
    centres = np.array([[2.0, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]])
    return (centres[labels] + rng.normal(size=(count, 4))).astype(np.float32), labels


class Imbalanced:
    """Reports an error an example."""

    def __init__(self):
        self.training, self.validation = (
            tuple(map(torch.from_numpy, drawn(seed, count))) for seed, count in ((0, 300), (1, 700))
        )

    def model(self, setting):
        return nn.Linear(4, 3)

    def loss(self, predict, batch, setting):
        inputs, labels = batch
        return F.cross_entropy(predict(inputs), labels)

    def metrics(self, predict, batch):
        inputs, labels = batch
        return {"error": (predict(inputs).argmax(-1) != labels).double()}


class OfMeans(Imbalanced):
    """Reports a mean over the batch, so that what is right is seen in the scores alone."""

    def metrics(self, predict, batch):
        return {name: value.mean() for name, value in super().metrics(predict, batch).items()}


class Binary(Imbalanced):
    """One score an example, for a rare class of two, labels as a binary loss takes them."""

    def __init__(self):
        super().__init__()
        self.training, self.validation = (
            (inputs, (labels == 2).float()) for inputs, labels in (self.training, self.validation)
        )

    def model(self, setting):
        return nn.Sequential(nn.Linear(4, 1), nn.Flatten(0))

    def loss(self, predict, batch, setting):
        inputs, labels = batch
        return F.binary_cross_entropy_with_logits(predict(inputs), labels)

    def metrics(self, predict, batch):
        inputs, labels = batch
        return {"error": ((predict(inputs) > 0) != (labels > 0)).double()}


class OneHot(OfMeans):
    """Labels are a one among zeros."""

    def __init__(self):
        super().__init__()
        self.training, self.validation = (
            (inputs, F.one_hot(labels, 3).float())
            for inputs, labels in (self.training, self.validation)
        )

    def metrics(self, predict, batch):
        inputs, labels = batch
        return super().metrics(predict, (inputs, labels.argmax(-1)))


class OfDataset:
    """Its data are datasets, one of them a part of another."""

    model, loss, metrics = Imbalanced.model, Imbalanced.loss, Imbalanced.metrics

    def __init__(self):
        known = Imbalanced()
        self.training = TensorDataset(*known.training)
        whole = TensorDataset(*(torch.cat([one, one]) for one in known.validation))
        self.validation = Subset(whole, range(len(whole) // 2))


WORKLOADS = {
    "an error an example": Imbalanced,
    "a mean": OfMeans,
    "two classes": Binary,
    "one-hot": OneHot,
    "datasets": OfDataset,
}


class InJax:
    """The first of them in JAX."""

    def __init__(self):
        self.training, self.validation = drawn(0, 300), drawn(1, 700)

    def model(self, setting):
        import jax.numpy as jnp

        from etude.train.jax.models import Model

        return Model(lambda key: jnp.zeros((4, 3)), lambda weights, inputs: inputs @ weights)

    def loss(self, predict, batch, setting):
        import jax

        inputs, labels = batch
        scores = jax.nn.log_softmax(predict(inputs))
        return -scores[np.arange(len(labels)), labels].mean()

    def metrics(self, predict, batch):
        inputs, labels = batch
        return {"error": (predict(inputs).argmax(-1) != labels).mean()}
