"""Epochs: shuffled without end, a batch may reach from one into the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Generic, TypeVar, final

from ..errors import WorkloadError
from ..study import derived_seed

Positions = TypeVar("Positions")  # an array or a tensor, whichever library shuffles


@final
class Epochs(Generic[Positions]):
    """The order of a trial's examples, which depends on its seed and the step alone.

    A trial that goes on from a checkpoint only looks its step up: there is no position to save.
    """

    def __init__(
        self,
        examples: int,
        batch_size: int,
        seed: int,
        *,
        shuffled: Callable[[int, int], Positions],
    ) -> None:
        """Takes how many examples there are, and what shuffles so many with a seed.

        Raises:
            WorkloadError: for a batch of more examples than there are.
        """
        refuse_too_large(batch_size, examples)
        self._examples = examples
        self._batch_size = batch_size
        # A stretch of steps seldom reaches over more than two epochs.
        self._epoch = lru_cache(maxsize=2)(
            lambda epoch: shuffled(examples, derived_seed(seed, "order", epoch))
        )

    def parts(self, start: int, stop: int) -> list[Positions]:
        """The examples of steps `start` until before `stop`, in one part an epoch."""
        first, last = start * self._batch_size, stop * self._batch_size
        parts = pieces(first, last, self._examples)
        return [self._epoch(epoch)[part] for epoch, part in parts]  # type: ignore[index]  # both have it


def epochs_done(step: int, steps_per_epoch: float) -> float:
    """The epochs that a trial has seen after this step.

    >>> epochs_done(step=9, steps_per_epoch=40)
    0.25
    """
    return (step + 1) / steps_per_epoch


def refuse_too_large(batch_size: int, examples: int) -> None:
    """Refuses a batch of more examples than there are.

    Raises:
        WorkloadError: with what to do about it.
    """
    if batch_size > examples:
        raise WorkloadError(
            f"`batch_size` is {batch_size}, but there are {examples} examples to train on. "
            "Lower it, or give more."
        )


def pieces(first: int, last: int, examples: int) -> Iterator[tuple[int, slice]]:
    """The epochs that positions `first` until before `last` fall into, each with its part.

    >>> list(pieces(8, 13, examples=10))
    [(0, slice(8, 10, None)), (1, slice(0, 3, None))]
    """
    while first < last:
        epoch, offset = divmod(first, examples)
        taken = min(examples - offset, last - first)
        yield epoch, slice(offset, offset + taken)
        first += taken
