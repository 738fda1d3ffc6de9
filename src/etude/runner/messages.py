"""Messages between the parent and a worker process, beside lists of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from ..trial import Assignment


@final
@dataclass(frozen=True)
class Train:
    """To a worker: train these, up to `width` trials at once."""

    assignments: tuple[Assignment, ...]
    width: int


@final
@dataclass(frozen=True)
class Judge:
    """To a worker: would you train these in stacks?"""

    assignments: tuple[Assignment, ...]


@final
@dataclass(frozen=True)
class Verdict:
    """From a worker: so many trials a stack, 1 for none, and why, in one sentence."""

    width: int
    reason: str
