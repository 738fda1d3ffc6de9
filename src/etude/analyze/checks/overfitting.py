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
    why: str = ""
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
        return Turn(status="ok", name=name, why="it broke, so its training loss did not fall on")
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
    status, why = _judged(turned=turned, falls=falls, sure=sure)
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
    times = min(thresholds.steady_course * math.sqrt(count / _FEW), thresholds.most_course)
    steady = rise >= times * drift.around and rise >= thresholds.steady_drift * drift.before
    return beyond >= thresholds.min_wander or (steady and beyond >= thresholds.steady_wander)


def _judged(*, turned: bool, falls: bool | None, sure: bool) -> tuple[Severity, str]:
    if not turned or falls is False:
        return "ok", ""
    if falls is None:
        return "unclear", f"it got worse, and without {TRAIN_LOSS} instability looks the same"
    if not sure:
        return "unclear", "what it got worse by is of the size of its noise, or of its wander"
    return "problem", ""


def _why_unclear(curves: Aligned, name: str, at_least: int) -> str:
    if name.startswith("train/"):
        return f"{name} is no validation metric"
    if name not in curves.names:
        return f"it has no {name}"
    if len(curves) < at_least:
        return f"it has {plural(len(curves), 'evaluation')}; {at_least} are needed"
    return ""


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
            message=_message(trial),
            evidence={
                "trials": [trial.trial],
                "best": trial.best,
                "by_loss": trial.by_loss.status,
                "by_metric": trial.by_metric.status,
                "loss": vars(trial.by_loss),
                "metric": vars(trial.by_metric),
                "confidence": _confidence(result.thresholds, trial),
            },
            advice=_advice(trial),
        )
        for trial in result.trials
    ]
    return [*of_trials, _selection_finding(result)]


def _confidence(
    thresholds: OverfittingThresholds, trial: OverfittingTrial
) -> Mapping[str, float | None]:
    by_loss = {
        "problem": thresholds.confidence_flagged_by_loss,
        "ok": thresholds.confidence_ok_by_loss,
    }
    by_metric = {
        "problem": thresholds.confidence_flagged_by_metric,
        "ok": thresholds.confidence_ok_by_metric,
    }
    return {
        "by_loss": by_loss.get(trial.by_loss.status),
        "by_metric": by_metric.get(trial.by_metric.status),
    }


def _message(trial: OverfittingTrial) -> str:
    who = f"Trial {trial.trial}" + (", the best," if trial.best else "")
    turns = [trial.by_loss, trial.by_metric]
    if trial.by_loss.name == trial.by_metric.name:
        turns = turns[:1]
    turned = [turn for turn in turns if turn.status == "problem"]
    if turned:
        moved = " and ".join(_move_clause(turn) for turn in turned)
        return f"{who} overfits: while {TRAIN_LOSS} fell on, {moved}{_contrast_clause(turns)}."
    if trial.status == "unclear":
        reasons = dict.fromkeys(turn.why for turn in turns if turn.status == "unclear")
        who = who.removesuffix(",")
        return f"{who}: whether it overfits is open, since {' and '.join(reasons)}."
    if turns[0].why:
        return f"{who} does not overfit: {turns[0].why}."
    return f"{who} does not overfit: {' and '.join(_end_clause(turn) for turn in turns)}."


def _move_clause(turn: Turn) -> str:
    return (
        f"its {turn.name} went from its best level, {number(turn.best)}, at step "
        f"{turn.best_step:,} to {number(turn.end)} at the end"
    )


def _end_clause(turn: Turn) -> str:
    return f"{turn.name} ends at {number(turn.end)}, its best level is {number(turn.best)}"


def _contrast_clause(turns: Sequence[Turn]) -> str:
    unharmed = [turn for turn in turns if turn.status == "ok"]
    if not unharmed:
        return ""
    unhurt = " (that does not suffer)" if unharmed[0] is turns[-1] else ""
    return f", though {_end_clause(unharmed[0])}{unhurt}"


def _advice(trial: OverfittingTrial) -> str:
    if trial.status != "problem":
        return ""
    if trial.best:
        return (
            "Run again with more regularization (dropout, label smoothing, weight decay) before "
            "comparing (C6)."
        )
    return "It is not the best; where many overfit, search more regularization (C7)."


def _selection_finding(result: Overfitting) -> Finding:
    overfit = [trial.trial for trial in result.trials if trial.status == "problem"]
    judged = sum(trial.status != "unclear" for trial in result.trials)
    share = percent(len(overfit) / judged) if judged and overfit else "none"
    if result.selection == "notice":
        message = (
            f"Most trials of `{result.study}` overfit ({share}), and the best one does not but has "
            f"less {result.hidden_by} than those: it may be best because it trains less."
        )
    elif result.selection == "unclear":
        message = f"Too few trials of `{result.study}` can be judged to say what chose the best."
    else:
        message = (
            f"Nothing suggests that the best of `{result.study}` was chosen because it trains less "
            f"(overfitting: {share} of {plural(judged, 'trial')})."
        )
    return Finding(
        rule="C7",
        check="overfitting",
        status=result.selection,
        subject={"study": result.study},
        message=message,
        evidence={"trials": overfit, "judged": judged, "hidden_by": result.hidden_by},
        advice="Compare again with more regularization for all trials (C7)."
        if result.selection == "notice"
        else "",
    )
