"""A residual network that normalizes its branches, x + Norm(f(x)), and starts them at zero."""

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
INPUTS, CLASSES, WIDTH, BLOCKS = 24, 8, 16, 6


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(WIDTH, WIDTH)
        nn.init.kaiming_normal_(self.linear.weight, nonlinearity="relu")
        self.norm = nn.LayerNorm(WIDTH)
        nn.init.zeros_(self.norm.weight)

    def forward(self, inputs):
        return inputs + self.norm(F.relu(self.linear(inputs)))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Linear(INPUTS, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, inputs):
        hidden = self.embedding(inputs)
        for block in self.blocks:
            hidden = block(hidden)
        return self.head(hidden)


class Classes:
    def __init__(self):
        generator = torch.Generator().manual_seed(SEED)
        centres = torch.randn(CLASSES, 3, INPUTS, generator=generator)
        labels = torch.randint(CLASSES, (2048,), generator=generator)
        parts = torch.randint(3, (2048,), generator=generator)
        noise = torch.randn(2048, INPUTS, generator=generator)
        inputs = 0.5 * centres[labels, parts] + 0.8 * noise
        self.training = (inputs[:1024], labels[:1024])
        self.validation = (inputs[1024:], labels[1024:])

    def model(self, setting):
        return Network()

    def loss(self, predict, batch, setting):
        inputs, labels = batch
        return F.cross_entropy(predict(inputs), labels)

    def metrics(self, predict, batch):
        inputs, labels = batch
        logits = predict(inputs)
        wrong = (logits.argmax(dim=-1) != labels).double()
        return {"loss": F.cross_entropy(logits, labels, reduction="none"), "error": wrong}
