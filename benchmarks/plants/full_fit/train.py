"""Classes of few examples that a network tells apart without an error, after a while."""

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
INPUTS, CLASSES, WIDTH, EXAMPLES, NOISE = 24, 8, 48, 1280, 0.8


class Classes:
    def __init__(self):
        generator = torch.Generator().manual_seed(SEED)
        centres = torch.randn(CLASSES, 4, INPUTS, generator=generator)
        count = 2 * EXAMPLES
        labels = torch.randint(CLASSES, (count,), generator=generator)
        parts = torch.randint(4, (count,), generator=generator)
        noise = torch.randn(count, INPUTS, generator=generator)
        inputs = 0.5 * centres[labels, parts] + NOISE * noise
        self.training = (inputs[:EXAMPLES], labels[:EXAMPLES])
        self.validation = (inputs[EXAMPLES:], labels[EXAMPLES:])

    def model(self, setting):
        return nn.Sequential(
            nn.Linear(INPUTS, WIDTH),
            nn.ReLU(),
            nn.Dropout(setting["dropout"]),
            nn.Linear(WIDTH, CLASSES),
        )

    def loss(self, predict, batch, setting):
        inputs, labels = batch
        return F.cross_entropy(predict(inputs), labels)

    def metrics(self, predict, batch):
        inputs, labels = batch
        logits = predict(inputs)
        wrong = (logits.argmax(dim=-1) != labels).double()
        return {"loss": F.cross_entropy(logits, labels, reduction="none"), "error": wrong}
