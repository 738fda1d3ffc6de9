"""Conclusions of a short round, and which of them turn at a longer length."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal, TypeAlias, final

from ...analyze.comparison import Comparison, comparison
from ...analyze.comparison.retrainings import Retrainings
from ...experiment.objective import Objective
from ...wording import number
from ..base import Round, Setting
from .contenders import Contender

Status: TypeAlias = Literal["holds", "turned", "settled", "open"]
# The trainings of each contender at one length, by its name.
Trained: TypeAlias = Mapping[str, Retrainings]


@final
@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """The order of two settings at the short length, and at the longest where both were trained.

    Args:
        leader: The best of the short round.
        rival: The other.
        status: `holds` (the same order at both, beyond the noise), `turned` (the opposite order at
            both, beyond the noise), `settled` (only the longer length tells them apart), or `open`.
        short: The rival against the leader at the short length; None where not trained.
        long: The same at the longer one.
        steps: That length.
    """

    leader: Contender
    rival: Contender
    status: Status
    short: Comparison | None
    long: Comparison | None
    steps: int

    @property
    def ahead(self) -> Contender | None:
        """Which one the longer length puts ahead, beyond the noise."""
        return _ahead(self.leader, self.rival, self.long)

    @property
    def ahead_short(self) -> Contender | None:
        """Which one is ahead at the short length, beyond the noise."""
        return _ahead(self.leader, self.rival, self.short)

    @property
    def may_have_turned(self) -> bool:
        """Whether the short trainings, too few to tell, lean the other way than the longer decide.

        Source: A2, T8.
        """
        short = self.short
        if self.status != "settled" or short is None or short.why not in ("few", "close"):
            return False
        leans_to = self.rival if short.gain > 0.0 else self.leader
        return math.isfinite(short.gain) and leans_to is not self.ahead

    def name_of(self, contender: Contender | None) -> str:
        """What the conclusion calls one of the two: a neighbour's leader by its value.

        Source: R13.
        """
        if contender is self.leader and self.rival.axis:
            axis = self.rival.axis
            return f"{axis} = {number(self.leader.setting[axis])}"
        return contender.name if contender is not None else "neither"

    def as_json(self) -> dict[str, Any]:
        """The conclusion as programs read it."""
        ahead, ahead_short = self.ahead, self.ahead_short
        return {
            "kind": "order" if self.rival.family in ("study", "setting") else "region",
            "leader": self.name_of(self.leader),
            "rival": self.rival.name,
            "status": self.status,
            "steps": self.steps,
            "ahead_short": self.name_of(ahead_short) if ahead_short else None,
            "ahead": self.name_of(ahead) if ahead else None,
            "short": _as_json(self.short),
            "long": _as_json(self.long),
        }


def trained(
    rounds: Sequence[Round], settings: Mapping[str, Setting], objective: Objective
) -> dict[str, Retrainings]:
    """The trainings of each contender among the rounds of one length.

    Where no contender's value depends on the seed, all are copies: they tell nothing of chance.

    Source: A1, A2.
    """
    values = {
        name: [
            math.nan if (loss := one.loss(record)) is None else objective.loss(loss)
            for one in rounds
            for record in one.records
            if dict(record.setting) == dict(setting)
        ]
        for name, setting in settings.items()
    }
    copies = not any(len(set(row)) > 1 for row in values.values())
    return {
        name: Retrainings(name=name, values=tuple(row), copies=copies and len(row) > 1)
        for name, row in values.items()
        if row
    }


def conclusion(
    pair: tuple[Contender, Contender],
    short: Trained,
    long: tuple[int, Trained],
    objective: Objective,
) -> Conclusion:
    """Whether the order of two settings turned: both lengths decide, each beyond its noise.

    Source: T8, T14, A1, A2.
    """
    leader, rival = pair
    steps, trainings = long
    before = _compared(pair, short, objective)
    after = _compared(pair, trainings, objective)
    then, now = _ahead(leader, rival, before), _ahead(leader, rival, after)
    status: Status = "open"
    if now is not None:
        status = "settled" if then is None else "holds" if then is now else "turned"
    return Conclusion(
        leader=leader, rival=rival, status=status, short=before, long=after, steps=steps
    )


def mean_loss(side: Retrainings, objective: Objective) -> float:
    """The mean as a loss; infinite where a training failed, which no mean of others makes good.

    Source: A2.
    """
    if not side.values or any(not math.isfinite(value) for value in side.values):
        return math.inf
    return fmean(objective.loss(value) for value in side.values)


def finite_mean(side: Retrainings) -> float | None:
    """The mean in the metric's own direction; None where a training failed.

    Source: A2.
    """
    return fmean(side.values) if all(map(math.isfinite, side.values)) else None


def _compared(
    pair: tuple[Contender, Contender], trainings: Trained, objective: Objective
) -> Comparison | None:
    sides = [trainings.get(one.name) for one in pair]
    if sides[0] is None or sides[1] is None:
        return None
    return comparison(sides[0], sides[1], metric=objective.metric, maximize=objective.maximize)


def _ahead(leader: Contender, rival: Contender, result: Comparison | None) -> Contender | None:
    if result is None or result.answer not in ("better", "worse"):
        return None
    return rival if result.answer == "better" else leader


def _as_json(result: Comparison | None) -> dict[str, Any] | None:
    if result is None:
        return None
    means = (result.a.mean, result.b.mean)
    ends = (result.difference.low, result.difference.high)
    return {
        "compared": result.answer,
        "means": [one if math.isfinite(one) else None for one in means],
        "interval": [one if math.isfinite(one) else None for one in ends],
        "p": result.difference.p,
        "trainings": [result.a.trainings, result.b.trainings],
    }
