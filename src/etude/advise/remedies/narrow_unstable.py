"""A range is cut off where training breaks, or searched by orders of magnitude."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

from ...analyze.checks.infeasible import infeasible
from ...analyze.checks.infeasible_regions import Region
from ...analyze.thresholds import InfeasibleThresholds
from ...analyze.views.walls import EarlierTrials
from ...experiment import Experiment
from ...experiment.change import Change
from ...experiment.hyperparameter import Hyperparameter
from ...experiment.validation.configurations import LOG_ABOVE
from ...finding import Finding, Recommendation
from ...space import Choice, Domain, Integer, Real, Scalar, Side, is_number, value_text
from ...space.rounding import digits_of, ten_digits, two_digits
from ...wording import join, number, plural, study_text
from ..context import Context, Remedy, value_edits

THRESHOLDS = InfeasibleThresholds()
DECADE = 10.0 * (1 + 1e-9)


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
    by_study = _placed_by_study(context, hyperparameter, domain)
    trials = [one for of_study in by_study for one in of_study]
    first = _first_broken(by_study, side)
    beyond = [] if first is None else _broken_from(trials, first, side)
    if first is None or len(beyond) < THRESHOLDS.min_beyond:
        return
    new = inner_bound(domain, domain.value(first), _last_trained(domain, trials, side), side)
    saved = 1 - domain.unit(new) if side == "high" else domain.unit(new)
    if saved < THRESHOLDS.min_saved or is_just_widened(context, hyperparameter, side, new):
        return
    onward, where = ("upward", "above") if side == "high" else ("downward", "below")
    names = _study_names(context, hyperparameter)
    rounds = " in this round and earlier ones" if any(one.earlier for one in trials) else ""
    because = (
        f"all {plural(len(beyond), 'trial')} of {names} from {number(domain.value(first), 3)} "
        f"{onward} {_fate(beyond)}{rounds}, and none {where} it trains."
    )
    if new == (domain.low if side == "high" else domain.high):
        yield from value_edits(hyperparameter, new, "C3", because)
        return
    old = domain.high if side == "high" else domain.low
    change = Change(hyperparameter.keys, side, new)
    yield Recommendation(rule="C3", change=change, old=old, because=because)


@final
@dataclass(frozen=True, kw_only=True)
class _Placed:
    """Where a trial lies on an axis, and what became of it.

    Args:
        earlier: Whether it is of an earlier round.
        learned: Whether it learned anything, or broke; not where it was healthy and too slow.
    """

    unit: float
    trained: bool
    earlier: bool = False
    learned: bool = True


def _placed(context: Context, hyperparameter: Hyperparameter, domain: Domain) -> list[_Placed]:
    """The trials of every study that shares the axis, those of earlier rounds among them."""
    by_study = _placed_by_study(context, hyperparameter, domain)
    return [one for of_study in by_study for one in of_study]


def _placed_by_study(
    context: Context, hyperparameter: Hyperparameter, domain: Domain
) -> list[list[_Placed]]:
    name, by_study = hyperparameter.name, list[list[_Placed]]()
    for study in context.studies_with(hyperparameter):
        placed: list[_Placed] = []
        broken = set(context.analysis.result(study, infeasible).trials)
        slow = context.analysis.never_learned(study)
        for outcome in context.analysis.outcomes(study):
            if not outcome.missing and name in outcome.record.setting:
                unit = domain.unit(outcome.record.setting[name])
                placed.append(
                    _Placed(
                        unit=unit,
                        trained=outcome.trial not in broken,
                        learned=outcome.trial not in slow,
                    )
                )
        for before in context.analysis.earlier(study):
            if not before.changed - {name}:
                placed += _of_earlier(before, name, domain)
        by_study.append(placed)
    return by_study


def _of_earlier(before: EarlierTrials, name: str, domain: Domain) -> Iterator[_Placed]:
    """Where the trials of an earlier round lie: anywhere that trained, inside where they broke."""
    for trained, settings in ((True, before.trained), (False, before.broken)):
        for setting in settings:
            unit = _unit(domain, setting[name])
            if unit is not None and (trained or 0 <= unit <= 1):
                yield _Placed(unit=unit, trained=trained, earlier=True)


def _unit(domain: Domain, value: Scalar) -> float | None:
    """Where a value of another round lies on an axis, beyond it too; None where it has no place."""
    if isinstance(domain, Choice):
        return domain.unit(value) if value in domain.values else None
    return domain.unit(value) if is_number(value) else None


def _first_broken(by_study: Sequence[Sequence[_Placed]], side: Side) -> float | None:
    """Where the first trial breaks beyond all that train; None where a study has none such.

    Of studies that share the axis it is where the last of them breaks: one that breaks sooner says
    nothing of the others.
    """
    trained = [one.unit for trials in by_study for one in trials if one.trained]
    if not trained:
        return None
    firsts = []
    for trials in by_study:
        broken = [one.unit for one in trials if not one.trained]
        if side == "high":
            firsts.append(min((unit for unit in broken if unit > max(trained)), default=math.inf))
        else:
            firsts.append(max((unit for unit in broken if unit < min(trained)), default=-math.inf))
    first = max(firsts) if side == "high" else min(firsts)
    return first if math.isfinite(first) else None


def _broken_from(trials: Sequence[_Placed], first: float, side: Side) -> list[_Placed]:
    """Those that break there or further towards the side."""
    broken = [one for one in trials if not one.trained]
    return [one for one in broken if (one.unit >= first if side == "high" else one.unit <= first)]


def _fate(broken: Sequence[_Placed]) -> str:
    """What became of trials that did not train, as a verb."""
    if all(one.learned for one in broken):
        return "break"
    return "break or never learn" if any(one.learned for one in broken) else "never learn"


def _last_trained(domain: Real | Integer, trials: Sequence[_Placed], side: Side) -> float:
    """The value of the trial that trains nearest to the side."""
    units = [one.unit for one in trials if one.trained]
    return float(domain.value(max(units) if side == "high" else min(units)))


def is_just_widened(
    context: Context, hyperparameter: Hyperparameter, side: Side, new: float
) -> bool:
    """Whether the last round that moved the bound outward did so from within a decade of a new one.

    Such a cut takes back what a round was played for. It saves little: what breaks there is known,
    and no later round widens the side again. A refinement in between has drawn it in, no more.

    Source: C1, C3.
    """
    domain = hyperparameter.value
    assert isinstance(domain, Real | Integer), "Only a range has bounds. This is a bug."
    later = getattr(domain, side)
    for before in reversed(context.analysis.before):
        then = _then(before.experiment, hyperparameter)
        if not isinstance(then, Real | Integer) or then.scale != domain.scale:
            return False
        bound = getattr(then, side)
        if bound < later if side == "high" else bound > later:
            return _within_a_decade(domain, bound, new)
        later = bound
    return False


def just_added(context: Context, hyperparameter: Hyperparameter) -> set[Scalar]:
    """The values of a list that the round before did not have.

    Source: C1, C3.
    """
    domain = hyperparameter.value
    then = (
        _then(context.analysis.before[-1].experiment, hyperparameter)
        if context.analysis.before
        else None
    )
    if not isinstance(domain, Choice) or not isinstance(then, Choice):
        return set()
    return set(domain.values) - set(then.values)


def _then(experiment: Experiment, hyperparameter: Hyperparameter) -> Domain | Scalar | None:
    """The same hyperparameter as an earlier round had it; None where it had none."""
    alike = (
        one.value
        for one in experiment.hyperparameters
        if (one.name, one.when) == (hyperparameter.name, hyperparameter.when)
    )
    return next(alike, None)


def _within_a_decade(domain: Real | Integer, old: float, new: float) -> bool:
    """Whether two bounds lie within a decade; on a linear axis, which has none, always."""
    if domain.scale == "linear":
        return True
    near_one = domain.scale == "one_minus_log"
    first, second = (1.0 - old, 1.0 - new) if near_one else (old, new)
    return first > 0 and second > 0 and max(first / second, second / first) <= DECADE


def _fewer_values(
    context: Context, hyperparameter: Hyperparameter, side: Side | Literal[""]
) -> Iterator[Recommendation]:
    """The edits that leave out the values at which every trial of every study breaks."""
    domain = hyperparameter.value
    assert isinstance(domain, Choice), "Only a choice has values. This is a bug."
    trials = _placed(context, hyperparameter, domain)
    new_values = just_added(context, hyperparameter)
    lost: list[tuple[Scalar, int]] = []
    kept: list[tuple[Scalar, int]] = []
    gone_trials: list[_Placed] = []
    for value in domain.values:
        here = [one for one in trials if one.unit == domain.unit(value)]
        breaks = bool(here) and not any(one.trained for one in here) and value not in new_values
        (lost if breaks else kept).append((value, len(here)))
        gone_trials += here if breaks else []
    count = sum(here for _, here in lost)
    if not kept or count < THRESHOLDS.min_beyond or (side and not _is_at_side(domain, lost, side)):
        return
    values = [value for value, _ in kept]
    gone = join([value_text(value) for value, _ in lost])
    names = _study_names(context, hyperparameter)
    because = f"all {plural(count, 'trial')} of {names} with {gone} {_fate(gone_trials)}."
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


def inner_bound(domain: Real | Integer, begins: float, last: float, side: Side) -> float | int:
    """The bound at the first value that breaks, as a number that reads well and not beyond it.

    Of whole numbers it is the last that does not break.

    Args:
        domain: The range.
        begins: The first value that breaks.
        last: The outermost one that trains, which stays inside.
        side: The side that ends there.

    Source: C3.
    """
    if isinstance(domain, Integer):
        # A whole number that breaks lies inside a bound that stands on it.
        return int(begins) - 1 if side == "high" else int(begins) + 1
    near_one = domain.scale == "one_minus_log"
    inward_up = (side == "low") != near_one
    for digits in (2, 3, 4):
        plain = 1.0 - begins if near_one else begins
        short = (
            two_digits(plain, up=inward_up)
            if digits == 2
            else digits_of(plain, digits, up=inward_up)
        )
        new = ten_digits(1.0 - short) if near_one else short
        if last < new <= begins if side == "high" else begins <= new < last:
            return new
    return begins
