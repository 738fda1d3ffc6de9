"""CSV exports of W&B: a chart (a row a step) or the table of runs (a row a run)."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from ...errors import ImportFileError
from ...space import Scalar
from ..base import Row, SourceStatus, SourceTrial, Wanted
from ..parsing import files
from ..parsing.scalars import MAX_STEP, columns, number
from ..renaming import here

STATES: Mapping[str, SourceStatus] = {
    "finished": "completed",
    "failed": "failed",
    # The machine was lost, or a person stopped it: neither is the setting's fault.
    "crashed": "stopped",
    "killed": "stopped",
    "preempted": "stopped",
    "preempting": "running",
    "running": "running",
    "pending": "running",
}
_BOUNDS = ("__MIN", "__MAX")
# What W&B says of a run beside its config and its summary.
_ABOUT = frozenset(
    {"Name", "State", "Notes", "User", "Tags", "Created", "Runtime", "Sweep", "ID", "Group"}
    | {"Job Type", "Updated", "End Time", "Hostname", "GPU Type", "GPU Count", "Commit", "Host"}
    | {"Description", "Path", "Project", "Entity", "Agent", "Git"}
)
_OWN = ("_step", "_runtime", "_timestamp", "_wandb")
# The export marks neither: a name that says where or how something was measured is a metric's.
_PLACES = ("train", "val", "valid", "validation", "test", "eval")
_MEASURES = ("loss", "accuracy", "acc", "error", "perplexity", "bleu", "f1", "auc", "reward")
_STEPS = ("_step", "global_step", "trainer/global_step", "train/global_step", "Step")
Cells: TypeAlias = Sequence[str]


def trials(path: Path, wanted: Wanted) -> tuple[list[SourceTrial], list[str]]:
    """The runs of an export, and what to tell about them.

    Raises:
        ImportFileError: for a file that is neither export.
    """
    rows = _rows(path)
    header = next(rows, [])
    if any(name.endswith(_BOUNDS) for name in header) or any(" - " in one for one in header[1:]):
        return _chart(path, header, rows)
    if "Name" in header and "State" in header:
        return _table(path, header, rows, wanted)
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
    names = _curves(path, header)
    points: dict[str, list[Row]] = {run: [] for run, _ in names.values()}
    bins = 0
    for line, cells in enumerate(rows, start=2):
        step = _step(path, line, header[0], cells[0])
        for column, (run, metric) in names.items():
            written = cells[column] if column < len(cells) else ""
            if not written:
                continue
            if (value := number(written)) is None:
                raise ImportFileError(
                    f"`{path}`, line {line}: `{written[:40]}` is no number (column "
                    f"`{header[column]}`)."
                )
            points[run].append((step, metric, value))
            bins += _differ(header, column, cells)
    told = [f"`{path}` is a chart: it holds no settings and not how a run ended."]
    if bins:
        told.append(f"`{path}`: {bins} values are means of several steps; W&B exports no others.")
    return [SourceTrial(name=run, setting={}, rows=tuple(one)) for run, one in points.items()], told


def _curves(path: Path, header: Cells) -> dict[int, tuple[str, str]]:
    """Run and metric of each column that holds values; a run's second column gets a number."""
    found: dict[int, tuple[str, str]] = {}
    times: dict[str, int] = defaultdict(int)
    for column, name in enumerate(header[1:], start=1):
        if name.endswith(_BOUNDS):
            continue
        run, between, metric = name.rpartition(" - ")
        if not between:
            raise ImportFileError(f"`{path}`: the column `{name[:80]}` is no `RUN - METRIC`.")
        times[name] += 1
        found[column] = (run if times[name] == 1 else f"{run} ({times[name]})", metric)
    return found


def _step(path: Path, line: int, name: str, written: str) -> int:
    step = number(written)
    if step is None or not step.is_integer() or abs(step) > MAX_STEP:
        raise ImportFileError(
            f"`{path}`, line {line}: the x-axis `{name}` should be a step, a whole number, and is "
            f"`{written[:40]}`. Export the chart with the x-axis `Step`."
        )
    return int(step)


def _differ(header: Cells, column: int, cells: Cells) -> bool:
    bounds = [
        cells[at]
        for at in (column + 1, column + 2)
        if at < len(cells) and header[at].endswith(_BOUNDS)
    ]
    return len(set(bounds)) > 1


def _table(
    path: Path, header: Cells, rows: Iterator[list[str]], wanted: Wanted
) -> tuple[list[SourceTrial], list[str]]:
    of_runs = [name for name in header if name not in _ABOUT and name.partition(".")[0] not in _OWN]
    metrics = [name for name in of_runs if _is_metric(name, wanted)]
    runs: list[dict[str, str]] = []
    times: dict[str, int] = defaultdict(int)
    for line, cells in enumerate(rows, start=2):
        if len(cells) != len(header):
            raise ImportFileError(
                f"`{path}`, line {line}, has {len(cells)} cells, and the header {len(header)}."
            )
        run = dict(zip(header, cells, strict=True))
        name = run["Name"]
        times[name] += 1
        runs.append(run | {"Name": name if times[name] == 1 else f"{name} ({times[name]})"})
    settings = [name for name in of_runs if name not in metrics]
    tried = columns([{name: run[name] for name in settings} for run in runs])
    found = [_run(run, setting, metrics) for run, setting in zip(runs, tried, strict=True)]
    return found, [
        f"`{path}` is a table: only the last value of each metric is known. Read as metrics: "
        f"{_listed(metrics)}; as settings: {_listed(settings)}. `--rename OLD=train/NEW` makes a "
        "metric of a column, `--ignore` leaves it out."
    ]


def _is_metric(name: str, wanted: Wanted) -> bool:
    known = here(name, wanted) or name
    place, divided, _ = known.replace(".", "/").partition("/")
    words = known.lower().replace("/", "_").replace("-", "_").replace(".", "_").split("_")
    return (
        known in (wanted.metric, "grad_norm", "epoch", *_STEPS)
        or (bool(divided) and place.lower() in _PLACES)
        or words[-1] in _MEASURES
    )


def _run(
    run: Mapping[str, str], setting: Mapping[str, Scalar], metrics: Sequence[str]
) -> SourceTrial:
    steps = [at for key in _STEPS if (at := number(run.get(key, ""))) is not None]
    step = int(steps[0]) if steps and abs(steps[0]) < MAX_STEP else 0
    values = [(key, value) for key in metrics if (value := number(run[key])) is not None]
    state = run["State"].lower()
    return SourceTrial(
        name=run["Name"],
        setting=setting,
        rows=tuple((step, key, value) for key, value in values),
        status=STATES.get(state, "unknown"),
        detail=f"W&B says `{state}`." if STATES.get(state) != "completed" else "",
        wall_s=number(run.get("Runtime", "")) or 0.0,
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
