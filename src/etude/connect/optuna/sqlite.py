"""The SQLite database of Optuna 2.4 to 5, opened for reading only; nothing in it is run.

Attributes may hold a pickle, and are never more than text here.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ...errors import ImportFileError
from ...wording import join
from ..base import MAX_NAMED
from ..parsing import files
from ..parsing.scalars import float_value
from .studies import METRIC_NAMES, StoredStudy, StoredTrial, elapsed_s, objectives

TABLES = (
    "studies",
    "study_directions",
    "study_system_attributes",
    "trials",
    "trial_params",
    "trial_values",
    "trial_intermediate_values",
    "trial_user_attributes",
)
# The words that stand beside a value that no column can hold.
_TYPES = {"NAN": math.nan, "INF_POS": math.inf, "INF_NEG": -math.inf}


def studies(path: Path) -> list[StoredStudy]:
    """Every study of a database.

    Raises:
        ImportFileError: for a database that is not Optuna's, or is damaged.
    """
    try:
        with closing(files.open_database(path)) as db:
            db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, files.MAX_LINE_BYTES)
            _check_tables(db, path)
            rows = db.execute("select study_id, study_name from studies order by study_id")
            return [_study(db, study_id, str(name)) for study_id, name in rows.fetchall()]
    except sqlite3.Error as error:
        raise ImportFileError(f"`{path}` cannot be read as a SQLite database: {error}.") from None


def _check_tables(db: sqlite3.Connection, path: Path) -> None:
    """Refuses a database without the tables of Optuna.

    Views and virtual tables do not count: they could compute without end.
    """
    rows = db.execute("select name, sql from sqlite_master where type = 'table' order by name")
    tables = [name for name, sql in rows if str(sql).lower().startswith("create table")]
    if not (missing := [name for name in TABLES if name not in tables]):
        return
    names = join([f"`{name}`" for name in tables], most=MAX_NAMED) or "none"
    raise ImportFileError(
        f"`{path}` is a SQLite database, but not one of Optuna 2.4 or newer: it lacks the table "
        f"`{missing[0]}`. Its tables: {names}."
    )


def _study(db: sqlite3.Connection, study: int, name: str) -> StoredStudy:
    directions = db.execute(
        "select direction from study_directions where study_id = ? order by objective", (study,)
    )
    metric_names = db.execute(
        "select value_json from study_system_attributes where study_id = ? and key = ?",
        (study, METRIC_NAMES),
    ).fetchone()
    trials, left_out = _trials(db, study)
    return StoredStudy(
        name=name,
        directions=tuple(str(direction) for (direction,) in directions),
        objectives=objectives(_json(metric_names[0]) if metric_names else None),
        trials=tuple(trials),
        left_out=tuple(left_out),
    )


def _trials(db: sqlite3.Connection, study: int) -> tuple[list[StoredTrial], list[str]]:
    broken_tables: set[str] = set()
    parameters = _parameters(db, study, broken_tables)
    values = _values(db, study, ("trial_values", "objective", "value", "value_type"), broken_tables)
    intermediate_values = _values(
        db,
        study,
        ("trial_intermediate_values", "step", "intermediate_value", "intermediate_value_type"),
        broken_tables,
    )
    user_attributes: dict[int, set[str]] = defaultdict(set)
    for trial, key in _rows_of(db, study, "trial_user_attributes", "key"):
        user_attributes[trial].add(str(key))
    rows = db.execute(
        "select trial_id, number, state, datetime_start, datetime_complete from trials "
        "where study_id = ? order by number, trial_id",
        (study,),
    )
    trials = [
        StoredTrial(
            number=number if isinstance(number, int) else trial,
            state=str(state),
            parameters=parameters[trial],
            values=dict(values[trial]),
            intermediate_values=tuple(intermediate_values[trial]),
            wall_s=elapsed_s(start, end),
            user_attributes=frozenset(user_attributes[trial]),
        )
        for trial, number, state, start, end in rows
    ]
    return trials, [
        f"Rows of `{table}` do not hold what they should; they are left out."
        for table in sorted(broken_tables)
    ]


def _parameters(
    db: sqlite3.Connection, study: int, broken_tables: set[str]
) -> dict[int, dict[str, tuple[float, str]]]:
    """By trial and name, the number that stands for a value, and its distribution as text."""
    parameters: dict[int, dict[str, tuple[float, str]]] = defaultdict(dict)
    columns = "param_name, param_value, distribution_json"
    for trial, name, value, text in _rows_of(db, study, "trial_params", columns):
        if (number := float_value(value)) is None:
            broken_tables.add("trial_params")
        else:
            parameters[trial][str(name)] = (number, str(text))
    return parameters


def _values(
    db: sqlite3.Connection, study: int, names: tuple[str, str, str, str], broken_tables: set[str]
) -> dict[int, list[tuple[int, float]]]:
    """Positions and values by trial; before version 3 a missing value is NaN without a type."""
    table, position, value, kind = names
    table_columns = {row[1] for row in db.execute(f"pragma table_info({table})")}
    columns = f"{position}, {value}, {kind if kind in table_columns else 'null'}"
    values_of: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for trial, index, stored, type_name in _rows_of(db, study, table, columns):
        number = math.nan if stored is None else float_value(stored)
        number = _TYPES.get(str(type_name), number)
        if number is None or not isinstance(index, int) or index < 0:
            broken_tables.add(table)
        else:
            values_of[trial].append((index, number))
    return values_of


def _rows_of(
    db: sqlite3.Connection, study: int, table: str, columns: str
) -> Iterator[tuple[Any, ...]]:
    """The rows of a study in a table, in the order in which they were written."""
    yield from db.execute(
        f"select trial_id, {columns} from {table} where trial_id in "
        f"(select trial_id from trials where study_id = ?) order by {table}.rowid",
        (study,),
    )


def _json(text: object) -> object:
    try:
        return json.loads(str(text))
    except (ValueError, RecursionError):
        return None
