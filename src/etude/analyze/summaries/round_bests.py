"""The rounds of one line of experiments: the best value of each, and the best so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ...experiment.objective import Objective

# A 95 % interval of a normal value, in standard deviations.
_REACH = 1.96


@final
@dataclass(frozen=True, kw_only=True)
class RoundBest:
    """The best of one round.

    Args:
        name: The experiment's.
        value: The best value, raw; None where no trial is feasible.
        trials: How many trials ended.
        sd: Of another training of the best setting; None where that is not known.
    """

    name: str
    value: float | None
    trials: int
    sd: float | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where 95 % of trainings of the best setting would lie; None where that is not known."""
        if self.value is None or self.sd is None:
            return None
        return self.value - _REACH * self.sd, self.value + _REACH * self.sd


@final
@dataclass(frozen=True, kw_only=True)
class Rounds:
    """The rounds of one line of experiments, the first of them first.

    Args:
        best: The place of the round with the best value, the first of equals; None without any.
        improved: Of each round, whether it is better than all before; the first with a value is.
    """

    metric: str
    maximize: bool
    rounds: tuple[RoundBest, ...]
    best: int | None
    improved: tuple[bool, ...]


def rounds(rounds: Sequence[RoundBest], *, metric: str = "", maximize: bool = False) -> Rounds:
    """The rounds in their order, with the best of them all and those that went further.

    Source: A2, C1.

    >>> first = RoundBest(name="a", value=0.3, trials=9)
    >>> second = RoundBest(name="b", value=0.2, trials=9)
    >>> rounds([first, second]).best, rounds([second, first]).improved
    (1, (True, False))
    """
    loss = Objective(metric, maximize).loss
    lowest, best = math.inf, None
    improved = []
    for place, one in enumerate(rounds):
        better = one.value is not None and loss(one.value) < lowest
        if one.value is not None and better:
            lowest, best = loss(one.value), place
        improved.append(better)
    return Rounds(
        metric=metric,
        maximize=maximize,
        rounds=tuple(rounds),
        best=best,
        improved=tuple(improved),
    )
