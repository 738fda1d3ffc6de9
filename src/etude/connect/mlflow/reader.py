"""The reader of MLflow: the `mlruns` folder, and the SQLite tracking store."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ...errors import ImportFileError
from ...record import BY_HAND
from ...space import Scalar
from .. import renaming
from ..base import ReadRequest, Row, SourceStatus, SourceStudy, SourceTrial
from ..parsing.scalars import settings_from_texts
from . import folder, sqlite
from .parents import trial_runs
from .runs import Experiment, Run

STATUSES: Mapping[str, SourceStatus] = {
    "RUNNING": "running",
    "SCHEDULED": "running",
    "FINISHED": "completed",
    "FAILED": "failed",
    # A person stopped the run: that is not the setting's fault.
    "KILLED": "stopped",
}


def read(source: Path, request: ReadRequest) -> list[SourceStudy]:
    """A study for each experiment that holds runs; a trial's name is its run id.

    Raises:
        ImportFileError: for what is neither of the two stores, or holds no run.
    """
    experiments = (folder if source.is_dir() else sqlite).experiments(source)
    studies = [_study(experiment, request) for experiment in experiments if experiment.runs]
    if not studies:
        left_out = " ".join(message for one in experiments for message in one.left_out)
        raise ImportFileError(f"`{source}` holds no run that can be read. {left_out}".rstrip())
    for experiment in experiments:
        if not experiment.runs and experiment.left_out:
            first = studies[0]
            studies[0] = replace(first, left_out=(*first.left_out, *experiment.left_out))
    return renaming.requested_studies(studies, source, request)


def _study(experiment: Experiment, request: ReadRequest) -> SourceStudy:
    runs, left_out_runs = trial_runs(experiment, request)
    left_out = [*experiment.left_out, *left_out_runs]
    rows_of = [_with_steps(run.rows) for run in runs]
    if without_steps := sum(rows != run.rows for rows, run in zip(rows_of, runs, strict=True)):
        left_out.append(
            f"Runs of `{experiment.name}` that logged metrics without steps: {without_steps}. "
            "Their values are numbered in the order in which they were logged."
        )
    settings = settings_from_texts([dict(run.params) for run in runs])
    trials = [
        _trial(run, rows, setting)
        for run, rows, setting in zip(runs, rows_of, settings, strict=True)
    ]
    return renaming.source_study(experiment.name, trials, left_out, request)


def _with_steps(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows; where no step of a metric was given, all are 0, and its values are numbered."""
    counts = Counter(name for _, name, _ in rows)
    with_steps = {name for step, name, _ in rows if step != 0}
    stepless = {name for name, count in counts.items() if count > 1} - with_steps
    if not stepless:
        return rows
    positions: dict[str, int] = defaultdict(int)
    numbered: list[Row] = []
    for step, name, value in rows:
        numbered.append((positions[name] if name in stepless else step, name, value))
        positions[name] += 1
    return tuple(numbered)


def _trial(run: Run, rows: tuple[Row, ...], setting: dict[str, Scalar]) -> SourceTrial:
    status = STATUSES.get(run.status, "unknown")
    return SourceTrial(
        name=run.name,
        setting=setting,
        rows=rows,
        status=status,
        reason=BY_HAND if status == "stopped" else "",
        detail="" if status == "completed" else f"MLflow says {run.status or 'nothing'}.",
        wall_s=run.wall_s,
    )
