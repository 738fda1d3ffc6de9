"""Tracked: a store that a run owns, with its records in memory, so that no news reads it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import final

from ..event import Began, Coded, Event, Logged
from ..experiment.entry import Entry
from ..move import Beginning, Resume
from ..record import Record, Records
from ..study import Study
from .base import Store, inherited, record_after, stretches_after, unheard
from .checkpoints import Files, cleanup
from .ledger import Ledger


@final
class Tracked:
    """The store of a run for the one who owns its experiment: what is written is known already.

    Each write goes to the store first. What it cannot take is not tracked either.

    Attributes:
        token: What tells the experiment from those of its name in other stores.
    """

    def __init__(self, store: Store, name: str) -> None:
        """Tracks one experiment, which this process owns and has begun."""
        self.store = store
        self._name = name
        entry = next(one for one in store.entries() if one.experiment.name == name)
        self._experiment = entry.experiment
        self.token = entry.token
        self._launch = len(entry.launches)
        self._accepts_code = bool(entry.launches) and entry.launches[-1].accepts_code
        self._ledger = Ledger(store.records(name))

    @property
    def files(self) -> Files:
        """Where checkpoints and the trials' own folders stand."""
        return self.store.files

    def entries(self) -> list[Entry]:
        """All experiments, oldest first."""
        return self.store.entries()

    def begin(self, entry: Entry) -> None:
        """Adds another experiment."""
        self.store.begin(entry)

    def own(
        self, name: str, on_loss: Callable[[], object] = unheard
    ) -> AbstractContextManager[None]:
        """Holds another experiment for this process."""
        return self.store.own(name, on_loss)

    def reserve(self, name: str, study: Study, moves: Sequence[Beginning]) -> list[Record]:
        """The trials of these moves as pending, new ones with their ids, forks with their copy."""
        reserved = self.store.reserve(name, study, moves)
        if name != self._name:
            return reserved
        for move, record in zip(moves, reserved, strict=True):
            if isinstance(move, Resume):
                known = self._ledger[record.id]
                self._ledger.put(replace(known, status="pending", until_step=move.until_step))
            elif record.parent is not None:
                parent = self._ledger[record.parent]
                self._ledger.put(replace(record, stretches=inherited(parent, record)))
            else:
                self._ledger.put(record)
        return reserved

    def append(self, name: str, events: Sequence[Event]) -> None:
        """Writes events down, all or none of them; when it returns they are safe."""
        self.store.append(name, events)
        if name != self._name:
            return
        by_trial: dict[int, list[Event]] = {}
        for event in events:
            by_trial.setdefault(event.trial_id, []).append(event)
        for trial_id, news in by_trial.items():
            record = self._ledger[trial_id]
            for event in news:
                record = self._after(record, event)
            best, objective = self._experiment.keep_checkpoints, self._experiment.objective
            if due := cleanup(record, news, best=best, objective=objective):
                record = replace(record, checkpoints=due.retained)
            self._ledger.put(record)

    def records(self, name: str) -> Records:
        """Every trial of an experiment as it stands, with its points."""
        return self._ledger.view() if name == self._name else self.store.records(name)

    def close(self) -> None:
        """Lets go of files."""
        self.store.close()

    def _after(self, record: Record, event: Event) -> Record:
        """A record after an event, with its points and stretches."""
        if isinstance(event, Logged):
            return self._ledger.logged(record, event.rows)
        if isinstance(event, Began):
            record = self._ledger.truncated(record, event.from_step)
        if isinstance(event, Began | Coded):
            stretches = stretches_after(record, event, self._launch)
            last = replace(stretches[-1], accepted=self._accepts_code)
            record = replace(record, stretches=(*stretches[:-1], last))
        return record_after(record, event)


def untracked(store: Store) -> Store:
    """The store itself, without what is known of it in memory."""
    return store.store if isinstance(store, Tracked) else store
