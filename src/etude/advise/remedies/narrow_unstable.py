"""A range is cut off where training breaks, or searched by orders of magnitude."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

from ...analyze.checks.infeasible import infeasible
from ...analyze.checks.infeasible_regions import Region
from ...experiment.change import Change
from ...experiment.hyperparameter import Hyperparameter
from ...experiment.validation.configurations import LOG_ABOVE
from ...finding import Finding, Recommendation
from ...space import Choice, Domain, Integer, Real, Scalar, Side, value_text
from ...space.rounding import ten_digits, two_digits
from ...wording import join, number, plural, study_text
from ..context import Context, Remedy, value_edits

# Heuristic: three that diverge or fail in a row beyond the last that trains are no accident.
# To cut across one of four that trains, but for no good, brings no more optima inside, and cuts off
# 3 % of those near a cliff that is tilted (`benchmarks/claims/half_break.py`).
MIN_BEYOND = 3
# Heuristic: below a twentieth of the axis, a cut saves less than a trial of twenty.
MIN_SAVED = 0.05


def use_log_scale(context: Context) -> list[Remedy]:
    """A linear range over two decades or more to be searched in its logarithm.

    Only where its lower end is what troubles: the best lies there, or training breaks above it. On
    a linear axis nearly all trials have the largest order of magnitude.

    Source: C3.
    """
    causes: dict[Hyperparameter, Finding] = {}
    for finding in context.findings:
        for name in _crowded_below(context, finding):
            hyperparameter = context.owner(context.study(finding), name)
            if hyperparameter is not None and _spans_decades(hyperparameter):
                causes.setdefault(hyperparameter, finding)
    return [_with_log_scale(hyperparameter, cause) for hyperparameter, cause in causes.items()]


def narrow_unstable(context: Context) -> list[Remedy]:
    """A side beyond which trials of every study break, or a value at which all of them do.

    Where a large fraction breaks. The bound moves to the first value that breaks, never across one
    that trains: where another study trains there, the range is not cut. Of a choice, values leave.

    Source: C3, R11.
    """
    log_scaled = {remedy.edits[0].path for remedy in use_log_scale(context)}
    remedies: dict[tuple[str, str], Remedy] = {}
    for finding in context.of("infeasible", "C3", "problem"):
        for region in _cliffs(context, finding):
            hyperparameter = context.owner(context.study(finding), region.hyperparameter)
            if hyperparameter is None or hyperparameter.path in log_scaled:
                continue
            edits = _without_region(context, hyperparameter, region.side)
            if edits:
                key = hyperparameter.path, edits[0].part
                remedies.setdefault(key, Remedy(rule="C3", edits=edits, causes=(finding,)))
    return list(remedies.values())


def _without_region(
    context: Context, hyperparameter: Hyperparameter, side: Side | Literal[""]
) -> tuple[Recommendation, ...]:
    """The edits that leave a region out; none where too few trials say so."""
    if isinstance(hyperparameter.value, Choice):
        return tuple(_fewer_values(context, hyperparameter, side))
    return tuple(_shorter_range(context, hyperparameter, side)) if side else ()


def _cliffs(context: Context, finding: Finding) -> Sequence[Region]:
    """Where training breaks, if most of what breaks lies beyond a value of one axis, or at one."""
    result = context.result(finding, infeasible)
    return result.regions if result.cause in ("cliff", "choice") else ()


def _crowded_below(context: Context, finding: Finding) -> Iterator[str]:
    """The hyperparameters whose lower end a problem speaks of."""
    if finding.status != "problem":
        return
    if finding.check == "boundary" and finding.subject.get("side") == "low":
        yield finding.subject["hyperparameter"]
    if finding.check == "infeasible":
        for region in _cliffs(context, finding):
            if region.side == "high":
                yield region.hyperparameter


def _spans_decades(hyperparameter: Hyperparameter) -> bool:
    domain = hyperparameter.value
    if not isinstance(domain, Real | Integer) or domain.scale != "linear":
        return False
    return domain.low > 0 and domain.high >= LOG_ABOVE * domain.low


def _with_log_scale(hyperparameter: Hyperparameter, cause: Finding) -> Remedy:
    domain = hyperparameter.value
    assert isinstance(domain, Real | Integer), "Only a range has a scale. This is a bug."
    decades = math.log10(domain.high / domain.low)
    edit = Recommendation(
        rule="C3",
        change=Change(hyperparameter.keys, "", replace(domain, scale="log", log=True)),
        old=domain,
        because=(
            f"the range spans {number(decades, 2)} decades, of which a linear axis tries hardly "
            "more than the last."
        ),
    )
    return Remedy(rule="C3", edits=(edit,), causes=(cause,))


def _shorter_range(
    context: Context, hyperparameter: Hyperparameter, side: Side
) -> Iterator[Recommendation]:
    """The edit that ends the range where training breaks; none where too few trials say so."""
    domain = hyperparameter.value
    if not isinstance(domain, Real | Integer):
        return
    beyond = _beyond(_placed(context, hyperparameter, domain), side)
    if len(beyond) < MIN_BEYOND:
        return
    first = min(beyond) if side == "high" else max(beyond)
    new = _bound(domain, first, side)
    saved = 1 - domain.unit(new) if side == "high" else domain.unit(new)
    if saved < MIN_SAVED:
        return
    onward, where = ("upward", "above") if side == "high" else ("downward", "below")
    names = _study_names(context, hyperparameter)
    yield Recommendation(
        rule="C3",
        change=Change(hyperparameter.keys, side, new),
        old=domain.high if side == "high" else domain.low,
        because=(
            f"all {plural(len(beyond), 'trial')} of {names} from {number(domain.value(first), 3)} "
            f"{onward} break, and none {where} it trains."
        ),
    )


@final
@dataclass(frozen=True, kw_only=True)
class _Placed:
    """Where a trial lies on an axis, and whether it trained."""

    unit: float
    trained: bool


def _placed(context: Context, hyperparameter: Hyperparameter, domain: Domain) -> list[_Placed]:
    """The trials of every study that shares the axis."""
    placed = []
    for study in context.studies_with(hyperparameter):
        broken = set(context.analysis.result(study, infeasible).trials)
        for outcome in context.analysis.outcomes(study):
            if not outcome.missing and hyperparameter.name in outcome.record.setting:
                unit = domain.unit(outcome.record.setting[hyperparameter.name])
                placed.append(_Placed(unit=unit, trained=outcome.trial not in broken))
    return placed


def _beyond(trials: Sequence[_Placed], side: Side) -> list[float]:
    """Where those lie that break further towards the side than every trial that trains."""
    trained = [one.unit for one in trials if one.trained]
    broken = [one.unit for one in trials if not one.trained]
    if not trained:
        return []
    if side == "high":
        return [unit for unit in broken if unit > max(trained)]
    return [unit for unit in broken if unit < min(trained)]


def _fewer_values(
    context: Context, hyperparameter: Hyperparameter, side: Side | Literal[""]
) -> Iterator[Recommendation]:
    """The edits that leave out the values at which every trial of every study breaks."""
    domain = hyperparameter.value
    assert isinstance(domain, Choice), "Only a choice has values. This is a bug."
    trials = _placed(context, hyperparameter, domain)
    lost: list[tuple[Scalar, int]] = []
    kept: list[tuple[Scalar, int]] = []
    for value in domain.values:
        here = [one for one in trials if one.unit == domain.unit(value)]
        breaks = bool(here) and not any(one.trained for one in here)
        (lost if breaks else kept).append((value, len(here)))
    count = sum(here for _, here in lost)
    if not kept or count < MIN_BEYOND or (side and not _is_at_side(domain, lost, side)):
        return
    values = [value for value, _ in kept]
    gone = join([value_text(value) for value, _ in lost])
    names = _study_names(context, hyperparameter)
    because = f"all {plural(count, 'trial')} of {names} with {gone} break."
    if len(values) == 1:
        yield from value_edits(hyperparameter, values[0], "C3", because)
        return
    change = Change(hyperparameter.keys, "values", values)
    yield Recommendation(rule="C3", change=change, old=domain.values, because=because)


def _is_at_side(domain: Choice, lost: Sequence[tuple[Scalar, int]], side: Side) -> bool:
    """Whether these are the last values at a side."""
    values = list(domain.values)
    at_side = values[-len(lost) :] if side == "high" else values[: len(lost)]
    return bool(lost) and [value for value, _ in lost] == at_side


def _study_names(context: Context, hyperparameter: Hyperparameter) -> str:
    return join([study_text(study.name) for study in context.studies_with(hyperparameter)])


def _bound(domain: Real | Integer, unit: float, side: Side) -> float | int:
    """The value there as a number that reads well, never beyond the old bound."""
    value = domain.value(unit)
    if isinstance(domain, Integer):
        return int(value)
    if domain.scale == "one_minus_log":
        new = ten_digits(1.0 - two_digits(1.0 - float(value), up=side == "low"))
    else:
        new = two_digits(float(value), up=side == "high")
    return min(new, domain.high) if side == "high" else max(new, domain.low)
