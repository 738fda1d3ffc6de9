"""A comparison with the best of several: each of them is one more chance to be wrong."""

from __future__ import annotations

from ..statistics.two_sample import Difference, difference
from .comparison import LEVEL, Comparison


def shared_level(compared: int) -> float:
    """The level of one of so many comparisons, so that all together keep 5 % (Bonferroni).

    Source: A2.
    """
    return LEVEL / max(compared, 1)


def decides_among(result: Comparison, compared: int) -> bool:
    """Whether a comparison decides at the level that so many of them share.

    Source: A2.
    """
    level = shared_level(compared)
    is_sure = result.difference.p <= level or result.failures.p <= level / 2
    return result.answer in ("better", "worse") and is_sure


def difference_among(result: Comparison, compared: int) -> Difference:
    """The difference of both means with its interval at the level that so many of them share.

    Source: A2, A4.
    """
    return difference(
        result.a.finite, result.b.finite, level=shared_level(compared), paired=result.paired
    )
