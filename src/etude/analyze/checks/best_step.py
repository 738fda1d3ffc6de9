"""Where in training the best step fell, trial by trial, and what that says of the length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ...finding import Finding, Severity, Words
from ...study import Study
from ...wording import number, percent, plural, study_text
from ..statistics.curve_shape import lowest
from ..statistics.once import ahead, blocks
from ..thresholds import BestStepThresholds
from ..views.aligned import MIN_WAY, aligned, ending, levelled, noise_of
from ..views.curves import TrialCurves, incomplete, without_end
from ..views.outcomes import ranked
from ..views.progress import flat
from ..views.why import Why, cause, open_headline, open_message, settled_by
from .still_improving import StillImprovingTrial, still_improving

SHIPPED = BestStepThresholds()


@final
@dataclass(frozen=True, kw_only=True)
class BestStepTrial:
    """Where one trial was at its best.

    Args:
        why: Why that cannot be said of a whole training; empty where it can.
        value: The best value, in the metric's own unit and direction; at step `lowest`.
        step: The first whose level is within noise of the best level, or `lowest` if that is
            earlier.
        share: The steps done by then, of `max_steps`.
    """

    trial: int
    status: Severity
    why: Why
    value: float | None
    step: int | None
    share: float | None
    lowest: int | None = None


@final
@dataclass(frozen=True, kw_only=True)
class BestStep:
    """The best steps of a study; `early` and `late` count them among the `judged` trials.

    Args:
        feasible: The trials that trained to their end, judged or not.
        end: Whether the compared trial still improved at its end, where most best steps fall late.
    """

    study: str
    metric: str
    max_steps: int
    status: Severity
    why: str
    feasible: int
    judged: int
    early: int
    late: int
    thresholds: BestStepThresholds
    trials: tuple[BestStepTrial, ...]
    end: StillImprovingTrial | None = None


def best_step(
    study: Study, curves: Sequence[TrialCurves], *, thresholds: BestStepThresholds = SHIPPED
) -> BestStep:
    """Where each trial was at its best, and how many were early or late.

    Source: T5, T4 (one length for all trials).
    """
    found: list[BestStepTrial] = []
    for block in blocks(curves):
        ahead((levelled, noise_of), [trial.usable_objective.values_P for trial in block])
        found += [_trial(trial, thresholds) for trial in block]
    trials = tuple(found)
    shares = [trial.share for trial in trials if trial.status == "ok" and trial.share is not None]
    early = sum(share <= thresholds.first for share in shares)
    late = sum(share > 1.0 - thresholds.last for share in shares)
    status: Severity = "ok"
    why = ""
    if len(shares) < thresholds.min_trials:
        status = "unclear"
        why = f"{plural(len(shares), 'trial')} can be judged; {thresholds.min_trials} are needed"
    elif early == len(shares) or late >= thresholds.consistently * len(shares):
        status = "notice"
    is_late = status == "notice" and early < len(shares)
    return BestStep(
        study=study.name,
        metric=study.metric,
        max_steps=study.max_steps,
        status=status,
        why=why,
        feasible=sum(not without_end(trial) for trial in curves),
        judged=len(shares),
        early=early,
        late=late,
        thresholds=thresholds,
        trials=trials,
        end=_compared(study, curves) if is_late else None,
    )


def _compared(study: Study, curves: Sequence[TrialCurves]) -> StillImprovingTrial:
    """Whether the trial that is compared still improved: a late best step may be luck."""
    best = ranked([trial.outcome for trial in curves])[0].trial
    (end,) = still_improving(study, [trial for trial in curves if trial.id == best]).trials
    return end


def _trial(trial: TrialCurves, thresholds: BestStepThresholds) -> BestStepTrial:
    series = trial.usable_objective
    position = lowest(series)
    why = incomplete(trial, series, at_least=thresholds.min_evaluations, full=thresholds.full)
    if position is None:
        return BestStepTrial(
            trial=trial.id, status="unclear", why=why, value=None, step=None, share=None
        )
    value = float(series.values_P[position])
    if not why and value == float(series.values_P.max()):
        why = Why("flat", f"its {trial.own_metric} is the same at every evaluation")
    step = int(series.steps_P[min(position, _reached(series.values_P, thresholds))])
    if not why and step + 1 <= thresholds.first * trial.max_steps and _never_left(trial):
        why = Why("flat", f"its {trial.own_metric} never left the level at which it began")
    return BestStepTrial(
        trial=trial.id,
        status="unclear" if why else "ok",
        why=why,
        value=trial.value(value),
        step=step,
        share=(step + 1) / max(1, trial.max_steps),
        lowest=int(series.steps_P[position]),
    )


def _never_left(trial: TrialCurves) -> bool:
    """Whether the metric is noise around where it began: neither its best nor its end differs."""
    values_P = trial.usable_objective.values_P
    moved = abs(ending(values_P) - float(values_P[0]))
    # How later values differ: a single jump after the start is none of their noise.
    spread = float(values_P[len(values_P) // 2 :].std())
    return flat(aligned(trial)) and moved <= MIN_WAY * spread


def _reached(values_P: NDArray[np.float64], thresholds: BestStepThresholds) -> int:
    """The first place whose level is within noise of the best level.

    Of a plateau's many values the lowest is luck, and so is where it lies.
    """
    if len(values_P) < thresholds.min_evaluations:
        return int(values_P.argmin())
    # Near by its level, and by its own value: noise does not lift it off the best.
    level_P, error = levelled(values_P)
    near_P = level_P <= float(level_P.min()) + thresholds.errors * error
    reach = thresholds.deviations * noise_of(values_P)
    near_P &= values_P <= float(values_P.min()) + reach
    near = np.flatnonzero(near_P)
    # Where a curve falls to its end, no value may be near the best by both.
    return int(near[0]) if near.size else int(values_P.argmin())


def findings(result: BestStep) -> list[Finding]:
    """One finding on what the best steps say of the length, and one for each trial.

    Source: T5.
    """
    return [_of_study(result), *(_of_trial(result, trial) for trial in result.trials)]


def _of_trial(result: BestStep, trial: BestStepTrial) -> Finding:
    return Finding.of_trial(
        result, trial, _words, rule="T5", check="best_step", kind=cause(trial.why)
    )


def _words(result: BestStep, trial: BestStepTrial) -> Words:
    at = (
        ""
        if trial.share is None or trial.value is None or trial.step is None
        else (
            f"its best {result.metric}, {number(trial.value, 3)}, fell at step {trial.step:,}, "
            f"{percent(trial.share)} of the steps"
        )
    )
    if trial.lowest is not None and trial.lowest != trial.step and trial.value is not None:
        at = (
            f"its {result.metric} came within noise of its best at step {trial.step:,}, "
            f"{percent(trial.share or 0.0)} of the steps; the best, {number(trial.value, 3)}, "
            f"fell at step {trial.lowest:,}"
        )
    message = f"Trial {trial.trial}: {at}."
    share = percent(trial.share or 0.0)
    headline = f"Trial {trial.trial} was at its best at {share} of the steps"
    if trial.why:
        but = f" So far {at}." if at else ""
        message = open_message(trial.trial, "where its best step falls", trial.why) + but
        headline = open_headline(trial.trial, "the best step", trial.why)
    return Words(
        headline=headline,
        message=message,
        evidence={
            "trials": [trial.trial],
            "value": trial.value,
            "step": trial.step,
            "lowest_at": trial.lowest,
            "share": trial.share,
            "confidence": None,
        },
        advice=settled_by(trial.why),
    )


def _of_study(result: BestStep) -> Finding:
    headline, message, advice = _study_message(result)
    return Finding(
        rule="T5",
        check="best_step",
        status=result.status,
        subject={"study": result.study},
        headline=headline,
        message=message,
        evidence={
            "trials": [trial.trial for trial in result.trials if trial.status == "ok"],
            "feasible": result.feasible,
            "judged": result.judged,
            "early": result.early,
            "late": result.late,
            "confidence": None,
        },
        advice=advice,
        kind="few_trials" if result.status == "unclear" else "",
    )


def _study_message(result: BestStep) -> tuple[str, str, str]:
    """Headline, message and advice."""
    of, limits = (
        f"of {plural(result.judged, 'trial')} of {study_text(result.study)}",
        result.thresholds,
    )
    study, steps = study_text(result.study), f"{result.max_steps:,} steps"
    first, last = percent(limits.first), percent(limits.last)
    if result.status == "unclear":
        whether = f"Whether {study} trains too long or too short is open"
        return f"{whether}: {result.judged} judged", f"{whether}, since {result.why}.", ""
    if result.early == result.judged:
        return (
            f"{steps} are far too many: all {result.judged} best steps are early",
            f"The best step of all {result.judged} trials of {study} falls in the first {first} of "
            f"the {steps}: far too many.",
            "Take far fewer steps: several times the step of the latest best is still generous.",
        )
    if result.end is not None and result.end.status != "notice":
        return _late_words(result, result.end)
    if result.status == "notice":
        return (
            f"More steps may help: {result.late} of {result.judged} trials were best late",
            f"The best step falls in the last {last} of the steps in {result.late} {of}: longer "
            "training may help. Where the schedule ends at a rate near zero, it falls late "
            "whatever the length.",
            "Try more steps, with the decay of the learning rate retuned for them.",
        )
    return (
        f"Best steps of {study} are neither early nor late as a rule",
        f"The best step falls in the first {first} of the steps in {result.early} and in the last "
        f"{last} in {result.late} {of}: neither is the rule.",
        "",
    )


def _late_words(result: BestStep, end: StillImprovingTrial) -> tuple[str, str, str]:
    """Where most are best late, and T1 does not say that the compared trial still improved."""
    best = f"the best, {end.trial}"
    late = f"{result.late} of {plural(result.judged, 'trial')}"
    falls = (
        f"The best step falls in the last {percent(result.thresholds.last)} of the steps in {late} "
        f"of {study_text(result.study)}."
    )
    if end.status == "unclear":
        whether = f"Whether {best}, still improved is open, since {end.why}."
        return f"{late} were best late; whether {best}, improves is open", f"{falls} {whether}", ""
    stopped = f"Yet {best}, was no longer improving."
    return f"{late} were best late, yet {best}, had stopped improving", f"{falls} {stopped}", ""
