"""Probability of superiority: how often a retraining of B beats one of A.

Axes: A retrainings of the first, B of the second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import scipy

_STEP = 1e-9


@final
@dataclass(frozen=True)
class Superiority:
    """The probability that a retraining of B has the lower loss, with its interval; ties half."""

    probability: float
    low: float
    high: float


def superiority(a: Sequence[float], b: Sequence[float], *, level: float = 0.05) -> Superiority:
    """The share of pairs in which B's loss is the lower; a failed one is infinite and loses.

    The interval is Newcombe's fifth for the area under a curve (Statistics in Medicine 2006): all
    probabilities P with `(P - share)² <= z² V(P)`, where V is Hanley's variance. Simulated with 3
    to 20 retrainings of each, normal, bimodal or failing, it holds the truth in 92 to 99 %; with 4
    and 8 of a third of the spread, in 88 %.

    Source: A1, A2.

    >>> superiority([0.3, 0.4], [0.1, 0.3]).probability
    0.875
    """
    a_A, b_B = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if not len(a_A) or not len(b_B):
        return Superiority(math.nan, 0.0, 1.0)
    # The share of pairs, ties half.
    lower_BxA = b_B[:, None] < a_A[None, :]
    equal_BxA = b_B[:, None] == a_A[None, :]
    share = float((lower_BxA + 0.5 * equal_BxA).mean())
    z = float(scipy.stats.norm.isf(level / 2))

    def outside(probability: float) -> float:
        return (probability - share) ** 2 - z**2 * _variance(probability, len(a_A), len(b_B))

    # The share itself is inside, but for 0 and 1, where the variance vanishes: a step within is.
    inside = min(max(share, _STEP), 1 - _STEP)
    low = 0.0 if share == 0 else float(scipy.optimize.brentq(outside, 0.0, inside))
    high = 1.0 if share == 1 else float(scipy.optimize.brentq(outside, inside, 1.0))
    return Superiority(share, low, high)


def _variance(probability: float, a: int, b: int) -> float:
    """Hanley's variance of the share, for so many retrainings of either."""
    others = (a + b) / 2 - 1
    far = (1 - probability) / (2 - probability) + probability / (1 + probability)
    return probability * (1 - probability) * (1 + others * far) / (a * b)
