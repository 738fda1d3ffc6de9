"""Which trials were still improving at the end, so that more steps may help.

Axes: P points of a curve, W points of a stretch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import final

import numpy as np
from numpy.typing import NDArray

from ...finding import Finding, Severity, Words
from ...record import BY_HAND, PREEMPTED
from ...study import Study
from ...wording import number, percent, study_text
from ..statistics.curve_shape import finite, median
from ..statistics.once import ahead, blocks
from ..thresholds import StillImprovingThresholds
from ..views.aligned import Aligned, binned, gained, levelled, noise_of
from ..views.curves import TrialCurves, infeasible_because, without_values
from ..views.outcomes import ranked
from ..views.own_end import own_end, own_end_words
from ..views.why import CLEAR, Why, cause, open_headline, open_message, settled_by
from .not_finite import not_finite

SHIPPED = StillImprovingThresholds()


@final
@dataclass(frozen=True, kw_only=True)
class StillImprovingTrial:
    """How much one trial gained at its end.

    Args:
        why: Why that cannot be judged; empty where it can.
        gain: Over the last stretch, by a robust slope, in the metric's own unit.
        error: Its standard error.
        share: The gain as a share of what was gained before; NaN where that is nothing.
        kept: The slope in the stretch's second half as a share of the slope in all of it.
        flattens: Whether it gains, but hardly any more in the second half.
        recovers: Whether what it gains leads back from a jump: it was lower before.
        end: The last value, in the metric's own direction.
        reached: The steps done, as a share of `max_steps`.
    """

    trial: int
    status: Severity
    why: Why = CLEAR
    gain: float = math.nan
    error: float = math.nan
    share: float = math.nan
    kept: float = math.nan
    flattens: bool = False
    recovers: bool = False
    end: float = math.nan
    reached: float = math.nan
    evaluations: int = 0


@final
@dataclass(frozen=True, kw_only=True)
class StillImproving:
    """Which trials of a study still improve at the end, by trial id; `best` is the best of all.

    `own_end` is the step at which all of them ended by themselves, before `max_steps`.
    """

    study: str
    metric: str
    max_steps: int
    thresholds: StillImprovingThresholds
    trials: tuple[StillImprovingTrial, ...]
    best: int | None
    own_end: int | None = None


def still_improving(
    study: Study, curves: Sequence[TrialCurves], *, thresholds: StillImprovingThresholds = SHIPPED
) -> StillImproving:
    """Which trials gained beyond their noise over the last steps, up to the very end.

    Source: C9, T1.
    """
    best_first = ranked([trial.outcome for trial in curves])
    with np.errstate(all="ignore"):
        trials = tuple(one for block in blocks(curves) for one in _trials(block, thresholds))
    return StillImproving(
        study=study.name,
        metric=study.metric,
        max_steps=study.max_steps,
        thresholds=thresholds,
        trials=trials,
        best=best_first[0].trial if best_first else None,
        own_end=own_end(curves),
    )


def _trials(
    trials: Sequence[TrialCurves], thresholds: StillImprovingThresholds
) -> Iterator[StillImprovingTrial]:
    """How much trials gained at their ends, their levels computed together."""
    most = thresholds.max_points
    curves = [binned(trial.metric, trial.objective, most=most) for trial in trials]
    judged = [one for one in curves if len(one) >= thresholds.min_evaluations]
    ahead((levelled, gained), (one.levels_SxE[0] for one in judged))
    ahead((noise_of,), (one.levels_SxE[0][_late(one, thresholds)] for one in judged))
    for trial, curve in zip(trials, curves, strict=True):
        yield _trial(trial, curve, thresholds)


def _trial(
    trial: TrialCurves, curve: Aligned, thresholds: StillImprovingThresholds
) -> StillImprovingTrial:
    record = trial.record
    if not_finite(trial) is not None or record.reason in ("nan", "diverged"):
        return _not_judged(trial, "ok", Why("broke", "it broke before its end"), curve)
    if trial.infeasible:
        return _not_judged(trial, "unclear", infeasible_because(trial), curve)
    if record.status == "stopped" and record.reason != "time_limit":
        by = "somebody" if record.reason in (BY_HAND, PREEMPTED) else "a schedule"
        why = Why("stopped", f"{by} stopped it before its last step")
        return _not_judged(trial, "unclear", why, curve)
    if len(curve) < thresholds.min_evaluations:
        why = without_values(
            finite(trial.objective),
            trial.metric,
            thresholds.min_evaluations,
            called=trial.own_metric,
        )
        return _not_judged(trial, "unclear", why, curve)
    return _judged(trial, curve, thresholds)


def _not_judged(
    trial: TrialCurves, status: Severity, why: Why, curve: Aligned
) -> StillImprovingTrial:
    return StillImprovingTrial(trial=trial.id, status=status, why=why, evaluations=len(curve))


def _judged(
    trial: TrialCurves, curve: Aligned, thresholds: StillImprovingThresholds
) -> StillImprovingTrial:
    # The last stretch, and its second half.
    values_P = curve.levels_SxE[0]
    late_P = _late(curve, thresholds)
    steps_W, values_W = curve.steps_E[late_P].astype(np.float64), values_P[late_P]
    second_W = steps_W >= (steps_W[0] + steps_W[-1]) / 2.0
    # The slope of both, with the standard error of the whole one.
    length = float(steps_W[-1] - steps_W[0])
    slope = _slope(steps_W, values_W)
    slope_share = _slope(steps_W[second_W], values_W[second_W]) / slope if slope > 0.0 else math.nan
    spread = math.sqrt(float(((steps_W - steps_W.mean()) ** 2).sum()))
    error = length * noise_of(values_W) / spread
    gain, total = slope * length, gained(values_P)
    # A drop at the very end is no improvement, whatever the slope before it.
    ends = float(values_W[-2:].max()) < float(median(values_W[~second_W]))
    gains = gain > thresholds.min_noise * error and not gain < thresholds.min_gain * total
    # Single lucky values aside, it was lower before: more steps may bring it back there, no more.
    level_P, _ = levelled(values_P)
    before_P = level_P[~late_P]
    lowest_before = float(before_P.min()) if before_P.size else math.inf
    recovers = gains and float(values_W[second_W].min()) > lowest_before
    improving = gains and ends and slope_share >= thresholds.min_slope
    end = float(values_W[-1])
    # What noise hides may be worth steps, even beside all that was ever gained.
    worth = thresholds.min_gain * float(level_P.max() - level_P.min())
    hidden = not gains and gain + thresholds.doubt * error > worth > 0.0 and error > 0.0
    because = "what it gained at its end is no more than its noise hides"
    why = Why("noise", because) if hidden else CLEAR
    return StillImprovingTrial(
        trial=trial.id,
        status="notice" if improving else "unclear" if hidden else "ok",
        why=why,
        gain=gain,
        error=error,
        share=gain / total if total > 0.0 else math.nan,
        kept=slope_share,
        flattens=gains and ends and slope_share < thresholds.min_slope,
        recovers=recovers,
        end=trial.value(end),
        reached=(int(curve.steps_E[-1]) + 1) / max(1, trial.max_steps),
        evaluations=len(curve),
    )


def _late(curve: Aligned, thresholds: StillImprovingThresholds) -> NDArray[np.bool_]:
    """Which evaluations are of the last stretch."""
    late_P: NDArray[np.bool_] = curve.steps_E >= (1.0 - thresholds.late) * curve.steps_E[-1]
    late_P[-thresholds.min_late :] = True
    return late_P


def _slope(steps_W: NDArray[np.float64], values_W: NDArray[np.float64]) -> float:
    """The median slope of all pairs (Theil, Sen); what falls has a positive one."""
    if len(steps_W) < 2:
        return 0.0
    first_U, second_U = _pairs(len(steps_W))
    slopes_U = np.sort(
        (values_W[first_U] - values_W[second_U]) / (steps_W[second_U] - steps_W[first_U])
    )
    count = len(slopes_U)
    return float(slopes_U[(count - 1) // 2] + slopes_U[count // 2]) / 2.0


@cache
def _pairs(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The positions of all pairs of so many values."""
    first_U, second_U = np.triu_indices(count, 1)
    return first_U, second_U


def findings(result: StillImproving) -> list[Finding]:
    """One finding for each trial, and one on the study's regime.

    Source: C9, T1, T3.
    """
    of_trials = [
        Finding.of_trial(
            result, trial, _words, rule="C9", check="still_improving", kind=_kind(result, trial)
        )
        for trial in result.trials
    ]
    return [*of_trials, _regime(result)]


def _words(result: StillImproving, trial: StillImprovingTrial) -> Words:
    return Words(
        headline=_headline(result, trial),
        message=_message(result, trial),
        evidence=_evidence(result, trial),
        advice=_advice(result, trial),
    )


def _evidence(result: StillImproving, trial: StillImprovingTrial) -> Mapping[str, object]:
    thresholds = result.thresholds
    confidence = {
        "notice": (thresholds.confidence_flagged, thresholds.confidence_flagged_trials),
        "ok": (thresholds.confidence_ok, thresholds.confidence_ok_trials),
    }
    sure, of_trials = confidence.get(trial.status, (None, None))
    return {
        "trials": [trial.trial],
        "gain": trial.gain,
        "error": trial.error,
        "share": trial.share,
        "slope_kept": trial.kept,
        "flattens": trial.flattens,
        "recovers": trial.recovers,
        "reached": trial.reached,
        "evaluations": trial.evaluations,
        "confidence": sure,
        "confidence_trials": of_trials,
    }


def _kind(result: StillImproving, trial: StillImprovingTrial) -> str:
    """What the compared trial wants is said; of the others it is told once, without an advice."""
    if trial.status == "notice":
        return "best" if trial.trial == result.best else "others"
    return cause(trial.why)


def _headline(result: StillImproving, trial: StillImprovingTrial) -> str:
    if trial.status == "unclear":
        return open_headline(trial.trial, "late improvement", trial.why)
    if trial.why:
        return f"Trial {trial.trial} was not still improving: {trial.why}"
    gain = number(trial.gain, 2)
    if trial.status == "notice" and trial.recovers:
        return f"Trial {trial.trial} gained {gain} at its end, back from a jump"
    if trial.status == "notice":
        stretch = percent(result.thresholds.late)
        return f"Trial {trial.trial} still gained {gain} in the last {stretch} of its steps"
    word = "flattened before its end" if trial.flattens else "had stopped improving"
    return f"Trial {trial.trial} {word}: it gained {gain} at the end"


def _message(result: StillImproving, trial: StillImprovingTrial) -> str:
    if trial.status == "unclear":
        return open_message(trial.trial, "whether it was still improving", trial.why)
    if trial.why:
        return f"Trial {trial.trial} was not still improving: {trial.why}."
    stretch = f"the last {percent(result.thresholds.late)} of its steps"
    gain = f"its {result.metric} gained {number(trial.gain, 2)} over {stretch}"
    error = f"standard error {number(trial.error, 2)}"
    if trial.status == "notice" and trial.recovers:
        return (
            f"Trial {trial.trial} was coming back from a jump at its end: {gain} ({error}). It had "
            "been better before."
        )
    if trial.status == "notice":
        return f"Trial {trial.trial} was still improving at its end: {gain} ({error})."
    if trial.flattens:
        return (
            f"Trial {trial.trial} flattened before its end: {gain}, but its slope fell to "
            f"{percent(max(trial.kept, 0.0))} of that in their second half."
        )
    return f"Trial {trial.trial} was no longer improving: {gain} ({error})."


def _advice(result: StillImproving, trial: StillImprovingTrial) -> str:
    if trial.status == "unclear":
        return settled_by(trial.why)
    if trial.status != "notice" or trial.trial != result.best:
        return ""
    if result.own_end is not None:
        return f"{own_end_words(result.own_end)}."
    if trial.reached < result.thresholds.full:
        return "Let it run to its last step before it is compared."
    if trial.recovers:
        return "Look at its curves: what makes it jump comes before more steps."
    return "Try more steps, or a schedule that decays later."


def _regime(result: StillImproving) -> Finding:
    best = next((trial for trial in result.trials if trial.trial == result.best), None)
    status: Severity = "unclear" if best is None else "ok" if best.recovers else best.status
    headline, message = _regime_words(result, best, status)
    return Finding(
        rule="T1",
        check="still_improving",
        status=status,
        subject={"study": result.study},
        headline=headline,
        message=message,
        evidence={"trials": [] if best is None else [best.trial], "own_end": result.own_end},
        advice=_regime_advice(result) if status == "notice" else "",
    )


def _regime_advice(result: StillImproving) -> str:
    if result.own_end is not None:
        return f"{own_end_words(result.own_end)}."
    return "Train longer where steps are affordable, and select the best step afterwards."


def _regime_words(
    result: StillImproving, best: StillImprovingTrial | None, status: Severity
) -> tuple[str, str]:
    """Headline and message. Compute-bound is more steps than one can afford, which is not known."""
    study = study_text(result.study)
    if best is None:
        open_line = f"Whether more steps help {study} is open"
        return f"{open_line}: no trial has a value", f"{open_line}, since no trial has a value."
    if status == "notice" and result.own_end is not None:
        ended = f"step {result.own_end:,} of {result.max_steps:,}"
        return (
            f"More steps may help {study}, whose loop ends at {ended}",
            f"All trials of {study} ended by themselves at {ended}, and its best trial, "
            f"{best.trial}, was still improving. A larger `max_steps` alone repeats them.",
        )
    if status == "notice":
        return (
            f"More steps may help {study}: its best trial still improved",
            f"The best trial of {study}, {best.trial}, was still improving at its end. More steps "
            "may help; whether it is compute-bound shows only at the most steps that you can "
            "afford.",
        )
    if status == "unclear":
        return (
            f"Whether more steps help {study} is open: see trial {best.trial}",
            f"Whether more steps help {study} is open, since of its best trial, {best.trial}, "
            f"{best.why}.",
        )
    if best.recovers:
        return (
            f"Nothing says that more steps help {study}",
            f"The best trial of {study}, {best.trial}, was coming back from a jump. It had been "
            "better before, so nothing says that more steps help.",
        )
    return (
        f"Nothing says that more steps help {study}",
        f"The best trial of {study}, {best.trial}, was no longer improving. At this schedule, "
        "nothing says that more steps help.",
    )
