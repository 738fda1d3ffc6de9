"""The current trial: the one that this process trains now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .trial import Trial

# The innermost last: a trial's code may run a round of its own.
_TRAINED: list[Trial] = []


def current() -> Trial | None:
    """The trial that this process trains now; None where it trains none.

    For code that its caller hands no trial, a callback of a library among it. A stack trains many
    trials at once, and so none of them alone.

    >>> current() is None
    True
    """
    return _TRAINED[-1] if _TRAINED else None


@contextmanager
def trained_now(trial: Trial) -> Iterator[None]:
    """Makes a trial the current one while the block trains it: a runner's to call."""
    _TRAINED.append(trial)
    try:
        yield
    finally:
        _TRAINED.pop()
