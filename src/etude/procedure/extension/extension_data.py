"""Extension: what the rounds of an extension tell, from the trainings of each contender."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

from ...analyze.comparison import Comparison, comparison
from ...analyze.comparison.retrainings import Retrainings
from ...analyze.comparison.shared_level import decides_among
from ..base import Known
from .conclusions import Conclusion, Trained, mean_loss
from .contenders import Contender
from .long_schedule import LongSchedule


@final
@dataclass(frozen=True, kw_only=True)
class Extension:
    """What the rounds of an extension tell.

    Args:
        schedule: Of the leader at `max_steps`.
        leader: The best of the short round.
        conclusions: The leader against each other contender.
        trained: The trainings of each contender, length by length, the short one first.
        factor: How far the leader's neighbours lie from it.
    """

    known: Known
    max_steps: int
    schedule: LongSchedule
    leader: Contender
    conclusions: tuple[Conclusion, ...]
    trained: tuple[tuple[int, Trained], ...]
    contenders: tuple[Contender, ...]
    factor: float

    @property
    def turned(self) -> list[Conclusion]:
        """Those whose order is another one at the longer length, beyond the noise of both."""
        return [one for one in self.conclusions if one.status == "turned"]

    @cached_property
    def best(self) -> tuple[Contender, Retrainings] | None:
        """The contender with the best mean at the full length, its trainings; None without any."""
        objective = self.known.base.objective
        last = self.trained[-1][1]
        sides = [(one, last[one.name]) for one in self.contenders if one.name in last]
        if not sides:
            return None
        best = min(sides, key=lambda side: mean_loss(side[1], objective))
        return best if math.isfinite(mean_loss(best[1], objective)) else None

    @property
    def candidate(self) -> Contender:
        """Where a launch begins: the best mean if it leads beyond the noise, else the leader.

        It is picked as the best of several, so they share the level.

        Source: T12, A2.
        """
        best = self.best[0] if self.best is not None else self.leader
        leads = any(one.rival is best and self.passes(one) for one in self.conclusions)
        return best if leads else self.leader

    def passes(self, one: Conclusion) -> bool:
        """Whether its rival is ahead at the full length, at the level that all rivals share.

        Source: A2.
        """
        judged = sum(other.long is not None for other in self.conclusions)
        return one.long is not None and one.ahead is one.rival and decides_among(one.long, judged)

    @cached_property
    def longer(self) -> Comparison | None:
        """The candidate at the full length against the leader at the short one."""
        objective = self.known.base.objective
        short, long = self.trained[0][1], self.trained[-1][1]
        sides = short.get(self.leader.name), long.get(self.candidate.name)
        if sides[0] is None or sides[1] is None:
            return None
        return comparison(sides[0], sides[1], metric=objective.metric, maximize=objective.maximize)
