"""Ranks and tails of distributions, without SciPy's statistics, which load for half a second.

They are the same numbers as `scipy.stats` gives. What is seldom asked stays there, written as
`scipy.stats.name`, so that SciPy loads it when it is first asked.

Axes: T values.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, chdtri, fdtrc, fdtri, stdtrit


def ranks(values_T: ArrayLike, *, highest: bool = False) -> NDArray[np.float64]:
    """The rank of each value, from 1; of equal ones the mean of theirs, or the highest.

    Source: C5.

    >>> ranks([3.0, 1.0, 1.0]).tolist(), ranks([3.0, 1.0, 1.0], highest=True).tolist()
    ([3.0, 1.5, 1.5], [3.0, 2.0, 2.0])
    """
    found_T = np.asarray(values_T)
    if np.isnan(found_T).any():
        return np.full(found_T.shape, np.nan)
    ordered_T = np.sort(found_T)
    last_T = np.searchsorted(ordered_T, found_T, side="right").astype(np.float64)
    if highest:
        return last_T
    return (np.searchsorted(ordered_T, found_T, side="left") + last_T + 1.0) / 2.0


def rank_sum_p_value(one: Sequence[float], other: Sequence[float]) -> float:
    """How probable ranks of two samples as far apart as these are, were both alike; two-sided.

    Source: D2; Mann and Whitney 1947.

    >>> round(rank_sum_p_value([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]), 3)
    0.1
    """
    return float(scipy.stats.mannwhitneyu(one, other).pvalue)


def f_beyond(ratio: float, columns: int, free: int) -> float:
    """The chance of an F ratio beyond this one.

    Source: C5.
    """
    return float(fdtrc(columns, free, max(0.0, ratio)))


def f_bar(chance: float, columns: int, free: int) -> float:
    """The F ratio beyond which chance leads this often.

    Source: C5.
    """
    return float(fdtri(columns, free, 1.0 - chance))


def chi2_beyond(square: float, columns: float) -> float:
    """The chance of a sum of so many squared normal values beyond this one.

    Source: C5.
    """
    return float(chdtrc(columns, max(0.0, square)))


def chi2_bar(chance: float, columns: float) -> float:
    """The sum of squares beyond which chance leads this often.

    Source: C5.
    """
    return float(chdtri(columns, chance))


def t_bar(chance: float, free: int) -> float:
    """The Student t beyond which chance leads this often.

    Source: A1.

    >>> round(t_bar(0.025, 4), 2)
    2.78
    """
    return float(stdtrit(free, 1.0 - chance))
