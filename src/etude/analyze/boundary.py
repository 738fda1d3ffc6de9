"""Whether the best trials lie at an edge of the space."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeAlias, final

from ..catalogue import limits
from ..expression import parsed
from ..finding import Finding, Severity
from ..record import Record
from ..space import Choice, Domain, Scalar
from ..study import Study
from .chance import at_least
from .infeasible import stretches
from .outcome import Outcome, outcomes, ranked
from .wording import counted, number

Which: TypeAlias = Literal["low", "high"]


@final
@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """What counts as near, as the best, and as more than chance; no source, ours, calibrated.

    Measured by `benchmarks/calibration.py`: a quadratic valley with its lowest point inside (0.25
    to 0.75 on each axis) raises a problem in at most 3.5 % of studies of 20 and 50 trials (1 to 6
    hyperparameters), in 8 % of those of 10 with one. A lowest point a quarter of the axis beyond a
    bound is found, with 20 and 50 trials, in 87 to 100 % where one hyperparameter weighs four
    times; in 27.5 to 100 % where all weigh alike, fewest in six. An optimum at or below a cliff at
    0.9 of an axis is never widened with 20 and 50 trials, one at 0.95 in at most 12 %.
    """

    top: int = 5
    # Of ten evenly spread trials, one lies this near each bound.
    edge: float = 0.1
    # In a small study the edge is wider: half of the top cannot lie where fewer than three are.
    edge_trials: int = 3
    # Where chance leaves room (few axes, many trials) a wider edge finds more cut-off optima.
    wide_edge: float = 0.2
    # Three of ten evenly spread trials lie within this; beyond it, "near" would mean nothing.
    max_edge: float = 0.3
    # Below, the top is half of all trials.
    min_feasible: int = 10
    # Of half of the top in the edge of some side of the study, did nothing matter. A real optimum
    # inside pulls the top away from the edges: measured false alarms are about a quarter of this.
    max_chance: float = 0.2


THRESHOLDS = Thresholds()


@final
@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of one axis.

    Args:
        bound: The value at this side.
        near: How wide the edge is, as a fraction of the axis.
        top: The best feasible trials (more than asked for where values tie).
        near_top: Those of them in the edge.
        best_unit: Where the best trial lies on the axis, 0 to 1; None without a feasible trial.
        chance: How likely so many of the top lie in the edge of some side of this study, if the
            hyperparameters do not matter; None where it was not computed.
        infeasible: The infeasible trials in the edge.
        cliff: Whether the feasible region ends here, rather than the space: at least half of the
            trials in the edge, or of those closer to the bound than the top, are infeasible, or
            C3 finds all infeasible trials at this side.
        natural: Whether the bound is a natural limit, which cannot move.
        reason: Why the side is `unclear`; empty otherwise.
    """

    hyperparameter: str
    side: Which
    status: Severity
    bound: Scalar
    near: float = 0.0
    top: tuple[int, ...] = ()
    near_top: tuple[int, ...] = ()
    best_unit: float | None = None
    chance: float | None = None
    infeasible: tuple[int, ...] = ()
    cliff: bool = False
    natural: bool = False
    reason: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class Boundary:
    """Every side of every axis of a study that has sides (an unordered Choice has none)."""

    study: str
    feasible: int
    sides: tuple[Side, ...]


def boundary(
    study: Study, records: Sequence[Record], *, thresholds: Thresholds = THRESHOLDS
) -> Boundary:
    """For each side of each axis, whether the best trials crowd against it.

    Only ranks of the objective count, so its unit means nothing.

    Source: C1, D3.
    """
    found = outcomes(study, records)
    axes = {name: domain for name, domain in study.space.domains.items() if _has_sides(domain)}
    named = frozenset((each.hyperparameter, each.side) for each in stretches(study, found))
    by_hand = bool(study.listed)
    view = _View(found, ranked(found), 2 * len(axes), named, thresholds, by_hand=by_hand)
    whiches: tuple[Which, ...] = ("low", "high")
    return Boundary(
        study=study.name,
        feasible=len(view.best_first),
        sides=tuple(
            _or_constrained(study, _side(view, name, domain, which))
            for name, domain in axes.items()
            for which in whiches
        ),
    )


def _or_constrained(study: Study, side: Side) -> Side:
    """The side; or, where a constraint may be what cuts it off, one that cannot be judged."""
    touching = [
        text for text in study.space.constraints if side.hyperparameter in parsed(text).names
    ]
    if not touching or side.status not in ("problem", "notice"):
        return side
    reason = (
        f"the constraint `{touching[0]}` bounds it too, and may be what cuts it off; if so, "
        "loosen the constraint as well as the range"
    )
    return replace(side, status="unclear", reason=reason)


@final
@dataclass(frozen=True)
class _View:
    """A study's ended trials as every side sees them."""

    found: list[Outcome]
    best_first: list[Outcome]
    sides: int
    named: frozenset[tuple[str, str]]
    thresholds: Thresholds
    by_hand: bool = False

    @cached_property
    def top(self) -> list[Outcome]:
        """The best few, and whatever ties with the last of them."""
        last = self.best_first[: self.thresholds.top][-1].loss
        return [one for one in self.best_first if one.loss <= last]

    @property
    def reason(self) -> str:
        """Why nothing can be said; empty where something can."""
        if self.by_hand:
            return "the settings were listed by hand, not drawn from a space with edges"
        feasible, needed = len(self.best_first), self.thresholds.min_feasible
        if feasible < needed:
            return (
                f"{counted(feasible, 'feasible trial')}, and {needed} are needed to judge an edge"
            )
        if self.best_first[0].loss == self.best_first[-1].loss:
            return f"all {feasible} feasible trials have the same value"
        return ""

    def chance(self, there: int, near_top: int) -> float:
        """How likely some side has `near_top` or more of the top among `there` trials in its edge.

        Each draw of the top from the feasible trials is as likely as the others; summed over sides.
        """
        one_side = at_least(near_top, drawn=len(self.top), there=there, items=len(self.best_first))
        return min(1.0, self.sides * one_side)


def _has_sides(domain: Domain) -> bool:
    return (domain.ordered and len(domain.values) > 1) if isinstance(domain, Choice) else True


def _side(view: _View, name: str, domain: Domain, which: Which) -> Side:
    bound = _bound(domain, which)
    if _is_natural(name, domain, which):
        return Side(hyperparameter=name, side=which, status="ok", bound=bound, natural=True)
    if view.reason:
        return Side(
            hyperparameter=name, side=which, status="unclear", bound=bound, reason=view.reason
        )
    units = {one.trial: domain.unit(one.record.setting[name]) for one in view.found}
    depths = {trial: unit if which == "low" else 1.0 - unit for trial, unit in units.items()}
    near = _near(view, [(depths[one.trial], one.feasible) for one in view.found])
    inside = [one for one in view.found if depths[one.trial] <= near]
    lost = tuple(one.trial for one in inside if not one.feasible)
    near_top = tuple(one.trial for one in view.top if depths[one.trial] <= near)
    chance = view.chance(len(inside) - len(lost), len(near_top))
    cliff = (name, which) in view.named or _ends(inside, depths, near_top)
    best = [one.trial for one in view.best_first if one.loss == view.best_first[0].loss]
    best_near = all(depths[trial] <= near for trial in best)
    status = _status(view, near_top, best_near=best_near, chance=chance)
    return Side(
        hyperparameter=name,
        side=which,
        # The space is wide enough where it reaches into what cannot be trained.
        status="notice" if cliff and status == "problem" else status,
        bound=bound,
        near=near,
        top=tuple(one.trial for one in view.top),
        near_top=near_top,
        best_unit=units[best[0]],
        chance=chance,
        infeasible=lost,
        cliff=cliff,
    )


def _ends(inside: list[Outcome], depths: Mapping[int, float], near_top: tuple[int, ...]) -> bool:
    """Whether the edge, or what of it lies beyond the top, is infeasible by half or more.

    Beyond the top counts on its own: an optimum just below a cliff has feasible trials before it
    in the edge, and they say nothing of what a wider space would meet.
    """
    outermost = min((depths[trial] for trial in near_top), default=0.0)
    beyond = [one for one in inside if depths[one.trial] < outermost]
    return any(
        2 * sum(not one.feasible for one in there) >= len(there) > 0 for there in (inside, beyond)
    )


def _status(view: _View, near_top: tuple[int, ...], *, best_near: bool, chance: float) -> Severity:
    top = len(view.top)
    half, most = 2 * len(near_top) >= top, len(near_top) >= 0.8 * top
    # The best itself among them, or nearly all: this halves the false alarms of "half of the top".
    if half and (best_near or most) and chance <= view.thresholds.max_chance:
        return "problem"
    return "notice" if best_near or half else "ok"


def _near(view: _View, depths: list[tuple[float, bool]]) -> float:
    """How wide the edge is, by where trials lie; their objective has no say in it."""
    thresholds = view.thresholds
    holding = sorted(depth for depth, _ in depths)[thresholds.edge_trials - 1]
    near = min(max(thresholds.edge, holding), thresholds.max_edge)
    feasible = sorted(depth for depth, feasible in depths if feasible)
    wider = [depth for depth in feasible if near < depth <= thresholds.wide_edge]
    half = (len(view.top) + 1) // 2
    # The chance grows with the width, so the widest edge within it can be bisected.
    allowed = bisect_right(
        wider,
        thresholds.max_chance,
        key=lambda depth: view.chance(bisect_right(feasible, depth), half),
    )
    near = wider[allowed - 1] if allowed else near
    # Rounding must not decide whether the trial that sets the width lies within it.
    return near + 1e-9


def _bound(domain: Domain, which: Which) -> Scalar:
    if isinstance(domain, Choice):
        return domain.values[0 if which == "low" else -1]
    return domain.low if which == "low" else domain.high


def _is_natural(name: str, domain: Domain, which: Which) -> bool:
    if isinstance(domain, Choice):
        return False
    lowest, highest = limits(name, domain)
    if which == "low":
        return domain.low <= lowest or math.isclose(domain.low, lowest)
    return domain.high >= highest or math.isclose(domain.high, highest)


def findings(result: Boundary) -> list[Finding]:
    """One finding a side.

    Source: C1, D3.
    """
    return [_finding(result.study, side) for side in result.sides]


def _finding(study: str, side: Side) -> Finding:
    return Finding(
        rule="C1",
        check="boundary",
        status=side.status,
        subject={"study": study, "hyperparameter": side.hyperparameter, "side": side.side},
        message=_message(study, side),
        evidence={
            "trials": list(side.near_top),
            "top": list(side.top),
            "bound": side.bound,
            "near": side.near,
            "best_unit": side.best_unit,
            "chance": side.chance,
            "infeasible": list(side.infeasible),
            "cliff": side.cliff,
            "natural_limit": side.natural,
        },
        advice=_advice(side),
    )


def _message(study: str, side: Side) -> str:
    word = "lower" if side.side == "low" else "upper"
    place = f"the {word} bound {number(side.bound)} of `{side.hyperparameter}` in `{study}`"
    if side.natural:
        return f"{place[0].upper()}{place[1:]} is a natural limit and cannot move."
    if side.reason:
        return f"Whether the best trials lie near {place} is unclear: {side.reason}."
    message = (
        f"{len(side.near_top)} of the best {len(side.top)} trials "
        f"{'lies' if len(side.near_top) == 1 else 'lie'} near {place} "
        f"(within {100 * side.near:.0f} % of its scale){_best(side)}."
    )
    if side.status == "notice" and side.cliff:
        message += f" {_broken(side)}: training breaks there."
    elif side.status == "notice":
        message += " That may be chance."
    return message


def _broken(side: Side) -> str:
    if not side.infeasible:
        return "All infeasible trials lie towards it"
    verb = "does" if len(side.infeasible) == 1 else "do"
    return f"So {verb} {counted(len(side.infeasible), 'infeasible trial')}"


def _best(side: Side) -> str:
    if not side.near_top or side.near_top[0] != side.top[0]:
        return ""
    return ", the very best" if len(side.near_top) == 1 else ", the very best among them"


def _advice(side: Side) -> str:
    if side.status == "notice" and side.cliff:
        return "Do not widen this side: stabilize training first, for example by warmup (D3, D6)."
    if side.status == "problem":
        beyond = "below" if side.side == "low" else "above"
        return f"Extend `{side.hyperparameter}` {beyond} {number(side.bound)} and run again (C1)."
    return ""
