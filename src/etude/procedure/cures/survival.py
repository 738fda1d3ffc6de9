"""Whether a short training survives its warmup: it keeps what it learns at the rate it ramps to.

Axes: S steps of a training.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ...analyze.statistics.curve_shape import finite, smoothed
from ...playbook.metrics import TRAIN_LOSS, known_metrics
from ...record import Record
from ..base import Known

Losses = NDArray[np.float64]
# Heuristic: so many losses of single batches make a level.
_WIDTH = 5
# Heuristic: of the first level; the noise of batches at a start with large weights climbs by half.
_CLIMB = 1.0
# Heuristic: of the way that the baseline came down in as many steps.
_SHARE = 0.5
# Heuristic: the last third of a training that ramps for one third and holds for two.
_LATE = 3


def survives(record: Record, baseline: Sequence[Record], loss: str = TRAIN_LOSS) -> bool | None:
    """Whether a training came through its warmup; None where it hardly logged its training loss.

    It does where it ended well, never climbed to twice its first level, and stands at the end at
    least halfway down to where the baseline was after as many steps: one that broke at once and
    rests at chance has survived nothing.

    Source: D4, D7.
    """
    if record.status != "completed":
        return False
    level_S = _level(record, loss)
    if len(level_S) < _WIDTH:
        return None
    first = float(level_S[0])
    late = float(np.median(level_S[-max(len(level_S) // _LATE, 1) :]))
    has_climbed = float(level_S.max()) > first + _CLIMB * abs(first)
    return not has_climbed and late <= first - _SHARE * max(
        first - _reached(baseline, record, loss), 0.0
    )


def _reached(baseline: Sequence[Record], record: Record, loss: str) -> float:
    """Where the baseline's training loss was after as many steps; infinite where none has one.

    Starts differ, by their random weights, more than what is reached.
    """
    levels = [
        float(level_S[-1])
        for one in baseline
        if one.status == "completed" and len(level_S := _level(one, loss, until_step=record.steps))
    ]
    return median(levels) if levels else math.inf


def _level(record: Record, loss: str, *, until_step: int | None = None) -> Losses:
    series = finite(record.series(loss))
    values_S = series.values_P
    if until_step is not None:
        values_S = values_S[series.steps_P < until_step]
    return smoothed(values_S, _WIDTH) if len(values_S) else values_S


def gradient_norms(records: Sequence[Record], name: str) -> list[Losses]:
    """The unclipped gradient norms of each training that logged them under this name.

    Source: D5.
    """
    series = [finite(record.series(name)) for record in records]
    return [one.values_P for one in series if len(one)]


def own_name(known: Known, entry: str) -> str:
    """What the trainings call a metric of the catalogue, as the diagnosis reads it.

    Itself where none of them has another name for it.

    Source: C11, D5.
    """
    records = [record for played in known.rounds for record in played.records]
    logged = {name for record in records for name in record.points.metrics}
    taken = known_metrics(logged, known.base.names, metric=known.base.metric)
    return next((own for own, one in taken.items() if one == entry), entry)
