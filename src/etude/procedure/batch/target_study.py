"""The study of one batch size: its rates, then seeds near the best; and what they came to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import final

from ..base import Known, Round
from .target_curve import Curve, SizePoint, curve
from .target_metric import Target
from .target_steps import RateReach, closest, fewest, rate_reaches

SWEEP, RATES, NEAR = "sweep", "rates", "near"


@final
@dataclass(frozen=True, kw_only=True)
class SizeStudy:
    """What the rounds of one batch size showed so far.

    Args:
        rates: One training a rate; of the size that one begins with, a wider sweep came before.
        near: Several trainings each of rates near the best.
        rate_rounds, near_rounds: How many rounds of either there were.
        length: Steps of the longest round of rates.
    """

    batch_size: int
    rates: tuple[RateReach, ...] = ()
    near: tuple[RateReach, ...] = ()
    rate_rounds: int = 0
    near_rounds: int = 0
    length: int = 0

    @property
    def best(self) -> RateReach | None:
        """The rate that is answered with; None where no rate meets the target."""
        return fewest(self.near) or fewest(self.rates)

    @property
    def is_retrained(self) -> bool:
        """Whether its steps are those of several trainings of the best rate."""
        return fewest(self.near) is not None

    @property
    def has_met(self) -> bool:
        """Whether any rate meets the target."""
        return self.best is not None

    @property
    def edge(self) -> str:
        """At which edge of the rates the best one lies, `lower` or `higher`; empty for none."""
        best = closest(self.rates)
        if best is None or len(self.rates) < 2:
            return "" if best else "lower"
        if best.rate == self.rates[0].rate:
            return "lower"
        return "higher" if best.rate == self.rates[-1].rate else ""

    @property
    def met_at_once(self) -> bool:
        """Whether the first evaluation of a training at the best rate met the target."""
        return self.best is not None and any(one.is_first for one in self.best.reaches)

    def point(self, noise: float, *, grid: float = 0.02) -> SizePoint | None:
        """Its steps to the target with their standard error; None where they are not known.

        Of a training that met it at its first evaluation no more is known than *at most so many*.

        Args:
            noise: The standard deviation of the logarithm between trainings of one rate.
            grid: What the distance of a rate from the best costs: at most 3 % half way to the next
                of the rates near it, were the steps a cosh of the logarithm of the rate.

        Source: S8, A1.
        """
        best = self.best
        if best is None or self.met_at_once:
            return None
        steps = middle(best)
        between = best.interval / steps / math.sqrt(12.0)
        error = math.sqrt(noise**2 / len(best.steps) + between**2 + grid**2)
        return SizePoint(batch_size=self.batch_size, steps=steps, error=error)


def middle(rate: RateReach) -> float:
    """The geometric mean of its steps to the target; where some never met it, the median.

    Source: S8, A1.
    """
    if all(map(math.isfinite, rate.steps)):
        return math.exp(fmean(map(math.log, rate.steps)))
    return rate.median


def study_of(known: Known, batch_size: int, rate_name: str, target: Target) -> SizeStudy:
    """What is known of a batch size; empty before its first round.

    Source: S8.
    """
    rates, near = _rounds(known, batch_size, RATES), _rounds(known, batch_size, NEAR)
    return SizeStudy(
        batch_size=batch_size,
        rates=tuple(rate_reaches(rates, rate_name, target)),
        near=tuple(rate_reaches(near[-1:], rate_name, target)),
        rate_rounds=len(rates),
        near_rounds=len(near),
        length=max((one.experiment.max_steps for one in rates), default=0),
    )


def sweep_of(known: Known, batch_size: int, rate_name: str, target: Target) -> SizeStudy:
    """The wide sweep of the batch size that one begins with.

    Source: S8.
    """
    rounds = _rounds(known, batch_size, SWEEP)
    return SizeStudy(
        batch_size=batch_size,
        rates=tuple(rate_reaches(rounds, rate_name, target)),
        rate_rounds=len(rounds),
        length=max((one.experiment.max_steps for one in rounds), default=0),
    )


def _rounds(known: Known, batch_size: int, kind: str) -> list[Round]:
    stem = f"{batch_size}-{kind}"
    return [one for one in known.rounds if one.part == stem or one.part.startswith(f"{stem}-")]


# Heuristic: of a loop that repeats itself exactly; a seed of a network seldom costs less.
_LEAST_NOISE = 0.01
# Heuristic: what a seed costs where none was trained twice.
_UNKNOWN_NOISE = 0.2


def noise(studies: Sequence[SizeStudy]) -> tuple[float, int]:
    """The standard deviation of log steps between trainings of one rate, over all sizes together.

    With its degrees of freedom; a guess with none where nothing was trained twice.

    Source: A1.
    """
    squares, free = 0.0, 0
    for rate in (one for study in studies for one in study.near):
        logs = [math.log(steps) for steps in rate.steps if math.isfinite(steps)]
        if len(logs) == len(rate.steps) > 1:
            squares += sum((one - fmean(logs)) ** 2 for one in logs)
            free += len(logs) - 1
    if not free:
        return _UNKNOWN_NOISE, 0
    return max(math.sqrt(squares / free), _LEAST_NOISE), free


def curve_of(studies: Sequence[SizeStudy]) -> Curve:
    """Steps against batch size, through the sizes whose trainings met the target.

    Source: S8.
    """
    scatter, free = noise(studies)
    points = [point for one in studies if (point := one.point(scatter)) is not None]
    return curve(points, noise_free=free)


# Heuristic: an interval of a factor of 8 does not say within a factor of 3 where it is; of a size
# twice beyond those trained, a single regime was seen; and where seeds scatter by more than a
# third, they meet the target by luck, the earlier the smaller the batch.
def tells(
    fit: Curve,
    studies: Sequence[SizeStudy],
    *,
    widest: float = 8.0,
    beyond: float = 2.0,
    scatter: float = 0.35,
) -> bool:
    """Whether the sizes tell the critical one: both regimes were seen.

    Source: S8.
    """
    if fit.critical is None or fit.low is None or fit.high is None:
        return False
    met = [one.batch_size for one in studies if one.has_met and not one.met_at_once]
    is_inside = min(met) / beyond <= fit.critical <= beyond * max(met)
    return is_inside and fit.high <= widest * fit.low and noise(studies)[0] <= scatter
