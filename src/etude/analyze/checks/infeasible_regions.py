"""Places in a space where trials break: beyond a value of one axis, or at one choice.

Axes: T trials along an axis, in its order, P possible places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from ...space import Choice, Domain, Integer, Scalar, Side
from ...study import Study
from ..statistics.hypergeometric import upper_tail
from ..views.outcomes import Outcome

Flags: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]
# Where places begin and where they end, in the order of the trials along the axis.
Stretches: TypeAlias = tuple[Indices, Indices]

# Heuristic: where fewer than half break, the others still tell what is good there.
MIN_SHARE = 0.5
# Of a reason that fewer trials give, no place is hardly chance.
MIN_OF_REASON = 3
TENTHS = 10
# Just inside a part, so that a whole number or a choice is that of the part.
NUDGE = 1e-9


@final
@dataclass(frozen=True, kw_only=True)
class Region:
    """Where trials break.

    Args:
        side: `high` where it reaches from `begins` to the upper end of the axis, `low` to the lower
            one; empty where it is the one value `begins` of a choice.
        begins_unit: Where `begins` lies on the axis, 0 to 1.
        reason: Of those that break there; empty for any.
        infeasible: How many break there, of the `trials` that lie there.
        chance: How likely so many would at some place of the study, broke trials just anywhere.
    """

    hyperparameter: str
    side: Side | Literal[""]
    begins: Scalar
    begins_unit: float
    reason: str
    infeasible: int
    trials: int
    chance: float


@final
@dataclass(frozen=True, kw_only=True)
class Slice:
    """A tenth of an axis, or one value of a choice: the `part`-th of `parts`, from 0."""

    hyperparameter: str
    low: Scalar
    high: Scalar
    part: int
    parts: int
    trials: int
    infeasible: int


def infeasible_regions(
    study: Study, found: Sequence[Outcome], *, max_chance: float
) -> tuple[Region, ...]:
    """The places that are hardly chance: for each axis and reason the most telling one.

    Trials that break for other reasons are left aside while one reason is looked at. Where all
    break there is no place.

    Source: C3.
    """
    lost = [one for one in found if not one.feasible]
    if not 0 < len(lost) < len(found):
        return ()
    domains = study.space.domains
    # Every side of an axis, and every value of a choice, might have been the place.
    ways = sum(_ways(each) for each in domains.values())
    reasons = sorted({one.record.reason for one in lost})
    return tuple(
        place
        for reason in ([""] if len(reasons) < 2 else reasons)
        for name, domain in domains.items()
        for place in _likeliest(name, domain, _of(found, reason), reason, ways)
        if place.chance <= max_chance
    )


def _ways(domain: Domain) -> int:
    return len(domain.values) if isinstance(domain, Choice) and not domain.ordered else 2


def _plain(domain: Domain) -> bool:
    return isinstance(domain, Choice) and not domain.ordered


def _of(found: Sequence[Outcome], reason: str) -> list[Outcome]:
    """The feasible ones and those that break for the reason; all of them without one."""
    mine = [one for one in found if one.feasible or not reason or one.record.reason == reason]
    lost = sum(not one.feasible for one in mine)
    return mine if not reason or lost >= MIN_OF_REASON else []


def _likeliest(
    name: str, domain: Domain, found: Sequence[Outcome], reason: str, ways: int
) -> Iterator[Region]:
    """The one place of an axis that is least likely to be chance, if trials break there at all."""
    if not found:
        return
    unit_T = np.array([domain.unit(one.record.setting[name]) for one in found])
    order = np.argsort(unit_T, kind="stable")
    lost_T = np.array([not one.feasible for one in found])[order]
    steps = np.flatnonzero(np.diff(unit_T[order]) > 0) + 1
    cuts = _values(steps, len(found)) if _plain(domain) else _sides(steps, len(found))
    surprise_P = _surprises(lost_T, cuts)
    if not len(surprise_P) or surprise_P.max() <= 0:
        return
    best = int(np.argmax(surprise_P))
    first, last = (int(end_P[best]) for end_P in cuts)
    side: Side | Literal[""] = "" if _plain(domain) else "high" if first else "low"
    begins = found[int(order[last - 1 if side == "low" else first])].record.setting[name]
    hits, lost = int(lost_T[first:last].sum()), int(lost_T.sum())
    chance = upper_tail(hits, drawn=lost, there=last - first, items=len(found))
    yield Region(
        hyperparameter=name,
        side=side,
        begins=begins,
        begins_unit=domain.unit(begins),
        reason=reason,
        infeasible=hits,
        trials=last - first,
        # A side may begin at each trial that breaks; `ways` has the sides and the values.
        chance=min(1.0, chance * ways * (lost if side else 1)),
    )


def _sides(steps: Indices, trials: int) -> Stretches:
    """Every split of the axis between two values: what is below, then what is above."""
    nothing, everything = np.zeros_like(steps), np.full_like(steps, trials)
    return np.concatenate([nothing, steps]), np.concatenate([steps, everything])


def _values(steps: Indices, trials: int) -> Stretches:
    if not len(steps):
        return steps, steps
    return np.concatenate([[0], steps]), np.concatenate([steps, [trials]])


def _surprises(lost_T: Flags, cuts: Stretches) -> Floats:
    """By how much two rates of breaking, inside and outside, are likelier than one; 0 where few.

    The logarithm of the likelihood, but for the term that all places share.
    """
    first_P, last_P = cuts
    before_T = np.concatenate([[0], np.cumsum(lost_T)])
    inside_P, there_P = before_T[last_P] - before_T[first_P], last_P - first_P
    outside_P, rest_P = before_T[-1] - inside_P, len(lost_T) - there_P
    likely_P = _log_likelihood(inside_P, there_P) + _log_likelihood(outside_P, rest_P)
    one_rate = _log_likelihood(before_T[-1:], np.array([len(lost_T)]))
    telling_P = (inside_P >= MIN_SHARE * there_P) & (inside_P * rest_P > outside_P * there_P)
    return np.where(telling_P, likely_P - one_rate, 0.0)


def _log_likelihood(hits_P: Indices, of_P: Indices) -> Floats:
    rate_P = hits_P / np.maximum(of_P, 1)
    return np.asarray(xlogy(hits_P, rate_P) + xlogy(of_P - hits_P, 1 - rate_P))


def slices(study: Study, found: Sequence[Outcome]) -> tuple[Slice, ...]:
    """How many trials break in each tenth of each axis, and at each value of a choice.

    Source: C3.
    """
    return tuple(
        part for name, domain in study.space.domains.items() for part in _parts(name, domain, found)
    )


def _count(domain: Domain) -> int:
    if isinstance(domain, Choice):
        return len(domain.values)
    few = isinstance(domain, Integer) and domain.scale == "linear"
    return min(TENTHS, int(domain.high - domain.low) + 1) if few else TENTHS


def _parts(name: str, domain: Domain, found: Sequence[Outcome]) -> Iterator[Slice]:
    count = _count(domain)
    placed: list[list[Outcome]] = [[] for _ in range(count)]
    for one in found:
        unit = domain.unit(one.record.setting[name])
        placed[min(max(int(unit * count), 0), count - 1)].append(one)
    for place, there in enumerate(placed):
        yield Slice(
            hyperparameter=name,
            low=domain.value(place / count + (NUDGE if place else 0.0)),
            high=domain.value((place + 1) / count - (NUDGE if place + 1 < count else 0.0)),
            part=place,
            parts=count,
            trials=len(there),
            infeasible=sum(not one.feasible for one in there),
        )
