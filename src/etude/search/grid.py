"""Grid search: evenly spaced values on every axis, all combinations.

Letters: T points, D hyperparameters that vary.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from .. import columns
from ..errors import SpaceError
from ..methods import MAX_GRID
from ..move import Move, Start
from ..record import Records
from ..space import Choice, Domain, Integer
from ..study import Study

Ranks: TypeAlias = NDArray[np.int64]


@final
@dataclass(frozen=True)
class Grid:
    """The points of a grid, coarse before fine.

    Ranges have values evenly spaced on their scale, both ends among them; lists have all of theirs.
    On each axis both ends come first, then the middle, then what halves the widest gaps. Points
    come in the order of the finest place they need, so that the first trials are themselves a
    coarser grid, and a study cut short is a smaller study.

    Args:
        points: Values of every range, or of each by its name; None for as many as `max_trials`
            pays for, equally many on every axis.

    Source: Q9.
    """

    points: int | Mapping[str, int] | None = None

    adapts = False

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        """The points after those that were started already."""
        begin = records.count()
        end = min(begin + free, study.max_trials)
        if end <= begin:
            return []
        units_TxD = grid(study, counts(study, self.points))
        searched = columns.settings(study.space, units_TxD[begin:end])
        return [Start(one) for one in searched]


def counts(study: Study, points: int | Mapping[str, int] | None) -> dict[str, int]:
    """How many values each axis of a study has."""
    domains = study.space.domains
    if isinstance(points, Mapping):
        missing = [name for name in domains if not _listed(domains[name]) and name not in points]
        if missing:
            raise SpaceError(
                f"The grid of study `{study.name}` has no points on `{missing[0]}`. "
                f"Write them: points = {{ {missing[0]} = 5 }}, or one number for all axes."
            )
        return {name: _count(one, points.get(name, 1)) for name, one in domains.items()}
    if points is not None:
        return {name: _count(one, points) for name, one in domains.items()}
    ranges = [name for name, one in domains.items() if not _listed(one)]
    lists = math.prod(len(one.values) for one in domains.values() if isinstance(one, Choice))
    each = 1
    while ranges and lists * (each + 1) ** len(ranges) <= study.max_trials:
        each += 1
    return {name: _count(one, each) for name, one in domains.items()}


def grid(study: Study, counts: Mapping[str, int]) -> NDArray[np.float64]:
    """The points of the grid in their order, those that satisfy the study's constraints.

    Raises:
        SpaceError: for more than `MAX_GRID` points, before any is made.
    """
    size = math.prod(counts.values())
    if size > MAX_GRID:
        raise SpaceError(
            f"The grid of study `{study.name}` would have {size:,} points, and {MAX_GRID:,} is the "
            'most. Give fewer points or axes, or write search = "quasi_random" (Q9).'
        )
    if not counts:
        return np.empty((1, 0))
    ranks_TxD: Ranks = np.indices(list(counts.values())).reshape(len(counts), -1).T
    order_T = np.lexsort([*ranks_TxD.T[::-1], ranks_TxD.max(axis=1)])
    axes = [_axis(study.space.domains[name], count) for name, count in counts.items()]
    ranks_TxD = ranks_TxD[order_T]
    units_TxD = np.stack([axis[ranks_TxD[:, at]] for at, axis in enumerate(axes)], axis=1)
    return units_TxD[columns.admitted(study.space, units_TxD)]


def coarse_first(count: int) -> list[int]:
    """The places 0 .. count - 1: both ends, then again and again the middle of the widest gap.

    >>> coarse_first(5)
    [0, 4, 2, 1, 3]
    """
    order, gaps = [0, count - 1][:count], [(0, count - 1)]
    while len(order) < count:
        low, high = max(gaps, key=lambda gap: (gap[1] - gap[0], -gap[0]))
        gaps.remove((low, high))
        middle = (low + high) // 2
        order.append(middle)
        gaps += [(low, middle), (middle, high)]
    return order


def _axis(domain: Domain, count: int) -> NDArray[np.float64]:
    """The places of an axis on the unit interval, coarse before fine; a list in its own order."""
    if isinstance(domain, Choice):
        return (np.arange(count) + 0.5) / count
    if count == 1:
        return np.array([0.5])
    places = np.linspace(0.0, 1.0, count)
    if isinstance(domain, Integer):
        whole = sorted({domain.value(place) for place in places})
        places = np.array([domain.unit(value) for value in whole])
    return places[coarse_first(count)]


def _count(domain: Domain, points: int) -> int:
    """So many values, or as many as there are."""
    if isinstance(domain, Choice):
        return len(domain.values)
    if isinstance(domain, Integer) and points > 1:
        return len({domain.value(place) for place in np.linspace(0.0, 1.0, points)})
    return points


def _listed(domain: Domain) -> bool:
    return isinstance(domain, Choice)
