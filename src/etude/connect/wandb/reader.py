"""The reader of Weights & Biases: chart and table exports (CSV), and folders of local runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from ...errors import ImportFileError
from .. import renaming
from ..base import ReadRequest, SourceStudy, SourceTrial
from ..parsing import files
from . import exports, local_runs

# The paths of a folder that are read; W&B itself links its own logs out of it.
PATTERNS = ("*", "wandb/*", "**/wandb/run-*", "**/files/*", "**/*.wandb")


def read(source: Path, request: ReadRequest) -> list[SourceStudy]:
    """The one study of an export or of a folder of local runs, or of a folder of exports.

    Raises:
        ImportFileError: where the source holds no run.
    """
    if not source.is_dir():
        trials, left_out = exports.trials(source, request)
        return [renaming.source_study("", trials, left_out, request)]
    left_out = files.outward_links(source, *PATTERNS)
    if folders := local_runs.folders(source):
        trials, messages = local_runs.trials(folders, source)
    else:
        trials, messages = _exports(source, request)
    if not trials:
        raise ImportFileError(f"No run in `{source}` can be read. " + " ".join(left_out + messages))
    return [renaming.source_study("", trials, left_out + messages, request)]


def _exports(source: Path, request: ReadRequest) -> tuple[list[SourceTrial], list[str]]:
    paths = files.regular_files(source, "*.csv")
    if not paths:
        raise ImportFileError(
            f"`{source}` holds neither runs of W&B (`run-*`, `offline-run-*`) nor an export "
            "(`*.csv`). Give the `wandb` folder, or the file that `Export as CSV` wrote."
        )
    trials_by_name: dict[str, SourceTrial] = {}
    left_out: list[str] = []
    for path in paths:
        try:
            trials, messages = exports.trials(path, request)
        except (ImportFileError, OSError) as error:
            left_out.append(f"{error} It is left out.")
            continue
        left_out += messages
        for trial in trials:
            trials_by_name[trial.name] = (
                _both(trials_by_name[trial.name], trial) if trial.name in trials_by_name else trial
            )
    return list(trials_by_name.values()), left_out


def _both(first: SourceTrial, second: SourceTrial) -> SourceTrial:
    """A run of two exports: the chart has its curve, the table its setting and its end."""
    table, chart = (first, second) if first.setting else (second, first)
    curves = Counter(name for _, name, _ in chart.rows)
    last_rows = tuple(row for row in table.rows if row[1] not in curves)
    status = chart.status if table.status == "unknown" else table.status
    return replace(table, rows=chart.rows + last_rows, status=status)
