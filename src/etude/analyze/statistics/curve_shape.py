"""The shape of one training curve: points and stretches of it, its level, its noise, its drift.

Nothing here knows a trial or a metric. First the points of a series and their steps, then levels,
then the noise of single values around a smooth course, then the drift of a level, which differences
of neighbours do not show.

Axes: P points of a series, E evaluations, W values of a stretch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from ...record import Series
from .once import Once, ahead, once

# Heuristic: squares of larger values, summed, overflow.
HUGE = 1e150


def median(values_SxE: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median along the last axis of finite values: NumPy's costs three times as much of few.

    Source: C8.

    >>> float(median(np.array([4.0, 1.0, 2.0, 9.0])))
    3.0
    """
    ordered_SxE, count = np.sort(values_SxE, axis=-1), values_SxE.shape[-1]
    return np.asarray((ordered_SxE[..., (count - 1) // 2] + ordered_SxE[..., count // 2]) / 2.0)


def finite(series: Series) -> Series:
    """The points with finite values.

    Source: D1.
    """
    finite_P = np.isfinite(series.values_P)
    if bool(finite_P.all()):
        return series
    return Series(series.steps_P[finite_P], series.values_P[finite_P])


def late(series: Series, share: float) -> Series:
    """The last points, `share` of all, rounded up.

    Source: C8, C9.
    """
    begin = len(series) - math.ceil(share * len(series))
    return Series(series.steps_P[begin:], series.values_P[begin:])


def lowest(series: Series) -> int | None:
    """The position of the lowest finite value, the first of equals; None without any.

    Source: C1, K1.
    """
    finite_P = np.isfinite(series.values_P)
    if not finite_P.any():
        return None
    return int(np.argmin(np.where(finite_P, series.values_P, math.inf)))


def regular(steps_P: NDArray[np.int64], *, tolerance: float, share: float) -> bool:
    """Whether `share` of the intervals are within `tolerance` of the median one.

    The first and the last are left out: many loops also evaluate before they begin and at their
    end.

    Source: E2.

    >>> regular(np.array([0, 10, 20, 30, 33]), tolerance=0.1, share=1.0)
    True
    """
    return _regular(steps_P.astype(np.int64).tobytes(), tolerance, share)


@lru_cache(maxsize=256)
def _regular(packed_steps: bytes, tolerance: float, share: float) -> bool:
    intervals: NDArray[np.int64] = np.diff(_unpacked(packed_steps))[1:-1]
    if not len(intervals):
        return False
    typical = middle(intervals)
    return float(np.mean(np.abs(intervals - typical) <= tolerance * typical)) >= share


def interval(steps_P: NDArray[np.int64]) -> float:
    """The median steps from one value to the next.

    Source: E2.
    """
    return _interval(steps_P.astype(np.int64).tobytes())


@lru_cache(maxsize=256)
def _interval(packed_steps: bytes) -> float:
    return middle(np.diff(_unpacked(packed_steps)))


def _unpacked(packed_steps: bytes) -> NDArray[np.int64]:
    return np.frombuffer(packed_steps, np.int64)


def middle(values_W: NDArray[np.float64] | NDArray[np.int64]) -> float:
    """The median, of an even number the higher of the two in the middle; quick.

    Source: E2.

    >>> middle(np.array([4, 1, 3, 2]))
    3.0
    """
    half = len(values_W) // 2
    return float(np.partition(values_W, half)[half])


def smoothed(values_P: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """The running median over `width` points, an even width made odd: one odd value leaves none.

    Source: C11.

    >>> smoothed(np.array([0.0, 0, 9, 0, 0]), 3).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """
    return smoother(width | 1)(values_P)


@cache
def smoother(width: int) -> Once[NDArray[np.float64]]:
    """The running median over an odd width, of one curve or of many ahead.

    Source: C11.
    """

    def rows(values_TxP: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        smooth_TxP = median_filter(values_TxP, size=(1, width), mode="nearest")
        smooth_TxP = np.asarray(smooth_TxP, dtype=np.float64)
        smooth_TxP.flags.writeable = False  # whoever asks again is given the same
        return list(smooth_TxP)

    return Once(rows)


def smooth_ahead(curves: Iterable[tuple[NDArray[np.float64], int]]) -> None:
    """Smooths all these curves together, each over its own width.

    Source: C11.
    """
    by_width: dict[int, list[NDArray[np.float64]]] = {}
    for values_P, width in curves:
        by_width.setdefault(width | 1, []).append(values_P)
    for width, alike in by_width.items():
        ahead((smoother(width),), alike)


def quantile(values_P: NDArray[np.float64], share: float) -> float:
    """The quantile of a few finite values as NumPy has it, whose own costs ten times as much.

    Source: C11.

    >>> quantile(np.array([4.0, 1.0, 2.0]), 0.75)
    3.0
    """
    ordered_P = np.sort(values_P)
    place = (len(ordered_P) - 1) * share
    below = int(place)
    low, high = float(ordered_P[below]), float(ordered_P[min(below + 1, len(ordered_P) - 1)])
    rest = place - below
    return high - (high - low) * (1.0 - rest) if rest >= 0.5 else low + (high - low) * rest


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
    return float(median(np.abs(np.diff(values_P, n=2))) / (0.6745 * math.sqrt(6.0)))


def jumps(steps_W: NDArray[np.int64], values_W: NDArray[np.float64]) -> float:
    """The sd of single values around a parabola in the step; NaN with fewer than 5 values.

    A parabola, not a line: what a decaying learning rate bends is no noise.

    Source: C8.

    >>> jumps(np.arange(6), np.array([1.0, 0, 1, 0, 1, 0])) > 0.4
    True
    """
    if len(values_W) < 5:
        return math.nan
    scale = float(np.max(np.abs(values_W)))
    if scale == 0.0:
        return 0.0
    x_W, x_square, bend_W, bend_square = _parabola(steps_W.astype(np.int64).tobytes())
    # The residuals of the values, in units of the largest, so that no square overflows.
    rest_W = values_W / scale
    rest_W = rest_W - float(rest_W.mean())
    rest_W = rest_W - x_W * (float(x_W @ rest_W) / x_square)
    rest_W = rest_W - bend_W * (float(bend_W @ rest_W) / bend_square)
    sd = math.sqrt(float(rest_W @ rest_W) / (len(values_W) - 3))
    # What is left of an exact parabola is rounding.
    return scale * sd if sd > 1e-12 else 0.0


@lru_cache(maxsize=256)
def _parabola(
    packed_steps: bytes,
) -> tuple[NDArray[np.float64], float, NDArray[np.float64], float]:
    """The axes of a fit over these steps, each with its square.

    A line of mean 0, and a parabola orthogonal to it. Most trials are evaluated at the same steps.
    """
    steps_W = _unpacked(packed_steps)
    x_W = steps_W.astype(np.float64) - float(steps_W.mean())
    x_W = x_W / float(np.max(np.abs(x_W)))
    x_square = float(x_W @ x_W)
    bend_W = x_W * x_W
    bend_W = bend_W - float(bend_W.mean())
    bend_W = bend_W - x_W * (float(x_W @ bend_W) / x_square)
    return x_W, x_square, bend_W, float(bend_W @ bend_W)


@final
@dataclass(frozen=True)
class Wander:
    """How a series moves beside its course.

    Args:
        step: The sd of what it moves from one value to the next.
        kept: The share of its distance from the course that the next value keeps: 0 of noise
            without a memory, near 1 of a random walk.
    """

    step: float
    kept: float

    def error(self, width: int, apart: int) -> float:
        """The standard error of the difference of two means of `width` values, so far apart.

        Source: C6.

        >>> round(Wander(step=2.0**0.5, kept=0.0).error(2, 100), 3)
        1.0
        """
        variance = self.step**2 / (2.0 * (1.0 - self.kept))
        lags = np.arange(1, width)
        inflation = 1.0 + 2.0 * float(((1.0 - lags / width) * self.kept**lags).sum())
        joint = self.kept ** max(1, apart)
        return math.sqrt(max(0.0, 2.0 * variance * (inflation / width - joint)))


# What the running median takes of the noise changes what is seen of its memory: medians of 300
# simulated series, alike from 30 values on. Noise that keeps more is not told from a course.
_SEEN = (0.15, 0.6, 0.79, 1.0)
_MEANT = (0.0, 0.5, 0.9, 0.95)
_WINDOW = 9
_MEDIAN_DEVIATION = 0.6745


@once
def wander(values_TxE: NDArray[np.float64]) -> list[Wander]:
    """The sd of the moves of a series and how much of its distance it keeps.

    Of noise that keeps a share k, neighbouring moves correlate by (k - 1) / 2, whatever its smooth
    course; single odd moves are cut to three robust sd.

    Source: C4, C6.

    >>> wander(np.arange(10.0))
    Wander(step=0.0, kept=0.0)
    """
    if values_TxE.shape[1] < 6:
        return [Wander(0.0, 0.0)] * len(values_TxE)
    with np.errstate(all="ignore"):
        moves_TxE = np.diff(values_TxE, axis=1)
        rest_TxE = moves_TxE - median_filter(moves_TxE, size=(1, _WINDOW), mode="mirror")
        # A smooth course is its own running median at most places: these come first.
        away_TxE = np.sort(np.abs(rest_TxE), axis=1)
        still_T = np.count_nonzero(rest_TxE == 0.0, axis=1)
        count = rest_TxE.shape[1]
        lower_T = np.minimum(still_T + (count - still_T - 1) // 2, count - 1)
        upper_T = np.minimum(still_T + (count - still_T) // 2, count - 1)
        rows_T = np.arange(len(rest_TxE))
        middle_T = (away_TxE[rows_T, lower_T] + away_TxE[rows_T, upper_T]) / 2.0
        scale_T = middle_T / _MEDIAN_DEVIATION
        rest_TxE = np.clip(rest_TxE / scale_T[:, None], -3.0, 3.0)
        square_T = np.vecdot(rest_TxE, rest_TxE)
        kept_T = 1.0 + 2.0 * np.vecdot(rest_TxE[:, 1:], rest_TxE[:, :-1]) / square_T
        kept_T = np.interp(kept_T, _SEEN, _MEANT)
        step_T = scale_T * np.sqrt(square_T / count)
    moves = zip(step_T.tolist(), kept_T.tolist(), (still_T == count).tolist(), strict=True)
    return [Wander(0.0, 0.0) if stands else Wander(step, kept) for step, kept, stands in moves]


@final
@dataclass(frozen=True, kw_only=True)
class LevelDrift:
    """What a smoothed level, lower is better, does beside its fall and its rise.

    Args:
        gained: From its highest on the way to its lowest, the first quarter included.
        before: Its largest rise on that way, past the first quarter of it.
    """

    gained: float
    before: float


@once
def level_drift(level_TxE: NDArray[np.float64]) -> list[LevelDrift]:
    """How far the level drifts before its lowest and after it.

    Source: C6.

    >>> level_drift(np.array([9.0, 4.0, 2.0, 3.0, 1.0, 2.0, 2.0])).before
    1.0
    """
    with np.errstate(all="ignore"):
        bottom_T = level_TxE.argmin(axis=1)
        lowest_T = level_TxE.min(axis=1)
        places_E, bottom_Tx1 = np.arange(level_TxE.shape[1]), bottom_T[:, None]
        is_before_TxE = places_E <= bottom_Tx1
        gained_T = np.where(is_before_TxE, level_TxE, -np.inf).max(axis=1) - lowest_T
        is_way_TxE = is_before_TxE & (places_E >= bottom_Tx1 // 4)
        below_TxE = np.minimum.accumulate(np.where(is_way_TxE, level_TxE, np.inf), axis=1)
        before_T = np.where(is_way_TxE, level_TxE - below_TxE, -np.inf).max(axis=1)
    drifts = zip(gained_T.tolist(), before_T.tolist(), strict=True)
    return [LevelDrift(gained=gained, before=before) for gained, before in drifts]


def around_end(level_E: NDArray[np.float64]) -> float:
    """The sd of a level around a parabola after its lowest; 0 with fewer than 5 values.

    Source: C6.
    """
    after_W = level_E[int(level_E.argmin()) :]
    return jumps(np.arange(len(after_W)), after_W) if len(after_W) >= 5 else 0.0
