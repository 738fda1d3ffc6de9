"""Infeasible regions: where trials diverge or fail, beyond a value of one axis or at one choice.

Axes: T trials along an axis, in its order, P possible regions.
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
from ..thresholds import InfeasibleThresholds
from ..views.outcomes import Outcome, placed

Flags: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]
# Where regions begin and where they end, in the order of the trials along the axis.
Stretches: TypeAlias = tuple[Indices, Indices]

TENTHS = 10
# Just inside a slice, so that a whole number or a choice is that of the slice.
NUDGE = 1e-9
# Of more trials every beginning reaches about any chance, and counting them gains nothing.
MOST_COUNTED = 40


@final
@dataclass(frozen=True, kw_only=True)
class Region:
    """A region where trials diverge or fail.

    Args:
        side: `high` where it reaches from `begins` to the upper end of the axis, `low` to the lower
            one; empty where it is the one value `begins` of a choice.
        begins_unit: Where `begins` lies on the axis, 0 to 1.
        reason: Of those that are infeasible there; empty for any.
        infeasible: How many are infeasible, of the `trials` that lie there.
        chance: How likely so many would be in some region of the study, were trials infeasible just
            anywhere.
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


@final
@dataclass(frozen=True, kw_only=True)
class UpperRegion:
    """From `begins` upward most fail: `failed` of `trials`, by chance so likely."""

    begins: float
    failed: int
    trials: int
    chance: float


def upper_region(unit_T: Floats, failed_T: Flags, *, min_share: float = 0.5) -> UpperRegion | None:
    """The upper end of one axis where failure rates differ most; None where none differ.

    It begins in the middle between the last trial below and the first one above.

    Source: C3, D3.
    """
    order = np.argsort(unit_T, kind="stable")
    sorted_T, failed_T = unit_T[order], failed_T[order]
    first_P = np.flatnonzero(np.diff(sorted_T) > 0) + 1
    last_P = np.full_like(first_P, len(failed_T))
    log_ratio_P = _log_ratios(failed_T, (first_P, last_P), min_share)
    if not len(first_P) or log_ratio_P.max() <= 0:
        return None
    first = int(first_P[int(np.argmax(log_ratio_P))])
    hits, failed, trials = int(failed_T[first:].sum()), int(failed_T.sum()), len(failed_T) - first
    chance = upper_tail(hits, drawn=failed, hit_items=trials, items=len(failed_T))
    return UpperRegion(
        begins=float(sorted_T[first - 1] + sorted_T[first]) / 2,
        failed=hits,
        trials=trials,
        chance=min(1.0, chance * failed),  # it may begin at each that failed
    )


def infeasible_regions(
    study: Study, outcomes: Sequence[Outcome], *, thresholds: InfeasibleThresholds
) -> tuple[Region, ...]:
    """The regions that are hardly chance: for each axis and reason the most telling one.

    Trials that fail for other reasons are left aside while one reason is looked at. Where all are
    infeasible there is no region.

    Source: C3.
    """
    failed = [outcome for outcome in outcomes if not outcome.feasible]
    if not 0 < len(failed) < len(outcomes):
        return ()
    domains = study.space.domains
    reasons = sorted({outcome.record.reason for outcome in failed})
    by_reason = {
        reason: _for_reason(outcomes, reason, thresholds)
        for reason in ([""] if len(reasons) < 2 else reasons)
    }
    # Every side of an axis, and every value of a choice, might have been the region of a reason.
    ways = sum(_ways(domain) for domain in domains.values())
    ways *= sum(map(bool, by_reason.values()))
    return tuple(
        region
        for reason, of_reason in by_reason.items()
        for name, domain in domains.items()
        for along in (placed(study, of_reason, name),)
        for region in _region(name, domain, along, reason, ways, min_share=thresholds.min_share)
        if region.chance <= thresholds.max_chance
    )


def _ways(domain: Domain) -> int:
    """How many regions an axis may have: either side, or any value of an unordered choice."""
    return len(domain.values) if isinstance(domain, Choice) and not domain.ordered else 2


def _is_unordered(domain: Domain) -> bool:
    return isinstance(domain, Choice) and not domain.ordered


def _for_reason(
    outcomes: Sequence[Outcome], reason: str, thresholds: InfeasibleThresholds
) -> list[Outcome]:
    """The feasible trials and those infeasible for the reason; all of them without one."""
    of_reason = [
        outcome
        for outcome in outcomes
        if outcome.feasible or not reason or outcome.record.reason == reason
    ]
    failed = sum(not outcome.feasible for outcome in of_reason)
    return of_reason if not reason or failed >= thresholds.min_of_reason else []


def _region(
    name: str,
    domain: Domain,
    outcomes: Sequence[Outcome],
    reason: str,
    ways: int,
    *,
    min_share: float,
) -> Iterator[Region]:
    """The region of an axis that is least likely to be chance; none without infeasible trials."""
    if not outcomes:
        return
    # The trials in the order of the axis, and the regions it may have.
    unit_T = np.array([domain.unit(outcome.record.setting[name]) for outcome in outcomes])
    order = np.argsort(unit_T, kind="stable")
    failed_T = np.array([not outcome.feasible for outcome in outcomes])[order]
    steps = np.flatnonzero(np.diff(unit_T[order]) > 0) + 1
    stretches = (
        _value_stretches(steps, len(outcomes))
        if _is_unordered(domain)
        else _side_stretches(steps, len(outcomes))
    )
    # The region by which rates inside and outside differ most.
    log_ratio_P = _log_ratios(failed_T, stretches, min_share)
    if not len(log_ratio_P) or log_ratio_P.max() <= 0:
        return
    best = int(np.argmax(log_ratio_P))
    first, last = (int(end_P[best]) for end_P in stretches)
    side: Side | Literal[""] = "" if _is_unordered(domain) else "high" if first else "low"
    begins = outcomes[int(order[last - 1 if side == "low" else first])].record.setting[name]
    hits, failed = int(failed_T[first:last].sum()), int(failed_T.sum())
    chance = upper_tail(hits, drawn=failed, hit_items=last - first, items=len(outcomes))
    yield Region(
        hyperparameter=name,
        side=side,
        begins=begins,
        begins_unit=domain.unit(begins),
        reason=reason,
        infeasible=hits,
        trials=last - first,
        # `ways` has the sides and the values.
        chance=min(1.0, ways * _of_any_begin(chance, steps, failed, len(outcomes), side)),
    )


def _of_any_begin(
    chance: float, steps: Indices, failed: int, items: int, side: Side | Literal[""]
) -> float:
    """How likely some region of a side is as unlikely as this one, wherever it begins.

    It may begin at each infeasible trial. Of few trials, most beginnings cannot reach so low a
    chance with any number of them, and count for what they can reach (Tarone).
    """
    if not side or failed < 2:
        return chance
    if items > MOST_COUNTED:
        return chance * failed
    limit = chance * (1.0 + 1e-9)
    reached = 0.0
    for first in steps.tolist():
        trials = items - first if side == "high" else first
        tails = (
            upper_tail(hits, drawn=failed, hit_items=trials, items=items)
            for hits in range(1, min(trials, failed) + 1)
        )
        reached += max((tail for tail in tails if tail <= limit), default=0.0)
    return min(chance * failed, max(reached, chance))


def _side_stretches(steps: Indices, trials: int) -> Stretches:
    """Every split of the axis between two values: what is below, then what is above."""
    nothing, everything = np.zeros_like(steps), np.full_like(steps, trials)
    return np.concatenate([nothing, steps]), np.concatenate([steps, everything])


def _value_stretches(steps: Indices, trials: int) -> Stretches:
    """Every value of the axis by itself; none where there is only one."""
    if not len(steps):
        return steps, steps
    return np.concatenate([[0], steps]), np.concatenate([steps, [trials]])


def _log_ratios(failed_T: Flags, stretches: Stretches, min_share: float) -> Floats:
    """By how much two rates, inside and outside, are likelier than one; 0 where few are infeasible.

    The logarithm of the likelihood, but for the term that all regions share.
    """
    first_P, last_P = stretches
    before_T = np.concatenate([[0], np.cumsum(failed_T)])
    inside_P, count_P = before_T[last_P] - before_T[first_P], last_P - first_P
    outside_P, other_P = before_T[-1] - inside_P, len(failed_T) - count_P
    likely_P = _log_likelihood(inside_P, count_P) + _log_likelihood(outside_P, other_P)
    one_rate = _log_likelihood(before_T[-1:], np.array([len(failed_T)]))
    telling_P = (inside_P >= min_share * count_P) & (inside_P * other_P > outside_P * count_P)
    return np.where(telling_P, likely_P - one_rate, 0.0)


def _log_likelihood(hits_P: Indices, of_P: Indices) -> Floats:
    rate_P = hits_P / np.maximum(of_P, 1)
    return np.asarray(xlogy(hits_P, rate_P) + xlogy(of_P - hits_P, 1 - rate_P))


def slices(study: Study, outcomes: Sequence[Outcome]) -> tuple[Slice, ...]:
    """How many trials are infeasible in each tenth of each axis, and at each value of a choice.

    Source: C3.
    """
    return tuple(
        piece
        for name, domain in study.space.domains.items()
        for piece in _slices_of(name, domain, placed(study, outcomes, name))
    )


def _slice_count(domain: Domain) -> int:
    """How many slices an axis has: tenths, or its values where these are fewer."""
    if isinstance(domain, Choice):
        return len(domain.values)
    few = isinstance(domain, Integer) and domain.scale == "linear"
    return min(TENTHS, int(domain.high - domain.low) + 1) if few else TENTHS


def _slices_of(name: str, domain: Domain, outcomes: Sequence[Outcome]) -> Iterator[Slice]:
    count = _slice_count(domain)
    placed: list[list[Outcome]] = [[] for _ in range(count)]
    for outcome in outcomes:
        unit = domain.unit(outcome.record.setting[name])
        placed[min(max(int(unit * count), 0), count - 1)].append(outcome)
    for place, members in enumerate(placed):
        yield Slice(
            hyperparameter=name,
            low=domain.value(place / count + (NUDGE if place else 0.0)),
            high=domain.value((place + 1) / count - (NUDGE if place + 1 < count else 0.0)),
            part=place,
            parts=count,
            trials=len(members),
            infeasible=sum(not outcome.feasible for outcome in members),
        )
