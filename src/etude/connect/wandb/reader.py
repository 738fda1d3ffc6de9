"""Weights & Biases: chart and table exports (CSV), and folders of local runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from ...errors import ImportFileError
from .. import renaming
from ..base import SourceStudy, SourceTrial, Wanted
from ..parsing import files
from . import exports, local_runs

# What is read of a folder; W&B itself links its own logs out of it.
READ = ("*", "wandb/*", "**/files/*", "**/*.wandb")


def read(source: Path, wanted: Wanted) -> list[SourceStudy]:
    """The one study of an export or of a folder of local runs, or of a folder of exports.

    Raises:
        ImportFileError: where the source holds no run.
    """
    if not source.is_dir():
        found, told = exports.trials(source, wanted)
        return [renaming.study("", found, told, wanted)]
    told = files.leading_out(source, *READ)
    if places := local_runs.folders(source):
        found, about = local_runs.trials(places)
    else:
        found, about = _exports(source, wanted)
    if not found:
        raise ImportFileError(f"No run in `{source}` can be read. " + " ".join(told + about))
    return [renaming.study("", found, told + about, wanted)]


def _exports(source: Path, wanted: Wanted) -> tuple[list[SourceTrial], list[str]]:
    paths = files.files(source, "*.csv")
    if not paths:
        raise ImportFileError(
            f"`{source}` holds neither runs of W&B (`run-*`, `offline-run-*`) nor an export "
            "(`*.csv`). Give the `wandb` folder, or the file that `Export as CSV` wrote."
        )
    joined: dict[str, SourceTrial] = {}
    told: list[str] = []
    for path in paths:
        try:
            found, about = exports.trials(path, wanted)
        except (ImportFileError, OSError) as error:
            told.append(f"{error} It is left out.")
            continue
        told += about
        for trial in found:
            joined[trial.name] = _both(joined[trial.name], trial) if trial.name in joined else trial
    return list(joined.values()), told


def _both(one: SourceTrial, other: SourceTrial) -> SourceTrial:
    """A run of two exports: the chart knows its curve, the table its setting and its end."""
    table, chart = (one, other) if one.setting else (other, one)
    curves = Counter(name for _, name, _ in chart.rows)
    last = tuple(row for row in table.rows if row[1] not in curves)
    status = chart.status if table.status == "unknown" else table.status
    return replace(table, rows=chart.rows + last, status=status)
