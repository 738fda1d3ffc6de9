"""What a response depends on in a design: shares, tests by permutation, interactions.

Everything here counts ranks, of the response and along each axis, so no unit means anything.

Axes: T trials, Q columns of one axis, M of several, P permutations, C ways to spread ranks out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from scipy.special import chndtrinc, ndtri

from .tails import chi2_bar, chi2_beyond, f_beyond, ranks

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]
Pair: TypeAlias = tuple[int, int]

# Heuristic: a line, a parabola and a cubic. A cubic takes many trials to see and seldom comes
# alone, so it counts half.
WEIGHTS = (1.0, 1.0, 0.5)
# Of the columns of an axis, so many enter an interaction: its line and its parabola.
PAIRING = 2
# How the chance of a false claim is shared by the three tests of a hyperparameter: on what the
# others leave, on the plain scores, on its interactions. Most act alone first.
TEST_SHARES = (0.5, 0.25, 0.25)


@final
@dataclass(frozen=True, kw_only=True)
class Basis:
    """One axis as orthogonal columns of mean 0 and variance 1; none where a single value occurs.

    `weights_Q` say how much a column counts in a test, `pairing_TxQ` are those for interactions.
    """

    columns_TxQ: Floats
    weights_Q: Floats
    pairing_TxQ: Floats


def basis(units_T: Floats, *, ordered: bool) -> Basis:
    """The axis as columns: polynomials of its ranks, or one column less than it has values.

    Source: R2.
    """
    levels = np.unique(units_T)
    # An ordered axis is spanned by powers of its ranks, another one by a mark for each value.
    if ordered:
        ranks_T = 2 * (ranks(units_T) - 0.5) / len(units_T) - 1
        degrees = range(1, min(len(WEIGHTS), len(levels) - 1) + 1)
        raw_TxQ = np.stack([ranks_T**degree for degree in degrees] or [ranks_T * 0], axis=1)
    else:
        raw_TxQ = (units_T[:, None] == levels[None, 1:]).astype(np.float64)
    # A column that depends on those before it is left out.
    columns_TxQ = _orthogonal(raw_TxQ)
    count = columns_TxQ.shape[1]
    return Basis(
        columns_TxQ=columns_TxQ,
        weights_Q=np.asarray(WEIGHTS[:count]) if ordered else np.ones(count),
        pairing_TxQ=columns_TxQ[:, :PAIRING] if ordered else columns_TxQ,
    )


def _orthogonal(raw_TxM: Floats) -> Floats:
    """Uncorrelated columns of mean 0 and variance 1 that span the same, dependent ones left out."""
    centred_TxM = raw_TxM - raw_TxM.mean(axis=0)
    q_TxM, r_MxM = np.linalg.qr(centred_TxM)
    independent_M = np.abs(np.diag(r_MxM)) > 1e-9 * np.sqrt(len(raw_TxM))
    return np.asarray(q_TxM[:, independent_M] * np.sqrt(len(raw_TxM)))


def scores(values_T: Floats) -> Floats:
    """The ranks of the values as normal scores: mean 0 and variance 1; zeros where all are equal.

    A sum of effects and noise is about normal, and keeps its shares so (van der Waerden).

    Source: R2.
    """
    normal_T = ndtri((ranks(values_T) - 0.5) / len(values_T))
    spread = normal_T.std()
    return np.asarray((normal_T - normal_T.mean()) / spread if spread > 1e-9 else normal_T * 0)


def products(first_TxQ: Floats, second_TxQ: Floats) -> Floats:
    """Every column of the first axis times every column of the second.

    Source: R2.
    """
    crossed_TxQxQ = first_TxQ[:, :, None] * second_TxQ[:, None, :]
    return crossed_TxQxQ.reshape(len(first_TxQ), -1)


def share(scores_T: Floats, columns_TxM: Floats) -> float:
    """The share of the variance of the scores that the columns explain, less what chance gives.

    With `explained` of a least-squares fit and `s²` of its residuals per degree of freedom,
    `explained - M s² / T`; scores have variance 1 at most.

    Source: R2.
    """
    explained, chance = _explained(scores_T, columns_TxM)
    return explained - chance


def _explained(scores_T: Floats, columns_TxM: Floats) -> tuple[float, float]:
    """The variance that a fit explains, and what of it chance gives; neither if none is left."""
    count, columns = columns_TxM.shape
    free = count - 1 - columns
    if free < 1 or not columns:
        return 0.0, 0.0
    centred_TxM = columns_TxM - columns_TxM.mean(axis=0)
    fitted_T = centred_TxM @ np.linalg.lstsq(centred_TxM, scores_T, rcond=1e-9)[0]
    explained = float(fitted_T @ fitted_T) / count
    return explained, max(0.0, float(scores_T @ scores_T) / count - explained) * columns / free


def permutations(trials: int, *, seed: int, count: int) -> Indices:
    """order_PxT: so many orders of the trials, the first of them as they are.

    Source: R2.
    """
    rng = np.random.default_rng(seed)
    order_PxT = rng.permuted(np.tile(np.arange(trials), (count + 1, 1)), axis=1)
    order_PxT[0] = np.arange(trials)
    return order_PxT


@final
@dataclass(frozen=True, kw_only=True)
class Component:
    """An axis, or two together, by columns, and the share of the variance that lies along them."""

    axes: frozenset[int]
    columns_TxM: Floats
    share: float


@final
@dataclass(frozen=True, kw_only=True)
class Effect:
    """The effect of one axis: its share by itself, and how often chance alone does as much."""

    share: float
    chance: float


def effects(scores_T: Floats, bases: Sequence[Basis], order_PxT: Indices) -> list[Effect]:
    """The effect of each axis on the scores, by what the others leave unexplained.

    For the chance, an axis is looked at alone and together with each of the others. Its values are
    shuffled among the trials, all else stays: if the response does not depend on it, and it was
    drawn without regard to the others, every order is as likely, so the answer is exact whatever
    explains the others. (Evenly spread trials make it cautious.)

    Source: R2.
    """
    components = _components(scores_T, bases)
    axis_effects = []
    for axis, own in enumerate(bases):
        rest_T = _unexplained(scores_T, components, axis)
        own_rest_T = _unexplained(scores_T, components, axis, beside=own.columns_TxQ)
        others = [one.pairing_TxQ for place, one in enumerate(bases) if place != axis]
        axis_effects.append(
            Effect(
                share=share(own_rest_T, own.columns_TxQ),
                chance=_chance((rest_T, scores_T), own, others, order_PxT),
            )
        )
    return axis_effects


def _components(scores_T: Floats, bases: Sequence[Basis]) -> list[Component]:
    """The axes and pairs that stand out: by chance, one axis in four studies, and one pair.

    Only to sharpen: what is kept here by chance costs power, never validity.
    """
    alone = [(frozenset({axis}), own.columns_TxQ) for axis, own in enumerate(bases)]
    crossed = [
        (frozenset(pair), products(bases[pair[0]].pairing_TxQ, bases[pair[1]].pairing_TxQ))
        for pair in itertools.combinations(range(len(bases)), 2)
    ]
    return [
        Component(axes=axes, columns_TxM=columns_TxM, share=explained - chance)
        for groups in (alone, crossed)
        for axes, columns_TxM in groups
        for explained, chance in [_explained(scores_T, columns_TxM)]
        if chance and _tail_of_fit(explained / chance, columns_TxM) <= 0.25 / len(groups)
    ]


def _tail_of_fit(ratio: float, columns_TxM: Floats) -> float:
    """How often chance alone fits as well, by the F test of so many columns."""
    count, columns = columns_TxM.shape
    return f_beyond(ratio, columns, count - 1 - columns)


def _unexplained(
    scores_T: Floats, components: Sequence[Component], axis: int, *, beside: Floats | None = None
) -> Floats:
    """The scores less what all components without the axis explain, shrunk by what each carries.

    The columns `beside` share in the explaining, but what they explain is left.
    """
    other_components = [component for component in components if axis not in component.axes]
    if not other_components:
        return scores_T
    # However much the others carry, some noise is left: 5 %.
    noise = max(0.05, 1.0 - sum(component.share for component in other_components))
    # Each column may explain its part of what its component carries: a ridge by that part.
    columns = [component.columns_TxM for component in other_components]
    column_shares = [
        np.full(component.columns_TxM.shape[1], component.share / component.columns_TxM.shape[1])
        for component in other_components
    ]
    explaining = sum(map(len, column_shares))
    if beside is not None:
        columns.append(beside)
        column_shares.append(np.ones(beside.shape[1]))
    columns_TxM = np.hstack(columns)
    gram_MxM = columns_TxM.T @ columns_TxM + np.diag(noise / np.concatenate(column_shares))
    fitted_M = np.linalg.solve(gram_MxM, columns_TxM.T @ scores_T)
    rest_T = scores_T - columns_TxM[:, :explaining] @ fitted_M[:explaining]
    return np.asarray(rest_T - rest_T.mean())


def _chance(
    responses: tuple[Floats, Floats], own: Basis, others: Sequence[Floats], order_PxT: Indices
) -> float:
    """How often chance alone gives the axis as much: by what others leave, and by the scores.

    Both are asked, as at times the others explain too much.
    """
    rest_T, scores_T = responses
    if not own.columns_TxQ.shape[1] or not rest_T.any():
        return 1.0
    products_TxM = [columns_TxM * rest_T[:, None] for columns_TxM in others]
    # How strongly each shuffled column of the axis goes along with each response.
    shuffled_QxPxT = np.ascontiguousarray(own.columns_TxQ.T)[:, order_PxT]
    along_QxPxM = np.square(
        shuffled_QxPxT @ np.hstack([scores_T[:, None], rest_T[:, None], *products_TxM])
    )
    # One statistic for each of the three tests, in every order of the trials.
    plain_P, rest_P = np.tensordot(own.weights_Q, along_QxPxM[:, :, :2], axes=1).T
    paired_PxM = along_QxPxM[: own.pairing_TxQ.shape[1], :, 2:].sum(axis=0)
    ends = np.cumsum([0, *(one.shape[1] for one in others)])
    by_pair = [paired_PxM[:, low:high].sum(axis=1) for low, high in itertools.pairwise(ends)]
    strongest_P = _strongest([one for one in by_pair if one.any()])
    tests = zip(TEST_SHARES, (rest_P, plain_P, strongest_P), strict=True)
    chances = [_tail(values_P) / share for share, values_P in tests if values_P is not None]
    return float(_tail(-np.min(chances, axis=0))[0])


def _strongest(by_pair: Sequence[Floats]) -> Floats | None:
    """The strongest of the interactions, each in units of what chance makes of it."""
    if not by_pair:
        return None
    standardized = [(one - one.mean()) / (one.std() or 1.0) for one in by_pair]
    return np.asarray(np.max(standardized, axis=0))


def _tail(values_P: Floats) -> Floats:
    """For each value, the share of all that is as large; what differs by rounding only is equal."""
    scale = np.abs(values_P).max() or 1.0
    return np.asarray(ranks(-np.round(values_P / scale, 10), highest=True) / len(values_P))


def holm(chances_M: Sequence[float]) -> list[float]:
    """The chances corrected for their number: a false claim among all stays as rare (Holm 1979).

    Source: R2.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    count, highest = len(chances_M), 0.0
    corrected = [0.0] * count
    for place, index in enumerate(sorted(range(count), key=lambda index: chances_M[index])):
        highest = max(highest, (count - place) * chances_M[index])
        corrected[index] = min(1.0, highest)
    return corrected


@final
@dataclass(frozen=True, kw_only=True)
class Together:
    """How two axes act together, beyond the sum of their own effects.

    Args:
        error: The standard error of `share`.
        chance: How often chance alone gives as much.
    """

    pair: Pair
    share: float
    error: float
    chance: float


def interactions(
    scores_T: Floats, bases: Sequence[Basis], axes: Sequence[int], order_PxT: Indices
) -> list[Together]:
    """Every pair of these axes, with chances corrected for their number.

    Whether effects add up depends on the scale of the response: ranks alone bend a sum. So the
    scores are first spread out, of a family of ways, such that sums of effects explain them best;
    what is left of a pair then, no rescaling of the metric takes away. Residuals are permuted
    (Freedman and Lane 1983), which is approximate.

    Source: R2.
    """
    pairs = list(itertools.combinations(axes, 2))
    columns = [np.ones((len(scores_T), 1)), *(bases[axis].columns_TxQ for axis in axes)]
    mains_TxM = np.linalg.qr(np.hstack(columns))[0]
    if not pairs or len(scores_T) < 2 * mains_TxM.shape[1]:
        return []
    # What sums of effects leave of the scores, on the scale on which they leave least.
    spread_T = _additive(scores_T, mains_TxM)
    rest_T = spread_T - mains_TxM @ (mains_TxM.T @ spread_T)
    total = float(spread_T @ spread_T)
    beyond_sums = [
        _together(rest_T[order_PxT], mains_TxM, products(*(bases[one].pairing_TxQ for one in pair)))
        for pair in pairs
    ]
    corrected = holm([chance for _, _, chance in beyond_sums])
    return [
        Together(pair=pair, share=carried / total, error=error / total, chance=chance)
        for pair, (carried, error, _), chance in zip(pairs, beyond_sums, corrected, strict=True)
    ]


def _together(
    rest_PxT: Floats, mains_TxM: Floats, crossed_TxM: Floats
) -> tuple[float, float, float]:
    """The variance along the products beyond sums, less what chance gives, its error and chance.

    Along `count` axes with noise `s²` each, what is carried is `s²` times a noncentral chi square:
    its variance is `2 s⁴ count + 4 s² carried`.
    """
    # Orthonormal axes of what the products span beyond the main effects.
    beyond_TxM = crossed_TxM - mains_TxM @ (mains_TxM.T @ crossed_TxM)
    axes_TxM, size_M, _ = np.linalg.svd(beyond_TxM, full_matrices=False)
    axes_TxM = axes_TxM[:, size_M > 1e-6 * np.sqrt(len(crossed_TxM))]
    # What of the residuals lies along them, in every order of the trials.
    carried_P = np.square(rest_PxT @ axes_TxM).sum(axis=1)
    count = axes_TxM.shape[1]
    free = len(crossed_TxM) - mains_TxM.shape[1] - count
    if not count or free < 1:
        return 0.0, 0.0, 1.0
    noise = max(0.0, float(rest_PxT[0] @ rest_PxT[0] - carried_P[0])) / free
    carried = max(0.0, float(carried_P[0]) - count * noise)
    error = math.sqrt(2 * count * noise**2 + 4 * noise * carried)
    return carried, error, float(_tail(carried_P)[0])


def _additive(scores_T: Floats, mains_TxM: Floats) -> Floats:
    """The scores spread out such that sums of effects explain them best, mean 0.

    The family is Tukey's lambda with a power for either end: logarithms draw an end out, squares
    press it together.
    """
    low_T = (ranks(scores_T) - 0.5) / len(scores_T)
    powers = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
    spread_CxT = np.stack(
        [
            _power(low_T, low) - _power(1 - low_T, high)
            for low, high in itertools.product(powers, powers)
        ]
    )
    spread_CxT -= spread_CxT.mean(axis=1, keepdims=True)
    explained_C = np.square(spread_CxT @ mains_TxM).sum(axis=1) / np.square(spread_CxT).sum(axis=1)
    return np.asarray(spread_CxT[int(np.argmax(explained_C))])


def _power(values_T: Floats, power: float) -> Floats:
    """The Box-Cox transform: a power, or the logarithm where that is 0."""
    return np.asarray(np.log(values_T) if power == 0 else (values_T**power - 1) / power)


def tied(bases: Sequence[Basis], *, max_chance: float, min_share: float) -> list[tuple[int, ...]]:
    """For each axis, the others whose values go with its own, so that their effects mix.

    The squared correlations of the columns of two axes, times T, are about chi-squared where
    neither knows the other; `min_share` of their columns' variance in common is asked for too.

    Source: R2.
    """
    tied_axes: list[list[int]] = [[] for _ in bases]
    pairs = list(itertools.combinations(range(len(bases)), 2))
    for first, second in pairs:
        first_TxQ, second_TxM = bases[first].columns_TxQ, bases[second].columns_TxQ
        size = first_TxQ.shape[1] * second_TxM.shape[1]
        common = float(np.square(first_TxQ.T @ second_TxM / len(first_TxQ)).sum())
        chance = chi2_beyond(len(first_TxQ) * common, size) if size else 1.0
        # Over all pairs of the study (Bonferroni).
        if common >= min_share and len(pairs) * chance <= max_chance:
            tied_axes[first].append(second)
            tied_axes[second].append(first)
    return [tuple(one) for one in tied_axes]


def detectable(trials: int, axes: int, *, max_chance: float, power: float = 0.8) -> float:
    """The share of the variance that one of so many axes needs to be seen with this power.

    Source: R2.

    >>> [round(detectable(trials, 4, max_chance=0.05), 2) for trials in (10, 20, 50, 100)]
    [0.63, 0.46, 0.25, 0.14]
    """
    if not trials or not axes:
        return 1.0
    beyond = _beyond(axes, max_chance, power)
    return beyond / (beyond + trials)


def trials_for(share: float, axes: int, *, max_chance: float, power: float = 0.8) -> int:
    """How many trials show an axis of this share, rounded up to two digits; 0 without axes.

    Source: R2.

    >>> trials_for(0.1, 4, max_chance=0.05)
    160
    """
    if not axes:
        return 0
    trials = _beyond(axes, max_chance, power) * (1 - share) / share
    digit = 10.0 ** max(0, math.floor(math.log10(trials)) - 1)
    return int(math.ceil(trials / digit) * digit)


def _beyond(axes: int, max_chance: float, power: float) -> float:
    """The noncentrality, trials times share over what is left, that is seen with this power."""
    columns = len(WEIGHTS)
    bar = chi2_bar(max_chance * TEST_SHARES[0] / axes, columns)
    return float(chndtrinc(bar, columns, 1 - power))
