"""Owner: the process that runs an experiment, written down in the store and in the lock file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Any, final

# A process that has just taken an experiment writes itself down after that: so often it is asked.
_ASKED = 20
_ASK_AGAIN_S = 0.1


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

    @property
    def is_gone(self) -> bool:
        """Whether it is known that this process is no more: on another host it is not."""
        if self.host not in ("", os.uname().nodename):
            return False
        try:
            os.kill(self.process, 0)
        except (ProcessLookupError, OverflowError):
            return True
        except OSError:
            return False
        return self.process <= 0  # a group of processes is no owner


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
    """Who owns an experiment, or owned it last; None where nobody is written down, or nonsense."""
    row = db.execute(
        "select process, host, started from owner where experiment = ?", (name,)
    ).fetchone()
    if row is None or not isinstance(row[0], int):
        return None
    return Owner(row[0], str(row[1]), str(row[2]))


def read_places(db: Connection) -> list[Path]:
    """The names that owners opened the store by, the last one first."""
    rows = db.execute("select place from owner order by started desc").fetchall()
    return [Path(str(place)) for (place,) in rows]


def owner_in(path: Path) -> Owner | None:
    """The owner that a lock file names; None where it names none, or is just being written."""
    try:
        said = json.loads(path.read_bytes())
        return Owner(int(said["process"]), str(said.get("host", "")), str(said["started"]))
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None


def living_owner(ask: Callable[[], Sequence[Owner | None]]) -> Owner | None:
    """Who holds an experiment, of those that are written down; None where nobody says so.

    Whoever held it before may be written down still, for a moment.
    """
    for _ in range(_ASKED):
        for owner in ask():
            if owner is not None and not owner.is_gone:
                return owner
        time.sleep(_ASK_AGAIN_S)
    return None
