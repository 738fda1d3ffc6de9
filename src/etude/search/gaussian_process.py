"""A Gaussian process whose hyperparameters are known: its posterior mean and standard deviation.

Axes: T observations, N points asked for, E inputs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias, final

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.special import erfcx, log_ndtr, ndtr

Floats: TypeAlias = NDArray[np.float64]

# Of the prior variance, 1: keeps a matrix of nearly equal points positive definite.
JITTER = 1e-8
# Below, the plain formula of the expected improvement loses its digits.
FAR = -1.0
LEAST_VARIANCE = 1e-10


@final
@dataclass(frozen=True, kw_only=True)
class GaussianProcess:
    """Gaussian process with the Matérn kernel of 5/2 over inputs in units of their lengths.

    Twice differentiable: one of a Gaussian kernel is sure of what lies between its points, and
    stops before the floor.

    Args:
        lengths_E: The length scale of each input.
        oblique_E: The weights of one more input, the weighted sum of all, in units of its length.
        noise: The variance of one observation, of which the prior's is 1.
        mean: The prior's mean.
    """

    inputs_TxE: Floats
    targets_T: Floats
    lengths_E: Floats
    noise: float
    mean: float
    oblique_E: Floats

    def posterior(self, inputs_NxE: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the function itself, without noise, at each point."""
        cross_TxN = self._kernel(self.inputs_TxE, inputs_NxE)
        mean_N = self.mean + cross_TxN.T @ self._weights
        solved_TxN = solve_triangular(self._cholesky, cross_TxN, lower=True, check_finite=False)
        variance_N = 1.0 - np.einsum("tn,tn->n", solved_TxN, solved_TxN)
        return mean_N, np.sqrt(np.maximum(variance_N, LEAST_VARIANCE))

    def with_fantasies(self, inputs_NxE: Floats, *, lower_sd: float = 0.0) -> GaussianProcess:
        """The process as if it had observed at these points what it expects there.

        Args:
            inputs_NxE: The points.
            lower_sd: By how many of its standard deviations lower than expected.
        """
        if not len(inputs_NxE):
            return self
        mean_N, sd_N = self.posterior(inputs_NxE)
        return replace(
            self,
            inputs_TxE=np.vstack([self.inputs_TxE, inputs_NxE]),
            targets_T=np.append(self.targets_T, mean_N - lower_sd * sd_N),
        )

    @cached_property
    def _cholesky(self) -> Floats:
        kernel_TxT = self._kernel(self.inputs_TxE, self.inputs_TxE)
        kernel_TxT[np.diag_indices_from(kernel_TxT)] += self.noise + JITTER
        return np.asarray(cholesky(kernel_TxT, lower=True, check_finite=False))

    @cached_property
    def _weights(self) -> Floats:
        centred_T = self.targets_T - self.mean
        return np.asarray(cho_solve((self._cholesky, True), centred_T, check_finite=False))

    def _kernel(self, left_TxE: Floats, right_NxE: Floats) -> Floats:
        distance_TxN = scipy.spatial.distance.cdist(self._scaled(left_TxE), self._scaled(right_NxE))
        distance_TxN *= math.sqrt(5.0)
        decay_TxN = np.exp(-distance_TxN)
        return np.asarray((1.0 + distance_TxN + distance_TxN**2 / 3.0) * decay_TxN)

    def _scaled(self, inputs_NxE: Floats) -> Floats:
        return np.column_stack([inputs_NxE / self.lengths_E, inputs_NxE @ self.oblique_E])


def log_expected_improvement(mean_N: Floats, sd_N: Floats, best: float) -> Floats:
    r"""Logarithm of the expected improvement on `best`, lower being better.

    .. math:: \log \sigma + \log(\phi(u) + u \Phi(u)), \quad u = (best - \mu) / \sigma,

    stable where the improvement is all but impossible (Ament et al. 2023).

    >>> float(log_expected_improvement(np.zeros(1), np.ones(1), 0.0)[0])  # log of 1 / sqrt(2 pi)
    -0.9189385332046727
    """
    u_N = (best - mean_N) / sd_N
    log_density_N = -0.5 * u_N**2 - 0.5 * np.log(2.0 * np.pi)
    # Above FAR: the formula as it stands.
    near_N = np.maximum(u_N, FAR)
    plain_N = np.log(np.exp(-0.5 * near_N**2) / np.sqrt(2.0 * np.pi) + near_N * ndtr(near_N))
    # Below FAR: the density times what is left of 1, so that no digit is lost.
    far_N = np.minimum(u_N, FAR)
    # phi + u Phi = phi (1 - |u| Phi / phi); beyond 1e5 or so the difference is 1 / u^2.
    ratio_N = -far_N * erfcx(-far_N / np.sqrt(2.0)) * np.sqrt(np.pi / 2.0)
    tail_N = np.where(far_N < -1e5, 1.0 / far_N**2, 1.0 - ratio_N)
    far_log_N = log_density_N + np.log(np.maximum(tail_N, 1e-300))
    return np.asarray(np.log(sd_N) + np.where(u_N > FAR, plain_N, far_log_N))


def log_probability_above(mean_N: Floats, sd_N: Floats, level: float) -> Floats:
    """Logarithm of the probability that the function exceeds `level`."""
    return np.asarray(log_ndtr((mean_N - level) / sd_N))
