"""Follow: a reader of one experiment that sees which trials changed since it looked last."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias, final

import numpy as np

from ..errors import StoreError
from ..record import POINT, Points, Record
from . import cells, rows
from .cells import CHUNK, CellError, Place
from .database_errors import store_errors
from .identity import identity
from .lock import is_held
from .owner import Owner, read_owner
from .sqlite import read_only
from .watch import loss

# What changes where a trial does: its row, and its chunks while it is not over.
Stamp: TypeAlias = tuple[Any, ...]
_ENDED = ("completed", "stopped", "infeasible")


@final
class Follow:
    """Reads the trials of one experiment as a run writes them, and never holds it up.

    Raises:
        StoreError: where the store has no such experiment, or is lost meanwhile.
    """

    def __init__(self, path: Path, name: str) -> None:
        """Opens the store to read; its schema is known to be the newest."""
        self._path, self._name = path, name
        self._file = identity(path) or (0, 0)
        self._stamps: dict[int, Stamp] = {}
        self._version = -1
        with store_errors(path):
            self._db = read_only(path)
            row = self._db.execute("select id from experiment where name = ?", (name,)).fetchone()
        if row is None:
            raise StoreError(f"The store `{path}` has no experiment `{name}`.")
        self._key = int(row[0])
        self._descriptor = os.open(path, os.O_RDONLY)

    def changed(self) -> Iterator[Record]:
        """The trials that changed since the last call, with all their points, by id."""
        if message := loss(self._path, self._file):
            raise StoreError(message)
        with store_errors(self._path, self._db):
            (version,) = self._db.execute("pragma data_version").fetchone()
            if version == self._version:
                return
            stamps = self._moment()
        for trial, stamp in stamps.items():
            if self._stamps.get(trial) != stamp:
                with store_errors(self._path, self._db):
                    record = self._record(trial)
                self._stamps[trial] = stamp
                yield record
        self._version = version

    def whole(self) -> list[Record]:
        """All trials at once, with all their points; `changed` tells what comes after."""
        with store_errors(self._path, self._db):
            (version,) = self._db.execute("pragma data_version").fetchone()
            stamps = self._moment()  # before they are read: what comes between is read again
            records = rows.records(self._db, self._key, {})
        self._stamps, self._version = dict(stamps), version
        return records

    def again(self, trial: int) -> Record:
        """A trial as it stands now."""
        with store_errors(self._path, self._db):
            return self._record(trial)

    def is_running(self) -> bool:
        """Whether a run owns the experiment now."""
        held = is_held(self._descriptor, self._name)
        if held is not None:
            return held
        owner = self.owner()
        return owner is not None and not owner.is_gone

    def owner(self) -> Owner | None:
        """Who runs the experiment, or ran it last; None where nobody is written down."""
        with store_errors(self._path, self._db):
            return read_owner(self._db, self._name)

    def close(self) -> None:
        """Closes the store."""
        self._db.close()
        os.close(self._descriptor)

    def _moment(self) -> Mapping[int, Stamp]:
        listed = self._db.execute(
            "select id, status, reason, detail, steps, wall_s, losses, launch_id from trial "
            "where experiment_id = ? order by id",
            (self._key,),
        ).fetchall()
        return {
            row[0]: row[1:] if row[1] in _ENDED else (*row[1:], *self._chunks(row[0]))
            for row in listed
        }

    def _chunks(self, trial: int) -> tuple[Any, ...]:
        own = "from chunk where experiment_id = ? and trial_id = ?"
        row: tuple[Any, ...] = self._db.execute(
            f"select count(*), max(id), sum(length(points)) {own}", (self._key, trial)
        ).fetchone()
        return row

    def _record(self, trial: int) -> Record:
        self._db.execute("begin")  # one moment for all tables
        try:
            record = rows.record(self._db, self._key, trial)
            names = rows.metric_names(self._db)
            chunks = self._db.execute(
                f"select {CHUNK.listed} from chunk where experiment_id = ? and trial_id = ? "
                "order by id",
                (self._key, trial),
            ).fetchall()
        finally:
            self._db.execute("commit")
        packed = b"".join(rows.chunk_bytes(row, self._key) for row in chunks)
        points_P = np.frombuffer(packed, POINT)
        if not cells.are_points(points_P, len(names)):
            place = Place("chunk", self._key, trial)
            raise CellError(place, "points", "points of known metrics", packed)
        return replace(record, points=Points(points_P, names))
