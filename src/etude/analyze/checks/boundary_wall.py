"""Walls: sides beyond which trials of earlier rounds broke, so that no wider space is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from ...space import Choice, Domain, Integer, Real, is_number
from ...space.progression import next_number
from ..thresholds import InfeasibleThresholds
from ..views.outcomes import Outcome
from ..views.walls import AxisSide, EarlierTrials, Wall, lifted_wall, wall
from .boundary_side import Side

# The rounds before, read only where a side asks for them.
Earlier: TypeAlias = Callable[[], Sequence[EarlierTrials]]


def no_rounds() -> Sequence[EarlierTrials]:
    """What is known of earlier rounds where there are none.

    Source: C1.
    """
    return ()


def with_wall(side: Side, domain: Domain, outcomes: Sequence[Outcome], earlier: Earlier) -> Side:
    """A side that asks for a wider space, and what trials of earlier rounds say of that.

    Where they broke just beyond, the space is wide enough: a notice. Where they broke further out,
    it may be widened as far. Where they trained otherwise, what they broke at is no wall any more.

    Source: C1, C3.
    """
    thresholds = InfeasibleThresholds()
    rounds = earlier()
    if not rounds or not (isinstance(domain, Real | Integer) or _numbers(domain)):
        return side
    own = [(outcome.record.setting, outcome.feasible) for outcome in outcomes]
    at = AxisSide(name=side.hyperparameter, side=side.side, bound=float(side.bound))
    most = thresholds.min_beyond
    nearest = wall(at, own=own, earlier=rounds, min_beyond=most)
    if nearest is None:
        lifted = lifted_wall(at, own=own, earlier=rounds, min_beyond=most)
        return replace(side, wall=lifted)
    is_here = _is_here(nearest, domain, at, thresholds.min_saved)
    return replace(side, wall=nearest, status="notice" if is_here else side.status)


def _numbers(domain: Domain) -> list[float]:
    """The values of a list of numbers; none of any other."""
    values = domain.values if isinstance(domain, Choice) else ()
    numbers = [float(value) for value in values if is_number(value)]
    return numbers if len(numbers) == len(values) else []


def _is_here(nearest: Wall, domain: Domain, at: AxisSide, min_saved: float) -> bool:
    """Whether the bound stands so near to the wall that to move it there is not worth a round."""
    is_high = at.side == "high"
    if isinstance(domain, Choice):
        new = next_number(sorted(_numbers(domain), reverse=not is_high))
        return new is not None and (new >= nearest.begins if is_high else new <= nearest.begins)
    unit = domain.unit(nearest.begins)
    return unit <= 1 + min_saved if is_high else unit >= -min_saved
