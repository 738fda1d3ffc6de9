"""Workloads as a user writes them, each for one thing that can happen; named as in `loops.py`."""

from __future__ import annotations

import errno
import math
import sys
from typing import Any

import torch
from torch import nn

INPUTS = torch.linspace(-1, 1, 12, dtype=torch.float64)[:, None]


class Plain:
    """Fits y = 3 x + 1."""

    training: Any

    def __init__(self):
        self.training = self.validation = (INPUTS, 3 * INPUTS + 1)

    def model(self, setting):
        return nn.Linear(1, 1).double()

    def loss(self, predict, batch, setting):
        inputs, wanted = batch
        return (predict(inputs) - wanted).square().mean()

    def metrics(self, predict, batch):
        inputs, wanted = batch
        return {"loss": (predict(inputs) - wanted).square().mean()}


class Empty(Plain):
    def __init__(self):
        self.training = self.validation = (INPUTS[:0], INPUTS[:0])


class Raises(Plain):
    def model(self, setting):
        return build(width=3)


def build(width):
    raise ValueError(f"no width {width}")


class RaisesFrom(Plain):
    def model(self, setting):
        try:
            return build(width=3)
        except ValueError as error:
            raise RuntimeError("no model") from error


class RaisesForSome(Plain):
    """Whoever meets example 7 of 400 raises; few trials do in a few steps."""

    def __init__(self):
        super().__init__()
        self.training = Faulty()


class Faulty:
    def __len__(self):
        return 400

    def __getitem__(self, row):
        if row == 7:
            raise ValueError("example 7 cannot be read")
        return torch.tensor([row / 400.0]).double(), torch.tensor([1.0]).double()


class Prints(Plain):
    def model(self, setting):
        print("a word")
        print("a complaint", file=sys.stderr)
        return super().model(setting)


class Counts(Plain):
    """A stack asks for the loss when its step is recorded, once a width."""

    def loss(self, predict, batch, setting):
        print("asked")
        return super().loss(predict, batch, setting)


class Leaves(Plain):
    def model(self, setting):
        sys.exit("enough")


class Greedy(Plain):
    """Sixteen activations of 0.5 MB each, a trial."""

    def model(self, setting):
        wide = [each for _ in range(8) for each in (nn.Tanh(), nn.Sigmoid())]
        return nn.Sequential(nn.Linear(1, 16384), *wide, nn.Linear(16384, 1)).double()


class AsksWrongly(Plain):
    def model(self, setting):
        return nn.Linear(1, setting["widht"])


class Nan(Plain):
    def loss(self, predict, batch, setting):
        return super().loss(predict, batch, setting) * math.nan


class RunsOutOfMemory(Plain):
    def loss(self, predict, batch, setting):
        raise MemoryError


class Misreports(Plain):
    def metrics(self, predict, batch):
        return {"lost": predict(batch[0]).mean(), "error": predict(batch[0]).mean()}


class FillsTheDisk(Plain):
    def model(self, setting):
        raise OSError(errno.ENOSPC, "No space left on device")


class NoScalar(Plain):
    def loss(self, predict, batch, setting):
        return (predict(batch[0]) - batch[1]).square()


class NoTensor(Plain):
    def loss(self, predict, batch, setting):
        return 1.0


class NoModel(Plain):
    def model(self, setting):
        return 3


class OddMetric(Plain):
    def metrics(self, predict, batch):
        return {"loss": predict(batch[0])}


class WordMetric(Plain):
    def metrics(self, predict, batch):
        return {"loss": "low"}


class NoSlope(Plain):
    def loss(self, predict, batch, setting):
        return super().loss(predict, batch, setting).detach()


class NothingToTrain(Plain):
    def model(self, setting):
        return nn.Flatten()


class Ragged(Plain):
    def __init__(self):
        super().__init__()
        self.training = [torch.zeros(1 + row % 2) for row in range(8)]
        self.training[1] = self.training[0]


class Words(Plain):
    def __init__(self):
        super().__init__()
        self.training = [(torch.zeros(1), "zero")] * 8


class Threads(Plain):
    """Reports how many threads its operators have."""

    def metrics(self, predict, batch):
        inputs, _ = batch
        return {"loss": 0 * predict(inputs).sum() + float(torch.get_num_threads())}


class Reads(Plain):
    """Its model asks for `width`, its loss for `smoothing`."""

    def model(self, setting):
        setting["width"]
        return super().model(setting)

    def loss(self, predict, batch, setting):
        return setting["smoothing"] * super().loss(predict, batch, setting)


class Wordless(Exception):
    """Nothing can be made of it but its kind."""

    def __str__(self):
        raise ValueError("no text")

    __repr__ = __str__


class RaisesWithoutWords(Plain):
    def model(self, setting):
        raise Wordless
