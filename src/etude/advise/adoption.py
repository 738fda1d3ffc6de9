"""Whether a configuration becomes the baseline: its gain against the complexity it adds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Literal, TypeAlias, final

from ..analyze.analysis import Analysis
from ..analyze.comparison import Comparison, comparison
from ..analyze.comparison.message import message as comparison_message
from ..analyze.comparison.retrainings import ENOUGH, Retrainings, copied
from ..analyze.comparison.shared_level import decides_among, shared_level
from ..analyze.views.outcomes import Outcome
from ..analyze.views.repeats import copies_text, repeats
from ..experiment.objective import Objective
from ..finding import Finding, Verdict
from ..playbook.catalogue import Names
from ..record import Record
from ..space import Scalar
from ..study import Study
from ..wording import join, number, plural, quantity, shortened
from .complexity import Complexity, Cost, complexity
from .context import claim
from .ending import REASON_WORDS, Reason
from .ranking import relevant_findings

Decision: TypeAlias = Literal["adopt", "keep"]


@final
@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A setting with its trainings, one or more.

    Args:
        compared: What its round says of it, and what it replaces; empty where it says nothing.
    """

    trial: int
    setting: Mapping[str, Scalar]
    trainings: Retrainings
    loss: float
    cost: Cost
    names: Names = field(default_factory=dict)
    compared: str = ""

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
        starting_point: Whether nobody knows yet what the setting is worth, so that it could be
            adopted only as something to begin with.
        retrain: Whether trainings of it with other seeds are all that lacks.
    """

    decision: Decision
    candidate: Candidate
    message: str
    complexity: Complexity
    comparison: Comparison | None = None
    pruned: tuple[str, ...] = ()
    reason: str = ""
    starting_point: bool = False
    retrain: bool = False


def candidates(analysis: Analysis) -> list[Candidate]:
    """Every setting of an experiment with its trainings, the best mean first, failures last.

    A setting with failed trainings stands behind all that have none.

    Source: A2, A4.
    """
    groups = [
        (study, trainings)
        for study in analysis.studies
        for trainings in repeats(analysis.outcomes(study))
        if trainings
    ]
    every = [trainings for _, trainings in groups]
    settings = [
        _candidate(study, trainings, are_copies=copied(trainings, every))
        for study, trainings in groups
    ]
    return sorted(settings, key=lambda candidate: (candidate.loss, candidate.trial))


def _candidate(study: Study, trainings: Sequence[Outcome], *, are_copies: bool) -> Candidate:
    losses = [training.loss for training in trainings]
    records = [training.record for training in trainings]
    steps_s = tuple(record.wall_s / record.steps for record in records if record.steps)
    parameters = [value for record in records for value in _parameters(record)]
    values = [math.nan if training.value is None else training.value for training in trainings]
    first = trainings[0]
    return Candidate(
        trial=first.trial,
        setting=first.record.setting,
        names=study.names,
        trainings=Retrainings(
            name=f"{study.name}:{first.trial}", values=tuple(values), copies=are_copies
        ),
        loss=fmean(losses) if all(map(math.isfinite, losses)) else math.inf,
        cost=Cost(steps_s=steps_s, parameters=max(parameters, default=None)),
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
    as_is: bool = False,
) -> AdoptionDecision:
    """Whether the best setting is adopted; of settings that tie, the simpler one.

    Better by more than `worth` for each part that it adds: adopt; where it is the best of several,
    at the level that all of them share. No detectable difference: adopt
    only what is simpler. Worse or undecided: keep the baseline. The first baseline needs no
    comparison, but five trainings, none of which failed: one may be luck.

    Args:
        settings: Settings of an experiment, the best first, at least one.
        baseline: The one that holds, with its trainings; None where there is none yet.
        metric: Its name, for messages.
        maximize: Whether higher is better.
        worth: The gain that one added part must bring, in the unit of the metric.
        as_is: Whether a first baseline is adopted as a starting point, whatever its trainings.

    Source: A2, A4, R1.
    """
    if baseline is None:
        return _first_adoption(_known_best(settings), metric, as_is=as_is)
    best = _best(settings)
    simplest = _simplest(settings, best, baseline, maximize=maximize)
    if not (simplest.retrained and baseline.retrained):
        message = _once_message([one for one in (simplest, baseline) if not one.retrained])
        adds = _added(baseline, simplest)
        return AdoptionDecision(
            decision="keep", candidate=simplest, message=message, complexity=adds
        )
    # What ties with the best may tie with the baseline too, which the best itself beats.
    objective = Objective(metric, maximize)
    tried = [simplest] if simplest is best else [simplest, best]
    compared = sum(one.setting != baseline.setting for one in _pool(settings))
    of_each = [
        _decided(one, best, baseline, objective, worth=worth, compared=compared) for one in tried
    ]
    return next((one for one in of_each if one.decision == "adopt"), of_each[0])


def _added(baseline: Candidate, candidate: Candidate) -> Complexity:
    return complexity(
        baseline.setting,
        candidate.setting,
        costs=(baseline.cost, candidate.cost),
        names=candidate.names,
    )


def _decided(
    chosen: Candidate,
    best: Candidate,
    baseline: Candidate,
    objective: Objective,
    *,
    worth: float,
    compared: int,
) -> AdoptionDecision:
    """What is decided of a setting that was retrained, as the baseline was."""
    adds = _added(baseline, chosen)
    result = comparison(
        baseline.trainings,
        chosen.trainings,
        metric=objective.metric,
        maximize=objective.maximize,
    )
    decision, why = _decision(result, adds, worth)
    if decision == "adopt" and result.answer == "better" and not decides_among(result, compared):
        decision, why = "keep", _best_of_several(compared)
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
    """The best of those that were retrained, where any was: one training may be lucky (A1).

    Of those that were retrained often enough, where any was: so may two be (A2).
    """
    return _pool(settings)[0]


def _pool(settings: Sequence[Candidate]) -> list[Candidate]:
    """The settings of which the best is taken."""
    retrained = [candidate for candidate in settings if candidate.retrained]
    enough = [one for one in retrained if len(one.trainings.values) >= ENOUGH]
    return enough or retrained or list(settings)


def already_adopted(candidate: Candidate) -> AdoptionDecision:
    """What is decided of the baseline itself: nothing is to be adopted.

    Source: A4.
    """
    return _first("keep", candidate, "This setting is the baseline already.")


def _known_best(settings: Sequence[Candidate]) -> Candidate:
    """The best of those with trainings enough, where any has; else the best of all.

    A setting that a search met twice by chance is no better for it.
    """
    known = [one for one in settings if len(one.trainings.values) >= ENOUGH]
    return (known or list(settings))[0]


def _first_adoption(best: Candidate, metric: str, *, as_is: bool) -> AdoptionDecision:
    """A first baseline, where its trainings say what it is worth, or nobody asks them to."""
    trainings = len(best.trainings.values)
    finite = [value for value in best.trainings.values if math.isfinite(value)]
    failed = trainings - len(finite)
    if not finite:
        every = f"All {trainings} trainings" if trainings > 1 else "Its only training"
        reason = f"{every} failed: there is no value to adopt."
        return _first("keep", best, reason, starting_point=True)
    value = f"{metric} {number(fmean(finite))}"
    if best.trainings.copies:
        reason = (
            f"{copies_text(len(finite))}, or nothing in it is random: {value} counts once (A2)."
        )
        return _first("adopt" if as_is else "keep", best, reason, starting_point=True)
    mean = f"{value}, the mean of {plural(len(finite), 'training')}"
    if failed:
        reason = f"{failed} of {plural(trainings, 'training')} failed; {mean}."
        return _first("adopt" if as_is else "keep", best, reason, starting_point=True)
    if trainings >= ENOUGH:
        message = f"The first baseline: {mean}. {best.compared or 'Nothing was compared.'}"
        return _first("adopt", best, message)
    times = "once" if trainings == 1 else f"only {trainings} times"
    reason = f"Trained {times}: what {value} is worth with other seeds is not known (A1, A2)."
    return replace(
        _first("adopt" if as_is else "keep", best, reason, starting_point=True), retrain=not as_is
    )


def _first(
    decision: Decision, best: Candidate, reason: str, *, starting_point: bool = False
) -> AdoptionDecision:
    named = "A starting point. " if starting_point and decision == "adopt" else ""
    return AdoptionDecision(
        decision=decision,
        candidate=best,
        message=f"{named}{reason}",
        reason=reason,
        complexity=Complexity(),
        starting_point=starting_point,
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


def _best_of_several(compared: int) -> str:
    """Why what is better at 5 % is not adopted: each setting was one more chance to be lucky."""
    level = number(shared_level(compared), 2)
    return (
        f"It is one of {compared} settings, which share the 5 %: each must hold at {level}. "
        "Train it again, alone, with other seeds (A2)."
    )


def _pruned_message(pruned: Sequence[str]) -> str:
    if not pruned:
        return ""
    return f" Dropped without loss that could be seen: {join([f'`{name}`' for name in pruned])}."


def round_doubts(
    name: str,
    verdict: Verdict,
    findings: Sequence[Finding],
    *,
    answered: bool = False,
    unread: Sequence[str] = (),
) -> Iterator[Reason]:
    """Why what a round found may not be the last word: an open verdict, and failed checks.

    Args:
        name: The round.
        verdict: Its verdict.
        findings: Of its design and of every check.
        answered: Whether retrainings answered what its verdict leaves open.
        unread: What of the adopted setting no training read.

    Source: R1, C14, A2, K3, W8.
    """
    if unread:
        names = join([f"`{one}`" for one in unread], most=4)
        means = "its value in the baseline means" if len(unread) == 1 else "their values there mean"
        yield Reason(text=f"Nothing read {names}: {means} nothing", rules=("W8",))
    for one in findings:
        if (one.check, one.status) == ("code", "notice") and not one.acknowledged:
            yield Reason(text=claim(one), rules=("K3",))
    if verdict.status in ("unclear", "leads") and not answered:
        text = f"The verdict of `{name}` is open: {verdict.headline}"
        yield Reason(text=shortened(text, REASON_WORDS), rules=("R1",))
    failed = [
        one for one in relevant_findings(findings, verdict.best_trials) if one.status == "problem"
    ]
    if failed:
        checks = quantity(len(failed), "failed check")
        text = f"{checks} of `{name}`: {claim(failed[0])}"
        rules = dict.fromkeys(["C14", *(one.rule for one in failed)])
        yield Reason(text=shortened(text, REASON_WORDS), rules=tuple(rules))
