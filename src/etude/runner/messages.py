"""Messages between the parent and a worker process, beside lists of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from ..assignment import Assignment


@final
@dataclass(frozen=True)
class Train:
    """To a worker: train these, up to `width` trials at once, with so many threads.

    Where `threads` is None, with those that the worker was started with.
    """

    assignments: tuple[Assignment, ...]
    width: int
    threads: int | None = None


@final
@dataclass(frozen=True)
class Prepare:
    """To a worker that waits for another's verdict: load what training these takes."""

    assignments: tuple[Assignment, ...]


@final
@dataclass(frozen=True)
class Judge:
    """To a worker: would you train these in stacks, one of so many workers?"""

    assignments: tuple[Assignment, ...]
    workers: int


@final
@dataclass(frozen=True)
class Verdict:
    """From a worker: so many trials a stack, 1 for none, and why, in one sentence.

    Args:
        ratio: How many times as fast as one trial after another; 1 where it was not measured.
        fastest: The width that measured fastest, worth it or not; 1 where stacks are not possible.
        threads: Where one worker with so many is faster than all with their own; else None.
    """

    width: int
    reason: str
    ratio: float = 1.0
    fastest: int = 1
    threads: int | None = None
