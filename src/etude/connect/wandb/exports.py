"""CSV exports of W&B: a chart (a row a step) or the table of runs (a row a run)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from ...errors import ImportFileError
from ..base import ReadRequest, Row, SourceTrial
from ..parsing.scalars import MAX_STEP, number_from_text
from ..renaming import distinct_name
from ..tables import headers, sheet
from ..tables.trials import trials as table_trials

# Columns of whole dictionaries, and others, that a table of runs has which the API wrote.
_WHOLE = frozenset(("config", "summary"))
_API_COLUMNS = frozenset(("_runtime", "_step", "_wandb", "_timestamp", "state", "created_at"))
Cells: TypeAlias = Sequence[str]


def trials(path: Path, request: ReadRequest) -> tuple[list[SourceTrial], list[str]]:
    """The runs of an export, and messages about what it lacks.

    Raises:
        ImportFileError: for a file that is no export.
    """
    header = sheet.header(path)
    ends = headers.CHART_BOUNDS
    if any(name.endswith(ends) for name in header) or any(" - " in name for name in header[1:]):
        rows = sheet.rows(path)
        return _chart(path, next(rows)[1], (row for _, row in rows))
    if (
        set(header) >= _WHOLE
        or "Name" in header
        or ({"name", "id"} & set(header) and _API_COLUMNS & set(header))
    ):
        return table_trials(path, request, wandb=True)
    raise ImportFileError(
        f"`{path}` is no export of W&B: a chart has columns `RUN - METRIC`, a table `Name`; "
        f"it has {', '.join(f'`{name[:40]}`' for name in header[:5])}."
    )


def _chart(
    path: Path, header: Cells, rows: Iterator[list[str]]
) -> tuple[list[SourceTrial], list[str]]:
    names = _curve_columns(path, header)
    points: dict[str, list[Row]] = {run: [] for run, _ in names.values()}
    bins = 0
    for line, cells in enumerate(rows, start=2):
        step = _step(path, line, header[0], cells[0])
        for column, (run, metric) in names.items():
            cell = cells[column] if column < len(cells) else ""
            if not cell:
                continue
            if (value := number_from_text(cell)) is None:
                raise ImportFileError(
                    f"`{path}`, line {line}: `{cell[:40]}` is no number (column "
                    f"`{header[column]}`)."
                )
            points[run].append((step, metric, value))
            bins += _is_mean(header, column, cells)
    left_out = [f"`{path}` is a chart: it holds no settings and not how a run ended."]
    if bins:
        left_out.append(
            f"`{path}`: {bins} values are means of several steps; W&B exports no others."
        )
    return [
        SourceTrial(name=run, setting={}, rows=tuple(rows_of_run))
        for run, rows_of_run in points.items()
    ], left_out


def _curve_columns(path: Path, header: Cells) -> dict[int, tuple[str, str]]:
    """Run and metric of each column that holds values; a run of the same name gets a number."""
    run_and_metric: dict[int, tuple[str, str]] = {}
    counts: Counter[str] = Counter()
    for column, name in enumerate(header[1:], start=1):
        if name.endswith(headers.CHART_BOUNDS):
            continue
        run, separator, metric = name.rpartition(" - ")
        if not separator:
            raise ImportFileError(f"`{path}`: the column `{name[:80]}` is no `RUN - METRIC`.")
        run_and_metric[column] = (distinct_name(run, counts, key=name), metric)
    return run_and_metric


def _step(path: Path, line: int, name: str, cell: str) -> int:
    step = number_from_text(cell)
    if step is None or not step.is_integer() or abs(step) > MAX_STEP:
        raise ImportFileError(
            f"`{path}`, line {line}: the x-axis `{name}` should be a step, a whole number, and is "
            f"`{cell[:40]}`. Export the chart with the x-axis `Step`."
        )
    return int(step)


def _is_mean(header: Cells, column: int, cells: Cells) -> bool:
    bounds = [
        cells[at]
        for at in (column + 1, column + 2)
        if at < min(len(cells), len(header)) and header[at].endswith(headers.CHART_BOUNDS)
    ]
    return len(set(bounds)) > 1
