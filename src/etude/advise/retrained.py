"""What the best settings of studies are worth, by their trainings with other seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from ..analyze.comparison import Comparison, comparison
from ..analyze.comparison.comparison import Side
from ..analyze.comparison.retrainings import ENOUGH, Retrainings, of_best_setting
from ..analyze.views.repeats import repeats
from .ranking import RankedStudy


@final
@dataclass(frozen=True, kw_only=True)
class Retrained:
    """The best settings of all studies by their trainings, the best mean first.

    Args:
        leader: The name of the study with the best mean.
        comparisons: The leader against every other, by name, the nearest first.
        searched: Whether the settings were found by searches that tell something too.
    """

    leader: str
    comparisons: Mapping[str, Comparison]
    searched: bool

    @property
    def nearest(self) -> Comparison:
        """The one that is the least clear."""
        return max(self.comparisons.values(), key=lambda one: (not _is_beaten(one), _p(one)))

    @property
    def agree(self) -> bool:
        """Whether the leader is better than every other."""
        return all(map(_is_beaten, self.comparisons.values()))

    @property
    def fewest(self) -> int:
        """How many trainings the side with the fewest has."""
        return min(min(one.a.trainings, one.b.trainings) for one in self.comparisons.values())

    @property
    def copies(self) -> bool:
        """Whether the trainings of a side are one, whatever their seed."""
        return any(side.copies for side in self.sides.values())

    @property
    def enough(self) -> bool:
        """Whether every side has as many trainings as the playbook asks for."""
        return self.fewest >= ENOUGH

    @property
    def answers(self) -> bool:
        """Whether they are the answer; else what the searches found is, where there were any."""
        return self.agree or (self.enough and not self.copies) or not self.searched

    @property
    def settles(self) -> bool:
        """Whether the trainings alone say which is better."""
        return self.agree and self.enough

    @property
    def sides(self) -> dict[str, Side]:
        """Each study's trainings, by name."""
        leader = next(iter(self.comparisons.values())).b
        return {self.leader: leader, **{name: one.a for name, one in self.comparisons.items()}}


def _is_beaten(one: Comparison) -> bool:
    return one.answer == "better"


def _p(one: Comparison) -> float:
    return min(one.difference.p, one.failures.p)


def retrained(studies: Sequence[RankedStudy]) -> Retrained | None:
    """The best settings compared by their trainings; None where one study has none.

    The value that singled a setting out is left out, for it is a lucky one; where a study tunes
    nothing, all count.

    Source: A1, A2, A4.
    """
    sides = [trainings for study in studies if (trainings := _trainings(study)) is not None]
    if len(studies) < 2 or len(sides) < len(studies):
        return None
    if not all(side.copies for side in sides if len(side.values) > 1):
        # The seed moves one of them, so the others are saturated.
        sides = [replace(side, copies=False) for side in sides]
    objective = studies[0].study.objective
    ordered = sorted(sides, key=lambda side: _key(side, maximize=objective.maximize))
    leader, others = ordered[0], ordered[1:]
    return Retrained(
        leader=leader.name,
        comparisons={
            other.name: comparison(
                other, leader, metric=objective.metric, maximize=objective.maximize
            )
            for other in others
        },
        searched=any(side.selected is not None for side in sides),
    )


def _trainings(ranked: RankedStudy) -> Retrainings | None:
    groups = repeats(ranked.outcomes)
    # A search that draws one setting only is none, and what it repeats nobody chose.
    if len(groups) == 1 and ranked.study.space.dimensions:
        return None
    return of_best_setting(groups, name=ranked.study.name)


def _key(side: Retrainings, *, maximize: bool) -> tuple[float, str]:
    """The mean loss of those that did not fail, then the name."""
    values = [value for value in side.values if math.isfinite(value)]
    mean = sum(values) / len(values) if values else math.inf
    return -mean if maximize and values else mean, side.name
