"""Etude's own import format: a folder with `trials.csv` and `curves.csv`."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import final, get_args

from ..errors import ImportFileError
from ..space import Scalar
from ..wording import did_you_mean
from .base import Row, SourceStatus, SourceStudy, SourceTrial, Wanted
from .parsing import files
from .parsing.cells import duration, typed, whole
from .renaming import here

TRIALS, CURVES = "trials.csv", "curves.csv"
# Columns that are no hyperparameters, whatever stands in them.
KNOWN = ("trial", "status", "seed", "max_steps", "reason", "detail", "wall_s")
_POINT = ("trial", "step", "metric", "value")
_STATUSES: tuple[SourceStatus, ...] = get_args(SourceStatus)
# Heuristic: a person mends the first few, and the others are like them.
MAX_TOLD = 5


def read(source: Path, wanted: Wanted) -> list[SourceStudy]:
    """The one study of a folder.

    Raises:
        ImportFileError: with every mistake of both files.
    """
    if not source.is_dir():
        raise ImportFileError(f"`{source}` is no folder. Name the one that holds `{TRIALS}`.")
    mistakes: list[str] = []
    notes = _Notes()
    table = _table(files.part(source, TRIALS), wanted, notes=notes, mistakes=mistakes)
    ids = [files.clean(one.strip()) for one in table.get("trial", ())]
    mistakes += [
        f"{TRIALS}: trial `{one}` stands in {count} rows, so its curve could be either's. "
        "Give each row an id of its own."
        for one, count in Counter(ids).most_common(MAX_TOLD)
        if count > 1
    ]
    rows = _curves(files.part(source, CURVES), wanted, ids, notes=notes, mistakes=mistakes)
    statuses = _statuses(table.get("status", [""] * len(ids)), mistakes)
    if mistakes:
        raise ImportFileError("\n".join(mistakes))
    lengths = [whole(cell) for cell in table.get("max_steps", ()) if cell]
    trials = _trials(table, ids, statuses, rows, notes)
    length = max((one for one in lengths if one), default=None)
    return [SourceStudy(name="", trials=trials, left_out=notes.said(), max_steps=length)]


@final
class _Notes:
    """What is left out, counted by kind, each with its first case."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def add(self, kind: str, first: str) -> None:
        self._counts[kind] += 1
        self._first.setdefault(kind, first)

    def said(self) -> tuple[str, ...]:
        return tuple(
            f"{kind}: {count:,}, the first in {self._first[kind]}."
            for kind, count in self._counts.items()
        )


# --- trials.csv


def _table(
    path: Path, wanted: Wanted, *, notes: _Notes, mistakes: list[str]
) -> dict[str, list[str]]:
    """The columns by the names that they have here, cells as text."""
    rows = _rows(path)
    header = next(rows, (0, []))[1]
    names = [here(files.clean(name.strip()), wanted) for name in header]
    mistakes += [
        f"{TRIALS}: the column `{name}` stands there {count} times. Rename or remove the others."
        for name, count in Counter(names).items()
        if name and count > 1
    ]
    if "trial" not in names:
        listed = ", ".join(f"`{name}`" for name in names if name)
        mistakes.append(
            f"{TRIALS} has no column `trial`, which holds the ids of the trials; it has {listed}. "
            "Add it, or rename yours: --rename OLD=trial."
        )
    for at in (at for at, name in enumerate(names) if name == ""):
        notes.add(f"columns of {TRIALS} without a name", f"column {at + 1}")
    columns: list[list[str]] = [[] for _ in header]
    uneven = []
    for number, row in rows:
        if len(row) != len(header):
            uneven.append(f"{TRIALS}, line {number}: {len(row)} cells below {len(header)} columns.")
            continue
        for column, cell in zip(columns, row, strict=True):
            column.append(cell)
    mistakes += uneven[:MAX_TOLD]
    return {name: column for name, column in zip(names, columns, strict=True) if name}


def _statuses(cells: Sequence[str], mistakes: list[str]) -> list[SourceStatus]:
    meant: dict[str, SourceStatus] = {one: one for one in _STATUSES} | {"": "unknown"}
    found = [cell.strip().casefold() for cell in cells]
    unknown = dict.fromkeys(cell for cell in found if cell not in meant)
    mistakes += [
        f"{TRIALS}: there is no status `{files.clean(cell)}`. {did_you_mean(cell, _STATUSES)}"
        for cell in list(unknown)[:MAX_TOLD]
    ]
    return [meant.get(cell, "unknown") for cell in found]


def _trials(
    table: Mapping[str, list[str]],
    ids: Sequence[str],
    statuses: Sequence[SourceStatus],
    rows: Mapping[str, list[Row]],
    notes: _Notes,
) -> tuple[SourceTrial, ...]:
    plain = {name: typed(cells) for name, cells in table.items() if name not in KNOWN}
    for name, values in plain.items():
        if values and all(value is None for value in values):
            notes.add(f"columns of {TRIALS} without a value", f"`{name}`")
    nothing = [""] * len(ids)
    return tuple(
        SourceTrial(
            name=name,
            setting=_setting(plain, at),
            rows=tuple(rows[name]),
            status=statuses[at],
            reason=files.clean(table.get("reason", nothing)[at].strip()),
            detail=table.get("detail", nothing)[at],
            seed=_seed(table.get("seed", nothing)[at], name, notes),
            wall_s=duration(table.get("wall_s", nothing)[at]),
        )
        for at, name in enumerate(ids)
    )


def _setting(columns: Mapping[str, list[Scalar | None]], at: int) -> dict[str, Scalar]:
    return {name: value for name, column in columns.items() if (value := column[at]) is not None}


def _seed(cell: str, trial: str, notes: _Notes) -> int | None:
    seed = whole(cell)
    if seed is None and cell.strip():
        notes.add(f"seeds of {TRIALS} that are no whole numbers", f"trial `{trial}`")
    return seed


# --- curves.csv


def _curves(
    path: Path, wanted: Wanted, ids: Sequence[str], *, notes: _Notes, mistakes: list[str]
) -> dict[str, list[Row]]:
    """The points by trial, in the order in which they stand."""
    rows = _rows(path)
    header = [name.strip() for name in next(rows, (0, []))[1]]
    missing = [name for name in _POINT if name not in header]
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        mistakes.append(
            f"{CURVES} has no column {listed}. Its columns are trial, step, metric and value."
        )
        return {}
    if len(header) > len(_POINT):
        more = ", ".join(f"`{files.clean(name)}`" for name in header if name not in _POINT)
        notes.add(f"further columns of {CURVES}", f"its header ({more})")
    curves = _Curves(ids, wanted, notes)
    order = [header.index(name) for name in _POINT]
    for number, row in rows:
        if len(row) == len(header):
            curves.add([row[at] for at in order], number)
        else:
            notes.add(f"rows of {CURVES} without all columns", f"line {number}")
    return curves.rows


@final
class _Curves:
    """The points of every trial, gathered row by row."""

    def __init__(self, ids: Sequence[str], wanted: Wanted, notes: _Notes) -> None:
        self.rows: dict[str, list[Row]] = {name: [] for name in ids}
        self._wanted = wanted
        self._notes = notes
        self._metrics: dict[str, str | None] = {}
        self._seen: set[tuple[str, int, str]] = set()

    def add(self, cells: Sequence[str], number: int) -> None:
        """Takes trial, step, metric and value; what is no point is noted."""
        trial, step, metric, value = cells
        if metric not in self._metrics:
            self._meet(metric, number)
        if (name := self._metrics[metric]) is None or not value.strip():
            return  # left out on request, or not recorded
        if (points := self.rows.get(trial)) is None:
            points = self.rows.get(files.clean(trial.strip()))
        point = _point(points, step, name, value)
        if isinstance(point, str):
            self._notes.add(f"rows of {CURVES} {point}", f"line {number}")
        elif points is not None:
            self._once(trial, point, number)
            points.append(point)

    def _once(self, trial: str, point: Row, number: int) -> None:
        """Notes a second value of one metric at one step: the later one counts."""
        place = (trial, point[0], point[1])
        if place in self._seen:
            kind = (
                f"rows of {CURVES} that repeat a trial, step and metric, of which the last counts"
            )
            self._notes.add(kind, f"line {number}")
        self._seen.add(place)

    def _meet(self, metric: str, number: int) -> None:
        """Names a metric that was not seen before."""
        name = here(files.clean(metric.strip()), self._wanted)
        if name is not None and name in self._metrics.values():
            kind = f"metrics of {CURVES} that another has the name of, so that they are one"
            self._notes.add(kind, f"line {number} (`{name}`)")
        self._metrics[metric] = name


def _point(points: list[Row] | None, step: str, metric: str, value: str) -> Row | str:
    """The point; or why there is none."""
    if points is None:
        return f"of trials that {TRIALS} does not have"
    at = whole(step)
    if at is None or at < 0:
        return "with a step that is no whole number from 0 on"
    try:
        return at, metric, float(value)
    except ValueError:
        return "with a value that is no number"


# --- both


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows with the line in which they end; blank ones are passed over."""
    reader = csv.reader(files.whole_lines(path))
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise ImportFileError(
            f"`{path}`, line {reader.line_num}, is no CSV ({error}). Look for a quote that is not "
            "closed; the format is that of Python's csv module: commas, and double quotes."
        ) from None
