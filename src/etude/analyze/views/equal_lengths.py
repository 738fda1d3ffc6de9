"""Equal lengths: the trials of a study whose values can be compared, because they ran as long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from ...study import Study
from .outcomes import Outcome


@final
@dataclass(frozen=True, kw_only=True)
class EqualLengths:
    """Trials with a value at a length that all of them reached, and those that failed.

    Args:
        cut: How many trials with a value were stopped before the length of the longest.
        trials: How many trials have a value.
        step: The last step that counts, where the values are those at a common one.
    """

    outcomes: tuple[Outcome, ...]
    cut: int = 0
    trials: int = 0
    step: int | None = None


def equal_lengths(study: Study, ended: Sequence[Outcome], *, needed: int) -> EqualLengths:
    """The trials that were not cut short; where fewer than needed, all of them at a common step.

    What was pruned or stopped early has a value that measures how long it ran. A training that
    ended by itself counts with its best value, however long it took. The common step is the last
    one that every trial reached.

    Source: R2, C1.
    """
    feasible = [one for one in ended if one.feasible]
    if not any(one.record.status == "stopped" for one in feasible):
        return EqualLengths(outcomes=tuple(ended), trials=len(feasible))
    last_of = {one.trial: _last_step(one) for one in feasible}
    longest = max(last_of.values(), default=0)
    cut = {
        one.trial
        for one in ended
        if one.feasible and one.record.status == "stopped" and last_of[one.trial] < longest
    }
    if len(last_of) - len(cut) >= needed or not cut:
        whole = tuple(one for one in ended if one.trial not in cut)
        return EqualLengths(outcomes=whole, cut=len(cut), trials=len(last_of))
    step = min(last_of.values())
    at_step = (_until(study, one, step) if one.feasible else one for one in ended)
    return EqualLengths(
        outcomes=tuple(one for one in at_step if one is not None),
        cut=len(cut),
        trials=len(last_of),
        step=step,
    )


def _last_step(outcome: Outcome) -> int:
    return int(outcome.record.series(outcome.metric).steps_P[-1])


def _until(study: Study, outcome: Outcome, step: int) -> Outcome | None:
    """The trial with its best value up to a step; None where none is finite there."""
    series = outcome.record.series(outcome.metric)
    counts_P = (series.steps_P <= step) & np.isfinite(series.values_P)
    if not counts_P.any():
        return None
    losses_P = np.array([study.objective.loss(value) for value in series.values_P[counts_P]])
    best = int(np.argmin(losses_P))
    return replace(
        outcome,
        loss=float(losses_P[best]),
        value=float(series.values_P[counts_P][best]),
        step=int(series.steps_P[counts_P][best]),
    )
