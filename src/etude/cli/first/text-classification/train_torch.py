"""An average of word embeddings in PyTorch. Etude has the loop: it logs, saves and restores.

Embed each word, average, one linear layer: Joulin et al. 2017, Bag of tricks for efficient text
classification, arXiv:1607.01759 (S1). The next larger: a pretrained transformer, fine-tuned: Devlin
et al. 2019, arXiv:1810.04805.
"""

import torch
from passages import BUCKETS, CLASSES, load
from torch import nn
from torch.nn import functional as F


class Average(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.embedding = nn.Embedding(BUCKETS, width)
        self.out = nn.Linear(width, CLASSES)

    def forward(self, words):
        return self.out(self.embedding(words).mean(dim=1))


class Passages:
    """A workload: model, loss, metrics and data. The loop is Etude's."""

    def __init__(self):
        training, validation = load()
        self.training = tuple(torch.as_tensor(part) for part in training)
        self.validation = tuple(torch.as_tensor(part) for part in validation)

    def model(self, setting):
        return Average(setting["width"])

    def loss(self, predict, batch, setting):
        words, labels = batch
        return F.cross_entropy(predict(words), labels)

    def metrics(self, predict, batch):
        words, labels = batch
        logits = predict(words)
        wrong = logits.argmax(dim=-1) != labels
        return {"error": wrong.double(), "loss": F.cross_entropy(logits, labels, reduction="none")}


train = Passages
