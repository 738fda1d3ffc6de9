"""The bootstrap: how far the best of a study moves when its trials are drawn again.

Axes: T trials, B bootstrap samples, S sizes of a study (numbers of trials).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def best_of(
    losses: Sequence[float], sizes: Sequence[int], *, seed: int, n_bootstrap: int = 10_000
) -> NDArray[np.float64]:
    """best_BxS: the lowest of `size` draws from `losses` with replacement, `inf` if infeasible.

    The lowest of k draws from n sorted values is the one at `floor(n * m)`, m the lowest of k
    uniform numbers; m is distributed as 1 - u^(1/k). So one number is drawn a sample, not k.

    Source: Q10.

    >>> best_of([0.3], [1, 5], seed=0, n_bootstrap=2).tolist()
    [[0.3, 0.3], [0.3, 0.3]]
    """
    if len(losses) == 0:
        return np.full((n_bootstrap, len(sizes)), np.inf)
    sorted_T = np.sort(np.asarray(losses, dtype=np.float64))
    uniform_BxS = np.random.default_rng(seed).random((n_bootstrap, len(sizes)))
    # The lowest of `size` uniform numbers, from a single one.
    lowest_BxS = -np.expm1(np.log1p(-uniform_BxS) / np.asarray(sizes, dtype=np.float64))
    position_BxS = np.minimum((len(sorted_T) * lowest_BxS).astype(np.int64), len(sorted_T) - 1)
    return np.asarray(sorted_T[position_BxS])


def interval(samples_B: NDArray[np.float64]) -> tuple[float, float]:
    """The ends of the interval that holds 95 % of the samples.

    Both ends are samples themselves, so that infinite ones stay infinite.

    Source: Q10.
    """
    low, high = np.quantile(samples_B, [0.025, 0.975], method="inverted_cdf")
    return float(low), float(high)
