"""Training curves: every trial, the best few marked.

Axes: P points of a curve, M of its running median.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from ...experiment.objective import Objective
from ...playbook.metrics import BATCH_NORM_EXAMPLES, DATA, EPOCH
from ...record import Record, Series, Status
from ...study import Study
from ..views.curves import thinned
from ..views.outcomes import Outcome, ranked

# Heuristic: of fewer points every turn is seen, and a median hides it.
_MIN_POINTS = 20
# Heuristic: a curve that goes up and down by so many times the way of its median is noisy.
_NOISY = 1.5


@final
@dataclass(frozen=True, kw_only=True)
class Curve:
    """One metric of one trial, thinned for drawing: finite values only.

    Args:
        rank: 1 for the study's best trial by its metric, up to the number asked for; 0 otherwise.
        broke_at: The step of the first value that is not finite; None where all are.
        smooth_M: Of one of the best, steps and running medians where its values are noisy.
    """

    trial: int
    status: Status
    reason: str
    rank: int
    steps_P: tuple[int, ...]
    values_P: tuple[float, ...]
    broke_at: int | None
    smooth_M: tuple[tuple[int, float], ...] = ()

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


@final
@dataclass(frozen=True, kw_only=True)
class StudyCurve:
    """The curve of a study's best trial; `study` is its name."""

    study: str
    curve: Curve


@final
@dataclass(frozen=True, kw_only=True)
class BestCurves:
    """The curves of the best trials of several studies, the best study first."""

    metric: str
    maximize: bool
    curves: tuple[StudyCurve, ...]


def best_curves(
    compared: Sequence[tuple[Study, Sequence[Outcome]]], *, max_points: int = 200
) -> BestCurves:
    """The curve of the metric of each study's best trial; no study without one.

    `compared` are the studies with their outcomes.

    Source: C5, C12.
    """
    bests = [(study, ranked(ended)[:1]) for study, ended in compared]
    first = [(study, best[0]) for study, best in bests if best]
    maximize = bool(compared) and compared[0][0].maximize
    loss = Objective("", maximize).loss
    first.sort(key=lambda pair: loss(pair[1].value or 0.0))
    drawn = [(study, best.record, best.record.series(study.metric)) for study, best in first]
    return BestCurves(
        metric=compared[0][0].metric if compared else "",
        maximize=maximize,
        curves=tuple(
            StudyCurve(study=study.name, curve=_curve(record, series, 1, max_points))
            for study, record, series in drawn
            if len(series) and np.isfinite(series.values_P).any()
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


def running_median(values_P: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median of each value and its neighbours, a fifteenth of all; none without noise.

    Noisy is a curve that goes up and down so much more than its running median: a smooth one, or
    one that only falls, has none.

    Source: C5, C8.

    >>> len(running_median(np.linspace(1.0, 0.0, 50)))
    0
    """
    width = 2 * (len(values_P) // 30) + 3
    if len(values_P) < _MIN_POINTS:
        return values_P[:0]
    median_P: NDArray[np.float64] = median_filter(values_P, size=width, mode="nearest")
    ways = [float(np.abs(np.diff(one)).sum()) for one in (values_P, median_P)]
    return median_P if ways[0] > _NOISY * ways[1] else values_P[:0]


def _curve(record: Record, series: Series, rank: int, max_points: int) -> Curve:
    finite_P = np.isfinite(series.values_P)
    steps_P, values_P = series.steps_P[finite_P], series.values_P[finite_P]
    drawn_P = thinned(values_P, max_points)
    median_P = running_median(values_P) if rank else values_P[:0]
    places_M = np.unique(np.linspace(0, max(0, len(median_P) - 1), max_points // 2).astype(int))
    return Curve(
        trial=record.id,
        status=record.status,
        reason=record.reason,
        rank=rank,
        steps_P=tuple(steps_P[drawn_P].tolist()),
        values_P=tuple(values_P[drawn_P].tolist()),
        broke_at=None if finite_P.all() else int(series.steps_P[~finite_P][0]),
        smooth_M=tuple(
            zip(steps_P[places_M].tolist(), median_P[places_M].tolist(), strict=True)
            if len(median_P)
            else ()
        ),
    )
