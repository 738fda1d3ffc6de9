"""What the checks of training curves ask of one curve: its level, its jumps, its spacing.

Letters: P points of a curve, W points of a stretch.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from ..record import Series
from .trace import Trace, finite
from .wording import percent

# No source, ours: squares of larger values, summed, overflow.
HUGE = 1e150


def usable(series: Series) -> Series:
    """The points with finite values whose squares are finite too: others mean nothing in training.

    Source: D1.
    """
    points = finite(series)
    kept_P = np.abs(points.values_P) < HUGE
    return points if kept_P.all() else Series(points.steps_P[kept_P], points.values_P[kept_P])


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
    x_W = steps_W - float(steps_W.mean())
    x_W = x_W / float(np.max(np.abs(x_W)))
    bend_W = x_W * x_W
    bend_W = bend_W - float(bend_W.mean())
    bend_W = bend_W - x_W * (float(x_W @ bend_W) / float(x_W @ x_W))
    left_W = values_W / scale
    left_W = left_W - float(left_W.mean())
    left_W = left_W - x_W * (float(x_W @ left_W) / float(x_W @ x_W))
    left_W = left_W - bend_W * (float(bend_W @ left_W) / float(bend_W @ bend_W))
    sd = math.sqrt(float(left_W @ left_W) / (len(values_W) - 3))
    # What is left of an exact parabola is rounding.
    return scale * sd if sd > 1e-12 else 0.0


def late(series: Series, share: float) -> Series:
    """The last points, `share` of all, rounded up.

    Source: C8, C9.
    """
    begin = len(series) - math.ceil(share * len(series))
    return Series(series.steps_P[begin:], series.values_P[begin:])


def smoothed(values_P: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """The running median over `width` points, an even width made odd: one odd value leaves none.

    Source: C11.

    >>> smoothed(np.array([0.0, 0, 9, 0, 0]), 3).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """
    return np.asarray(median_filter(values_P, size=width | 1, mode="nearest"), dtype=np.float64)


def middle(values_W: NDArray[np.float64] | NDArray[np.int64]) -> float:
    """The median, of an even number the higher of the two in the middle; quick.

    Source: E2.

    >>> middle(np.array([4, 1, 3, 2]))
    3.0
    """
    half = len(values_W) // 2
    return float(np.partition(values_W, half)[half])


def regular(steps_P: NDArray[np.int64], *, tolerance: float, share: float) -> bool:
    """Whether `share` of the intervals are within `tolerance` of the median one.

    The first and the last are left out: many loops also evaluate before they begin and at their
    end.

    Source: E2.

    >>> regular(np.array([0, 10, 20, 30, 33]), tolerance=0.1, share=1.0)
    True
    """
    apart = np.diff(steps_P)[1:-1]
    if not len(apart):
        return False
    typical = middle(apart)
    return float(np.mean(np.abs(apart - typical) <= tolerance * typical)) >= share


def lowest(series: Series) -> int | None:
    """The position of the lowest finite value, the first of equals; None without any.

    Source: C1, K1.
    """
    finite_P = np.isfinite(series.values_P)
    if not finite_P.any():
        return None
    return int(np.argmin(np.where(finite_P, series.values_P, math.inf)))


def without_end(trace: Trace) -> str:
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


def without_values(trace: Trace, series: Series, metric: str, at_least: int) -> str:
    """Why a series is too short to judge; empty where it is not.

    Source: C5.
    """
    if len(series) >= at_least:
        return ""
    found = len(series)
    few = "no value" if not found else "1 value" if found == 1 else f"{found} values"
    more = f" that is finite; {at_least} are needed" if not found else f"; {at_least} are needed"
    return f"it has {few} of {metric}{more}"


def cut_short(trace: Trace, steps_P: NDArray[np.int64], full: float) -> str:
    """Why the curve does not reach the end of training; empty where it does, within `full` of it.

    Source: C10, T4.
    """
    last = int(steps_P[-1]) + 1
    if last >= full * trace.max_steps:
        return ""
    share = last / max(1, trace.max_steps)
    return f"it ends after {last:,} of {trace.max_steps:,} steps ({percent(share)})"
