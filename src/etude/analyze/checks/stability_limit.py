"""Whether instability holds the best learning rate down: does it lie at the edge of the stable?"""

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
from ..views.curves import TrialCurves

# Heuristic: with fewer unstable trials above, a cliff is not told from bad luck.
_MIN_UNSTABLE = 3
# The usual 5 %: so rarely would unstable trials lie above the best one by chance.
_MAX_CHANCE = 0.05


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


def feasible_edge(
    study: Study, traces: Sequence[TrialCurves], unstable: Mapping[int, bool]
) -> StabilityLimit:
    """Whether nearly all trials above the best learning rate are unstable, and by no chance.

    Source: D1, D3.
    """
    name = _rate_of(study)
    if not name:
        return StabilityLimit(
            study=study.name, status="unclear", why="its space has no learning rate"
        )
    placed = [
        (float(trace.record.setting[name]), trace)
        for trace in traces
        if isinstance(trace.record.setting.get(name), int | float)
    ]
    best = _best(placed, unstable)
    if best is None:
        return StabilityLimit(study=study.name, status="unclear", why="no stable trial has a value")
    rate, winner = best
    above = [trace.trial for value, trace in placed if value > rate]
    broken = sorted(trial for trial in above if unstable[trial])
    chance = upper_tail(
        len(broken),
        drawn=sum(unstable[trace.trial] for _, trace in placed),
        there=len(above),
        items=len(placed),
    )
    stable = len(above) - len(broken)
    at_edge = len(broken) >= _MIN_UNSTABLE and 3 * stable <= len(broken) and chance <= _MAX_CHANCE
    return StabilityLimit(
        study=study.name,
        # A sign, says the playbook, to be checked again: it forbids no answer by itself.
        status="notice" if at_edge else "ok",
        hyperparameter=name,
        trial=winner,
        rate=rate,
        stable=stable,
        unstable=tuple(broken),
        chance=chance,
    )


def _rate_of(study: Study) -> str:
    for name, domain in sorted(study.space.domains.items()):
        entry = known(name)
        if entry is not None and entry.name == "learning_rate" and not isinstance(domain, Choice):
            return name
    return ""


def _best(
    placed: Sequence[tuple[float, TrialCurves]], unstable: Mapping[int, bool]
) -> tuple[float, int] | None:
    """The learning rate and the id of the best trial that is not unstable."""
    valued = [
        (Objective(trace.metric, trace.maximize).loss(best.value), trace.trial, rate)
        for rate, trace in placed
        if not unstable[trace.trial]
        and not trace.infeasible
        and (best := trace.record.best(trace.metric, maximize=trace.maximize)) is not None
    ]
    if not valued:
        return None
    _, trial, rate = min(valued)
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
            message=_said(result),
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


def _said(result: StabilityLimit) -> str:
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
