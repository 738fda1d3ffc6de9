"""Writing ahead (WAL): the journal with which readers of a file and its writer do not wait."""

from __future__ import annotations

import sqlite3
import time
from typing import Final

# What `database_errors.py` says of a file that is busy.
WAIT_S: Final = 60.0
# Heuristic: in that time another program has made its tables.
_TRY_AGAIN_S: Final = 0.02


def write_ahead(db: sqlite3.Connection) -> None:
    """Has a file written ahead from now on, once nobody else holds it.

    SQLite waits for a lock, but not where it has a lesser one already, as here: two programs that
    wait so for each other would never end. Of two that open a new file at once, one is sent away.

    Raises:
        sqlite3.OperationalError: where it is held for longer than `WAIT_S`.
    """
    end_s = time.monotonic() + WAIT_S
    while _is_busy(db, end_s):
        time.sleep(_TRY_AGAIN_S)


def _is_busy(db: sqlite3.Connection, end_s: float) -> bool:
    try:
        db.execute("pragma journal_mode = wal")
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= end_s:
            raise
        return True
    return False
