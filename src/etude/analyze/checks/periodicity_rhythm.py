"""The rhythm of one series: the highest peak of its autocorrelation, or its return after an epoch.

Axes: P points of a curve, L lags.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ...record import Series
from ..statistics.curve_shape import interval
from ..statistics.once import Once
from ..thresholds import PeriodicityThresholds

# Beyond these a chart is not looked at.
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


def rhythm(
    name: str,
    series: Series,
    metrics: int,
    epoch: float | None,
    thresholds: PeriodicityThresholds,
) -> Rhythm | None:
    """The return of a series after an epoch, where its length is known, else after any lag.

    None where nothing returns. So many metrics of a trial are looked at.

    Source: E6.
    """
    of_epoch = _epoch_rhythm(name, series, metrics, epoch, thresholds)
    if of_epoch is not None:
        return of_epoch
    return _of_epoch(_of_all_lags(name, series, metrics, thresholds), series, epoch, thresholds)


def _of_all_lags(
    name: str, series: Series, metrics: int, thresholds: PeriodicityThresholds
) -> Rhythm | None:
    """The highest peak of the autocorrelation beyond a trough; None without such a peak."""
    rest_P = late_values(series, thresholds)
    # The peak of the autocorrelation over all lags that a period may have.
    lags = len(rest_P) // thresholds.min_periods
    correlations_L = correlations(thresholds.min_periods)(rest_P)
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


def late_values(series: Series, thresholds: PeriodicityThresholds) -> NDArray[np.float64]:
    """The values past the first few, which fall.

    Source: E6.
    """
    return series.values_P[math.ceil(thresholds.skipped * len(series)) :]


@cache
def correlations(min_periods: int) -> Once[NDArray[np.float64]]:
    """The autocorrelation beside a cubic at every lag that a period may have, and at twice it.

    Source: E6.
    """

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
