"""How far a level wanders around its course, which differences of neighbours do not show.

Letters: E evaluations, W evaluations of a stretch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from .trend import jumps


@final
@dataclass(frozen=True, kw_only=True)
class Wander:
    """What a smoothed level, lower is better, does beside its fall and its rise.

    Args:
        gained: From its highest on the way to its lowest, the first quarter included.
        before: Its largest rise on that way, past the first quarter of it.
        after: Its largest fall after its lowest.
        around: Its sd around a parabola after its lowest; 0 with fewer than 5 values.
    """

    gained: float
    before: float
    after: float
    around: float


def wander(level_E: NDArray[np.float64]) -> Wander:
    """How far the level wanders before its lowest and after it.

    Source: C6.

    >>> wander(np.array([9.0, 4.0, 2.0, 3.0, 1.0, 2.0, 2.0])).before
    1.0
    """
    lowest = int(level_E.argmin())
    before_W, after_W = level_E[lowest // 4 : lowest + 1], level_E[lowest:]
    around = jumps(np.arange(len(after_W)), after_W)
    return Wander(
        gained=float(level_E[: lowest + 1].max() - level_E[lowest]),
        before=float((before_W - np.minimum.accumulate(before_W)).max()),
        after=float((np.maximum.accumulate(after_W) - after_W).max()),
        around=around if len(after_W) >= 5 else 0.0,
    )
