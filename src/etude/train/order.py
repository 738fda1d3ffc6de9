"""The order of examples: which ones a step sees depends on the trial's seed and the step alone."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from .epochs import Epochs


@final
class Order:
    """Shuffled epochs without end; a batch may reach from one epoch into the next."""

    def __init__(self, examples: int, batch_size: int, seed: int) -> None:
        """Takes the number of examples to choose from."""
        self._batch_size = batch_size
        self._epochs = Epochs(examples, batch_size, seed, shuffled=shuffled)

    def rows(self, start: int, stop: int) -> Tensor:
        """The examples of steps `start` until before `stop`, shape (steps, batch)."""
        return torch.cat(self._epochs.parts(start, stop)).view(stop - start, self._batch_size)


def shuffled(count: int, seed: int) -> Tensor:
    """The numbers below `count` in the order that belongs to the seed."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))
