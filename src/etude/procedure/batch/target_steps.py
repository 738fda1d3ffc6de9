"""Steps to the target: when each training first meets it, by batch size and learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import final

import numpy as np

from ...record import Record
from ..base import Round
from ..length.full_fit import FAILURES
from .target_metric import Target


@final
@dataclass(frozen=True, kw_only=True)
class Reach:
    """When a training first met the target.

    Args:
        steps: Updates until then; infinite where it never did.
        nearest: How far its best value stayed from the target; 0 or less where it met it.
        interval: Updates between the evaluation that met it and the one before.
        is_first: Whether the very first evaluation met it, so that it may have come any time
            before.
    """

    steps: float
    nearest: float = math.inf
    interval: float = 1.0
    is_first: bool = False


# Heuristic: a metric that scatters about the target meets it at three of five evaluations only
# where its middle does.
def reach(record: Record, target: Target, *, window: int = 5) -> Reach:
    """When a training first met the target, between two evaluations by the line through both.

    An evaluation counts where most of the `window` from it on meet the target too: a lucky dip of a
    metric that scatters is none. The line is drawn where both sides are known: the evaluation
    before did not meet the target, this one does. At the first evaluation nothing is known of the
    time before, so that it counts as it stands.

    Source: S8, C8.
    """
    series = record.series(target.metric)
    finite_P = np.isfinite(series.values_P)
    steps = series.steps_P[finite_P].tolist()
    away = [target.distance(value) for value in series.values_P[finite_P].tolist()]
    nearest = min(away, default=math.inf)
    place = _first_met([one <= 0.0 for one in away], window)
    if place is None:
        return Reach(steps=math.inf, nearest=max(nearest, 0.0))
    end = steps[place] + 1.0
    if place == 0:
        return Reach(steps=end, nearest=nearest, interval=end, is_first=True)
    begin, before = steps[place - 1] + 1.0, max(away[place - 1], 0.0)
    share = before / (before - away[place]) if before > 0.0 else 1.0
    return Reach(steps=begin + share * (end - begin), nearest=nearest, interval=float(end - begin))


def _first_met(met: Sequence[bool], window: int) -> int | None:
    """The first place that meets the target with most of the window from it on."""
    for place, is_met in enumerate(met):
        there = met[place : place + window]
        if is_met and sum(there) > len(there) / 2:
            return place
    return None


@final
@dataclass(frozen=True, kw_only=True)
class RateReach:
    """The trainings of one batch size at one learning rate.

    Args:
        reaches: When each met the target; those that an error of the code ended are left out.
        broken: How many of them broke.
    """

    rate: float
    reaches: tuple[Reach, ...]
    broken: int = 0

    @property
    def steps(self) -> tuple[float, ...]:
        """Steps to the target of each training; infinite where it never met it."""
        return tuple(one.steps for one in self.reaches)

    @property
    def median(self) -> float:
        """The median over its trainings; infinite where half of them never met the target.

        Source: S8, A1.
        """
        return median(self.steps)

    @property
    def nearest(self) -> float:
        """How far the median training stayed from the target."""
        return median(one.nearest for one in self.reaches)

    @property
    def interval(self) -> float:
        """Steps between evaluations where the target was met: nothing finer is known."""
        return max((one.interval for one in self.reaches if math.isfinite(one.steps)), default=1.0)


def rate_reaches(rounds: Iterable[Round], rate_name: str, target: Target) -> list[RateReach]:
    """The rates of these rounds, lowest first, with when each of their trainings met the target.

    Source: S8.
    """
    longest: dict[float, int] = {}
    by_rate: dict[float, list[Record]] = {}
    for played in sorted(rounds, key=lambda one: one.experiment.max_steps):
        for record in played.records:
            if record.status == "infeasible" and record.reason in FAILURES:
                continue
            rate, length = float(record.setting[rate_name]), played.experiment.max_steps
            # A shorter training that did not meet the target says nothing beside a longer one.
            if longest.get(rate) != length:
                by_rate[rate], longest[rate] = [], length
            by_rate[rate].append(record)
    return [
        RateReach(
            rate=rate,
            reaches=tuple(reach(record, target) for record in by_rate[rate]),
            broken=sum(record.status == "infeasible" for record in by_rate[rate]),
        )
        for rate in sorted(by_rate)
    ]


def fewest(rates: Sequence[RateReach]) -> RateReach | None:
    """The rate with the fewest steps to the target, of equals the middle one; None without any.

    Two rates whose steps differ by less than an evaluation are equals.

    Source: S8.
    """
    met = [one for one in rates if math.isfinite(one.median)]
    if not met:
        return None
    least = min(met, key=lambda one: one.median)
    equals = [one for one in met if one.median < least.median + 0.5 * least.interval]
    return equals[len(equals) // 2]


def closest(rates: Sequence[RateReach]) -> RateReach | None:
    """The rate with the fewest steps, else the one that comes nearest; None where all broke.

    Source: S8.
    """
    near = [one for one in rates if math.isfinite(one.nearest)]
    return fewest(rates) or min(near, key=lambda one: one.nearest, default=None)
