"""The stability limit: whether instability holds the best learning rate down."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from ...experiment.objective import Objective
from ...finding import Finding, Severity
from ...playbook.catalogue import known
from ...space import Choice
from ...study import Study
from ...wording import number, plural
from ..statistics.hypergeometric import upper_tail
from ..thresholds import StabilityThresholds
from ..views.curves import TrialCurves

SHIPPED = StabilityThresholds()


@final
@dataclass(frozen=True, kw_only=True)
class StabilityLimit:
    """Where the best learning rate stands among stable and unstable ones.

    Args:
        why: Why that cannot be judged; empty where it can.
        rate: The best trial's.
        stable: How many stable trials lie above it.
        unstable: The unstable trials above it.
        chance: How likely so many of all unstable trials lie above it by chance.
    """

    study: str
    status: Severity
    why: str = ""
    hyperparameter: str = ""
    trial: int | None = None
    rate: float = math.nan
    stable: int = 0
    unstable: tuple[int, ...] = ()
    chance: float = math.nan


def stability_limit(
    study: Study,
    curves: Sequence[TrialCurves],
    unstable: Mapping[int, bool],
    *,
    thresholds: StabilityThresholds = SHIPPED,
) -> StabilityLimit:
    """Whether nearly all trials above the best learning rate are unstable, and by no chance.

    Source: D1, D3.
    """
    name = _rate_of(study)
    if not name:
        return StabilityLimit(
            study=study.name, status="unclear", why="its space has no learning rate"
        )
    with_rate = _with_rate(curves, name)
    best = _best(with_rate, unstable)
    if best is None:
        return StabilityLimit(study=study.name, status="unclear", why="no stable trial has a value")
    rate, winner = best
    above = [trial.id for value, trial in with_rate if value > rate]
    unstable_above = sorted(trial for trial in above if unstable[trial])
    count, stable = len(unstable_above), len(above) - len(unstable_above)
    chance = upper_tail(
        count,
        drawn=sum(unstable[trial.id] for _, trial in with_rate),
        hit_items=len(above),
        items=len(with_rate),
    )
    hardly_chance = count >= thresholds.min_unstable and chance <= thresholds.max_chance
    at_limit = hardly_chance and 3 * stable <= count
    return StabilityLimit(
        study=study.name,
        # A sign, says the playbook, to be checked again: it forbids no answer by itself.
        status="notice" if at_limit else "ok",
        hyperparameter=name,
        trial=winner,
        rate=rate,
        stable=stable,
        unstable=tuple(unstable_above),
        chance=chance,
    )


def _rate_of(study: Study) -> str:
    """What the space calls its learning rate; empty where it has none."""
    for name, domain in sorted(study.space.domains.items()):
        entry = known(name, study.names)
        if entry is not None and entry.name == "learning_rate" and not isinstance(domain, Choice):
            return name
    return ""


def _with_rate(curves: Sequence[TrialCurves], name: str) -> list[tuple[float, TrialCurves]]:
    """The trials that have a learning rate, each with it."""
    return [
        (float(trial.record.setting[name]), trial)
        for trial in curves
        if isinstance(trial.record.setting.get(name), int | float)
    ]


def _best(
    with_rate: Sequence[tuple[float, TrialCurves]], unstable: Mapping[int, bool]
) -> tuple[float, int] | None:
    """The learning rate and the id of the best trial that is not unstable."""
    with_value = [
        (Objective(trial.metric, trial.maximize).loss(best.value), trial.id, rate)
        for rate, trial in with_rate
        if not unstable[trial.id]
        and not trial.infeasible
        and (best := trial.record.best(trial.metric, maximize=trial.maximize)) is not None
    ]
    if not with_value:
        return None
    _, trial, rate = min(with_value)
    return rate, trial


def findings(result: StabilityLimit) -> list[Finding]:
    """One finding a study.

    Source: D3.
    """
    return [
        Finding(
            rule="D3",
            check="stability",
            status=result.status,
            subject={"study": result.study},
            message=_message(result),
            evidence={
                "hyperparameter": result.hyperparameter,
                "trials": [result.trial, *result.unstable] if result.trial is not None else [],
                "rate": result.rate,
                "stable_above": result.stable,
                "unstable_above": len(result.unstable),
                "chance": result.chance,
            },
            advice=_advice(result),
        )
    ]


def _message(result: StabilityLimit) -> str:
    if result.why:
        whether = f"Whether instability holds the best learning rate of `{result.study}` down"
        return f"{whether} is open, since {result.why}."
    above = len(result.unstable) + result.stable
    best = f"The best stable trial, {result.trial}, has {result.hyperparameter} = "
    rest = f"{number(result.rate)}; {len(result.unstable)} of {plural(above, 'trial')} above it"
    end = " are unstable"
    end += ": a sign that instability holds it down." if result.status == "notice" else "."
    return f"{best}{rest}{end}"


def _advice(result: StabilityLimit) -> str:
    if result.status != "notice":
        return ""
    return (
        f"Double check at 5 and 10 times {number(result.rate)}: a loss that falls steadily and "
        "then jumps is instability (D3). Then stabilize, warmup first, and search higher rates "
        "(D6, D7)."
    )
