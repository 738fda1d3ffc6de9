"""Progress: how far each trial came on the way that others of its study went.

Axes: T trials.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ..statistics.once import Once, ahead, blocks, stacks
from .aligned import MIN_WAY, Aligned, by_noise, ending, noise_of

# Heuristic: what is typical of a study is that of five trials at least.
_MIN_TRIALS = 5


@final
@dataclass(frozen=True)
class Progress:
    """Shares of the way from the upper quartile of first levels to what a quarter of trials reach.

    Args:
        best: At the trial's best level; NaN where not known.
        end: At its end; NaN also where no quarter of the trials kept more than noise goes.
    """

    best: float = math.nan
    end: float = math.nan


def progress(curves: Sequence[Aligned], name: str = "") -> list[Progress]:
    """How far each trial came in the series of this name; in the objective without one.

    Where most trials fail, the median would be a failure too: hence the best quarter. A way of the
    size of the typical noise of single values is none, and nothing is known of a share of it. Nor
    is anything lost by an end where others, too, end about where training begins: their lowest
    levels were luck.

    Source: C4, D1.
    """
    rows = [_levels(curve, name) for curve in curves]
    known_T = [row_E for row_E in rows if len(row_E) >= 2]
    if len(known_T) < _MIN_TRIALS:
        return [Progress()] * len(curves)
    # The way, from where training begins to what the best quarter reaches. Many have learned
    # before their first evaluation, so training begins where the highest quarter of these lies.
    ends = dict(zip(map(id, known_T), _each(known_T, ending), strict=True))
    start = float(np.quantile([row_E[0] for row_E in known_T], 0.75))
    reached = float(np.quantile([row_E.min() for row_E in known_T], 0.25))
    way = start - reached
    chance = float(np.median(_by_noise(known_T)))
    if not (way > chance and math.isfinite(way)):
        return [Progress()] * len(curves)
    is_kept = start - float(np.quantile(list(ends.values()), 0.25)) > chance
    return [
        Progress(
            (start - float(row_E.min())) / way,
            (start - (ends[id(row_E)] if id(row_E) in ends else ending(row_E))) / way
            if is_kept
            else math.nan,
        )
        if len(row_E)
        else Progress()
        for row_E in rows
    ]


def _each(rows: Sequence[NDArray[np.float64]], function: Once[float]) -> Iterator[float]:
    """What a function is of each curve."""
    for block in blocks(rows):
        ahead((function,), block)
        yield from map(function, block)


def _by_noise(levels_T: Sequence[NDArray[np.float64]]) -> list[float]:
    """How far noise alone goes from each start, by what the later half of a curve still moves.

    The upper quartile of n values lies 0.67 sd above their mean and has 1.36 times its standard
    error; so far, twice.
    """
    found = []
    for levels_TxE in stacks(levels_T):
        count = levels_TxE.shape[1]
        sd_T = levels_TxE[:, count // 2 :].std(axis=1).tolist()
        lowest = math.sqrt(2.0 * math.log(count)) + 0.67 + 2.7 / math.sqrt(len(levels_T))
        noise_T = _each(list(levels_TxE), by_noise)
        found += [max(noise, lowest * sd) for noise, sd in zip(noise_T, sd_T, strict=True)]
    return found


def _levels(curve: Aligned, name: str) -> NDArray[np.float64]:
    """The levels of the series of this name, the objective without one; empty where it lacks."""
    if name and name not in curve.names:
        return np.empty(0)
    place = curve.names.index(name) if name else 0
    return np.asarray(curve.levels_SxE[place])


def flat(curves: Aligned) -> bool:
    """Whether the objective never left the level of its start by more than its noise.

    Source: D1.
    """
    objective_E = curves.levels_SxE[0]
    return float(objective_E[0] - objective_E.min()) <= MIN_WAY * float(noise_of(objective_E))
