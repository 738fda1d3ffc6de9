"""The settings that somebody listed by hand."""

from __future__ import annotations

from typing import final

from ..move import Move, Start
from ..record import Records
from ..study import Study
from .sequence import next_trials


@final
class Listed:
    """The configurations of the study, each once, in their order.

    Source: R12.
    """

    adapts = False

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        """The configurations after those that were started already."""
        trials = next_trials(study, records, free)
        return [Start(configuration) for configuration in study.listed[trials]]
