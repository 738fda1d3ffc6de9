"""How far each trial came on the way that others of its study went.

Letters: T trials.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from .aligned import Aligned, ending

# No source, ours: what is typical of a study is that of five trials at least.
_MIN_TRIALS = 5


@final
@dataclass(frozen=True)
class Progress:
    """Shares of the way from the study's median first level to what a quarter of it reaches.

    Args:
        best: At the trial's best level; NaN where not known.
        end: At its end.
    """

    best: float = math.nan
    end: float = math.nan


def progress(curves: Sequence[Aligned], name: str = "") -> list[Progress]:
    """How far each trial came in the series of this name; in the objective without one.

    Where most trials fail, the median would be a failure too: hence the best quarter.

    Source: C4, D1.
    """
    rows = [_row(curve, name) for curve in curves]
    known_T = [row_E for row_E in rows if len(row_E) >= 2]
    if len(known_T) < _MIN_TRIALS:
        return [Progress()] * len(curves)
    start = float(np.median([row_E[0] for row_E in known_T]))
    reached = float(np.quantile([row_E.min() for row_E in known_T], 0.25))
    way = start - reached
    if not (way > 0.0 and math.isfinite(way)):
        return [Progress()] * len(curves)
    return [
        Progress((start - float(row_E.min())) / way, (start - ending(row_E)) / way)
        if len(row_E)
        else Progress()
        for row_E in rows
    ]


def _row(curve: Aligned, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if name and name not in curve.names:
        return np.empty(0)
    place = curve.names.index(name) if name else 0
    return np.asarray(curve.levels_SxE[place])
