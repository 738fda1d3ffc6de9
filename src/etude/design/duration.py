"""The duration of a plan: how long the remaining trials will train, by those that ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import final

from ..record import Record
from ..study import Study


@final
@dataclass(frozen=True, kw_only=True)
class Duration:
    """Hours of one worker, start-up and waiting not counted.

    Args:
        remaining: Of the trials that have not ended.
        total: Of every trial.
        measured: The completed trials that say so.
    """

    remaining: float
    total: float
    measured: int


def duration(
    plan: Sequence[tuple[Study, Sequence[Record]]], timed: Sequence[Record]
) -> Duration | None:
    """The duration of a plan: each study at its own pace, else at that of all completed trials.

    Args:
        plan: The studies with their trials, ended ones included.
        timed: Trials whose pace is known, of this experiment or of the round before.

    Source: R15, S12.
    """
    paces: dict[str, list[float]] = {}
    for record in timed:
        if record.status == "completed" and record.steps > 0 and record.wall_s > 0:
            paces.setdefault(record.study, []).append(record.wall_s / record.steps)
    known = [pace for of_study in paces.values() for pace in of_study]
    if not known:
        return None
    remaining = total = 0.0
    for study, records in plan:
        trial_s = fmean(paces.get(study.name, known)) * study.max_steps
        total += trial_s * len(records)
        remaining += trial_s * sum(not record.ended for record in records)
    return Duration(remaining=remaining / 3600, total=total / 3600, measured=len(known))
