"""Cells: what each column of the database has to hold; a cell that holds anything else is named.

SQLite keeps whatever a failing disk, another program or a hand writes into a column, so every row
is asked on its way in: once a row, by the types of its cells.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from sqlite3 import Connection
from types import NoneType
from typing import Any, Final, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ..record import STATUSES
from ..space import Scalar

Cells: TypeAlias = Sequence[Any]
# Beyond any training; the readers of other tools' files stop far below.
MAX_STEP = 1 << 53
_WORDS: Mapping[type, str] = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bytes: "bytes",
    NoneType: "nothing",
}
_SHOWN = 40
_SCALARS = frozenset((bool, int, float, str))


@final
@dataclass(frozen=True)
class Place:
    """Where a cell stands: a row of a table, of an experiment by its key, of a trial by its id."""

    table: str
    key: int | None = None
    trial_id: int | None = None


class CellError(Exception):
    """A cell that is not what it was; `store_errors` turns it into a `DamagedError` in words."""

    def __init__(self, place: Place, column: str, rule: str, found: object) -> None:
        """Keeps where it stands, what it should be and what it is."""
        super().__init__(f"{place}: `{column}` should be {rule}, found {shown(found)}")
        self.place = place
        self.column = column
        self.rule = rule
        self.found = found


@final
@dataclass(frozen=True)
class Table:
    """The columns that are read of a table, each with the types that its cells may have."""

    name: str
    columns: Mapping[str, tuple[type, ...]]

    @property
    def listed(self) -> str:
        """The columns as a query lists them."""
        return ", ".join(self.columns)

    @cached_property
    def _signatures(self) -> frozenset[tuple[type, ...]]:
        return frozenset(product(*self.columns.values()))

    def check(self, cells: Cells, place: Place) -> None:
        """Refuses a row with a cell of another type.

        Raises:
            CellError: naming the first.
        """
        if tuple(map(type, cells)) in self._signatures:
            return
        for (column, types), cell in zip(self.columns.items(), cells, strict=True):
            if type(cell) not in types:
                rule = " or ".join(_WORDS[one] for one in types)
                raise CellError(place, column, rule, cell)


_INT, _TEXT, _REAL = (int,), (str,), (float,)
_MAYBE_INT, _MAYBE_TEXT, _MAYBE_REAL = (int, NoneType), (str, NoneType), (float, NoneType)

EXPERIMENT: Final = Table(
    "experiment",
    {
        "id": _INT,
        "name": _TEXT,
        "text": _TEXT,
        "source": _TEXT,
        "place": _MAYBE_TEXT,
        "prior": _MAYBE_TEXT,
    },
)
LAUNCH: Final = Table(
    "launch",
    {
        "id": _INT,
        "command": _TEXT,
        "folder": _TEXT,
        "process": _INT,
        "started": _TEXT,
        "commit_id": _TEXT,
        "uncommitted": _TEXT,
        "versions": _TEXT,
        "accepts_code": _INT,
        "code": _TEXT,
    },
)
TRIAL: Final = Table(
    "trial",
    {
        "id": _INT,
        "study": _TEXT,
        "position": _INT,
        "setting": _TEXT,
        "seed": _INT,
        "status": _TEXT,
        "reason": _TEXT,
        "detail": _TEXT,
        "steps": _INT,
        "wall_s": _REAL,
        "losses": _INT,
        "unread": _MAYBE_TEXT,
        "taken": _MAYBE_TEXT,
        "name": _TEXT,
        "parent_id": _MAYBE_INT,
        "from_step": _MAYBE_INT,
        "until_step": _MAYBE_INT,
    },
)
CHECKPOINT: Final = Table(
    "checkpoint", {"trial_id": _INT, "step": _INT, "value": _MAYBE_REAL, "contents": _TEXT}
)
CHUNK: Final = Table("chunk", {"trial_id": _INT, "points": (bytes,)})
METRIC: Final = Table("metric", {"id": _INT, "name": _TEXT})
STRETCH: Final = Table(
    "stretch", {"trial_id": _INT, "from_step": _INT, "launch_id": _INT, "code": _MAYBE_TEXT}
)
CODE_FILE: Final = Table("code_file", {"path": _TEXT, "hash": _TEXT, "text": _MAYBE_TEXT})
TABLES: Final = (EXPERIMENT, LAUNCH, TRIAL, CHECKPOINT, CHUNK, METRIC, STRETCH, CODE_FILE)


def shown(found: object) -> str:
    """A cell as a message shows it: short, and of bytes only how many there are."""
    if isinstance(found, bytes):
        return f"{len(found)} bytes"
    text = "nothing" if found is None else ascii(found)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


# --- cells of text that hold more than text


def texts(text: str, place: Place, column: str) -> dict[str, str]:
    """The texts by name that a cell holds as JSON."""
    value: dict[str, str] = _json(text, place, column, "texts by name as JSON", _is_texts)
    return value


def setting(text: str, place: Place) -> dict[str, Scalar]:
    """The setting of a trial."""
    value: dict[str, Scalar] = _json(text, place, "setting", "values by name as JSON", _is_setting)
    return value


def names(text: str | None, place: Place, column: str) -> tuple[str, ...] | None:
    """The names that a cell lists; None for an empty cell."""
    if text is None:
        return None
    return tuple(_json(text, place, column, "a list of names as JSON", _is_list_of(str)))


def rounds(text: str, place: Place) -> dict[str, tuple[int, list[int]]]:
    """What an experiment knows of earlier rounds: their trials and ids, by name."""
    value: dict[str, tuple[int, list[int]]] = _json(
        text, place, "prior", "earlier rounds as JSON", _is_rounds
    )
    return value


def _json(text: str, place: Place, column: str, rule: str, fits: Callable[[Any], bool]) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise CellError(place, column, rule, text) from None
    if not fits(value):
        raise CellError(place, column, rule, text)
    return value


def _is_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _is_setting(value: Any) -> bool:
    return isinstance(value, dict) and _SCALARS.issuperset(map(type, value.values()))


def _is_list_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(type(one) is kind for one in value)


def _is_rounds(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(one, list) and len(one) == 2 and type(one[0]) is int and _is_list_of(int)(one[1])
        for one in value.values()
    )


# --- cells that have a range


def check_trial(cells: Cells, place: Place, *, position: int) -> None:
    """Refuses a trial's row with a cell out of its range.

    Args:
        cells: Of the columns of `TRIAL`, their types checked.
        place: Where they stand.
        position: Of the row among the trials of its experiment, whose ids begin at 0.
    """
    (trial_id, _, index, _, _, status, _, _, steps, wall_s, losses, *_, parent, start, until) = (
        cells
    )
    if trial_id != position:
        raise CellError(place, "id", f"{position}, the number of trials before it", trial_id)
    if status not in STATUSES:
        raise CellError(place, "status", "how a trial stands", status)
    if not 0.0 <= wall_s < math.inf:
        raise CellError(place, "wall_s", "seconds", wall_s)
    counts = {"position": index, "steps": steps, "losses": losses}
    counts |= {"from_step": start or 0, "until_step": until or 0}
    for column, count in counts.items():
        check_step(count, place, column)
    if parent is not None and not 0 <= parent < trial_id:
        raise CellError(place, "parent_id", "a trial before it", parent)


def check_step(step: int, place: Place, column: str) -> None:
    """Refuses a step before 0 or beyond all measure."""
    if not 0 <= step <= MAX_STEP:
        raise CellError(place, column, "a number from 0 on", step)


def are_points(points_P: NDArray[np.void], metrics: int) -> bool:
    """Whether all are of metrics that are there, and of steps that can be."""
    codes, steps = points_P["metric"], points_P["step"]
    if not len(codes):
        return True
    is_known = codes.min() >= 0 and codes.max() < metrics
    return bool(is_known and steps.min() >= -MAX_STEP and steps.max() <= MAX_STEP)


# --- texts that are no text


def undecodable(db: Connection) -> CellError | None:
    """The first cell of our tables whose text is no UTF-8; None where there is none."""
    factory = db.text_factory
    db.text_factory = bytes
    try:
        return next(filter(None, (_undecodable_in(db, table) for table in TABLES)), None)
    finally:
        db.text_factory = factory


def _undecodable_in(db: Connection, table: Table) -> CellError | None:
    own = [column for column, types in table.columns.items() if str in types]
    known = {row[1].decode() for row in db.execute(f"pragma table_info({table.name})")}
    columns = [column for column in own if column in known]
    trial = "id" if table is TRIAL else "trial_id"
    key = "id" if table is EXPERIMENT else "experiment_id"
    place = [one if one in known else "null" for one in (key, trial)]
    for row in db.execute(f"select {', '.join([*place, *columns])} from {table.name}"):
        for column, cell in zip(columns, row[2:], strict=True):
            try:
                _ = cell.decode() if isinstance(cell, bytes) else ""
            except UnicodeDecodeError:
                where = (one if isinstance(one, int) else None for one in row[:2])
                return CellError(Place(table.name, *where), column, "text in UTF-8", cell)
    return None
