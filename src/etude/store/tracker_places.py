"""Places: how far each trial has come in a tracker, in a file of their own beside the store.

Not in the store itself: whoever stops in the middle of a commit there holds up the run that owns
it, and a tracker is never to cost a run anything (`docs/design/tracking.md`).
"""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final, final

from ..disk.rights import file_rights, make_folder, set_mode
from .database_errors import store_errors
from .write_ahead import write_ahead

_COLUMNS: Final = "points, digest, mark, time_ms, until, until_digest, state"


@final
@dataclass(frozen=True, kw_only=True)
class Place:
    """How far a trial has come in a tracker.

    Args:
        points: How many of its points the tracker has for sure.
        digest: Of these points.
        mark: Where the tracker has them, in its own words.
        time_ms: When the last points were handed over, Unix milliseconds: again with the same time,
            they are the same points.
        until: How many of its points the tracker may have, handed over without an answer.
        until_digest: Of these points.
        state: Of everything but points that the tracker was told last.
    """

    points: int = 0
    digest: str = ""
    mark: str = ""
    time_ms: int = 0
    until: int = 0
    until_digest: str = ""
    state: str = ""


@final
class Places:
    """The places of an experiment's trials in one tracker; one process writes them."""

    def __init__(self, path: Path, store: Path) -> None:
        """Opens the file at `path` with the rights of the store, or makes it.

        Raises:
            StoreError: where it cannot be opened.
        """
        self._path = path
        make_folder(path.parent)
        with store_errors(path):
            self._db = sqlite3.connect(path, isolation_level=None)
            set_mode(path, file_rights(store))
            # Written ahead and not synced each time: after a power cut points are handed over
            # again, and a tracker that has them is asked first.
            write_ahead(self._db)
            self._db.execute("pragma synchronous = normal")
            self._db.execute(
                f"create table if not exists place(trial_id integer primary key, {_COLUMNS})"
            )

    def all(self) -> dict[int, Place]:
        """The place of each trial that was begun, by its id."""
        with store_errors(self._path, self._db):
            rows = self._db.execute(f"select trial_id, {_COLUMNS} from place").fetchall()
        return {
            trial: Place(
                points=points,
                digest=digest,
                mark=mark,
                time_ms=time_ms,
                until=until,
                until_digest=until_digest,
                state=state,
            )
            for trial, points, digest, mark, time_ms, until, until_digest, state in rows
        }

    def put(self, trial: int, place: Place) -> None:
        """Writes down the place of a trial."""
        with store_errors(self._path, self._db):
            self._db.execute(
                f"insert or replace into place(trial_id, {_COLUMNS}) "
                "values(?, ?, ?, ?, ?, ?, ?, ?)",
                (trial, *astuple(place)),
            )

    def close(self) -> None:
        """Closes the file."""
        self._db.close()
