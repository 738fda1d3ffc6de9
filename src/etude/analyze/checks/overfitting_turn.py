"""Whether one validation curve of a trial turned up while its training loss fell on.

Axes: E evaluations, S series.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ...finding import Severity
from ...wording import number, plural
from ..statistics.curve_shape import LevelDrift, around_end, level_drift, wander
from ..thresholds import OverfittingThresholds, StabilityThresholds
from ..views.aligned import Aligned, ending, gained, levelled
from ..views.curves import TRAIN_LOSS, VALID_LOSS, TrialCurves
from ..views.why import CLEAR, Why
from .not_finite import not_finite
from .stability_curves import instability

DROPS = StabilityThresholds()
# The evaluations that `steady_course` is for: its sd is known better the more there are.
_FEW = 20


@final
@dataclass(frozen=True, kw_only=True)
class Turn:
    """Whether one series turned up while the training loss fell on.

    Args:
        why: Why that cannot be judged; empty where it can.
        best: The smoothed lowest level, in the series' own unit and direction.
        best_step: Where it was.
        end: The level at the end.
        rise: From the one to the other, worse is positive.
        error: The standard error of that, from the noise of single values.
        fall: Of the training loss since the best step; NaN without one.
    """

    status: Severity
    name: str
    why: Why = CLEAR
    best: float = math.nan
    best_step: int | None = None
    end: float = math.nan
    rise: float = math.nan
    error: float = math.nan
    fall: float = math.nan


def overfitting_turn(
    trial: TrialCurves, curves: Aligned, name: str, thresholds: OverfittingThresholds
) -> Turn:
    """The turn of the whole curve, if there still is one when its last drop is left out.

    A validation that has not yet recovered from instability is no sign of overfitting.

    Source: C6, C7.
    """
    whole = _turn_of(trial, curves, name, thresholds)
    if whole.status == "ok" or not math.isfinite(whole.rise):
        return whole
    since = _since_last_drop(curves, thresholds.min_evaluations)
    if len(since) == len(curves):
        return whole
    calm = _turn_of(trial, since, name, thresholds)
    return calm if calm.status == "ok" else whole


def _since_last_drop(curves: Aligned, at_least: int) -> Aligned:
    """The curves after their last drop; those before it, where too little comes after."""
    drops = instability(curves, 1, DROPS).drops if len(curves) >= at_least else ()
    if not drops:
        return curves
    after_E = curves.steps_E >= drops[-1].step
    calm_E = after_E if np.count_nonzero(after_E) >= at_least else ~after_E
    return Aligned(curves.names, curves.steps_E[calm_E], curves.levels_SxE[:, calm_E])


def _turn_of(
    trial: TrialCurves, curves: Aligned, name: str, thresholds: OverfittingThresholds
) -> Turn:
    """Whether one series turned up, judged by its level and by what noise and drift explain."""
    if not_finite(trial) is not None:
        because = "it broke, so its training loss did not fall on"
        return Turn(status="ok", name=name, why=Why("broke", because))
    why = _why_unclear(curves, name, thresholds.min_evaluations)
    if why:
        return Turn(status="unclear", name=name, why=why)
    values_E = curves.levels_SxE[curves.names.index(name)]
    level_E, error = levelled(values_E)
    lowest = int(level_E.argmin())
    best, end = float(level_E[lowest]), ending(values_E)
    gain = gained(level_E)
    beyond = (end - best) / error
    drift = level_drift(level_E)
    turned = not end - best < thresholds.min_rise * gain and beyond >= thresholds.min_doubt
    turned &= end - best >= thresholds.min_share * drift.gained
    turned &= end - best > thresholds.min_drift * drift.before
    fall, falls = _training_fall(curves, lowest, thresholds)
    sure = beyond >= thresholds.min_noise and _beyond_wander(
        values_E, end - best, drift, thresholds
    )
    status, why = _judged(turned=turned, falls=falls, sure=sure, errors=beyond)
    reported = trial.value if name == trial.metric else float
    return Turn(
        status=status,
        name=name,
        why=why,
        best=reported(best),
        best_step=int(curves.steps_E[lowest]),
        end=reported(end),
        rise=end - best,
        error=error,
        fall=fall,
    )


def _beyond_wander(
    values_E: NDArray[np.float64],
    rise: float,
    drift: LevelDrift,
    thresholds: OverfittingThresholds,
) -> bool:
    """Whether a level that drifts by itself would hardly rise as far.

    By a standard error that knows how the noise wanders, where there are many evaluations; of few,
    which hardly tell it, a rise must also be steady.
    """
    level_E, error = levelled(values_E)
    place = int(level_E.argmin())
    count = len(values_E)
    wandering = wander(values_E).error(max(3, count // 10) | 1, count - 1 - place)
    beyond = rise / max(error, wandering)
    times = min(thresholds.steady_course * (count / _FEW) ** 0.75, thresholds.most_course)
    steady = rise >= times * around_end(level_E) and rise >= thresholds.steady_drift * drift.before
    large = rise >= thresholds.large * drift.gained
    return beyond >= thresholds.min_wander or (
        (steady or large) and beyond >= thresholds.steady_wander
    )


def _judged(*, turned: bool, falls: bool | None, sure: bool, errors: float) -> tuple[Severity, Why]:
    if not turned or falls is False:
        return "ok", CLEAR
    if falls is None:
        because = f"it got worse, and without {TRAIN_LOSS} instability looks the same"
        return "unclear", Why("no_train_loss", because)
    if not sure:
        # Not of the size of its noise: many errors of white noise may be one drift.
        times = number(errors, 2)
        because = f"it got worse by {times} standard errors, and drifts as far by itself"
        return "unclear", Why("noise", because)
    return "problem", CLEAR


def _why_unclear(curves: Aligned, name: str, at_least: int) -> Why:
    if name.startswith("train/"):
        return Why("train_metric", f"{name} is no validation metric")
    if name not in curves.names:
        return Why("no_valid_loss" if name == VALID_LOSS else "no_metric", f"it has no {name}")
    if len(curves) < at_least:
        few = plural(len(curves), "evaluation")
        return Why("too_short", f"it has {few}; {at_least} are needed")
    return CLEAR


def _training_fall(
    curves: Aligned, since: int, thresholds: OverfittingThresholds
) -> tuple[float, bool | None]:
    """How far the training loss fell since that evaluation, and whether beyond its noise."""
    if TRAIN_LOSS not in curves.names:
        return math.nan, None
    losses_E = curves.levels_SxE[curves.names.index(TRAIN_LOSS)]
    level_E, error = levelled(losses_E)
    fall = float(level_E[since]) - ending(losses_E)
    return fall, fall > thresholds.min_fall * error
