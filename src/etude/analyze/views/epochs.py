"""The length of an epoch, where a trial logged how many it had done."""

from __future__ import annotations

import numpy as np

from ...record import Series
from ..statistics.curve_shape import finite


def steps_per_epoch(epochs: Series) -> float | None:
    """The steps of one epoch, from the epochs done as they were logged; None where not known.

    Numbers of whole epochs, as some tools log them, tell it from where they change.

    Source: E6.

    >>> steps_per_epoch(Series(np.array([19, 39, 59]), np.array([0.5, 1.0, 1.5])))
    40.0
    """
    logged = finite(epochs)
    levels_L, first_L = np.unique(logged.values_P, return_index=True)
    steps_L = logged.steps_P[first_L]
    if len(levels_L) == 1 and levels_L[0] > 0.0 and levels_L[0] % 1.0:
        return float((steps_L[0] + 1) / levels_L[0])
    # The epochs of a clock do not fall.
    if len(levels_L) < 2 or np.any(np.diff(logged.values_P) < 0.0):
        return None
    return float((steps_L[-1] - steps_L[0]) / (levels_L[-1] - levels_L[0]))
