"""The points of a grid: evenly spaced values on every axis, all combinations, coarse before fine.

Axes: T points, D hyperparameters that vary.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import SpaceError
from . import vectorized
from .domains import Choice, Domain, Integer
from .space import Space

# As many trials as an experiment may have; a test holds it to `experiment.validation.MAX_TRIALS`,
# which is checked without NumPy.
MAX_POINTS = 1_000_000

Points: TypeAlias = int | Mapping[str, int] | None
Floats: TypeAlias = NDArray[np.float64]


def counts(space: Space, points: Points, trials: int) -> dict[str, int]:
    """How many values each axis has: a list has all of its own, a range as many as `points` says.

    Args:
        space: Its axes.
        points: Of every range, or of each by its name; None for as many as the trials pay for,
            equally many on every range that has so many values.
        trials: How many there may be.

    Raises:
        SpaceError: for a range without a number.
    """
    domains = space.domains
    ranges = [name for name, domain in domains.items() if not isinstance(domain, Choice)]
    if isinstance(points, Mapping):
        missing = [name for name in ranges if name not in points]
        if missing:
            raise SpaceError(
                f"The grid has no points on `{missing[0]}`. Write them, for example "
                f"points = {{ {missing[0]} = 5 }}, or one number for all ranges."
            )
        return {name: _count(domain, points.get(name, 1)) for name, domain in domains.items()}
    per_range = points or _points_paid_for(domains, trials)
    return {name: _count(domain, per_range) for name, domain in domains.items()}


def _points_paid_for(domains: Mapping[str, Domain], trials: int) -> int:
    """So many on every range that the grid has as many points as `trials` at most.

    A range of three whole numbers leaves its share to the others.
    """
    in_lists = math.prod(len(one.values) for one in domains.values() if isinstance(one, Choice))
    most = [_most_values(one) for one in domains.values() if not isinstance(one, Choice)]
    points = 1
    while True:
        now, more = ([min(points + extra, count) for count in most] for extra in (0, 1))
        if now == more or in_lists * math.prod(more) > trials:
            return points
        points += 1


def _most_values(domain: Domain) -> float:
    """How many values a range has; infinitely many of a real number."""
    return domain.high - domain.low + 1 if isinstance(domain, Integer) else math.inf


def grid(space: Space, counts: Mapping[str, int]) -> Floats:
    """The points of the unit cube that satisfy the constraints of the space, shape (T, D).

    On each axis both ends come first, then the middle, then again and again what halves the widest
    gap. Points come in the order of the last of these values that they need: the first k**D of
    them are a grid of k points an axis.

    Raises:
        SpaceError: for more than `MAX_POINTS`, before any is made.
    """
    size = math.prod(counts.values())
    if size > MAX_POINTS:
        raise SpaceError(
            f"The grid would have {size:,} points, and {MAX_POINTS:,} is the most. Give fewer "
            'points or axes, or write search = "quasi_random" (Q9).'
        )
    if not counts:
        return np.empty((1, 0))
    # A point is a rank on each axis; sorted by the largest of its ranks, then by all in turn.
    ranks_TxD = np.indices(list(counts.values())).reshape(len(counts), -1).T
    ranks_TxD = ranks_TxD[np.lexsort([*ranks_TxD.T[::-1], ranks_TxD.max(axis=1)])]
    # Ranks become coordinates, and points that the constraints refuse are left out.
    axes = [_axis(space.domains[name], count) for name, count in counts.items()]
    units_TxD = np.stack([axis[ranks_TxD[:, at]] for at, axis in enumerate(axes)], axis=1)
    return np.asarray(units_TxD[vectorized.admissible(space, units_TxD)])


def coarse_to_fine(count: int) -> list[int]:
    """The indices 0 .. count - 1: both ends, then again and again the middle of the widest gap.

    >>> coarse_to_fine(5)
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


def _axis(domain: Domain, count: int) -> Floats:
    """The coordinates of an axis, coarse before fine; those of a list in its own order."""
    if isinstance(domain, Choice):
        return (np.arange(count) + 0.5) / count
    if count == 1:
        return np.array([0.5])
    units = np.linspace(0.0, 1.0, count)
    if isinstance(domain, Integer):
        whole = sorted({domain.value(unit) for unit in units})
        units = np.array([domain.unit(value) for value in whole])
    return units[coarse_to_fine(len(units))]


def _count(domain: Domain, points: int) -> int:
    """How many values an axis has if it is asked for `points`: no more than there are."""
    if isinstance(domain, Choice):
        return len(domain.values)
    if not isinstance(domain, Integer) or not 1 < points <= MAX_POINTS:
        return points
    # Of fewer points others may fall on one value again, where they are spaced by their logarithm.
    while (whole := len({domain.value(unit) for unit in np.linspace(0.0, 1.0, points)})) < points:
        points = whole
    return points
