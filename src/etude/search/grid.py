"""Grid search: evenly spaced values on every axis, all combinations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from ..move import Move
from ..record import Records
from ..space.grid import Points, counts, grid
from ..study import Study
from .sequence import Floats, starts


@final
@dataclass(frozen=True)
class Grid:
    """The points of a grid, coarse before fine: a study cut short is a coarser grid.

    Ranges have values evenly spaced on their scale, both ends among them; lists have all of theirs.

    Args:
        points: Values of every range, or of each by its name; None for as many as `max_trials`
            pays for, equally many on every range.

    Source: Q9. The points are those of `space.grid.grid`.
    """

    points: Points = None

    adapts = False

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        """The points after those that were started already."""
        return starts(study, records, free, lambda _: self._units(study))

    def _units(self, study: Study) -> Floats:
        return grid(study.space, counts(study.space, self.points, study.max_trials))
