"""Which trials were still improving at the end, so that more steps may help.

Letters: P points of a curve, W points of a stretch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import final

import numpy as np
from numpy.typing import NDArray

from ..finding import Finding, Severity
from ..study import Study
from .aligned import Aligned, binned, gained, noises
from .instability import not_finite
from .outcome import outcomes, ranked
from .thresholds import StillImprovingThresholds
from .trace import Trace
from .wording import counted, number, percent

SHIPPED = StillImprovingThresholds()
# No source, ours: more points than this are averaged first.
_MOST = 200


@final
@dataclass(frozen=True, kw_only=True)
class StillImprovingTrial:
    """How much one trial gained at its end.

    Args:
        why: Why that cannot be judged; empty where it can.
        gain: Over the last stretch, by a robust slope, in the metric's own unit.
        second: The same over the stretch's second half.
        noise: The sd of single values in the stretch.
        share: The gain as a share of what was gained before; NaN where that is nothing.
        flattens: Whether it gains, but hardly any more in the second half.
        end: The last value, in the metric's own direction.
        reached: The steps done, as a share of `max_steps`.
    """

    trial: int
    status: Severity
    why: str = ""
    gain: float = math.nan
    second: float = math.nan
    noise: float = math.nan
    share: float = math.nan
    flattens: bool = False
    end: float = math.nan
    reached: float = math.nan
    evaluations: int = 0


@final
@dataclass(frozen=True, kw_only=True)
class StillImproving:
    """Which trials of a study still improve at the end, by trial id; `best` is the best of all."""

    study: str
    metric: str
    max_steps: int
    thresholds: StillImprovingThresholds
    trials: tuple[StillImprovingTrial, ...]
    best: int | None


def still_improving(
    study: Study, traces: Sequence[Trace], *, thresholds: StillImprovingThresholds = SHIPPED
) -> StillImproving:
    """Which trials gained beyond their noise over the last steps, up to the very end.

    Source: C9, T1.
    """
    found = ranked(outcomes(study, [trace.record for trace in traces]))
    with np.errstate(all="ignore"):
        trials = tuple(_trial(trace, thresholds) for trace in traces)
    return StillImproving(
        study=study.name,
        metric=study.metric,
        max_steps=study.max_steps,
        thresholds=thresholds,
        trials=trials,
        best=found[0].trial if found else None,
    )


def _trial(trace: Trace, thresholds: StillImprovingThresholds) -> StillImprovingTrial:
    record = trace.record
    curve = binned(trace.metric, trace.objective, most=_MOST)
    if not_finite(trace) is not None or record.reason in ("nan", "diverged"):
        return _not_judged(trace, "ok", "it broke before its end", curve)
    if trace.infeasible:
        because = record.reason or "no reason given"
        return _not_judged(trace, "unclear", f"it is infeasible ({because})", curve)
    if record.status == "stopped" and record.reason != "time_limit":
        return _not_judged(trace, "unclear", "a schedule stopped it before its last step", curve)
    late = _late(curve, thresholds.late)
    if len(late) < thresholds.min_late:
        few = f"the last {percent(thresholds.late)} of its steps hold"
        why = f"{few} {counted(len(late), 'evaluation')}; {thresholds.min_late} are needed"
        return _not_judged(trace, "unclear", why, curve)
    return _judged(trace, curve, late, thresholds)


def _not_judged(trace: Trace, status: Severity, why: str, curve: Aligned) -> StillImprovingTrial:
    return StillImprovingTrial(trial=trace.trial, status=status, why=why, evaluations=len(curve))


def _late(curve: Aligned, share: float) -> NDArray[np.float64]:
    """The steps and the values of the last stretch, side by side."""
    if not len(curve):
        return np.empty((0, 2))
    kept_P = curve.steps_E >= (1.0 - share) * curve.steps_E[-1]
    return np.stack((curve.steps_E[kept_P], curve.levels_SxE[0][kept_P]), axis=1)


def _judged(
    trace: Trace,
    curve: Aligned,
    late_Wx2: NDArray[np.float64],
    thresholds: StillImprovingThresholds,
) -> StillImprovingTrial:
    steps_W, values_W = late_Wx2[:, 0], late_Wx2[:, 1]
    half_W = steps_W >= (steps_W[0] + steps_W[-1]) / 2.0
    gain = _gain(steps_W, values_W)
    second = _gain(steps_W[half_W], values_W[half_W])
    spread = float(noises(values_W[None, :])[0])
    total = gained(curve.levels_SxE[0])
    share = gain / total if total > 0.0 else math.nan
    rises = gain > thresholds.min_noise * spread and not share < thresholds.min_gain
    goes_on = second > thresholds.min_noise * spread and second >= thresholds.min_share * gain
    end = float(values_W[-1])
    return StillImprovingTrial(
        trial=trace.trial,
        status="notice" if rises and goes_on else "ok",
        gain=gain,
        second=second,
        noise=spread,
        share=share,
        flattens=rises and not goes_on,
        end=-end if trace.maximize else end,
        reached=(int(curve.steps_E[-1]) + 1) / max(1, trace.max_steps),
        evaluations=len(curve),
    )


def _gain(steps_W: NDArray[np.float64], values_W: NDArray[np.float64]) -> float:
    """What the median slope of all pairs (Theil, Sen) makes over the stretch; falling is gain."""
    if len(steps_W) < 2:
        return 0.0
    first_U, second_U = _pairs(len(steps_W))
    slopes_U = np.sort(
        (values_W[first_U] - values_W[second_U]) / (steps_W[second_U] - steps_W[first_U])
    )
    count = len(slopes_U)
    slope = float(slopes_U[(count - 1) // 2] + slopes_U[count // 2]) / 2.0
    return slope * float(steps_W[-1] - steps_W[0])


@cache
def _pairs(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first_U, second_U = np.triu_indices(count, 1)
    return first_U, second_U


def findings(result: StillImproving) -> list[Finding]:
    """One finding a trial, and one on the study's regime.

    Source: C9, T1, T3.
    """
    each = [
        Finding(
            rule="C9",
            check="still_improving",
            status=one.status,
            subject={"study": result.study, "trial": one.trial},
            message=_said(result, one),
            evidence=_evidence(result, one),
            advice=_advice(one),
        )
        for one in result.trials
    ]
    return [*each, _regime(result)]


def _evidence(result: StillImproving, one: StillImprovingTrial) -> Mapping[str, object]:
    confidence = {
        "notice": result.thresholds.confidence_flagged,
        "ok": result.thresholds.confidence_ok,
    }
    return {
        "trials": [one.trial],
        "gain": one.gain,
        "second_half": one.second,
        "noise": one.noise,
        "share": one.share,
        "flattens": one.flattens,
        "reached": one.reached,
        "evaluations": one.evaluations,
        "confidence": confidence.get(one.status),
    }


def _said(result: StillImproving, one: StillImprovingTrial) -> str:
    if one.status == "unclear":
        return f"Trial {one.trial}: whether it was still improving is open, since {one.why}."
    if one.why:
        return f"Trial {one.trial} was not still improving: {one.why}."
    stretch = f"the last {percent(result.thresholds.late)} of its steps"
    gain = f"its {result.metric} gained {number(one.gain, 3)} over {stretch}"
    noise = f"noise {number(one.noise, 2)}"
    if one.status == "notice":
        return f"Trial {one.trial} was still improving at its end: {gain} ({noise})."
    if one.flattens:
        return (
            f"Trial {one.trial} flattened before its end: {gain}, {number(one.second, 3)} of it "
            "in their second half."
        )
    return f"Trial {one.trial} was no longer improving: {gain} ({noise})."


def _advice(one: StillImprovingTrial) -> str:
    if one.status != "notice":
        return ""
    if one.reached < 0.9:
        return "It ended before its last step: let it run to the end before it is compared (C9)."
    return "Try more steps, or a schedule that decays later (C9)."


def _regime(result: StillImproving) -> Finding:
    best = next((one for one in result.trials if one.trial == result.best), None)
    status: Severity = "unclear" if best is None else best.status
    if best is None:
        message = f"No trial of `{result.study}` has a value, so its regime is unknown."
    elif status == "notice":
        message = (
            f"The best trial of `{result.study}`, {best.trial}, was still improving: training "
            "longer may keep helping (compute-bound)."
        )
    elif status == "unclear":
        message = (
            f"Whether training longer helps `{result.study}` is open, since of its best trial, "
            f"{best.trial}, {best.why}."
        )
    else:
        message = (
            f"The best trial of `{result.study}`, {best.trial}, was no longer improving: at this "
            "schedule, nothing says that more steps help."
        )
    return Finding(
        rule="T1",
        check="still_improving",
        status=status,
        subject={"study": result.study},
        message=message,
        evidence={"trials": [] if best is None else [best.trial]},
        advice="Where steps are affordable, train longer and select the best step afterwards (T3)."
        if status == "notice"
        else "",
    )
