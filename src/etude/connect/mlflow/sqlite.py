"""MLflow's SQLite tracking store, opened for reading only."""

from __future__ import annotations

import math
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ...errors import ImportFileError
from ..base import Row
from .runs import PARENT_TAG, Experiment, Run, wall_s

MAGIC = b"SQLite format 3\0"
TABLES = frozenset({"experiments", "runs", "metrics", "params", "tags"})


def experiments(source: Path) -> list[Experiment]:
    """The experiments of a tracking database.

    Raises:
        ImportFileError: for a file that is no such database, or a damaged one.
    """
    with source.open("rb") as held:
        if held.read(len(MAGIC)) != MAGIC:
            raise ImportFileError(
                f"`{source}` is no SQLite database. Give MLflow's database (`mlflow.db`) or its "
                "folder `mlruns`."
            )
    try:
        with closing(_opened(source)) as db:
            return _experiments(source, db)
    except sqlite3.Error as error:
        raise ImportFileError(f"`{source}` cannot be read: {error}.") from None


def _opened(source: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)
    # What a file's schema defines is run by nobody: no function in a view, an index or a check.
    db.execute("pragma trusted_schema = off")
    db.execute("pragma query_only = on")
    db.text_factory = lambda held: held.decode("utf-8", "replace")
    return db


def _experiments(source: Path, db: sqlite3.Connection) -> list[Experiment]:
    known = db.execute("select name from sqlite_master where type = 'table'")
    if missing := TABLES - {name for (name,) in known}:
        listed = ", ".join(f"`{name}`" for name in sorted(missing))
        raise ImportFileError(f"`{source}` is no database of MLflow: it has no table {listed}.")
    runs = _runs(db)
    found = []
    for key, name, stage in db.execute(
        "select experiment_id, name, lifecycle_stage from experiments order by experiment_id"
    ):
        told = []
        held = runs.pop(key, [])
        if stage == "deleted":
            told.append(f"The experiment `{name}` was deleted in MLflow, and is left out.")
            held = []
        kept = tuple(run for run in held if run is not None)
        if len(kept) < len(held):
            told.append(
                f"Runs of `{name}` deleted in MLflow, and left out: {len(held) - len(kept)}."
            )
        found.append(Experiment(name=str(name), runs=kept, told=tuple(told)))
    return found


def _runs(db: sqlite3.Connection) -> dict[Any, list[Run | None]]:
    """The runs of each experiment, None for a deleted one."""
    params = _grouped(db.execute("select run_uuid, key, value from params order by rowid"))
    parents = dict(
        db.execute("select run_uuid, value from tags where key = ?", (PARENT_TAG,)).fetchall()
    )
    rows: dict[str, list[Row]] = defaultdict(list)
    for owner, row in _rows(db):
        rows[owner].append(row)
    found: dict[Any, list[Run | None]] = defaultdict(list)
    for name, status, start, end, stage, experiment in db.execute(
        "select run_uuid, status, start_time, end_time, lifecycle_stage, experiment_id"
        " from runs order by start_time, run_uuid"
    ):
        run = Run(
            name=str(name),
            params=tuple((str(key), str(value)) for key, value in params.get(name, [])),
            rows=tuple(rows.get(name, [])),
            status=str(status or ""),
            wall_s=wall_s(start, end),
            parent=str(parents.get(name) or ""),
        )
        found[experiment].append(None if stage == "deleted" else run)
    return found


def _rows(db: sqlite3.Connection) -> Iterator[tuple[str, Row]]:
    """Run and row of each value, in the order in which they were logged."""
    for run, name, value, step, is_nan in db.execute(
        "select run_uuid, key, value, step, is_nan from metrics order by timestamp, rowid"
    ):
        if not isinstance(step, int) or not isinstance(value, int | float):
            raise ImportFileError(f"The metric `{name}` of the run `{run}` holds no number.")
        yield run, (step, str(name), math.nan if is_nan else _raw(float(value)))


def _raw(value: float) -> float:
    """The value that was logged: MLflow stores an infinite one as the largest of all."""
    return math.copysign(math.inf, value) if abs(value) >= sys.float_info.max else value


def _grouped(found: sqlite3.Cursor) -> dict[str, list[tuple[str, str]]]:
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for run, key, value in found:
        groups[run].append((key, value))
    return groups
