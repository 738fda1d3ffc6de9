"""How long the trials that are left will train, by those that ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import final

from ..record import Record
from ..study import Study


@final
@dataclass(frozen=True, kw_only=True)
class Hours:
    """Hours of one worker, start-up and waiting not counted.

    Args:
        left: Of the trials that have not ended.
        all: Of every trial.
        measured: The completed trials that say so.
    """

    left: float
    all: float
    measured: int


def hours(plan: Sequence[tuple[Study, Sequence[Record]]], timed: Sequence[Record]) -> Hours | None:
    """The hours of a plan, each study by the pace of its own completed trials, else by that of all.

    Args:
        plan: The studies with their trials, ended ones included.
        timed: Trials whose pace is known, of this experiment or of the round before.

    Source: R15, S12.
    """
    paces: dict[str, list[float]] = {}
    for record in timed:
        if record.status == "completed" and record.steps > 0 and record.wall_s > 0:
            paces.setdefault(record.study, []).append(record.wall_s / record.steps)
    known = [pace for each in paces.values() for pace in each]
    if not known:
        return None
    left = total = 0.0
    for study, records in plan:
        trial_s = fmean(paces.get(study.name, known)) * study.max_steps
        total += trial_s * len(records)
        left += trial_s * sum(not record.ended for record in records)
    return Hours(left=left / 3600, all=total / 3600, measured=len(known))
