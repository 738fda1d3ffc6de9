"""The SQLite tracking store of MLflow, opened for reading only."""

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
from ..parsing import files
from .runs import PARENT_TAG, Experiment, Run, deleted_experiment, wall_s, without_deleted

TABLES = frozenset({"experiments", "runs", "metrics", "params", "tags"})


def experiments(source: Path) -> list[Experiment]:
    """The experiments of a tracking database.

    Raises:
        ImportFileError: for a file that is no such database, or a damaged one.
    """
    if files.start(source, len(files.SQLITE_HEADER)) != files.SQLITE_HEADER:
        raise ImportFileError(
            f"`{source}` is no SQLite database. Give MLflow's database (`mlflow.db`) or its "
            "folder `mlruns`."
        )
    try:
        with closing(files.open_database(source)) as db:
            return _experiments(source, db)
    except sqlite3.Error as error:
        raise ImportFileError(f"`{source}` cannot be read: {error}.") from None


def _experiments(source: Path, db: sqlite3.Connection) -> list[Experiment]:
    tables = db.execute("select name from sqlite_master where type = 'table'")
    if missing := TABLES - {name for (name,) in tables}:
        names = ", ".join(f"`{name}`" for name in sorted(missing))
        raise ImportFileError(f"`{source}` is no database of MLflow: it has no table {names}.")
    runs = _runs(db)
    all_experiments = []
    for key, name, stage in db.execute(
        "select experiment_id, name, lifecycle_stage from experiments order by experiment_id"
    ):
        own_runs = runs.pop(key, [])
        all_experiments.append(
            deleted_experiment(str(name))
            if stage == "deleted"
            else without_deleted(str(name), own_runs)
        )
    return all_experiments


def _runs(db: sqlite3.Connection) -> dict[Any, list[Run | None]]:
    """The runs of each experiment, None for a deleted run."""
    params = _grouped(db.execute("select run_uuid, key, value from params order by rowid"))
    parents = dict(
        db.execute("select run_uuid, value from tags where key = ?", (PARENT_TAG,)).fetchall()
    )
    rows: dict[str, list[Row]] = defaultdict(list)
    for run_id, row in _rows(db):
        rows[run_id].append(row)
    runs_of: dict[Any, list[Run | None]] = defaultdict(list)
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
        runs_of[experiment].append(None if stage == "deleted" else run)
    return runs_of


def _rows(db: sqlite3.Connection) -> Iterator[tuple[str, Row]]:
    """Run and row of each value, in the order in which the values were logged."""
    for run, name, value, step, is_nan in db.execute(
        "select run_uuid, key, value, step, is_nan from metrics order by timestamp, rowid"
    ):
        if not isinstance(step, int) or not isinstance(value, int | float):
            raise ImportFileError(f"The metric `{name}` of the run `{run}` holds no number.")
        yield run, (step, str(name), math.nan if is_nan else _logged_value(float(value)))


def _logged_value(value: float) -> float:
    """The value that was logged: MLflow stores an infinite one as the largest float."""
    return math.copysign(math.inf, value) if abs(value) >= sys.float_info.max else value


def _grouped(rows: sqlite3.Cursor) -> dict[str, list[tuple[str, str]]]:
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for run, key, value in rows:
        groups[run].append((key, value))
    return groups
