"""Optuna's database, SQLite as versions 2.4 to 5 write it: read only, and nothing in it is run.

Attributes may hold a pickle; they are never more than text here.
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
from ..parsing import files
from ..parsing.scalars import real
from .studies import METRIC_NAMES, KeptStudy, KeptTrial, elapsed_s, objectives

HEADER = b"SQLite format 3\0"
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
# How a value that no column can hold is written beside it.
_TYPES = {"NAN": math.nan, "INF_POS": math.inf, "INF_NEG": -math.inf}
# Heuristic: for people, a longer list of foreign tables says no more.
MAX_NAMED = 8


def studies(path: Path) -> list[KeptStudy]:
    """Every study of a database.

    Raises:
        ImportFileError: for a database that is not Optuna's, or is damaged.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            _careful(db)
            _check(db, path)
            found = db.execute("select study_id, study_name from studies order by study_id")
            return [_study(db, each, str(name)) for each, name in found.fetchall()]
    except sqlite3.Error as error:
        raise ImportFileError(f"`{path}` cannot be read as a SQLite database: {error}.") from None


def _careful(db: sqlite3.Connection) -> None:
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, files.MAX_LINE_BYTES)
    db.text_factory = lambda data: data.decode(errors="replace")
    db.execute("pragma trusted_schema = off")


def _check(db: sqlite3.Connection, path: Path) -> None:
    """Views and virtual tables could compute without end, so they are not among what counts."""
    rows = db.execute("select name, sql from sqlite_master where type = 'table' order by name")
    plain = [name for name, sql in rows if str(sql).lower().startswith("create table")]
    if not (missing := [name for name in TABLES if name not in plain]):
        return
    tables = join([f"`{name}`" for name in plain], most=MAX_NAMED) or "none"
    raise ImportFileError(
        f"`{path}` is a SQLite database, but not one of Optuna 2.4 or newer: it lacks the table "
        f"`{missing[0]}`. Its tables: {tables}."
    )


def _study(db: sqlite3.Connection, study: int, name: str) -> KeptStudy:
    directions = db.execute(
        "select direction from study_directions where study_id = ? order by objective", (study,)
    )
    named = db.execute(
        "select value_json from study_system_attributes where study_id = ? and key = ?",
        (study, METRIC_NAMES),
    ).fetchone()
    trials, told = _trials(db, study)
    return KeptStudy(
        name=name,
        directions=tuple(str(direction) for (direction,) in directions),
        objectives=objectives(_json(named[0]) if named else None),
        trials=tuple(trials),
        left_out=tuple(told),
    )


def _trials(db: sqlite3.Connection, study: int) -> tuple[list[KeptTrial], list[str]]:
    broken: set[str] = set()
    parameters = _parameters(db, study, broken)
    values = _values(db, study, ("trial_values", "objective", "value", "value_type"), broken)
    reported = _values(
        db,
        study,
        ("trial_intermediate_values", "step", "intermediate_value", "intermediate_value_type"),
        broken,
    )
    notes: dict[int, set[str]] = defaultdict(set)
    for trial, key in _of(db, study, "trial_user_attributes", "key"):
        notes[trial].add(str(key))
    rows = db.execute(
        "select trial_id, number, state, datetime_start, datetime_complete from trials "
        "where study_id = ? order by number, trial_id",
        (study,),
    )
    found = [
        KeptTrial(
            number=number if isinstance(number, int) else trial,
            state=str(state),
            parameters=parameters[trial],
            values=dict(values[trial]),
            reported=tuple(reported[trial]),
            wall_s=elapsed_s(start, end),
            notes=frozenset(notes[trial]),
        )
        for trial, number, state, start, end in rows
    ]
    return found, [
        f"Rows of `{table}` do not hold what they should; they are left out."
        for table in sorted(broken)
    ]


def _parameters(
    db: sqlite3.Connection, study: int, broken: set[str]
) -> dict[int, dict[str, tuple[float, str]]]:
    """By trial and name: the number that stands for a value, and its distribution as text."""
    found: dict[int, dict[str, tuple[float, str]]] = defaultdict(dict)
    columns = "param_name, param_value, distribution_json"
    for trial, name, value, text in _of(db, study, "trial_params", columns):
        if (number := real(value)) is None:
            broken.add("trial_params")
        else:
            found[trial][str(name)] = (number, str(text))
    return found


def _values(
    db: sqlite3.Connection, study: int, names: tuple[str, str, str, str], broken: set[str]
) -> dict[int, list[tuple[int, float]]]:
    """Positions and values by trial; before version 3 a missing value is NaN and has no type."""
    table, position, value, kind = names
    known = {row[1] for row in db.execute(f"pragma table_info({table})")}
    columns = f"{position}, {value}, {kind if kind in known else 'null'}"
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for trial, at, plain, written in _of(db, study, table, columns):
        number = math.nan if plain is None else real(plain)
        number = _TYPES.get(str(written), number)
        if number is None or not isinstance(at, int) or at < 0:
            broken.add(table)
        else:
            found[trial].append((at, number))
    return found


def _of(db: sqlite3.Connection, study: int, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
    """Rows of a table, of one study, in the order in which they were written."""
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
