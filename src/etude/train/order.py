"""The order of examples: which ones a step sees depends on the trial's seed and the step alone."""

from __future__ import annotations

from functools import lru_cache
from typing import final

import torch
from torch import Tensor

from ..study import derived_seed
from .epochs import pieces, refuse_too_large


@final
class Order:
    """Shuffled epochs without end; a batch may reach from one epoch into the next.

    A trial that goes on from a checkpoint only looks its step up: there is no position to save.
    """

    def __init__(self, examples: int, batch_size: int, seed: int) -> None:
        """Takes the number of examples to choose from."""
        refuse_too_large(batch_size, examples)
        self._examples = examples
        self._batch_size = batch_size
        self._seed = seed
        # A stretch of steps seldom reaches over more than two epochs.
        self._epoch = lru_cache(maxsize=2)(self._shuffled)

    def rows(self, start: int, stop: int) -> Tensor:
        """The examples of steps `start` until before `stop`, shape (steps, batch)."""
        first, last = start * self._batch_size, stop * self._batch_size
        parts = [self._epoch(at)[part] for at, part in pieces(first, last, self._examples)]
        return torch.cat(parts).view(stop - start, self._batch_size)

    def _shuffled(self, epoch: int) -> Tensor:
        stream = torch.Generator().manual_seed(derived_seed(self._seed, "order", epoch))
        return torch.randperm(self._examples, generator=stream)
