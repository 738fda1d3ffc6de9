"""Periodicity of metrics: a hint at splits that overlap or data that is not shuffled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import final

from ...finding import Finding, Severity, Words
from ...record import Series
from ...study import Study
from ...wording import number, plural
from ..statistics.curve_shape import regular
from ..statistics.once import ahead, blocks
from ..thresholds import PeriodicityThresholds
from ..views.curves import (
    TRAIN_LOSS,
    VALID_LOSS,
    TrialCurves,
    usable,
    without_end,
    without_values,
)
from ..views.why import CLEAR, Why, cause, open_headline, open_message, settled_by
from . import periodicity_copies
from .periodicity_rhythm import Rhythm, correlations, late_values, rhythm

SHIPPED = PeriodicityThresholds()
# Beyond these a chart is not looked at.
DRAWN_TRIALS = 5


@final
@dataclass(frozen=True, kw_only=True)
class PeriodicityTrial:
    """The periodicity of one trial.

    Args:
        why: Why that cannot be judged; empty where it can.
        rhythm: The strongest over all metrics looked at.
        sampled: Whether it is that of a training loss on samples of the training set.
        epoch: The steps of an epoch, where the trial logged how many it had done.
    """

    trial: int
    status: Severity
    why: Why
    metrics: tuple[str, ...]
    rhythm: Rhythm | None
    sampled: bool = False
    epoch: float | None = None


@final
@dataclass(frozen=True, kw_only=True)
class Periodicity:
    """The rhythms of a study's trials, by trial id, and the ids of the `strongest` few.

    Args:
        copied: The validation examples that are training examples, where that was logged.
    """

    study: str
    strongest: tuple[int, ...]
    thresholds: PeriodicityThresholds
    trials: tuple[PeriodicityTrial, ...]
    copied: periodicity_copies.Copied | None = None


def periodicity(
    study: Study, curves: Sequence[TrialCurves], *, thresholds: PeriodicityThresholds = SHIPPED
) -> Periodicity:
    """Whether the metric, or a loss, of each trial returns with a period of 4 evaluations or more.

    Source: E6, E2.
    """
    # One chance for the whole study (Bonferroni): of many trials, some would have a period by luck.
    shared = replace(thresholds, chance=thresholds.chance / max(1, len(curves)))
    trials = tuple(one for block in blocks(curves) for one in _trials(block, shared))
    # The few whose rhythm is strongest are drawn, those that alarm first.
    strengths = [
        (trial.status == "notice", trial.rhythm.excess, -trial.trial)
        for trial in trials
        if trial.rhythm is not None
    ]
    return Periodicity(
        study=study.name,
        strongest=tuple(-trial for *_, trial in sorted(strengths, reverse=True)[:DRAWN_TRIALS]),
        thresholds=thresholds,
        trials=trials,
        copied=periodicity_copies.copied_in(curves),
    )


def _trials(
    curves: Sequence[TrialCurves], thresholds: PeriodicityThresholds
) -> Iterator[PeriodicityTrial]:
    """The periodicity of trials, their autocorrelations computed together."""
    metrics_T = [[] if without_end(trial) else _metrics(trial, thresholds) for trial in curves]
    late = (late_values(series, thresholds) for metrics in metrics_T for _, series in metrics)
    ahead((correlations(thresholds.min_periods),), late)
    for trial, metrics in zip(curves, metrics_T, strict=True):
        yield _trial(trial, metrics, thresholds)


def _trial(
    trial: TrialCurves, metrics: list[tuple[str, Series]], thresholds: PeriodicityThresholds
) -> PeriodicityTrial:
    why = without_end(trial)
    if not metrics:
        series = trial.usable_objective
        called = trial.own_metric
        least = thresholds.min_evaluations
        why = why or without_values(series, trial.metric, least, called=called)
        uneven = f"its evaluations of {called} are not at regular steps"
        why = why or Why("irregular", uneven)
        return PeriodicityTrial(trial=trial.id, status="unclear", why=why, metrics=(), rhythm=None)
    epoch = trial.steps_per_epoch
    rhythms = [rhythm(name, series, len(metrics), epoch, thresholds) for name, series in metrics]
    peaks = [one for one in rhythms if one is not None]
    sampled = _sampled(trial)
    # What alarms goes before what does not, however strong.
    strongest = max(
        peaks,
        key=lambda one: (
            one.periodic and not (sampled and one.metric == TRAIN_LOSS),
            one.excess,
        ),
        default=None,
    )
    periodic = strongest is not None and strongest.periodic
    harmless = strongest is not None and sampled and strongest.metric == TRAIN_LOSS
    return PeriodicityTrial(
        trial=trial.id,
        status="notice" if periodic and not harmless else "ok",
        why=CLEAR,
        epoch=epoch,
        metrics=tuple(name for name, _ in metrics),
        rhythm=strongest,
        sampled=periodic and harmless,
    )


def _sampled(trial: TrialCurves) -> bool:
    """Whether the training loss is known only where the trial evaluated.

    It is then measured on samples of the training set, and such samples come again without harm;
    the losses of the batches themselves come far more often.
    """
    return len(trial.train_loss) < 2 * len(trial.objective)


def _metrics(trial: TrialCurves, thresholds: PeriodicityThresholds) -> list[tuple[str, Series]]:
    """The metrics with enough values at regular steps, each once."""
    by_name = {
        TRAIN_LOSS: trial.train_loss,
        VALID_LOSS: trial.valid_loss,
        trial.metric: trial.objective,
    }
    usable_series = [
        (name, trial.usable_objective if name == trial.metric else usable(series))
        for name, series in sorted(by_name.items())
        if len(series)
    ]
    return [
        (name, series)
        for name, series in usable_series
        if len(series) >= thresholds.min_evaluations
        and regular(series.steps_P, tolerance=thresholds.tolerance, share=thresholds.regular)
    ]


def findings(result: Periodicity) -> list[Finding]:
    """One finding for each trial, and one of copies in the data where they were counted.

    Source: E6.
    """
    return periodicity_copies.findings(result.copied, result.study) + [
        Finding.of_trial(
            result, trial, _words, rule="E6", check="periodicity", kind=cause(trial.why)
        )
        for trial in result.trials
    ]


def _words(_: Periodicity, trial: PeriodicityTrial) -> Words:
    rhythm = trial.rhythm
    return Words(
        headline=_headline(trial),
        message=_message(trial),
        evidence={
            "trials": [trial.trial],
            "metrics": list(trial.metrics),
            "metric": None if rhythm is None else rhythm.metric,
            "period_evaluations": None if rhythm is None else rhythm.lag,
            "period_steps": None if rhythm is None else rhythm.steps,
            "correlation": None if rhythm is None else rhythm.correlation,
            "limit": None if rhythm is None else rhythm.limit,
            "steps_per_epoch": trial.epoch,
            "confidence": None,
        },
        advice=_advice(trial),
    )


def _headline(trial: PeriodicityTrial) -> str:
    if trial.why:
        return open_headline(trial.trial, "a period", trial.why)
    if trial.rhythm is None or not trial.rhythm.periodic:
        return f"Trial {trial.trial} has no period in {plural(len(trial.metrics), 'metric')}"
    rhythm = trial.rhythm
    every = "every epoch" if _an_epoch(trial) else f"every {rhythm.steps:,} steps"
    return f"Trial {trial.trial}: {rhythm.metric} returns {every}"


def _an_epoch(trial: PeriodicityTrial) -> bool:
    """Whether the period is that of an epoch, to a tenth."""
    if trial.rhythm is None or not trial.epoch:
        return False
    return abs(trial.rhythm.steps - trial.epoch) <= 0.1 * trial.epoch


def _message(trial: PeriodicityTrial) -> str:
    if trial.why:
        return open_message(trial.trial, "whether a metric has a period", trial.why)
    if trial.rhythm is None or not trial.rhythm.periodic:
        return f"Trial {trial.trial}: no period in {', '.join(trial.metrics)}."
    rhythm = trial.rhythm
    harmless = "; it is measured on samples, which may come again" if trial.sampled else ""
    epoch = ", an epoch" if _an_epoch(trial) else ""
    return (
        f"Trial {trial.trial}: {rhythm.metric} returns every {rhythm.lag} of its values "
        f"({rhythm.steps:,} steps{epoch}; autocorrelation {number(rhythm.correlation, 2)})"
        f"{harmless}."
    )


def _advice(trial: PeriodicityTrial) -> str:
    if trial.status == "unclear":
        return settled_by(trial.why)
    if trial.status != "notice" or trial.rhythm is None:
        return ""
    if _an_epoch(trial):
        return "Look for splits that overlap and for data that is not shuffled anew each epoch."
    if trial.epoch:
        return "Look at the schedule: the period is not that of an epoch."
    return (
        f"Look for splits that overlap and unshuffled data if {trial.rhythm.steps:,} steps are an "
        "epoch, else at the schedule."
    )
