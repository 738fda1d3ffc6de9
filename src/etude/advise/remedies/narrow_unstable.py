"""C3: a range is cut off where training breaks, or searched by orders of magnitude."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...analyze.checks.infeasible import infeasible
from ...analyze.checks.infeasible_regions import Region
from ...experiment.change import Change
from ...experiment.hyperparameter import Hyperparameter
from ...experiment.validation.configurations import LOG_ABOVE
from ...finding import Finding, Recommendation
from ...space import Integer, Real, Side
from ...space.rounding import ten_digits, two_digits
from ...study import Study
from ...wording import join, number, plural
from ..context import Context, Remedy

# Heuristic: three that diverge or fail in a row beyond the last that trains are no accident.
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
    """A side beyond which every trial of every study breaks, where a large fraction breaks.

    The bound moves to the first value that breaks, never across one that trains: where another
    study trains there, the range is not cut.

    Source: C3, R11.
    """
    log_scaled = {remedy.edits[0].path for remedy in use_log_scale(context)}
    remedies: dict[tuple[str, str], Remedy] = {}
    for finding in context.of("infeasible", "C3", "problem"):
        for region in _cliffs(context, finding):
            hyperparameter = context.owner(context.study(finding), region.hyperparameter)
            if hyperparameter is None or hyperparameter.path in log_scaled or not region.side:
                continue
            for edit in _shorter_range(context, hyperparameter, region.side):
                key = hyperparameter.path, edit.part
                remedies.setdefault(key, Remedy(rule="C3", edits=(edit,)))
    return list(remedies.values())


def _cliffs(context: Context, finding: Finding) -> Sequence[Region]:
    """Where training breaks, if most of what breaks lies beyond a value of one axis."""
    result = context.result(finding, infeasible)
    return result.regions if result.cause == "cliff" else ()


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
) -> list[Recommendation]:
    """The edit that ends the range where training breaks; none where too few trials say so."""
    domain = hyperparameter.value
    if not isinstance(domain, Real | Integer):
        return []
    studies = context.studies_with(hyperparameter)
    feasible, lost = _units(context, hyperparameter.name, domain, studies)
    beyond = _beyond(lost, feasible, side)
    if not feasible or len(beyond) < MIN_BEYOND:
        return []
    first = min(beyond) if side == "high" else max(beyond)
    new = _bound(domain, first, side)
    saved = 1 - domain.unit(new) if side == "high" else domain.unit(new)
    if saved < MIN_SAVED:
        return []
    onward, where = ("upward", "above") if side == "high" else ("downward", "below")
    names = join([f"`{study.name}`" for study in studies])
    return [
        Recommendation(
            rule="C3",
            change=Change(hyperparameter.keys, side, new),
            old=domain.high if side == "high" else domain.low,
            because=(
                f"all {plural(len(beyond), 'trial')} of {names} from {number(domain.value(first))}"
                f" {onward} break, and none {where} it trains."
            ),
        )
    ]


def _units(
    context: Context, name: str, domain: Real | Integer, studies: Sequence[Study]
) -> tuple[list[float], list[float]]:
    """Where along the axis the feasible trials of these studies lie, and where the infeasible."""
    feasible: list[float] = []
    lost: list[float] = []
    for study in studies:
        for outcome in context.analysis.outcomes(study):
            if not outcome.missing and name in outcome.record.setting:
                unit = domain.unit(outcome.record.setting[name])
                (feasible if outcome.feasible else lost).append(unit)
    return feasible, lost


def _beyond(units: Sequence[float], feasible: Sequence[float], side: Side) -> list[float]:
    """Those that lie further towards the side than every feasible trial."""
    if side == "high":
        return [unit for unit in units if unit > max(feasible, default=-math.inf)]
    return [unit for unit in units if unit < min(feasible, default=math.inf)]


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
