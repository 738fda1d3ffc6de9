"""Predicts the next character of Python's standard library from those before."""

import random
import sysconfig
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
WINDOW, WIDTH = 32, 48
FILES = ["argparse.py", "ast.py", "datetime.py", "decimal.py", "inspect.py", "typing.py"]


class Causal(nn.Module):
    """What the last four positions say, added to each."""

    def __init__(self):
        super().__init__()
        self.mixed = nn.Conv1d(WIDTH, WIDTH, kernel_size=4)

    def forward(self, x):
        return x + F.relu(self.mixed(F.pad(x, (3, 0))))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(128, WIDTH)
        self.layers = nn.Sequential(Causal(), Causal())
        self.head = nn.Linear(WIDTH, 128)

    def forward(self, characters):
        x = self.embedding(characters).transpose(1, 2)
        return self.head(self.layers(x).transpose(1, 2))


class Characters:
    def __init__(self):
        library = Path(sysconfig.get_path("stdlib"))
        names = random.Random(SEED).sample(FILES, 3)
        text = "".join((library / name).read_text(encoding="utf-8") for name in names)
        characters = torch.tensor(list(text.encode("ascii", "ignore")))
        count = len(characters) // (WINDOW + 1)
        windows = characters[: count * (WINDOW + 1)].view(count, WINDOW + 1)
        order = torch.randperm(count, generator=torch.Generator().manual_seed(SEED))
        self.training = windows[order[:-512]]
        self.validation = windows[order[-512:]]

    def model(self, setting):
        return Network()

    def loss(self, predict, batch, setting):
        return F.cross_entropy(predict(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())

    def metrics(self, predict, batch):
        losses = F.cross_entropy(
            predict(batch[:, :-1]).transpose(1, 2), batch[:, 1:], reduction="none"
        )
        return {"loss": losses.mean(dim=1)}
