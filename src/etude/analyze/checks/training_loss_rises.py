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

from ...finding import Finding, Severity, Words
from ...record import Series
from ...study import Study
from ...wording import number, percent
from ..statistics.curve_shape import interval, jumps, noise, quantile, smooth_ahead, smoothed
from ..statistics.once import blocks
from ..thresholds import TrainingLossRisesThresholds
from ..views.curves import (
    TRAIN_LOSS,
    TrialCurves,
    setting_name,
    thinned,
    usable,
    without_end,
    without_values,
)
from ..views.why import CLEAR, Why, cause, open_headline, open_message, settled_by

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
        above_best: Whether that is above the best trial's (D2), and `just_beyond` whether by less
            than a few times, or by one trial on the axis.
        steps_P: With `values_P`, the smoothed curve, thinned; empty where it does not rise.
    """

    trial: int
    status: Severity
    why: Why = CLEAR
    low: float | None = None
    end: float | None = None
    rise: float | None = None
    limit: float | None = None
    from_step: int | None = None
    returns: bool = False
    learning_rate: float | None = None
    above_best: bool = False
    just_beyond: bool = False
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
    curves: Sequence[TrialCurves],
    *,
    thresholds: TrainingLossRisesThresholds = SHIPPED,
) -> TrainingLossRises:
    """Which training losses end above their lowest, beyond noise, after 5 % of the steps or more.

    A spike or a restart that comes back is no rise; nor is one that had no time to.

    Source: C11, D2.
    """
    rate_name = setting_name(curves, "learning_rate")
    best = _best(curves)
    best_rate = None if best is None else _rate(best, rate_name)
    bounds = (best_rate, _just_beyond(curves, rate_name, best_rate, thresholds.room))
    return TrainingLossRises(
        study=study.name,
        max_steps=study.max_steps,
        rate_name=rate_name,
        best_trial=None if best is None else best.id,
        best_rate=best_rate,
        trials=tuple(
            _trial(trial, series, (_rate(trial, rate_name), *bounds), thresholds)
            for block in blocks(curves)
            for trial, series in zip(block, _losses(block, thresholds), strict=True)
        ),
    )


def _best(curves: Sequence[TrialCurves]) -> TrialCurves | None:
    """The trial with the lowest value of the objective; None where none has a value."""
    bests = [(trial.best_loss, trial.id, trial) for trial in curves]
    with_value = [(loss, number, trial) for loss, number, trial in bests if loss is not None]
    return min(with_value, key=lambda best: best[:2])[2] if with_value else None


def _rate(trial: TrialCurves, name: str) -> float | None:
    value = trial.record.setting.get(name)
    number_like = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number_like and value is not None else None


def _just_beyond(
    curves: Sequence[TrialCurves], name: str, best: float | None, room: float
) -> float:
    """Up to where a rate is just beyond the best: a few times that, or the next one on the axis."""
    if best is None:
        return math.nan
    rates = [_rate(trial, name) for trial in curves]
    return max(room * best, min((rate for rate in rates if rate and rate > best), default=best))


def _losses(curves: Sequence[TrialCurves], thresholds: TrainingLossRisesThresholds) -> list[Series]:
    """The training losses of trials, smoothed together."""
    losses = [usable(trial.train_loss) for trial in curves]
    smooth_ahead(
        (series.values_P, _width(series, thresholds.window * trial.max_steps))
        for trial, series in zip(curves, losses, strict=True)
        if len(series) >= thresholds.min_values
    )
    return losses


def _trial(
    trial: TrialCurves,
    series: Series,
    rates: tuple[float | None, float | None, float],
    thresholds: TrainingLossRisesThresholds,
) -> RisingTrial:
    rate, best_rate, beyond = rates
    why = without_end(trial) or without_values(
        series, TRAIN_LOSS, thresholds.min_values, called=trial.called(TRAIN_LOSS)
    )
    if why:
        return RisingTrial(trial=trial.id, status="unclear", why=why, learning_rate=rate)
    width = _width(series, thresholds.window * trial.max_steps)
    smooth_P = smoothed(series.values_P, width)
    bottom = int(np.argmin(smooth_P))
    low = float(smooth_P[bottom])
    limit = _limit(series, smooth_P, bottom, width, thresholds)
    # The end is the lowest of the last stretch: a spike at the very end is no climb.
    ends_P = smooth_P[series.steps_P > series.steps_P[-1] - thresholds.window * trial.max_steps]
    lasted = series.steps_P[-1] - series.steps_P[bottom] >= thresholds.window * trial.max_steps
    end = float(ends_P.min())
    returns = _returns(series, smooth_P, bottom, trial.max_steps, thresholds)
    rises = bool(lasted) and not returns and end - low > limit
    above = rate is not None and best_rate is not None and rate > best_rate
    drawn_P = thinned(smooth_P, DRAWN_POINTS) if rises else np.empty(0, np.int64)
    return RisingTrial(
        trial=trial.id,
        status=("notice" if above else "problem") if rises else "ok",
        low=low,
        end=end,
        rise=end - low,
        limit=limit,
        from_step=int(series.steps_P[bottom]),
        returns=returns and end - low > thresholds.min_relative * abs(low),
        learning_rate=rate,
        above_best=above,
        just_beyond=above and rate is not None and rate <= beyond,
        steps_P=tuple(series.steps_P[drawn_P].tolist()),
        values_P=tuple(smooth_P[drawn_P].tolist()),
    )


def _returns(
    series: Series,
    smooth_P: NDArray[np.float64],
    bottom: int,
    max_steps: int,
    thresholds: TrainingLossRisesThresholds,
) -> bool:
    """Whether the loss was on its way back when the trial ended: a restart that ran out of steps.

    At the pace since its peak it would have been back within another `max_steps`.
    """
    peak = bottom + int(np.argmax(smooth_P[bottom:]))
    steps_P, values_P = series.steps_P[peak:], series.values_P[peak:]
    if len(steps_P) < thresholds.min_returning:
        return False
    back, missing = smooth_P[peak] - smooth_P[-1], smooth_P[-1] - smooth_P[bottom]
    along_P, fell_P = steps_P - steps_P.mean(), values_P - values_P.mean()
    size = math.sqrt(float(along_P @ along_P)) * math.sqrt(float(fell_P @ fell_P))
    falls = float(along_P @ fell_P) < -thresholds.falling * size
    return falls and bool(missing * float(steps_P[-1] - steps_P[0]) <= back * max_steps)


def _width(series: Series, window: float) -> int:
    """How many values a window of steps holds, at least 3, and odd."""
    apart = max(1.0, interval(series.steps_P))
    return max(3, min(len(series) // 3, round(window / apart))) | 1


def _limit(
    series: Series,
    smooth_P: NDArray[np.float64],
    bottom: int,
    width: int,
    thresholds: TrainingLossRisesThresholds,
) -> float:
    """How far the smoothed loss may end above its lowest by noise alone."""
    error = 1.25 * noise(series.values_P) * math.sqrt(2.0 / width)
    # A flat loss that drifts also lies above its lowest; around a climb, little drifts.
    drift = jumps(series.steps_P[bottom:], smooth_P[bottom:]) if len(series) - bottom >= 5 else 0.0
    # Not from the highest: what the first steps fell says little of what training gained.
    gained = quantile(smooth_P[: bottom + 1], 0.75) - float(smooth_P[bottom])
    by_chance = max(thresholds.errors * error, thresholds.drift * drift)
    low = abs(float(smooth_P[bottom]))
    return max(by_chance + thresholds.min_share * gained, thresholds.min_relative * low)


def findings(result: TrainingLossRises) -> list[Finding]:
    """One finding for each trial: by D2 if its learning rate is above the best one's, else by C11.

    Source: C11, D2.
    """
    return [
        Finding.of_trial(
            result,
            trial,
            _words,
            rule="D2" if trial.status == "notice" else "C11",
            check="training_loss_rises",
            kind=_kind(trial),
        )
        for trial in result.trials
    ]


def _words(result: TrainingLossRises, trial: RisingTrial) -> Words:
    return Words(
        headline=_headline(trial),
        message=_message(result, trial),
        evidence={
            "trials": [trial.trial],
            "low": trial.low,
            "end": trial.end,
            "rise": trial.rise,
            "limit": trial.limit,
            "from_step": trial.from_step,
            "learning_rate": trial.learning_rate,
            "best_learning_rate": result.best_rate,
            "just_beyond": trial.just_beyond,
            "confidence": None,
        },
        advice=_advice(trial),
    )


def _kind(trial: RisingTrial) -> str:
    if trial.status == "notice":
        return "just_beyond" if trial.just_beyond else "far_beyond"
    return cause(trial.why)


def _headline(trial: RisingTrial) -> str:
    if trial.low is None or trial.end is None:
        return open_headline(trial.trial, "the training loss", trial.why)
    if trial.status == "ok":
        return f"Trial {trial.trial}: its training loss does not climb"
    low, end = number(trial.low, 2), number(trial.end, 2)
    if trial.above_best:
        # It is the trial that lies there, not what its loss climbs to.
        where = f"Trial {trial.trial}, above the best rate"
        return f"{where}: training loss climbs from {low} to {end}"
    return f"Trial {trial.trial}: its training loss climbs from {low} to {end}"


def _message(result: TrainingLossRises, trial: RisingTrial) -> str:
    if trial.low is None or trial.end is None or trial.rise is None or trial.from_step is None:
        return open_message(trial.trial, "whether its training loss climbs", trial.why)
    if trial.status == "ok":
        back = ": it rose and was on its way back" if trial.returns else ", no rise that lasts"
        return (
            f"Trial {trial.trial}: its training loss, {number(trial.low, 3)} at its lowest, ends "
            f"at {number(trial.end, 3)}{back}."
        )
    share = percent((trial.from_step + 1) / max(1, result.max_steps))
    rise = (
        f"Trial {trial.trial}: its training loss climbs from {number(trial.low, 3)} at step "
        f"{trial.from_step:,} ({share} of the steps) to {number(trial.end, 3)} and stays there."
    )
    if not trial.above_best:
        return rise
    where = "just beyond" if trial.just_beyond else "far beyond"
    return (
        f"{rise} Its {result.rate_name}, {number(trial.learning_rate, 2)}, is {where} the best "
        f"trial's, {number(result.best_rate, 2)}."
    )


def _advice(trial: RisingTrial) -> str:
    if trial.status == "problem":
        return (
            "Suspect the pipeline's code first (data order, loss, schedule, restored state), "
            "unless the trial is unstable as well."
        )
    if trial.status == "notice":
        return "Expect a gain from stabilizing, warmup first." if trial.just_beyond else ""
    return settled_by(trial.why)
