"""The failure rates of two sides' retrainings, compared exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean
from typing import final

import numpy as np
import scipy

# Heuristic: of fewer values a gap says nothing: in 3.4 % of normal samples of 8 one is wide
# enough, in 8.3 % of 6.
_MIN_VALUES = 8
# In deviations within the two groups; with it, 1.5 % of normal samples of 10, 0.1 % of 20.
_MIN_GAP = 4.0


@final
@dataclass(frozen=True, kw_only=True)
class FailureRate:
    """The trainings that failed on either side, and the test of whether both fail as often.

    Args:
        p: Fisher's exact p-value that both fail as often; 1 without failures.
        level: The p-value below which they decide.
        spent: How often that would be wrong, were both alike, with so many failures in all; the
            rest of the level is not used.
        close: Whether p is near the level: more trainings may tell.
    """

    a: int
    b: int
    trainings_a: int
    trainings_b: int
    p: float
    level: float
    spent: float
    close: bool

    @property
    def none_left(self) -> bool:
        """Whether every training of a side failed."""
        return self.a == self.trainings_a or self.b == self.trainings_b

    @property
    def by(self) -> float:
        """The share that fails in B less the one in A; 0 where a side has no training."""
        if not self.trainings_a or not self.trainings_b:
            return 0.0
        return self.b / self.trainings_b - self.a / self.trainings_a


def failure_rate(
    failed: tuple[int, int], trainings: tuple[int, int], *, level: float, close: float = 2.0
) -> FailureRate:
    """The failures of two sides, compared by Fisher's exact test at `level`.

    Up to `close` times the level, more trainings may tell.

    Source: A2.

    >>> round(failure_rate((5, 0), (10, 10), level=0.05).p, 4)
    0.0325
    """
    (a, b), (trainings_a, trainings_b) = failed, trainings
    total = a + b
    p, spent = 1.0, 0.0
    if total and trainings_a and trainings_b:
        # What the test says.
        p = _fisher(a, b, trainings)
        # The largest p-value below the level that so many failures can have.
        possible = range(max(0, total - trainings_b), min(total, trainings_a) + 1)
        sizes = [_fisher(count, total - count, trainings) for count in possible]
        spent = max((size for size in sizes if size <= level), default=0.0)
    return FailureRate(
        a=a,
        b=b,
        trainings_a=trainings_a,
        trainings_b=trainings_b,
        p=p,
        level=level,
        spent=spent,
        close=bool(total) and p <= close * level,
    )


@lru_cache(maxsize=1024)
def _fisher(a: int, b: int, trainings: tuple[int, int]) -> float:
    """The p-value of Fisher's exact test for so many failures on either side."""
    table = np.array([[a, trainings[0] - a], [b, trainings[1] - b]])
    return float(scipy.stats.fisher_exact(table).pvalue)


def separating_threshold(a: Sequence[float], b: Sequence[float]) -> float | None:
    """The loss between trainings that failed to learn and the others; None without a clear gap.

    Retrained losses are often of two kinds. The widest gap among the losses of both sides separates
    them where it is wider than either kind and at least four times their deviation, where the worse
    kind has two members or more, and where one side has trainings of both: else the sides differ,
    not the kinds.

    Source: A2.

    >>> separating_threshold([0.1, 0.12, 0.11, 0.5], [0.1, 0.13, 0.51, 0.12])
    0.315
    """
    sides = [[loss for loss in side if math.isfinite(loss)] for side in (a, b)]
    losses = np.sort([*sides[0], *sides[1]])
    if len(losses) < _MIN_VALUES:
        return None
    # The widest gap, and the losses on either side of it.
    gaps = np.diff(losses)
    place = int(np.argmax(gaps))
    low, high = losses[: place + 1], losses[place + 1 :]
    gap = float(gaps[place])
    # Whether it is wide, and whether a side has trainings of both kinds.
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in (low, high))
    wide = gap > max(np.ptp(low), np.ptp(high), _MIN_GAP * math.sqrt(squares / (len(losses) - 2)))
    threshold = fmean([float(low[-1]), float(high[0])])
    mixed = any(side and min(side) < threshold < max(side) for side in sides)
    return threshold if wide and mixed and len(high) > 1 else None
