"""The trials of a report as data that a page draws its table from: columns of numbers and texts."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from ..analyze.analysis import Analysis
from ..space import Scalar
from ..space.values import is_number
from .trial_table import Row, table_columns, value_text

# So many values in all stand as data in a page, a column of a hyperparameter after another.
MAX_VALUES = 150_000
# So many different messages of trials stand in a page; `etude trials` has all of them.
MAX_MESSAGES = 300


def trial_data(
    analysis: Analysis, rows: Sequence[Row], logs: Mapping[int, str] | None = None
) -> dict[str, Any]:
    """The table as data: what is the same of many trials stands once.

    Args:
        analysis: The trials.
        rows: As `trial_rows` sorts them.
        logs: The last lines of what trials printed, by id; none for one that printed nothing.

    Source: C1, C3.
    """
    experiment = analysis.experiment
    shown = table_columns(rows, analysis.studies)
    return {
        "experiment": shlex.quote(experiment.name),
        "metric": experiment.metric,
        "maximize": experiment.maximize,
        "id": [row.id for row in rows],
        "names": [row.name for row in rows] if any(row.name for row in rows) else [],
        "best": [None if row.value is None else float(f"{row.value:.8g}") for row in rows],
        "shown": _coded([row.best for row in rows]),
        "step": [_integer(row.step) for row in rows],
        "study": _coded([row.study for row in rows]),
        "status": _coded([row.status for row in rows]),
        "status_text": _coded([row.status_text for row in rows]),
        "columns": shown,
        **_settings(rows, shown),
        "details": _details(rows),
        "logs": {str(trial): text for trial, text in (logs or {}).items()},
    }


def _integer(text: str) -> int | None:
    return int(text.replace(",", "")) if text else None


def _coded(texts: Sequence[str]) -> dict[str, Any]:
    """Texts as places in the list of those that differ."""
    places: dict[str, int] = {}
    codes = [places.setdefault(text, len(places)) for text in texts]
    return {"texts": list(places), "codes": codes}


def _settings(rows: Sequence[Row], shown: Sequence[str]) -> dict[str, Any]:
    """The settings by hyperparameter: those with a column first, then what else there is room for.

    A value that all trials share stands once.
    """
    names = list(dict.fromkeys([*shown, *sorted({name for row in rows for name in row.setting})]))
    same: dict[str, str] = {}
    values: dict[str, Any] = {}
    left_out = 0
    room = MAX_VALUES // max(1, len(rows))
    for name in names:
        first = rows[0].setting.get(name) if rows else None
        if first is not None and all(row.setting.get(name) == first for row in rows):
            same[name] = value_text(rows[0], name)
        elif len(values) < max(room, len(shown)):
            values[name] = _column(rows, name)
        else:
            left_out += 1
    return {"same": same, "values": values, "left_out": left_out}


def _column(rows: Sequence[Row], name: str) -> dict[str, Any]:
    """One hyperparameter of all trials: numbers where all are, else coded texts."""
    given = [row.setting.get(name) for row in rows]
    if all(value is None or is_number(value) for value in given):
        return {"numbers": [None if value is None else _rounded(value) for value in given]}
    return _coded([value_text(row, name) for row in rows])


def _rounded(value: Scalar) -> float | int:
    """A number with more digits than a cell shows of it; whole numbers stay whole."""
    return float(f"{value:.6g}") if isinstance(value, float) else int(value)


def _details(rows: Sequence[Row]) -> dict[str, Any]:
    """The messages of trials, each different one once."""
    places: dict[str, int] = {}
    codes = {}
    for row in rows:
        known = row.detail in places or len(places) < MAX_MESSAGES
        if row.detail and known:
            codes[str(row.id)] = places.setdefault(row.detail, len(places))
    return {"texts": list(places), "codes": codes}
