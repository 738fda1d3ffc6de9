"""Memory: forgets at exit. What tests and notebooks use."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
import weakref
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import final

import numpy as np

from ..code import Stretch
from ..event import Began, Coded, Event, Logged
from ..experiment.entry import Entry, Launch
from ..move import Beginning
from ..record import POINT, Points, Record, Records
from ..study import Study
from .base import (
    existing_ids,
    inherited,
    perform,
    place_of,
    record_after,
    reservation_of,
    stretches_after,
    unheard,
)
from .checkpoints import Files, cleanup


@final
class Memory:
    """A store in this process; its folders are temporary."""

    def __init__(self) -> None:
        """Begins empty."""
        self._folder = Path(tempfile.mkdtemp(prefix="etude-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._entries: dict[str, Entry] = {}
        self._trials: dict[str, list[Record]] = defaultdict(list)
        self._rows: dict[tuple[str, int], list[tuple[int, int, float]]] = defaultdict(list)
        self._metrics: dict[str, int] = {}
        self._launch_of: dict[tuple[str, int], int] = {}  # the last one, by trial

    @property
    def files(self) -> Files:
        """Temporary folders, gone when the store is."""
        return Files(self._folder / "memory", lasting=False)

    def entries(self) -> list[Entry]:
        """All experiments, oldest first."""
        return [
            dataclasses.replace(entry, launches=tuple(self._launches(name, entry)))
            for name, entry in self._entries.items()
        ]

    def begin(self, entry: Entry) -> None:
        """Adds an experiment, or extends the one of this name by the entry's launches."""
        known = self._entries.get(entry.experiment.name)
        before = known.launches if known else ()
        prior = entry.prior if known is None or known.prior is None else known.prior
        self._entries[entry.experiment.name] = dataclasses.replace(
            entry,
            launches=before + entry.launches,
            prior=prior,
            place=place_of(entry.source, self.files),
        )

    @contextmanager
    def own(self, name: str, on_loss: Callable[[], object] = unheard) -> Iterator[None]:
        """Nobody else can hold it, nor take it away; what was left running is pending again."""
        del on_loss
        try:
            yield
        finally:
            self._trials[name] = [
                dataclasses.replace(one, status="pending") if one.status == "running" else one
                for one in self._trials[name]
            ]

    def reserve(self, name: str, study: Study, moves: Sequence[Beginning]) -> list[Record]:
        """The trials of these moves as pending, new ones with their ids."""
        trials = self._trials[name]
        index = next((one.index + 1 for one in reversed(trials) if one.study == study.name), 0)
        known = {trial_id: trials[trial_id] for trial_id in existing_ids(moves)}
        reservation = reservation_of(study, moves, known, first_id=len(trials), first_index=index)
        for record in reservation.new:
            if record.parent is not None:
                self.files.copy(name, record)
        trials.extend(
            one
            if one.parent is None
            else dataclasses.replace(one, stretches=inherited(trials[one.parent], one))
            for one in reservation.new
        )
        for record in reservation.resumed:
            trials[record.id] = record
        return reservation.in_order(moves)

    def append(self, name: str, events: Sequence[Event]) -> None:
        """Applies the events."""
        for event in events:
            trial_id = event.trial_id
            self._launch_of[name, trial_id] = len(self._entries[name].launches) - 1
            if isinstance(event, Logged):
                codes = self._metrics
                self._rows[name, trial_id] += [
                    (step, codes.setdefault(metric, len(codes)), value)
                    for step, metric, value in event.rows
                ]
                continue
            if isinstance(event, Began):
                rows = self._rows[name, trial_id]
                self._rows[name, trial_id] = [row for row in rows if row[0] < event.from_step]
            record = record_after(self._trials[name][trial_id], event)
            if isinstance(event, Began | Coded):
                launch = len(self._entries[name].launches)
                stretches = stretches_after(record, event, launch)
                record = dataclasses.replace(record, stretches=stretches)
            self._trials[name][trial_id] = record
            self._clean_up(name, trial_id, event)

    def records(self, name: str) -> Records:
        """Every trial of an experiment as it stands."""
        names = tuple(self._metrics)
        return Records.of(
            [
                dataclasses.replace(
                    record,
                    points=Points(np.array(self._rows[name, record.id], POINT), names),
                    stretches=self._stretches(name, record),
                )
                for record in self._trials[name]
            ]
        )

    def close(self) -> None:
        """Nothing to let go of: the folders go with the store itself."""

    def _stretches(self, name: str, record: Record) -> tuple[Stretch, ...]:
        launches = self._entries[name].launches if name in self._entries else ()
        numbers = [number for number, one in enumerate(launches, start=1) if one.accepts_code]
        accepted = max(numbers, default=0)
        return tuple(
            dataclasses.replace(one, accepted=one.launch <= accepted) for one in record.stretches
        )

    def _launches(self, name: str, entry: Entry) -> Iterator[Launch]:
        ended = Counter(
            self._launch_of.get((name, one.id)) for one in self._trials[name] if one.ended
        )
        for position, launch in enumerate(entry.launches):
            yield dataclasses.replace(launch, ended=ended[position])

    def _clean_up(self, name: str, trial_id: int, event: Event) -> None:
        experiment, record = self._entries[name].experiment, self._trials[name][trial_id]
        best, objective = experiment.keep_checkpoints, experiment.objective
        if due := cleanup(record, [event], best=best, objective=objective):
            self._trials[name][trial_id] = dataclasses.replace(record, checkpoints=due.retained)
            perform([due], self.files, name)
