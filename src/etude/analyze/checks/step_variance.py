"""Whether the metric jumps so much late in training that the order of the best trials is luck."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from ...finding import Finding, Severity, Words
from ...study import Study
from ...wording import number, percent, plural, study_text
from ..statistics.curve_shape import jumps, late
from ..thresholds import StepVarianceThresholds
from ..views.curves import TrialCurves, without_end
from ..views.why import CLEAR, Why, cause, in_short, open_headline, open_message, settled_by

SHIPPED = StepVarianceThresholds()
ADVICE = (
    "Make it steadier: a larger batch, more validation data, a learning rate that decays to the "
    "end, or Polyak averaging."
)


@final
@dataclass(frozen=True, kw_only=True)
class StepVarianceTrial:
    """How much one trial's metric jumps between its last evaluations.

    Args:
        rank: 1 for the best trial of the study; None without a value.
        why: Why its jumps cannot be compared; empty where they can.
        sd: Of single late evaluations, the trend taken away.
        gap: To the best trial of the study; for that one, to the second.
    """

    trial: int
    status: Severity
    why: Why
    rank: int | None
    value: float | None
    sd: float | None
    late: int
    gap: float | None


@final
@dataclass(frozen=True, kw_only=True)
class StepVariance:
    """The late jumps of a study's trials, by trial id, and of its best against what it must beat.

    Args:
        rival: What the best is compared with: `trial 7`, or the name of another study.
        between: Whether that is another study.
        gap: Between the best and its rival.
        sd: Of the best trial.
    """

    study: str
    metric: str
    maximize: bool
    status: Severity
    why: Why
    rival: str
    between: bool
    gap: float | None
    sd: float | None
    thresholds: StepVarianceThresholds
    trials: tuple[StepVarianceTrial, ...]


def step_variance(
    study: Study,
    curves: Sequence[TrialCurves],
    *,
    rivals: Mapping[str, float] | None = None,
    thresholds: StepVarianceThresholds = SHIPPED,
) -> StepVariance:
    """The sd of each trial's last evaluations against the gap that it is compared by.

    Args:
        study: The study of the trials.
        curves: Those of its ended trials.
        rivals: The best value of each other study, in the metric's own unit; without, the best of
            this study is compared with its second best trial.
        thresholds: What counts as late, and as luck.

    Source: C8.
    """
    bests = [(trial.best_loss, trial) for trial in curves]
    order = sorted((loss, trial.id) for loss, trial in bests if loss is not None)
    losses = [loss for loss, _ in order]
    ranks = {trial: rank for rank, (_, trial) in enumerate(order, start=1)}
    trials = tuple(
        _trial(trial, loss, ranks.get(trial.id), losses, thresholds) for loss, trial in bests
    )
    rival, gap = _rival(study, order, rivals or {})
    best = next((best_trial for best_trial in trials if best_trial.rank == 1), None)
    sd = None if best is None else best.sd
    why = _why(best, gap)
    status: Severity = "unclear" if why else "ok"
    if sd is not None and gap is not None and not why and sd > thresholds.max_ratio * gap:
        # Which of two trials of a study is first matters little; which study is, is the question.
        status = "problem" if rivals else "notice"
    return StepVariance(
        study=study.name,
        metric=study.metric,
        maximize=study.maximize,
        status=status,
        why=why,
        rival=rival,
        between=bool(rivals),
        gap=gap,
        sd=sd,
        thresholds=thresholds,
        trials=trials,
    )


def _why(best: StepVarianceTrial | None, gap: float | None) -> Why:
    if best is None:
        return Why("no_metric", "no trial has a value")
    if best.sd is None:
        return best.why
    if gap is None:
        return Why("no_rival", "there is nothing to compare the best trial with")
    is_tie = gap == 0.0 and best.sd == 0.0
    return Why("noise", "it ties with its rival, and neither moves late") if is_tie else CLEAR


def _rival(
    study: Study, order: Sequence[tuple[float, int]], rivals: Mapping[str, float]
) -> tuple[str, float | None]:
    """The rival of the best, as messages call it, and how far away that is."""
    loss = study.objective.loss
    finite_rivals = ((loss(value), name) for name, value in rivals.items() if math.isfinite(value))
    nearest = min(finite_rivals, default=None)
    if nearest and order:
        return f"`{nearest[1]}`", abs(nearest[0] - order[0][0])
    if len(order) > 1 and not rivals:
        return f"trial {order[1][1]}", order[1][0] - order[0][0]
    return "", None


def _trial(
    trial: TrialCurves,
    loss: float | None,
    rank: int | None,
    losses: Sequence[float],
    thresholds: StepVarianceThresholds,
) -> StepVarianceTrial:
    series = trial.usable_objective
    last = late(series, thresholds.late)
    why = without_end(trial)
    if not why and len(last) < thresholds.min_late:
        because = (
            f"it has {plural(len(series), 'evaluation')}, {len(last)} of them in the last "
            f"{percent(thresholds.late)}, where {thresholds.min_late} are needed"
        )
        why = Why("too_short", because)
    sd = None if why else jumps(last.steps_P, last.values_P)
    gap = None
    if loss is not None and len(losses) > 1:
        gap = losses[1] - losses[0] if rank == 1 else loss - losses[0]
    if not why and gap is None:
        why = Why("no_rival", "there is no other trial to compare it with")
    by_luck = sd is not None and gap is not None and sd > thresholds.max_ratio * gap
    return StepVarianceTrial(
        trial=trial.id,
        status="unclear" if why else "notice" if by_luck else "ok",
        why=why,
        rank=rank,
        value=None if loss is None else trial.value(loss),
        sd=sd,
        late=len(last),
        gap=gap,
    )


def findings(result: StepVariance) -> list[Finding]:
    """One finding on the best of the study against its rival, and one a trial.

    Source: C8.
    """
    return [_of_study(result), *(_of_trial(result, trial) for trial in result.trials)]


def _of_study(result: StepVariance) -> Finding:
    best = next((trial for trial in result.trials if trial.rank == 1), None)
    headline, message = _study_words(result, best)
    return Finding(
        rule="C8",
        check="step_variance",
        status=result.status,
        subject={"study": result.study},
        headline=headline,
        message=message,
        evidence={
            "trials": [] if best is None else [best.trial],
            "sd": result.sd,
            "gap": result.gap,
            "rival": result.rival,
            "contenders": [trial.trial for trial in result.trials if trial.status == "notice"],
            "confidence": None,
        },
        advice=ADVICE if result.status in ("notice", "problem") else settled_by(result.why),
        kind=cause(result.why),
    )


def _study_words(result: StepVariance, best: StepVarianceTrial | None) -> tuple[str, str]:
    """Headline and message."""
    if result.why or best is None:
        whether = f"Whether late jumps decide {study_text(result.study)} is open"
        return f"{whether}: {in_short(result.why)}", f"{whether}, since {result.why}."
    sd, gap = number(result.sd, 2), number(result.gap, 2)
    jumps_by = f"`{result.metric}` of trial {best.trial} jumps by {sd} late"
    who = f"Trial {best.trial}, the best of {study_text(result.study)}"
    size = f"{who}: {result.metric} jumps by {sd} (sd) between its last evaluations"
    if result.status == "ok":
        return (
            f"{jumps_by}, less than the gap of {gap}",
            f"{size}, less than the {gap} between it and {result.rival}.",
        )
    return (
        f"{jumps_by}, {result.rival} is {gap} away",
        f"{size}. It is {gap} away from {result.rival}, so which is better may be luck.",
    )


def _of_trial(result: StepVariance, trial: StepVarianceTrial) -> Finding:
    status = _said_status(result, trial)
    return Finding.of_trial(
        result,
        trial,
        _words,
        rule="C8",
        check="step_variance",
        status=status,
        kind="jumps" if status == "notice" else cause(trial.why),
    )


def _said_status(result: StepVariance, trial: StepVarianceTrial) -> Severity:
    """Of the best trial the study's finding speaks: one cause is said once."""
    said = trial.rank == 1 and trial.status == "notice" and result.status in ("notice", "problem")
    return "ok" if said else trial.status


def _words(result: StepVariance, trial: StepVarianceTrial) -> Words:
    headline, message = _trial_words(result, trial)
    return Words(
        headline=headline,
        message=message,
        evidence={
            "trials": [trial.trial],
            "sd": trial.sd,
            "evaluations": trial.late,
            "gap": trial.gap,
            "rank": trial.rank,
            "value": trial.value,
            "confidence": None,
        },
        advice=(ADVICE if _said_status(result, trial) == "notice" else settled_by(trial.why)),
    )


def _trial_words(result: StepVariance, trial: StepVarianceTrial) -> tuple[str, str]:
    """Headline and message."""
    if trial.why:
        return (
            open_headline(trial.trial, "late jumps", trial.why),
            open_message(trial.trial, "whether late jumps decide its rank", trial.why),
        )
    to = "the second best" if trial.rank == 1 else "the best trial"
    short = f"{to} is" if trial.rank == 1 else "the best is"
    less = "more" if trial.status == "notice" else "no more"
    sd, gap = number(trial.sd, 2), number(trial.gap, 2)
    gap_to = f"{short} {gap} away" if trial.status == "notice" else f"within its gap of {gap}"
    return (
        f"`{result.metric}` of trial {trial.trial} jumps by {sd} late, {gap_to}",
        f"Trial {trial.trial}: {result.metric} jumps by {sd} (sd) between its last {trial.late} "
        f"evaluations, {less} than the {gap} to {to}.",
    )
