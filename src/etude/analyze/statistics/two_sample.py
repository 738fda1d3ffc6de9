"""Whether two means differ by more than chance, and by how much.

Axes: P ways to divide the values, A values of the first arm, B of the second, N of both.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import final

import numpy as np
import scipy
from numpy.typing import NDArray

# Fewer ways to divide the values into the two arms leave a permutation test no power: of 3 and 3 it
# cannot reach 5 %, of 5 and 5 it finds 0.7 to 0.9 of what Welch's test does where losses are
# bimodal (measured on shifted fine-tunings of BERT).
MIN_WAYS = 400
# Heuristic: a p-value of 5 % is then known within 0.4 points.
MAX_WAYS = 10_000
# A standard deviation needs two values, and a test on one degree of freedom an arm decides nothing.
MIN_VALUES = 3
# Heuristic: of so many values the mean is normal whatever their shape.
_MANY = 500
_ROUNDING = 1e-9


@final
@dataclass(frozen=True, kw_only=True)
class Difference:
    """By how much the second arm's mean is above the first's, in the metric's unit.

    Args:
        low: With `high`, its confidence interval; infinite where an arm has too few values.
        t: `by` in standard errors, the more cautious of two; 0 where nothing is known.
        p: How often equal arms would differ as much by chance; 1 where nothing is known.
        runs: As many values in each arm would tell as much: the harmonic mean of both, or pairs.
    """

    by: float
    low: float
    high: float
    t: float
    p: float
    runs: float

    @property
    def known(self) -> bool:
        """Whether both arms have values enough to judge."""
        return math.isfinite(self.low)


def difference(
    a: Sequence[float],
    b: Sequence[float],
    *,
    level: float = 0.05,
    paired: bool = False,
    exact: bool = False,
) -> Difference:
    """How far apart two means are, and whether by chance: a t test that permuting can only doubt.

    The t test is the more cautious of Welch's and the pooled one, which at equal numbers of values
    is Welch's. Alone it keeps 5 % for normal values, but not for every shape: where values are of
    two kinds, it tells equal arms of 8 apart in up to 7.7 %. So where it says p <= `level`, all
    divisions of the values into such arms are looked at (a seeded sample of many), q is the share
    of those as far apart, and p is no less than the geometric mean of q and the pooled test's p:
    both are of the same null, one exact and coarse, one smooth. With that, 4.3 % at most (two kinds
    of values, 3 to 50 in each arm). A permutation test alone keeps 5 % by its nature, but finds
    only 0.86 of what Welch's does where losses are bimodal; the two together 0.96 and more from 10
    values in each arm on.

    With `exact`, p is no less than q itself, for arms of any size: at levels well below 5 %, as a
    plan of looks has them, two kinds of values make a t test of 3 and 3 as sure as can be, in 3 %.

    With `paired`, values in one place belong together, and signs of their differences are permuted.

    Where nothing varies within the arms, p is q, and the interval that of a t test with this p.

    Source: A2, A4.

    >>> round(difference([1.0, 2.0, 3.0, 4.0], [11.0, 12.0, 13.0, 14.0]).p, 5)
    3e-05
    """
    a_A, b_B = np.asarray(a, np.float64), np.asarray(b, np.float64)
    least = min(len(a_A), len(b_B))
    by = float(b_B.mean() - a_A.mean()) if least else math.nan
    runs = least if paired else 2 * len(a_A) * len(b_B) / max(len(a_A) + len(b_B), 1)
    if least < MIN_VALUES:
        return Difference(by=by, low=-math.inf, high=math.inf, t=0.0, p=1.0, runs=float(runs))
    # The t tests, and of their p-values the more cautious one.
    arms = [b_B - a_A] if paired else [a_A, b_B]
    tests = [_paired(arms[0])] if paired else [_welch(a_A, b_B), _pooled(a_A, b_B)]
    ps = [_p(by, error, freedom) for error, freedom in tests]
    p = max(ps)
    # A permutation test that can only doubt them.
    coarse, normal = _ways(arms) < MIN_WAYS, len(a_A) + len(b_B) > _MANY
    if p <= level and (exact or not coarse) and not normal:
        share = _permuted(arms)
        p = max(p, share if exact else math.sqrt(ps[-1] * share))
    # The interval, and the difference in standard errors.
    error, freedom = max(tests)
    if by != 0 and error <= _ROUNDING * abs(by):
        # Values that all tie in either arm say how rarely chance parts them so, and no more.
        p = _permuted(arms)
        error = abs(by) / float(scipy.stats.t.isf(p / 2, freedom))
        tests = [(error, freedom)]
    reach = max(error * float(scipy.stats.t.isf(level / 2, freedom)) for error, freedom in tests)
    t = 0.0 if by == 0 else math.inf if error == 0 else abs(by) / error
    return Difference(by=by, low=by - reach, high=by + reach, t=t, p=p, runs=float(runs))


def _p(by: float, error: float, freedom: float) -> float:
    """The two-sided p-value of a difference with this standard error."""
    if error == 0:
        return 1.0 if by == 0 else 0.0
    return float(2 * scipy.stats.t.sf(abs(by) / error, freedom))


def _welch(a_A: NDArray[np.float64], b_B: NDArray[np.float64]) -> tuple[float, float]:
    """The standard error and degrees of freedom of Welch's test."""
    shares = [float(arm.var(ddof=1)) / len(arm) for arm in (a_A, b_B)]
    below = sum(share**2 / (len(arm) - 1) for share, arm in zip(shares, (a_A, b_B), strict=True))
    # Without any spread there is no error, whatever the degrees.
    freedom = sum(shares) ** 2 / below if below > 0 else len(a_A) + len(b_B) - 2
    return math.sqrt(sum(shares)), freedom


def _pooled(a_A: NDArray[np.float64], b_B: NDArray[np.float64]) -> tuple[float, float]:
    """The standard error and degrees of freedom of the test with one variance for both."""
    freedom = len(a_A) + len(b_B) - 2
    squares = sum(float(arm.var(ddof=1)) * (len(arm) - 1) for arm in (a_A, b_B))
    return math.sqrt(squares / freedom * (1 / len(a_A) + 1 / len(b_B))), freedom


def _paired(gain_A: NDArray[np.float64]) -> tuple[float, float]:
    """The standard error and degrees of freedom of the differences of pairs."""
    return math.sqrt(float(gain_A.var(ddof=1)) / len(gain_A)), len(gain_A) - 1


def _ways(arms: Sequence[NDArray[np.float64]]) -> int:
    """How many divisions of the values into the arms there are; of pairs, how many signs."""
    if len(arms) == 1:
        return int(2 ** len(arms[0]))
    return math.comb(len(arms[0]) + len(arms[1]), len(arms[0]))


def _permuted(arms: Sequence[NDArray[np.float64]]) -> float:
    """The share of divisions that are as far apart as the one at hand, itself among them."""
    if len(arms) == 1:
        t_P = np.abs(_signs(len(arms[0])) @ arms[0])
    else:
        t_P = _statistics(np.concatenate(arms), _divisions(len(arms[0]), len(arms[1])))
    # The first is the one at hand; rounding must not part what ties with it.
    return float(np.mean(t_P >= t_P[0] * (1 - _ROUNDING)))


def _statistics(
    values_N: NDArray[np.float64], first_PxN: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The more cautious of the two t statistics, without its sign, of each division."""
    # Sums and squares of the first arm, of all divisions at once.
    centred_N = values_N - values_N.mean()
    squared_N = centred_N**2
    count_a = int(first_PxN[0].sum())
    count_b = len(values_N) - count_a
    sum_P, squares_P = first_PxN @ centred_N, first_PxN @ squared_N
    # The squares within either arm, and the larger of the two standard errors from them.
    within_a_P = squares_P - sum_P**2 / count_a
    # The values sum to nothing, so the other arm's sum is this one's, negative.
    within_b_P = float(squared_N.sum()) - squares_P - sum_P**2 / count_b
    pooled_P = (within_a_P + within_b_P) / (count_a + count_b - 2) * (1 / count_a + 1 / count_b)
    welch_P = within_a_P / (count_a - 1) / count_a + within_b_P / (count_b - 1) / count_b
    error_P = np.maximum(pooled_P, welch_P)
    error_P[error_P < _ROUNDING * float(squared_N.max())] = 0.0
    # The difference of means in these units.
    by_P = np.abs(sum_P) * (1 / count_a + 1 / count_b)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(by_P == 0, 0.0, by_P / np.sqrt(error_P)))


@lru_cache(maxsize=4)
def _divisions(count_a: int, count_b: int) -> NDArray[np.float64]:
    """first_PxN: 1 where a value is in the first arm; all divisions, or a sample of them.

    The sample is always the same: so is the answer to the same values.
    """
    count = count_a + count_b
    if math.comb(count, count_a) <= MAX_WAYS:
        places = list(itertools.combinations(range(count), count_a))
    else:
        rng = np.random.default_rng(0)
        drawn = [rng.permutation(count)[:count_a] for _ in range(MAX_WAYS - 1)]
        places = [tuple(range(count_a)), *map(tuple, drawn)]
    first_PxN = np.zeros((len(places), count))
    np.put_along_axis(first_PxN, np.asarray(places), 1.0, axis=1)
    return first_PxN


@lru_cache(maxsize=4)
def _signs(count: int) -> NDArray[np.float64]:
    """sign_PxN: the signs of paired differences, all of them or a sample."""
    if 2**count <= MAX_WAYS:
        return np.asarray(list(itertools.product((1.0, -1.0), repeat=count)))
    signs_PxN = np.random.default_rng(0).choice((1.0, -1.0), (MAX_WAYS, count))
    signs_PxN[0] = 1.0
    return signs_PxN
