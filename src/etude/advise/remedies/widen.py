"""A side of the space that ends too early is moved outward."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ...analyze.checks.boundary_side import sides_clause
from ...analyze.views.walls import AxisSide, Wall, wall
from ...experiment.change import Change
from ...experiment.hyperparameter import Hyperparameter
from ...finding import Finding, Recommendation
from ...playbook.catalogue import known, limits, stops_short
from ...space import Choice, Integer, Real, Scalar, Side, in_order, is_number
from ...space.progression import next_number
from ...space.rounding import ten_digits, two_digits
from ...wording import join, number
from ..context import Context, Remedy, side_of
from .narrow_unstable import THRESHOLDS, inner_bound, narrow_unstable

# A step further and much of the round may break; what it reaches is seen before the next one.
DECADE = 10.0
# What binary fractions leave of a difference that is none.
_ROUNDING = 1e-9


def widen(context: Context) -> list[Remedy]:
    """Every side where the best trials crowd or the objective still falls, once for all studies.

    A list of numbers gets the next value of its steps. What could come beyond other values, a
    person must say: the finding asks for it.

    Source: C1, R11.
    """
    return [
        Remedy(rule="C1", edits=(edit,))
        for (hyperparameter, side), causes in _sides_to_widen(context).items()
        for edit in _wider(context, hyperparameter, side, causes)
    ]


def _sides_to_widen(context: Context) -> dict[tuple[Hyperparameter, Side], list[Finding]]:
    """The sides to widen as hyperparameters of the experiment, with the findings that name them."""
    causes: dict[tuple[Hyperparameter, Side], list[Finding]] = {}
    for finding in context.findings:
        if finding.rule == "C1" and finding.status == "problem":
            owner = context.owner(context.study(finding), finding.subject["hyperparameter"])
            assert owner is not None, "C1 speaks of what is searched. This is a bug."
            causes.setdefault((owner, finding.subject["side"]), []).append(finding)
    return causes


def _wider(
    context: Context, hyperparameter: Hyperparameter, side: Side, causes: Sequence[Finding]
) -> list[Recommendation]:
    name = context.experiment.names.get(hyperparameter.name, hyperparameter.name)
    because = causes[0].message if len(causes) == 1 else _clause(context, causes)
    named = {finding.subject["study"] for finding in causes}
    others = [study for study in context.studies_with(hyperparameter) if study.name not in named]
    if others:
        names = join([f"`{study.name}`" for study in others])
        because += f" The range is shared, so it widens for {names} too."
    domain = hyperparameter.value
    walls = [side_of(context.analysis, finding).wall for finding in causes]
    old: float | int | tuple[Scalar, ...]
    new: float | int | tuple[Scalar, ...]
    if isinstance(domain, Choice):
        kept = _kept_values(context, hyperparameter, domain)
        part, old, new = "values", kept.values, longer_list(name, kept, side)
    elif isinstance(domain, Real | Integer):
        old = domain.low if side == "low" else domain.high
        part, new = side, _before_wall(domain, wider_bound(name, domain, side), walls, side)
    else:
        return []
    because += wall_clause(walls, new, side)
    change = Change(hyperparameter.keys, part, new)
    if new == old:
        return []
    brief = causes[0].headline if len(causes) == 1 else ""
    return [Recommendation(rule="C1", change=change, old=old, because=because, brief=brief)]


def _kept_values(context: Context, hyperparameter: Hyperparameter, domain: Choice) -> Choice:
    """The list without the values that leave it in this round, since every trial there breaks."""
    edits = [edit for remedy in narrow_unstable(context) for edit in remedy.edits]
    cut = [
        edit.change.new
        for edit in edits
        if (edit.path, edit.part) == (hyperparameter.path, "values")
    ]
    return replace(domain, values=tuple(cut[0])) if cut and isinstance(cut[0], list) else domain


def before_walls(
    context: Context, hyperparameter: Hyperparameter, new: float | int, side: Side
) -> float | int:
    """A bound further out, or the first value at which every study that has it broke before.

    Source: C1, C3.
    """
    domain = hyperparameter.value
    assert isinstance(domain, Real | Integer), "Only a range has bounds. This is a bug."
    at = AxisSide(name=hyperparameter.name, side=side, bound=float(getattr(domain, side)))
    walls = [
        wall(
            at,
            own=[(one.record.setting, one.feasible) for one in context.analysis.outcomes(study)],
            earlier=context.analysis.earlier(study),
            min_beyond=THRESHOLDS.min_beyond,
        )
        for study in context.studies_with(hyperparameter)
    ]
    return _before_wall(domain, new, walls, side)


def _before_wall(
    domain: Real | Integer, new: float | int, walls: Sequence[Wall | None], side: Side
) -> float | int:
    """The bound, or the first value that breaks where every study that asks has one before it.

    It never stands further in than it does.
    """
    standing = [one for one in walls if one is not None and not one.changed]
    if len(standing) < len(walls):
        return new
    furthest = (max if side == "high" else min)(standing, key=lambda one: one.begins)
    bound = inner_bound(domain, furthest.begins, furthest.last, side)
    if side == "high":
        return min(new, max(bound, domain.high))
    return max(new, min(bound, domain.low))


def wall_clause(walls: Sequence[Wall | None], new: object, side: Side) -> str:
    """What earlier rounds say of a new bound, as a sentence behind others; empty where nothing.

    Source: C1, C3, D11.
    """
    beyond = "upward" if side == "high" else "downward"
    for one in walls:
        if one is None or not is_number(new):
            continue
        of_rounds = f"`{one.rounds[-1]}` broke from {number(one.begins, 3)} {beyond}"
        if one.changed:
            names = join([f"`{name}`" for name in one.changed])
            return f" {of_rounds}, with another {names}: no wall for what is trained now."
        if abs(new - one.begins) <= abs(one.begins - one.last):
            return f" No further: {of_rounds}."
    return ""


def longer_list(name: str, domain: Choice, side: Side) -> tuple[Scalar, ...]:
    """The values of a list and the next one of its steps at this side; the same where none is.

    Source: C1.

    >>> longer_list("learning_rate", Choice([1e-4, 1e-3, 1e-2]), "high")
    (0.0001, 0.001, 0.01, 0.1)
    """
    ordered = in_order(domain)
    assert isinstance(ordered, Choice), "A list stays a list. This is a bug."
    numbers = [value for value in ordered.values if is_number(value)]
    if len(numbers) < len(domain.values) or len(numbers) < 2:
        return domain.values
    new = next_number(numbers if side == "high" else numbers[::-1])
    lowest, highest = limits(name, Real(min(numbers), max(numbers)))
    # A share of 1 makes no sense where the list only came near it.
    if new is None or not lowest <= new <= highest or (new == highest and stops_short(name)):
        return domain.values
    as_listed = list(domain.values) == numbers
    if side == "high" or not as_listed:
        return (*domain.values, new)
    return (new, *domain.values)


def _clause(context: Context, causes: Sequence[Finding]) -> str:
    return f"{sides_clause([side_of(context.analysis, finding) for finding in causes])}."


def wider_bound(name: str, domain: Real | Integer, side: Side, *, by: float = 0.5) -> float | int:
    """The bound at `side`, `by` of the range further out on its scale, within the natural limits.

    Half of the range, so that the next study sees clearly beyond the old bound and still samples
    the old range two thirds as densely; but a decade at most, or as far as searches usually reach.
    What breaks further out is met a decade at a time: a heuristic.

    Source: C1.

    >>> wider_bound("learning_rate", Real(1e-4, 1.0, log=True), "high")
    10.0
    """
    if domain.scale == "one_minus_log":
        return _wider_near_one(name, domain, side, by)
    low, high = domain.low, domain.high
    if domain.scale == "log":
        ratio = min((high / low) ** by, max(DECADE, _usual_ratio(name, domain, side)))
        raw = low / ratio if side == "low" else high * ratio
    else:
        raw = low - by * (high - low) if side == "low" else high + by * (high - low)
        raw = 0.0 if abs(raw) < _ROUNDING * (high - low) else raw
    return _within(name, domain, side, two_digits(raw, up=side == "high"))


def _usual_ratio(name: str, domain: Real | Integer, side: Side) -> float:
    """How many times further out the first range of the catalogue reaches; 1 where it does not."""
    entry = known(name)
    start = entry.start if entry else None
    if not isinstance(start, Real | Integer) or start.low <= 0:
        return 1.0
    return domain.low / start.low if side == "low" else start.high / domain.high


def _wider_near_one(name: str, domain: Real | Integer, side: Side, by: float) -> float | int:
    """Rounds the distance to one, since 0.9999 is read by its nines."""
    far, near = 1.0 - domain.low, 1.0 - domain.high
    ratio = min((far / near) ** by, DECADE)
    distance = far * ratio if side == "low" else near / ratio
    outward = two_digits(ten_digits(distance), up=side == "low")
    return _within(name, domain, side, ten_digits(1.0 - outward))


def _has_off(name: str) -> bool:
    """Whether zero is a value of it: the catalogue's word for what is not there."""
    entry = known(name)
    return entry is not None and entry.off == 0


def _within(name: str, domain: Real | Integer, side: Side, bound: float) -> float | int:
    """The bound, or the natural limit of the hyperparameter where that is nearer."""
    lowest, highest = limits(name, domain)
    # A range at or above zero stays there, unless the file says otherwise: another sign would be
    # another meaning.
    if domain.low >= 0 and domain.limits is None:
        lowest = max(lowest, 0.0)
    new = max(bound, lowest) if side == "low" else min(bound, highest)
    if side == "low" and new <= 0 < domain.low and domain.limits is None and not _has_off(name):
        # Zero is another order of magnitude than all above it, and nothing that one tunes.
        new = two_digits(domain.low / DECADE, up=False)
        new = max(new, 1.0) if isinstance(domain, Integer) else new
    if new == highest == 1.0 > domain.high and stops_short(name):
        # Halfway to the limit, which itself makes no sense.
        new = ten_digits(1.0 - two_digits((1.0 - domain.high) / 2, up=True))
    # A scale's own limit is open: a logarithm of zero is no bound.
    if (domain.scale == "log" and new <= 0) or (domain.scale == "one_minus_log" and new >= 1):
        new = domain.low if side == "low" else domain.high
    if isinstance(domain, Integer):
        whole = math.floor(new) if side == "low" else math.ceil(new)
        return max(whole, 1) if domain.scale == "log" else whole
    return new
