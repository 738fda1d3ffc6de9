"""The names in a store, read so fast that a shell completes them between two keys."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

# A shell that waits longer for a busy store seems to hang.
_TIMEOUT_S = 0.2


def experiment_names(path: Path) -> list[str]:
    """The names of the experiments in a store, the newest first; none where it cannot be read."""
    if not path.is_file():
        return []
    address = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_TIMEOUT_S)) as db:
            rows = db.execute("select name from experiment order by id desc").fetchall()
    except sqlite3.Error:
        return []
    return [name for (name,) in rows if isinstance(name, str)]
