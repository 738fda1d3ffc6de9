"""The critical batch size: where doubling the batch stops halving the steps, with its interval.

Axes: B batch sizes, C candidates of the critical size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ...analyze.statistics.tails import f_bar

# Heuristic: candidates reach so far beyond the sizes that a curve is a straight line there.
_BEYOND = 2.0**10
# Places of the candidates in a doubling: far finer than any interval.
_A_DOUBLING = 24


@final
@dataclass(frozen=True, kw_only=True)
class SizePoint:
    """The steps that a batch size takes to the target.

    Args:
        steps: In the middle of its trainings.
        error: The standard error of their logarithm.
    """

    batch_size: int
    steps: float
    error: float


@final
@dataclass(frozen=True, kw_only=True)
class Curve:
    """Steps against batch size, `fewest * (1 + critical / batch size)`.

    Args:
        critical: The critical batch size that fits best; None for fewer than two sizes.
        low, high: Its interval; None where the sizes do not bound it on that side.
        fewest: The steps that no batch size undercuts.
        misfit: By what factor the sizes scatter more than their trainings explain; 1 for no more.

    Source: S8.
    """

    critical: float | None = None
    low: float | None = None
    high: float | None = None
    fewest: float | None = None
    misfit: float = 1.0

    def steps(self, batch_size: float) -> float | None:
        """The steps that it gives a batch size; None where it was not fitted."""
        if self.critical is None or self.fewest is None:
            return None
        return self.fewest * (1.0 + self.critical / batch_size)

    @property
    def is_known(self) -> bool:
        """Whether both regimes were seen, so that the sizes bound the critical one."""
        return self.critical is not None and self.low is not None and self.high is not None


def curve(points: Sequence[SizePoint], *, noise_free: int, chance: float = 0.05) -> Curve:
    r"""The curve through the steps of each batch size, and the interval of its critical size.

    .. math:: S(B) = S_{min} \, (1 + B_{crit} / B)

    McCandlish et al. 2018, An empirical model of large-batch training, equation 2.11. Fitted on the
    logarithm by least squares; the interval has every critical size whose sum of squares an F test
    does not refuse. Where sizes scatter more than their trainings explain, errors are as much
    larger. A fit that does as well without an end is no interval: the sizes see one regime alone.

    Args:
        points: At least three for an interval.
        noise_free: Degrees of freedom behind the errors.
        chance: Of an interval that misses the true size.

    Source: S8, A1.
    """
    if len(points) < 2:
        return Curve()
    sizes_B = np.array([float(one.batch_size) for one in points])
    logs_B = np.log([one.steps for one in points])
    weights_B = 1.0 / np.square([one.error for one in points])
    critical_C = _candidates(sizes_B)
    squares_C, fewest_C = _squares(critical_C, sizes_B, logs_B, weights_B)
    best = int(np.argmin(squares_C))
    if len(points) < 3:
        return Curve()
    free = len(points) - 2
    misfit2 = max(1.0, float(squares_C[best]) / free)
    behind = free if misfit2 > 1.0 else max(noise_free, free)
    bar = squares_C[best] + misfit2 * f_bar(chance, 1, behind)
    inside_C = np.flatnonzero(squares_C <= bar)
    first, last = int(inside_C[0]), int(inside_C[-1])
    return Curve(
        critical=float(critical_C[best]),
        low=float(critical_C[first]) if first > 0 else None,
        high=float(critical_C[last]) if last < len(critical_C) - 1 else None,
        fewest=math.exp(float(fewest_C[best])),
        misfit=math.sqrt(misfit2),
    )


def _candidates(sizes_B: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = math.log2(sizes_B.min() / _BEYOND), math.log2(sizes_B.max() * _BEYOND)
    return np.exp2(np.linspace(low, high, round(_A_DOUBLING * (high - low)) + 1))


def _squares(
    critical_C: NDArray[np.float64],
    sizes_B: NDArray[np.float64],
    logs_B: NDArray[np.float64],
    weights_B: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The sum of squares at each candidate, and the logarithm of the fewest steps that gives it."""
    shape_CxB = np.log1p(critical_C[:, None] / sizes_B[None, :])
    rest_CxB = logs_B[None, :] - shape_CxB
    fewest_C = rest_CxB @ weights_B / weights_B.sum()
    return np.square(rest_CxB - fewest_C[:, None]) @ weights_B, fewest_C
