"""Which trials overfit, by their validation loss and by the metric, the best ones and the others.

Axes: E evaluations, S series, T trials.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from ...finding import Finding, Severity
from ...playbook.catalogue import known
from ...record import Record
from ...study import Study
from ...wording import number, percent, plural
from ..statistics.curve_shape import LevelDrift, level_drift
from ..thresholds import OverfittingThresholds, StabilityThresholds
from ..views.aligned import Aligned, aligned, ending, gained, levelled
from ..views.curves import TRAIN_LOSS, VALID_LOSS, TrialCurves
from ..views.outcomes import ranked
from .stability_curves import instability, not_finite

SHIPPED = OverfittingThresholds()
DROPS = StabilityThresholds()
_WORST: tuple[Severity, ...] = ("problem", "unclear", "ok")
# Heuristic: "most of the others" are more than half of three at least.
_MIN_OTHERS = 3


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
    study: Study, traces: Sequence[TrialCurves], *, thresholds: OverfittingThresholds = SHIPPED
) -> Overfitting:
    """Which trials' validation got worse at the end than at its best while training went on.

    Source: C6, C7.
    """
    found = ranked([trace.outcome for trace in traces])
    best = found[0].trial if found else None
    with np.errstate(all="ignore"):
        trials = tuple(_trial(trace, best, thresholds) for trace in traces)
    selection, hidden_by = _selection(trials, [trace.record for trace in traces])
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
    trace: TrialCurves, best: int | None, thresholds: OverfittingThresholds
) -> OverfittingTrial:
    curves = aligned(trace)
    return OverfittingTrial(
        trial=trace.trial,
        best=trace.trial == best,
        by_loss=_shown(trace, curves, VALID_LOSS, thresholds),
        by_metric=_shown(trace, curves, trace.metric, thresholds),
    )


def _shown(
    trace: TrialCurves, curves: Aligned, name: str, thresholds: OverfittingThresholds
) -> Turn:
    """A turn of the whole curve that is still one when its last drop is left out.

    A validation that has not yet recovered from instability is no sign of overfitting.
    """
    whole = _turned(trace, curves, name, thresholds)
    if whole.status == "ok" or not math.isfinite(whole.rise):
        return whole
    since = _since_last_drop(curves, thresholds.min_evaluations)
    if len(since) == len(curves):
        return whole
    calm = _turned(trace, since, name, thresholds)
    return calm if calm.status == "ok" else whole


def _since_last_drop(curves: Aligned, at_least: int) -> Aligned:
    """The curves after their last drop, or before it where that is all there is of them."""
    drops = instability(curves, 1, DROPS).drops if len(curves) >= at_least else ()
    if not drops:
        return curves
    after_E = curves.steps_E >= drops[-1].step
    kept_E = after_E if np.count_nonzero(after_E) >= at_least else ~after_E
    return Aligned(curves.names, curves.steps_E[kept_E], curves.levels_SxE[:, kept_E])


def _turned(
    trace: TrialCurves, curves: Aligned, name: str, thresholds: OverfittingThresholds
) -> Turn:
    if not_finite(trace) is not None:
        return Turn(status="ok", name=name, why="it broke, so its training loss did not fall on")
    why = _why(curves, name, thresholds.min_evaluations)
    if why:
        return Turn(status="unclear", name=name, why=why)
    values_E = curves.levels_SxE[curves.names.index(name)]
    level_E, error = levelled(values_E)
    lowest = int(level_E.argmin())
    best, end = float(level_E[lowest]), ending(values_E)
    gain = gained(level_E)
    beyond = (end - best) / error
    around = level_drift(level_E)
    turned = not end - best < thresholds.min_rise * gain and beyond >= thresholds.min_doubt
    turned &= end - best >= thresholds.min_share * around.gained
    turned &= end - best > thresholds.min_wander * around.before
    fall, falls = _fell(curves, lowest, thresholds)
    sure = beyond >= thresholds.min_noise and _beyond(end - best, error, around, thresholds)
    status, why = _judged(turned=turned, falls=falls, sure=sure)
    reported = trace.value if name == trace.metric else float
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


def _beyond(
    rise: float, error: float, around: LevelDrift, thresholds: OverfittingThresholds
) -> bool:
    """Whether a level that wanders would hardly rise as far: by its size, or by its steadiness."""
    large = (
        rise >= thresholds.large * around.gained and rise >= thresholds.large_wander * around.before
    )
    steady = (
        rise >= thresholds.steady_wander * max(around.before, around.after)
        and rise >= thresholds.steady_course * around.around
        and rise >= thresholds.steady_noise * error
    )
    return large or steady


def _judged(*, turned: bool, falls: bool | None, sure: bool) -> tuple[Severity, str]:
    if not turned or falls is False:
        return "ok", ""
    if falls is None:
        return "unclear", f"it got worse, and without {TRAIN_LOSS} instability looks the same"
    if not sure:
        return "unclear", "what it got worse by is of the size of its noise, or of its wander"
    return "problem", ""


def _why(curves: Aligned, name: str, at_least: int) -> str:
    if name.startswith("train/"):
        return f"{name} is no validation metric"
    if name not in curves.names:
        return f"it has no {name}"
    if len(curves) < at_least:
        return f"it has {plural(len(curves), 'evaluation')}; {at_least} are needed"
    return ""


def _fell(
    curves: Aligned, since: int, thresholds: OverfittingThresholds
) -> tuple[float, bool | None]:
    """How far the training loss fell since then, and whether that is beyond its noise."""
    if TRAIN_LOSS not in curves.names:
        return math.nan, None
    losses_E = curves.levels_SxE[curves.names.index(TRAIN_LOSS)]
    level_E, error = levelled(losses_E)
    fall = float(level_E[since]) - ending(losses_E)
    return fall, fall > thresholds.min_fall * error


def _selection(
    trials: Sequence[OverfittingTrial], records: Sequence[Record]
) -> tuple[Severity, str]:
    """Whether the best trial may be best because it trains less than those that overfit."""
    judged = [one for one in trials if one.status != "unclear"]
    best = [one for one in judged if one.best]
    others = [one for one in judged if not one.best]
    if not best or len(others) < _MIN_OTHERS:
        return "unclear", ""
    overfit = {one.trial for one in others if one.status == "problem"}
    if best[0].status == "problem" or 2 * len(overfit) <= len(others):
        return "ok", ""
    winner = next(record for record in records if record.id == best[0].trial)
    rest = [record for record in records if record.id in overfit]
    trained = [_trained(record) for record in rest]
    for name, value in _trained(winner).items():
        known_values = [each[name] for each in trained if name in each]
        # Below nine of ten of those that overfit, it trains less than they do.
        below = sum(value < other for other in known_values)
        if len(known_values) >= _MIN_OTHERS and below >= 0.9 * len(known_values):
            return "notice", name
    return "ok", ""


def _trained(record: Record) -> dict[str, float]:
    """What says how much a trial trains: its steps and its learning rate."""
    found = {"steps": float(record.steps)}
    for name, value in record.setting.items():
        entry = known(name)
        rate = entry is not None and entry.name == "learning_rate"
        if rate and isinstance(value, int | float) and not isinstance(value, bool):
            found[name] = float(value)
    return found


def findings(result: Overfitting) -> list[Finding]:
    """One finding a trial, and one on how the best was chosen.

    Source: C6, C7.
    """
    each = [
        Finding(
            rule="C6" if one.best else "C7",
            check="overfitting",
            status=one.status,
            subject={"study": result.study, "trial": one.trial},
            message=_said(one),
            evidence={
                "trials": [one.trial],
                "best": one.best,
                "by_loss": one.by_loss.status,
                "by_metric": one.by_metric.status,
                "loss": vars(one.by_loss),
                "metric": vars(one.by_metric),
                "confidence": _confidence(result.thresholds, one),
            },
            advice=_advice(one),
        )
        for one in result.trials
    ]
    return [*each, _chosen(result)]


def _confidence(
    thresholds: OverfittingThresholds, one: OverfittingTrial
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
        "by_loss": by_loss.get(one.by_loss.status),
        "by_metric": by_metric.get(one.by_metric.status),
    }


def _said(one: OverfittingTrial) -> str:
    who = f"Trial {one.trial}" + (", the best," if one.best else "")
    turns = [one.by_loss, one.by_metric]
    if one.by_loss.name == one.by_metric.name:
        turns = turns[:1]
    bad = [turn for turn in turns if turn.status == "problem"]
    if bad:
        moved = " and ".join(_moved(turn) for turn in bad)
        return f"{who} overfits: while {TRAIN_LOSS} fell on, {moved}{_but(turns)}."
    if one.status == "unclear":
        reasons = dict.fromkeys(turn.why for turn in turns if turn.status == "unclear")
        who = who.removesuffix(",")
        return f"{who}: whether it overfits is open, since {' and '.join(reasons)}."
    if turns[0].why:
        return f"{who} does not overfit: {turns[0].why}."
    return f"{who} does not overfit: {' and '.join(_stands(turn) for turn in turns)}."


def _moved(turn: Turn) -> str:
    return (
        f"its {turn.name} went from its best level, {number(turn.best)}, at step "
        f"{turn.best_step:,} to {number(turn.end)} at the end"
    )


def _stands(turn: Turn) -> str:
    return f"{turn.name} ends at {number(turn.end)}, its best level is {number(turn.best)}"


def _but(turns: Sequence[Turn]) -> str:
    fine = [turn for turn in turns if turn.status == "ok"]
    if not fine:
        return ""
    unhurt = " (that does not suffer)" if fine[0] is turns[-1] else ""
    return f", though {_stands(fine[0])}{unhurt}"


def _advice(one: OverfittingTrial) -> str:
    if one.status != "problem":
        return ""
    if one.best:
        return (
            "Run again with more regularization (dropout, label smoothing, weight decay) before "
            "comparing (C6)."
        )
    return "It is not the best; where many overfit, search more regularization (C7)."


def _chosen(result: Overfitting) -> Finding:
    overfit = [one.trial for one in result.trials if one.status == "problem"]
    judged = sum(one.status != "unclear" for one in result.trials)
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
