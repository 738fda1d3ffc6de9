"""Quasi-random search: Sobol points, scrambled so that few of them spread evenly."""

from __future__ import annotations

from functools import partial
from typing import final

from ..move import Move
from ..record import Records
from ..study import Study
from .sequence import accepted_points, starts
from .sobol import points as points


@final
class QuasiRandom:
    """The next points of one fixed sequence, whatever the results and however many at once.

    Source: Q1-Q6. The points are those of `sobol.points`.
    """

    adapts = False

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        """The points after those that were started already."""
        return starts(study, records, free, partial(accepted_points, study, points))
