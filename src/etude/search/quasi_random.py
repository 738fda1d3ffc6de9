"""Quasi-random search: scrambled, randomly shifted Sobol points."""

from __future__ import annotations

from functools import lru_cache
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from ..columns import settings
from ..move import Move, Start
from ..record import Records
from ..study import Study
from .admitted import admitted


@final
class QuasiRandom:
    """The next points of one fixed sequence, whatever the results and however many at once.

    Source: Q1-Q6. Points: Sobol (1967) with Joe and Kuo's direction numbers, scrambled by a random
    linear matrix and shifted (Matousek 1998), from scipy.stats.qmc.
    """

    adapts = False

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        """The points after those that were started already."""
        begin = records.count()
        end = min(begin + free, study.max_trials)
        if end <= begin:
            return []
        points_TxD = admitted(study, points, end)
        return [Start(searched) for searched in settings(study.space, points_TxD[begin:end])]


def points(dimensions: int, seed: int, count: int) -> NDArray[np.float64]:
    """The first `count` points of the sequence of this seed, shape (count, D), in [0, 1).

    A longer sequence begins with the shorter one.
    """
    # Powers of two, so that few lengths are ever computed and scipy finds the points balanced.
    exponent = max(count - 1, 1).bit_length()
    return _sequence(dimensions, seed, exponent)[:count]


@lru_cache(maxsize=64)
def _sequence(dimensions: int, seed: int, exponent: int) -> NDArray[np.float64]:
    if dimensions == 0:
        return np.empty((2**exponent, 0))
    return qmc.Sobol(dimensions, scramble=True, rng=seed).random_base2(exponent)
