"""The stability limit: whether instability holds the best learning rate down.

Axes: T trials, D axes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ...experiment.objective import Objective
from ...finding import UNASKED, Finding, Severity
from ...playbook.catalogue import known
from ...space import Choice, Domain, is_number
from ...study import Study
from ...wording import number, plural
from ..statistics.rank_quadratic import rank_quadratic
from ..thresholds import StabilityThresholds
from ..views.curves import TrialCurves
from .infeasible_regions import upper_region

Floats: TypeAlias = NDArray[np.float64]
SHIPPED = StabilityThresholds()


@final
@dataclass(frozen=True, kw_only=True)
class StabilityLimit:
    """Where the best of one learning rate stands below the rates at which training breaks.

    Args:
        why: Why that cannot be judged; empty where it can.
        rate: The best stable trial's.
        edge: From where on most trials are unstable; None where no such rate is known.
        chance: How likely so many of all unstable trials lie above it by chance.
        distance: From the best rate up to the edge, on a logarithmic scale, as a share of the axis.
        fall: How likely the objective of the stable trials still falls at the edge.
        min_fall: So likely is asked for.
        stable: How many stable trials lie above the best rate.
        unstable: The unstable trials above it.
        beyond: How many trials lie beyond the edge, and how many of those are unstable.
        unstated: The infeasible trials above it that ended for a reason that nothing tells.
        others: Of the study's other learning rates.
    """

    study: str
    status: Severity
    why: str = ""
    hyperparameter: str = ""
    trial: int | None = None
    rate: float = math.nan
    edge: float | None = None
    chance: float = math.nan
    distance: float = math.nan
    fall: float = math.nan
    min_fall: float = math.nan
    stable: int = 0
    unstable: tuple[int, ...] = ()
    beyond: tuple[int, int] = (0, 0)
    unstated: tuple[int, ...] = ()
    others: tuple[StabilityLimit, ...] = ()

    @property
    def rates(self) -> tuple[StabilityLimit, ...]:
        """One for each learning rate."""
        return (replace(self, others=()), *self.others)


def stability_limit(
    study: Study,
    curves: Sequence[TrialCurves],
    unstable: Mapping[int, bool],
    *,
    thresholds: StabilityThresholds = SHIPPED,
) -> StabilityLimit:
    """Whether the best of each learning rate lies just below where training breaks.

    That is a sign of instability where the objective still falls towards there: higher rates would
    be better, if they could be trained. Of several rates the first that is held down speaks.

    An infeasible trial that is not known to be unstable is not stable either: where counting it as
    broken changes what is said, that is open.

    Source: D1, D3.
    """
    names = _rates_of(study)
    if not names:
        return StabilityLimit(
            study=study.name, status="unclear", why="its space has no learning rate"
        )
    rates = [_either_way(study, name, curves, unstable, thresholds) for name in names]
    first = next((one for one in rates if one.status == "notice"), rates[0])
    return replace(first, others=tuple(one for one in rates if one is not first))


def _rates_of(study: Study) -> list[str]:
    """What the space calls its learning rates, listed ones too."""
    names = []
    for name, domain in sorted(study.space.domains.items()):
        entry = known(name, study.names)
        listed = isinstance(domain, Choice) and not all(map(is_number, domain.values))
        if entry is not None and entry.name == "learning_rate" and not listed:
            names.append(name)
    return names


def _either_way(
    study: Study,
    name: str,
    curves: Sequence[TrialCurves],
    unstable: Mapping[int, bool],
    thresholds: StabilityThresholds,
) -> StabilityLimit:
    """Where the best stands, whether or not training broke in infeasible trials that hide why."""
    ended = [one for one in curves if unstable[one.id] or not one.infeasible]
    sure = _limit(study, name, ended, unstable, thresholds)
    hidden = {one.id for one in curves if one.infeasible and not unstable[one.id]}
    # What found no room in memory says nothing of the rate.
    hidden -= {one.id for one in curves if one.record.reason == "out_of_memory"}
    if not hidden or sure.trial is None:
        return sure
    judged = [one for one in curves if one in ended or one.id in hidden]
    broken = {**unstable, **dict.fromkeys(hidden, True)}
    limit = _limit(study, name, judged, broken, thresholds)
    above = tuple(sorted(hidden & set(limit.unstable)))
    surely = tuple(one for one in limit.unstable if one not in above)
    limit = replace(limit, unstable=surely, unstated=above)
    if limit.status == sure.status:
        return limit
    count = plural(len(above), "infeasible trial")
    return replace(limit, status="unclear", why=f"{count} above its best may have broken")


@final
@dataclass(frozen=True, kw_only=True)
class _Placed:
    """A trial on the axis of a rate.

    Args:
        place: The rate's logarithm, 0 to 1 over the axis.
        loss: Its best value, lower is better; None of an unstable trial.
    """

    trial: TrialCurves
    rate: float
    place: float
    loss: float | None


def _limit(
    study: Study,
    name: str,
    curves: Sequence[TrialCurves],
    unstable: Mapping[int, bool],
    thresholds: StabilityThresholds,
) -> StabilityLimit:
    """Where the best of one learning rate stands."""
    trials = _placed(study.space.domains[name], name, curves, unstable)
    stable = [one for one in trials if one.loss is not None]
    limit = StabilityLimit(study=study.name, status="ok", hyperparameter=name)
    if not stable:
        return replace(limit, status="unclear", why="no stable trial has a value")
    best = min(stable, key=lambda one: (one.loss or 0.0, one.trial.id))
    above = [one for one in trials if one.rate > best.rate]
    limit = replace(
        limit,
        trial=best.trial.id,
        rate=best.rate,
        stable=sum(not unstable[one.trial.id] for one in above),
        unstable=tuple(sorted(one.trial.id for one in above if unstable[one.trial.id])),
    )
    judged = [one for one in trials if not _is_too_small(one, best, unstable)]
    region = upper_region(
        np.array([one.place for one in judged]),
        np.array([unstable[one.trial.id] for one in judged]),
    )
    if region is None:
        return limit
    limit = replace(limit, chance=region.chance, beyond=(region.trials, region.failed))
    if region.failed < thresholds.min_unstable or region.chance > thresholds.max_chance:
        return limit
    low, high = _ends(study.space.domains[name], [one.rate for one in trials])
    limit = replace(limit, edge=low * (high / low) ** region.begins)
    return _judged(limit, study, stable, (best.place, region.begins), thresholds)


def _placed(
    domain: Domain, name: str, curves: Sequence[TrialCurves], unstable: Mapping[int, bool]
) -> list[_Placed]:
    """The trials that have this rate, above zero, where they lie on its own scale."""
    rates = [
        (float(rate), trial)
        for trial in curves
        if is_number(rate := trial.record.setting.get(name)) and rate > 0
    ]
    low, high = _ends(domain, [rate for rate, _ in rates])
    length = math.log(high / low) if high > low else 1.0
    return [
        _Placed(
            trial=trial,
            rate=rate,
            place=math.log(rate / low) / length,
            loss=None if unstable[trial.id] or trial.infeasible else _loss(trial),
        )
        for rate, trial in rates
    ]


def _ends(domain: Domain, rates: Sequence[float]) -> tuple[float, float]:
    """The bounds of the axis, or the outermost rates where it is a list or begins at zero."""
    low, high = min(rates, default=1.0), max(rates, default=1.0)
    if isinstance(domain, Choice):
        return low, high
    return (domain.low if domain.low > 0 else low), domain.high


def _loss(trial: TrialCurves) -> float | None:
    best = trial.record.best(trial.metric, maximize=trial.maximize)
    return None if best is None else Objective(trial.metric, trial.maximize).loss(best.value)


def _is_too_small(one: _Placed, best: _Placed, unstable: Mapping[int, bool]) -> bool:
    """Whether it trained to its end at a lower rate than the best, and learned nothing.

    A far too small rate breaks nothing.
    """
    return unstable[one.trial.id] and not one.trial.infeasible and one.rate < best.rate


def _judged(
    limit: StabilityLimit,
    study: Study,
    stable: Sequence[_Placed],
    places: tuple[float, float],
    thresholds: StabilityThresholds,
) -> StabilityLimit:
    """The limit, by the distance below the edge and by whether the objective falls there."""
    best, edge = places  # of the best rate, and of the edge, on the axis
    limit = replace(limit, distance=round(edge - best, 6))
    # As wide as three trials lie apart, where they are few.
    near = max(thresholds.near_edge, min(thresholds.max_near_edge, 3 / len(stable)))
    if limit.distance > near:
        return limit
    if len({one.loss for one in stable}) < 2:
        return replace(limit, status="unclear", why="all stable trials have the same value")
    fall = _fall(study, limit.hyperparameter, stable, edge)
    few = thresholds.min_fall_trials / len(stable)
    min_fall = min(thresholds.min_fall + few, thresholds.max_min_fall)
    # Rounded, so that the order of trials, which moves the last digits, decides nothing.
    limit = replace(limit, fall=round(fall, 6), min_fall=round(min_fall, 6))
    if limit.fall >= limit.min_fall:
        # A sign, says the playbook, to be checked again: it forbids no answer by itself.
        return replace(limit, status="notice")
    if 2 * limit.fall < 1:
        return limit
    why = f"{plural(len(stable), 'stable trial')} do not tell whether the objective falls there"
    return replace(limit, status="unclear", why=why)


def _fall(study: Study, name: str, stable: Sequence[_Placed], edge: float) -> float:
    """How likely the objective of the stable trials falls at the edge, upward along the rate."""
    columns = [[one.place for one in stable]]
    for other, domain in study.space.domains.items():
        settings = [one.trial.record.setting for one in stable]
        is_axis = not isinstance(domain, Choice) or domain.ordered
        if other != name and is_axis and all(other in setting for setting in settings):
            columns.append([domain.unit(setting[other]) for setting in settings])
    units_TxD = np.array(columns, dtype=np.float64).T
    losses_T = np.array([one.loss for one in stable], dtype=np.float64)
    fitted = rank_quadratic(units_TxD, losses_T, np.empty((len(stable), 0)))
    return fitted.p_decreasing(0, min(max(edge, 0.0), 1.0))


def findings(result: StabilityLimit) -> list[Finding]:
    """One finding for each learning rate; one where there is none.

    Source: D3.
    """
    return [_finding(limit) for limit in result.rates]


def _finding(limit: StabilityLimit) -> Finding:
    axis = {"hyperparameter": limit.hyperparameter} if limit.hyperparameter else {}
    return Finding(
        rule="D3",
        check="stability",
        status=limit.status,
        subject={"study": limit.study, **axis},
        headline=_headline(limit),
        message=_message(limit),
        evidence={
            "hyperparameter": limit.hyperparameter,
            "trials": [limit.trial, *limit.unstable] if limit.trial is not None else [],
            "rate": limit.rate,
            "stable_above": limit.stable,
            "unstable_above": len(limit.unstable),
            "unstated_above": len(limit.unstated),
            "chance": limit.chance,
            "edge": limit.edge,
            "distance": limit.distance,
            "fall": limit.fall,
            "min_fall": limit.min_fall,
        },
        advice=_advice(limit),
        kind="limit" if limit.hyperparameter else UNASKED,
    )


def _headline(limit: StabilityLimit) -> str:
    if limit.status == "unclear":
        what = f"`{limit.hyperparameter}`" if limit.hyperparameter else "the best learning rate"
        return f"Whether instability holds {what} down is open"
    if limit.edge is None:
        return f"No value of `{limit.hyperparameter}` is known from which on training breaks"
    rate, edge = number(limit.rate, 2), number(limit.edge, 2)
    breaks = "trials fail" if limit.unstated else "training breaks"
    if limit.status == "notice":
        return f"The best `{limit.hyperparameter}`, {rate}, lies just below where {breaks}"
    breaks = breaks[0].upper() + breaks[1:]
    return f"{breaks} from `{limit.hyperparameter}` = {edge} on, the best is {rate}"


def _message(limit: StabilityLimit) -> str:
    if limit.status == "unclear":
        whose = f" of `{limit.study}`" if limit.study else ""
        what = f"`{limit.hyperparameter}`" if limit.hyperparameter else "the best learning rate"
        return f"Whether instability holds {what}{whose} down is open, since {limit.why}."
    best = f"The best stable trial, {limit.trial}, has `{limit.hyperparameter}` = "
    best += number(limit.rate, 2)
    failed = len(limit.unstable) + len(limit.unstated)
    above = failed + limit.stable
    broke = "unstable or infeasible" if limit.unstated else "unstable"
    if limit.edge is None and not above:
        return f"{best}, the highest that was tried."
    if limit.edge is None:
        return f"{best}; {failed} of {plural(above, 'trial')} above it are {broke}."
    trials, failed = limit.beyond
    edge = f"{failed} of {plural(trials, 'trial')} from {number(limit.edge, 2)} on are {broke}"
    if limit.status == "notice":
        falls = "The objective still falls there: a sign that instability may hold it down."
        return f"{best}, and {edge}. {falls}"
    return f"{best}; {edge}."


def _advice(limit: StabilityLimit) -> str:
    if limit.status != "notice":
        return ""
    return (
        f"Double check at 5 and 10 times {number(limit.rate, 2)} whether the loss falls steadily "
        "and then jumps; then stabilize, warmup first."
    )
