"""A small convolutional network on spectrograms in PyTorch. Etude has the loop.

Convolutions over time and frequency: Sainath and Parada 2015, Convolutional neural networks for
small-footprint keyword spotting (S1). For whole sentences: a Conformer with CTC, Gulati et al.
2020, arXiv:2005.08100, whose loss is `torch.nn.functional.ctc_loss`.
"""

import torch
from recordings import WORDS, load
from torch import nn
from torch.nn import functional as F


class Recordings:
    """A workload: model, loss, metrics and data. The loop is Etude's."""

    def __init__(self):
        (spectrograms, words), (more_spectrograms, more_words) = load()
        self.training = torch.as_tensor(spectrograms)[:, None], torch.as_tensor(words)
        self.validation = torch.as_tensor(more_spectrograms)[:, None], torch.as_tensor(more_words)

    def model(self, setting):
        width = setting["width"]
        return nn.Sequential(
            nn.Conv2d(1, width, kernel_size=5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, kernel_size=5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(2),
            Average(),  # over time and frequency: recordings may have any length
            nn.Linear(2 * width, WORDS),
        )

    def loss(self, predict, batch, setting):
        spectrograms, words = batch
        return F.cross_entropy(predict(spectrograms), words)

    def metrics(self, predict, batch):
        spectrograms, words = batch
        logits = predict(spectrograms)
        wrong = logits.argmax(dim=-1) != words
        return {"error": wrong.double(), "loss": F.cross_entropy(logits, words, reduction="none")}


class Average(nn.Module):
    def forward(self, x):
        return x.mean(dim=-1)


train = Recordings
