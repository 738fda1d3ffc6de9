"""What every search is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from ..move import Move
from ..record import Records
from ..study import Study


class Search(Protocol):
    """A pure function of the history: same study, same records, same moves."""

    @property
    def adapts(self) -> bool:
        """Whether its moves depend on results; if not, a study is written down whole beforehand."""

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        """At most `free` of Start, Resume and Fork, and any number of Stop.

        With `free` 0 only Stops are asked for: so trials that run are judged while they run. The
        study is finished when the answer is empty and nothing runs.
        """


@runtime_checkable
class Judge(Search, Protocol):
    """A search that judges trials while they run. Of one that does not, reports change no move."""

    def decisive(self, study: Study) -> Sequence[int]:
        """The lengths in updates, rising: a report that takes a trial to none changes no move."""
