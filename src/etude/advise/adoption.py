"""Whether a configuration becomes the baseline: its gain against the complexity it adds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal, TypeAlias, final

from ..analyze.analysis import Analysis
from ..analyze.comparison import Comparison, comparison
from ..analyze.comparison.message import message as compared
from ..analyze.comparison.retrainings import Retrainings
from ..analyze.views.outcomes import Outcome
from ..analyze.views.repeats import repeats
from ..record import Record
from ..space import Scalar
from ..study import Study
from ..wording import join, number, plural
from .complexity import Complexity, Cost, complexity

Decision: TypeAlias = Literal["adopt", "keep"]


@final
@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A setting with its trainings, one or more."""

    trial: int
    setting: Mapping[str, Scalar]
    trainings: Retrainings
    loss: float
    cost: Cost

    @property
    def retrained(self) -> bool:
        """Whether it was trained more than once."""
        return len(self.trainings.values) > 1


@final
@dataclass(frozen=True, kw_only=True)
class Adopted:
    """Whether to adopt, and why.

    Args:
        pruned: The changes of the best setting that were dropped without loss.
        comparison: With the baseline; None where there is none, or it was not retrained.
    """

    decision: Decision
    candidate: Candidate
    message: str
    complexity: Complexity
    comparison: Comparison | None = None
    pruned: tuple[str, ...] = ()


def candidates(analysis: Analysis) -> list[Candidate]:
    """Every setting of an experiment with its trainings, the best mean first, failures last.

    A setting with failed trainings stands behind all that have none.

    Source: A2, A4.
    """
    groups = [
        (study, group)
        for study in analysis.studies
        for group in repeats(analysis.outcomes(study))
        if group
    ]
    found = [_candidate(study, group) for study, group in groups]
    return sorted(found, key=lambda one: (one.loss, one.trial))


def _candidate(study: Study, group: Sequence[Outcome]) -> Candidate:
    losses = [one.loss for one in group]
    timed = [one.record.wall_s / one.record.steps for one in group if one.record.steps]
    logged = [value for one in group for value in _parameters(one.record)]
    values = [math.nan if one.value is None else one.value for one in group]
    return Candidate(
        trial=group[0].trial,
        setting=group[0].record.setting,
        trainings=Retrainings(name=f"{study.name}:{group[0].trial}", values=tuple(values)),
        loss=fmean(losses) if all(map(math.isfinite, losses)) else math.inf,
        cost=Cost(
            step_s=fmean(timed) if timed and any(timed) else None,
            parameters=max(logged, default=None),
        ),
    )


def _parameters(record: Record) -> list[float]:
    """The number of parameters that a training logged, under whatever prefix."""
    names = [name for name in record.points.metrics if name.split("/")[-1] == "parameters"]
    return [float(record.series(name).values_P[-1]) for name in names]


def adoption(
    found: Sequence[Candidate],
    baseline: Candidate | None,
    *,
    metric: str,
    maximize: bool = False,
    worth: float = 0.0,
) -> Adopted:
    """Whether the best setting found is adopted; of settings that tie, the simpler one.

    Better by more than `worth` for each part that it adds: adopt. No detectable difference: adopt
    only what is simpler. Worse or undecided: keep the baseline. The first baseline needs no
    comparison.

    Args:
        found: Settings of an experiment, the best first, at least one.
        baseline: The one that holds, with its trainings; None where there is none yet.
        metric: Its name, for messages.
        maximize: Whether higher is better.
        worth: The gain that one added part must bring, in the unit of the metric.

    Source: A2, A4, R1.
    """
    best = _best(found)
    if baseline is None:
        return _first(best, metric)
    chosen = _simplest(found, best, baseline, maximize=maximize)
    adds = complexity(baseline.setting, chosen.setting, costs=(baseline.cost, chosen.cost))
    pruned = _dropped(best, chosen)
    if not (chosen.retrained and baseline.retrained):
        once = [one for one in (chosen, baseline) if not one.retrained]
        names = join([f"`{one.trainings.name}`" for one in once])
        text = (
            f"{names} {'was' if len(once) == 1 else 'were'} trained once, which tells nothing of "
            "chance: train both again with 5 seeds each before adopting (A1, A2)."
        )
        return Adopted(decision="keep", candidate=chosen, message=text, complexity=adds)
    result = comparison(baseline.trainings, chosen.trainings, metric=metric, maximize=maximize)
    decision, why = _weighed(result, adds, worth)
    return Adopted(
        decision=decision,
        candidate=chosen,
        message=f"{compared(result)} {why}{_said(pruned)}",
        complexity=adds,
        comparison=result,
        pruned=pruned,
    )


def _best(found: Sequence[Candidate]) -> Candidate:
    """The best of those that were retrained, where any was: one training may be lucky (A1)."""
    retrained = [one for one in found if one.retrained]
    return (retrained or list(found))[0]


def _first(best: Candidate, metric: str) -> Adopted:
    trainings = len(best.trainings.values)
    known = [value for value in best.trainings.values if math.isfinite(value)]
    mean = number(fmean(known)) if known else "no value"
    spread = (
        f"the mean of {plural(trainings, 'training')}"
        if trainings > 1
        else "one training, whose variance is not known (A2)"
    )
    text = f"The first baseline: {metric} {mean}, {spread}. Nothing was compared."
    return Adopted(decision="adopt", candidate=best, message=text, complexity=Complexity())


def _simplest(
    found: Sequence[Candidate], best: Candidate, baseline: Candidate, *, maximize: bool
) -> Candidate:
    """The simplest retrained setting that is not detectably worse than the best one."""
    if not best.retrained:
        return best
    others = [one for one in found if one.retrained and one.setting != baseline.setting]
    by_size = sorted(others, key=lambda one: (*_size(baseline, one), one.loss))
    for one in by_size:
        if one is best or _size(baseline, one) >= _size(baseline, best):
            continue
        answer = comparison(best.trainings, one.trainings, maximize=maximize).answer
        if answer in ("better", "no_difference"):
            return one
    return best


def _size(baseline: Candidate, one: Candidate) -> tuple[int, int]:
    found = complexity(baseline.setting, one.setting, costs=(baseline.cost, one.cost))
    return found.net, len(found.adds) + len(found.drops) + len(found.changed)


def _dropped(best: Candidate, chosen: Candidate) -> tuple[str, ...]:
    names = best.setting.keys() | chosen.setting.keys()
    return tuple(
        sorted(name for name in names if best.setting.get(name) != chosen.setting.get(name))
    )


def _weighed(result: Comparison, adds: Complexity, worth: float) -> tuple[Decision, str]:
    if result.answer == "better":
        needed = worth * max(adds.net, 0)
        if result.gain > needed:
            return "adopt", f"It {adds} (A4)."
        return "keep", (
            f"It {adds}, which asks for a gain of {number(needed)}, and it gains "
            f"{number(result.gain)}: the baseline stays (A4)."
        )
    if result.answer == "no_difference" and adds.net < 0:
        return "adopt", f"It {adds}: of two that tie, the simpler one (A4)."
    if result.answer == "no_difference":
        return "keep", f"It {adds}: of two that tie, the simpler one stays (A4)."
    return "keep", "The baseline stays (A4)."


def _said(pruned: Sequence[str]) -> str:
    if not pruned:
        return ""
    return f" Dropped without loss that could be seen: {join([f'`{one}`' for one in pruned])}."
