"""What a store and its folders hold, and how two of them differ."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from etude.errors import StoreError
from etude.record import Record
from etude.store import open_store

# In files that are compared word for word: when they were written, and where.
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:\d\d|Z)?")


@final
@dataclass(frozen=True)
class TrialState:
    """All of a trial that does not depend on the clock."""

    identity: tuple[Any, ...]
    status: str
    reason: str
    steps: int
    checkpoints: tuple[tuple[int, str], ...]
    points: tuple[tuple[str, int, float], ...]
    doubles: int

    @property
    def ended(self) -> bool:
        return self.status in ("completed", "stopped", "infeasible")

    @property
    def last_checkpoint(self) -> int:
        """The step of the last checkpoint; -1 without one."""
        return max((step for step, _ in self.checkpoints), default=-1)


State = Mapping[tuple[str, int], TrialState]


def state(folder: Path) -> State:
    """Every trial of every experiment in a folder's store, read from a copy: nothing is touched."""
    with tempfile.TemporaryDirectory() as place:
        for suffix in ("", "-wal"):
            path = folder / f"etude.db{suffix}"
            if path.exists():
                shutil.copy(path, Path(place) / path.name)
        copy = Path(place) / "etude.db"
        if not copy.exists() or not copy.stat().st_size:
            return {}
        try:
            store = open_store(copy, create=True)
        except StoreError:
            return {}
        with closing(store):
            return {
                (entry.experiment.name, record.id): _trial(record)
                for entry in store.entries()
                for record in store.records(entry.experiment.name)
            }


def _trial(record: Record) -> TrialState:
    rows = [
        (record.points.names[row["metric"]], int(row["step"]), float(row["value"]))
        for row in record.points.rows_P
    ]
    return TrialState(
        identity=(
            record.study,
            record.index,
            json.dumps(dict(record.setting), sort_keys=True),
            record.seed,
            record.parent,
            record.from_step,
            record.name,
        ),
        status=record.status,
        reason=record.reason,
        steps=record.steps,
        checkpoints=tuple(sorted((one.step, repr(one.value)) for one in record.checkpoints)),
        points=tuple(sorted(rows)),
        doubles=len(rows) - len({row[:2] for row in rows}),
    )


def files(folder: Path) -> dict[str, str]:
    """Every file beside a store by its path: what it says, where that is the same each time."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and any(path.iterdir()):
            continue
        name = path.relative_to(folder).as_posix()
        if name not in ("etude.db", "ledger"):
            found[name] = _content(path, folder)
    return found


def _content(path: Path, folder: Path) -> str:
    if path.is_dir():
        return ""
    if path.suffix in (".toml", ".csv", ".html", ".py"):
        text = path.read_text(errors="replace")
        return TIME.sub("(time)", text).replace(str(folder), "(folder)")
    if "etude.db.checkpoints" in path.parts:
        return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
    return ""  # locks have processes in them, and logs what chance printed


def temporary_files(folder: Path) -> int:
    """What stands in the folder of temporary files."""
    place = folder.with_name(f"{folder.name}.temporary")
    return sum(1 for _ in place.iterdir()) if place.is_dir() else 0


def held_locks(folder: Path) -> Iterator[str]:
    """Locks that somebody holds still."""
    for path in folder.glob("*.lock"):
        file = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield path.name
        finally:
            os.close(file)


def unnamed_checkpoints(folder: Path, known: State) -> Iterator[str]:
    """Checkpoints that no record names, and what else stands in their folders."""
    place = folder / "etude.db.checkpoints"
    for path in place.glob("*/*/*"):
        experiment, trial, step = path.relative_to(place).parts
        record = known.get((experiment, int(trial))) if trial.isdecimal() else None
        steps = {str(one) for one, _ in record.checkpoints} if record else set()
        if step not in steps:
            yield path.relative_to(folder).as_posix()
