"""C3: a range is cut off where training breaks, or searched by orders of magnitude."""

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
from ...wording import join, number, plural
from ..context import Context, Remedy, value_edits

# Heuristic: three that diverge or fail beyond the last good one are no accident.
MIN_BEYOND = 3
# Heuristic: where one of four trains for no good, the trials are better spent elsewhere. Of cliffs
# tilted in two axes half of the studies are cut so (`benchmarks/claims/half_break.py`).
MIN_LOST = 0.75
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

    Where a large fraction breaks. The bound moves to the first value that breaks beyond what is
    good: never across a good trial of any study, and only where at most a quarter of what it cuts
    off trains. What is cut off for all that is seen in the next round, in which the objective
    falls towards the new bound (C1).

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
            f"{cause.message} The range spans {number(decades, 2)} decades, and a linear axis "
            "tries the largest values only."
        ),
    )
    return Remedy(rule="C3", edits=(edit,))


def _shorter_range(
    context: Context, hyperparameter: Hyperparameter, side: Side
) -> Iterator[Recommendation]:
    """The edit that ends the range where training breaks; none where too few trials say so."""
    domain = hyperparameter.value
    if not isinstance(domain, Real | Integer):
        return
    first = _first_beyond(_trials(context, hyperparameter, domain), side)
    if first is None:
        return
    new = _bound(domain, first.unit, side)
    saved = 1 - domain.unit(new) if side == "high" else domain.unit(new)
    if saved < MIN_SAVED:
        return
    onward = "upward" if side == "high" else "downward"
    who = f"all {plural(first.lost, 'trial')}"
    if first.trained:
        who = f"{first.lost} of {first.lost + first.trained} trials, no good one among them,"
    yield Recommendation(
        rule="C3",
        change=Change(hyperparameter.keys, side, new),
        old=domain.high if side == "high" else domain.low,
        because=(
            f"{who} of {_study_names(context, hyperparameter)} from "
            f"{number(domain.value(first.unit), 3)} {onward} break."
        ),
    )


@final
@dataclass(frozen=True, kw_only=True)
class _Cut:
    """Where a region begins on an axis, and how many trials beyond break, and train."""

    unit: float
    lost: int
    trained: int


@final
@dataclass(frozen=True, kw_only=True)
class _Placed:
    """Where a trial lies on an axis; whether it trained, and is among the better half of those."""

    unit: float
    trained: bool
    good: bool


def _trials(context: Context, hyperparameter: Hyperparameter, domain: Domain) -> list[_Placed]:
    """The trials of every study that shares the axis."""
    placed = []
    for study in context.studies_with(hyperparameter):
        best_first = context.best_first(study)
        good = {outcome.trial for outcome in best_first[: math.ceil(len(best_first) / 2)]}
        for outcome in context.analysis.outcomes(study):
            if not outcome.missing and hyperparameter.name in outcome.record.setting:
                trained = outcome.feasible
                unit = domain.unit(outcome.record.setting[hyperparameter.name])
                good_one = trained and outcome.trial in good
                placed.append(_Placed(unit=unit, trained=trained, good=good_one))
    return placed


def _first_beyond(trials: Sequence[_Placed], side: Side) -> _Cut | None:
    """The innermost place from which on nearly all break, and nothing good lies beyond it."""
    sign = 1.0 if side == "high" else -1.0
    good = max((sign * one.unit for one in trials if one.good), default=math.inf)
    places = sorted({sign * one.unit for one in trials if not one.trained})
    for place in places:
        beyond = [one for one in trials if sign * one.unit >= place]
        lost = sum(not one.trained for one in beyond)
        trained = len(beyond) - lost
        if place > good and lost >= MIN_BEYOND and lost >= MIN_LOST * len(beyond):
            return _Cut(unit=sign * place, lost=lost, trained=trained)
    return None


def _fewer_values(
    context: Context, hyperparameter: Hyperparameter, side: Side | Literal[""]
) -> Iterator[Recommendation]:
    """The edits that leave out the values at which every trial of every study breaks."""
    domain = hyperparameter.value
    assert isinstance(domain, Choice), "Only a choice has values. This is a bug."
    trials = _trials(context, hyperparameter, domain)
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
    return join([f"`{study.name}`" for study in context.studies_with(hyperparameter)])


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
