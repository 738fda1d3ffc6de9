"""The records of a run in memory, kept up to date from what is written to its store.

Axes: P points of a trial.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import final, overload

import numpy as np
from numpy.typing import NDArray

from ..record import NO_POINTS, POINT, Points, Record, Records, S, Summary, summary_of

# Records that one change copies: with 100,000 trials as many as there are parts.
_PART = 256
# Summaries of a study that are kept up to date: a search has one, and a schedule another.
_MOST_SUMMARIES = 4


@final
class Ledger:
    """The trials of an experiment as they stand, in views that later changes leave as they are.

    A view and a change cost the same however many trials there are: what did not change is shared.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        """Begins with what a store has."""
        self._all = _Group()
        self._studies: dict[str, _Group] = {}
        self._places: list[int] = []
        self._points: dict[int, _Rows] = {}
        self._codes: dict[str, int] = {}
        for record in records:
            self.put(record)
        for name in records[0].points.names if records else ():
            self._codes.setdefault(name, len(self._codes))
        self._names = tuple(self._codes)

    def __getitem__(self, trial_id: int) -> Record:
        """The record of a trial."""
        return self._all.vector[trial_id]

    def put(self, record: Record) -> None:
        """Takes a trial as it stands now: the next one, or one that is known."""
        if record.study not in self._studies:
            self._studies[record.study] = _Group()
        study = self._studies[record.study]
        if record.id == len(self._places):
            self._places.append(len(study.vector))
        self._all.put(record.id, record)
        study.put(self._places[record.id], record)

    def logged(self, record: Record, rows: Sequence[tuple[int, str, float]]) -> Record:
        """The record with these rows after its points."""
        for _, name, _ in rows:
            if name not in self._codes:
                self._codes[name] = len(self._codes)
                self._names = tuple(self._codes)
        known = self._points.setdefault(record.id, _Rows(record.points.rows_P))
        known.extend([(step, self._codes[name], value) for step, name, value in rows])
        return replace(record, points=known.points(self._names))

    def truncated(self, record: Record, from_step: int) -> Record:
        """The record without points at a step and after: they come again."""
        rows_P = record.points.rows_P
        if not len(rows_P):
            return record
        is_earlier_P = rows_P["step"] < from_step
        if is_earlier_P.all():
            return record
        self._points.pop(record.id, None)
        points = Points(rows_P[is_earlier_P], record.points.names)
        return replace(record, points=points if is_earlier_P.any() else NO_POINTS)

    def view(self) -> Records:
        """All trials as they stand."""
        return self._all.view(self)

    def of_study(self, name: str) -> Records:
        """The trials of a study as they stand."""
        return self._studies[name].view() if name in self._studies else Records.of(())


@final
@dataclass
class _Group:
    """The records of a study, or of all: how many have which status, and what is known of them."""

    vector: Vector = field(default_factory=lambda: Vector(()))
    counts: Counter[str] = field(default_factory=Counter)
    summaries: dict[Hashable, tuple[Summary, dict[int, None]]] = field(default_factory=dict)

    def put(self, place: int, record: Record) -> None:
        """Takes a record at the next place, or one that is known."""
        if place < len(self.vector):
            self.counts[self.vector[place].status] -= 1
        self.counts[record.status] += 1
        self.vector = self.vector.with_record(place, record)
        for _, changed in self.summaries.values():
            changed[place] = None

    def view(self, ledger: Ledger | None = None) -> Records:
        """The records as they stand; of all of them, with the ledger that has the studies."""
        vector = self.vector
        counts = {status: count for status, count in self.counts.items() if count}
        return Records(lambda: vector, counts, _Moment(self, ledger))


@final
class _Moment:
    """A group as it stood when a view of it was taken."""

    def __init__(self, group: _Group, ledger: Ledger | None) -> None:
        self._group = group
        self._vector = group.vector
        self._ledger = ledger

    @property
    def _is_past(self) -> bool:
        return self._vector is not self._group.vector

    def of_study(self, name: str) -> Records:
        """The records of one study; looked for among all of them where this moment is past."""
        if self._ledger is None or self._is_past:
            return Records.of([record for record in self._vector if record.study == name])
        return self._ledger.of_study(name)

    def summary(self, records: Records, key: Hashable, make: Callable[[], S]) -> S:
        """The summary, from where it was; anew where there is none, or this moment is past."""
        if self._is_past:
            return summary_of(records, make)
        summaries = self._group.summaries
        if key not in summaries:
            if len(summaries) == _MOST_SUMMARIES:
                del summaries[next(iter(summaries))]
            summaries[key] = summary_of(records, make), {}
        summary, changed = summaries[key]
        for place in changed:
            summary.change(self._vector[place])
        changed.clear()
        return summary  # type: ignore[return-value]  # what this key's `make` made


@final
class Vector(Sequence[Record]):
    """An immutable sequence of records; one with a change shares all parts but one with it.

    >>> from dataclasses import replace
    >>> record = Record(id=0, study="all", index=0, setting={}, seed=0)
    >>> one = Vector(()).with_record(0, record)
    >>> two = one.with_record(0, replace(record, steps=3))
    >>> one[0].steps, two[0].steps
    (0, 3)
    """

    def __init__(self, parts: tuple[tuple[Record, ...], ...]) -> None:
        """Takes parts of `_PART` records each, the last one of fewer."""
        self._parts = parts
        self._count = _PART * (len(parts) - 1) + len(parts[-1]) if parts else 0

    def with_record(self, place: int, record: Record) -> Vector:
        """The same with another record at this place, or at the next one."""
        part, offset = divmod(place, _PART)
        old = self._parts[part] if part < len(self._parts) else ()
        new = (*old[:offset], record, *old[offset + 1 :])
        return Vector((*self._parts[:part], new, *self._parts[part + 1 :]))

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Record]: ...
    def __getitem__(self, place: int | slice) -> Record | Sequence[Record]:
        """The record, or records, at a place."""
        if isinstance(place, slice):
            return tuple(self)[place]
        inside = range(self._count)[place]
        return self._parts[inside // _PART][inside % _PART]

    def __iter__(self) -> Iterator[Record]:
        """The records in order."""
        for part in self._parts:
            yield from part


@final
class _Rows:
    """The points of a trial, with room for more: what was handed out is never written again."""

    def __init__(self, rows_P: NDArray[np.void]) -> None:
        self._room_P = rows_P
        self._count = len(rows_P)

    def points(self, names: tuple[str, ...]) -> Points:
        return Points(self._room_P[: self._count], names)

    def extend(self, rows: Sequence[tuple[int, int, float]]) -> None:
        end = self._count + len(rows)
        if end > len(self._room_P):
            room_P = np.empty(max(end, 2 * len(self._room_P)), POINT)
            room_P[: self._count] = self._room_P[: self._count]
            self._room_P = room_P
        self._room_P[self._count : end] = np.array(rows, POINT)
        self._count = end
