"""Traces: the curves of every ended trial, oriented once for all checks of training curves.

Axes: P points of a curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from ...experiment.objective import Objective
from ...record import Record, Series
from ...study import Study
from ...wording import percent
from ..statistics.curve_shape import HUGE, finite
from .outcomes import Outcome

TRAIN_LOSS = "train/loss"
VALID_LOSS = "valid/loss"
GRADIENT_NORM = "grad_norm"


@final
@dataclass(frozen=True, kw_only=True)
class TrialCurves:
    """One ended trial's curves.

    Args:
        outcome: Its best value, and its record.
        max_steps: The full length, whatever the trial did of it.
    """

    outcome: Outcome
    maximize: bool
    max_steps: int

    @property
    def record(self) -> Record:
        """The trial as the store has it."""
        return self.outcome.record

    @property
    def metric(self) -> str:
        """The study's metric; `objective` holds it lower-is-better."""
        return self.outcome.metric

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
        return Series(found.steps_P, self._objective.loss(found.values_P))

    def value(self, loss: float) -> float:
        """A loss of the study's metric as it was reported."""
        return self._objective.value(loss)

    @property
    def _objective(self) -> Objective:
        return Objective(self.metric, self.maximize)

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


def trial_curves(study: Study, ended: Sequence[Outcome]) -> list[TrialCurves]:
    """The curves of a study's ended trials, in the order of their outcomes.

    Source: C5, Q2 (oriented only here).
    """
    return [
        TrialCurves(outcome=outcome, maximize=study.maximize, max_steps=study.max_steps)
        for outcome in ended
    ]


def usable(series: Series) -> Series:
    """The points with finite values whose squares are finite too: others mean nothing in training.

    Source: D1.
    """
    points = finite(series)
    kept_P = np.abs(points.values_P) < HUGE
    return points if kept_P.all() else Series(points.steps_P[kept_P], points.values_P[kept_P])


def without_end(trace: TrialCurves) -> str:
    """Why the trial's curve has no end to judge: infeasible, or stopped; empty where it has one.

    Source: C3, C10.
    """
    record = trace.record
    because = f" (`{record.reason}`)" if record.reason else ""
    if trace.infeasible:
        return f"it is infeasible{because}"
    if record.status == "stopped":
        return f"it was stopped{because} before its last step"
    return ""


def without_values(trace: TrialCurves, series: Series, metric: str, at_least: int) -> str:
    """Why a series is too short to judge; empty where it is not.

    Source: C5.
    """
    if len(series) >= at_least:
        return ""
    found = len(series)
    few = "no value" if not found else "1 value" if found == 1 else f"{found} values"
    more = f" that is finite; {at_least} are needed" if not found else f"; {at_least} are needed"
    return f"it has {few} of {metric}{more}"


def cut_short(trace: TrialCurves, steps_P: NDArray[np.int64], full: float) -> str:
    """Why the curve does not reach the end of training; empty where it does, within `full` of it.

    Source: C10, T4.
    """
    last = int(steps_P[-1]) + 1
    if last >= full * trace.max_steps:
        return ""
    share = last / max(1, trace.max_steps)
    return f"it ends after {last:,} of {trace.max_steps:,} steps ({percent(share)})"


def thinned(values_P: NDArray[np.float64], max_points: int) -> NDArray[np.int64]:
    """Positions of at most `max_points` values: first, last, each stretch's lowest and highest.

    Source: C5, D1 (a spike must stay visible).

    >>> thinned(np.array([0.0, 1, 9, 1, 1, -3, 1, 0]), max_points=4).tolist()
    [0, 2, 5, 7]
    """
    if len(values_P) <= max_points:
        return np.arange(len(values_P))
    bounds = np.linspace(1, len(values_P) - 1, (max_points - 2) // 2 + 1).astype(np.int64)
    kept = {0, len(values_P) - 1}
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        kept |= {
            begin + int(np.argmin(values_P[begin:end])),
            begin + int(np.argmax(values_P[begin:end])),
        }
    return np.array(sorted(kept), dtype=np.int64)
