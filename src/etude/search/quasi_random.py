"""Quasi-random search: Sobol points, scrambled so that few of them spread evenly."""

from __future__ import annotations

from typing import final

from ..move import Move, Start
from ..record import Records
from ..space.vectorized import settings
from ..study import Study
from .sequence import admitted
from .sobol import points as points


@final
class QuasiRandom:
    """The next points of one fixed sequence, whatever the results and however many at once.

    Source: Q1-Q6. The points are those of `sobol.points`.
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
