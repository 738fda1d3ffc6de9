"""Between which bounds the total share of an axis lies, interactions included.

A response is a sum of functions of one axis, of functions of two, and noise, along the columns of
`effects`. A share is of the variance of the response with its noise. How far an axis' own columns
go along with the response is compared with what it would be were its share s, for every s; those
that fit are the interval. How the share lies among the axis' own columns and those of its pairs is
not known, so each s has to be excluded three times: for an axis that acts alone, for one that acts
only together with others, and for one that does half and half.

Axes: T trials, M columns, C components, K draws, S shares, A axes' own columns.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from .effects import Basis, Floats, products

# Fine up to where a hyperparameter may be fixed, coarse beyond.
SHARES_S = np.concatenate([np.arange(61) / 200, np.arange(16, 51) / 50])
# So many draws tell 2.5 % to half a percent.
DRAWS = 1000
# Of an axis' share, what it does by itself; the rest is done together with others.
MIXTURES = (1.0, 0.5, 0.0)
# More rounds change the variances of the components little.
ROUNDS = 40
# However well the components explain a response, some noise is left.
MIN_NOISE = 1e-3


@final
@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The interval of a total share, and how often one without effect would be excluded.

    Args:
        low: With `high`, the shares that fit the response.
        power: In how many such studies `high` would be at most the margin, were the share 0.
    """

    low: float
    high: float
    power: float


@final
@dataclass(frozen=True, kw_only=True)
class Features:
    """Columns of all axes and pairs. The parts of a component's variance, `part_M`, sum to 1."""

    columns_TxM: Floats
    part_M: Floats
    component_M: Floats
    axes: tuple[frozenset[int], ...]

    def owned(self, of: frozenset[int]) -> Floats:
        """own_M: which columns vary with any of these axes."""
        has_C = np.array([bool(one & of) for one in self.axes])
        return np.asarray(has_C[self.component_M])

    @property
    def alone(self) -> Floats:
        """alone_M: which columns are of a single axis."""
        return np.asarray(np.array([len(one) == 1 for one in self.axes])[self.component_M])


@final
@dataclass(frozen=True, kw_only=True)
class Fit:
    """The prior variance of each column, that of the noise, and its degrees of freedom."""

    prior_M: Floats
    noise: float
    free: float


def total_shares(
    scores_T: Floats, bases: Sequence[Basis], *, margin: float, max_chance: float, seed: int
) -> list[Bounds]:
    """The bounds of each axis, and last those of all axes together.

    The variances of the components are fitted once (empirical Bayes, by EM); of the noise, its
    uncertainty is drawn along. Neither the order of the axes nor their direction plays a part.

    Source: R2, A3.
    """
    # By how much each goes along with the response: no name, and no direction, has a say.
    along = [float(np.square(own.columns_TxQ.T @ scores_T).sum()) for own in bases]
    order = sorted(range(len(bases)), key=lambda axis: -along[axis])
    features = _features(scores_T, [bases[axis] for axis in order])
    if not features.columns_TxM.shape[1]:
        return [Bounds(low=0.0, high=1.0, power=0.0)] * (len(bases) + 1)
    fit = _fit(scores_T, features)
    subjects = [frozenset({order.index(axis)}) for axis in range(len(bases))]
    subjects.append(frozenset(range(len(bases))))
    return [
        _bounds(_Axis.of(scores_T, features, fit, subject), margin, max_chance, seed=seed)
        for subject in subjects
    ]


def _features(scores_T: Floats, bases: Sequence[Basis]) -> Features:
    """The columns of all axes, then those of all pairs, turned to go along with the response."""
    singles = [
        (frozenset({axis}), own.columns_TxQ, own.weights_Q) for axis, own in enumerate(bases)
    ]
    pairs = [
        (frozenset(pair), crossed, np.ones(crossed.shape[1]))
        for pair in itertools.combinations(range(len(bases)), 2)
        for crossed in [products(*(bases[axis].pairing_TxQ for axis in pair))]
    ]
    components = [one for one in (*singles, *pairs) if one[1].shape[1]]
    columns_TxM = np.hstack([np.empty((len(scores_T), 0)), *(one[1] for one in components)])
    columns_TxM = columns_TxM - columns_TxM.mean(axis=0) if len(scores_T) else columns_TxM
    turned_M = np.where(columns_TxM.T @ scores_T < 0, -1.0, 1.0)
    return Features(
        columns_TxM=columns_TxM * turned_M,
        part_M=np.concatenate([np.empty(0), *(one[2] / one[2].sum() for one in components)]),
        component_M=np.repeat(np.arange(len(components)), [one[1].shape[1] for one in components]),
        axes=tuple(one[0] for one in components),
    )


def _fit(scores_T: Floats, features: Features) -> Fit:
    """The variances that explain the response best, by EM from equal ones."""
    part_M, component_M = features.part_M, features.component_M
    count, components = len(scores_T), len(features.axes)
    columns_C = np.bincount(component_M, minlength=components)
    posterior = _by_columns if len(component_M) <= count else _by_trials
    known = (scores_T, features.columns_TxM, features.columns_TxM.T @ features.columns_TxM)
    variance_C, noise, used = np.full(components, 0.5 / components), 0.5, 0.0
    for _ in range(ROUNDS):
        mean_M, spread_M, used = posterior(known, variance_C[component_M] * part_M, noise)
        second_C = np.bincount(component_M, (mean_M**2 + spread_M) / part_M, components)
        variance_C = np.maximum(second_C / columns_C, 1e-8)
        rest_T = scores_T - features.columns_TxM @ mean_M
        noise = max(MIN_NOISE, float(rest_T @ rest_T) / count + noise * used / count)
    prior_M = variance_C[component_M] * part_M
    return Fit(prior_M=prior_M, noise=noise, free=max(1.0, count - 1 - used))


def _by_columns(
    known: tuple[Floats, Floats, Floats], prior_M: Floats, noise: float
) -> tuple[Floats, Floats, float]:
    """Mean and variance of each column's coefficient, and the degrees of freedom that they use."""
    scores_T, columns_TxM, gram_MxM = known
    spread_MxM = np.linalg.inv(gram_MxM / noise + np.diag(1 / prior_M))
    mean_M = spread_MxM @ (columns_TxM.T @ scores_T) / noise
    return mean_M, np.diag(spread_MxM), float((spread_MxM * gram_MxM).sum()) / noise


def _by_trials(
    known: tuple[Floats, Floats, Floats], prior_M: Floats, noise: float
) -> tuple[Floats, Floats, float]:
    """The same, where there are more columns than trials."""
    scores_T, columns_TxM, _ = known
    covariance_TxT = (columns_TxM * prior_M) @ columns_TxM.T
    inverse_TxT = np.linalg.inv(noise * np.eye(len(scores_T)) + covariance_TxT)
    turned_TxM = inverse_TxT @ columns_TxM
    known_M = prior_M * (turned_TxM * columns_TxM).sum(axis=0)
    return prior_M * (turned_TxM.T @ scores_T), prior_M * (1 - known_M), float(known_M.sum())


@final
@dataclass(frozen=True, kw_only=True)
class _Axis:
    """An axis' own columns after all others are taken out as far as they are known.

    With V the covariance of the response without the axis, and F its columns: F'V⁻¹y, F'V⁻¹F and
    F'V⁻²F, the prior of each, which of them are the axis' alone, and the noise.
    """

    along_A: Floats
    once_AxA: Floats
    twice_AxA: Floats
    prior_A: Floats
    alone_A: Floats
    noise: float
    free: float

    @classmethod
    def of(cls, scores_T: Floats, features: Features, fit: Fit, subject: frozenset[int]) -> _Axis:
        own_M = features.owned(subject)
        own_TxA, other_TxM = features.columns_TxM[:, own_M], features.columns_TxM[:, ~own_M]
        turned_TxA = _inverse_times(own_TxA, other_TxM, fit.prior_M[~own_M], fit.noise)
        alone_A, prior_A = features.alone[own_M], features.part_M[own_M].copy()
        for kind in (alone_A, ~alone_A):
            prior_A[kind] /= prior_A[kind].sum() or 1.0
        return cls(
            along_A=turned_TxA.T @ scores_T,
            once_AxA=own_TxA.T @ turned_TxA,
            twice_AxA=turned_TxA.T @ turned_TxA,
            prior_A=prior_A,
            alone_A=alone_A,
            noise=fit.noise,
            free=fit.free,
        )


def _inverse_times(own_TxA: Floats, other_TxM: Floats, prior_M: Floats, noise: float) -> Floats:
    """V⁻¹ times the columns, where V is what the others carry and the noise (Woodbury)."""
    count, columns = other_TxM.shape
    if columns > count:
        covariance_TxT = noise * np.eye(count) + (other_TxM * prior_M) @ other_TxM.T
        return np.asarray(np.linalg.solve(covariance_TxT, own_TxA))
    inner_MxM = np.diag(noise / prior_M) + other_TxM.T @ other_TxM
    known_MxA = np.linalg.solve(inner_MxM, other_TxM.T @ own_TxA)
    return np.asarray((own_TxA - other_TxM @ known_MxA) / noise)


def _bounds(axis: _Axis, margin: float, max_chance: float, *, seed: int) -> Bounds:
    """The shares that no mixture excludes, and how often the margin would be excluded at 0."""
    if not len(axis.along_A):
        return Bounds(low=0.0, high=1.0, power=0.0)
    rng = np.random.default_rng(seed)
    size = len(axis.along_A)
    noise_K = np.minimum(1.0, axis.noise * axis.free / rng.chisquare(axis.free, DRAWS))
    # What the others leave by not being known, and the noise.
    others_AxA = axis.once_AxA - axis.noise * axis.twice_AxA
    left_KxA = rng.standard_normal((DRAWS, size)) @ _root(others_AxA, axis.once_AxA)
    noise_KxA = rng.standard_normal((DRAWS, size)) @ _root(axis.twice_AxA, axis.twice_AxA)
    left_KxA += np.sqrt(noise_K)[:, None] * noise_KxA
    shape_KxA = rng.standard_normal((DRAWS, size)) * np.sqrt(axis.prior_A)
    at_margin = int(np.searchsorted(SHARES_S, margin - 1e-9))
    low, high, excluded_K = 0.0, 0.0, np.ones(DRAWS, dtype=bool)
    for alone in MIXTURES if not axis.alone_A.all() else MIXTURES[:1]:
        strength_KxS, seen = _strengths(axis, alone, left_KxA, shape_KxA, margin)
        fitting_S = (strength_KxS <= seen * (1 + 1e-9)).mean(axis=0) > max_chance
        high = max(high, _above(fitting_S))
        excluded_K &= strength_KxS[:, 0] <= np.quantile(strength_KxS[:, at_margin], max_chance)
        if alone in (0.5, 1.0):
            reached_S = (strength_KxS >= seen * (1 - 1e-9)).mean(axis=0) > max_chance
            low = float(SHARES_S[np.argmax(reached_S)]) if reached_S.any() else 1.0
    return Bounds(low=min(low, high), high=high, power=float(excluded_K.mean()))


def _above(fitting_S: Floats) -> float:
    """The smallest share above all that fit."""
    places = np.flatnonzero(fitting_S)
    return float(SHARES_S[min(places[-1] + 1, len(SHARES_S) - 1)]) if len(places) else 0.0


def _strengths(
    axis: _Axis, alone: float, left_KxA: Floats, shape_KxA: Floats, margin: float
) -> tuple[Floats, float]:
    """How strongly the response goes along with the axis: drawn for each share, and as it is.

    The statistic is the likelihood ratio of a Gaussian effect of the share `margin` against none:
    z'Bz with z = F'V⁻¹y and B = (W⁻¹ + F'V⁻¹F)⁻¹.
    """
    weight_A = np.where(axis.alone_A, alone, 1 - alone)
    used_A = weight_A > 0
    shape_KxA = shape_KxA.copy()
    for kind, share in ((axis.alone_A, alone), (~axis.alone_A, 1 - alone)):
        length_K = np.sqrt(np.square(shape_KxA[:, kind]).sum(axis=1, keepdims=True))
        shape_KxA[:, kind] *= np.sqrt(share) / np.maximum(length_K, 1e-12)
    prior_A = margin * (axis.prior_A * weight_A)[used_A]
    inner_AxA = np.linalg.inv(np.diag(1 / prior_A) + axis.once_AxA[np.ix_(used_A, used_A)])
    seen = float(axis.along_A[used_A] @ inner_AxA @ axis.along_A[used_A])
    left_KxA, effect_KxA = left_KxA[:, used_A], (shape_KxA @ axis.once_AxA)[:, used_A]
    turned_KxA = left_KxA @ inner_AxA
    none_K = (turned_KxA * left_KxA).sum(axis=1)[:, None]
    crossed_K = (turned_KxA * effect_KxA).sum(axis=1)[:, None]
    full_K = ((effect_KxA @ inner_AxA) * effect_KxA).sum(axis=1)[:, None]
    return none_K + 2 * np.sqrt(SHARES_S) * crossed_K + SHARES_S * full_K, seen


def _root(covariance_AxA: Floats, whole_AxA: Floats) -> Floats:
    """R with R'R the covariance, up to rounding in units of the whole."""
    size = len(covariance_AxA)
    rounding = 1e-9 * max(float(np.trace(whole_AxA)), 1e-9)
    return np.asarray(np.linalg.cholesky(covariance_AxA + rounding * np.eye(size)).T)
