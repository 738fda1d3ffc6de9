"""How the throughput grows from one batch size to the next, and where it stops."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Literal, TypeAlias, final

from .history import History
from .interval import Interval, interval, log_steps, spread, step_interval

Grows: TypeAlias = Literal["yes", "no", "open"]
# S6: takes no batch beyond the last one that raises the throughput by so much.
WORTH = 1.05
# S5: doubling that gains less is saturation, or a bottleneck.
DOUBLES = 1.8
# S4: as long as it takes to trust it.
TRUSTED = 0.05
# Heuristic: fewer processes do not know their spread.
LEAST_TURNS = 3
# Heuristic: what doubles and seems to gain so much grows, unless a load hid behind one probe.
_PLAIN = 1.6


@final
@dataclass(frozen=True, kw_only=True)
class Gain:
    """What a size gains over the best of the smaller ones, as a factor of the throughput."""

    batch_size: int
    over: int
    factor: Interval

    @property
    def is_plain(self) -> bool:
        """Whether it is worth it by so much that few turns show it, if not for sure."""
        return self.factor.half == math.inf and self.factor.mean >= _PLAIN

    @property
    def grows(self) -> Grows:
        """Whether it is worth it; `open` where the interval does not tell."""
        if self.factor.low >= WORTH:
            return "yes"
        return "no" if self.factor.high < WORTH else "open"


@final
@dataclass(frozen=True)
class Growth:
    """The throughput of each feasible size, and what each gains.

    Args:
        steps: Seconds a step, by size.
        gains: Of each size but the smallest.
    """

    steps: Mapping[int, Interval]
    gains: tuple[Gain, ...]

    @property
    def useful(self) -> int | None:
        """The largest size that raises the throughput; None where that is not known, or nothing is.

        Source: S6.
        """
        useful = min(self.steps, default=None)
        for gain in self.gains:
            if gain.grows == "open":
                useful = None
            elif gain.grows == "yes":
                useful = gain.batch_size
        return useful

    @property
    def open_gains(self) -> tuple[Gain, ...]:
        """Those that bear on the useful size and are not told yet.

        Source: S6.
        """
        return tuple(one for one in self.deciding if one.grows == "open")

    @property
    def deciding(self) -> tuple[Gain, ...]:
        """From the last one on that seems worth it: what came before makes no difference.

        Source: S6.
        """
        worth = [one.batch_size for one in self.gains if one.grows == "yes" or one.is_plain]
        return tuple(one for one in self.gains if one.batch_size >= max(worth, default=0))


def growth(history: History) -> Growth:
    """The throughput of the feasible sizes, and what each gains over the best smaller one.

    Both of a pair are compared turn by turn, which are close in time, so that a load which drifts
    is the same for both; and by the time in which they had a turn on a processor, so that what
    others do there makes no difference.

    Source: S4, S5, S6.
    """
    feasible = [size for size in history.feasible if history.timed(size)]
    logs = {size: _logs(history, size) for size in feasible}
    shared = spread([log_steps(history.timed(size)) for size in feasible])
    steps = {size: step_interval(history.timed(size), shared) for size in feasible}
    pairs = [(size, _best_of(logs, feasible[:at])) for at, size in enumerate(feasible) if at]
    paired = [_paired(logs, size, over) for size, over in pairs]
    shared = spread(paired)
    gains = [
        Gain(batch_size=size, over=over, factor=_factor(values, shared))
        for (size, over), values in zip(pairs, paired, strict=True)
    ]
    return Growth(steps, tuple(gains))


def _logs(history: History, size: int) -> dict[int, float]:
    """The logarithm of the seconds a step of its own, by turn."""
    return {one.turn: math.log(one.own_step_s) for one in history.timed(size) if one.own_step_s}


def _best_of(logs: Mapping[int, Mapping[int, float]], smaller: list[int]) -> int:
    """The size with the highest throughput."""
    return max(smaller, key=lambda size: math.log(size) - fmean(logs[size].values()))


def _paired(logs: Mapping[int, Mapping[int, float]], size: int, over: int) -> list[float]:
    """The logarithm of the gain, in each turn that has both."""
    constant = math.log(size / over)
    return [
        constant - logs[size][turn] + logs[over][turn]
        for turn in sorted(logs[size].keys() & logs[over].keys())
    ]


def _factor(values: list[float], shared: tuple[float, int]) -> Interval:
    if len(values) < LEAST_TURNS:
        mean = sum(values) / len(values) if values else math.nan
        return Interval(mean, math.inf)
    return interval(values, shared)
