"""What the database says when it fails, as what it is: whose fault, and the way out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DamagedError, StoreError
from ..experiment.small_file import refuse_other_kinds
from .cells import CellError, shown, undecodable

_RESTORE = "Restore the store from a copy, or name another with --store."
# By SQLite's primary result codes: what happened, and the way out.
_CODES: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_BUSY: (
        "is held by another program for more than a minute",
        "Close what holds it and type the same command again.",
    ),
    sqlite3.SQLITE_LOCKED: (
        "is held by another program for more than a minute",
        "Close what holds it and type the same command again.",
    ),
    sqlite3.SQLITE_FULL: (
        "could not be written: the disk is full, or a quota is reached",
        "Free some space and type the same command again: what was finished is kept.",
    ),
    sqlite3.SQLITE_READONLY: (
        "can be read and not written",
        "Make it and its folder writable, or name another store with --store.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened or written",
        "Make its folder writable, or name another store with --store.",
    ),
    sqlite3.SQLITE_NOTADB: ("is not a database of Etude", "Name another with --store."),
    sqlite3.SQLITE_CORRUPT: ("is damaged: pages of its file are not what they were", _RESTORE),
    sqlite3.SQLITE_CONSTRAINT: (
        "refused a row that breaks a rule of its tables: the store was changed by hand, "
        "or this is a bug in Etude",
        f"{_RESTORE[:-1]}; where nobody changed it, report this message.",
    ),
    sqlite3.SQLITE_ERROR: (
        "lacks a table or a column of its schema, so that it was changed by hand or is damaged",
        _RESTORE,
    ),
    sqlite3.SQLITE_MISMATCH: ("holds a cell of another type than its column", _RESTORE),
    sqlite3.SQLITE_TOOBIG: (
        "takes no text or bytes of this size",
        "Report fewer values at once, or shorter texts.",
    ),
    sqlite3.SQLITE_NOMEM: (
        "needs more memory than there is",
        "Free some memory and type the same command again.",
    ),
    sqlite3.SQLITE_PROTOCOL: (
        "stands on a file system whose locks do not work, as some network folders'",
        "Keep the store on a local disk: --store.",
    ),
}
_CODES[sqlite3.SQLITE_PERM] = _CODES[sqlite3.SQLITE_CANTOPEN]
_CODES[sqlite3.SQLITE_AUTH] = _CODES[sqlite3.SQLITE_CANTOPEN]
_UNREAD = frozenset((sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ))
_NO_UTF8 = "Could not decode to UTF-8"


@contextmanager
def store_errors(path: Path, db: sqlite3.Connection | None = None) -> Iterator[None]:
    """Turns what the database raises, and what its cells do not hold, into errors with a way out.

    Args:
        path: The store's file.
        db: Where the name of an experiment is looked up, once the file is open.

    Raises:
        DamagedError: for a cell that is not what it was.
        StoreError: for all else that a person can mend.
    """
    try:
        yield
    except CellError as error:
        raise _damaged(path, db, error) from None
    except UnicodeDecodeError as error:  # what SQLite says of damaged pages quotes them
        what, way_out = _CODES[sqlite3.SQLITE_CORRUPT]
        raise StoreError(f"The store `{path}` {what} ({error.reason}). {way_out}") from error
    except sqlite3.ProgrammingError:
        raise  # a closed store or a wrong query: a bug of ours
    except sqlite3.DatabaseError as error:
        if db is not None and _NO_UTF8 in str(error) and (cell := undecodable(db)):
            raise _damaged(path, db, cell) from None
        raise StoreError(_message(path, error)) from error


def refuse_no_file(path: Path) -> None:
    """Refuses a path that cannot be a store's: a folder, a pipe, a device, a circle of links.

    Raises:
        StoreError: naming what it is.
    """
    try:
        refuse_other_kinds(path, path.stat().st_mode)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file can have such a name"
        raise StoreError(
            f"The store `{path}` cannot be opened: {reason}. Name another with --store."
        ) from error


def _message(path: Path, error: sqlite3.DatabaseError) -> str:
    # An error that Python's own module raises has no code.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    what, way_out = _CODES.get(code & 0xFF, _CODES[sqlite3.SQLITE_CANTOPEN])
    if code & 0xFF == sqlite3.SQLITE_IOERR:
        what, way_out = _CODES[sqlite3.SQLITE_FULL]
        if code in _UNREAD:
            what, way_out = "could not be read: the disk or its network fails", _RESTORE
    return f"The store `{path}` {what} ({error}). {way_out}"


def _damaged(path: Path, db: sqlite3.Connection | None, error: CellError) -> DamagedError:
    place = error.place
    experiment = "" if db is None else _name(db, place.key)
    whose = [f"trial {place.trial_id}"] if place.trial_id is not None else []
    whose += [f"experiment `{experiment}`"] if experiment else []
    of = f" of {' of '.join(whose)}" if whose else ""
    message = (
        f"The store `{path}` is damaged: `{error.column}`{of} (table `{place.table}`) should be "
        f"{error.rule}, found {shown(error.found)}. {_RESTORE}"
    )
    return DamagedError(
        message,
        cell=(place.table, error.column),
        experiment=experiment,
        trial_id=place.trial_id,
    )


def _name(db: sqlite3.Connection, key: int | None) -> str:
    """The name of an experiment as far as it can be read; its number otherwise."""
    if key is None:
        return ""
    factory, db.text_factory = db.text_factory, bytes
    try:
        row = db.execute("select name from experiment where id = ?", (key,)).fetchone()
    except sqlite3.DatabaseError:
        row = None
    finally:
        db.text_factory = factory
    found = row[0] if row else None
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else f"number {key}"
