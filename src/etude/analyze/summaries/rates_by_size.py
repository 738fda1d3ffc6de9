"""The best rate against the size of a model: intervals from seeds, and whether it moved.

Axes: R rates, S seeds of a rate, B bootstrap samples, G points of a grid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, stdev
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ...space import Scalar
from ...space.rounding import ten_digits

# Losses of the trainings at each rate; infinite for one that broke.
Losses: TypeAlias = Mapping[float, Sequence[float]]
_SAMPLES = 2000
_INTERVAL = (2.5, 97.5)


@final
@dataclass(frozen=True, kw_only=True)
class SizeRate:
    """The best rate of one size.

    Args:
        size: The value of what sets the size.
        losses: Of every rate that was trained, lower is better.
        best: The rate with the lowest fitted loss; None where no rate trains.
        low: With `high`, where it lies in 95 % of resampled seeds; None where not known.
        at_edge: Whether the best rate is the lowest or the highest that was trained.
        samples_B: The logarithms of the best rates of resampled seeds; empty where not known.
    """

    size: Scalar
    losses: Losses
    best: float | None = None
    low: float | None = None
    high: float | None = None
    at_edge: bool = False
    samples_B: tuple[float, ...] = ()


@final
@dataclass(frozen=True, kw_only=True)
class RatesBySize:
    """The best rates of all sizes, in their order.

    Args:
        name: What sets the size.
        rate: The user's name of the learning rate.
        metric: As losses are read.
        maximize: Whether higher is better, so that losses are its negative.
        sizes: One each.
        same: Within this factor, a rate that did not move may lie.
        least: A shift below this factor is none, however sure.
        sure: So many standard errors the small model's rate must cost the largest one, where the
            shift is below `same`.
    """

    name: str
    rate: str
    metric: str
    maximize: bool
    sizes: tuple[SizeRate, ...]
    # Heuristic: rates a factor of two apart are neighbours of the grid.
    same: float = 2.0
    # Heuristic: a smaller one costs less than the noise of most trainings.
    least: float = 1.5
    # Heuristic: of ten trainings, three are chance in 2 %.
    sure: float = 3.0

    @property
    def known(self) -> bool:
        """Whether the first and the last size have an interval away from the edge."""
        ends = (self.sizes[0], self.sizes[-1])
        return all(len(one.samples_B) and not one.at_edge for one in ends)

    @cached_property
    def shift(self) -> tuple[float, float, float] | None:
        """The last size's best rate over the first's, with a 95 % interval; None if not known."""
        first, last = self.sizes[0], self.sizes[-1]
        if not self.known or first.best is None or last.best is None:
            return None
        shifts_B = np.asarray(last.samples_B) - np.asarray(first.samples_B)
        low, high = np.percentile(shifts_B, _INTERVAL)
        return last.best / first.best, math.exp(low), math.exp(high)

    @property
    def moved(self) -> bool | None:
        """Whether the best rate moved beyond noise; None where the seeds do not tell.

        Source: S17, A1.
        """
        if self.shift is None:
            return None
        by, low, high = self.shift
        if (low > 1 or high < 1) and not 1 / self.least < by < self.least:
            is_far = not 1 / self.same < by < self.same
            return True if is_far or self._costs else None
        return False if 1 / self.same < low and high < self.same else None

    @property
    def _costs(self) -> bool:
        """Whether the last size is worse, beyond noise, at the rate that is best for the first."""
        first, last = self.sizes[0], self.sizes[-1]
        assert first.best is not None
        assert last.best is not None
        there, here = (_nearest(last.losses, rate) for rate in (first.best, last.best))
        if not all(map(math.isfinite, there)):
            return True
        error = math.hypot(*(stdev(one) / math.sqrt(len(one)) for one in (there, here)))
        return fmean(there) - fmean(here) > self.sure * error


def _nearest(losses: Losses, rate: float, *, min_seeds: int = 3) -> Sequence[float]:
    """The losses at the rate nearest to this one, of those with seeds enough."""
    usable = [one for one in losses if len(losses[one]) >= min_seeds]
    return losses[min(usable, key=lambda one: abs(math.log(one / rate)))]


def size_rate(
    size: Scalar,
    losses: Losses,
    *,
    seed: int = 0,
    # Heuristic: a spread of two says nothing.
    min_seeds: int = 3,
) -> SizeRate:
    """The best rate of a size, where a curve through the means over seeds is lowest, in log(rate).

    The interval is that of 2,000 resamples of each rate's seeds, which spread a little wider than
    the seeds do: of so few, they are too much alike.

    Source: S17, A1.

    >>> bowl = {2.0**k: [(k - 1) ** 2 + s for s in (0.0, 0.1, 0.2)] for k in range(-2, 4)}
    >>> size_rate(64, bowl).best
    2.0
    """
    rates_R = sorted(losses)
    means_R = np.asarray([_mean(losses[rate]) for rate in rates_R])
    if not np.isfinite(means_R).any():
        return SizeRate(size=size, losses=losses)
    place = int(np.argmin(means_R))
    best = math.exp(_lowest(np.log(rates_R), means_R))
    edge = place in (0, len(rates_R) - 1)
    # Only rates with seeds enough speak of chance; what was trained once chose where they lie.
    usable = [rate for rate in rates_R if len(losses[rate]) >= min_seeds]
    if len(usable) < 3:
        return SizeRate(size=size, losses=losses, best=ten_digits(best), at_edge=edge)
    samples_B = _samples(usable, [losses[rate] for rate in usable], seed)
    low, high = (math.exp(end) for end in np.percentile(samples_B, _INTERVAL))
    middle = np.asarray([_mean(losses[rate]) for rate in usable])
    edge = int(np.argmin(middle)) in (0, len(usable) - 1)
    best = math.exp(_lowest(np.log(usable), middle))
    return SizeRate(
        size=size,
        losses=losses,
        best=float(f"{best:.4g}"),
        low=float(f"{min(low, best):.4g}"),
        high=float(f"{max(high, best):.4g}"),
        at_edge=edge,
        samples_B=tuple(float(one) for one in samples_B),
    )


def _samples(
    rates: Sequence[float], rows: Sequence[Sequence[float]], seed: int
) -> NDArray[np.float64]:
    """samples_B: the logarithm of the best rate of each resample of the seeds."""
    rng = np.random.default_rng(seed)
    log_R = np.log(rates)
    drawn_RxB = []
    for row in rows:
        losses_S = np.asarray(row, dtype=np.float64)
        if not np.isfinite(losses_S).all():
            drawn_RxB.append(np.full(_SAMPLES, math.inf))
            continue
        count = len(losses_S)
        means_B = losses_S[rng.integers(count, size=(_SAMPLES, count))].mean(axis=1)
        # The spread of so few is too small by this factor.
        wider = math.sqrt(count / (count - 1))
        drawn_RxB.append(losses_S.mean() + (means_B - losses_S.mean()) * wider)
    means_BxR = np.stack(drawn_RxB, axis=1)
    return np.asarray([_lowest(log_R, means_R) for means_R in means_BxR])


def _lowest(log_R: NDArray[np.float64], means_R: NDArray[np.float64]) -> float:
    """Where the loss is lowest: of a cubic through the five rates about the best mean.

    A cubic, since losses rise faster above the best rate than below it: a parabola through five
    lies too low, and one through three follows the noise. Nearer than two to an end, or to a rate
    that breaks, it is that parabola.
    """
    place = int(np.argmin(means_R))
    window = slice(max(place - 2, 0), place + 3)
    x, y = log_R[window], means_R[window]
    if len(x) < 5 or not np.isfinite(y).all():
        return _vertex(log_R, means_R)
    centred = x - x[2]
    at_G = np.linspace(centred[0], centred[-1], 81)
    powers = np.vander(centred, 4)
    curve_G = np.vander(at_G, 4) @ np.linalg.lstsq(powers, y - y.mean(), rcond=None)[0]
    return float(x[2] + at_G[int(np.argmin(curve_G))])


def _vertex(log_R: NDArray[np.float64], means_R: NDArray[np.float64]) -> float:
    """Where the parabola through the best mean and its neighbours is lowest, between those."""
    place = int(np.argmin(means_R))
    if place in (0, len(log_R) - 1) or not np.isfinite(means_R[place - 1 : place + 2]).all():
        return float(log_R[place])
    x, y = log_R[place - 1 : place + 2], means_R[place - 1 : place + 2]
    left, right = (y[1] - y[0]) / (x[1] - x[0]), (y[2] - y[1]) / (x[2] - x[1])
    curvature = (right - left) / (x[2] - x[0])
    if curvature <= 0:
        return float(x[1])
    vertex = (x[0] + x[1]) / 2 - left / (2 * curvature)
    return float(min(max(vertex, x[0]), x[2]))


def _mean(losses: Sequence[float]) -> float:
    """The mean; infinite where a training broke."""
    return fmean(losses) if losses and all(map(math.isfinite, losses)) else math.inf
