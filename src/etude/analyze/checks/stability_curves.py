"""Instability in one trial's curves: drops, levels lost for good.

Axes: T trials, E evaluations, P points of a curve, S series: the objective first, then the losses.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from scipy.special import ndtri, stdtrit

from ..statistics.curve_shape import level_drift, median, wander
from ..statistics.once import ahead
from ..thresholds import StabilityThresholds
from ..views.aligned import (
    Aligned,
    alike,
    by_noise,
    ending,
    gained,
    levelled,
    noises,
)

Kind: TypeAlias = Literal["", "nan", "diverged", "diverged_recovered", "repeated", "never_learned"]
# Where evaluations drop, by how much, and where they spike.
Moves: TypeAlias = tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.bool_]]
# The median absolute deviation of a normal value, in its sd.
_MEDIAN_DEVIATION = 0.6745
_NONE_TYPICAL: Mapping[str, float] = {}
_TINY = float(np.finfo(np.float64).tiny)
# Heuristic: so many neighbours tell how large the noise is there.
_NEAR = 9
_FAR = 21
# The chance that its small samples are corrected at.
_ONE_IN = 0.02


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


def instability(
    curves: Aligned,
    max_steps: int,
    thresholds: StabilityThresholds,
    typical: Mapping[str, float] = _NONE_TYPICAL,
) -> Instability:
    """The drops of aligned curves, and how they end.

    What lies in the objective alone is a glitch of the metric, and what lies in the validation
    alone is overfitting: a drop shows in all series at once.

    Source: C4, D1, D4.
    """
    # All is measured in what training gained, series by series.
    most_S = _most_noise(curves.names, typical, thresholds)
    levels_SxE = curves.levels_SxE
    gained_S = np.array([gained(row_E) for row_E in levels_SxE])
    if not bool((gained_S > 0.0).all()):
        return Instability(kind="")
    moves = _dropped(levels_SxE, gained_S, most_S, thresholds)
    return _ended(curves, max_steps, gained_S, moves, thresholds)


def instabilities(
    trials: Sequence[tuple[Aligned, int]],
    thresholds: StabilityThresholds,
    typical: Mapping[str, float] = _NONE_TYPICAL,
) -> list[Instability | None]:
    """The same as `instability` of each, computed together; None of those with few evaluations.

    Of each trial it takes the curves and their `max_steps`.

    Source: C4, D1, D4.
    """
    found: list[Instability | None] = [None] * len(trials)
    for (names, count), places in alike([curves for curves, _ in trials]).items():
        if count < thresholds.min_evaluations:
            continue
        noise_S = _most_noise(names, typical, thresholds)
        together = _together([trials[place] for place in places], noise_S, thresholds)
        for place, one in zip(places, together, strict=True):
            found[place] = one
    return found


def _together(
    trials: Sequence[tuple[Aligned, int]],
    most_S: NDArray[np.float64],
    thresholds: StabilityThresholds,
) -> Iterator[Instability]:
    """The instability of curves of the same series and length; most have no drop, lost nothing."""
    levels_TxSxE = np.array([curves.levels_SxE for curves, _ in trials])
    *shape, count = levels_TxSxE.shape
    rows = levels_TxSxE.reshape(-1, count)
    ahead((gained, ending, by_noise), rows)
    gained_TxS = np.array([gained(row_E) for row_E in rows]).reshape(shape)
    ends_TxS = np.array([ending(row_E) for row_E in rows]).reshape(shape)
    has_gained_T = np.all(gained_TxS > 0.0, axis=1)
    dropped_TxE, size_TxE, spiked_TxE = _dropped(levels_TxSxE, gained_TxS, most_S, thresholds)
    lost_T = ((ends_TxS - levels_TxSxE.min(axis=2)) / gained_TxS).min(axis=1)
    calm_T = ~np.any(dropped_TxE, axis=1) & (lost_T < thresholds.min_lost)
    spikes_T = np.count_nonzero(spiked_TxE & ~dropped_TxE, axis=1)
    columns = (has_gained_T, calm_T, lost_T, spikes_T)
    rows_T = zip(*(one.tolist() for one in columns), strict=True)
    for place, (has_gained, calm, lost, spikes) in enumerate(rows_T):
        if not has_gained:
            yield Instability(kind="")
        elif calm:
            yield Instability(kind="", lost=lost, spikes=spikes)
        else:
            moves = (dropped_TxE[place], size_TxE[place], spiked_TxE[place])
            yield _ended(*trials[place], gained_TxS[place], moves, thresholds)


def _ended(
    curves: Aligned,
    max_steps: int,
    gained_S: NDArray[np.float64],
    moves: Moves,
    thresholds: StabilityThresholds,
) -> Instability:
    """How the drops of a trial end: what was lost, and whether the last values are far above."""
    levels_SxE = curves.levels_SxE
    dropped_E, size_E, spiked_E = moves
    places = np.flatnonzero(dropped_E)
    drops = tuple(
        Drop(
            step=int(curves.steps_E[place]),
            fraction=(int(curves.steps_E[place]) + 1) / max(1, max_steps),
            size=float(size_E[place]),
            recovered=_recovered(curves, place, thresholds.min_drop * float(gained_S[0])),
        )
        for place in first_of_each(places.tolist())
    )
    lost_share, far = _lost(levels_SxE, gained_S, thresholds)
    last_S = levels_SxE[:, -2:].min(axis=1) - levels_SxE.min(axis=1)
    gone = float((last_S / gained_S).min()) >= thresholds.min_lost
    kind = _kind(drops, thresholds, lost=far, gone=gone)
    turn = int(curves.steps_E[levels_SxE[0].argmin()])
    return Instability(
        kind=kind,
        step=_first_step(kind, drops, turn),
        drops=drops,
        lost=lost_share,
        spikes=int(np.count_nonzero(spiked_E & ~dropped_E)),
    )


def _most_noise(
    names: Sequence[str], typical: Mapping[str, float], thresholds: StabilityThresholds
) -> NDArray[np.float64]:
    """most_S: the noise that excuses a rise of each series, at most."""
    return np.array([thresholds.most_noise * typical.get(name, math.inf) for name in names])


def _first_step(kind: Kind, drops: tuple[Drop, ...], turn: int) -> int | None:
    """Where it became unstable: of what never recovered, no earlier than its best."""
    if not kind:
        return None
    steps = [drop.step for drop in drops if kind != "diverged" or drop.step >= turn]
    return min(steps, default=turn)


def _lost(
    levels_SxE: NDArray[np.float64], gained_S: NDArray[np.float64], thresholds: StabilityThresholds
) -> tuple[float, bool]:
    """What of the gain is lost at the end in every series, and whether that is too much.

    The lowest of many single values lies low by luck: levels are compared, not values, by errors
    that know how the noise wanders. Series that share their noise are one witness: the mean of what
    they say counts, not their sum. A gain that noise explains cannot be lost.
    """
    ends_S = np.array([ending(row_E) for row_E in levels_SxE])
    share = float(((ends_S - levels_SxE.min(axis=1)) / gained_S).min())
    if share < thresholds.min_lost:
        return share, False
    shares, lost, gains, ranges = [], [], [], []
    for row_E, end in zip(levels_SxE, ends_S.tolist(), strict=True):
        level_E, error = levelled(row_E)
        bottom = int(level_E.argmin())
        away, gain = end - float(level_E[bottom]), gained(level_E)
        if away <= thresholds.min_drift * level_drift(level_E).before:
            return share, False
        wandered = wander(row_E)
        width = max(3, len(row_E) // 10) | 1
        error_after = max(error, wandered.error(width, len(row_E) - 1 - bottom))
        error_before = max(error, wandered.error(width, bottom))
        shares.append(away / gain if gain > 0.0 else math.inf)
        lost.append(away / error_after)
        gained_to = float(level_E[: bottom + 1].max() - level_E[bottom])
        gains.append(gained_to / error_before)
        ranges.append(gained_to / max(by_noise(row_E), _TINY))
    beyond = min(float(np.mean(lost)), float(np.mean(gains))) >= thresholds.min_apart
    beyond &= float(np.mean(ranges)) >= thresholds.min_beyond
    return min(shares), beyond and min(shares) >= thresholds.min_lost


def _dropped(
    levels_SxE: NDArray[np.float64],
    gained_S: NDArray[np.float64],
    most_S: NDArray[np.float64],
    thresholds: StabilityThresholds,
) -> Moves:
    """Where two evaluations in a row lie above the two before, how far the first does, and spikes.

    A rise that the second evaluation no longer sees counts if it is so many times larger.
    """
    rises_SxE, stays_SxE = _moves(levels_SxE)
    noise_S = np.minimum(_noise(levels_SxE, stays_SxE, thresholds), most_S)
    noise_Sx1 = np.maximum(noise_S, _TINY)[..., None]
    noise_SxE = np.maximum(noise_Sx1, np.minimum(_nearby(stays_SxE), most_S[:, None]))
    # What training gained, or what noise alone would have gained.
    unit_Sx1 = np.maximum(gained_S[..., None], thresholds.min_gain * noise_Sx1)
    size_E = (rises_SxE / unit_Sx1).min(axis=-2)
    lasting_E = (stays_SxE / unit_Sx1).min(axis=-2)
    stays_E = (stays_SxE / noise_SxE).sum(axis=-2) / _joint_sd(levels_SxE)[..., None]
    rises_E = (rises_SxE / noise_SxE).sum(axis=-2) / math.sqrt(levels_SxE.shape[-2] + 1)
    # Large by both units: of what training gained, and of the noise.
    more = thresholds.min_spike
    least = least_beyond(stays_E.shape[-1], thresholds)
    dropped_E = (lasting_E >= thresholds.min_drop) & (stays_E >= least)
    dropped_E &= _beyond_noise(levels_SxE, stays_SxE, thresholds.min_beyond)
    # No later evaluation says whether the last one stays.
    dropped_E[..., -1:] = False
    spiked_E = (size_E >= thresholds.min_drop) & (rises_E >= least)
    dropped_E |= (size_E >= more * thresholds.min_drop) & (rises_E >= more * least)
    first_E = np.zeros((*size_E.shape[:-1], 2))
    is_first_E = first_E.astype(bool)
    return (
        np.concatenate((is_first_E, dropped_E), axis=-1),
        np.concatenate((first_E, size_E), axis=-1),
        np.concatenate((is_first_E, spiked_E), axis=-1),
    )


def _moves(
    levels_SxE: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far each evaluation lies above the two before it, and how far it stays there."""
    before_SxE = np.minimum(levels_SxE[..., :-2], levels_SxE[..., 1:-1])
    here_SxE = levels_SxE[..., 2:]
    next_SxE = np.concatenate((here_SxE[..., 1:], here_SxE[..., -1:]), axis=-1)
    return here_SxE - before_SxE, np.minimum(here_SxE, next_SxE) - before_SxE


def _noise(
    levels_SxE: NDArray[np.float64],
    stays_SxE: NDArray[np.float64],
    thresholds: StabilityThresholds,
) -> NDArray[np.float64]:
    """noise_S: the sd of single values, or of what lasts of them, if that is more."""
    return np.maximum(_noises(levels_SxE), _usual(stays_SxE, thresholds.min_rises))


def _noises(levels_SxE: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = levels_SxE.reshape(-1, levels_SxE.shape[-1])
    return noises(rows).reshape(levels_SxE.shape[:-1])


def typical_noise(
    curves: Sequence[Aligned], thresholds: StabilityThresholds
) -> Mapping[str, float]:
    """The median trial's noise of each series; empty where they are few.

    A trial that swings many times as much as the others is no excuse of itself.

    Source: D1.
    """
    by_name: dict[str, list[float]] = {}
    judged = [one for one in curves if len(one) >= thresholds.min_evaluations]
    for (names, _), places in alike(judged).items():
        levels_TxSxE = np.array([judged[place].levels_SxE for place in places])
        noise_TxS = _noise(levels_TxSxE, _moves(levels_TxSxE)[1], thresholds)
        for name, noise_T in zip(names, noise_TxS.T.tolist(), strict=True):
            by_name.setdefault(name, []).extend(noise_T)
    return {
        name: float(np.median(noises_T))
        for name, noises_T in by_name.items()
        if len(noises_T) >= thresholds.min_typical
    }


def least_beyond(looks: int, thresholds: StabilityThresholds) -> float:
    """So many sd does noise hardly rise at any of so many evaluations; never less than is usual.

    Source: D1.
    """
    return max(thresholds.min_noise, -float(ndtri(thresholds.chance / max(1, looks))))


def _joint_sd(levels_SxE: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sd of a sum over series of sd 1, as their noise goes together: they may share it.

    Told by second differences, which know no course. Never less than that of independent series
    with one more that showed nothing: series that move together by chance are rarer, the more
    there are of them, and one alone must show more.
    """
    *trials, series, count = levels_SxE.shape
    least = math.sqrt(series + 1)
    if series == 1 or count < 5:
        return np.full(trials, least)
    bends_SxE = np.diff(levels_SxE, n=2, axis=-1)
    sum_E = (bends_SxE / np.maximum(_noises(levels_SxE), _TINY)[..., None]).sum(axis=-2)
    spread = median(np.abs(sum_E)) / (_MEDIAN_DEVIATION * math.sqrt(6.0))
    spread = np.minimum(spread, float(series)) * _of_few(count)
    return np.asarray(np.maximum(spread, least))


@cache
def _of_few(count: int) -> float:
    """By how much more a value must stand out where its sd is known from so few."""
    chance = _ONE_IN / count
    return float(stdtrit(max(2.0, 0.75 * count), 1.0 - chance) / -ndtri(chance))


def _nearby(stays_SxE: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sd of what lasts just before each evaluation; of the first few, around them.

    Noise in proportion to a loss that falls is large while the loss is.
    """
    count = stays_SxE.shape[-1]
    if count < 2 * _NEAR:
        return np.zeros_like(stays_SxE)
    width = min(max(_NEAR, count // _NEAR), _FAR) | 1
    size = (*[1] * (stays_SxE.ndim - 1), width)
    centred_SxE = np.abs(stays_SxE - median_filter(stays_SxE, size=size, mode="mirror"))
    spread_SxE = median_filter(centred_SxE, size=size, mode="mirror") / _MEDIAN_DEVIATION
    before_E = np.maximum(np.arange(count) - width // 2 - 2, width // 2)
    return np.asarray(spread_SxE[..., before_E])


def _beyond_noise(
    levels_SxE: NDArray[np.float64], stays_SxE: NDArray[np.float64], least: float
) -> NDArray[np.bool_]:
    """Where so many times more was gained before, or is lost, than noise alone gains and loses."""
    rows = levels_SxE.reshape(-1, levels_SxE.shape[-1])
    ranges = np.array([max(by_noise(row_E), _TINY) for row_E in rows])
    range_Sx1 = ranges.reshape(*levels_SxE.shape[:-1], 1)
    lowest_SxE = np.minimum.accumulate(levels_SxE, axis=-1)[..., 1:-1]
    gained_SxE = np.maximum.accumulate(levels_SxE, axis=-1)[..., 1:-1] - lowest_SxE
    moved_SxE = np.maximum(gained_SxE, stays_SxE) / range_Sx1
    return np.asarray(moved_SxE.mean(axis=-2) >= least)


def _usual(stays_SxE: NDArray[np.float64], min_rises: int) -> NDArray[np.float64]:
    """usual_S: the sd of what lasts from one evaluation to the next, past the first quarter.

    Noise with a memory bends little from one value to the next, and yet rises as far as this.
    """
    count = stays_SxE.shape[-1]
    if count < min_rises:
        return np.zeros(stays_SxE.shape[:-1])
    past_SxE = stays_SxE[..., count // 4 :]
    if past_SxE.shape[-1] >= 2 * _NEAR:
        bends_ExK = _bends(past_SxE.shape[-1])
        past_SxE = past_SxE - (past_SxE @ bends_ExK) @ bends_ExK.T
    away_SxE = np.abs(past_SxE - median(past_SxE)[..., None])
    return np.asarray(median(away_SxE) / _MEDIAN_DEVIATION)


@cache
def _bends(count: int) -> NDArray[np.float64]:
    """Orthonormal axes of the cubics over so many positions: how a slope changes is no noise."""
    powers_ExK = np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, count), 3)
    return np.asarray(np.linalg.qr(powers_ExK)[0])


def first_of_each(places: list[int]) -> list[int]:
    """The first place of each run of neighbours: a fall over several evaluations is one drop.

    Source: C4.
    """
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
