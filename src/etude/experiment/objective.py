"""Objective: the metric that judges trials, and which of two values is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Value = TypeVar("Value", float, "NDArray[np.float64]")


@final
@dataclass(frozen=True)
class Objective:
    """What trials are judged by; values are kept as reported and turned here alone (Q2).

    Args:
        metric: Its name, as reported.
        maximize: Whether higher is better.

    >>> error, accuracy = Objective("valid/error"), Objective("valid/accuracy", maximize=True)
    >>> error.loss(0.2), accuracy.loss(0.8), accuracy.value(-0.8)
    (0.2, -0.8, 0.8)
    """

    metric: str
    maximize: bool = False

    def loss(self, value: Value) -> Value:
        """A reported value, or many of them, such that lower is better."""
        return -value if self.maximize else value

    def value(self, loss: Value) -> Value:
        """A loss, or many of them, as it was reported."""
        return self.loss(loss)  # what is turned twice is as it was

    def gain(self, difference: float) -> float:
        """By how much a value gets better that changes by this much; negative where it gets worse.

        >>> Objective("valid/error").gain(-0.25)
        0.25
        """
        return -self.loss(difference)

    @property
    def better(self) -> str:
        """The word for a better value: `higher` or `lower`."""
        return "higher" if self.maximize else "lower"

    @property
    def best(self) -> str:
        """The word for the best value: `highest` or `lowest`."""
        return "highest" if self.maximize else "lowest"
