"""SQLite: one file, one writer, readers that never block it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import final

from ..code import Code
from ..disk.rights import PRIVATE, file_rights, set_mode
from ..errors import StoreError
from ..event import Event
from ..experiment import Experiment
from ..experiment.entry import Entry
from ..move import Beginning
from ..record import Record, Records
from ..study import Study
from . import code_rows, experiment_rows, rows
from .base import existing_ids, perform, place_of, reservation_of, unheard
from .checkpoints import Files, Sweep, cleanup
from .database_errors import refuse_no_file, store_errors
from .identity import identity, one_place, refuse_unreadable
from .lock import DESCRIPTORS, database_lock, file_lock, owned_error
from .migrations import latest, migrate, refuse, version
from .owner import Owner, living_owner, owner_in, read_owner, this_process, write_owner
from .sweep import sweep
from .watch import Watch, loss
from .write_ahead import WAIT_S, write_ahead


@final
class SQLite:
    """A store in one SQLite file, written ahead (WAL), every commit synced to disk.

    Args:
        path: The file, or a link to it.
        create: False opens it to read only.

    Raises:
        StoreError: for a file that cannot be opened, is missing while `create` is False, is no
            database, or has a newer schema.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Opens the file and brings its schema up to date."""
        self._path = one_place(path)
        self._experiments: dict[str, tuple[int, Experiment]] = {}
        self._codes: dict[str, Code] = {}
        refuse_no_file(path)
        with store_errors(path):
            refuse_unreadable(self._path, path)
            self._db = _writable(self._path, path) if create else _readable(self._path, path)
        self._is_writable, self._is_closed = create, False
        self._file = identity(self._path) or (0, 0)
        DESCRIPTORS.store_opened(self._file)

    @property
    def files(self) -> Files:
        """The folders beside the file."""
        return Files(self._path)

    def entries(self) -> list[Entry]:
        """All experiments, oldest first."""
        self._refuse_loss()
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
    def own(self, name: str, on_loss: Callable[[], object] = unheard) -> Iterator[None]:
        """Holds an experiment for this process; what was left running is pending again."""
        owner = this_process()
        with self._locked(name, owner) as descriptor:
            with self._transaction():
                write_owner(self._db, name, owner, self._path)
                self._reopen_running(name)
            # In the file itself: whoever opens it by another name finds this one there.
            with suppress(sqlite3.Error):
                self._db.execute("pragma wal_checkpoint").fetchone()
            sweep(self.files, name, self._named_checkpoints(name))
            watch = Watch(self._path, descriptor, (name, owner), on_loss)
            try:
                with watch.looking(self._db):
                    yield
            finally:
                self._release(name, watch)

    def reserve(self, name: str, study: Study, moves: Sequence[Beginning]) -> list[Record]:
        """The trials of these moves, written down as pending, new ones with their ids."""
        key, _ = self._experiments[name]
        with self._transaction():
            first_id, first_index = rows.next_places(self._db, key, study.name)
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
        sweeps: list[Sweep] = []
        with self._transaction():
            for trial_id, news in rows.by_trial(events).items():
                record = rows.apply(self._db, key, trial_id, news)
                if due := cleanup(record, news, best=best, objective=objective):
                    rows.keep_checkpoints(self._db, key, trial_id, due.retained)
                    sweeps.append(due)
        perform(sweeps, self.files, name)

    def records(self, name: str) -> Records:
        """Every trial of an experiment as it stands, with its points."""
        self._refuse_loss()
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
        if not self._is_closed:
            self._is_closed = True
            DESCRIPTORS.store_closed(self._file)

    @contextmanager
    def _locked(self, name: str, owner: Owner) -> Iterator[int]:
        """Holds both locks of an experiment, on the database and beside it; gives a descriptor.

        Raises:
            OwnedError: saying who holds it.
        """
        path = self._path.with_name(f"{self._path.name}.{name}.lock")
        with ExitStack() as locks:
            try:
                descriptor = locks.enter_context(database_lock(self._path, name))
                locks.enter_context(file_lock(path, owner, file_rights(self._path)))
            except BlockingIOError:
                with store_errors(self._path, self._db):
                    first = living_owner(lambda: (read_owner(self._db, name), owner_in(path)))
                raise owned_error(name, first, owner.host) from None
            yield descriptor

    def _refuse_loss(self) -> None:
        """Refuses to pretend that a store is there which is not, or which is another.

        Raises:
            StoreError: saying what became of it.
        """
        if self._is_writable and (message := loss(self._path, self._file)):
            raise StoreError(message)

    def _release(self, name: str, watch: Watch) -> None:
        if not watch.message:  # a lost store is not written to: another may stand there
            with self._transaction():
                self._reopen_running(name)

    def _reopen_running(self, name: str) -> None:
        self._db.execute(
            "update trial set status = 'pending' where status = 'running' and "
            "experiment_id = (select id from experiment where name = ?)",
            (name,),
        )

    def _named_checkpoints(self, name: str) -> Mapping[int, list[int]]:
        """The steps of the checkpoints that are written down, by trial."""
        with store_errors(self._path, self._db):
            return rows.named_checkpoints(self._db, name)

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
        self._refuse_loss()


def _writable(path: Path, typed: Path) -> sqlite3.Connection:
    if not os.path.isdir(path.parent):
        raise StoreError(f"The folder of the store `{typed}` does not exist. Make it first.")
    _make_private(path)
    # A runner in this process may deliver from a thread beside the one that trains, one at a time.
    db = sqlite3.connect(path, isolation_level=None, timeout=WAIT_S, check_same_thread=False)
    try:
        refuse(db, str(typed))  # before a single byte is written to what may not be ours
        write_ahead(db)
        # Every commit reaches the disk, so that a finished trial survives a power cut too.
        db.execute("pragma synchronous = full")
        db.execute("pragma fullfsync = on")  # on macOS, where a sync ends in the disk's memory else
        migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def _make_private(path: Path) -> None:
    """Makes a new store readable by its owner only, whatever the umask; leaves another as it is.

    SQLite gives the files beside it the same rights.
    """
    try:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE)
    except OSError:  # it is there, or SQLite says why it cannot be
        return
    try:
        set_mode(file, PRIVATE)
    finally:
        os.close(file)


def _readable(path: Path, typed: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise StoreError(
            f"There is no store at `{typed}`. Run an experiment first (`etude run FILE`), "
            "or say where it is with --store."
        )
    db = read_only(path)
    try:
        refuse(db, str(typed))
        is_old = version(db) < latest()
    except BaseException:
        db.close()
        raise
    if not is_old:
        return db
    db.close()
    _writable(path, typed).close()
    return read_only(path)


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, whoever writes meanwhile."""
    address = path.absolute().as_uri()
    db = sqlite3.connect(f"{address}?mode=ro", uri=True, isolation_level=None, timeout=WAIT_S)
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
