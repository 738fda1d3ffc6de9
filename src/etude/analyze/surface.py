"""A surface fitted to the ranks of an objective: which way it falls, and how surely.

Letters: T trials, D axes, K columns, G groups of columns, C marks of unordered choices.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

# No source, ours: between the ranks (1), which hear the good and the bad trials alike, and their
# square roots (0.5), which hear the good ones more; the power hardly matters (0.33 to 1 measured).
POWER = 0.7
# No source, ours: below, a third power costs more errors than it mends; from there on, what a
# parabola cannot bend to would pass for a slope that is hardly chance.
CUBIC_TRIALS = 200
# No source, ours: more axes have so many pairs that no study of usual size tells of them.
MAX_PAIRED_AXES = 12
# The fit settles in about ten rounds.
ROUNDS = 25
# Keeps a group without any effect, and a fit without any noise, from dividing by zero.
TINY = 1e-6
MIN_NOISE = 1e-3
# The share of the best trials that say where the other axes stand while one is looked along.
GOOD = 0.1


@final
@dataclass(frozen=True)
class Surface:
    """A fitted surface: coefficients `mean_K` with covariance `covariance_KxK`.

    `middle_D` is where the trials lie on average, `good_D` where the best tenth do, both from -1 at
    the low end of an axis to 1 at its high end.
    """

    degree: int
    pairs: tuple[tuple[int, int], ...]
    mean_K: Floats
    covariance_KxK: Floats
    middle_D: Floats
    good_D: Floats

    def falls(self, axis: int, at: float) -> float:
        """By how many standard errors the surface falls, upward along the axis, at a unit.

        The other axes stand where the best trials have them.

        Source: C1.
        """
        return self._falls(axis, 2 * at - 1)

    def leans(self, axis: int) -> float:
        """By how many standard errors it falls, upward along the axis, in the trials' middle.

        Source: C1.
        """
        return self._falls(axis, float(self.middle_D[axis]))

    def _falls(self, axis: int, at: float) -> float:
        weight_K = np.zeros(len(self.mean_K))
        axes = len(self.middle_D)
        for power, slope in enumerate(self._slopes(at)):
            weight_K[power * axes + axis] = slope
        for place, pair in enumerate(self.pairs, start=self.degree * axes):
            if axis in pair:
                weight_K[place] = self.good_D[pair[1] if pair[0] == axis else pair[0]]
        error = np.sqrt(weight_K @ self.covariance_KxK @ weight_K)
        return float(-(weight_K @ self.mean_K) / error)

    def _slopes(self, at: float) -> Iterator[float]:
        for power in range(1, self.degree + 1):
            yield float(legendre.legval(at, legendre.legder([0.0] * power + [1.0])))


def surface(units_TxD: Floats, losses_T: Floats, marks_TxC: Floats) -> Surface:
    """The surface of the ranks of the losses over the unit cube.

    A polynomial of each axis, the product of each pair, and a level for each value of an unordered
    choice. Each of these groups of coefficients is normal around zero with a variance of its own,
    `V = (X'X / s² + diag(1 / t_g))^-1`, `m = V X'y / s²`; `t_g` and `s²` are those that the ranks
    make most likely, found by MacKay's fixed point. So what a group does not show costs nothing,
    and ten trials in eight dimensions have an answer too: wide errors.

    Args:
        units_TxD: Where the trials lie, 0 to 1.
        losses_T: Lower is better; not all equal.
        marks_TxC: 1 where a trial has a value of an unordered choice, else 0.

    Source: C1.
    """
    axes = units_TxD.shape[1]
    degree = 2 if len(losses_T) < CUBIC_TRIALS else 3
    pairs = tuple(itertools.combinations(range(axes), 2)) if axes <= MAX_PAIRED_AXES else ()
    around_TxD = 2 * units_TxD - 1
    first, second = (np.array([pair[end] for pair in pairs], dtype=np.intp) for end in (0, 1))
    powers = [legendre.legval(around_TxD, [0.0] * power + [1.0]) for power in range(1, degree + 1)]
    products_TxK = around_TxD[:, first] * around_TxD[:, second]
    groups: list[Floats] = [*(each.astype(np.float64) for each in powers), products_TxK, marks_TxC]
    mean_K, covariance_KxK = _Fit(groups, _scores(losses_T)).settled()
    # The best tenth, and whatever ties with the last of them.
    count = min(max(3, int(GOOD * len(losses_T))), len(losses_T))
    best_T = losses_T <= np.partition(losses_T, count - 1)[count - 1]
    return Surface(
        degree=degree,
        pairs=pairs,
        mean_K=mean_K,
        covariance_KxK=covariance_KxK,
        middle_D=around_TxD.mean(axis=0),
        good_D=around_TxD[best_T].mean(axis=0),
    )


def _scores(losses_T: Floats) -> Floats:
    """Ranks to a power, of mean 0 and variance 1; equals share their mean rank."""
    _, place_T, count = np.unique(losses_T, return_inverse=True, return_counts=True)
    rank_T = (np.cumsum(count) - (count - 1) / 2)[place_T]
    score_T = (rank_T / len(losses_T)) ** POWER
    return np.asarray((score_T - score_T.mean()) / score_T.std())


@final
class _Fit:
    """The most likely variances of the groups and of the noise, and the coefficients they give."""

    def __init__(self, groups: list[Floats], score_T: Floats) -> None:
        raw_TxK = np.concatenate(groups, axis=1)
        column_TxK = raw_TxK - raw_TxK.mean(axis=0)
        self._trials = len(score_T)
        self._group_K = np.repeat(np.arange(len(groups)), [each.shape[1] for each in groups])
        self._size_G = np.bincount(self._group_K, minlength=len(groups))
        self._squares_KxK = column_TxK.T @ column_TxK
        self._products_K = column_TxK.T @ score_T
        self._total = float(score_T @ score_T)

    def settled(self) -> tuple[Floats, Floats]:
        """The mean of the coefficients and their covariance."""
        # The start: half of the variance is noise, and the axes share the rest.
        variance_G = np.full(len(self._size_G), 1.0 / max(int(self._size_G[0]), 1))
        noise = 0.5
        for _ in range(ROUNDS):
            mean_K, covariance_KxK = self._posterior(variance_G, noise)
            spread_K = np.diag(covariance_KxK)
            noise = self._noise(mean_K, spread_K / variance_G[self._group_K])
            power_G = self._sums(mean_K**2 + spread_K)
            # A tenth of a coefficient more, of size 0.3, so that no group dies for good.
            variance_G = np.maximum((power_G + 0.01) / (self._size_G + 0.1), TINY)
        return self._posterior(variance_G, noise)

    def _posterior(self, variance_G: Floats, noise: float) -> tuple[Floats, Floats]:
        precision_K = 1.0 / variance_G[self._group_K]
        covariance_KxK = np.linalg.inv(self._squares_KxK / noise + np.diag(precision_K))
        return covariance_KxK @ self._products_K / noise, covariance_KxK

    def _noise(self, mean_K: Floats, undetermined_K: Floats) -> float:
        rest = self._total - 2 * mean_K @ self._products_K + mean_K @ self._squares_KxK @ mean_K
        free = max(self._trials - 1 - len(mean_K) + float(undetermined_K.sum()), TINY)
        # A twentieth of a trial more, as noisy as all of them: a perfect fit is none of few trials.
        return max(float(rest + 0.05) / (free + 0.05), MIN_NOISE)

    def _sums(self, values_K: Floats) -> Floats:
        sums_G = np.bincount(self._group_K, weights=values_K, minlength=len(self._size_G))
        return sums_G.astype(np.float64)
