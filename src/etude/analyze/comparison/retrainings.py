"""Retrainings: the final values of one setting, trained several times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import final

from ...record import UNKNOWN_SEED, Record
from ...study import Study
from ..views.outcomes import Outcome, outcomes, ranked
from ..views.repeats import are_copies, repeats

# The playbook's N of A2. With fewer seeds a side, no difference may just be too few seeds.
ENOUGH = 5


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
    being the lowest, so it flatters its setting. Of settings that were all trained five times or
    more, the one with the best mean is the best.

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
    best_group = _best_group(groups, best[0])
    copies = copied(best_group, groups)
    if len(groups) == 1:
        return _of(best_group, name, copies=copies) if len(best_group) > 1 else None
    others = [outcome for outcome in best_group if outcome is not best[0]]
    selected = best[0].trial if len(others) < len(best_group) else None
    return _of(others, name, selected=selected, copies=copies) if others else None


def best_training(ended: Sequence[Outcome]) -> Outcome | None:
    """The best training of a study's best setting; None where none has a value.

    Source: A1, A2.
    """
    best = next(iter(ranked(ended)), None)
    if best is None or len(ended) < 2 * ENOUGH:
        return best
    return next(iter(ranked(_best_group(repeats(ended), best))), best)


def _best_group(groups: Sequence[Sequence[Outcome]], best: Outcome) -> Sequence[Outcome]:
    """The trainings of the best setting: that of the best trial, or of the best mean.

    Where the best trial's setting was trained often, one lucky training singles nothing out: of all
    that were trained as often the best mean does, failures last.
    """
    of_best = next((group for group in groups if best in group), ())
    often = [group for group in groups if len(group) >= ENOUGH]
    if len(of_best) < ENOUGH:
        return of_best
    return min(often, key=lambda group: (_mean_loss(group), group is not of_best))


def _mean_loss(group: Sequence[Outcome]) -> float:
    return fmean(outcome.loss for outcome in group)


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
