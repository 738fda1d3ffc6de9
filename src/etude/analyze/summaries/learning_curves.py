"""Training curves: every trial, the best few marked.

Axes: P points of a curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from ...playbook.metrics import BATCH_NORM_EXAMPLES, DATA, EPOCH
from ...record import Record, Series, Status
from ...study import Study
from ..views.curves import thinned
from ..views.outcomes import Outcome, ranked


@final
@dataclass(frozen=True, kw_only=True)
class Curve:
    """One metric of one trial, thinned for drawing: finite values only.

    Args:
        rank: 1 for the study's best trial by its metric, up to the number asked for; 0 otherwise.
        broke_at: The step of the first value that is not finite; None where all are.
    """

    trial: int
    status: Status
    reason: str
    rank: int
    steps_P: tuple[int, ...]
    values_P: tuple[float, ...]
    broke_at: int | None

    @property
    def infeasible(self) -> bool:
        """Whether the trial is infeasible."""
        return self.status == "infeasible"


@final
@dataclass(frozen=True, kw_only=True)
class Curves:
    """One metric of every trial of a study with values of it, by id; `best` are ids, best first."""

    study: str
    metric: str
    best: tuple[int, ...]
    curves: tuple[Curve, ...]


def curves(
    study: Study,
    ended: Sequence[Outcome],
    metric: str,
    *,
    best: int = 3,
    max_points: int = 200,
) -> Curves:
    """The curves of one metric, each thinned to `max_points` with its extremes kept.

    Source: C5, C13.
    """
    best_ids = tuple(outcome.trial for outcome in ranked(ended)[:best])
    ranks = {trial: rank for rank, trial in enumerate(best_ids, start=1)}
    drawn = [(outcome.record, outcome.record.series(metric)) for outcome in ended]
    return Curves(
        study=study.name,
        metric=metric,
        best=best_ids,
        curves=tuple(
            _curve(record, series, ranks.get(record.id, 0), max_points)
            for record, series in drawn
            if len(series)
        ),
    )


def metrics(study: Study, records: Sequence[Record]) -> list[str]:
    """The metrics the study's trials have values of: its own first, the others by name.

    Source: C5.
    """
    logged = {
        metric
        for record in records
        if record.study == study.name
        for metric in record.points.metrics
        if not metric.startswith(DATA)
    }
    idle = {study.metric, EPOCH, BATCH_NORM_EXAMPLES}
    return [study.metric] * (study.metric in logged) + sorted(logged - idle)


def _curve(record: Record, series: Series, rank: int, max_points: int) -> Curve:
    finite_P = np.isfinite(series.values_P)
    drawn_P = thinned(series.values_P[finite_P], max_points)
    return Curve(
        trial=record.id,
        status=record.status,
        reason=record.reason,
        rank=rank,
        steps_P=tuple(series.steps_P[finite_P][drawn_P].tolist()),
        values_P=tuple(series.values_P[finite_P][drawn_P].tolist()),
        broke_at=None if finite_P.all() else int(series.steps_P[~finite_P][0]),
    )
