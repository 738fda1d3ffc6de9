"""C3: a range is cut off where training breaks, or searched by orders of magnitude."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...analyze.checks.infeasible import infeasible
from ...experiment.change import Change
from ...experiment.hyperparameter import Hyperparameter
from ...experiment.validation.configurations import LOG_ABOVE
from ...finding import Finding, Recommendation
from ...record import Record
from ...space import Integer, Real, Side
from ...space.rounding import two_digits
from ...study import Study
from ...wording import join, number, plural
from ..context import Context, Remedy

# Heuristic: three that break in a row beyond the last that does not are no accident.
MIN_BEYOND = 3
# Heuristic: below a twentieth of the axis, a cut saves less than a trial of twenty.
MIN_SAVED = 0.05


def use_log_scale(case: Context) -> list[Remedy]:
    """A linear range over two decades or more to be searched in its logarithm.

    Only where its lower end is what troubles: the best lies there, or training breaks above it. On
    a linear axis nearly all trials have the largest order of magnitude.

    Source: C3.
    """
    found: dict[Hyperparameter, Finding] = {}
    for finding in case.findings:
        for name in _crammed(case, finding):
            one = case.owner(case.study(finding), name)
            if one is not None and _spans_decades(one):
                found.setdefault(one, finding)
    return [_in_logarithm(one, finding) for one, finding in found.items()]


def narrow_unstable(case: Context) -> list[Remedy]:
    """A side beyond which every trial of every study breaks, where a large fraction breaks.

    The bound moves to the first value that breaks, never across one that trains: where another
    study trains there, the range is not cut.

    Source: C3, R11.
    """
    logs = {one.edits[0].path for one in use_log_scale(case)}
    remedies: dict[tuple[str, str], Remedy] = {}
    for finding in _cliffs(case):
        for region in case.result(finding, infeasible).regions:
            one = case.owner(case.study(finding), region.hyperparameter)
            if one is None or one.path in logs or not region.side:
                continue
            for edit in _cut(case, one, region.side):
                remedies.setdefault((one.path, edit.part), Remedy(rule="C3", edits=(edit,)))
    return list(remedies.values())


def _cliffs(case: Context) -> list[Finding]:
    problems = case.of("infeasible", "C3", "problem")
    return [one for one in problems if case.result(one, infeasible).cause == "cliff"]


def _crammed(case: Context, finding: Finding) -> Iterator[str]:
    """The hyperparameters whose lower end a finding speaks of."""
    if finding.status != "problem":
        return
    if finding.check == "boundary" and finding.subject.get("side") == "low":
        yield finding.subject["hyperparameter"]
    if finding.check == "infeasible" and case.result(finding, infeasible).cause == "cliff":
        for region in case.result(finding, infeasible).regions:
            if region.side == "high":
                yield region.hyperparameter


def _spans_decades(one: Hyperparameter) -> bool:
    domain = one.value
    if not isinstance(domain, Real | Integer) or domain.scale != "linear":
        return False
    return domain.low > 0 and domain.high >= LOG_ABOVE * domain.low


def _in_logarithm(one: Hyperparameter, finding: Finding) -> Remedy:
    domain = one.value
    assert isinstance(domain, Real | Integer), "Only a range has a scale. This is a bug."
    decades = math.log10(domain.high / domain.low)
    edit = Recommendation(
        rule="C3",
        change=Change(one.keys, "", replace(domain, scale="log", log=True)),
        old=domain,
        because=(
            f"{finding.message} The range spans {number(decades, 2)} decades, and a linear axis "
            "tries the largest values only."
        ),
    )
    return Remedy(rule="C3", edits=(edit,))


def _cut(case: Context, one: Hyperparameter, side: Side) -> list[Recommendation]:
    domain = one.value
    if not isinstance(domain, Real | Integer):
        return []
    studies = case.sharing(one)
    feasible, broken = _units(case, one, studies)
    beyond = [unit for unit in broken if all(_further(unit, than, side) for than in feasible)]
    if not feasible or len(beyond) < MIN_BEYOND:
        return []
    first = min(beyond) if side == "high" else max(beyond)
    new = _bound(domain, first, side)
    saved = 1 - domain.unit(new) if side == "high" else domain.unit(new)
    if saved < MIN_SAVED:
        return []
    old = domain.high if side == "high" else domain.low
    where = "above" if side == "high" else "below"
    names = join([f"`{study.name}`" for study in studies])
    return [
        Recommendation(
            rule="C3",
            change=Change(one.keys, side, new),
            old=old,
            because=(
                f"all {plural(len(beyond), 'trial')} of {names} from {number(domain.value(first))}"
                f" {'upward' if side == 'high' else 'downward'} break, and none {where} it trains."
            ),
        )
    ]


def _further(unit: float, than: float, side: Side) -> bool:
    return unit > than if side == "high" else unit < than


def _units(
    case: Context, one: Hyperparameter, studies: Sequence[Study]
) -> tuple[list[float], list[float]]:
    """Where along the axis the feasible trials of these studies lie, and where those that broke."""
    feasible: list[float] = []
    broken: list[float] = []
    for study in studies:
        for outcome in case.analysis.outcomes(study):
            if not outcome.missing:
                (feasible if outcome.feasible else broken).append(_unit(outcome.record, one))
    return feasible, broken


def _unit(record: Record, one: Hyperparameter) -> float:
    assert isinstance(one.value, Real | Integer), "Only a range has an axis. This is a bug."
    return one.value.unit(record.setting[one.name])


def _bound(domain: Real | Integer, unit: float, side: Side) -> float | int:
    value = domain.value(unit)
    if isinstance(domain, Integer):
        return int(value)
    if domain.scale == "one_minus_log":
        near = 1.0 - two_digits(1.0 - float(value), up=side == "low")
        new = float(f"{near:.10g}")
    else:
        new = two_digits(float(value), up=side == "high")
    return min(new, domain.high) if side == "high" else max(new, domain.low)
