"""The surrogate: how good settings that were not tried are, and whether they train at all.

Axes: N points, P points whose trials run, K the best so far, D hyperparameters that vary, E
inputs of the processes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ..space import Choice, Space
from ..study import Study
from .acquisition import maximize_acquisition
from .gaussian_process import (
    GaussianProcess,
    log_expected_improvement,
    log_probability_above,
)

Floats: TypeAlias = NDArray[np.float64]

# A feasible trial is 1 and an infeasible one -1, so that at 0 both are as likely.
BORDER = 0.0
# Heuristic: where failing is likelier than this, no improvement is worth it. The log of the
# improvement has no floor, and alone would outweigh any probability.
MAX_RISK, PENALTY = 0.25, 50.0
# Heuristic: with 2, of ten at once 14 % fail on the benchmark's cliffs; with 0, 18 %.
PESSIMISM_SD = 2.0


@final
@dataclass(frozen=True, kw_only=True)
class Surrogate:
    """Two Gaussian processes: of the loss, and of whether a trial can be trained.

    Args:
        loss: Of the loss, standardized.
        feasibility: Of 1 where a trial could be trained and -1 where not; None where all could.
        anchors_KxD: The best points so far.
        taken_NxD: Points that are not to be proposed again.
    """

    study: Study
    loss: GaussianProcess
    feasibility: GaussianProcess | None
    anchors_KxD: Floats
    taken_NxD: Floats

    def with_pending(self, units_PxD: Floats) -> Surrogate:
        """The surrogate while trials at these points run, as if they ended as expected.

        Their feasibility is taken for worse than expected, lest many fail together at one border.
        """
        inputs_PxE = inputs(self.study.space, units_PxD)
        feasibility = self.feasibility and self.feasibility.with_fantasies(
            inputs_PxE, lower_sd=PESSIMISM_SD
        )
        return replace(
            self,
            loss=self.loss.with_fantasies(inputs_PxE),
            feasibility=feasibility,
            taken_NxD=np.vstack([self.taken_NxD, units_PxD]),
        )

    def score(self, units_NxD: Floats) -> Floats:
        """Logarithm of the expected improvement times the probability that the trial trains.

        Where that is below 1 - MAX_RISK it falls so steeply that the most likely point is best.
        """
        inputs_NxE = inputs(self.study.space, units_NxD)
        score_N = log_expected_improvement(*self.loss.posterior(inputs_NxE), self._lowest)
        if self.feasibility is None:
            return score_N
        log_feasible_N = log_probability_above(*self.feasibility.posterior(inputs_NxE), BORDER)
        penalty_N = PENALTY * np.minimum(log_feasible_N - np.log1p(-MAX_RISK), 0.0)
        return np.asarray(score_N + log_feasible_N + penalty_N)

    def proposal(self, *, seed: int) -> Floats | None:
        """The point of the highest score; None where every setting is taken."""
        return maximize_acquisition(
            self.study, self.score, self.anchors_KxD, taken_NxD=self.taken_NxD, seed=seed
        )

    @cached_property
    def _lowest(self) -> float:
        # Of noisy losses the lowest is luck; what the process expects there is not.
        return float(self.loss.posterior(self.loss.inputs_TxE)[0].min())


def inputs(space: Space, units_NxD: Floats) -> Floats:
    """The inputs of the processes at points of the unit cube, shape (N, E).

    A choice without order has a column for each value, so that every two of its values are equally
    far apart. Two values are the ends of one column.
    """
    columns = []
    for at, domain in enumerate(space.domains.values()):
        unit_N = units_NxD[:, at]
        if isinstance(domain, Choice) and not domain.ordered and len(domain.values) > 2:
            index_N = np.floor(unit_N * len(domain.values))
            columns += [(index_N == k).astype(np.float64) for k in range(len(domain.values))]
        else:
            columns.append(unit_N)
    return np.stack(columns, axis=1) if columns else np.empty((len(units_NxD), 0))
