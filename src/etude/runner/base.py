"""The contract of a runner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from ..assignment import Assignment, Halt
from ..event import Event

Deliver: TypeAlias = Callable[[Sequence[Event]], None]


class Runner(Protocol):
    """Trains trials somewhere. It knows no store and no search."""

    @property
    def free(self) -> int:
        """How many trials it could take now."""

    @property
    def slots(self) -> int:
        """How many trials it trains at once."""

    def submit(self, orders: Sequence[Assignment | Halt]) -> None:
        """Takes trials, at most `free` of them, and stops others that it trains."""

    def wait(self, deliver: Deliver) -> bool:
        """Blocks until something happened and hands it to `deliver`; False when nothing runs."""

    def close(self) -> None:
        """Ends what runs, without waiting for it to finish."""
