"""Epochs: which of them a batch reaches into, and where."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import WorkloadError


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
