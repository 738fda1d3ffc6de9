"""Trials that stood at their final level long before they ended.

Axes: P points of a curve, W points of a stretch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ...finding import Finding, Severity, Words
from ...record import Series
from ...study import Study
from ...wording import number, percent
from ..statistics.curve_shape import jumps, late, median, smooth_ahead, smoothed
from ..statistics.once import ahead, blocks
from ..thresholds import SaturatedThresholds
from ..views.aligned import noise_of
from ..views.curves import TrialCurves, incomplete
from ..views.outcomes import ranked
from ..views.why import CLEAR, Why, cause, open_headline, open_message, settled_by

SHIPPED = SaturatedThresholds()


@final
@dataclass(frozen=True, kw_only=True)
class SaturatedTrial:
    """When one trial reached its final level for good.

    Args:
        why: Why that cannot be judged; empty where it can.
        level: The final level, in the metric's own unit and direction.
        band: How far from it a smoothed value may lie and still count as there.
        share: The steps done when it was reached, of `max_steps`.
        lowest: The step of the best value.
        beyond: How far the best value lies beyond the level; 0 within its noise.
    """

    trial: int
    status: Severity
    why: Why
    level: float | None = None
    band: float | None = None
    step: int | None = None
    share: float | None = None
    lowest: int | None = None
    beyond: float = 0.0

    @property
    def used(self) -> int:
        """The steps that were used: until the level was reached, and the best value was too."""
        return max(self.step or 0, self.lowest or 0) + 1


@final
@dataclass(frozen=True, kw_only=True)
class Saturated:
    """When each trial of a study reached its final level for good, by trial id."""

    study: str
    metric: str
    max_steps: int
    thresholds: SaturatedThresholds
    trials: tuple[SaturatedTrial, ...]
    best: int | None = None


def saturated(
    study: Study, curves: Sequence[TrialCurves], *, thresholds: SaturatedThresholds = SHIPPED
) -> Saturated:
    """When each trial reached its final level, within its noise, for good.

    Source: C10.
    """
    early_levels = [_early(series) for trial in curves if len(series := trial.usable_objective)]
    best_first = ranked([trial.outcome for trial in curves])
    typical = float(np.median(early_levels)) if early_levels else math.inf
    return Saturated(
        study=study.name,
        metric=study.metric,
        max_steps=study.max_steps,
        thresholds=thresholds,
        trials=tuple(
            one for block in blocks(curves) for one in _trials(block, typical, thresholds)
        ),
        best=best_first[0].trial if best_first else None,
    )


def _early(series: Series) -> float:
    """The level after a tenth of the evaluations."""
    return float(median(series.values_P[len(series) // 10 :][:3]))


def _trials(
    curves: Sequence[TrialCurves], typical: float, thresholds: SaturatedThresholds
) -> Iterator[SaturatedTrial]:
    """When trials reached their final levels, smoothed together."""
    all_values = [trial.usable_objective.values_P for trial in curves]
    smooth_ahead((values_P, _width(values_P)) for values_P in all_values)
    ahead((noise_of,), all_values)
    for trial in curves:
        yield _trial(trial, typical, thresholds)


def _width(values_P: NDArray[np.float64]) -> int:
    """Over how many values a curve is smoothed."""
    return max(3, len(values_P) // 10) | 1


def _trial(trial: TrialCurves, typical: float, thresholds: SaturatedThresholds) -> SaturatedTrial:
    series = trial.usable_objective
    why = incomplete(trial, series, at_least=thresholds.min_evaluations, full=thresholds.full)
    if why:
        return SaturatedTrial(trial=trial.id, status="unclear", why=why)
    level, band, reached = _reached(series, thresholds)
    gain = abs(float(series.values_P[0]) - level)
    step = int(series.steps_P[reached])
    share = (step + 1) / max(1, trial.max_steps)
    if reached == 0:
        why = Why("flat", f"its {trial.own_metric} never left the level at which it began")
    elif share < thresholds.before and level > typical + band:
        # Heuristic: it is stuck, not done, and fewer steps are no remedy.
        why = Why("stuck", "it ends worse than the typical trial after a tenth of its evaluations")
    elif share < thresholds.before and band > thresholds.max_hidden * gain:
        hides = f"its noise may hide a fall of {number(band, 2)}, of {number(gain, 2)} in all"
        why = Why("noise", hides)
    if why:
        return SaturatedTrial(trial=trial.id, status="unclear", why=why)
    return SaturatedTrial(
        trial=trial.id,
        status="notice" if share < thresholds.before else "ok",
        why=CLEAR,
        level=trial.value(level),
        band=band,
        step=step,
        share=share,
        lowest=int(series.steps_P[int(series.values_P.argmin())]),
        beyond=_beyond(series.values_P, level, band),
    )


# Heuristic: of a hundred values of noise the lowest lies about three sd below the level.
def _beyond(values_P: NDArray[np.float64], level: float, band: float, *, sd: float = 3.0) -> float:
    """How far the best value lies beyond the level; 0 within what noise explains."""
    beyond = level - float(values_P.min())
    return beyond if beyond > band + sd * noise_of(values_P) else 0.0


def _reached(series: Series, thresholds: SaturatedThresholds) -> tuple[float, float, int]:
    """The final level, the band around it, and the position from which the curve stays in it."""
    # The level, and the noise around it.
    values_P = series.values_P
    width = _width(values_P)
    last = late(series, thresholds.late).values_P
    level = float(median(last))
    # Longer than the level's, for its sd; not so long that a jump in mid-training is in it.
    longer = late(series, 1.5 * thresholds.late)
    # The median of n values has 1.25 times the error of their mean.
    error = (
        1.25
        * jumps(longer.steps_P, _without_glitches(longer.values_P))
        * math.sqrt(1.0 / width + 1.0 / len(last))
    )
    gained = abs(_early(series) - level)
    band = thresholds.errors * error + thresholds.resolution * gained
    # The last smoothed value outside the band. The last few are smoothed over less than the width,
    # and are of the level anyway.
    away_P = np.abs(smoothed(values_P, width) - level)[: -(width // 2)]
    outside = np.flatnonzero(away_P > band)
    reached = int(outside[-1]) + 1 if len(outside) else 0
    if _leaves(values_P[-(width // 2) :] - level, band + 3.0 * noise_of(values_P)):
        reached = len(values_P)
    if reached >= len(values_P):
        return level, band, len(values_P) - 1
    # What looks flat may still gain, slowly; what is left of it, later, need not.
    while reached < len(values_P) - len(last) and _still_falls(
        series.steps_P[reached:], values_P[reached:], thresholds, gained
    ):
        reached = min(reached + width, len(values_P) - len(last))
    return level, band, reached


def _leaves(last_W: NDArray[np.float64], reach: float) -> bool:
    """Whether the last values, several, all lie beyond the level's noise on one side."""
    return len(last_W) > 1 and bool((last_W > reach).all() or (last_W < -reach).all())


def _without_glitches(values_W: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values, clipped to five robust sd around their median: one odd evaluation is no noise."""
    middle = float(median(values_W))
    reach = 5.0 * 1.4826 * float(median(np.abs(values_W - middle)))
    return np.clip(values_W, middle - reach, middle + reach) if reach > 0.0 else values_W


def _still_falls(
    steps_W: NDArray[np.int64],
    values_W: NDArray[np.float64],
    thresholds: SaturatedThresholds,
    gained: float,
) -> bool:
    """Whether a stretch that looks flat still gains, slowly, beyond its noise."""
    if len(values_W) < 5:
        return False
    # A line by least squares, and the sd around it.
    x_W = steps_W - float(steps_W.mean())
    spread = math.sqrt(float(x_W @ x_W))
    centred_W = values_W - float(values_W.mean())
    slope = float(x_W @ centred_W) / spread**2
    sd = math.sqrt(float(np.mean((centred_W - slope * x_W) ** 2)))
    fall = -slope * float(steps_W[-1] - steps_W[0])
    return fall > thresholds.resolution * gained and -slope * spread > thresholds.errors * sd


def findings(result: Saturated) -> list[Finding]:
    """One finding for each trial.

    Source: C10.
    """
    return [
        Finding.of_trial(
            result, trial, _words, rule="C10", check="saturated", kind=_kind(result, trial)
        )
        for trial in result.trials
    ]


def _words(result: Saturated, trial: SaturatedTrial) -> Words:
    return Words(
        headline=_headline(result, trial),
        message=_message(result, trial),
        evidence={
            "trials": [trial.trial],
            "level": trial.level,
            "band": trial.band,
            "step": trial.step,
            "share": trial.share,
            "lowest_at": trial.lowest,
            "confidence": None,
        },
        advice=_advice(result, trial),
    )


def _kind(result: Saturated, trial: SaturatedTrial) -> str:
    """What the compared trial wants is said; of the others it is told once, without an advice."""
    if trial.status == "notice":
        return "best" if trial.trial == result.best else "others"
    return cause(trial.why)


def _headline(result: Saturated, trial: SaturatedTrial) -> str:
    if trial.share is None:
        return open_headline(trial.trial, "saturation", trial.why)
    share = percent(trial.share)
    if trial.status == "notice" and trial.trial == result.best and not _fewer(result, trial):
        within = "but for single values" if trial.beyond else "within its noise"
        return f"Trial {trial.trial}, the best, stood still, {within}, from {share} on"
    if trial.status == "notice" and trial.trial == result.best:
        return f"Fewer steps may do: trial {trial.trial}, the best, stood still from {share} on"
    return f"Trial {trial.trial} reached its final level at {share} of the steps"


def _message(result: Saturated, trial: SaturatedTrial) -> str:
    if trial.share is None or trial.level is None or trial.step is None:
        return open_message(trial.trial, "whether it was saturated early", trial.why)
    level = f"its final {result.metric}, {number(trial.level, 3)}"
    at = f"step {trial.step:,}, {percent(trial.share)} of the steps"
    if trial.status == "notice":
        may = "; fewer steps may do" if _fewer(result, trial) else ""
        return f"Trial {trial.trial} stands at {level}, since {at}{may}.{_later(result, trial)}"
    return f"Trial {trial.trial} reached {level}, at {at}."


def _fewer(result: Saturated, trial: SaturatedTrial) -> int:
    """The steps that may do; 0 where that is not said, or they would be no fewer."""
    if trial.status != "notice" or trial.trial != result.best:
        return 0
    steps = math.ceil(1.5 * trial.used)
    return steps if steps < result.max_steps else 0


def _later(result: Saturated, trial: SaturatedTrial) -> str:
    """What to think of a best value that came after the level."""
    if trial.trial != result.best or trial.lowest is None or trial.lowest <= (trial.step or 0):
        return ""
    if trial.beyond:
        beyond = number(trial.beyond, 2)
        return f" Its best, at step {trial.lowest:,}, lies {beyond} beyond that: more than noise."
    return f" Its best, at step {trial.lowest:,}, is within noise of that."


def _advice(result: Saturated, trial: SaturatedTrial) -> str:
    if trial.status == "unclear":
        return settled_by(trial.why)
    if not (steps := _fewer(result, trial)):
        return ""
    return f"Try about {steps:,} steps, half as many again as it used, before more trials."
