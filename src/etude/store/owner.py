"""Owner: the process that runs an experiment, written down in the store and in the lock file."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Any, final


@final
@dataclass(frozen=True)
class Owner:
    """A process on a host; `started` is when it took the experiment, UTC, ISO 8601."""

    process: int
    host: str
    started: str

    def as_json(self) -> dict[str, Any]:
        """What the lock file says."""
        return asdict(self)


def this_process() -> Owner:
    """This process, as an owner from now on."""
    return Owner(os.getpid(), os.uname().nodename, datetime.now(UTC).isoformat(timespec="seconds"))


def write_owner(db: Connection, name: str, owner: Owner, place: Path) -> None:
    """Writes down who owns an experiment, and by which of its names the store was opened."""
    db.execute(
        "insert or replace into owner(experiment, process, host, started, place) "
        "values(?, ?, ?, ?, ?)",
        (name, owner.process, owner.host, owner.started, str(place)),
    )


def read_owner(db: Connection, name: str) -> Owner | None:
    """Who owns an experiment, or owned it last; None where nobody is written down."""
    row = db.execute(
        "select process, host, started from owner where experiment = ?", (name,)
    ).fetchone()
    return None if row is None else Owner(*row)


def read_places(db: Connection) -> list[Path]:
    """The names that owners opened the store by, the last one first."""
    rows = db.execute("select place from owner order by started desc").fetchall()
    return [Path(place) for (place,) in rows]
