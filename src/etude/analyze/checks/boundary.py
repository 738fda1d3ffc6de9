"""The boundary of the space: whether the best trials lie there, or the objective still improves.

Axes: T ended trials, D axes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ...experiment.methods import SEARCHES
from ...finding import Finding
from ...space import Choice, Domain, in_order, is_ordered
from ...space import Side as AxisSide
from ...space.expression import parsed
from ...study import Study
from ...wording import plural
from ..statistics.gaussian_process import LowestPoints, lowest_points
from ..statistics.rank_quadratic import RankQuadratic, rank_quadratic
from ..thresholds import BoundaryThresholds, InfeasibleThresholds
from ..views.draws import uneven
from ..views.outcomes import Outcome, prior_outcomes, ranked
from ..views.rates import in_percent, standard_error
from .boundary_edge import TopTrials, bound, ends, ends_of, first_break, has_sides, is_natural
from .boundary_side import Side, finding
from .boundary_wall import Earlier, no_rounds, with_wall
from .infeasible_regions import infeasible_regions

Floats: TypeAlias = NDArray[np.float64]
THRESHOLDS = BoundaryThresholds()
# Of a few hundred draws, none and all mean about this.
CERTAIN = 0.002


@final
@dataclass(frozen=True, kw_only=True)
class Top:
    """Where the best few trials lie on one axis, 0 to 1, best first."""

    hyperparameter: str
    trials: tuple[int, ...]
    units: tuple[float, ...]


@final
@dataclass(frozen=True, kw_only=True)
class Boundary:
    """Every side of every axis of a study that has sides (an unordered Choice has none)."""

    study: str
    feasible: int
    sides: tuple[Side, ...]
    tops: tuple[Top, ...] = ()


def boundary(
    study: Study,
    ended: Sequence[Outcome],
    *,
    earlier: Earlier = no_rounds,
    thresholds: BoundaryThresholds = THRESHOLDS,
) -> Boundary:
    """For each side of each axis, whether the space cuts off what is good.

    Three signs, each enough: the best few trials lie near the side; a quadratic fitted to the
    ranks of all trials most likely still falls there; draws of a Gaussian process fitted to the
    logarithms of the losses above their best are lowest there. None counts where another rules it
    out: where trials crowd is no evidence, what they are worth is. Neither unit nor sign of the
    objective means anything. Where trials of earlier rounds broke beyond, no wider space is asked.

    Source: C1, C3, D3.
    """
    outcomes = [one for one in ended if not one.missing]
    view = _View(study, outcomes, thresholds, earlier)
    sides: tuple[AxisSide, ...] = ("low", "high")
    return Boundary(
        study=study.name,
        feasible=len(view.best_first),
        sides=tuple(
            _or_constrained(study, _side(view, name, domain, side))
            for name, domain in view.axes.items()
            for side in sides
        ),
        tops=_tops(view),
    )


def _tops(view: _View) -> tuple[Top, ...]:
    best = view.best_first[: view.thresholds.top]
    trials = tuple(one.trial for one in best)
    places = [view.place[trial] for trial in trials]
    return tuple(
        Top(hyperparameter=name, trials=trials, units=tuple(unit_T[places].tolist()))
        for name, unit_T in view.units.items()
    )


def _or_constrained(study: Study, side: Side) -> Side:
    """The side; or, where a constraint may be what cuts it off, one that cannot be judged."""
    touching = [
        text for text in study.space.constraints if side.hyperparameter in parsed(text).names
    ]
    if not touching or side.status not in ("problem", "notice"):
        return side
    reason = f"the constraint `{touching[0]}` bounds it too, and may be what cuts it off"
    cause = "a constraint bounds it"
    return replace(side, status="unclear", cause=cause, reason=reason, constrained=True)


@final
@dataclass(frozen=True)
class _View:
    """A study's ended trials as every side sees them."""

    study: Study
    outcomes: list[Outcome]
    thresholds: BoundaryThresholds
    earlier: Earlier

    @cached_property
    def modelled(self) -> _View:
        """The trials that models are fitted to: those that the search of the study knew among them.

        Where a search adapts, its own trials crowd, and only what spread before tells the rest.
        """
        known = prior_outcomes(self.study) if self.crowds else []
        return replace(self, outcomes=[*self.outcomes, *known]) if known else self

    @cached_property
    def axes(self) -> dict[str, Domain]:
        domains = self.study.space.domains.items()
        ordered = {name: in_order(domain) for name, domain in domains}
        return {name: domain for name, domain in ordered.items() if has_sides(domain)}

    @cached_property
    def best_first(self) -> list[Outcome]:
        return ranked(self.outcomes)

    @cached_property
    def crowds(self) -> bool:
        """Whether the trials lie where a search expected the best, near a side or not.

        Of trials of another tool the search is not known: they crowd where they are not even.
        """
        search = SEARCHES[self.study.search]
        if not search.trained_elsewhere:
            return search.adaptive
        return uneven(self.axes, self.units, max_chance=self.thresholds.max_uneven_chance)

    @property
    def smooth(self) -> bool:
        """Whether the process leaves so little to chance that values tell more than ranks."""
        process = self.lowest
        return process is not None and process.noise <= self.thresholds.max_process_noise

    @property
    def min_possible(self) -> float:
        """How often draws of a process must be lowest at a bound, for another sign to count."""
        thresholds = self.thresholds
        if self.crowds:
            return thresholds.min_crowded
        return thresholds.min_likely if self.smooth else thresholds.min_possible

    @cached_property
    def top_trials(self) -> TopTrials:
        return TopTrials(self.best_first, 2 * len(self.axes), self.thresholds)

    def near(self, depth_T: Floats) -> float:
        """How wide an edge is: as C1 numbers it, where the trials lie where the search went."""
        if self.crowds:
            return self.thresholds.edge
        return self.top_trials.near(depth_T, self.feasible)

    def chance(self, inside_T: NDArray[np.bool_], hits: int) -> float | None:
        """How likely so many of the top lie there by chance; None where trials crowd."""
        if self.crowds:
            return None
        return self.top_trials.chance(int((inside_T & self.feasible).sum()), hits)

    def ends(self, depth_T: Floats, near: float, outermost: float) -> bool:
        """Whether the feasible region ends in the edge, rather than the space."""
        return ends(
            depth_T,
            self.feasible,
            near=near,
            outermost=outermost,
            max_chance=self.thresholds.max_cliff_chance,
        )

    @cached_property
    def failing_sides(self) -> frozenset[tuple[str, str]]:
        """The sides where C3 finds a region in which trials diverge or fail."""
        regions = infeasible_regions(self.study, self.outcomes, thresholds=InfeasibleThresholds())
        return frozenset((region.hyperparameter, region.side) for region in regions)

    @cached_property
    def units(self) -> dict[str, Floats]:
        """For each axis, where the T trials lie on it, 0 to 1."""
        return {
            name: np.array([domain.unit(outcome.record.setting[name]) for outcome in self.outcomes])
            for name, domain in self.axes.items()
        }

    @cached_property
    def place(self) -> dict[int, int]:
        """The position of each trial among the T."""
        return {outcome.trial: place for place, outcome in enumerate(self.outcomes)}

    @cached_property
    def feasible(self) -> NDArray[np.bool_]:
        """Which of the T trials are feasible."""
        return np.array([outcome.feasible for outcome in self.outcomes], dtype=np.bool_)

    @cached_property
    def feasible_quadratic(self) -> RankQuadratic:
        """The quadratic fitted to the feasible trials."""
        return self._fit([outcome for outcome in self.outcomes if outcome.feasible])

    @cached_property
    def quadratic(self) -> RankQuadratic:
        """The quadratic fitted to all trials, none worse than the infeasible, where these cluster.

        Trials that are infeasible anywhere, by chance or by a bug, say nothing of where it is good.
        """
        return self._fit(self.outcomes) if self.failing_sides else self.feasible_quadratic

    @cached_property
    def lowest(self) -> LowestPoints | None:
        """Where a Gaussian process may be lowest; None where more axes than it can tell vary."""
        if len(self.axes) > self.thresholds.max_process_axes:
            return None
        feasible = [outcome for outcome in self.outcomes if outcome.feasible]
        units_TxD = np.stack(list(self.units.values()), axis=1)
        failed_T = ~self.feasible & bool(self.failing_sides)
        percent = in_percent(self.study.metric, self.outcomes)
        return lowest_points(
            units_TxD[self.feasible],
            np.array([outcome.loss for outcome in feasible]),
            _marks(self.study, feasible),
            failed_FxD=units_TxD[failed_T],
            bounds_2xD=np.array([ends_of(domain) for domain in self.axes.values()]).T,
            error_T=np.array([self._error(outcome, percent=percent) for outcome in feasible]),
        )

    def _error(self, outcome: Outcome, *, percent: bool) -> float:
        """The sampling error of a trial's value; 0 where it is not known, as of percent."""
        value = 0.0 if outcome.value is None else outcome.value
        examples = self.study.validation_examples
        return standard_error(self.study.objective, value, examples, percent=percent) or 0.0

    @property
    def min_fall(self) -> float:
        """How likely a quadratic must fall at a bound."""
        thresholds, trials = self.thresholds, len(self.best_first)
        needed = thresholds.min_fall + thresholds.min_fall_trials / trials
        return min(needed + thresholds.min_fall_axes * len(self.axes), thresholds.max_fall)

    @property
    def min_odds(self) -> float:
        """The odds of ranks and values together that a bound needs."""
        thresholds = self.thresholds
        axes_per_trial = len(self.axes) / len(self.best_first)
        return math.exp(thresholds.min_log_odds + thresholds.min_log_odds_axes * axes_per_trial)

    def _fit(self, trials: Sequence[Outcome]) -> RankQuadratic:
        places = [self.place[outcome.trial] for outcome in trials]
        units_TxD = np.stack([unit_T[places] for unit_T in self.units.values()], axis=1)
        losses_T = np.array([outcome.loss for outcome in trials])
        return rank_quadratic(units_TxD, losses_T, _marks(self.study, trials))

    @property
    def reason(self) -> tuple[str, str]:
        """Why nothing can be said, in a few words and in full; empty where something can."""
        if self.study.listed:
            return "listed by hand", "its settings were listed by hand, not drawn from a space"
        feasible, needed = len(self.best_first), self.thresholds.min_feasible
        if feasible < needed:
            few = plural(feasible, "feasible trial")
            return few, f"{few}, and {needed} are needed to judge an edge"
        if self.best_first[0].loss == self.best_first[-1].loss:
            return "all values equal", f"all {feasible} feasible trials have the same value"
        return "", ""


def _marks(study: Study, trials: Sequence[Outcome]) -> Floats:
    """One column for each value of each unordered choice: 1 where a trial has it."""
    columns = [
        [float(outcome.record.setting[name] == value) for outcome in trials]
        for name, domain in study.space.domains.items()
        if isinstance(domain, Choice) and not is_ordered(domain)
        for value in domain.values
    ]
    return np.array(columns).reshape(len(columns), len(trials)).T


def _side(view: _View, name: str, domain: Domain, axis_side: AxisSide) -> Side:
    """One side of one axis, judged by the top trials near it and by the quadratic."""
    side = Side(
        hyperparameter=name,
        side=axis_side,
        status="ok",
        bound=bound(domain, axis_side),
        observed=name in view.study.observed,
        listed=isinstance(domain, Choice),
    )
    if is_natural(view.study.names.get(name, name), domain, axis_side):
        return replace(side, natural=True)
    if view.reason[0]:
        cause, reason = view.reason
        return replace(side, status="unclear", cause=cause, reason=reason)
    # How far inside the bound each trial lies, and the best of them in the edge.
    unit_T = view.units[name]
    depth_T = unit_T if axis_side == "low" else 1.0 - unit_T
    top_trials = view.top_trials
    near = view.near(depth_T)
    inside_T = depth_T <= near
    near_top = tuple(
        outcome.trial for outcome in top_trials.top if inside_T[view.place[outcome.trial]]
    )
    outermost = min((float(depth_T[view.place[trial]]) for trial in near_top), default=0.0)
    cliff = (name, axis_side) in view.failing_sides or view.ends(depth_T, near, outermost)
    measured = replace(
        side,
        near=near,
        top=tuple(outcome.trial for outcome in top_trials.top),
        near_top=near_top,
        best_unit=float(unit_T[view.place[top_trials.best[0].trial]]),
        best=top_trials.best[0].record.setting[name],
        breaks_from=first_break(name, view.outcomes, depth_T),
        chance=view.chance(inside_T, len(near_top)),
        infeasible=tuple(
            view.outcomes[place].trial for place in np.flatnonzero(inside_T & ~view.feasible)
        ),
        cliff=cliff,
    )
    first = float(depth_T[view.feasible].min()) if cliff else _first_depth(domain, axis_side)
    return _judged(view, _with_course(view, measured, first))


def _first_depth(domain: Domain, axis_side: AxisSide) -> float:
    """How far inside the bound of a side the first value lies."""
    low, high = ends_of(domain)
    return low if axis_side == "low" else 1.0 - high


def _with_course(view: _View, side: Side, first: float) -> Side:
    """The side with how likely the objective falls at the first value, or at the cliff."""
    view = view.modelled
    axis = list(view.axes).index(side.hyperparameter)
    quadratic = view.feasible_quadratic if side.cliff else view.quadratic
    edge = first + view.thresholds.process_edge
    low = side.side == "low"
    at = first if low else 1.0 - first
    fall = quadratic.p_increasing(axis, at) if low else quadratic.p_decreasing(axis, at)
    side = replace(side, fall=round(fall, 6), min_fall=round(view.min_fall, 6))
    # Where the ranks rule the bound out, the values cannot bring it back.
    process = view.lowest if fall >= view.thresholds.min_top_fall or view.crowds else None
    if process is None:
        return side
    lowest = process.chance(axis, *((0.0, edge) if low else (1.0 - edge, 1.0)))
    odds = round(_odds(fall) * _odds(lowest), 3) if view.smooth else None
    return replace(side, lowest=lowest, odds=odds, min_odds=round(view.min_odds, 3))


def _odds(chance: float) -> float:
    possible = min(max(chance, CERTAIN), 1.0 - CERTAIN)
    return possible / (1.0 - possible)


def _judged(view: _View, side: Side) -> Side:
    """The side with its status, by every sign."""
    thresholds = view.thresholds
    by_ranks = side.fall is None or side.fall >= thresholds.min_top_fall
    by_values = side.lowest is None or side.lowest >= view.min_possible
    # The few best lie there and the course of the others does not speak against it.
    at_side = view.top_trials.is_concentrated(side.near_top, side.chance or 0.0)
    at_side = at_side and (by_ranks or view.crowds)
    if view.crowds:
        at_side = at_side and len(side.near_top) >= thresholds.most * len(side.top)
    signs = (side.falling and by_values, at_side and by_values, side.lowest_there and by_ranks)
    if any(signs):
        # The space is wide enough where it reaches into what cannot be trained.
        if side.cliff:
            return replace(side, status="notice")
        wide = replace(side, status="problem")
        return with_wall(wide, view.axes[side.hyperparameter], view.outcomes, view.earlier)
    return replace(
        side, status="notice" if _is_worth_a_look(view, side, by_ranks=by_ranks) else "ok"
    )


def _is_worth_a_look(view: _View, side: Side, *, by_ranks: bool) -> bool:
    """Whether the best or half of the best few lie there, and that says something.

    Of very few values, each lies near a side; one trial alone is chance, if it is not the very best
    or the course of all speaks against it.
    """
    if len(set(view.units[side.hyperparameter].tolist())) < view.thresholds.min_values:
        return False
    best_near = {outcome.trial for outcome in view.top_trials.best} <= set(side.near_top)
    if len(side.near_top) == 1:
        by_values = side.lowest is None or side.lowest >= view.min_possible
        return best_near and by_ranks and by_values
    return best_near or 2 * len(side.near_top) >= len(side.top)


def findings(result: Boundary) -> list[Finding]:
    """One finding for each side.

    Source: C1, D3.
    """
    return [finding(result.study, side) for side in result.sides]
