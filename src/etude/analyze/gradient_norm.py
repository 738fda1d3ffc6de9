"""How large gradients were, what a clip threshold would do to them, and whether they run away.

Letters: P points of a trial, T trials, Q quantiles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ..catalogue import known
from ..finding import Finding, Severity
from ..study import Study
from .thresholds import GradientNormThresholds
from .trace import GRADIENT_NORM, Trace
from .trend import smoothed
from .wording import counted, listed, number, percent

SHIPPED = GradientNormThresholds()
# A trial's norms as their quantiles: what a study pools and a chart draws.
GRID_Q = np.linspace(0.0, 1.0, 101)


@final
@dataclass(frozen=True, kw_only=True)
class GradientNormTrial:
    """The unclipped gradient norms of one trial.

    Args:
        why: Why they cannot be judged; empty where they can.
        values: How many were logged, of which `not_finite` are NaN or infinite.
        median, high: The median, and the percentile of D9.
        spikes: How many are far above the median.
        growth: The late ones over the early ones, medians; None where the early ones are 0.
        clip: The clip threshold in the trial's setting; None where there is none.
        clipped: The share of steps that it clips.
        study_clipped: The share that the study's threshold would clip.
        quantiles_Q: At 0, 1, ..., 100 %.
    """

    trial: int
    status: Severity
    why: str
    values: int = 0
    not_finite: int = 0
    median: float | None = None
    high: float | None = None
    spikes: int = 0
    growth: float | None = None
    clip: float | None = None
    clipped: float | None = None
    study_clipped: float | None = None
    quantiles_Q: tuple[float, ...] = ()


@final
@dataclass(frozen=True, kw_only=True)
class GradientNorm:
    """The norms of a study; each trial that logged enough counts once, however many it logged.

    Args:
        threshold: The percentile of D9 over the study: where to begin clipping.
        too_often: The trials that it would clip on more than half of their steps (D10).
    """

    study: str
    status: Severity
    median: float | None
    threshold: float | None
    highest: float | None
    too_often: tuple[int, ...]
    thresholds: GradientNormThresholds
    trials: tuple[GradientNormTrial, ...]


def gradient_norm(
    study: Study, traces: Sequence[Trace], *, thresholds: GradientNormThresholds = SHIPPED
) -> GradientNorm:
    """Percentiles, spikes, trend and non-finite values of each trial's gradient norms.

    Source: D5, D9, D10.
    """
    clip_name = _clip_name(traces)
    quantiles = [_quantiles(trace, thresholds) for trace in traces]
    pooled_TxQ = np.array([each for each in quantiles if len(each)])
    found = len(pooled_TxQ) > 0
    threshold = float(np.quantile(pooled_TxQ, thresholds.percentile)) if found else None
    trials = tuple(
        _trial(trace, quantiles_Q, (clip_name, threshold), thresholds)
        for trace, quantiles_Q in zip(traces, quantiles, strict=True)
    )
    too_often = tuple(
        one.trial
        for one in trials
        if one.study_clipped is not None and one.study_clipped > thresholds.max_clipped
    )
    return GradientNorm(
        study=study.name,
        status="ok" if found else "unclear",
        median=float(np.median(pooled_TxQ)) if found else None,
        threshold=threshold,
        highest=float(pooled_TxQ.max()) if found else None,
        too_often=too_often,
        thresholds=thresholds,
        trials=trials,
    )


def _clip_name(traces: Sequence[Trace]) -> str:
    names = sorted({name for trace in traces for name in trace.record.setting})
    entries = [(name, known(name)) for name in names]
    return next((name for name, one in entries if one and one.name == "gradient_clip"), "")


def _quantiles(trace: Trace, thresholds: GradientNormThresholds) -> NDArray[np.float64]:
    """The quantiles of the finite norms; empty where they are too few."""
    values_P = trace.gradient_norm.values_P
    values_P = values_P[np.isfinite(values_P)]
    if len(values_P) < thresholds.min_values:
        return np.empty(0)
    # By position: what `np.quantile` interpolates, without its cost.
    at_Q = GRID_Q * (len(values_P) - 1)
    return np.interp(at_Q, np.arange(len(values_P)), np.sort(values_P))


def _trial(
    trace: Trace,
    quantiles_Q: NDArray[np.float64],
    clips: tuple[str, float | None],
    thresholds: GradientNormThresholds,
) -> GradientNormTrial:
    logged_P = trace.gradient_norm.values_P
    finite_P = logged_P[np.isfinite(logged_P)]
    lost = len(logged_P) - len(finite_P)
    if not len(quantiles_Q):
        return _unjudged(trace, len(logged_P), lost, thresholds)
    median = float(quantiles_Q[50])
    growth = _growth(finite_P, thresholds.share)
    clip_name, study_clip = clips
    clip = trace.record.setting.get(clip_name)
    clip = float(clip) if isinstance(clip, int | float) and clip > 0 else None
    clipped = None if clip is None else float(np.mean(finite_P > clip))
    spikes = int(np.count_nonzero(finite_P > thresholds.spike * _level(finite_P)))
    return GradientNormTrial(
        trial=trace.trial,
        status=_status(lost, growth, spikes, clipped, thresholds),
        why="",
        values=len(logged_P),
        not_finite=lost,
        median=median,
        high=float(np.interp(thresholds.percentile, GRID_Q, quantiles_Q)),
        spikes=spikes,
        growth=growth,
        clip=clip,
        clipped=clipped,
        study_clipped=None if study_clip is None else float(np.mean(finite_P > study_clip)),
        quantiles_Q=tuple(quantiles_Q.tolist()),
    )


def _level(values_P: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median around each value: norms of the first steps are larger without being spikes."""
    return smoothed(values_P, max(5, min(51, len(values_P) // 10)))


def _unjudged(
    trace: Trace, values: int, lost: int, thresholds: GradientNormThresholds
) -> GradientNormTrial:
    why = f"it logged no {GRADIENT_NORM}"
    if values:
        why = (
            f"it logged {values} of {GRADIENT_NORM}, {thresholds.min_values} finite ones are needed"
        )
    return GradientNormTrial(
        trial=trace.trial,
        status="problem" if lost else "unclear",
        why=why,
        values=values,
        not_finite=lost,
    )


def _growth(values_P: NDArray[np.float64], share: float) -> float | None:
    """Late norms over early ones, the first tenth left out: warmup is no trend."""
    kept_P = values_P[len(values_P) // 10 :]
    count = max(3, math.ceil(share * len(kept_P)))
    early, end = float(np.median(kept_P[:count])), float(np.median(kept_P[-count:]))
    if early <= 0.0:
        return None
    growth = end / early if early > 1e-300 else math.inf
    return growth if math.isfinite(growth) else None


def _status(
    lost: int,
    growth: float | None,
    spikes: int,
    clipped: float | None,
    thresholds: GradientNormThresholds,
) -> Severity:
    if lost or (growth is not None and growth > thresholds.exploding):
        return "problem"
    if clipped is not None and clipped > thresholds.max_clipped:
        return "notice"
    vanishes = growth is not None and growth < thresholds.vanishing
    return "notice" if vanishes or spikes else "ok"


def findings(result: GradientNorm) -> list[Finding]:
    """One finding on where the study would begin to clip, and one a trial.

    Source: D5, D9, D10.
    """
    return [_of_study(result), *(_of_trial(result, one) for one in result.trials)]


def _of_study(result: GradientNorm) -> Finding:
    logged = [one for one in result.trials if one.quantiles_Q]
    advice = "Log the L2 norm of the full, unclipped gradient as `grad_norm`."
    said = f"No trial of `{result.study}` logged enough of {GRADIENT_NORM} to judge its gradients."
    if result.threshold is not None:
        percentile = f"{100 * result.thresholds.percentile:.0f}th percentile"
        said = (
            f"Gradient norms of {counted(len(logged), 'trial')} of `{result.study}`: median "
            f"{number(result.median)}, {percentile} {number(result.threshold)}, highest "
            f"{number(result.highest)}.{_too_often(result)}"
        )
        advice = (
            f"To clip, begin at {number(result.threshold)}, the {percentile}, then smaller if "
            "needed; where more than half of the updates would be clipped, lower the learning rate "
            "instead."
        )
    return Finding(
        rule="D9" if logged else "D5",
        check="gradient_norm",
        status=result.status,
        subject={"study": result.study},
        message=said,
        evidence={
            "trials": [one.trial for one in logged],
            "median": result.median,
            "threshold": result.threshold,
            "highest": result.highest,
            "too_often": list(result.too_often),
            "confidence": None,
        },
        advice=advice,
    )


def _too_often(result: GradientNorm) -> str:
    if not result.too_often:
        return ""
    names = listed([str(trial) for trial in result.too_often])
    trials = "trial" if len(result.too_often) == 1 else "trials"
    return (
        f" Clipping there would change more than {percent(result.thresholds.max_clipped)} of the "
        f"updates of {trials} {names} (D10)."
    )


def _of_trial(result: GradientNorm, one: GradientNormTrial) -> Finding:
    facts = _facts(result, one)
    said = f"Trial {one.trial}: its gradient norms cannot be judged, since {one.why}."
    if one.why and facts:
        said = f"Trial {one.trial}: {facts[0][1]}; no more can be said, since {one.why}."
    elif not one.why:
        told = "".join(f"; {fact}" for _, fact, _ in facts)
        said = (
            f"Trial {one.trial}: gradient norms have median {number(one.median)} and 90th "
            f"percentile {number(one.high)}{told}."
        )
    return Finding(
        rule=facts[0][0] if facts else "D5",
        check="gradient_norm",
        status=one.status,
        subject={"study": result.study, "trial": one.trial},
        message=said,
        evidence={
            "trials": [one.trial],
            "values": one.values,
            "not_finite": one.not_finite,
            "median": one.median,
            "high": one.high,
            "spikes": one.spikes,
            "growth": one.growth,
            "clip": one.clip,
            "clipped": one.clipped,
            "study_clipped": one.study_clipped,
            "confidence": None,
        },
        advice=facts[0][2] if facts else "Log `grad_norm`, unclipped." if one.why else "",
    )


def _facts(result: GradientNorm, one: GradientNormTrial) -> list[tuple[str, str, str]]:
    """What is wrong with a trial's norms, the worst first: rule, fact, way out."""
    limits = result.thresholds
    steadier = "Expect a gain from warmup, gradient clipping or a lower learning rate."
    facts = []
    if one.not_finite:
        facts.append(("D5", f"{one.not_finite} of {one.values} are not finite", steadier))
    if one.growth is not None and one.growth > limits.exploding:
        facts.append(("D5", f"the late ones are {number(one.growth)} times the early", steadier))
    if one.clipped is not None and one.clipped > limits.max_clipped:
        lower = "Clipping so many is extremely aggressive: lower the learning rate instead."
        share = f"its threshold of {number(one.clip)} clips {percent(one.clipped)} of them"
        facts.append(("D10", share, lower))
    if one.growth is not None and one.growth < limits.vanishing:
        still = "Look whether the loss still falls: so small a gradient teaches nothing."
        facts.append(("D5", f"the late ones are {number(one.growth)} of the early", still))
    if one.spikes:
        times = f"{limits.spike:g} times the median around them"
        begin = f"Clipping helps against outliers: begin at {number(one.high)}."
        facts.append(("D9", f"{one.spikes} of {one.values} are above {times}", begin))
    return facts
