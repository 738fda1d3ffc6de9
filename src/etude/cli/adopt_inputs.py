"""What `etude adopt` decides by: settings with their trainings, the baseline, and doubts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..advise.adoption import AdoptionDecision, Candidate
    from ..advise.ending import Reason
    from ..experiment import Experiment
    from ..experiment.baseline import Adoption, Baseline
    from ..round.result import Result


def line_of(path: Path) -> Baseline | None:
    """The baseline as it stands; None where there is none yet."""
    from ..experiment import baseline

    return baseline.read(path) if path.is_file() else None


def source_of(result: Result, trial: str) -> tuple[Result, str]:
    """The round whose trainings count, and which of its trials; empty for its best.

    Where the setting was trained again in a round of its own, that round's, for its best too: what
    leads by one training may be behind by five.
    """
    from ..analyze.comparison.retrainings import ENOUGH
    from ..round.result import load

    best = candidates(result, trial)[0]
    if len(best.trainings.values) >= ENOUGH:
        return result, trial
    for again in result.retrainings:
        if not again.ended or again.experiment.max_steps != result.experiment.max_steps:
            continue
        round_again = load(result.store, again.experiment.name)
        same = [one for one in typable_candidates(round_again) if one.setting == best.setting]
        if same and len(same[0].trainings.values) >= ENOUGH:
            return round_again, str(same[0].trial) if trial else ""
    return result, trial


def decided(
    result: Result, trial: str, line: Baseline | None, *, worth: float, as_is: bool
) -> tuple[AdoptionDecision, Candidate | None]:
    """What is decided of the experiment's settings, and the baseline they stand against."""
    from dataclasses import replace

    from ..advise.adoption import adoption, already_adopted

    settings, experiment = candidates(result, trial), result.experiment
    # A starting point that was trained again is no rival of itself.
    first = line is None or _is_starting_point(line.last, settings[0])
    incumbent = None if first or line is None else _incumbent(line, result)
    rivals = [one for one in settings if incumbent is None or one.setting != incumbent.setting]
    if not rivals:
        return already_adopted(settings[0]), None
    if first:
        rivals = [_with_said(one, result, replaces=line is not None) for one in rivals]
    decision = adoption(
        rivals,
        incumbent,
        metric=experiment.metric,
        maximize=experiment.maximize,
        worth=worth,
        as_is=as_is,
    )
    if first and line is not None and decision.decision == "keep":
        decision = replace(decision, starting_point=False)
    return decision, incumbent


def _with_said(one: Candidate, result: Result, *, replaces: bool) -> Candidate:
    """A setting with the comparison that its round made of it, and whether it replaces another."""
    from dataclasses import replace

    verdict = result.verdict
    study = {record.id: record.study for record in result.records}.get(one.trial)
    leads = verdict.status in ("better", "leads") and verdict.winner == study
    said = [f"{verdict.headline}."] * leads + ["It replaces a starting point."] * replaces
    return replace(one, compared=" ".join(said))


def _is_starting_point(last: Adoption, best: Candidate) -> bool:
    return last.starting_point and dict(last.setting) == dict(best.setting)


def candidates(result: Result, trial: str) -> list[Candidate]:
    """The settings of the experiment, or the one of a trial."""
    from ..errors import RunError

    settings = typable_candidates(result)
    if trial:
        records = [one for one in result.records if trial in (str(one.id), one.name)]
        setting = records[0].setting if records else None
        settings = [one for one in settings if one.setting == setting]
    if not settings:
        subject = f"trial `{trial}` that has ended" if trial else "trial that has ended"
        raise RunError(
            f"`{result.experiment.name}` has no {subject}, so there is nothing to adopt."
        )
    return settings


def typable_candidates(result: Result) -> list[Candidate]:
    """The settings of an experiment by the names that can be typed: two experiments meet here."""
    from dataclasses import replace

    from ..advise.adoption import candidates as settings_of

    name = result.experiment.name
    return [
        replace(one, trainings=replace(one.trainings, name=f"{name}:{one.trial}"))
        for one in settings_of(result.analysis)
    ]


def _is_judged_alike(one: Experiment, other: Experiment) -> bool:
    """Whether values of both say the same: their metric, its direction, and the length."""
    keys = ("metric", "maximize", "max_steps")
    return all(getattr(one, key) == getattr(other, key) for key in keys)


def _incumbent(line: Baseline, result: Result) -> Candidate:
    """The baseline with its trainings of this length: here, where it was adopted, or launched."""
    from ..errors import RunError
    from ..procedure.launch import launch_name
    from ..round.result import load

    last, length = line.last, result.experiment.max_steps
    if (last.metric, last.maximize) != (result.experiment.metric, result.experiment.maximize):
        raise RunError(
            f"The baseline is judged by {last.metric} and `{result.experiment.name}` by "
            f"{result.experiment.metric}, or in the other direction: train both alike first."
        )
    names = (result.experiment.name, last.experiment, launch_name(last, length))
    # Those that `adopt` proposed stand below the rounds that they train again.
    above = {result.experiment.name, result.experiment.parent, last.experiment} - {None}
    experiments = [entry.experiment for entry in result.store.entries()]
    judged_alike = [one for one in experiments if _is_judged_alike(one, result.experiment)]
    known = [one.name for one in judged_alike if one.name in names or one.parent in above]
    results = [load(result.store, name) for name in known]
    alike = [
        candidate
        for known_result in results
        for candidate in typable_candidates(known_result)
        if candidate.setting == last.setting
    ]
    if not alike:
        raise RunError(
            f"The baseline, trial {last.trial} of `{last.experiment}`, has no training of "
            f"{length:,} steps in this store. Name the store that has one with --store, or train "
            f"it here: `etude launch --max-steps {length}`."
        )
    return max(alike, key=lambda candidate: len(candidate.trainings.values))


def doubts_of(result: Result) -> list[Reason]:
    """What the verdict leaves open, and which checks fail: of the round, and of its search."""
    from ..round.result import load

    rounds = [result, *([load(result.store, result.retrains)] if result.retrains else [])]
    return [doubt for one in rounds for doubt in _doubts(one, answered=one is not result)]


def code_of(result: Result) -> str:
    """The versions of the code that trained a round, as its evidence names them.

    Source: K3.
    """
    from ..analyze.views.versions import versions

    found = versions(result.records).of_trial.values()
    names = dict.fromkeys(one.version for own in found for one in own if one.version)
    if not names:
        return ""
    return f" Trained by code {' and '.join(names)}."


def _doubts(result: Result, *, answered: bool) -> Iterator[Reason]:
    """Those of one round; a verdict that retrainings answered is open no more."""
    from ..advise.adoption import round_doubts

    yield from round_doubts(
        result.experiment.name,
        result.verdict,
        result.findings,
        answered=answered,
        unread=[] if answered else [one.name for one in result.analysis.unread.names],
    )
