"""Gradient norms: how large they were, what clipping would change, and whether they explode.

Axes: P points of a trial, T trials, Q quantiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ...finding import Finding, Severity
from ...record import Series
from ...space import Scalar
from ...study import Study
from ...wording import join, number, percent, plural
from ..statistics.curve_shape import smoothed
from ..thresholds import GradientNormThresholds
from ..views.curves import GRADIENT_NORM, TrialCurves, setting_name, usable

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
    study: Study, curves: Sequence[TrialCurves], *, thresholds: GradientNormThresholds = SHIPPED
) -> GradientNorm:
    """Percentiles, spikes, trend and non-finite values of each trial's gradient norms.

    Source: D5, D9, D10.
    """
    # A trial counts once, by its quantiles; the threshold is that of all trials together.
    clip_name = setting_name(curves, "gradient_clip")
    quantiles = [_quantiles(usable(trial.gradient_norm), thresholds) for trial in curves]
    pooled_TxQ = np.array([quantiles_Q for quantiles_Q in quantiles if len(quantiles_Q)])
    has_norms = len(pooled_TxQ) > 0
    threshold = float(np.quantile(pooled_TxQ, thresholds.percentile)) if has_norms else None
    trials = tuple(
        _trial(trial, quantiles_Q, (clip_name, threshold), thresholds)
        for trial, quantiles_Q in zip(curves, quantiles, strict=True)
    )
    too_often = tuple(
        trial.trial
        for trial in trials
        if trial.study_clipped is not None and trial.study_clipped > thresholds.max_clipped
    )
    return GradientNorm(
        study=study.name,
        status="ok" if has_norms else "unclear",
        median=float(np.median(pooled_TxQ)) if has_norms else None,
        threshold=threshold,
        highest=float(pooled_TxQ.max()) if has_norms else None,
        too_often=too_often,
        thresholds=thresholds,
        trials=trials,
    )


def weights(steps_P: NDArray[np.int64]) -> NDArray[np.float64]:
    """The steps that each value stands for: those since the value before it.

    Many loops log the first steps densely: a share of values is not a share of steps.

    Source: D5.

    >>> weights(np.array([0, 1, 2, 10])).tolist()
    [1.0, 1.0, 1.0, 8.0]
    """
    apart_P = np.diff(steps_P).astype(np.float64)
    return np.append(apart_P[:1], apart_P) if len(apart_P) else np.ones(len(steps_P))


def _quantiles(series: Series, thresholds: GradientNormThresholds) -> NDArray[np.float64]:
    """The quantiles of the norms over the steps; empty where they are too few."""
    if len(series) < thresholds.min_values:
        return np.empty(0)
    # Each norm in the order of size, at the middle of the steps it stands for.
    order_P = np.argsort(series.values_P)
    weights_P = weights(series.steps_P)[order_P]
    until_P = np.cumsum(weights_P) - 0.5 * weights_P
    at_P = (until_P - until_P[0]) / (until_P[-1] - until_P[0])
    return np.interp(GRID_Q, at_P, series.values_P[order_P])


def _trial(
    trial: TrialCurves,
    quantiles_Q: NDArray[np.float64],
    clips: tuple[str, float | None],
    thresholds: GradientNormThresholds,
) -> GradientNormTrial:
    series, logged = usable(trial.gradient_norm), len(trial.gradient_norm)
    not_finite = logged - len(series)
    if not len(quantiles_Q):
        return _unjudged(trial, logged, not_finite, thresholds)
    growth = _growth(series, thresholds)
    high = float(np.interp(thresholds.percentile, GRID_Q, quantiles_Q))
    clip_name, study_clip = clips
    clip = _threshold(trial.record.setting.get(clip_name))
    clipped, study_clipped = _clipped(series, clip), _clipped(series, study_clip)
    spikes = int(np.count_nonzero(series.values_P > thresholds.spike * _level(series.values_P)))
    return GradientNormTrial(
        trial=trial.id,
        status=_status((logged, not_finite, spikes), (growth, high), clipped, thresholds),
        why="",
        values=logged,
        not_finite=not_finite,
        median=float(quantiles_Q[50]),
        high=high,
        spikes=spikes,
        growth=growth,
        clip=clip,
        clipped=clipped,
        study_clipped=study_clipped,
        quantiles_Q=tuple(quantiles_Q.tolist()),
    )


def _threshold(value: Scalar | None) -> float | None:
    """A clip threshold as a number; None where nothing is clipped."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    return float(value)


def _clipped(series: Series, threshold: float | None) -> float | None:
    """The share of steps whose norm is above the threshold."""
    if threshold is None:
        return None
    weights_P = weights(series.steps_P)
    return float(weights_P[series.values_P > threshold].sum() / weights_P.sum())


def _level(values_P: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median around each value: norms of the first steps are larger without being spikes."""
    return smoothed(values_P, max(5, min(51, len(values_P) // 10)))


def _unjudged(
    trial: TrialCurves, values: int, not_finite: int, thresholds: GradientNormThresholds
) -> GradientNormTrial:
    why = f"it logged no {GRADIENT_NORM}"
    if values:
        why = (
            f"it logged {values} of {GRADIENT_NORM}, {thresholds.min_values} finite ones are needed"
        )
    return GradientNormTrial(
        trial=trial.id,
        status="problem" if not_finite else "unclear",
        why=why,
        values=values,
        not_finite=not_finite,
    )


def _growth(series: Series, thresholds: GradientNormThresholds) -> float | None:
    """Late norms over early ones, medians; None where either are too few, or the early ones 0."""
    share_P = (series.steps_P + 1) / float(series.steps_P[-1] + 1)
    begin, end = thresholds.skipped, thresholds.skipped + thresholds.share
    early_W = series.values_P[(share_P > begin) & (share_P <= end)]
    late_W = series.values_P[share_P > 1.0 - thresholds.share]
    if min(len(early_W), len(late_W)) < 3:
        return None
    early, after = float(np.median(early_W)), float(np.median(late_W))
    # Below the smallest normal number a ratio may overflow.
    return after / early if early > 1e-300 and after < 1e300 else None


def _status(
    counts: tuple[int, int, int],
    course: tuple[float | None, float],
    clipped: float | None,
    thresholds: GradientNormThresholds,
) -> Severity:
    values, not_finite, spikes = counts
    growth, high = course
    if not_finite or (growth is not None and growth > thresholds.exploding):
        return "problem"
    vanishes = high == 0.0 or (growth is not None and growth < thresholds.vanishing)
    aggressive = clipped is not None and clipped > thresholds.max_clipped
    return "notice" if vanishes or aggressive or _often(spikes, values, thresholds) else "ok"


def _often(spikes: int, values: int, thresholds: GradientNormThresholds) -> bool:
    return spikes > max(1.0, thresholds.max_spikes * values)


def findings(result: GradientNorm) -> list[Finding]:
    """One finding on where the study would begin to clip, and one for each trial.

    Source: D5, D9, D10.
    """
    return [_of_study(result), *(_of_trial(result, trial) for trial in result.trials)]


def _of_study(result: GradientNorm) -> Finding:
    logged = [trial for trial in result.trials if trial.quantiles_Q]
    advice = "Log the L2 norm of the full, unclipped gradient as `grad_norm`."
    message = (
        f"No trial of `{result.study}` logged enough of {GRADIENT_NORM} to judge its gradients."
    )
    if result.threshold is not None:
        percentile = f"{100 * result.thresholds.percentile:.0f}th percentile"
        message = (
            f"Gradient norms of {plural(len(logged), 'trial')} of `{result.study}`: median "
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
        message=message,
        evidence={
            "trials": [trial.trial for trial in logged],
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
    names = join([str(trial) for trial in result.too_often])
    trials = "trial" if len(result.too_often) == 1 else "trials"
    return (
        f" Clipping there would change more than {percent(result.thresholds.max_clipped)} of the "
        f"updates of {trials} {names} (D10)."
    )


def _of_trial(result: GradientNorm, trial: GradientNormTrial) -> Finding:
    facts = _facts(result, trial)
    message = f"Trial {trial.trial}: its gradient norms cannot be judged, since {trial.why}."
    if trial.why and facts:
        message = f"Trial {trial.trial}: {facts[0][1]}; no more can be said, since {trial.why}."
    elif not trial.why:
        clauses = "".join(f"; {fact}" for _, fact, _ in facts)
        message = (
            f"Trial {trial.trial}: gradient norms have median {number(trial.median)} and 90th "
            f"percentile {number(trial.high)}{clauses}."
        )
    return Finding(
        rule=facts[0][0] if facts else "D5",
        check="gradient_norm",
        status=trial.status,
        subject={"study": result.study, "trial": trial.trial},
        message=message,
        evidence={
            "trials": [trial.trial],
            "values": trial.values,
            "not_finite": trial.not_finite,
            "median": trial.median,
            "high": trial.high,
            "spikes": trial.spikes,
            "growth": trial.growth,
            "clip": trial.clip,
            "clipped": trial.clipped,
            "study_clipped": trial.study_clipped,
            "confidence": None,
        },
        advice=facts[0][2] if facts else "Log `grad_norm`, unclipped." if trial.why else "",
    )


def _facts(result: GradientNorm, trial: GradientNormTrial) -> list[tuple[str, str, str]]:
    """The faults of a trial's norms, the worst first: rule, fact, way out."""
    limits = result.thresholds
    steadier = "Expect a gain from warmup, gradient clipping or a lower learning rate."
    facts = []
    if trial.not_finite:
        facts.append(("D5", f"{trial.not_finite} of {trial.values} are not finite", steadier))
    if trial.growth is not None and trial.growth > limits.exploding:
        facts.append(("D5", f"the late ones are {number(trial.growth)} times the early", steadier))
    if trial.clipped is not None and trial.clipped > limits.max_clipped:
        lower = "Clipping so many is extremely aggressive: lower the learning rate instead."
        share = f"its threshold of {number(trial.clip)} clips {percent(trial.clipped)} of them"
        facts.append(("D10", share, lower))
    if trial.growth is not None and trial.growth < limits.vanishing:
        still = "Look whether the loss still falls: so small a gradient teaches nothing."
        facts.append(("D5", f"the late ones are {number(trial.growth)} of the early", still))
    if trial.high == 0.0:
        wrong = "Look what is logged, and whether any parameter is trained at all."
        facts.append(("D5", "nearly all of them are zero", wrong))
    if _often(trial.spikes, trial.values, limits) and trial.high != 0.0:
        times = f"{limits.spike:g} times the median around them"
        facts.append(
            ("D9", f"{trial.spikes} of {trial.values} are above {times}", _begin(trial, limits))
        )
    return facts


def _begin(trial: GradientNormTrial, limits: GradientNormThresholds) -> str:
    """Where to begin clipping: a percentile that is an outlier itself clips none of them."""
    if trial.high is None or trial.median is None or trial.high <= limits.spike * trial.median:
        return f"Clipping helps against outliers: begin at {number(trial.high)}."
    return (
        f"So many are outliers that the 90th percentile is one: begin to clip near the median, "
        f"{number(trial.median)}, or lower the learning rate (D10)."
    )
