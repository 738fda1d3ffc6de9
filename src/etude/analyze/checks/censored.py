"""Trials that a schedule stopped: how far they came, and what that leaves open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ...experiment.methods import schedule_method
from ...finding import Finding
from ...study import Study
from ...wording import plural, study_text
from ..views.outcomes import Outcome


@final
@dataclass(frozen=True)
class Censored:
    """The trials of a study by the steps at which its schedule stopped them.

    Args:
        stopped: How many after so many updates, by updates.
        trials: The ids of those that were stopped.
        complete: How many were trained to the end.
    """

    study: str
    schedule: str
    max_steps: int
    stopped: dict[int, int]
    trials: tuple[int, ...]
    complete: int
    ended: int


def censored(study: Study, ended: Sequence[Outcome]) -> Censored:
    """How far the trials of a study came before its schedule stopped them.

    Source: T8.
    """
    records = [outcome.record for outcome in ended]
    stopped = [
        record for record in records if record.status == "stopped" and record.reason == "schedule"
    ]
    return Censored(
        study=study.name,
        schedule=study.schedule or "",
        max_steps=study.max_steps,
        stopped=dict(sorted(Counter(record.steps for record in stopped).items())),
        trials=tuple(sorted(record.id for record in stopped)),
        complete=sum(record.status == "completed" for record in records),
        ended=len(records),
    )


def findings(result: Censored) -> list[Finding]:
    """One notice where trials were stopped, and nothing else.

    Source: T8, W4.
    """
    if not result.trials:
        return []
    rungs = ", ".join(
        f"{count} after {plural(steps, 'step')} ({100 * steps / result.max_steps:.2g} %)"
        for steps, count in result.stopped.items()
    )
    stopped = (
        f"{len(result.trials)} of {plural(result.ended, 'trial')} of {study_text(result.study)}"
    )
    population = schedule_method(result.schedule).population
    return [
        Finding(
            rule="W4" if population else "T8",
            check="schedule",
            status="notice",
            subject={"study": result.study},
            headline=f"`{result.schedule}` stopped {stopped} early",
            message=(
                f"`{result.schedule}` stopped {stopped}: {rungs}. Their values are censored, and "
                + ("those of a population depend on each other." if population else _LEADS)
            ),
            evidence={
                "trials": list(result.trials),
                "stopped": {str(steps): count for steps, count in result.stopped.items()},
                "completed": result.complete,
                "max_steps": result.max_steps,
            },
            advice=_POPULATION if population else _LENGTHS,
        )
    ]


_LEADS = "what leads early need not lead at the full length."
_LENGTHS = "Train the best few settings to their full length before a conclusion rests on one."
_POPULATION = (
    "Train the schedule that was found again from the start, with other seeds, before believing "
    "it: `etude next --replay` writes its file."
)
