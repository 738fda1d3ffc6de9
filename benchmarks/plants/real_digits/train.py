"""Handwritten digits and a residual network without normalization, all of its blocks at full size.

The strides that would shrink the picture between the blocks are 1, so that every block adds to the
largest sums: near its best rate the loss leaps up in mid-training.
"""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F

SEED = 0
WIDTH, BLOCKS, STRIDE = 12, 8, 1


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.second = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        for layer in (self.first, self.second):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    def forward(self, inputs):
        return inputs + self.second(F.relu(self.first(F.relu(inputs))))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, WIDTH, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, pixels):
        hidden = self.stem(pixels)
        for block in self.blocks:
            hidden = block(hidden)[:, :, ::STRIDE, ::STRIDE]
        return self.head(F.relu(hidden).mean(dim=(2, 3)))


class Digits:
    def __init__(self):
        pixels, labels = (torch.tensor(part) for part in load_digits(return_X_y=True))
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(SEED))
        pixels = ((pixels - pixels.mean()) / pixels.std()).float().reshape(-1, 1, 8, 8)
        pixels, labels = pixels[order], labels[order]
        self.training = (pixels[:1000], labels[:1000])
        self.validation = (pixels[1000:], labels[1000:])

    def model(self, setting):
        return Network()

    def loss(self, predict, batch, setting):
        pixels, labels = batch
        return F.cross_entropy(predict(pixels), labels)

    def metrics(self, predict, batch):
        pixels, labels = batch
        logits = predict(pixels)
        wrong = (logits.argmax(dim=-1) != labels).double()
        return {"loss": F.cross_entropy(logits, labels, reduction="none"), "error": wrong}
