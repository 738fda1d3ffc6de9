"""Where the best of another such study would lie: order statistics above, a tail below.

Axes: T trials, U grid points of a share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import final

import numpy as np
from numpy.typing import NDArray

# The lowest losses that tell the scale of the tail. More of them are steadier, and no longer tail:
# of 10 of 50, the interval is up to half as wide again and holds 1 to 3 points more.
_TAIL = 5
# Fewer finite losses have no scale.
MIN_FINITE = 3
_GRID = 1000
_ROUNDING = 1e-9


@final
@dataclass(frozen=True)
class AnotherBest:
    """Quantiles of the lowest loss of another study; infinite where it may have no finite one."""

    low: float
    median: float
    high: float


def another_best(
    losses: Sequence[float], size: int, *, floor: float = -math.inf, outside: float = 0.05
) -> AnotherBest | None:
    """Where the lowest of `size` new losses lies, were they drawn as these; `inf` is infeasible.

    Resampling cannot say it: no resample is better than its sample, and another study is, every
    second time. Above, the bound is distribution-free: of n and m equal draws, the lowest of the m
    lies above our k lowest with chance C(n+m-k, m) / C(n+m, m). Below our lowest, nothing was seen:
    there the tail is the widest of those that lowest values can tend to without a heavy tail,
    Gumbel's, on the scale of our 5 lowest. It is followed in ratios to `floor`, where every loss
    lies above one, and in differences elsewhere. Bounded tails, as valleys have them, end sooner,
    so that the interval holds more than it says.

    Args:
        losses: One a trial.
        size: How many the other study draws.
        floor: What no loss can be below; infinite where that is not known.
        outside: How often it lies beyond either end.

    Source: Q10.

    >>> another_best([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 6).high
    0.4
    """
    sorted_T = np.sort(np.asarray(losses, np.float64))
    finite = int(np.isfinite(sorted_T).sum())
    if finite < MIN_FINITE:
        return None
    trials = len(sorted_T)
    high, median = (sorted_T[_rank(trials, size, share) - 1] for share in (outside, 0.5))
    low = _low(sorted_T[:finite], trials, size, floor, outside)
    return AnotherBest(min(low, float(median)), float(median), float(high))


def _rank(trials: int, size: int, share: float) -> int:
    """The first of our losses, from the lowest on, that the other's best exceeds no more often."""
    ranks = range(1, trials + 1)
    return next((k for k in ranks if _exceeds(trials, size, k) < share + _ROUNDING), trials)


def _exceeds(trials: int, size: int, k: int) -> float:
    """How often the lowest of `size` draws exceeds our k lowest, were all drawn alike."""
    return math.exp(
        math.lgamma(trials + size - k + 1)
        - math.lgamma(trials - k + 1)
        - math.lgamma(trials + size + 1)
        + math.lgamma(trials + 1)
    )


def _low(
    sorted_T: NDArray[np.float64], trials: int, size: int, floor: float, outside: float
) -> float:
    # How often the other's best is below our lowest; a much smaller study seldom is.
    if 1 - _exceeds(trials, size, 1) <= outside:
        below = [k for k in range(1, len(sorted_T) + 1) if 1 - _exceeds(trials, size, k) <= outside]
        return float(sorted_T[max(below) - 1])
    tail = min(_TAIL, max(MIN_FINITE, len(sorted_T) - 2))
    reach = _reach(size / trials, tail, outside)
    best, last = float(sorted_T[0]), float(sorted_T[tail - 1])
    if best <= floor:
        return floor
    if math.isfinite(floor):
        return floor + (best - floor) * float(((best - floor) / (last - floor)) ** reach)
    return best - reach * (last - best)


@lru_cache(maxsize=64)
def _reach(ratio: float, tail: int, outside: float) -> float:
    """How far below the lowest another's best lies, in distances of our lowest and `tail`-th.

    Lowest values of a Gumbel tail are logarithms of the arrivals of a Poisson process; the first of
    ours over the k-th is Beta(1, k - 1), so that the other's lies below `(1 + c)` times the first
    less `c` times the k-th with chance 1 - E (1 + r U^(1 + c))^(-k), r the ratio of sizes.
    """
    share_U = (np.arange(_GRID) + 0.5) / _GRID
    weight_U = (1 - share_U) ** (tail - 2)
    low, high = 0.0, 100.0
    for _ in range(50):
        middle = (low + high) / 2
        inside_U = (1 + ratio * share_U ** (1 + middle)) ** -tail
        beyond = 1 - float((weight_U * inside_U).sum() / weight_U.sum())
        low, high = (middle, high) if beyond > outside else (low, middle)
    return high
