"""A quadratic fitted to the ranks of an objective: how likely it falls at a point of an axis.

Axes: T trials, D axes, K columns, C marks of unordered choices, P shapes of an axis.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

# Heuristic: between the ranks (1), in which good and bad trials count alike, and their square roots
# (0.5), in which the good ones count more; the power hardly matters (0.5 to 0.8 measured).
POWER = 0.7
# Heuristic: what is held likely of an axis before its trials are seen. Doubled or halved,
# none changes what is found at equal false alarms by more than 2 %.
NO_EFFECT = 0.4  # it does nothing
BEYOND = 0.4  # its lowest point lies outside, if it does something
SIZE = 0.5  # the standard deviation of what it does, of 1 in all: the upper half of a normal one
SIZES = (0.12, 0.24, 0.36, 0.48, 0.6, 0.75, 0.9, 1.1, 1.3, 1.5)
PLACES = 17  # of a lowest point inside, evenly spread
DIRECTIONS = 8  # of a lowest point beyond one bound
# The variances of the coefficients of a product of two axes, of a value of a choice, and of noise;
# the first and the last are fitted, and weigh as much as so many products and trials.
PRODUCT, PRODUCTS = 0.02, 4
MARK = 0.3
NOISE, NOISES = 0.4, 2
# Heuristic: more axes have so many pairs that no study of usual size tells of them.
MAX_PAIRED_AXES = 12
# The fit settles in about eight rounds; each goes so much of the way, as whole steps may swing.
ROUNDS = 10
STEP = 0.6
# Each shape stands for those around it, normal with this variance: half of the way to the next.
GRAIN = 0.07**2
# A shape whose lowest point is the very place has no slope there, but for rounding.
LEVEL = 1e-9
# The share of the best trials that say where the other axes stand while one is looked along.
GOOD = 0.1


@final
@dataclass(frozen=True)
class _Shapes:
    """The shapes an axis may have: coefficients of line and parabola, and their log chances."""

    shapes_Px2: Floats
    squares_Px4: Floats
    log_chance_P: Floats


@final
@dataclass(frozen=True)
class RankQuadratic:
    """The fitted quadratic: `chance_DxP` is how likely each axis has each shape."""

    chance_DxP: Floats

    def p_decreasing(self, axis: int, at: float) -> float:
        """How likely the objective falls, upward along the axis, at a point of it, 0 to 1.

        The other axes stand where the best trials have them.

        Source: C1.
        """
        return float(self.chance_DxP[axis] @ (_slopes(at) < -LEVEL))

    def p_increasing(self, axis: int, at: float) -> float:
        """How likely the objective rises, upward along the axis, at a point of it, 0 to 1.

        Source: C1.
        """
        return float(self.chance_DxP[axis] @ (_slopes(at) > LEVEL))


def rank_quadratic(units_TxD: Floats, losses_T: Floats, marks_TxC: Floats) -> RankQuadratic:
    """The quadratic of the ranks of the losses over the unit cube.

    The score of a trial is the sum of a line `a` and a parabola `b` of each axis (Legendre
    polynomials of variance 1), of the product of each pair of axes, of a level for each value of an
    unordered choice, and of normal noise. An axis either does nothing, or has one lowest point,
    inside or beyond a bound, and no other: `(a, b)` is one of a grid of such shapes. How likely
    each of them is, given the ranks and all other axes, is found by expectation propagation.

    So an axis that does not matter costs no power, none bends upside down by the noise of its
    trials, and ten trials in eight dimensions have an answer too: close to what is held likely
    beforehand.

    Args:
        units_TxD: Where the trials lie, 0 to 1.
        losses_T: Lower is better; `inf` where nothing is worse; not all equal.
        marks_TxC: 1 where a trial has a value of an unordered choice, else 0.

    Source: C1.
    """
    axes = units_TxD.shape[1]
    centred_TxD = 2 * units_TxD - 1
    parabola_TxD = np.sqrt(5) * (3 * centred_TxD**2 - 1) / 2
    columns = [np.sqrt(3) * centred_TxD, parabola_TxD, _products(centred_TxD, losses_T), marks_TxC]
    return RankQuadratic(
        _Fit(np.concatenate(columns, axis=1), _scores(losses_T), axes).shape_chances()
    )


def _scores(losses_T: Floats) -> Floats:
    """Ranks to a power, of mean 0 and variance 1; equals share their mean rank."""
    _, place_T, count = np.unique(losses_T, return_inverse=True, return_counts=True)
    rank_T = (np.cumsum(count) - (count - 1) / 2)[place_T]
    score_T = (rank_T / len(losses_T)) ** POWER
    return np.asarray((score_T - score_T.mean()) / score_T.std())


def _products(centred_TxD: Floats, losses_T: Floats) -> Floats:
    """Of each pair of axes; zero where the best trials are, so that axes are read there."""
    axes = centred_TxD.shape[1]
    pairs = itertools.combinations(range(axes), 2) if axes <= MAX_PAIRED_AXES else iter(())
    places = np.array(list(pairs), dtype=np.intp).reshape(-1, 2)
    # The best tenth, and whatever ties with the last of them.
    count = min(max(3, int(GOOD * len(losses_T))), len(losses_T))
    best_T = losses_T <= np.partition(losses_T, count - 1)[count - 1]
    away_TxD = centred_TxD - centred_TxD[best_T].mean(axis=0)
    return np.asarray(away_TxD[:, places[:, 0]] * away_TxD[:, places[:, 1]])


def _slopes(at: float) -> Floats:
    """The slope of every shape at a point of the axis."""
    line_P, parabola_P = _shapes().shapes_Px2.T
    return np.asarray(np.sqrt(3) * line_P + 3 * np.sqrt(5) * (2 * at - 1) * parabola_P)


@cache
def _shapes() -> _Shapes:
    """Every size of every direction, and no effect.

    A direction is an angle between line and parabola: bottoms from bound to bound, then beyond the
    upper one by way of the falling line to what bends down but falls throughout, and mirrored.
    """
    # The directions: lowest points inside, then beyond either bound.
    inside = np.arctan2(1, -np.sqrt(15) * np.linspace(-1, 1, PLACES))
    bound = inside[-1]
    steps = (np.arange(DIRECTIONS) + 0.5) / DIRECTIONS
    outside = bound + 2 * (np.pi - bound) * steps
    angle = np.concatenate([inside, outside, np.pi - outside])
    chances = [(1 - BEYOND) / PLACES] * PLACES + [BEYOND / (2 * DIRECTIONS)] * 2 * DIRECTIONS
    # Their chances: of the direction times that of the size.
    size = np.array(SIZES)
    of_size = np.exp(-((size / SIZE) ** 2) / 2)
    chance = (1 - NO_EFFECT) * np.outer(chances, of_size / of_size.sum()).ravel()
    # Each direction in each size, after the shape without any effect.
    direction_Px2 = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    some_Px2 = (direction_Px2[:, None, :] * size[None, :, None]).reshape(-1, 2)
    shapes_Px2 = np.concatenate([np.zeros((1, 2)), some_Px2])
    return _Shapes(
        shapes_Px2=shapes_Px2,
        squares_Px4=(shapes_Px2[:, :, None] * shapes_Px2[:, None, :]).reshape(-1, 4),
        log_chance_P=np.log(np.concatenate([[NO_EFFECT], chance])),
    )


@final
class _Fit:
    """A linear model: lines and parabolas of D axes, whose shapes are not normal, then the rest.

    Each axis has a normal in place of its shapes, of `precision_Dx2x2` and `weight_Dx2`, refitted
    until it brings the mean and the covariance that the shapes bring.
    """

    def __init__(self, columns_TxK: Floats, score_T: Floats, axes: int) -> None:
        column_TxK = columns_TxK - columns_TxK.mean(axis=0)
        self._trials, columns = column_TxK.shape
        self._squares_KxK = column_TxK.T @ column_TxK
        self._products_K = column_TxK.T @ score_T
        self._total = float(score_T @ score_T)
        self._own_Dx2 = np.stack([np.arange(axes), axes + np.arange(axes)], axis=1)
        pairs = axes * (axes - 1) // 2 if axes <= MAX_PAIRED_AXES else 0
        self._pairs = slice(2 * axes, 2 * axes + pairs)
        self._marks = slice(2 * axes + pairs, columns)
        shapes = _shapes()
        self._shapes_Px2, self._log_chance_P = shapes.shapes_Px2, shapes.log_chance_P
        self._squares_Px4 = shapes.squares_Px4

    def shape_chances(self) -> Floats:
        """How likely each axis has each shape, by expectation propagation."""
        # Each axis begins with the normal that its shapes have beforehand.
        prior_DxP = np.tile(np.exp(self._log_chance_P), (len(self._own_Dx2), 1))
        mean_Dx2, spread_Dx2x2 = self._moments(prior_DxP)
        precision_Dx2x2, weight_Dx2 = _normal(mean_Dx2, spread_Dx2x2 + GRAIN * np.eye(2))
        noise, product = 0.5, PRODUCT
        chance_DxP = prior_DxP
        for _ in range(ROUNDS):
            # The coefficients, were every shape normal, and the variances that go with them.
            mean_K, covariance_KxK = self._posterior(precision_Dx2x2, weight_Dx2, noise, product)
            noise, product = self._variances(mean_K, covariance_KxK)
            # What all but an axis' own normal say of it, and with it what its shapes become.
            own = self._own_Dx2[:, :, None], self._own_Dx2[:, None, :]
            marginal_Dx2x2 = np.linalg.inv(covariance_KxK[own])
            others_Dx2x2 = marginal_Dx2x2 - precision_Dx2x2
            pull_Dx2 = np.einsum("dij,dj->di", marginal_Dx2x2, mean_K[self._own_Dx2]) - weight_Dx2
            chance_DxP, new_Dx2x2, new_Dx2 = self._updated(others_Dx2x2, pull_Dx2)
            # A part of the way to the normals with the mean and spread of these shapes.
            precision_Dx2x2 = precision_Dx2x2 + STEP * (new_Dx2x2 - others_Dx2x2 - precision_Dx2x2)
            weight_Dx2 = weight_Dx2 + STEP * (new_Dx2 - pull_Dx2 - weight_Dx2)
        return chance_DxP

    def _posterior(
        self, precision_Dx2x2: Floats, weight_Dx2: Floats, noise: float, product: float
    ) -> tuple[Floats, Floats]:
        """Mean and covariance of the coefficients."""
        # The precision of the data, of the normals of the shapes, and of the other coefficients.
        precision_KxK = self._squares_KxK / noise
        weight_K = self._products_K / noise
        precision_KxK[self._own_Dx2[:, :, None], self._own_Dx2[:, None, :]] += precision_Dx2x2
        weight_K[self._own_Dx2] += weight_Dx2
        diagonal_K = np.zeros(len(weight_K))
        diagonal_K[self._pairs] = 1 / product
        diagonal_K[self._marks] = 1 / MARK
        covariance_KxK = np.linalg.inv(precision_KxK + np.diag(diagonal_K))
        return covariance_KxK @ weight_K, covariance_KxK

    def _variances(self, mean_K: Floats, covariance_KxK: Floats) -> tuple[float, float]:
        """The variances of the noise and of the products of axes."""
        rest = self._total - 2 * mean_K @ self._products_K + mean_K @ self._squares_KxK @ mean_K
        rest += float(np.sum(self._squares_KxK * covariance_KxK))
        noise = (max(rest, 0.0) + NOISES * NOISE) / (self._trials + NOISES)
        power_K = mean_K[self._pairs] ** 2 + np.diag(covariance_KxK)[self._pairs]
        product = (power_K.sum() + PRODUCTS * PRODUCT) / (len(power_K) + PRODUCTS)
        return float(noise), float(product)

    def _updated(self, others_Dx2x2: Floats, pull_Dx2: Floats) -> tuple[Floats, Floats, Floats]:
        """How likely the shapes are by what others say, and the normal of their mean and spread."""
        # The likelihood of each shape: a normal around it, times what the others say.
        inner_Dx2x2 = np.linalg.inv(others_Dx2x2 + np.eye(2) / GRAIN)
        scaled_Dx2x2 = inner_Dx2x2 / GRAIN
        log_DxP = np.einsum("dij,dj->di", scaled_Dx2x2, pull_Dx2) @ self._shapes_Px2.T
        log_DxP += (scaled_Dx2x2 - np.eye(2)).reshape(-1, 4) @ self._squares_Px4.T / (2 * GRAIN)
        log_DxP += self._log_chance_P
        chance_DxP = np.exp(log_DxP - log_DxP.max(axis=1, keepdims=True))
        chance_DxP /= chance_DxP.sum(axis=1, keepdims=True)
        # The mean and spread of the coefficients over all shapes.
        middle_Dx2, spread_Dx2x2 = self._moments(chance_DxP)
        mean_Dx2 = np.einsum("dij,dj->di", inner_Dx2x2, pull_Dx2 + middle_Dx2 / GRAIN)
        around_Dx2x2 = scaled_Dx2x2 @ spread_Dx2x2 @ scaled_Dx2x2
        return chance_DxP, *_normal(mean_Dx2, np.asarray(inner_Dx2x2 + around_Dx2x2))

    def _moments(self, chance_DxP: Floats) -> tuple[Floats, Floats]:
        """Mean and covariance of the shapes."""
        mean_Dx2 = chance_DxP @ self._shapes_Px2
        square_Dx2x2 = (chance_DxP @ self._squares_Px4).reshape(-1, 2, 2)
        return mean_Dx2, square_Dx2x2 - mean_Dx2[:, :, None] * mean_Dx2[:, None, :]


def _normal(mean_Dx2: Floats, spread_Dx2x2: Floats) -> tuple[Floats, Floats]:
    """The precision of a normal, and its precision times its mean."""
    precision_Dx2x2 = np.asarray(np.linalg.inv(spread_Dx2x2), np.float64)
    return precision_Dx2x2, np.asarray(np.einsum("dij,dj->di", precision_Dx2x2, mean_Dx2))
