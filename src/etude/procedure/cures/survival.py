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
from ...playbook.metrics import TRAIN_LOSS, known_metric
from ...record import Record, Series

Losses = NDArray[np.float64]
# Heuristic: so many losses of single batches make a level.
_WIDTH = 5
# Heuristic: of the first level; the noise of batches at a start with large weights climbs by half.
_CLIMB = 1.0
# Heuristic: of the way that the baseline came down in as many steps.
_SHARE = 0.5
# Heuristic: the last third of a training that ramps for one third and holds for two.
_LATE = 3


def survives(record: Record, baseline: Sequence[Record]) -> bool | None:
    """Whether a training came through its warmup; None where it logged no training loss.

    It does where it ended well, never climbed to twice its first level, and stands at the end at
    least halfway down to where the baseline was after as many steps: one that broke at once and
    rests at chance has survived nothing.

    Source: D4, D7.
    """
    if record.status != "completed":
        return False
    level_S = _level(record)
    if len(level_S) == 0:
        return None
    first = float(level_S[0])
    late = float(np.median(level_S[-max(len(level_S) // _LATE, 1) :]))
    has_climbed = float(level_S.max()) > first + _CLIMB * abs(first)
    return not has_climbed and late <= first - _SHARE * max(first - _reached(baseline, record), 0.0)


def _reached(baseline: Sequence[Record], record: Record) -> float:
    """Where the baseline's training loss was after as many steps; infinite where none has one.

    Starts differ, by their random weights, more than what is reached.
    """
    levels = [
        float(level_S[-1])
        for one in baseline
        if one.status == "completed" and len(level_S := _level(one, until_step=record.steps))
    ]
    return median(levels) if levels else math.inf


def _level(record: Record, *, until_step: int | None = None) -> Losses:
    series = training_loss(record)
    values_S = series.values_P
    if until_step is not None:
        values_S = values_S[series.steps_P < until_step]
    return smoothed(values_S, _WIDTH) if len(values_S) else values_S


def training_loss(record: Record) -> Series:
    """The training loss of a trial, whatever it calls it.

    Source: D2.
    """
    return finite(record.series(_metric(record, TRAIN_LOSS)))


def gradient_norms(records: Sequence[Record], metric: str) -> list[Losses]:
    """The unclipped gradient norms of each training that logged them.

    Source: D5.
    """
    series = [finite(record.series(_metric(record, metric))) for record in records]
    return [one.values_P for one in series if len(one)]


def _metric(record: Record, entry: str) -> str:
    """The name under which a trial logged what the playbook knows as `entry`."""
    names = record.points.metrics
    return next((name for name in names if known_metric(name) == entry), entry)
