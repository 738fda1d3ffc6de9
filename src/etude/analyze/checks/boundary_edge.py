"""The edges of a space and the top trials: how many lie there, and how likely by chance.

Axes: T ended trials.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ...playbook.catalogue import limits
from ...space import Choice, Domain, Real, Scalar, Side, is_number
from ..statistics.hypergeometric import upper_tail
from ..thresholds import BoundaryThresholds
from ..views.outcomes import Outcome

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


@final
@dataclass(frozen=True)
class TopTrials:
    """The feasible trials of a study with `sides` sides, best first."""

    best_first: Sequence[Outcome]
    sides: int
    thresholds: BoundaryThresholds

    @cached_property
    def top(self) -> list[Outcome]:
        """The best few, and whatever ties with the last of them."""
        last = self.best_first[: self.thresholds.top][-1].loss
        return [one for one in self.best_first if one.loss <= last]

    @cached_property
    def best(self) -> list[Outcome]:
        """The best, and its equals."""
        return [one for one in self.top if one.loss == self.best_first[0].loss]

    def chance(self, feasible: int, near_top: int) -> float:
        """How likely some side has `near_top` or more of the top among `feasible` trials there.

        Each draw of the top from the feasible trials is as likely as the others; summed over sides.

        Source: C1.
        """
        one_side = upper_tail(
            near_top, drawn=len(self.top), hit_items=feasible, items=len(self.best_first)
        )
        return min(1.0, self.sides * one_side)

    def near(self, depth_T: Floats, feasible_T: Flags) -> float:
        """How wide an edge is, by where trials lie and which are feasible alone.

        Source: C1.
        """
        thresholds = self.thresholds
        third_depth = float(
            np.partition(depth_T, thresholds.edge_trials - 1)[thresholds.edge_trials - 1]
        )
        near = min(max(thresholds.edge, third_depth), thresholds.max_edge)
        feasible = np.sort(depth_T[feasible_T]).tolist()
        wider = [depth for depth in feasible if near < depth <= thresholds.wide_edge]
        half = (len(self.top) + 1) // 2
        # The chance grows with the width, so the widest edge within it can be bisected.
        allowed = bisect_right(
            wider,
            thresholds.max_chance,
            key=lambda depth: self.chance(bisect_right(feasible, depth), half),
        )
        near = wider[allowed - 1] if allowed else near
        # Rounding must not decide whether the trial that sets the width lies within it.
        return near + 1e-9

    def is_concentrated(self, near_top: Sequence[int], chance: float) -> bool:
        """Whether these of the top, in one edge, are half of it or more, and hardly chance.

        The best itself must be among them, or nearly all: this halves the false alarms.

        Source: C1.
        """
        top = len(self.top)
        half, most = 2 * len(near_top) >= top, len(near_top) >= self.thresholds.most * top
        with_best = {one.trial for one in self.best} <= set(near_top)
        return half and (with_best or most) and chance <= self.thresholds.max_chance


def ends(
    depth_T: Floats, feasible_T: Flags, *, near: float, outermost: float, max_chance: float
) -> bool:
    """Whether half of the edge, or of what of it lies beyond the top, is infeasible, not by chance.

    Beyond the top, whose `outermost` lies so deep, counts on its own: an optimum just below a cliff
    has feasible trials before it in the edge, and they say nothing of what a wider space would
    meet.

    Source: C1, D3.
    """
    return any(
        _half_fail(feasible_T, inside_T, max_chance)
        for inside_T in (depth_T <= near, (depth_T <= near) & (depth_T < outermost))
    )


def _half_fail(feasible_T: Flags, inside_T: Flags, max_chance: float) -> bool:
    trials, hits = int(inside_T.sum()), int((inside_T & ~feasible_T).sum())
    if not trials or 2 * hits < trials:
        return False
    infeasible, ended = int((~feasible_T).sum()), len(feasible_T)
    return upper_tail(hits, drawn=infeasible, hit_items=trials, items=ended) <= max_chance


def first_break(name: str, outcomes: Sequence[Outcome], depth_T: Floats) -> Scalar | None:
    """The first value that breaks beyond all that train; None where the outermost one trains.

    Source: C1, D3.
    """
    deep = list(zip(depth_T.tolist(), outcomes, strict=True))
    outermost = min((depth for depth, one in deep if one.feasible), default=math.inf)
    beyond = [(depth, one) for depth, one in deep if not one.feasible and depth < outermost]
    if not beyond:
        return None
    return max(beyond, key=lambda pair: pair[0])[1].record.setting[name]


def has_sides(domain: Domain) -> bool:
    """Whether an axis has a lower and an upper side: an unordered choice has none.

    Source: C1.
    """
    return (domain.ordered and len(domain.values) > 1) if isinstance(domain, Choice) else True


def ends_of(domain: Domain) -> tuple[float, float]:
    """Where the first and the last value lie, 0 to 1: whole numbers and choices have shares.

    Source: C1.
    """
    if isinstance(domain, Real):
        return 0.0, 1.0
    return domain.unit(bound(domain, "low")), domain.unit(bound(domain, "high"))


def bound(domain: Domain, which: Side) -> Scalar:
    """The value at one side of an axis.

    Source: C1.
    """
    if isinstance(domain, Choice):
        return domain.values[0 if which == "low" else -1]
    return domain.low if which == "low" else domain.high


def is_natural(name: str, domain: Domain, which: Side) -> bool:
    """Whether that side is a natural limit, which cannot move.

    Source: C1.
    """
    if isinstance(domain, Choice):
        return _is_natural_value(name, domain, bound(domain, which))
    lowest, highest = limits(name, domain)
    if which == "low":
        return domain.low <= lowest or math.isclose(domain.low, lowest)
    return domain.high >= highest or math.isclose(domain.high, highest)


def _is_natural_value(name: str, domain: Choice, value: Scalar) -> bool:
    """Whether an end of a list of numbers is a natural limit."""
    numbers = [one for one in domain.values if is_number(one)]
    if len(numbers) < len(domain.values) or len(numbers) < 2:
        return False
    lowest, highest = limits(name, Real(min(numbers), max(numbers)))
    return float(value) <= lowest or float(value) >= highest
