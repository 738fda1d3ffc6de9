"""The settings that somebody listed by hand."""

from __future__ import annotations

from typing import final

from ..move import Move, Start
from ..record import Records
from ..study import Study


@final
class Listed:
    """The configurations of the study, each once, in their order.

    Source: R12.
    """

    adapts = False

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        """The configurations after those that were started already."""
        begin = records.count()
        end = min(begin + free, study.max_trials)
        return [Start(configuration) for configuration in study.listed[begin:end]]
