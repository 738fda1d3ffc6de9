"""Maximizing an acquisition function: random points first, then moves of the best ones.

It needs no derivative, so whole numbers, choices and constraints are all points like any other.

Axes: N points, D hyperparameters that vary, K anchors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import scipy
from numpy.typing import NDArray

from ..space import Choice, Domain, Integer, vectorized
from ..study import Study
from .sequence import accepted_points

Floats: TypeAlias = NDArray[np.float64]
Score: TypeAlias = Callable[[Floats], Floats]

# Heuristic: 3,000 points in all, some 20 ms; the first for the whole, the rest for the place.
EVERYWHERE = 768  # points of the whole cube
NEAR_ANCHORS = 384  # points around the anchors, over all of them
STEPS = (
    0.1,
    0.05,
    0.02,
    0.01,
    0.003,
    0.001,
    0.0003,
)  # of the rounds that follow, in units of the cube
SURVIVORS = 6  # points that a round goes on from
NEIGHBOURS = 36  # points around each of them
CHANGE_SHARE = 0.5  # of the coordinates of a point that a move changes, one of them at least
# Two points nearer than this in every coordinate are the same setting.
TOLERANCE = 1e-9


def maximize_acquisition(
    study: Study, score: Score, anchors_KxD: Floats, *, taken_NxD: Floats, seed: int
) -> Floats | None:
    """The point of the highest score that satisfies the constraints and is not taken.

    None where every point is taken.

    Args:
        study: Its space, with constraints.
        score: Of points in the unit cube.
        anchors_KxD: Where to look closely from the start, such as the best settings so far.
        taken_NxD: Points that are not to be proposed.
        seed: Of the points that are tried.
    """
    rng = np.random.default_rng(seed)
    # Points of the whole cube, and points around the anchors, nearer ones and farther ones.
    # Where constraints leave little of the cube, the points around the anchors find more of it.
    pool_NxD = accepted_points(replace(study, seed=seed), _uniform, EVERYWHERE, fewer_do=True)
    if len(anchors_KxD):
        spread_N = 10.0 ** rng.uniform(-3.0, -0.5, NEAR_ANCHORS)
        from_NxD = np.resize(anchors_KxD, (NEAR_ANCHORS, anchors_KxD.shape[1]))
        pool_NxD = np.vstack([pool_NxD, _neighbours(from_NxD, spread_N, rng)])
    pool_NxD = _candidates(study, pool_NxD, taken_NxD)
    if not len(pool_NxD):
        return None
    scores_N = score(pool_NxD)
    # In each round smaller steps from the best points so far, which stay in the pool.
    for step in STEPS:
        top_N = np.argsort(-scores_N, kind="stable")[:SURVIVORS]
        pool_NxD, scores_N = pool_NxD[top_N], scores_N[top_N]
        more_NxD = _neighbours(np.repeat(pool_NxD, NEIGHBOURS, axis=0), np.array(step), rng)
        more_NxD = _candidates(study, more_NxD, taken_NxD)
        pool_NxD = np.vstack([pool_NxD, more_NxD])
        scores_N = np.append(scores_N, score(more_NxD))
    return np.asarray(pool_NxD[int(np.argmax(scores_N))])


def value_centres(domains: list[Domain], units_NxD: Floats) -> Floats:
    """The points, where values are separate moved to the middle of the interval of their value."""
    centres_NxD = np.clip(units_NxD, 0.0, 1.0)
    for at, domain in enumerate(domains):
        if isinstance(domain, Choice) or (isinstance(domain, Integer) and domain.scale == "linear"):
            count = len(domain.values) if isinstance(domain, Choice) else _count(domain)
            index_N = np.minimum(np.floor(centres_NxD[:, at] * count), count - 1)
            centres_NxD[:, at] = (index_N + 0.5) / count
        elif isinstance(domain, Integer):
            low, width = domain.span
            whole_N = np.floor(np.exp(low + centres_NxD[:, at] * width) + 0.5)
            whole_N = np.clip(whole_N, domain.low, domain.high)
            centres_NxD[:, at] = (np.log(whole_N) - low) / width
    return centres_NxD


def is_new(points_NxD: Floats, taken_NxD: Floats) -> NDArray[np.bool_]:
    """Which points are none of those taken."""
    if not len(taken_NxD):
        return np.ones(len(points_NxD), dtype=bool)
    distance_N, _ = scipy.spatial.KDTree(taken_NxD).query(points_NxD, p=np.inf)
    return np.asarray(distance_N > TOLERANCE)


def _count(domain: Integer) -> int:
    return domain.high - domain.low + 1


def _uniform(dimensions: int, seed: int, count: int) -> Floats:
    return np.random.default_rng(seed).random((count, dimensions))


def _neighbours(from_NxD: Floats, spread_N: Floats, rng: np.random.Generator) -> Floats:
    """Each point with some coordinates changed, by `spread_N` times a normal number."""
    count, dimensions = from_NxD.shape
    is_changed_NxD = rng.random((count, dimensions)) < CHANGE_SHARE
    is_changed_NxD[np.arange(count), rng.integers(dimensions, size=count)] = True
    spread_Nx1 = np.broadcast_to(spread_N, (count,))[:, None]
    shift_NxD = spread_Nx1 * rng.standard_normal((count, dimensions))
    return np.clip(from_NxD + is_changed_NxD * shift_NxD, 0.0, 1.0)


def _candidates(study: Study, points_NxD: Floats, taken_NxD: Floats) -> Floats:
    """The points at the centres of their values, without those refused and those taken."""
    points_NxD = value_centres(list(study.space.domains.values()), points_NxD)
    if study.space.constraints:
        points_NxD = points_NxD[vectorized.admissible(study.space, points_NxD)]
    return points_NxD[is_new(points_NxD, taken_NxD)]
