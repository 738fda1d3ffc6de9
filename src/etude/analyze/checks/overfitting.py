"""Which trials overfit, by their validation loss and by the metric, the best ones and the others.

Axes: E evaluations, S series, T trials.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ...finding import Finding, Severity
from ...playbook.catalogue import Names, known
from ...record import Record
from ...study import Study
from ...wording import number, percent, plural
from ..statistics.curve_shape import LevelDrift, level_drift, wander
from ..thresholds import OverfittingThresholds, StabilityThresholds
from ..views.aligned import Aligned, aligned, ending, gained, levelled
from ..views.curves import TRAIN_LOSS, VALID_LOSS, TrialCurves
from ..views.outcomes import ranked
from ..views.why import CLEAR, Why, cause, open_headline, open_message, settled_by
from .stability_curves import instability, not_finite

SHIPPED = OverfittingThresholds()
DROPS = StabilityThresholds()
# The evaluations that `steady_course` is for: its sd is known better the more there are.
_FEW = 20
_WORST: tuple[Severity, ...] = ("problem", "unclear", "ok")


@final
@dataclass(frozen=True, kw_only=True)
class Turn:
    """Whether one series turned up while the training loss fell on.

    Args:
        why: Why that cannot be judged; empty where it can.
        best: The smoothed lowest level, in the series' own unit and direction.
        best_step: Where it was.
        end: The level at the end.
        rise: From the one to the other, worse is positive.
        error: The standard error of that, from the noise of single values.
        fall: Of the training loss since the best step; NaN without one.
    """

    status: Severity
    name: str
    why: Why = CLEAR
    best: float = math.nan
    best_step: int | None = None
    end: float = math.nan
    rise: float = math.nan
    error: float = math.nan
    fall: float = math.nan


@final
@dataclass(frozen=True, kw_only=True)
class OverfittingTrial:
    """Whether one trial overfits; `best` says whether it is the best of its study."""

    trial: int
    best: bool
    by_loss: Turn
    by_metric: Turn

    @property
    def status(self) -> Severity:
        """The worse of the two."""
        return min((self.by_loss.status, self.by_metric.status), key=_WORST.index)


@final
@dataclass(frozen=True, kw_only=True)
class Overfitting:
    """Which trials of a study overfit, by trial id.

    Args:
        selection: Whether something that trains less may have been chosen because it overfits less
            (C7), and by which hyperparameter or length; `hidden_by` names it.
    """

    study: str
    metric: str
    max_steps: int
    thresholds: OverfittingThresholds
    trials: tuple[OverfittingTrial, ...]
    selection: Severity
    hidden_by: str = ""


def overfitting(
    study: Study, curves: Sequence[TrialCurves], *, thresholds: OverfittingThresholds = SHIPPED
) -> Overfitting:
    """Which trials' validation got worse at the end than at its best while training went on.

    Source: C6, C7.
    """
    best_first = ranked([trial.outcome for trial in curves])
    best = best_first[0].trial if best_first else None
    with np.errstate(all="ignore"):
        trials = tuple(_trial(trial, best, thresholds) for trial in curves)
    records = [trial.record for trial in curves]
    selection, hidden_by = _selection(trials, records, thresholds.min_others, study.names)
    return Overfitting(
        study=study.name,
        metric=study.metric,
        max_steps=study.max_steps,
        thresholds=thresholds,
        trials=trials,
        selection=selection,
        hidden_by=hidden_by,
    )


def _trial(
    trial: TrialCurves, best: int | None, thresholds: OverfittingThresholds
) -> OverfittingTrial:
    curves = aligned(trial)
    return OverfittingTrial(
        trial=trial.id,
        best=trial.id == best,
        by_loss=_turn(trial, curves, VALID_LOSS, thresholds),
        by_metric=_turn(trial, curves, trial.metric, thresholds),
    )


def _turn(
    trial: TrialCurves, curves: Aligned, name: str, thresholds: OverfittingThresholds
) -> Turn:
    """The turn of the whole curve, if there still is one when its last drop is left out.

    A validation that has not yet recovered from instability is no sign of overfitting.
    """
    whole = _turn_of(trial, curves, name, thresholds)
    if whole.status == "ok" or not math.isfinite(whole.rise):
        return whole
    since = _since_last_drop(curves, thresholds.min_evaluations)
    if len(since) == len(curves):
        return whole
    calm = _turn_of(trial, since, name, thresholds)
    return calm if calm.status == "ok" else whole


def _since_last_drop(curves: Aligned, at_least: int) -> Aligned:
    """The curves after their last drop; those before it, where too little comes after."""
    drops = instability(curves, 1, DROPS).drops if len(curves) >= at_least else ()
    if not drops:
        return curves
    after_E = curves.steps_E >= drops[-1].step
    calm_E = after_E if np.count_nonzero(after_E) >= at_least else ~after_E
    return Aligned(curves.names, curves.steps_E[calm_E], curves.levels_SxE[:, calm_E])


def _turn_of(
    trial: TrialCurves, curves: Aligned, name: str, thresholds: OverfittingThresholds
) -> Turn:
    """Whether one series turned up, judged by its level and by what noise and drift explain."""
    if not_finite(trial) is not None:
        because = "it broke, so its training loss did not fall on"
        return Turn(status="ok", name=name, why=Why("broke", because))
    why = _why_unclear(curves, name, thresholds.min_evaluations)
    if why:
        return Turn(status="unclear", name=name, why=why)
    values_E = curves.levels_SxE[curves.names.index(name)]
    level_E, error = levelled(values_E)
    lowest = int(level_E.argmin())
    best, end = float(level_E[lowest]), ending(values_E)
    gain = gained(level_E)
    beyond = (end - best) / error
    drift = level_drift(level_E)
    turned = not end - best < thresholds.min_rise * gain and beyond >= thresholds.min_doubt
    turned &= end - best >= thresholds.min_share * drift.gained
    turned &= end - best > thresholds.min_drift * drift.before
    fall, falls = _training_fall(curves, lowest, thresholds)
    sure = beyond >= thresholds.min_noise and _beyond_wander(
        values_E, end - best, (lowest, error), drift, thresholds
    )
    status, why = _judged(turned=turned, falls=falls, sure=sure, errors=beyond)
    reported = trial.value if name == trial.metric else float
    return Turn(
        status=status,
        name=name,
        why=why,
        best=reported(best),
        best_step=int(curves.steps_E[lowest]),
        end=reported(end),
        rise=end - best,
        error=error,
        fall=fall,
    )


def _beyond_wander(
    values_E: NDArray[np.float64],
    rise: float,
    lowest: tuple[int, float],
    drift: LevelDrift,
    thresholds: OverfittingThresholds,
) -> bool:
    """Whether a level that drifts by itself would hardly rise as far.

    By a standard error that knows how the noise wanders, where there are many evaluations; of few,
    which hardly tell it, a rise must also be steady.
    """
    place, error = lowest
    count = len(values_E)
    wandering = wander(values_E).error(max(3, count // 10) | 1, count - 1 - place)
    beyond = rise / max(error, wandering)
    times = min(thresholds.steady_course * (count / _FEW) ** 0.75, thresholds.most_course)
    steady = rise >= times * drift.around and rise >= thresholds.steady_drift * drift.before
    large = rise >= thresholds.large * drift.gained
    return beyond >= thresholds.min_wander or (
        (steady or large) and beyond >= thresholds.steady_wander
    )


def _judged(*, turned: bool, falls: bool | None, sure: bool, errors: float) -> tuple[Severity, Why]:
    if not turned or falls is False:
        return "ok", CLEAR
    if falls is None:
        because = f"it got worse, and without {TRAIN_LOSS} instability looks the same"
        return "unclear", Why("no_train_loss", because)
    if not sure:
        # Not of the size of its noise: many errors of white noise may be one drift.
        times = number(errors, 2)
        because = f"it got worse by {times} standard errors, and drifts as far by itself"
        return "unclear", Why("noise", because)
    return "problem", CLEAR


def _why_unclear(curves: Aligned, name: str, at_least: int) -> Why:
    if name.startswith("train/"):
        return Why("train_metric", f"{name} is no validation metric")
    if name not in curves.names:
        return Why("no_valid_loss" if name == VALID_LOSS else "no_metric", f"it has no {name}")
    if len(curves) < at_least:
        few = plural(len(curves), "evaluation")
        return Why("too_short", f"it has {few}; {at_least} are needed")
    return CLEAR


def _training_fall(
    curves: Aligned, since: int, thresholds: OverfittingThresholds
) -> tuple[float, bool | None]:
    """How far the training loss fell since that evaluation, and whether beyond its noise."""
    if TRAIN_LOSS not in curves.names:
        return math.nan, None
    losses_E = curves.levels_SxE[curves.names.index(TRAIN_LOSS)]
    level_E, error = levelled(losses_E)
    fall = float(level_E[since]) - ending(losses_E)
    return fall, fall > thresholds.min_fall * error


def _selection(
    trials: Sequence[OverfittingTrial], records: Sequence[Record], min_others: int, names: Names
) -> tuple[Severity, str]:
    """Whether the best trial may be best because it trains less than those that overfit."""
    judged = [trial for trial in trials if trial.status != "unclear"]
    best = [trial for trial in judged if trial.best]
    others = [trial for trial in judged if not trial.best]
    if not best or len(others) < min_others:
        return "unclear", ""
    overfit = {trial.trial for trial in others if trial.status == "problem"}
    if best[0].status == "problem" or 2 * len(overfit) <= len(others):
        return "ok", ""
    winner = next(record for record in records if record.id == best[0].trial)
    rest = [record for record in records if record.id in overfit]
    trained = [_trained(record, names) for record in rest]
    for name, value in _trained(winner, names).items():
        others_levels = [levels[name] for levels in trained if name in levels]
        # Below nine of ten of those that overfit, it trains less than they do.
        below = sum(value < other for other in others_levels)
        if len(others_levels) >= min_others and below >= 0.9 * len(others_levels):
            return "notice", name
    return "ok", ""


def _trained(record: Record, names: Names) -> dict[str, float]:
    """How much a trial trains, by name: its steps and its learning rate."""
    levels = {"steps": float(record.steps)}
    for name, value in record.setting.items():
        entry = known(name, names)
        rate = entry is not None and entry.name == "learning_rate"
        if rate and isinstance(value, int | float) and not isinstance(value, bool):
            levels[name] = float(value)
    return levels


def findings(result: Overfitting) -> list[Finding]:
    """One finding for each trial, and one on how the best was chosen.

    Source: C6, C7.
    """
    of_trials = [
        Finding(
            rule="C6" if trial.best else "C7",
            check="overfitting",
            status=trial.status,
            subject={"study": result.study, "trial": trial.trial},
            headline=_headline(trial),
            message=_message(trial),
            evidence={
                "trials": [trial.trial],
                "best": trial.best,
                "by_loss": trial.by_loss.status,
                "by_metric": trial.by_metric.status,
                "loss": vars(trial.by_loss),
                "metric": vars(trial.by_metric),
                "confidence": _confidence(result.thresholds, trial)[0],
                "confidence_trials": _confidence(result.thresholds, trial)[1],
            },
            advice=_advice(trial),
            kind=_kind(trial),
        )
        for trial in result.trials
    ]
    return [*of_trials, _selection_finding(result)]


def _confidence(
    thresholds: OverfittingThresholds, trial: OverfittingTrial
) -> tuple[Mapping[str, float | None], Mapping[str, int | None]]:
    """The share of labelled trials that were called so and are so, and of how many."""
    by_loss = {
        "problem": (
            thresholds.confidence_flagged_by_loss,
            thresholds.confidence_flagged_by_loss_trials,
        ),
        "ok": (thresholds.confidence_ok_by_loss, thresholds.confidence_ok_by_loss_trials),
    }
    by_metric = {
        "problem": (
            thresholds.confidence_flagged_by_metric,
            thresholds.confidence_flagged_by_metric_trials,
        ),
        "ok": (thresholds.confidence_ok_by_metric, thresholds.confidence_ok_by_metric_trials),
    }
    loss = by_loss.get(trial.by_loss.status, (None, None))
    metric = by_metric.get(trial.by_metric.status, (None, None))
    return (
        {"by_loss": loss[0], "by_metric": metric[0]},
        {"by_loss": loss[1], "by_metric": metric[1]},
    )


def _turns(trial: OverfittingTrial) -> list[Turn]:
    """By loss and by metric; once where the metric is the loss."""
    same = trial.by_loss.name == trial.by_metric.name
    return [trial.by_loss] if same else [trial.by_loss, trial.by_metric]


def _open_turn(trial: OverfittingTrial) -> Turn | None:
    """The turn that leaves it open: the metric's, where it has one; None where none does."""
    unclear = [turn for turn in _turns(trial) if turn.status == "unclear"]
    # Without a validation loss the metric alone decides what can be said.
    return unclear[-1] if unclear and trial.status == "unclear" else None


def _kind(trial: OverfittingTrial) -> str:
    turn = _open_turn(trial)
    return cause(turn.why) if turn is not None else ""


def _headline(trial: OverfittingTrial) -> str:
    who = f"Trial {trial.trial}" + (", the best," if trial.best else "")
    turned = [turn for turn in _turns(trial) if turn.status == "problem"]
    if turned:
        turn = turned[0]
        step = f"{turn.best_step:,}"
        return f"{who} overfits from step {step} on: {turn.name} {number(turn.end, 3)}"
    if (turn_open := _open_turn(trial)) is not None:
        return open_headline(trial.trial, "overfitting", turn_open.why)
    return f"{who} does not overfit"


def _message(trial: OverfittingTrial) -> str:
    who = f"Trial {trial.trial}" + (", the best," if trial.best else "")
    turns = _turns(trial)
    turned = [turn for turn in turns if turn.status == "problem"]
    if turned:
        turn = turned[0]
        both = f" {turned[1].name} does too." if len(turned) == 2 else _contrast(turns)
        return (
            f"{who} overfits: while {TRAIN_LOSS} fell on, its {turn.name} went from "
            f"{number(turn.best, 3)} at step {turn.best_step:,} to {number(turn.end, 3)}.{both}"
        )
    if (turn_open := _open_turn(trial)) is not None:
        return open_message(trial.trial, "whether it overfits", turn_open.why)
    if turns[0].why:
        return f"{who} does not overfit: {turns[0].why}."
    return f"{who} does not overfit: {' and '.join(_end_clause(turn) for turn in turns)}."


def _contrast(turns: Sequence[Turn]) -> str:
    unharmed = [turn for turn in turns if turn.status == "ok"]
    return f" Its {unharmed[0].name} does not suffer." if unharmed else ""


def _end_clause(turn: Turn) -> str:
    return f"{turn.name} ends at {number(turn.end, 3)}, its best level is {number(turn.best, 3)}"


def _advice(trial: OverfittingTrial) -> str:
    if (turn := _open_turn(trial)) is not None:
        return settled_by(turn.why)
    if trial.status != "problem" or not trial.best:
        return ""
    return (
        "Run again with more regularization (dropout, label smoothing, weight decay) before "
        "comparing."
    )


def _selection_finding(result: Overfitting) -> Finding:
    overfit = [trial.trial for trial in result.trials if trial.status == "problem"]
    judged = sum(trial.status != "unclear" for trial in result.trials)
    headline, message = _selection_words(result, len(overfit), judged)
    return Finding(
        rule="C7",
        check="overfitting",
        status=result.selection,
        subject={"study": result.study},
        headline=headline,
        message=message,
        evidence={"trials": overfit, "judged": judged, "hidden_by": result.hidden_by},
        advice="Compare again with more regularization for all trials."
        if result.selection == "notice"
        else "",
        kind="few_trials" if result.selection == "unclear" else "",
    )


def _selection_words(result: Overfitting, overfit: int, judged: int) -> tuple[str, str]:
    study = f"`{result.study}`"
    if result.selection == "notice":
        share = percent(overfit / judged)
        return (
            f"The best of {study} may win by training less: {share} overfit",
            f"Of {plural(judged, 'trial')} of {study}, {share} overfit. The best one does not, but "
            f"has less {result.hidden_by}: it may be best because it trains less.",
        )
    if result.selection == "unclear":
        return (
            f"What chose the best of {study} is open: {plural(judged, 'trial')} judged",
            f"Too few trials of {study} can be judged to say what chose the best.",
        )
    return (
        f"The best of {study} was not chosen for training less",
        f"Of {plural(judged, 'trial')} of {study}, {overfit} overfit: nothing suggests that the "
        "best was chosen because it trains less.",
    )
