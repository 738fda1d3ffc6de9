"""CSV exports of W&B: a chart (a row a step) or the table of runs (a row a run)."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from ...errors import ImportFileError
from ...space import Scalar
from ..base import ReadRequest, Row, SourceStatus, SourceTrial
from ..parsing import files
from ..parsing.scalars import MAX_STEP, number_from_text, settings_from_texts, whole_step
from ..renaming import distinct_name, local_name

STATES: Mapping[str, SourceStatus] = {
    "finished": "completed",
    "failed": "failed",
    # The machine was lost, or a person stopped the run: neither is the setting's fault.
    "crashed": "stopped",
    "killed": "stopped",
    "preempted": "stopped",
    "preempting": "running",
    "running": "running",
    "pending": "running",
}
_BOUNDS = ("__MIN", "__MAX")
# Columns of W&B's own about a run, beside its config and its summary.
_RUN_COLUMNS = frozenset(
    {"Name", "State", "Notes", "User", "Tags", "Created", "Runtime", "Sweep", "ID", "Group"}
    | {"Job Type", "Updated", "End Time", "Hostname", "GPU Type", "GPU Count", "Commit", "Host"}
    | {"Description", "Path", "Project", "Entity", "Agent", "Git"}
)
_OWN = ("_step", "_runtime", "_timestamp", "_wandb")
# The export does not say which columns are metrics: those whose name says where or how they were
# measured.
_PLACES = ("train", "val", "valid", "validation", "test", "eval")
_MEASURES = ("loss", "accuracy", "acc", "error", "perplexity", "bleu", "f1", "auc", "reward")
_STEPS = ("_step", "global_step", "trainer/global_step", "train/global_step", "Step")
Cells: TypeAlias = Sequence[str]


def trials(path: Path, request: ReadRequest) -> tuple[list[SourceTrial], list[str]]:
    """The runs of an export, and messages about what it lacks.

    Raises:
        ImportFileError: for a file that is no export.
    """
    rows = _rows(path)
    header = next(rows, [])
    if any(name.endswith(_BOUNDS) for name in header) or any(" - " in name for name in header[1:]):
        return _chart(path, header, rows)
    if "Name" in header and "State" in header:
        return _table(path, header, rows, request)
    raise ImportFileError(
        f"`{path}` is no export of W&B: a chart has columns `RUN - METRIC`, a table `Name` and "
        f"`State`; it has {', '.join(f'`{name[:40]}`' for name in header[:5])}."
    )


def _rows(path: Path) -> Iterator[list[str]]:
    try:
        yield from (row for row in csv.reader(files.lines(path)) if row)
    except csv.Error as error:
        raise ImportFileError(f"`{path}` is no CSV that can be read ({error}).") from None


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
        if name.endswith(_BOUNDS):
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
        if at < len(cells) and header[at].endswith(_BOUNDS)
    ]
    return len(set(bounds)) > 1


def _table(
    path: Path, header: Cells, rows: Iterator[list[str]], request: ReadRequest
) -> tuple[list[SourceTrial], list[str]]:
    columns_of_runs = [
        name for name in header if name not in _RUN_COLUMNS and name.partition(".")[0] not in _OWN
    ]
    metrics = [name for name in columns_of_runs if _is_metric(name, request)]
    runs: list[dict[str, str]] = []
    counts: Counter[str] = Counter()
    for line, cells in enumerate(rows, start=2):
        if len(cells) != len(header):
            raise ImportFileError(
                f"`{path}`, line {line}, has {len(cells)} cells, and the header {len(header)}."
            )
        run = dict(zip(header, cells, strict=True))
        runs.append(run | {"Name": distinct_name(run["Name"], counts)})
    settings = [name for name in columns_of_runs if name not in metrics]
    run_settings = settings_from_texts([{name: run[name] for name in settings} for run in runs])
    trials = [
        _trial(run, setting, metrics) for run, setting in zip(runs, run_settings, strict=True)
    ]
    return trials, [
        f"`{path}` is a table: only the last value of each metric is known. Read as metrics: "
        f"{_names(metrics)}; as settings: {_names(settings)}. `--rename OLD=train/NEW` makes a "
        "metric of a column, `--ignore` leaves it out."
    ]


def _is_metric(name: str, request: ReadRequest) -> bool:
    local = local_name(name, request) or name
    place, divided, _ = local.replace(".", "/").partition("/")
    words = local.lower().replace("/", "_").replace("-", "_").replace(".", "_").split("_")
    return (
        local in (request.metric, "grad_norm", "epoch", *_STEPS)
        or (bool(divided) and place.lower() in _PLACES)
        or words[-1] in _MEASURES
    )


def _trial(
    run: Mapping[str, str], setting: Mapping[str, Scalar], metrics: Sequence[str]
) -> SourceTrial:
    steps = [at for key in _STEPS if (at := number_from_text(run.get(key, ""))) is not None]
    step = (whole_step(steps[0]) if steps else None) or 0
    values = [(key, value) for key in metrics if (value := number_from_text(run[key])) is not None]
    state = run["State"].lower()
    return SourceTrial(
        name=run["Name"],
        setting=setting,
        rows=tuple((step, key, value) for key, value in values),
        status=STATES.get(state, "unknown"),
        detail=f"W&B says `{state}`." if STATES.get(state) != "completed" else "",
        wall_s=number_from_text(run.get("Runtime", "")) or 0.0,
    )


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
