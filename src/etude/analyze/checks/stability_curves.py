"""Instability in one trial's curves: values that are not finite, drops, levels lost for good.

Axes: T trials, E evaluations, P points of a curve, S series: the objective first, then the losses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ...record import Series
from ..statistics.curve_shape import finite, level_drift
from ..thresholds import StabilityThresholds
from ..views.aligned import Aligned, ending, gained, levelled, noises
from ..views.curves import GRADIENT_NORM, TRAIN_LOSS, VALID_LOSS, TrialCurves

Kind: TypeAlias = Literal["", "nan", "diverged", "diverged_recovered", "repeated", "never_learned"]
# The median absolute deviation of a normal value, in its sd.
_MEDIAN_DEVIATION = 0.6745
_TINY = float(np.finfo(np.float64).tiny)


@final
@dataclass(frozen=True)
class Drop:
    """A loss of what was gained, between two evaluations.

    Args:
        step: The evaluation that sees it.
        fraction: The same as a share of the full length.
        size: What was lost, in units of what training gained after its first quarter of the way.
        recovered: The step at which the objective was back; None where it never was.
    """

    step: int
    fraction: float
    size: float
    recovered: int | None


@final
@dataclass(frozen=True, kw_only=True)
class Instability:
    """The instability of one trial; `kind` is empty where there is none.

    Args:
        step: Where it became unstable first.
        lost: What of the gain was lost at the end, at least, over all series.
        spikes: Drops that one evaluation sees and the next one no longer does.
        hidden: Steps of training losses that spiked between evaluations.
    """

    kind: Kind
    step: int | None = None
    drops: tuple[Drop, ...] = ()
    lost: float = math.nan
    spikes: int = 0
    hidden: tuple[int, ...] = ()


def not_finite(trial: TrialCurves, *, exploded: float = StabilityThresholds.exploded) -> int | None:
    """The step from which on a loss, the objective or the gradient is not finite to the end.

    A gradient `exploded` times the median one after the last evaluation counts as such.

    Source: C4, D1.
    """
    steps = [
        step
        for series in (trial.objective, trial.valid_loss, trial.train_loss, trial.gradient_norm)
        if (step := _not_finite_from(series)) is not None
    ]
    norms = trial.gradient_norm
    last = max(
        (int(series.steps_P[-1]) for series in (trial.objective, trial.train_loss) if series),
        default=-1,
    )
    if not steps and len(norms) and norms.steps_P[-1] > last:
        high = exploded * float(np.median(norms.values_P))
        if norms.values_P[-1] > high > 0.0:
            steps.append(int(norms.steps_P[norms.values_P > high][0]))
    return min(steps) if steps else None


def not_finite_series(trial: TrialCurves) -> str:
    """Which series is not finite first; empty where none of them is.

    Source: D1.
    """
    series = {
        trial.metric: trial.objective,
        VALID_LOSS: trial.valid_loss,
        TRAIN_LOSS: trial.train_loss,
        GRADIENT_NORM: trial.gradient_norm,
    }
    starts = [
        (step, name)
        for name, values in series.items()
        if (step := _not_finite_from(values)) is not None
    ]
    return min(starts)[1] if starts else ""


def _not_finite_from(series: Series) -> int | None:
    """The step from which on a series is not finite to its end; None where it ends finite."""
    if not len(series) or math.isfinite(series.values_P[-1]):
        return None
    finite_P = np.flatnonzero(np.isfinite(series.values_P))
    return int(series.steps_P[finite_P[-1] + 1 if len(finite_P) else 0])


def instability(curves: Aligned, max_steps: int, thresholds: StabilityThresholds) -> Instability:
    """The drops of aligned curves, and how they end.

    What lies in the objective alone is a glitch of the metric, and what lies in the validation
    alone is overfitting: a drop shows in all series at once.

    Source: C4, D1, D4.
    """
    # All is measured in what training gained, series by series.
    levels_SxE = curves.levels_SxE
    gained_S = np.array([gained(row_E) for row_E in levels_SxE])
    if not bool((gained_S > 0.0).all()):
        return Instability(kind="")
    dropped_E, size_E = _dropped(levels_SxE, gained_S, thresholds)
    places = np.flatnonzero(dropped_E)
    drops = tuple(
        Drop(
            step=int(curves.steps_E[place]),
            fraction=(int(curves.steps_E[place]) + 1) / max(1, max_steps),
            size=float(size_E[place]),
            recovered=_recovered(curves, place, thresholds.min_drop * float(gained_S[0])),
        )
        for place in _first_of_each(places.tolist())
    )
    # How it ends: what was lost, and whether the last evaluations are still far above the best.
    lost_share, far = _lost(levels_SxE, gained_S, thresholds)
    last_S = levels_SxE[:, -2:].min(axis=1) - levels_SxE.min(axis=1)
    gone = float((last_S / gained_S).min()) >= thresholds.min_lost
    kind = _kind(drops, thresholds, lost=far, gone=gone)
    turn = int(curves.steps_E[levels_SxE[0].argmin()])
    return Instability(
        kind=kind,
        step=drops[0].step if drops else turn if kind else None,
        drops=drops,
        lost=lost_share,
        spikes=int(np.count_nonzero(size_E >= thresholds.min_drop)) - len(places),
    )


def _lost(
    levels_SxE: NDArray[np.float64], gained_S: NDArray[np.float64], thresholds: StabilityThresholds
) -> tuple[float, bool]:
    """What of the gain is lost at the end in every series, and whether that is too much."""
    ends_S = np.array([ending(row_E) for row_E in levels_SxE])
    share = float(((ends_S - levels_SxE.min(axis=1)) / gained_S).min())
    if share < thresholds.min_lost:
        return share, False
    # The lowest of many single values lies low by luck: levels are compared, not values.
    apart, shares = 0.0, []
    for row_E, end in zip(levels_SxE, ends_S.tolist(), strict=True):
        level_E, error = levelled(row_E)
        gain = gained(level_E)
        away = end - float(level_E.min())
        if away <= thresholds.min_drift * level_drift(level_E).before:
            return share, False
        shares.append(away / gain if gain > 0.0 else math.inf)
        apart += away / error
    beyond = apart / math.sqrt(len(levels_SxE) + 1) >= thresholds.min_noise
    return min(shares), beyond and min(shares) >= thresholds.min_lost


def _dropped(
    levels_SxE: NDArray[np.float64], gained_S: NDArray[np.float64], thresholds: StabilityThresholds
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Where two evaluations in a row lie above the two before, and how far the first one does.

    A rise that the second evaluation no longer sees counts if it is so many times larger.
    """
    # How far each evaluation lies above the two before it, and how far it stays there.
    before_SxE = np.minimum(levels_SxE[:, :-2], levels_SxE[:, 1:-1])
    here_SxE = levels_SxE[:, 2:]
    next_SxE = np.concatenate((here_SxE[:, 1:], here_SxE[:, -1:]), axis=1)
    rises_SxE = here_SxE - before_SxE
    stays_SxE = np.minimum(here_SxE, next_SxE) - before_SxE
    usual_S = _usual(stays_SxE, thresholds.min_rises)
    noise_Sx1 = np.maximum(np.maximum(noises(levels_SxE), usual_S), _TINY)[:, None]
    # Stouffer's sum, as if one more series had shown nothing: series that move together by chance
    # are rarer, the more there are of them, and one alone must show more.
    root = math.sqrt(len(levels_SxE) + 1)
    size_E = (rises_SxE / gained_S[:, None]).min(axis=0)
    lasting_E = (stays_SxE / gained_S[:, None]).min(axis=0)
    stays_E = (stays_SxE / noise_Sx1).sum(axis=0) / root
    rises_E = (rises_SxE / noise_Sx1).sum(axis=0) / root
    # Large by both units: of what training gained, and of the noise.
    more = thresholds.min_spike
    dropped_E = (lasting_E >= thresholds.min_drop) & (stays_E >= thresholds.min_noise)
    dropped_E |= (size_E >= more * thresholds.min_drop) & (rises_E >= more * thresholds.min_noise)
    return (
        np.concatenate((np.zeros(2, bool), dropped_E)),
        np.concatenate((np.zeros(2), size_E)),
    )


def _usual(stays_SxE: NDArray[np.float64], min_rises: int) -> NDArray[np.float64]:
    """usual_S: the sd of what lasts from one evaluation to the next, past the first quarter.

    Noise with a memory bends little from one value to the next, and yet rises as far as this.
    """
    if stays_SxE.shape[1] < min_rises:
        return np.zeros(len(stays_SxE))
    past_SxE = stays_SxE[:, stays_SxE.shape[1] // 4 :]
    away_SxE = np.abs(past_SxE - np.median(past_SxE, axis=1, keepdims=True))
    return np.asarray(np.median(away_SxE, axis=1) / _MEDIAN_DEVIATION)


def _first_of_each(places: list[int]) -> list[int]:
    """The first place of each run of neighbours: a fall over several evaluations is one drop."""
    return [
        place
        for number, place in enumerate(places)
        if number == 0 or place - places[number - 1] > 2
    ]


def _recovered(curves: Aligned, place: int, within: float) -> int | None:
    """The step at which the objective is back after a drop; None where it never is."""
    objective_E = curves.levels_SxE[0]
    level = float(objective_E[:place].min()) + within
    back = np.flatnonzero(objective_E[place + 1 :] <= level)
    return int(curves.steps_E[place + 1 + back[0]]) if len(back) else None


def _kind(
    drops: tuple[Drop, ...], thresholds: StabilityThresholds, *, lost: bool, gone: bool
) -> Kind:
    if lost:
        return "diverged"
    if len(drops) >= thresholds.min_repeated:
        return "repeated"
    if not drops:
        return ""
    return "diverged" if gone and drops[-1].recovered is None else "diverged_recovered"


def hidden_spikes(
    trial: TrialCurves, curves: Aligned, thresholds: StabilityThresholds
) -> list[int]:
    """The steps of training losses that spiked between evaluations and are seen by none of them.

    Source: D4.
    """
    losses = finite(trial.train_loss)
    if len(losses) < thresholds.min_density * max(1, len(curves)) or len(losses) < 20:
        return []
    # Half of all that was ever gained: a loss of one batch differs by less.
    before_P = np.minimum.accumulate(losses.values_P)
    half_P = (before_P[0] + before_P) / 2.0
    typical = float(noises(losses.values_P[None, :])[0])
    high_P = losses.values_P > np.maximum(half_P, before_P + 3 * thresholds.min_noise * typical)
    # The first tenth still falls: there a loss lies above nothing that was reached.
    high_P[: len(high_P) // 10] = False
    places = _first_of_each(np.flatnonzero(high_P).tolist())
    return [int(losses.steps_P[place]) for place in places]


def shared_drops(
    fractions_T: Sequence[Sequence[float]], thresholds: StabilityThresholds
) -> list[int]:
    """With how many others each trial drops at the same share of the length; 0 where few do.

    Source: D1.
    """
    near = thresholds.near
    sorted_fractions = np.sort(np.array([at for fractions in fractions_T for at in fractions]))
    # By chance, drops anywhere in the run would meet here less than a third as often.
    enough = max(thresholds.min_shared, 6 * near * len(sorted_fractions))
    counts = []
    for fractions in fractions_T:
        low, high = (
            np.searchsorted(sorted_fractions, np.array(fractions) + by) for by in (-near, near)
        )
        most = int((high - low).max(initial=0))
        counts.append(most - 1 if most >= enough else 0)
    return counts
