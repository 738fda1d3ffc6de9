"""Retrainings: the final values of one setting, trained several times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from ...record import UNKNOWN_SEED, Record
from ...study import Study
from ..views.outcomes import Outcome, outcomes, ranked
from ..views.repeats import are_copies, repeats


@final
@dataclass(frozen=True, kw_only=True)
class Retrainings:
    """The final values of one setting's trainings.

    Args:
        name: As messages call it.
        values: Raw, in the metric's own direction; NaN for a training that failed.
        seeds: One a value, where all are known; empty otherwise.
        trials: Their ids; empty where they are not of a store.
        selected: The trial left out because its own value singled the setting out: such a value is
            lucky (A1); None where none was.
        copies: Whether they logged the same values whatever their seed, so that they tell nothing
            of chance.
    """

    name: str
    values: tuple[float, ...]
    seeds: tuple[int, ...] = ()
    trials: tuple[int, ...] = ()
    selected: int | None = None
    copies: bool = False

    def by_seed(self) -> Retrainings:
        """The same in the order of the seeds."""
        pairs = sorted(zip(self.seeds, self.values, strict=True), key=lambda pair: pair[0])
        return replace(
            self,
            seeds=tuple(seed for seed, _ in pairs),
            values=tuple(value for _, value in pairs),
        )


def retrainings(
    studies: Sequence[Study], records: Sequence[Record], trial: int, *, name: str
) -> Retrainings | None:
    """All trainings of this trial's setting, itself among them; None where it has not ended.

    Source: A2.
    """
    groups = _groups(studies, records)
    for group in groups:
        if any(outcome.trial == trial for outcome in group):
            return _of(group, name, copies=copied(group, groups))
    return None


def of_best(
    studies: Sequence[Study], records: Sequence[Record], *, name: str
) -> Retrainings | None:
    """The retrainings of an experiment's best setting; None where that was trained only once.

    Where several settings were tried, the best trial's own value is left out: it was chosen for
    being the lowest, so it flatters its setting.

    Source: A1, A2.
    """
    return of_best_setting(_groups(studies, records), name=name)


def of_best_setting(groups: Sequence[Sequence[Outcome]], *, name: str) -> Retrainings | None:
    """The same of outcomes grouped by their setting.

    Source: A1, A2.
    """
    best = ranked([outcome for group in groups for outcome in group])
    if not best:
        return None
    best_group = next(group for group in groups if best[0] in group)
    copies = copied(best_group, groups)
    if len(groups) == 1:
        return _of(best_group, name, copies=copies) if len(best_group) > 1 else None
    others = [outcome for outcome in best_group if outcome is not best[0]]
    return _of(others, name, selected=best[0].trial, copies=copies) if others else None


def copied(group: Sequence[Outcome], groups: Sequence[Sequence[Outcome]]) -> bool:
    """Whether a setting's trainings are copies of one.

    Not where the seed moves another setting of the round: then this one is only saturated.

    Source: A1, A2.
    """
    again = [one for one in groups if sum(outcome.feasible for outcome in one) > 1]
    return are_copies(group) and all(map(are_copies, again))


def _groups(studies: Sequence[Study], records: Sequence[Record]) -> list[list[Outcome]]:
    """The outcomes of all studies, grouped by their setting."""
    return [group for study in studies for group in repeats(outcomes(study, records))]


def _of(
    group: Sequence[Outcome], name: str, *, selected: int | None = None, copies: bool = False
) -> Retrainings:
    seeds = tuple(outcome.record.seed for outcome in group)
    return Retrainings(
        name=name,
        values=tuple(math.nan if outcome.value is None else outcome.value for outcome in group),
        seeds=() if UNKNOWN_SEED in seeds else seeds,
        trials=tuple(outcome.trial for outcome in group),
        selected=selected,
        copies=copies,
    )
