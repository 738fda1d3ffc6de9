"""Whether a configuration becomes the baseline: its gain against the complexity it adds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Literal, TypeAlias, final

from ..analyze.analysis import Analysis
from ..analyze.comparison import Comparison, comparison
from ..analyze.comparison.message import message as comparison_message
from ..analyze.comparison.retrainings import Retrainings
from ..analyze.views.outcomes import Outcome
from ..analyze.views.repeats import repeats
from ..playbook.catalogue import Names
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
    names: Names = field(default_factory=dict)

    @property
    def retrained(self) -> bool:
        """Whether it was trained more than once."""
        return len(self.trainings.values) > 1


@final
@dataclass(frozen=True, kw_only=True)
class AdoptionDecision:
    """Whether a setting becomes the baseline, and why.

    Args:
        pruned: The changes of the best setting that were dropped without loss.
        comparison: With the baseline; None where there is none, or it was not retrained.
        reason: What decided, in a sentence.
    """

    decision: Decision
    candidate: Candidate
    message: str
    complexity: Complexity
    comparison: Comparison | None = None
    pruned: tuple[str, ...] = ()
    reason: str = ""


def candidates(analysis: Analysis) -> list[Candidate]:
    """Every setting of an experiment with its trainings, the best mean first, failures last.

    A setting with failed trainings stands behind all that have none.

    Source: A2, A4.
    """
    settings = [
        _candidate(study, trainings)
        for study in analysis.studies
        for trainings in repeats(analysis.outcomes(study))
        if trainings
    ]
    return sorted(settings, key=lambda candidate: (candidate.loss, candidate.trial))


def _candidate(study: Study, trainings: Sequence[Outcome]) -> Candidate:
    losses = [training.loss for training in trainings]
    records = [training.record for training in trainings]
    step_s = [record.wall_s / record.steps for record in records if record.steps]
    parameters = [value for record in records for value in _parameters(record)]
    values = [math.nan if training.value is None else training.value for training in trainings]
    first = trainings[0]
    return Candidate(
        trial=first.trial,
        setting=first.record.setting,
        names=study.names,
        trainings=Retrainings(name=f"{study.name}:{first.trial}", values=tuple(values)),
        loss=fmean(losses) if all(map(math.isfinite, losses)) else math.inf,
        cost=Cost(
            step_s=fmean(step_s) if any(step_s) else None,
            parameters=max(parameters, default=None),
        ),
    )


def _parameters(record: Record) -> list[float]:
    """The number of parameters that a training logged, under whatever prefix."""
    names = [name for name in record.points.metrics if name.split("/")[-1] == "parameters"]
    return [float(record.series(name).values_P[-1]) for name in names]


def adoption(
    settings: Sequence[Candidate],
    baseline: Candidate | None,
    *,
    metric: str,
    maximize: bool = False,
    worth: float = 0.0,
) -> AdoptionDecision:
    """Whether the best setting is adopted; of settings that tie, the simpler one.

    Better by more than `worth` for each part that it adds: adopt. No detectable difference: adopt
    only what is simpler. Worse or undecided: keep the baseline. The first baseline needs no
    comparison.

    Args:
        settings: Settings of an experiment, the best first, at least one.
        baseline: The one that holds, with its trainings; None where there is none yet.
        metric: Its name, for messages.
        maximize: Whether higher is better.
        worth: The gain that one added part must bring, in the unit of the metric.

    Source: A2, A4, R1.
    """
    best = _best(settings)
    if baseline is None:
        return _first_adoption(best, metric)
    chosen = _simplest(settings, best, baseline, maximize=maximize)
    adds = complexity(
        baseline.setting, chosen.setting, costs=(baseline.cost, chosen.cost), names=chosen.names
    )
    if not (chosen.retrained and baseline.retrained):
        message = _once_message([one for one in (chosen, baseline) if not one.retrained])
        return AdoptionDecision(decision="keep", candidate=chosen, message=message, complexity=adds)
    result = comparison(baseline.trainings, chosen.trainings, metric=metric, maximize=maximize)
    decision, why = _decision(result, adds, worth)
    pruned = _pruned(best, chosen)
    return AdoptionDecision(
        decision=decision,
        candidate=chosen,
        message=f"{comparison_message(result)} {why}{_pruned_message(pruned)}",
        complexity=adds,
        comparison=result,
        pruned=pruned,
        reason=why,
    )


def _best(settings: Sequence[Candidate]) -> Candidate:
    """The best of those that were retrained, where any was: one training may be lucky (A1)."""
    retrained = [candidate for candidate in settings if candidate.retrained]
    return (retrained or list(settings))[0]


def _first_adoption(best: Candidate, metric: str) -> AdoptionDecision:
    trainings = len(best.trainings.values)
    finite = [value for value in best.trainings.values if math.isfinite(value)]
    mean = number(fmean(finite)) if finite else "no value"
    spread = (
        f"the mean of {plural(trainings, 'training')}"
        if trainings > 1
        else "one training, whose variance is not known (A2)"
    )
    message = f"The first baseline: {metric} {mean}, {spread}. Nothing was compared."
    return AdoptionDecision(
        decision="adopt", candidate=best, message=message, complexity=Complexity()
    )


def _once_message(once: Sequence[Candidate]) -> str:
    """Why settings that were trained once are not compared."""
    names = join([f"`{candidate.trainings.name}`" for candidate in once])
    return (
        f"{names} {'was' if len(once) == 1 else 'were'} trained once, which tells nothing of "
        "chance: train both again with 5 seeds each before adopting (A1, A2)."
    )


def _simplest(
    settings: Sequence[Candidate], best: Candidate, baseline: Candidate, *, maximize: bool
) -> Candidate:
    """The simplest retrained setting that is not detectably worse than the best one."""
    if not best.retrained:
        return best
    others = [one for one in settings if one.retrained and one.setting != baseline.setting]
    by_size = sorted(others, key=lambda candidate: (*_size(baseline, candidate), candidate.loss))
    for candidate in by_size:
        if candidate is best or _size(baseline, candidate) >= _size(baseline, best):
            continue
        answer = comparison(best.trainings, candidate.trainings, maximize=maximize).answer
        if answer in ("better", "no_difference"):
            return candidate
    return best


def _size(baseline: Candidate, candidate: Candidate) -> tuple[int, int]:
    """What a candidate adds to the baseline, less what it leaves out; and all that differs."""
    difference = complexity(
        baseline.setting,
        candidate.setting,
        costs=(baseline.cost, candidate.cost),
        names=candidate.names,
    )
    parts = (difference.adds, difference.drops, difference.changed)
    return difference.net, sum(map(len, parts))


def _pruned(best: Candidate, chosen: Candidate) -> tuple[str, ...]:
    """The hyperparameters in which the chosen setting differs from the best."""
    names = best.setting.keys() | chosen.setting.keys()
    return tuple(
        sorted(name for name in names if best.setting.get(name) != chosen.setting.get(name))
    )


def _decision(result: Comparison, adds: Complexity, worth: float) -> tuple[Decision, str]:
    """The gain against what it adds, and why."""
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


def _pruned_message(pruned: Sequence[str]) -> str:
    if not pruned:
        return ""
    return f" Dropped without loss that could be seen: {join([f'`{name}`' for name in pruned])}."
