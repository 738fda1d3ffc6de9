"""Sequential comparison: several looks at a comparison without more false answers.

Axes: R simulated comparisons, L looks, N seeds a side.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import scipy
from numpy.typing import NDArray

from ...errors import RunError

# The issue's own: 3 for a first impression, 5 as the playbook's N, then twice as many each time.
LOOKS = (3, 5, 10, 20)
_SIMULATED = 200_000


@final
@dataclass(frozen=True)
class SequentialPlan:
    """Looks, by seeds a side, and below which p-value each one decides; 0 for one that cannot."""

    looks: tuple[int, ...]
    levels: tuple[float, ...]

    @property
    def last(self) -> int:
        """The seeds a side at which it ends."""
        return self.looks[-1]

    def level(self, runs: int) -> float | None:
        """The p-value below which a look at so many seeds decides; None between looks.

        More seeds than at the last look are judged by its level, once: looks again and again beyond
        it would spend more than was planned.
        """
        if runs > self.last:
            return self.levels[-1]
        level_by_look = dict(zip(self.looks, self.levels, strict=True))
        return level_by_look.get(runs)

    def next_look(self, runs: int) -> int | None:
        """The look that comes after so many seeds; None behind the last."""
        return next((look for look in self.looks if look > runs), None)


def sequential_plan(looks: Sequence[int] = LOOKS, *, level: float = 0.05) -> SequentialPlan:
    """The levels at which all looks together are wrong in at most `level` of equal comparisons.

    Error is spent in proportion to seeds (Lan and DeMets 1983): by the look at n of N seeds,
    `level * n / N` in all. What a look spends becomes its bound on p by the correlation `sqrt(n/m)`
    of z at n and at m seeds, simulated with a seed of its own; a union bound would be lower. A look
    of too few seeds for an exact test at its bound decides nothing (0) and leaves it to the next.

    Raises:
        RunError: for looks that do not rise or begin below 3 seeds.

    Source: A2.

    >>> [round(level, 4) for level in sequential_plan([10]).levels]
    [0.05]
    """
    seeds = tuple(looks)
    if not seeds or seeds[0] < 3 or any(b <= a for a, b in itertools.pairwise(seeds)):
        text = ", ".join(map(str, seeds))
        raise RunError(
            f"Looks are rising numbers of seeds a side from 3 on, found `{text}`. Write for "
            "example --looks 3,5,10,20."
        )
    # z at every look, simulated: a random walk over the seeds.
    between_L = np.diff(np.asarray((0, *seeds), np.float64))
    steps_RxL = np.random.default_rng(0).standard_normal((_SIMULATED, len(seeds)))
    z_RxL = np.abs((steps_RxL * np.sqrt(between_L)).cumsum(axis=1) / np.sqrt(seeds))
    # The bound of each look, by the comparisons that are still open and the error to spend.
    open_R = np.ones(_SIMULATED, dtype=bool)
    levels: list[float] = []
    unspent = 0.0
    for place, spent in enumerate(level * between_L / seeds[-1]):
        unspent += spent
        bound = _bound(z_RxL[open_R, place], unspent * _SIMULATED)
        # An exact test of so few seeds has no smaller p: what the look would spend, the next has.
        if 2 * scipy.stats.norm.sf(bound) < 2 / math.comb(2 * seeds[place], seeds[place]):
            levels.append(0.0)
            continue
        unspent = 0.0
        open_R &= z_RxL[:, place] <= bound
        levels.append(float(2 * scipy.stats.norm.sf(bound)))
    return SequentialPlan(seeds, tuple(levels))


def _bound(z_R: NDArray[np.float64], crossing: float) -> float:
    """The z that so many of the comparisons still open exceed; known where none was decided."""
    if len(z_R) == _SIMULATED:
        return float(scipy.stats.norm.isf(crossing / _SIMULATED / 2))
    return float(np.quantile(z_R, 1 - crossing / len(z_R)))


def power(planned: SequentialPlan, effect: float, *, comparisons: int = 4000) -> tuple[float, ...]:
    """How often a difference of `effect` standard deviations is found by each look, simulated.

    For normal values with Welch's test, as `difference` has it at equal numbers; the exact test
    takes little of that back.

    Source: A2.
    """
    rng = np.random.default_rng(1)
    a_RxN, b_RxN = rng.standard_normal((2, comparisons, planned.last))
    b_RxN = b_RxN - effect
    decided_R = np.zeros(comparisons, dtype=bool)
    shares = []
    for look, level in zip(planned.looks, planned.levels, strict=True):
        p_R = scipy.stats.ttest_ind(
            a_RxN[:, :look], b_RxN[:, :look], axis=1, equal_var=False
        ).pvalue
        decided_R |= np.asarray(p_R) <= level
        shares.append(float(decided_R.mean()))
    return tuple(shares)
