"""Gradient norms: how large they were, what clipping would change, and whether they explode.

Axes: P points of a trial, T trials, Q quantiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ...finding import Finding, Severity, Words
from ...record import Series
from ...space import Scalar
from ...study import Study
from ...wording import join, number, percent, plural, study_text
from ..statistics.curve_shape import median, smooth_ahead, smoothed
from ..statistics.once import blocks
from ..thresholds import GradientNormThresholds
from ..views.curves import GRADIENT_NORM, TrialCurves, setting_name, usable
from ..views.why import CLEAR, Why, cause, open_headline, open_message, settled_by

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
    why: Why
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
    norms = [usable(trial.gradient_norm) for trial in curves]
    quantiles = [_quantiles(series, thresholds) for series in norms]
    pooled_TxQ = np.array([quantiles_Q for quantiles_Q in quantiles if len(quantiles_Q)])
    has_norms = len(pooled_TxQ) > 0
    threshold = float(np.quantile(pooled_TxQ, thresholds.percentile)) if has_norms else None
    clips = (clip_name, threshold)
    trials = tuple(
        _trial(trial, series, quantiles_Q, clips, thresholds)
        for block in blocks(list(zip(curves, norms, quantiles, strict=True)))
        for trial, series, quantiles_Q in _smoothed(block)
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


def _smoothed(
    trials: Sequence[tuple[TrialCurves, Series, NDArray[np.float64]]],
) -> Sequence[tuple[TrialCurves, Series, NDArray[np.float64]]]:
    """The same trials, their norms smoothed together."""
    judged = [series.values_P for _, series, quantiles_Q in trials if len(quantiles_Q)]
    smooth_ahead((values_P, _width(values_P)) for values_P in judged)
    return trials


def _trial(
    trial: TrialCurves,
    series: Series,
    quantiles_Q: NDArray[np.float64],
    clips: tuple[str, float | None],
    thresholds: GradientNormThresholds,
) -> GradientNormTrial:
    logged = len(trial.gradient_norm)
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
        why=CLEAR,
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
    return smoothed(values_P, _width(values_P))


def _width(values_P: NDArray[np.float64]) -> int:
    return max(5, min(51, len(values_P) // 10))


def _unjudged(
    trial: TrialCurves, values: int, not_finite: int, thresholds: GradientNormThresholds
) -> GradientNormTrial:
    why = Why("no_grad_norm", f"it logged no {GRADIENT_NORM}")
    if values:
        few = (
            f"it logged {values} of {GRADIENT_NORM}; {thresholds.min_values} finite ones are needed"
        )
        why = Why("too_few_norms", few)
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
    early, after = float(median(early_W)), float(median(late_W))
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
    headline, message = _study_words(result, len(logged))
    return Finding(
        rule="D9" if logged else "D5",
        check="gradient_norm",
        status=result.status,
        subject={"study": result.study},
        headline=headline,
        message=message,
        evidence={
            "trials": [trial.trial for trial in logged],
            "median": result.median,
            "threshold": result.threshold,
            "highest": result.highest,
            "too_often": list(result.too_often),
            "confidence": None,
        },
        # Norms alone are no reason to clip; instability is, and stability says so.
        advice="" if logged else settled_by(Why("no_grad_norm")),
        kind="" if logged else "no_grad_norm",
    )


def _study_words(result: GradientNorm, logged: int) -> tuple[str, str]:
    """Headline and message."""
    if result.threshold is None:
        return (
            f"No trial of {study_text(result.study)} logged enough of `{GRADIENT_NORM}`",
            f"No trial of {study_text(result.study)} logged enough of `{GRADIENT_NORM}` to "
            "judge its gradients.",
        )
    share = f"{100 * result.thresholds.percentile:.0f} %"
    median, high = number(result.median, 2), number(result.threshold, 2)
    return (
        f"`{GRADIENT_NORM}` of {study_text(result.study)}: median {median}, {share} below {high}",
        f"Gradient norms of {plural(logged, 'trial')} of {study_text(result.study)}: "
        f"median {median}, {share} below {high}, "
        f"highest {number(result.highest, 2)}.{_too_often(result)}",
    )


def _too_often(result: GradientNorm) -> str:
    if not result.too_often:
        return ""
    names = join([str(trial) for trial in result.too_often])
    trials = "trial" if len(result.too_often) == 1 else "trials"
    most = percent(result.thresholds.max_clipped)
    return f" Clipping there would change more than {most} of the updates of {trials} {names}."


@dataclass(frozen=True)
class _Fact:
    """A fault of a trial's norms: the rule, one word for it, the claim, and the way out."""

    rule: str
    kind: str
    text: str
    advice: str


def _of_trial(result: GradientNorm, trial: GradientNormTrial) -> Finding:
    facts = _facts(result, trial)
    rule, kind = (facts[0].rule, facts[0].kind) if facts else ("D5", cause(trial.why))
    return Finding.of_trial(result, trial, _words, rule=rule, check="gradient_norm", kind=kind)


def _words(result: GradientNorm, trial: GradientNormTrial) -> Words:
    facts = _facts(result, trial)
    headline, message = _trial_words(trial, facts)
    return Words(
        headline=headline,
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
        advice=facts[0].advice if facts else settled_by(trial.why),
    )


def _trial_words(trial: GradientNormTrial, facts: Sequence[_Fact]) -> tuple[str, str]:
    """Headline and message: the worst fault, and how many more there are."""
    who = f"Trial {trial.trial}"
    if facts:
        more = f", and {plural(len(facts) - 1, 'more fault')}" if len(facts) > 1 else ""
        headline = f"{who}: gradient norms: {facts[0].text}"
    if trial.why:
        if facts:
            return headline, f"{who}: {facts[0].text}; no more can be said, since {trial.why}."
        return (
            open_headline(trial.trial, "the gradient", trial.why),
            open_message(trial.trial, "what its gradient norms say", trial.why),
        )
    median, high = number(trial.median, 2), number(trial.high, 2)
    size = f"{who}: gradient norms have median {median} and 90th percentile {high}"
    if facts:
        return headline, f"{size}; {facts[0].text}{more}."
    return f"{who}: gradient norms have median {median}, 90th percentile {high}", f"{size}."


def _facts(result: GradientNorm, trial: GradientNormTrial) -> list[_Fact]:
    """The faults of a trial's norms, the worst first."""
    limits = result.thresholds
    steadier = "Look at its stability first: warmup, then clipping, may help."
    facts = []
    if trial.not_finite:
        text = f"{trial.not_finite} of {trial.values} are not finite"
        facts.append(_Fact("D5", "not_finite", text, steadier))
    if trial.growth is not None and trial.growth > limits.exploding:
        text = f"the late ones are {number(trial.growth, 2)} times the early"
        facts.append(_Fact("D5", "exploding", text, steadier))
    if trial.clipped is not None and trial.clipped > limits.max_clipped:
        lower = "Lower the learning rate instead: clipping so many is extremely aggressive."
        text = f"its threshold of {number(trial.clip, 2)} clips {percent(trial.clipped)} of them"
        facts.append(_Fact("D10", "aggressive", text, lower))
    if trial.growth is not None and trial.growth < limits.vanishing:
        still = "Look whether the loss still falls: so small a gradient teaches nothing."
        text = f"the late ones are {number(trial.growth, 2)} of the early"
        facts.append(_Fact("D5", "vanishing", text, still))
    if trial.high == 0.0:
        wrong = "Look what is logged, and whether any parameter is trained at all."
        facts.append(_Fact("D5", "zero", "nearly all of them are zero", wrong))
    if _often(trial.spikes, trial.values, limits) and trial.high != 0.0:
        text = f"{trial.spikes} of {trial.values} are above {limits.spike:g} times their median"
        # Clipping is a cure of instability, not of norms alone.
        facts.append(_Fact("D9", "spikes", text, ""))
    return facts
