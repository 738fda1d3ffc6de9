"""A merged study: each combination of scientific values gets an equal share of the trials.

Axes: T trials, K trials that are assigned together, D nuisance hyperparameters, G combinations of
scientific values.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TypeAlias, final

import numpy as np
import scipy
from numpy.typing import NDArray

from ..errors import RunError
from ..move import Move, Start
from ..record import Records
from ..space import Choice, Scalar, Space
from ..study import Study
from .base import Search
from .sequence import next_trials

Floats: TypeAlias = NDArray[np.float64]

# Heuristic: among so many earlier trials the new ones spread, so that 100,000 take seconds.
MAX_EARLIER = 1000


@final
class Stratified:
    """An inner search of the nuisance hyperparameters, stratified by the scientific values.

    Every combination of the listed scientific values has an equal share of any first trials, give
    or take one. A scientific range is a dimension of the inner search, even because that one does
    not adapt.

    Source: R14.
    """

    adapts = False

    def __init__(self, inner: Search) -> None:
        """Takes a search that does not adapt.

        Raises:
            RunError: for one that does, which would favour some scientific values.
        """
        if inner.adapts:
            raise RunError(
                "A merged study covers its scientific values evenly (R14), and a search that "
                'adapts would favour some. Write search = "quasi_random", or studies = "split".'
            )
        self._inner = inner

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        """The trials after those that were started already."""
        trials = next_trials(study, records, free)
        if trials.start == trials.stop:
            return []
        groups = combinations(study)
        # Whole rounds of the combinations, so that a longer study begins with the shorter one.
        count = -(-trials.stop // len(groups)) * len(groups)
        inner = replace(study, space=_nuisance_space(study), max_trials=count, merged=())
        asked = self._inner.moves(inner, Records.of([]), count)
        starts = [move for move in asked if isinstance(move, Start)]
        points_TxD = np.array([inner.space.unit(start.searched) for start in starts])
        groups_T = stratified(points_TxD, len(groups), seed=study.seed)
        return [
            Start({**start.searched, **groups[group]})
            for start, group in zip(starts[trials], groups_T[trials], strict=True)
        ]


def combinations(study: Study) -> list[dict[str, Scalar]]:
    """Every combination of the scientific values that a merged study lists."""
    lists = {
        name: domain.values
        for name in study.merged
        if isinstance(domain := study.space.domains[name], Choice)
    }
    return [dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())]


def _nuisance_space(study: Study) -> Space:
    """The space without the lists of scientific values."""
    scientific = combinations(study)[0]
    domains = study.space.domains.items()
    return replace(study.space, domains={n: one for n, one in domains if n not in scientific})


def stratified(points_TxD: Floats, groups: int, *, seed: int) -> NDArray[np.int64]:
    """groups_T: the combination of each point, each once in every `groups` points.

    Not in a fixed turn: every second point of a Sobol sequence lies in one half of an axis, so that
    each of two values would be tuned over half of the space. Of each `groups` points, every
    combination gets the one that lies farthest from what it has, by the kernel of the centred L2
    discrepancy (Hickernell 1998), best for all together (Kuhn and Munkres).

    Measured over 2 to 20 combinations of 5 to 20 points in 1 to 4 dimensions, the points of one
    combination have 0.33 to 0.79 of the discrepancy of random ones; assigned at random 0.72 to
    1.09, in a fixed turn 0.35 to 4.5. All points together are the sequence itself.

    Source: R14, Q1.
    """
    points = len(points_TxD)
    groups_T = np.zeros(points, np.int64)
    if groups == 1:
        return groups_T
    # The first point of each combination: in an order that the seed decides.
    groups_T[:groups] = np.random.default_rng(seed).permutation(groups)[:points]
    for begin in range(groups, points, groups):
        # How near each new point lies to what each combination has already.
        earlier = slice(max(0, begin - MAX_EARLIER), begin)
        new_KxD = points_TxD[begin : begin + groups]
        nearness_KxT = _kernel(new_KxD, points_TxD[earlier])
        is_member_TxG = groups_T[earlier, None] == np.arange(groups)
        # The assignment of the new points to the combinations that is least near in all.
        rows, columns = scipy.optimize.linear_sum_assignment(nearness_KxT @ is_member_TxG)
        groups_T[begin + rows] = columns
    return groups_T


def _kernel(new_KxD: Floats, earlier_TxD: Floats) -> Floats:
    """The kernel of the centred L2 discrepancy between every two points, shape (K, T)."""
    new_Kx1xD, earlier_1xTxD = new_KxD[:, None], earlier_TxD[None]
    centred = 1 + 0.5 * np.abs(new_Kx1xD - 0.5) + 0.5 * np.abs(earlier_1xTxD - 0.5)
    return np.asarray(np.prod(centred - 0.5 * np.abs(new_Kx1xD - earlier_1xTxD), axis=-1))
