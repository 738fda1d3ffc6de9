"""SQLite: one file, one writer, readers that never block it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import final

from ..code import Code
from ..errors import StoreError
from ..event import Event
from ..experiment import Experiment
from ..experiment.entry import Entry
from ..move import Beginning
from ..record import Record, Records
from ..study import Study
from . import code_rows, experiment_rows, rows
from .base import existing_ids, place_of, reservation_of
from .checkpoints import CheckpointCleanup, Files, cleanup
from .database_errors import refuse_no_file, store_errors
from .lock import file_lock
from .migrations import latest, migrate, refuse, version


@final
class SQLite:
    """A store in one SQLite file, written ahead (WAL), every commit synced to disk.

    Args:
        path: The file.
        create: False opens it to read only.

    Raises:
        StoreError: for a file that cannot be opened, is missing while `create` is False, is no
            database, or has a newer schema.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Opens the file and brings its schema up to date."""
        self._path = path
        self._experiments: dict[str, tuple[int, Experiment]] = {}
        self._codes: dict[str, Code] = {}
        refuse_no_file(path)
        with store_errors(path):
            self._db = _writable(path) if create else _readable(path)

    @property
    def files(self) -> Files:
        """The folders beside the file."""
        return Files(self._path)

    def entries(self) -> list[Entry]:
        """All experiments, oldest first."""
        with store_errors(self._path, self._db):
            return experiment_rows.entries(self._db)

    def begin(self, entry: Entry) -> None:
        """Adds an experiment, or extends the one of this name by the entry's launches."""
        place = place_of(entry.source, self.files)
        with self._transaction():
            experiment_rows.refuse_namesake(self._db, entry.experiment.name, self._path)
            self._db.execute(
                "insert into experiment(name, text, source, place, created) values(?, ?, ?, ?, ?) "
                "on conflict(name) do update set text = excluded.text, source = excluded.source, "
                "place = excluded.place",
                (entry.experiment.name, entry.text, entry.source, place, _now()),
            )
            key = self._key(entry.experiment.name)
            self._db.execute(experiment_rows.KEEP_PRIOR, (experiment_rows.prior_text(entry), key))
            self._db.executemany(
                experiment_rows.ADD_LAUNCH,
                [experiment_rows.launch_row(key, one) for one in entry.launches],
            )
        self._experiments[entry.experiment.name] = (key, entry.experiment)

    @contextmanager
    def own(self, name: str) -> Iterator[None]:
        """Holds an experiment for this process; what was left running is pending again."""
        path = self._path.with_name(f"{self._path.name}.{name}.lock")
        with file_lock(path, name):
            self._reopen_running(name)
            try:
                yield
            finally:
                self._reopen_running(name)

    def reserve(self, name: str, study: Study, moves: Sequence[Beginning]) -> list[Record]:
        """The trials of these moves, written down as pending, new ones with their ids."""
        key, _ = self._experiments[name]
        with self._transaction():
            first_id, first_index = self._db.execute(
                "select count(*), count(*) filter (where study = ?) from trial "
                "where experiment_id = ?",
                (study.name, key),
            ).fetchone()
            ids = set(existing_ids(moves))
            known = {trial_id: rows.record(self._db, key, trial_id) for trial_id in ids}
            reservation = reservation_of(
                study, moves, known, first_id=first_id, first_index=first_index
            )
            forks = [one for one in reservation.new if one.parent is not None]
            for fork in forks:
                self.files.copy(name, fork)
            self._db.executemany(
                rows.ADD_TRIAL, [rows.trial_row(key, one) for one in reservation.new]
            )
            for fork in forks:
                rows.keep_checkpoints(self._db, key, fork.id, fork.checkpoints)
                code_rows.inherit(self._db, key, fork)
            self._db.executemany(
                rows.RESUME, [(one.until_step, key, one.id) for one in reservation.resumed]
            )
        return reservation.in_order(moves)

    def append(self, name: str, events: Sequence[Event]) -> None:
        """Writes events down, all or none of them; when it returns they are safe."""
        key, experiment = self._experiments[name]
        best, objective = experiment.keep_checkpoints, experiment.objective
        cleanups: list[CheckpointCleanup] = []
        with self._transaction():
            for trial_id, news in rows.by_trial(events).items():
                record = rows.apply(self._db, key, trial_id, news)
                if due := cleanup(record, news, best=best, objective=objective):
                    rows.keep_checkpoints(self._db, key, trial_id, due.retained)
                    cleanups.append(due)
        for due in cleanups:
            due.perform(self.files.checkpoints(name, due.trial_id))

    def records(self, name: str) -> Records:
        """Every trial of an experiment as it stands, with its points."""
        with store_errors(self._path, self._db):
            key = self._key(name)
            counts = rows.counts(self._db, key)

        def load() -> list[Record]:
            with store_errors(self._path, self._db):
                return rows.records(self._db, key, self._codes)

        return Records(load, counts)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def _reopen_running(self, name: str) -> None:
        with self._transaction():
            self._db.execute(
                "update trial set status = 'pending' where status = 'running' and "
                "experiment_id = (select id from experiment where name = ?)",
                (name,),
            )

    def _key(self, name: str) -> int:
        row = self._db.execute("select id from experiment where name = ?", (name,)).fetchone()
        if row is None:
            raise StoreError(f"The store `{self._path}` has no experiment `{name}`.")
        return int(row[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with store_errors(self._path, self._db):
            self._db.execute("begin immediate")
            try:
                yield
                self._db.execute("commit")
            except BaseException:
                # A full disk may have rolled back already.
                if self._db.in_transaction:
                    self._db.execute("rollback")
                raise


def _writable(path: Path) -> sqlite3.Connection:
    if not path.parent.is_dir():
        raise StoreError(f"The folder of the store `{path}` does not exist. Make it first.")
    # A runner in this process may deliver from a thread beside the one that trains, one at a time.
    db = sqlite3.connect(path, isolation_level=None, timeout=60.0, check_same_thread=False)
    try:
        refuse(db, str(path))  # before a single byte is written to what may not be ours
        db.execute("pragma journal_mode = wal")
        # Every commit reaches the disk, so that a finished trial survives a power cut too.
        db.execute("pragma synchronous = full")
        migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def _readable(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise StoreError(
            f"There is no store at `{path}`. Run an experiment first (`etude run FILE`), "
            "or say where it is with --store."
        )
    db = _read_only(path)
    try:
        refuse(db, str(path))
        is_old = version(db) < latest()
    except BaseException:
        db.close()
        raise
    if not is_old:
        return db
    db.close()
    _writable(path).close()
    return _read_only(path)


def _read_only(path: Path) -> sqlite3.Connection:
    address = path.absolute().as_uri()
    db = sqlite3.connect(f"{address}?mode=ro", uri=True, isolation_level=None, timeout=60.0)
    try:
        db.execute("select count(*) from sqlite_master")
    except sqlite3.OperationalError:
        # A folder in which not even a reader's helper file may be made: nobody writes there either.
        db.close()
        return sqlite3.connect(f"{address}?immutable=1", uri=True, isolation_level=None)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
