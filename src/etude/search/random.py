"""Random search: independent uniform points."""

from __future__ import annotations

from functools import partial
from typing import final

import numpy as np
from numpy.typing import NDArray

from ..move import Move
from ..record import Records
from ..study import Study
from .sequence import accepted_points, starts

VERSION = 1  # of the generator; a new one gives every study other points
# A float has 53 binary digits.
SHIFT, UNIT = np.uint64(11), 2.0**-53


@final
class Random:
    """The next points of one pseudo-random sequence, which depends on the study's seed alone.

    For comparisons, and where a tool of yours expects independent points: few of them leave wider
    gaps than quasi-random ones.

    Source: Q9.
    """

    adapts = False

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        """The points after those that were started already."""
        return starts(study, records, free, partial(accepted_points, study, points))


def points(dimensions: int, seed: int, count: int) -> NDArray[np.float64]:
    """The first `count` points of the sequence of this seed, shape (count, D), in [0, 1).

    A longer sequence begins with the shorter one.
    """
    # NumPy promises the raw numbers of PCG64 to every later version.
    raw = np.random.PCG64(np.random.SeedSequence([VERSION, seed, 1])).random_raw(count * dimensions)
    return (raw >> SHIFT).astype(np.float64).reshape(count, dimensions) * UNIT
