"""Etude's own import format: a folder with `trials.csv` and `curves.csv`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import final, get_args

from ..errors import ImportFileError
from ..space import Scalar
from ..wording import did_you_mean
from .base import ReadRequest, Row, SourceStatus, SourceStudy, SourceTrial
from .parsing import files
from .parsing.cells import column_values, seconds, whole_number
from .parsing.scalars import number_from_text
from .renaming import local_name, source_study
from .tables import sheet
from .tables.numbers import column, has_decimal_comma, has_decimal_commas
from .tables.refusal import refuse_no_table
from .tables.trials import form_notes, trials

TRIALS, CURVES = "trials.csv", "curves.csv"
# Columns that are no hyperparameters, whatever their cells are.
KNOWN_COLUMNS = ("trial", "status", "seed", "max_steps", "reason", "detail", "wall_s")
# Of these, a cell is text even where it looks like a number.
_WORDS = frozenset(("trial", "status", "reason", "detail"))
_POINT = ("trial", "step", "metric", "value")
_STATUSES: tuple[SourceStatus, ...] = get_args(SourceStatus)
# Heuristic: a person mends the first few mistakes of a kind, and the others are like them.
MAX_MISTAKES = 5


def read(source: Path, request: ReadRequest) -> list[SourceStudy]:
    """The one study of a folder, or of one table with a row a trial.

    Raises:
        ImportFileError: with every mistake of both files.
    """
    source = folder_of(source)
    if not source.is_dir():
        return [_flat_study(source, request)]
    _refuse_lone_table(source)
    mistakes: list[str] = []
    notes = _Notes()
    table = _table(files.file_in(source, TRIALS), request, notes=notes, mistakes=mistakes)
    ids = [files.clean(cell.strip()) for cell in table.get("trial", ())]
    mistakes += [
        f"{TRIALS}: trial `{trial_id}` stands in {count} rows, so its curve could be either's. "
        "Give each row an id of its own."
        for trial_id, count in Counter(ids).most_common(MAX_MISTAKES)
        if count > 1
    ]
    rows = _curves(files.file_in(source, CURVES), request, ids, notes=notes, mistakes=mistakes)
    statuses = _statuses(table.get("status", [""] * len(ids)), mistakes)
    if mistakes:
        raise ImportFileError("\n".join(mistakes))
    lengths = [whole_number(cell) for cell in table.get("max_steps", ()) if cell]
    trials = _trials(table, ids, statuses, rows, notes)
    length = max((length for length in lengths if length), default=None)
    return [SourceStudy(name="", trials=trials, left_out=notes.messages(), max_steps=length)]


def folder_of(source: Path) -> Path:
    """The folder of the two files where a person names one of them; else the source itself."""
    both = all((source.parent / name).is_file() for name in (TRIALS, CURVES))
    return source.parent if both and source.name in (TRIALS, CURVES) else source


def _flat_study(source: Path, request: ReadRequest) -> SourceStudy:
    """The study of one table with a row a trial.

    Raises:
        ImportFileError: for a file that is no such table, which a chart of W&B is not.
    """
    refuse_no_table(source, request)
    found, left_out = trials(source, request)
    return source_study("", found, left_out, request)


def _refuse_lone_table(source: Path) -> None:
    """Refuses a folder without `trials.csv` that holds a table: that is what to name."""
    tables = files.regular_files(source, "*.csv")
    if tables and not (source / TRIALS).exists() and not (source / CURVES).exists():
        raise ImportFileError(
            f"There is no file `{TRIALS}` in `{source}`. Where `{tables[0].name}` has a row a "
            f"trial, name the file: etude import csv {tables[0]}"
        )


@final
class _Notes:
    """The kinds of what is left out, counted, with the first case of each."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self.sentences: list[str] = []

    def add(self, kind: str, first: str) -> None:
        self._counts[kind] += 1
        self._first.setdefault(kind, first)

    def messages(self) -> tuple[str, ...]:
        counted = (
            f"{kind}: {count:,}, the first in {self._first[kind]}."
            for kind, count in self._counts.items()
        )
        return (*self.sentences, *counted)


# --- trials.csv


def _table(
    path: Path, request: ReadRequest, *, notes: _Notes, mistakes: list[str]
) -> dict[str, list[str]]:
    """The columns by their names here, cells as text."""
    rows = sheet.rows(path)
    header = next(rows, (0, []))[1]
    names = [local_name(files.clean(name.strip()), request) for name in header]
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
    uneven_rows = []
    for number, row in rows:
        if len(row) != len(header):
            uneven_rows.append(
                f"{TRIALS}, line {number}: {len(row)} cells below {len(header)} columns."
            )
            continue
        for cells, cell in zip(columns, row, strict=True):
            cells.append(cell)
    mistakes += uneven_rows[:MAX_MISTAKES]
    named = {name: cells for name, cells in zip(names, columns, strict=True) if name}
    return _plain_columns(path, named, notes)


def _plain_columns(
    path: Path, columns: Mapping[str, list[str]], notes: _Notes
) -> dict[str, list[str]]:
    """The columns with a name, numbers as Python writes them."""
    sign = sheet.separator(path)
    comma = has_decimal_commas(columns.values(), sign)
    plain = {
        name: column(
            [] if name in _WORDS else cells,
            separator=sign,
            comma=comma,
            results=name in KNOWN_COLUMNS,
        )
        for name, cells in columns.items()
    }
    notes.sentences += form_notes(Path(TRIALS), sign, [one.form for one in plain.values()])
    return {
        name: list(one.cells) if one.is_number else columns[name] for name, one in plain.items()
    }


def _statuses(cells: Sequence[str], mistakes: list[str]) -> list[SourceStatus]:
    status_of: dict[str, SourceStatus] = {status: status for status in _STATUSES}
    status_of[""] = "unknown"
    words = [cell.strip().casefold() for cell in cells]
    unknown = dict.fromkeys(cell for cell in words if cell not in status_of)
    mistakes += [
        f"{TRIALS}: there is no status `{files.clean(cell)}`. {did_you_mean(cell, _STATUSES)}"
        for cell in list(unknown)[:MAX_MISTAKES]
    ]
    return [status_of.get(cell, "unknown") for cell in words]


def _trials(
    table: Mapping[str, list[str]],
    ids: Sequence[str],
    statuses: Sequence[SourceStatus],
    rows: Mapping[str, list[Row]],
    notes: _Notes,
) -> tuple[SourceTrial, ...]:
    columns = {
        name: column_values(cells) for name, cells in table.items() if name not in KNOWN_COLUMNS
    }
    for name, values in columns.items():
        if values and all(value is None for value in values):
            notes.add(f"columns of {TRIALS} without a value", f"`{name}`")
    empty = [""] * len(ids)
    return tuple(
        SourceTrial(
            name=name,
            setting=_setting(columns, at),
            rows=tuple(rows[name]),
            status=statuses[at],
            reason=files.clean(table.get("reason", empty)[at].strip()),
            detail=table.get("detail", empty)[at],
            seed=_seed(table.get("seed", empty)[at], name, notes),
            wall_s=seconds(table.get("wall_s", empty)[at]),
        )
        for at, name in enumerate(ids)
    )


def _setting(columns: Mapping[str, list[Scalar | None]], at: int) -> dict[str, Scalar]:
    return {name: value for name, column in columns.items() if (value := column[at]) is not None}


def _seed(cell: str, trial: str, notes: _Notes) -> int | None:
    seed = whole_number(cell)
    if seed is None and cell.strip():
        notes.add(f"seeds of {TRIALS} that are no whole numbers", f"trial `{trial}`")
    return seed


# --- curves.csv


def _curves(
    path: Path, request: ReadRequest, ids: Sequence[str], *, notes: _Notes, mistakes: list[str]
) -> dict[str, list[Row]]:
    """The points of each trial, in their order there."""
    rows = sheet.rows(path)
    header = [name.strip() for name in next(rows, (0, []))[1]]
    sign = sheet.separator(path)
    curves = _Curves(ids, request, notes, comma=sign != ",")
    missing = [name for name in _POINT if name not in header]
    if missing == ["metric", "value"]:  # each other column is a metric
        _add_wide(curves, header, rows, notes)
        return curves.rows
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        mistakes.append(
            f"{CURVES} has no column {names}. Its columns are trial, step, metric and value."
        )
        return {}
    if len(header) > len(_POINT):
        names = ", ".join(f"`{files.clean(name)}`" for name in header if name not in _POINT)
        notes.add(f"further columns of {CURVES}", f"its header ({names})")
    order = [header.index(name) for name in _POINT]
    for number, row in rows:
        if len(row) == len(header):
            curves.add([row[at] for at in order], number)
        else:
            notes.add(f"rows of {CURVES} without all columns", f"line {number}")
    notes.sentences += form_notes(Path(CURVES), sign, curves.forms)
    return curves.rows


def _add_wide(
    curves: _Curves, header: Sequence[str], rows: Iterable[tuple[int, list[str]]], notes: _Notes
) -> None:
    """Adds the points of a table with a row for each step of a trial, its metrics in columns."""
    trial, step = header.index("trial"), header.index("step")
    metrics = [at for at, name in enumerate(header) if name and at not in (trial, step)]
    for number, row in rows:
        if len(row) != len(header):
            notes.add(f"rows of {CURVES} without all columns", f"line {number}")
            continue
        for at in metrics:
            curves.add([row[trial], row[step], header[at], row[at]], number)


@final
class _Curves:
    """The points of every trial, collected row by row."""

    def __init__(
        self, ids: Sequence[str], request: ReadRequest, notes: _Notes, *, comma: bool
    ) -> None:
        self.forms: list[str] = []
        self._comma = comma
        self.rows: dict[str, list[Row]] = {name: [] for name in ids}
        self._request = request
        self._notes = notes
        self._metrics: dict[str, str | None] = {}
        self._seen: set[tuple[str, int, str]] = set()

    def add(self, cells: Sequence[str], number: int) -> None:
        """Adds the point of a trial, step, metric and value; a row that is no point is noted."""
        trial, step, metric, value = cells
        if metric not in self._metrics:
            self._register_metric(metric, number)
        if (name := self._metrics[metric]) is None or not value.strip():
            return  # left out on request, or not recorded
        if (points := self.rows.get(trial)) is None:
            points = self.rows.get(files.clean(trial.strip()))
        if self._comma and has_decimal_comma(value):
            value = value.replace(",", ".")
            self.forms[:] = ["decimal commas"]
        point = _point(points, step, name, value)
        if isinstance(point, str):
            self._notes.add(f"rows of {CURVES} {point}", f"line {number}")
        elif points is not None:
            self._note_repeat(trial, point, number)
            points.append(point)

    def _note_repeat(self, trial: str, point: Row, number: int) -> None:
        """Notes a second value of a metric at the same step: the later one counts."""
        place = (trial, point[0], point[1])
        if place in self._seen:
            kind = (
                f"rows of {CURVES} that repeat a trial, step and metric, of which the last counts"
            )
            self._notes.add(kind, f"line {number}")
        self._seen.add(place)

    def _register_metric(self, metric: str, number: int) -> None:
        """Gives a metric that was not seen before its name here."""
        name = local_name(files.clean(metric.strip()), self._request)
        if name is not None and name in self._metrics.values():
            kind = f"metrics of {CURVES} that another has the name of, so that they are one"
            self._notes.add(kind, f"line {number} (`{name}`)")
        self._metrics[metric] = name


def _point(points: list[Row] | None, step: str, metric: str, value: str) -> Row | str:
    """The point of a row, or the reason why it has none."""
    if points is None:
        return f"of trials that {TRIALS} does not have"
    at = whole_number(step)
    if at is None or at < 0:
        return "with a step that is no whole number from 0 on"
    number = number_from_text(value)
    return "with a value that is no number" if number is None else (at, metric, number)
