"""Where the series of a trial stop being finite.

Axes: P points of a curve.
"""

from __future__ import annotations

import math

import numpy as np

from ...record import Series
from ..thresholds import StabilityThresholds
from ..views.curves import GRADIENT_NORM, TRAIN_LOSS, VALID_LOSS, TrialCurves


def not_finite(trial: TrialCurves, *, exploded: float = StabilityThresholds.exploded) -> int | None:
    """The step from which on a loss, the objective or the gradient is not finite to the end.

    A gradient `exploded` times the median one after the last evaluation counts as such.

    Source: C4, D1.
    """
    steps = [
        step
        for series in (trial.objective, trial.valid_loss, trial.train_loss, trial.gradient_norm)
        if (step := _not_finite_from(series)) is not None
    ]
    norms = trial.gradient_norm
    last = max(
        (int(series.steps_P[-1]) for series in (trial.objective, trial.train_loss) if series),
        default=-1,
    )
    if not steps and len(norms) and norms.steps_P[-1] > last:
        high = exploded * float(np.median(norms.values_P))
        if norms.values_P[-1] > high > 0.0:
            steps.append(int(norms.steps_P[norms.values_P > high][0]))
    return min(steps) if steps else None


def not_finite_series(trial: TrialCurves) -> str:
    """Which series is not finite first; empty where none of them is.

    Source: D1.
    """
    series = {
        trial.metric: trial.objective,
        VALID_LOSS: trial.valid_loss,
        TRAIN_LOSS: trial.train_loss,
        GRADIENT_NORM: trial.gradient_norm,
    }
    starts = [
        (step, name)
        for name, values in series.items()
        if (step := _not_finite_from(values)) is not None
    ]
    return min(starts)[1] if starts else ""


def _not_finite_from(series: Series) -> int | None:
    """The step from which on a series is not finite to its end; None where it ends finite."""
    if not len(series) or math.isfinite(series.values_P[-1]):
        return None
    finite_P = np.flatnonzero(np.isfinite(series.values_P))
    return int(series.steps_P[finite_P[-1] + 1 if len(finite_P) else 0])
