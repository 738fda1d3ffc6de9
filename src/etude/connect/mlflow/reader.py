"""MLflow: the `mlruns` folder, and the SQLite tracking store."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ...errors import ImportFileError
from ...space import Scalar
from .. import renaming
from ..base import Row, SourceStatus, SourceStudy, SourceTrial, Wanted
from ..parsing.scalars import columns
from . import folder, sqlite
from .runs import Experiment, Run

STATUSES: Mapping[str, SourceStatus] = {
    "RUNNING": "running",
    "SCHEDULED": "running",
    "FINISHED": "completed",
    "FAILED": "failed",
    # A person stopped it: that is not the setting's fault.
    "KILLED": "stopped",
}


def read(source: Path, wanted: Wanted) -> list[SourceStudy]:
    """A study for each experiment that holds runs; a trial's name is its run id.

    Raises:
        ImportFileError: for what is neither of the two stores, or holds no run.
    """
    found = (folder if source.is_dir() else sqlite).experiments(source)
    studies = [_study(one, wanted) for one in found if one.runs]
    if not studies:
        told = " ".join(sentence for one in found for sentence in one.told)
        raise ImportFileError(f"`{source}` holds no run that can be read. {told}".rstrip())
    for one in found:
        if not one.runs and one.told:
            first = studies[0]
            studies[0] = replace(first, left_out=(*first.left_out, *one.told))
    return renaming.asked(studies, source, wanted)


def _study(one: Experiment, wanted: Wanted) -> SourceStudy:
    told = list(one.told)
    parents = {run.parent for run in one.runs}
    bare = [run.name for run in one.runs if run.name in parents and not run.rows]
    if bare:
        told.append(
            f"Runs of `{one.name}` that only hold other runs are no trials: {len(bare)} "
            f"(`{bare[0]}`…)."
        )
    kept = [run for run in one.runs if run.name not in bare]
    counted = [_counted(run.rows) for run in kept]
    if stepless := sum(rows != run.rows for rows, run in zip(counted, kept, strict=True)):
        told.append(
            f"Runs of `{one.name}` that logged metrics without steps: {stepless}. Their values are "
            "numbered in the order in which they were logged."
        )
    settings = columns([dict(run.params) for run in kept])
    trials = [
        _trial(run, rows, setting)
        for run, rows, setting in zip(kept, counted, settings, strict=True)
    ]
    return renaming.study(one.name, trials, told, wanted)


def _counted(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows, a metric that has all its values at step 0 numbered: its steps were not given."""
    times = Counter(name for _, name, _ in rows)
    given = {name for step, name, _ in rows if step != 0}
    stepless = {name for name, count in times.items() if count > 1} - given
    if not stepless:
        return rows
    at: dict[str, int] = defaultdict(int)
    found: list[Row] = []
    for step, name, value in rows:
        found.append((at[name] if name in stepless else step, name, value))
        at[name] += 1
    return tuple(found)


def _trial(run: Run, rows: tuple[Row, ...], setting: dict[str, Scalar]) -> SourceTrial:
    status = STATUSES.get(run.status, "unknown")
    return SourceTrial(
        name=run.name,
        setting=setting,
        rows=rows,
        status=status,
        detail="" if status == "completed" else f"MLflow says {run.status or 'nothing'}.",
        wall_s=run.wall_s,
    )
