"""The marginal likelihood of a Gaussian process and its slope, in closed form.

Axes: T observations, E inputs, H hyperparameters (E log lengths, E weights, log noise, mean).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
import torch
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

IMPOSSIBLE = 1e10


@final
@dataclass(frozen=True)
class LogNormal:
    """A log-normal prior of a length or of the noise, by the normal one of its logarithm."""

    middle: float
    width: float

    @property
    def likeliest_log(self) -> float:
        """The logarithm of where the density is highest."""
        return self.middle - self.width**2

    def log_density(self, log: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The logarithm of the density at exp(log), but for a constant; its slope by `log`."""
        away = (log - self.middle) / self.width
        return -0.5 * away.square() - log, -away / self.width - 1.0


@final
class Posterior:
    """The posterior of lengths, noise and mean of a process with the Matérn kernel of 5/2.

    Differentiated by hand: a tenth of the steps that PyTorch would record and play back.

    Args:
        inputs_TxE: Where the targets were observed.
        targets_T: The targets.
        length: The prior of each length.
        noise: The prior of the noise's variance.
        oblique: The width of the Cauchy prior of each weight of the oblique input.

    Source: X2.
    """

    def __init__(
        self,
        inputs_TxE: Floats,
        targets_T: Floats,
        *,
        length: LogNormal,
        noise: LogNormal,
        oblique: float,
    ) -> None:
        """Hands the arrays to PyTorch."""
        self._inputs, self._targets = torch.tensor(inputs_TxE), torch.tensor(targets_T)
        self._length, self._noise, self._oblique = length, noise, oblique

    def negative_log(self, at_H: Floats) -> tuple[float, Floats]:
        """The negative log posterior per target, but for a constant; its slope.

        Impossible where a step went so far that there is no covariance.
        """
        at, (count, inputs) = torch.tensor(at_H), self._inputs.shape
        length, length_slope = self._length.log_density(at[:inputs])
        weights = at[inputs:-2] / self._oblique
        noise, noise_slope = self._noise.log_density(at[-2])
        try:
            likelihood, slope = self._likelihood(at)
        except RuntimeError:  # PyTorch's LinAlgError
            return IMPOSSIBLE, np.zeros_like(at_H)
        slope[:inputs] += length_slope
        slope[inputs:-2] -= 2.0 * weights / (1.0 + weights.square()) / self._oblique
        slope[-2] += noise_slope
        cauchy = -torch.log1p(weights.square()).sum()
        total = float(likelihood + length.sum() + cauchy + noise)
        return -total / count, np.asarray(-slope.numpy() / count)

    def _likelihood(self, at: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        r"""The logarithm of the marginal likelihood, but for a constant; its slope.

        .. math:: \partial_h \log p = \tfrac12 \mathrm{tr}((a a^T - K^{-1}) \partial_h K),
            \quad a = K^{-1} (y - m).
        """
        inputs = self._inputs.shape[1]
        scaled = self._inputs * (-at[:inputs]).exp()
        oblique = self._inputs @ at[inputs:-2]
        across = oblique[:, None] - oblique[None]
        root5_r = (5.0 * (_squared_distances(scaled) + across.square())).sqrt()
        decay = torch.exp(-root5_r)
        noise = at[-2].exp()
        covariance = (1.0 + root5_r + root5_r.square() / 3.0) * decay
        covariance.diagonal().add_(noise)
        root = torch.linalg.cholesky(covariance)
        inverse = torch.cholesky_inverse(root)
        centred = self._targets - at[-1]
        weights = inverse @ centred
        likelihood = -0.5 * centred @ weights - root.diagonal().log().sum()
        trace = torch.outer(weights, weights) - inverse
        by_scaled = trace * (1.0 + root5_r) * decay * (5.0 / 3.0)
        slope = torch.empty_like(at)
        # Sums over pairs of (x - x')^2 and of (w x - w x') (x - x'), without a matrix an input.
        pairs = by_scaled.sum(dim=1) @ scaled.square()
        slope[:inputs] = pairs - (scaled * (by_scaled @ scaled)).sum(dim=0)
        slope[inputs:-2] = -(by_scaled * across).sum(dim=1) @ self._inputs
        slope[-2] = 0.5 * noise * trace.diagonal().sum()
        slope[-1] = weights.sum()
        return likelihood, slope


def _squared_distances(points_TxE: torch.Tensor) -> torch.Tensor:
    squared_T = points_TxE.square().sum(dim=1)
    distances_TxT = squared_T[:, None] + squared_T[None] - 2.0 * points_TxE @ points_TxE.T
    return distances_TxT.clamp_min_(0.0)
