"""Trials whose training loss climbs and does not come back.

Axes: P points of a curve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ...finding import Finding, Severity
from ...playbook.catalogue import known
from ...record import Series
from ...study import Study
from ...wording import number, percent
from ..statistics.curve_shape import jumps, lowest, middle, noise, smoothed
from ..thresholds import TrainingLossRisesThresholds
from ..views.curves import (
    TRAIN_LOSS,
    TrialCurves,
    thinned,
    usable,
    without_end,
    without_values,
)

SHIPPED = TrainingLossRisesThresholds()
DRAWN_POINTS = 100


@final
@dataclass(frozen=True, kw_only=True)
class RisingTrial:
    """What one trial's training loss did after its lowest.

    Args:
        why: Why that cannot be judged; empty where it can.
        low: The lowest smoothed training loss, at step `from_step`.
        end: The lowest of the last 5 % of the steps, `rise` above `low`.
        limit: The rise that noise allows.
        returns: Whether it rose and was on its way back when the trial ended.
        learning_rate: The trial's; None where there is none.
        above_best: Whether that is above the best trial's (D2).
        steps_P: With `values_P`, the smoothed curve, thinned; empty where it does not rise.
    """

    trial: int
    status: Severity
    why: str = ""
    low: float | None = None
    end: float | None = None
    rise: float | None = None
    limit: float | None = None
    from_step: int | None = None
    returns: bool = False
    learning_rate: float | None = None
    above_best: bool = False
    steps_P: tuple[int, ...] = ()
    values_P: tuple[float, ...] = ()


@final
@dataclass(frozen=True, kw_only=True)
class TrainingLossRises:
    """The training losses of a study, by trial id.

    Args:
        rate_name: What the study calls its learning rate; empty where it has none.
        best_rate: The learning rate of its best trial.
    """

    study: str
    max_steps: int
    rate_name: str
    best_trial: int | None
    best_rate: float | None
    trials: tuple[RisingTrial, ...]


def training_loss_rises(
    study: Study,
    traces: Sequence[TrialCurves],
    *,
    thresholds: TrainingLossRisesThresholds = SHIPPED,
) -> TrainingLossRises:
    """Which training losses end above their lowest, beyond noise, after 5 % of the steps or more.

    A spike or a restart that comes back is no rise; nor is one that had no time to.

    Source: C11, D2.
    """
    rate_name = _rate_name(traces)
    best = _best(traces)
    best_rate = None if best is None else _rate(best, rate_name)
    return TrainingLossRises(
        study=study.name,
        max_steps=study.max_steps,
        rate_name=rate_name,
        best_trial=None if best is None else best.trial,
        best_rate=best_rate,
        trials=tuple(
            _trial(trace, _rate(trace, rate_name), best_rate, thresholds) for trace in traces
        ),
    )


def _best(traces: Sequence[TrialCurves]) -> TrialCurves | None:
    found = []
    for trace in traces:
        position = None if trace.infeasible else lowest(trace.objective)
        if position is not None:
            found.append((float(trace.objective.values_P[position]), trace.trial, trace))
    return min(found, key=lambda one: one[:2])[2] if found else None


def _rate_name(traces: Sequence[TrialCurves]) -> str:
    names = sorted({name for trace in traces for name in trace.record.setting})
    entries = [(name, known(name)) for name in names]
    return next((name for name, one in entries if one and one.name == "learning_rate"), "")


def _rate(trace: TrialCurves, name: str) -> float | None:
    value = trace.record.setting.get(name)
    number_like = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number_like and value is not None else None


def _trial(
    trace: TrialCurves,
    rate: float | None,
    best_rate: float | None,
    thresholds: TrainingLossRisesThresholds,
) -> RisingTrial:
    series = usable(trace.train_loss)
    why = without_end(trace) or without_values(trace, series, TRAIN_LOSS, thresholds.min_values)
    if why:
        return RisingTrial(trial=trace.trial, status="unclear", why=why, learning_rate=rate)
    width = _width(series, thresholds.window * trace.max_steps)
    smooth_P = smoothed(series.values_P, width)
    at = int(np.argmin(smooth_P))
    low = float(smooth_P[at])
    limit = _limit(series, smooth_P, at, width, thresholds)
    # The lowest of the last stretch: a spike at the very end is no climb.
    ends_P = smooth_P[series.steps_P > series.steps_P[-1] - thresholds.window * trace.max_steps]
    lasted = series.steps_P[-1] - series.steps_P[at] >= thresholds.window * trace.max_steps
    end = float(ends_P.min())
    returns = _returns(series, smooth_P, at, trace.max_steps, thresholds)
    rises = bool(lasted) and not returns and end - low > limit
    above = rate is not None and best_rate is not None and rate > best_rate
    kept_P = thinned(smooth_P, DRAWN_POINTS) if rises else np.empty(0, np.int64)
    return RisingTrial(
        trial=trace.trial,
        status=("notice" if above else "problem") if rises else "ok",
        low=low,
        end=end,
        rise=end - low,
        limit=limit,
        from_step=int(series.steps_P[at]),
        returns=returns and end - low > thresholds.min_relative * abs(low),
        learning_rate=rate,
        above_best=above,
        steps_P=tuple(series.steps_P[kept_P].tolist()),
        values_P=tuple(smooth_P[kept_P].tolist()),
    )


def _returns(
    series: Series,
    smooth_P: NDArray[np.float64],
    at: int,
    max_steps: int,
    thresholds: TrainingLossRisesThresholds,
) -> bool:
    """Whether the loss was on its way back when the trial ended: a restart that ran out of steps.

    At the pace since its peak it would have been back within another `max_steps`.
    """
    peak = at + int(np.argmax(smooth_P[at:]))
    steps_P, values_P = series.steps_P[peak:], series.values_P[peak:]
    if len(steps_P) < thresholds.min_returning:
        return False
    back, left = smooth_P[peak] - smooth_P[-1], smooth_P[-1] - smooth_P[at]
    along_P, fell_P = steps_P - steps_P.mean(), values_P - values_P.mean()
    size = math.sqrt(float(along_P @ along_P)) * math.sqrt(float(fell_P @ fell_P))
    falls = float(along_P @ fell_P) < -thresholds.falling * size
    return falls and bool(left * float(steps_P[-1] - steps_P[0]) <= back * max_steps)


def _width(series: Series, window: float) -> int:
    """How many values a window of steps holds, at least 3, and odd."""
    interval = max(1.0, middle(np.diff(series.steps_P)))
    return max(3, min(len(series) // 3, round(window / interval))) | 1


def _limit(
    series: Series,
    smooth_P: NDArray[np.float64],
    at: int,
    width: int,
    thresholds: TrainingLossRisesThresholds,
) -> float:
    """How far the smoothed loss may end above its lowest by noise alone."""
    error = 1.25 * noise(series.values_P) * math.sqrt(2.0 / width)
    # A flat loss that wanders also lies above its lowest; around a climb, little wanders.
    wander = jumps(series.steps_P[at:], smooth_P[at:]) if len(series) - at >= 5 else 0.0
    # Not from the highest: what the first steps fell says little of what training gained.
    gained = float(np.quantile(smooth_P[: at + 1], 0.75)) - float(smooth_P[at])
    by_chance = max(thresholds.errors * error, thresholds.wandering * wander)
    low = abs(float(smooth_P[at]))
    return max(by_chance + thresholds.min_share * gained, thresholds.min_relative * low)


def findings(result: TrainingLossRises) -> list[Finding]:
    """One finding a trial: by D2 where its learning rate is above the best trial's, else by C11.

    Source: C11, D2.
    """
    return [
        Finding(
            rule="D2" if one.status == "notice" else "C11",
            check="training_loss_rises",
            status=one.status,
            subject={"study": result.study, "trial": one.trial},
            message=_said(result, one),
            evidence={
                "trials": [one.trial],
                "low": one.low,
                "end": one.end,
                "rise": one.rise,
                "limit": one.limit,
                "from_step": one.from_step,
                "learning_rate": one.learning_rate,
                "best_learning_rate": result.best_rate,
                "confidence": None,
            },
            advice=_advice(one),
        )
        for one in result.trials
    ]


def _said(result: TrainingLossRises, one: RisingTrial) -> str:
    if one.low is None or one.end is None or one.rise is None or one.from_step is None:
        return f"Trial {one.trial}: whether its training loss rises is open, since {one.why}."
    if one.status == "ok":
        back = ": it rose and was on its way back" if one.returns else ", no rise that lasts"
        return (
            f"Trial {one.trial}: its training loss, {number(one.low)} at its lowest, ends at "
            f"{number(one.end)}{back}."
        )
    share = percent((one.from_step + 1) / max(1, result.max_steps))
    rise = (
        f"Trial {one.trial}: its training loss climbs from {number(one.low)} at step "
        f"{one.from_step:,} ({share} of the steps) to {number(one.end)} and stays there"
    )
    if not one.above_best:
        return f"{rise}."
    return (
        f"{rise}; its {result.rate_name}, {number(one.learning_rate)}, is above the best trial's, "
        f"{number(result.best_rate)}."
    )


def _advice(one: RisingTrial) -> str:
    if one.status == "problem":
        return (
            "Suspect the pipeline's code first (data order, loss, schedule, restored state): a "
            "training loss should not climb at a learning rate that is not too high. Where the "
            "trial is unstable as well (D1), stabilize first."
        )
    if one.status == "notice":
        return (
            "Rates just beyond the best one climb: expect a gain from stabilizing, by warmup or "
            "gradient clipping."
        )
    if one.why.endswith("are needed"):
        return f"Log {TRAIN_LOSS} at least at each evaluation."
    return ""
