"""Traces: the curves of every ended trial, oriented once for all checks of training curves.

Letters: P points of a curve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from ..record import Record, Series
from ..study import Study

TRAIN_LOSS = "train/loss"
VALID_LOSS = "valid/loss"
GRADIENT_NORM = "grad_norm"


@final
@dataclass(frozen=True, kw_only=True)
class Trace:
    """One ended trial's curves.

    Args:
        metric: The study's metric; `objective` holds it lower-is-better.
        max_steps: The full length, whatever the trial did of it.
    """

    record: Record
    metric: str
    maximize: bool
    max_steps: int

    @property
    def trial(self) -> int:
        """The trial's id."""
        return self.record.id

    @property
    def infeasible(self) -> bool:
        """Whether the trial ended as infeasible."""
        return self.record.status == "infeasible"

    @cached_property
    def objective(self) -> Series:
        """The study's metric, lower is better, raw otherwise: NaN and inf included."""
        found = self.record.series(self.metric)
        return Series(found.steps_P, -found.values_P) if self.maximize else found

    @cached_property
    def train_loss(self) -> Series:
        """The training loss, as logged."""
        return self.record.series(TRAIN_LOSS)

    @cached_property
    def valid_loss(self) -> Series:
        """The validation loss, as reported; empty where none was."""
        return self.record.series(VALID_LOSS)

    @cached_property
    def gradient_norm(self) -> Series:
        """The gradient norm, as logged."""
        return self.record.series(GRADIENT_NORM)


def traces(study: Study, records: Sequence[Record]) -> list[Trace]:
    """The ended trials of a study, by id.

    Source: C5, Q2 (oriented only here).
    """
    mine = [record for record in records if record.study == study.name and record.ended]
    return [
        Trace(
            record=record,
            metric=study.metric,
            maximize=study.maximize,
            max_steps=study.max_steps,
        )
        for record in sorted(mine, key=lambda record: record.id)
    ]


def finite(series: Series) -> Series:
    """The points with finite values.

    Source: D1.
    """
    kept_P = np.isfinite(series.values_P)
    return series if bool(kept_P.all()) else Series(series.steps_P[kept_P], series.values_P[kept_P])


def noise(values_P: NDArray[np.float64]) -> float:
    """The sd of single values around a smooth curve, from second differences, robustly.

    A straight stretch leaves none; the median absolute second difference of independent normal
    values is 0.6745 * sqrt(6) of their sd. NaN with fewer than 5 values.

    Source: C8.

    >>> noise(np.arange(10.0))
    0.0
    """
    if len(values_P) < 5:
        return float("nan")
    return float(np.median(np.abs(np.diff(values_P, n=2))) / (0.6745 * math.sqrt(6.0)))
