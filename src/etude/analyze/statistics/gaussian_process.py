"""A Gaussian process on the logarithm of losses above their best: where its draws are lowest.

Axes: T trials, D axes, C marks of unordered choices, K columns (D + C), F failed trials,
N candidates, S draws, P parameters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias, final

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular

from .scrambled_sobol import scrambled_sobol

Floats: TypeAlias = NDArray[np.float64]

# Heuristic: the logarithm is of what a loss lies above the best, plus this share of the distance
# from the best to the median. The evidence chooses; the last is nearly the loss itself.
OFFSETS = (0.02, 0.1, 0.5, 5.0)
# What is held likely beforehand of the logarithms of lengths, signal and noise: mean and standard
# deviation each. Wide: from a wiggle in a tenth of an axis to an axis that does nothing.
LENGTH = (math.log(0.7), 1.2)
SIGNAL = (0.0, 1.0)
NOISE = (math.log(0.05), 1.7)
LENGTHS = (math.log(0.08), math.log(30.0))
SIGNALS = (math.log(0.05), math.log(20.0))
NOISES = (math.log(1e-4), math.log(2.0))
# Where the search for the parameters begins: a smooth course, and a noisy one.
STARTS = ((0.5, 0.01), (1.0, 0.3))
ROUNDS = 40
# Of the likeliest: a process that is less likely changes no draw.
UNLIKELY = 0.02
# More trials cost the third power of their number, and their ranks tell by themselves.
MOST_TRIALS = 100
DRAWS = 256
SPREAD = 512  # candidates all over the space, denser towards its bounds
NEAR = 16  # of the best of them, each moved to every bound
# Relative to the signal: no square root of a covariance without it.
JITTER = 1e-6


@final
@dataclass(frozen=True)
class LowestPoints:
    """Where each of S draws of the process is lowest, in units of the axes.

    `noise` is the share of the variance of the values that the process leaves to chance.
    """

    units_SxD: Floats
    noise: float

    def chance(self, axis: int, low: float, high: float) -> float:
        """The share of the draws that are lowest between two units of an axis.

        Source: C1.
        """
        unit_S = self.units_SxD[:, axis]
        return float(np.mean((low - 1e-9 <= unit_S) & (unit_S <= high + 1e-9)))


def lowest_points(
    units_TxD: Floats,
    losses_T: Floats,
    marks_TxC: Floats,
    *,
    failed_FxD: Floats,
    bounds_2xD: Floats,
    error_T: Floats | None = None,
) -> LowestPoints:
    """Where the objective may be lowest, by a Gaussian process fitted to losses.

    `log(loss - best + offset)`, standardized, is a process with a constant mean, a squared
    exponential kernel with a length for each axis, and noise; the parameters are those of the
    highest posterior density, the offset that of the highest evidence. A logarithm makes the
    neighbourhood of the best as wide as the slopes around it, so that smooth losses tell to a
    hundredth of their range where they are lowest; ranks cannot.

    Nothing is drawn but from fixed numbers, and trials, axes and their directions are put in an
    order of their own first: how they are written down changes nothing.

    Args:
        units_TxD: Where the feasible trials lie, 0 to 1.
        losses_T: Finite, lower is better, not all equal.
        marks_TxC: 1 where a trial has a value of an unordered choice, else 0.
        failed_FxD: Trials in whose neighbourhood nothing can be lowest.
        bounds_2xD: Where the lowest and the highest value of each axis lie, 0 to 1.
        error_T: The standard error of each loss, where it is known: noise beside that of the
            process, for what a few examples decide is no course.

    Source: C1, A1.
    """
    chosen_T = _chosen(losses_T)
    units_TxD, losses_T, marks_TxC = units_TxD[chosen_T], losses_T[chosen_T], marks_TxC[chosen_T]
    error_T = np.zeros(len(losses_T)) if error_T is None else error_T[chosen_T]
    form = _form(units_TxD, losses_T)
    units_TxD, failed_FxD = form.of(units_TxD), form.of(failed_FxD)
    order_T = np.lexsort((*units_TxD.T[::-1], losses_T))
    columns_TxK = np.concatenate([units_TxD, marks_TxC], axis=1)[order_T]
    axes, bounds_2xD = bounds_2xD.shape[1], np.sort(form.of(bounds_2xD), axis=0)
    lowest, noises = [], []
    for process, normal_SxN in _shares(
        _processes(columns_TxK, losses_T[order_T], error_T[order_T])
    ):
        columns_NxK = _candidates(process, bounds_2xD)
        columns_NxK = columns_NxK[_usable(columns_NxK[:, :axes], units_TxD, failed_FxD)]
        draws_SxN = process.draws(columns_NxK, normal_SxN[:, : len(columns_NxK)])
        lowest.append(columns_NxK[draws_SxN.argmin(axis=1)][:, :axes])
        noises += [process.noise] * len(draws_SxN)
    return LowestPoints(form.undone(np.concatenate(lowest)), float(np.mean(noises)))


def _chosen(losses_T: Floats) -> NDArray[np.intp]:
    """The best half of as many trials as are affordable, and the others evenly by rank."""
    order_T = np.argsort(losses_T, kind="stable")
    if len(order_T) <= MOST_TRIALS:
        return order_T
    half = MOST_TRIALS // 2
    rest = np.linspace(half, len(order_T) - 1, MOST_TRIALS - half).round().astype(np.intp)
    return np.asarray(order_T[np.concatenate([np.arange(half), rest])], dtype=np.intp)


@final
@dataclass(frozen=True)
class _Form:
    """Axes as the process sees them: losses rise along each, the steepest comes first."""

    turned_D: NDArray[np.bool_]
    order_D: NDArray[np.intp]

    def of(self, units_NxD: Floats) -> Floats:
        """Units in this form."""
        return np.asarray(np.where(self.turned_D, 1.0 - units_NxD, units_NxD)[:, self.order_D])

    def undone(self, units_NxD: Floats) -> Floats:
        """Units as they were given."""
        given_NxD = np.empty_like(units_NxD)
        given_NxD[:, self.order_D] = units_NxD
        return np.where(self.turned_D, 1.0 - given_NxD, given_NxD)


def _form(units_TxD: Floats, losses_T: Floats) -> _Form:
    place_T = np.argsort(np.argsort(losses_T, kind="stable")) - (len(losses_T) - 1) / 2
    tilt_D = (units_TxD - 0.5).T @ place_T
    return _Form(tilt_D < 0, np.argsort(-np.abs(tilt_D), kind="stable"))


@final
@dataclass(frozen=True)
class _Values:
    """Logarithms of losses, of mean 0 and variance 1, and the variances of their known errors."""

    value_T: Floats
    known_T: Floats


def _processes(
    columns_TxK: Floats, losses_T: Floats, error_T: Floats
) -> list[tuple[float, _Process]]:
    """The processes that are likely, each with its chance: for each offset, from each start."""
    apart_KxTxT = (columns_TxK.T[:, :, None] - columns_TxK.T[:, None, :]) ** 2
    above_T = losses_T - losses_T.min()
    middle = float(np.median(above_T)) or float(above_T.max())
    found: dict[tuple[float, float], tuple[_Values, Floats]] = {}
    for offset in OFFSETS:
        log_T = np.log(above_T / middle + offset)
        # An error is as much of the logarithm as of what is taken the logarithm of.
        known_T = error_T / (above_T + offset * middle) / log_T.std()
        values = _Values((log_T - log_T.mean()) / log_T.std(), known_T**2)
        # The density of the losses, not of their logarithms.
        jacobian = -float(log_T.sum()) - len(log_T) * math.log(log_T.std())
        for start in STARTS:
            cost, parameter_P = _optimum(_start(columns_TxK.shape[1], *start), apart_KxTxT, values)
            # Two starts that end at the same place are one process.
            found.setdefault((offset, round(jacobian - cost, 2)), (values, parameter_P))
    best = max(evidence for _, evidence in found)
    likely = {key: math.exp(key[1] - best) for key in found if math.exp(key[1] - best) > UNLIKELY}
    return [
        (chance / sum(likely.values()), _conditioned(columns_TxK, *found[key]))
        for key, chance in likely.items()
    ]


def _shares(found: Sequence[tuple[float, _Process]]) -> Iterator[tuple[_Process, Floats]]:
    """Each process with normal numbers for its draws, as many as it is likely."""
    begin, total = 0, 0.0
    for chance, process in found:
        total += chance
        end = round(total * DRAWS)
        if end > begin:
            yield process, _normals(process.columns_TxK.shape[1])[begin:end]
        begin = end


def _start(columns: int, length: float, noise: float) -> Floats:
    return np.array([math.log(length)] * columns + [0.0, math.log(noise)])


def _optimum(start_P: Floats, apart_KxTxT: Floats, values: _Values) -> tuple[float, Floats]:
    columns = len(apart_KxTxT)
    found = scipy.optimize.minimize(
        _cost,
        start_P,
        args=(apart_KxTxT, values),
        jac=True,
        method="L-BFGS-B",
        bounds=[*[LENGTHS] * columns, SIGNALS, NOISES],
        options={"maxiter": ROUNDS, "ftol": 1e-5, "gtol": 1e-3},
    )
    return float(found.fun), np.asarray(found.x)


def _cost(parameter_P: Floats, apart_KxTxT: Floats, values: _Values) -> tuple[float, Floats]:
    """The negative logarithm of the posterior density of the parameters, and its gradient."""
    inverse_K = np.exp(-2 * parameter_P[:-2])
    signal, noise = np.exp(parameter_P[-2:])
    value_T = values.value_T
    kernel_TxT = signal * np.exp(np.tensordot(-inverse_K / 2, apart_KxTxT, 1))
    factor_TxT = cholesky(kernel_TxT + np.diag(values.known_T + noise + JITTER), lower=True)
    inverse_TxT = cho_solve((factor_TxT, True), np.eye(len(value_T)))
    ones_T = inverse_TxT.sum(axis=1)
    # The mean is integrated out.
    away_T = value_T - ones_T @ value_T / ones_T.sum()
    weight_T = inverse_TxT @ away_T
    cost = (away_T @ weight_T + math.log(ones_T.sum())) / 2 + np.log(np.diag(factor_TxT)).sum()
    slope_TxT = inverse_TxT - np.outer(weight_T, weight_T)
    slope_TxT = (slope_TxT - np.outer(ones_T, ones_T) / ones_T.sum()) / 2
    shared_TxT = slope_TxT * kernel_TxT
    own_K = np.tensordot(apart_KxTxT, shared_TxT, 2) * inverse_K
    gradient_P = np.array([*own_K, shared_TxT.sum(), noise * np.trace(slope_TxT)])
    middle_P, spread_P = np.array([*[LENGTH] * len(inverse_K), SIGNAL, NOISE]).T
    off_P = (parameter_P - middle_P) / spread_P
    return float(cost + off_P @ off_P / 2), gradient_P + off_P / spread_P


def _with_diagonal(square_NxN: Floats, value: float) -> Floats:
    return np.asarray(square_NxN + value * np.eye(len(square_NxN)))


def _conditioned(columns_TxK: Floats, values: _Values, parameter_P: Floats) -> _Process:
    value_T = values.value_T
    length_K, (signal, noise) = np.exp(parameter_P[:-2]), np.exp(parameter_P[-2:])
    kernel_TxT = signal * np.exp(-_squares(columns_TxK / length_K, columns_TxK / length_K) / 2)
    factor_TxT = cholesky(kernel_TxT + np.diag(values.known_T + noise + JITTER), lower=True)
    ones_T = cho_solve((factor_TxT, True), np.ones(len(value_T)))
    mean = float(ones_T @ value_T / ones_T.sum())
    return _Process(
        columns_TxK=columns_TxK,
        length_K=length_K,
        signal=float(signal),
        noise=float(noise + np.median(values.known_T)),
        mean=mean,
        weight_T=cho_solve((factor_TxT, True), value_T - mean),
        factor_TxT=factor_TxT,
    )


@final
@dataclass(frozen=True, kw_only=True)
class _Process:
    """The process, given its parameters and the trials."""

    columns_TxK: Floats
    length_K: Floats
    signal: float
    noise: float
    mean: float
    weight_T: Floats
    factor_TxT: Floats

    def expected(self, columns_NxK: Floats) -> Floats:
        """Its mean."""
        return self.mean + self._cross(columns_NxK) @ self.weight_T

    def draws(self, columns_NxK: Floats, normal_SxN: Floats) -> Floats:
        """Draws without noise, made of these normal numbers."""
        cross_NxT = self._cross(columns_NxK)
        half_TxN = solve_triangular(self.factor_TxT, cross_NxT.T, lower=True)
        scaled_NxK = columns_NxK / self.length_K
        covariance_NxN = self.signal * np.exp(-_squares(scaled_NxK, scaled_NxK) / 2)
        covariance_NxN -= half_TxN.T @ half_TxN
        jitter = 10 * JITTER * (self.signal + 1)
        factor_NxN = cholesky(_with_diagonal(covariance_NxN, jitter), lower=True)
        return np.asarray(self.mean + cross_NxT @ self.weight_T + normal_SxN @ factor_NxN.T)

    def _cross(self, columns_NxK: Floats) -> Floats:
        squares_NxT = _squares(columns_NxK / self.length_K, self.columns_TxK / self.length_K)
        return np.asarray(self.signal * np.exp(-squares_NxT / 2))


def _squares(left_NxK: Floats, right_MxK: Floats) -> Floats:
    """The squared distances."""
    squares_NxM = (left_NxK**2).sum(axis=1)[:, None] + (right_MxK**2).sum(axis=1)
    return np.asarray(np.maximum(squares_NxM - 2 * left_NxK @ right_MxK.T, 0.0))


def _candidates(process: _Process, bounds_2xD: Floats) -> Floats:
    """Columns all over the space, and those of the lowest of them and of the trials, moved."""
    trials_TxK, (low_D, high_D) = process.columns_TxK, bounds_2xD
    axes = len(low_D)
    # Of unordered choices every candidate has what some trial has.
    marks_NxC = np.unique(trials_TxK[:, axes:], axis=0)
    marks_NxC = np.resize(marks_NxC, (SPREAD, marks_NxC.shape[1]))
    spread_NxK = np.concatenate([low_D + (high_D - low_D) * _spread(axes), marks_NxC], axis=1)
    lowest = [
        some_NxK[np.argsort(process.expected(some_NxK), kind="stable")[:NEAR]]
        for some_NxK in (spread_NxK, trials_TxK)
    ]
    near_NxK = np.concatenate(lowest)
    moved = [near_NxK]
    for axis, bounds in enumerate(bounds_2xD.T.tolist()):
        for bound in bounds:
            there_NxK = near_NxK.copy()
            there_NxK[:, axis] = bound
            moved.append(there_NxK)
    return np.concatenate([spread_NxK, *moved])


def _usable(units_NxD: Floats, units_TxD: Floats, failed_FxD: Floats) -> NDArray[np.bool_]:
    """Which candidates have no failed trial as their nearest one."""
    if not len(failed_FxD):
        return np.ones(len(units_NxD), dtype=np.bool_)
    nearest_feasible_N = _squares(units_NxD, units_TxD).min(axis=1)
    return np.asarray(nearest_feasible_N <= _squares(units_NxD, failed_FxD).min(axis=1))


@cache
def _normals(columns: int) -> Floats:
    most = SPREAD + 2 * NEAR * (2 * columns + 1)
    return np.random.default_rng(0).standard_normal((DRAWS, most))


@cache
def _spread(axes: int) -> Floats:
    unit_NxD = scrambled_sobol(axes, SPREAD.bit_length() - 1, np.random.default_rng(0))
    # An arc sine: a seventh of the candidates lie within a twentieth of either bound of an axis.
    return np.asarray((1 - np.cos(np.pi * unit_NxD)) / 2)
