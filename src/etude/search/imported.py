"""Trials that ran elsewhere: another tool chose them, so there is nothing to ask for."""

from __future__ import annotations

from typing import final

from ..move import Move
from ..record import Records
from ..study import Study


@final
class Imported:
    """No moves: what was tried is in the store, and nothing can be trained from here."""

    adapts = False

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        """Nothing, whatever is free."""
        del study, records, free
        return []
