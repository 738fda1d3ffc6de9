"""The order of examples: which ones a step sees depends on the trial's seed and the step alone."""

from __future__ import annotations

from functools import lru_cache
from typing import final

import torch
from torch import Tensor

from ..errors import WorkloadError
from ..study import derived_seed


@final
class Order:
    """Shuffled epochs without end; a batch may reach from one epoch into the next.

    A trial that goes on from a checkpoint only looks its step up: there is no position to save.
    """

    def __init__(self, examples: int, batch_size: int, seed: int) -> None:
        """Takes the number of examples to choose from."""
        if batch_size > examples:
            raise WorkloadError(
                f"`batch_size` is {batch_size}, but there are {examples} examples to train on. "
                "Lower it, or give more."
            )
        self._examples = examples
        self._batch_size = batch_size
        self._seed = seed
        # A stretch of steps seldom reaches over more than two epochs.
        self._epoch = lru_cache(maxsize=2)(self._shuffled)

    def rows(self, start: int, stop: int) -> Tensor:
        """The examples of steps `start` until before `stop`, shape (steps, batch)."""
        first, last = start * self._batch_size, stop * self._batch_size
        parts = []
        while first < last:
            epoch, offset = divmod(first, self._examples)
            taken = min(self._examples - offset, last - first)
            parts.append(self._epoch(epoch)[offset : offset + taken])
            first += taken
        return torch.cat(parts).view(stop - start, self._batch_size)

    def _shuffled(self, epoch: int) -> Tensor:
        stream = torch.Generator().manual_seed(derived_seed(self._seed, "order", epoch))
        return torch.randperm(self._examples, generator=stream)
