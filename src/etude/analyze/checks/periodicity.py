"""Periodicity of metrics: a hint at splits that overlap or data that is not shuffled.

Axes: P points of a curve, L lags.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ...finding import Finding, Severity, Words
from ...record import Series
from ...study import Study
from ...wording import number, plural
from ..statistics.curve_shape import interval, regular
from ..statistics.once import Once, ahead, blocks
from ..thresholds import PeriodicityThresholds
from ..views.curves import (
    TRAIN_LOSS,
    VALID_LOSS,
    TrialCurves,
    usable,
    without_end,
    without_values,
)
from ..views.why import CLEAR, Why, cause, open_headline, open_message, settled_by
from . import periodicity_copies

SHIPPED = PeriodicityThresholds()
# Beyond these a chart is not looked at.
DRAWN_TRIALS = 5
DRAWN_LAGS = 200


@final
@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """The strongest return of one metric.

    Args:
        lag: The period in evaluations, `steps` in steps.
        correlation: The autocorrelation at that lag.
        limit: What pure noise hardly reaches at any lag of any metric.
        correlations_L: At lags 0, 1, 2, ...
    """

    metric: str
    lag: int
    steps: int
    correlation: float
    limit: float
    correlations_L: tuple[float, ...]

    @property
    def periodic(self) -> bool:
        """Whether noise does not explain it."""
        return self.excess > 0.0

    @property
    def excess(self) -> float:
        """How far it lies beyond what noise reaches."""
        return self.correlation - self.limit


@final
@dataclass(frozen=True, kw_only=True)
class PeriodicityTrial:
    """The periodicity of one trial.

    Args:
        why: Why that cannot be judged; empty where it can.
        rhythm: The strongest over all metrics looked at.
        sampled: Whether it is that of a training loss on samples of the training set.
        epoch: The steps of an epoch, where the trial logged how many it had done.
    """

    trial: int
    status: Severity
    why: Why
    metrics: tuple[str, ...]
    rhythm: Rhythm | None
    sampled: bool = False
    epoch: float | None = None


@final
@dataclass(frozen=True, kw_only=True)
class Periodicity:
    """The rhythms of a study's trials, by trial id, and the ids of the `strongest` few.

    Args:
        copied: The validation examples that are training examples, where that was logged.
    """

    study: str
    strongest: tuple[int, ...]
    thresholds: PeriodicityThresholds
    trials: tuple[PeriodicityTrial, ...]
    copied: periodicity_copies.Copied | None = None


def periodicity(
    study: Study, curves: Sequence[TrialCurves], *, thresholds: PeriodicityThresholds = SHIPPED
) -> Periodicity:
    """Whether the metric, or a loss, of each trial returns with a period of 4 evaluations or more.

    Source: E6, E2.
    """
    # One chance for the whole study (Bonferroni): of many trials, some would have a period by luck.
    shared = replace(thresholds, chance=thresholds.chance / max(1, len(curves)))
    trials = tuple(one for block in blocks(curves) for one in _trials(block, shared))
    # The few whose rhythm is strongest are drawn, those that alarm first.
    strengths = [
        (trial.status == "notice", trial.rhythm.excess, -trial.trial)
        for trial in trials
        if trial.rhythm is not None
    ]
    return Periodicity(
        study=study.name,
        strongest=tuple(-trial for *_, trial in sorted(strengths, reverse=True)[:DRAWN_TRIALS]),
        thresholds=thresholds,
        trials=trials,
        copied=periodicity_copies.copied_in(curves),
    )


def _trials(
    curves: Sequence[TrialCurves], thresholds: PeriodicityThresholds
) -> Iterator[PeriodicityTrial]:
    """The periodicity of trials, their autocorrelations computed together."""
    metrics_T = [[] if without_end(trial) else _metrics(trial, thresholds) for trial in curves]
    late = (_late(series, thresholds) for metrics in metrics_T for _, series in metrics)
    ahead((_correlations(thresholds.min_periods),), late)
    for trial, metrics in zip(curves, metrics_T, strict=True):
        yield _trial(trial, metrics, thresholds)


def _trial(
    trial: TrialCurves, metrics: list[tuple[str, Series]], thresholds: PeriodicityThresholds
) -> PeriodicityTrial:
    why = without_end(trial)
    if not metrics:
        series = trial.usable_objective
        called = trial.own_metric
        least = thresholds.min_evaluations
        why = why or without_values(series, trial.metric, least, called=called)
        uneven = f"its evaluations of {called} are not at regular steps"
        why = why or Why("irregular", uneven)
        return PeriodicityTrial(trial=trial.id, status="unclear", why=why, metrics=(), rhythm=None)
    epoch = trial.steps_per_epoch
    rhythms = [
        _epoch_rhythm(name, series, len(metrics), epoch, thresholds)
        or _of_epoch(_rhythm(name, series, len(metrics), thresholds), series, epoch, thresholds)
        for name, series in metrics
    ]
    peaks = [rhythm for rhythm in rhythms if rhythm is not None]
    sampled = _sampled(trial)
    # What alarms goes before what does not, however strong.
    strongest = max(
        peaks,
        key=lambda rhythm: (
            rhythm.periodic and not (sampled and rhythm.metric == TRAIN_LOSS),
            rhythm.excess,
        ),
        default=None,
    )
    periodic = strongest is not None and strongest.periodic
    harmless = strongest is not None and sampled and strongest.metric == TRAIN_LOSS
    return PeriodicityTrial(
        trial=trial.id,
        status="notice" if periodic and not harmless else "ok",
        why=CLEAR,
        epoch=epoch,
        metrics=tuple(name for name, _ in metrics),
        rhythm=strongest,
        sampled=periodic and harmless,
    )


def _sampled(trial: TrialCurves) -> bool:
    """Whether the training loss is known only where the trial evaluated.

    It is then measured on samples of the training set, and such samples come again without harm;
    the losses of the batches themselves come far more often.
    """
    return len(trial.train_loss) < 2 * len(trial.objective)


def _metrics(trial: TrialCurves, thresholds: PeriodicityThresholds) -> list[tuple[str, Series]]:
    """The metrics with enough values at regular steps, each once."""
    by_name = {
        TRAIN_LOSS: trial.train_loss,
        VALID_LOSS: trial.valid_loss,
        trial.metric: trial.objective,
    }
    usable_series = [
        (name, trial.usable_objective if name == trial.metric else usable(series))
        for name, series in sorted(by_name.items())
        if len(series)
    ]
    return [
        (name, series)
        for name, series in usable_series
        if len(series) >= thresholds.min_evaluations
        and regular(series.steps_P, tolerance=thresholds.tolerance, share=thresholds.regular)
    ]


def _rhythm(
    name: str, series: Series, metrics: int, thresholds: PeriodicityThresholds
) -> Rhythm | None:
    """The highest peak of the autocorrelation beyond a trough; None without such a peak."""
    rest_P = _late(series, thresholds)
    # The peak of the autocorrelation over all lags that a period may have.
    lags = len(rest_P) // thresholds.min_periods
    correlations_L = _correlations(thresholds.min_periods)(rest_P)
    lag = _peak(correlations_L, thresholds.min_lag, lags)
    if lag is None:
        return None
    # What noise reaches at any of these lags, of any metric.
    looks = metrics * max(1, lags - thresholds.min_lag + 1)
    by_noise = _by_noise(len(rest_P), looks, thresholds.chance)
    return Rhythm(
        metric=name,
        lag=lag,
        steps=round(lag * interval(series.steps_P)),
        correlation=float(correlations_L[lag]),
        limit=max(thresholds.correlation, by_noise),
        correlations_L=tuple(correlations_L[: DRAWN_LAGS + 1].tolist()),
    )


def _of_epoch(
    rhythm: Rhythm | None, series: Series, epoch: float | None, thresholds: PeriodicityThresholds
) -> Rhythm | None:
    """The same, or that of an epoch of which it is a multiple.

    With two or three evaluations an epoch no peak is looked for there, and one shows later.
    """
    if rhythm is None or not epoch:
        return rhythm
    lag = round(epoch / interval(series.steps_P))
    if not 2 <= lag < thresholds.min_lag or rhythm.lag % lag:
        return rhythm
    if rhythm.correlations_L[lag] <= rhythm.limit:
        return rhythm
    correlation = rhythm.correlations_L[lag]
    return replace(rhythm, lag=lag, steps=round(epoch), correlation=correlation)


def _epoch_rhythm(
    name: str,
    series: Series,
    metrics: int,
    epoch: float | None,
    thresholds: PeriodicityThresholds,
) -> Rhythm | None:
    """The return after an epoch, whose length is known: one lag is looked at, not all.

    None where it does not return so, or the evaluations of an epoch or the epochs are too few.
    """
    if not epoch:
        return None
    lag = round(epoch / interval(series.steps_P))
    skipped = math.ceil(thresholds.skipped * len(series))
    # The evaluations of an epoch are not always a whole number.
    if lag < thresholds.min_lag or 2 * lag + 1 > (len(series) - skipped) // 2:
        return None
    rest_P = detrended(series.values_P[skipped:])
    correlations_L = autocorrelation(rest_P, 2 * lag + 1)
    # A drift keeps correlating; a rhythm has a trough on the way.
    if float(correlations_L[1:lag].min()) > 0.0:
        return None
    near_L = correlations_L[lag - 1 : lag + 2]
    limit = max(thresholds.correlation, _by_noise(len(rest_P), 3 * metrics, thresholds.chance))
    again = float(correlations_L[2 * lag - 1 : 2 * lag + 2].max())
    if float(near_L.max()) <= limit or again <= 0.5 * float(near_L.max()):
        return None
    return Rhythm(
        metric=name,
        lag=lag - 1 + int(near_L.argmax()),
        steps=round(epoch),
        correlation=float(near_L.max()),
        limit=limit,
        correlations_L=tuple(correlations_L[: DRAWN_LAGS + 1].tolist()),
    )


def _late(series: Series, thresholds: PeriodicityThresholds) -> NDArray[np.float64]:
    """The values past the first few, which fall."""
    return series.values_P[math.ceil(thresholds.skipped * len(series)) :]


@cache
def _correlations(min_periods: int) -> Once[NDArray[np.float64]]:
    """The autocorrelation beside a cubic at every lag that a period may have, and at twice it."""

    def rows(values_TxP: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        lags = values_TxP.shape[1] // min_periods
        return list(autocorrelation(detrended(values_TxP), 2 * lags))

    return Once(rows)


def detrended(values_P: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values without a cubic in their position, outliers cut to three robust sd.

    A cubic bends too slowly to return four times; a single glitch must not be half of a rhythm.
    Of values of two axes each row by itself.

    Source: E6.
    """
    axes_PxK = _cubic(values_P.shape[-1])
    highest = np.abs(values_P).max(axis=-1, keepdims=True)
    rest_P = values_P / np.where(highest == 0.0, 1.0, highest)
    rest_P = rest_P - np.matvec(axes_PxK, np.matvec(axes_PxK.T, rest_P))
    half = rest_P.shape[-1] // 2
    reach = 3.0 * 1.4826 * np.partition(np.abs(rest_P), half, axis=-1)[..., half : half + 1]
    rest_P = np.clip(rest_P, -reach, reach)
    # What is left of an exact cubic is rounding.
    return np.where(reach > 1e-11, rest_P, 0.0)


@cache
def _cubic(count: int) -> NDArray[np.float64]:
    """Orthonormal axes of the cubics over so many positions."""
    powers_PxK = np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, count), 3)
    axes_PxK, _ = np.linalg.qr(powers_PxK)
    return np.asarray(axes_PxK)


@cache
def _by_noise(count: int, looks: int, chance: float) -> float:
    """What the autocorrelation of noise hardly reaches at any of so many lags (Bonferroni)."""
    return -float(ndtri(chance / looks)) / math.sqrt(count)


def autocorrelation(values_P: NDArray[np.float64], lags: int) -> NDArray[np.float64]:
    """The autocorrelation at lags 0 to `lags`, each over the pairs that there are.

    Of values of two axes that of each row.

    Source: E6.
    """
    count = values_P.shape[-1]
    centred_P = values_P - values_P.mean(axis=-1, keepdims=True)
    variance = np.vecdot(centred_P, centred_P)[..., None] / max(1, count)
    # By the Fourier transform, padded so that the ends do not meet.
    power = np.abs(np.fft.rfft(centred_P, n=2 * count)) ** 2
    sums_L = np.fft.irfft(power, n=2 * count)[..., : lags + 1]
    sums_L = sums_L / (count - np.arange(lags + 1)) / np.where(variance == 0.0, 1.0, variance)
    return np.where(variance == 0.0, 0.0, sums_L)


def _peak(correlations_L: NDArray[np.float64], min_lag: int, max_lag: int) -> int | None:
    """The lag of the highest peak that comes after a trough below zero, and comes again.

    A drift has no trough, and does not come again.
    """
    below = np.flatnonzero(correlations_L[:max_lag] < 0.0)
    begin = max(min_lag, int(below[0]) + 1 if len(below) else max_lag + 1)
    if begin > max_lag:
        return None
    lag = begin + int(np.argmax(correlations_L[begin : max_lag + 1]))
    again = correlations_L[2 * lag - 1 : 2 * lag + 2]
    peak = correlations_L[lag] >= correlations_L[lag - 1 : lag + 2].max()
    return lag if peak and float(again.max()) > 0.5 * correlations_L[lag] else None


def findings(result: Periodicity) -> list[Finding]:
    """One finding for each trial, and one of copies in the data where they were counted.

    Source: E6.
    """
    return periodicity_copies.findings(result.copied, result.study) + [
        Finding.of_trial(
            result, trial, _words, rule="E6", check="periodicity", kind=cause(trial.why)
        )
        for trial in result.trials
    ]


def _words(_: Periodicity, trial: PeriodicityTrial) -> Words:
    rhythm = trial.rhythm
    return Words(
        headline=_headline(trial),
        message=_message(trial),
        evidence={
            "trials": [trial.trial],
            "metrics": list(trial.metrics),
            "metric": None if rhythm is None else rhythm.metric,
            "period_evaluations": None if rhythm is None else rhythm.lag,
            "period_steps": None if rhythm is None else rhythm.steps,
            "correlation": None if rhythm is None else rhythm.correlation,
            "limit": None if rhythm is None else rhythm.limit,
            "steps_per_epoch": trial.epoch,
            "confidence": None,
        },
        advice=_advice(trial),
    )


def _headline(trial: PeriodicityTrial) -> str:
    if trial.why:
        return open_headline(trial.trial, "a period", trial.why)
    if trial.rhythm is None or not trial.rhythm.periodic:
        return f"Trial {trial.trial} has no period in {plural(len(trial.metrics), 'metric')}"
    rhythm = trial.rhythm
    every = "every epoch" if _an_epoch(trial) else f"every {rhythm.steps:,} steps"
    return f"Trial {trial.trial}: {rhythm.metric} returns {every}"


def _an_epoch(trial: PeriodicityTrial) -> bool:
    """Whether the period is that of an epoch, to a tenth."""
    if trial.rhythm is None or not trial.epoch:
        return False
    return abs(trial.rhythm.steps - trial.epoch) <= 0.1 * trial.epoch


def _message(trial: PeriodicityTrial) -> str:
    if trial.why:
        return open_message(trial.trial, "whether a metric has a period", trial.why)
    if trial.rhythm is None or not trial.rhythm.periodic:
        return f"Trial {trial.trial}: no period in {', '.join(trial.metrics)}."
    rhythm = trial.rhythm
    harmless = "; it is measured on samples, which may come again" if trial.sampled else ""
    epoch = ", an epoch" if _an_epoch(trial) else ""
    return (
        f"Trial {trial.trial}: {rhythm.metric} returns every {rhythm.lag} of its values "
        f"({rhythm.steps:,} steps{epoch}; autocorrelation {number(rhythm.correlation, 2)})"
        f"{harmless}."
    )


def _advice(trial: PeriodicityTrial) -> str:
    if trial.status == "unclear":
        return settled_by(trial.why)
    if trial.status != "notice" or trial.rhythm is None:
        return ""
    if _an_epoch(trial):
        return "Look for splits that overlap and for data that is not shuffled anew each epoch."
    if trial.epoch:
        return "Look at the schedule: the period is not that of an epoch."
    return (
        f"Look for splits that overlap and unshuffled data if {trial.rhythm.steps:,} steps are an "
        "epoch, else at the schedule."
    )
