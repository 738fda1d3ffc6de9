"""A trial's objective and losses side by side, at the steps of its evaluations.

Axes: E evaluations, P points of a curve, S series: the objective first, then the losses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from ...record import Series
from ..statistics.curve_shape import finite, median, wander
from ..statistics.once import once
from .curves import TRAIN_LOSS, VALID_LOSS, TrialCurves

# The sd of a normal value, from the median absolute second difference of a row of them.
_SECOND_DIFFERENCE = 0.6745 * 6.0**0.5
# The sd of a number that is rounded to whole ones.
_ROUNDING = 12.0**-0.5
# Heuristic: the lowest of a thousand values of pure noise lies 3.2 sd below their mean, that
# of a best quarter 3.5; a way no longer than this is none.
MIN_WAY = 5.0
# Heuristic: how far noise with a memory goes is known to a tenth only.
_LOWEST = 1.1
# Of the way to the best: in its first quarter most is gained, from wherever the weights stood.
_SKIPPED = 0.25
_TINY = float(np.finfo(np.float64).tiny)


@final
@dataclass(frozen=True)
class Aligned:
    """The evaluations at which all series are finite: `levels_SxE[s]` is the series `names[s]`.

    Lower is better.
    """

    names: tuple[str, ...]
    steps_E: NDArray[np.int64]
    levels_SxE: NDArray[np.float64]

    def __len__(self) -> int:
        """E, the number of evaluations."""
        return len(self.steps_E)


def aligned(trial: TrialCurves) -> Aligned:
    """The objective with the losses that were logged along with it.

    A loss that was logged more often counts with its mean since the evaluation before. One that
    lacks at more than half of the evaluations is left out.

    Source: C5, Q2.
    """
    objective = finite(trial.objective)
    names, rows = [trial.metric], [objective.values_P]
    for name, series in ((VALID_LOSS, trial.valid_loss), (TRAIN_LOSS, trial.train_loss)):
        if name == trial.metric or not len(series):
            continue
        row_E = _at(series, objective.steps_P)
        if 2 * np.count_nonzero(np.isfinite(row_E)) > len(row_E):
            names.append(name)
            rows.append(row_E)
    levels_SxE = np.array(rows)
    finite_E = np.isfinite(levels_SxE).all(axis=0)
    if finite_E.all():
        return Aligned(tuple(names), objective.steps_P, levels_SxE)
    return Aligned(tuple(names), objective.steps_P[finite_E], levels_SxE[:, finite_E])


def alike(curves: Sequence[Aligned]) -> dict[tuple[tuple[str, ...], int], list[int]]:
    """The places of curves of the same series with as many evaluations, by both.

    Source: C5.
    """
    places: dict[tuple[tuple[str, ...], int], list[int]] = {}
    for place, one in enumerate(curves):
        places.setdefault((one.names, len(one)), []).append(place)
    return places


def binned(name: str, series: Series, *, most: int = 50) -> Aligned:
    """One series alone, in at most `most` means over as many stretches of its points.

    Source: C5.
    """
    points = finite(series)
    if len(points) <= most:
        return Aligned((name,), points.steps_P, points.values_P[None, :])
    edges = np.linspace(0, len(points), most + 1).astype(np.int64)
    means_E = np.add.reduceat(points.values_P, edges[:-1]) / np.diff(edges)
    return Aligned((name,), points.steps_P[edges[1:] - 1], means_E[None, :])


def noises(levels_SxE: NDArray[np.float64]) -> NDArray[np.float64]:
    """noise_S: the sd of single values around a smooth curve, robustly; 0 with fewer than 5.

    It is no less than that of rounding to the smallest step seen: a share of 400 examples has no
    noise where it stands still, and yet no more than its steps.

    Source: C8.

    >>> noises(np.array([[0.0, 0.0, 0.0, 0.0, 0.0]])).tolist()
    [0.0]
    """
    if levels_SxE.shape[1] < 5:
        return np.zeros(len(levels_SxE))
    # The median absolute second difference of each series.
    steps_SxE = np.diff(levels_SxE, axis=1)
    bends_SxE = np.sort(np.abs(np.diff(steps_SxE, axis=1)), axis=1)
    count = bends_SxE.shape[1]
    middle_S = (bends_SxE[:, (count - 1) // 2] + bends_SxE[:, count // 2]) / 2.0
    # The sd of rounding to the smallest step of each.
    steps_SxE = np.abs(steps_SxE)
    smallest_S = np.where(steps_SxE > 0.0, steps_SxE, np.inf).min(axis=1)
    rounding_S = np.where(np.isfinite(smallest_S), smallest_S, 0.0) * _ROUNDING
    return np.asarray(np.maximum(middle_S / _SECOND_DIFFERENCE, rounding_S))


@once
def noise_of(values_TxE: NDArray[np.float64]) -> list[float]:
    """The sd of single values of a series around a smooth curve, as `noises` has it.

    Source: C8.
    """
    with np.errstate(all="ignore"):
        return noises(values_TxE).tolist()  # type: ignore[no-any-return]  # of floats


@once
def by_noise(levels_TxE: NDArray[np.float64]) -> list[float]:
    """How far noise alone goes: by the sd of single values, or by what they wander.

    The lowest of E values of noise lies sqrt(2 log E) sd below their mean, or less.

    Source: C4, D1.
    """
    lowest = math.sqrt(2.0 * math.log(levels_TxE.shape[1]))
    found = []
    for moved, noise in zip(wander.of_rows(levels_TxE), noise_of.of_rows(levels_TxE), strict=True):
        wandered = moved.step / math.sqrt(2.0 * (1.0 - moved.kept))
        found.append(max(MIN_WAY * noise, _LOWEST * lowest * wandered))
    return found


@once
def gained(values_TxE: NDArray[np.float64]) -> list[float]:
    """What was gained on the way to the best, but for the first quarter of that way.

    The first steps gain most in any units, from wherever the first weights happen to stand: what
    is lost later is judged by what was gained later. NaN where the best came at once.

    Source: C4, C9.

    >>> gained(np.array([9.0, 4.0, 3.0, 2.0, 1.0, 5.0]))
    3.0
    """
    with np.errstate(all="ignore"):
        rows_T, best_T = np.arange(len(values_TxE)), values_TxE.argmin(axis=1)
        lowest_TxE = np.minimum.accumulate(values_TxE, axis=1)
        place_T = _SKIPPED * best_T
        below_T = place_T.astype(np.int64)
        upper_T = lowest_TxE[rows_T, below_T]
        lower_T = lowest_TxE[rows_T, np.minimum(below_T + 1, best_T)]
        way_T = upper_T + (place_T - below_T) * (lower_T - upper_T) - lowest_TxE[rows_T, best_T]
        return np.where(best_T < 2, np.nan, way_T).tolist()  # type: ignore[no-any-return]  # floats


@once
def ending(values_TxE: NDArray[np.float64]) -> list[float]:
    """The level at the end: the median of the last tenth, at least of three values.

    Source: C6.
    """
    return median(values_TxE[:, -max(3, values_TxE.shape[1] // 10) :]).tolist()  # type: ignore[no-any-return]  # floats


@once
def levelled(values_TxE: NDArray[np.float64]) -> list[tuple[NDArray[np.float64], float]]:
    """The running median as wide as the ending, and the standard error of a difference in it.

    Source: C6.
    """
    width = max(3, values_TxE.shape[1] // 10) | 1
    # The median of n normal values has 1.25 times the standard error of their mean.
    with np.errstate(all="ignore"):
        error_T = (1.25 * math.sqrt(2.0 / width) * noises(values_TxE)).tolist()
    # Mirrored at its ends, or one odd value there would be a level.
    level_TxE = np.asarray(median_filter(values_TxE, size=(1, width), mode="mirror"), np.float64)
    level_TxE.flags.writeable = False  # whoever asks again is given the same
    return [(level_E, max(error, _TINY)) for level_E, error in zip(level_TxE, error_T, strict=True)]


def _at(series: Series, steps_E: NDArray[np.int64]) -> NDArray[np.float64]:
    """The series at these steps: its means since the step before, NaN where it has none."""
    if len(series) == len(steps_E) and bool((series.steps_P == steps_E).all()):
        return series.values_P
    points = finite(series)
    ends_E = np.searchsorted(points.steps_P, steps_E, side="right")
    used = int(ends_E[-1]) if len(ends_E) else 0
    if not used:
        return np.full(len(steps_E), np.nan)
    begins_E = np.concatenate(([0], ends_E[:-1]))
    counts_E = ends_E - begins_E
    # Where a stretch is empty, its sum is that of another one, and not taken.
    sums_E = np.add.reduceat(points.values_P[:used], np.minimum(begins_E, used - 1))
    return np.where(counts_E > 0, sums_E / np.maximum(counts_E, 1), np.nan)
