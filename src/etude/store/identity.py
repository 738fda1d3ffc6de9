"""Identity: a store is one file, by whatever path it is opened."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeAlias

from ..errors import StoreError
from .owner import Owner, read_owner, read_places

# The device and the number of a file on it: links have the same.
Identity: TypeAlias = tuple[int, int]


def identity(path: Path) -> Identity | None:
    """Which file stands at a path; None where there is none.

    Raises:
        OSError: where that cannot be known.
    """
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_dev, status.st_ino


def one_place(path: Path) -> Path:
    """The place of a store for all that stands beside it, whichever of its links was named.

    Symbolic links lead to it. Of hard links it is the one that an owner opened it by and wrote
    down: SQLite writes ahead beside the name that it is given, and two names would be two stores.
    """
    place = Path(os.path.realpath(path))
    try:
        status = os.stat(place)
    except OSError:  # whoever opens it says why
        return place
    if status.st_nlink == 1 or not stat.S_ISREG(status.st_mode):
        return place
    file = (status.st_dev, status.st_ino)
    return next((other for other in _other_places(place) if _is_file(other, file)), place)


def refuse_unreadable(path: Path, typed: Path) -> None:
    """Refuses a store that is not for this user: a new one is its owner's alone.

    Raises:
        StoreError: with what its owner can do.
    """
    if os.path.isfile(path) and not os.access(path, os.R_OK):
        raise StoreError(
            f"The store `{typed}` is not yours to read. "
            f"Ask its owner to let you: `chmod +r {typed.name}`."
        )


def is_database(path: Path) -> bool:
    """Whether a file is a database of SQLite.

    SQLite reads it: whoever closes a file of his own loses all locks that this process has on it.
    """
    if not path.is_file() or path.stat().st_size == 0:
        return False
    try:
        with closing(sqlite3.connect(_main_file(path), uri=True)) as db:
            db.execute("select count(*) from sqlite_master")
    except sqlite3.Error:
        return False
    return True


def owner_in_file(path: Path, name: str) -> Owner | None:
    """The owner of an experiment that the file itself names, what is written ahead of it aside.

    Raises:
        sqlite3.Error: where it cannot be read, or is just being written.
    """
    with closing(sqlite3.connect(_main_file(path), uri=True)) as db:
        return read_owner(db, name)


def _is_file(path: Path, file: Identity) -> bool:
    try:
        return identity(path) == file
    except OSError:
        return False


def _other_places(place: Path) -> Iterator[Path]:
    """Where owners opened it; then names beside it that something is written ahead for."""
    with (
        suppress(sqlite3.Error),  # no store yet, or one of an older schema
        closing(sqlite3.connect(_main_file(place), uri=True)) as db,
    ):
        yield from read_places(db)
    yield from (log.with_name(log.name[:-4]) for log in place.parent.glob("*-wal"))


def _main_file(path: Path) -> str:
    """The address of a database without what is written ahead of it, and without locks."""
    return f"{path.absolute().as_uri()}?mode=ro&immutable=1"
