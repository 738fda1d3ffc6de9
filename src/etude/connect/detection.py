"""The tool that wrote a source, known by its files: one without a reader, or another reader's."""

from __future__ import annotations

from pathlib import Path

from ..errors import ImportFileError
from .parsing import files, hydra
from .parsing.folders import inside
from .tables import headers, sheet

# Files that together identify a tool's folder; the first entry that fits counts.
_TOOLS: tuple[tuple[str, frozenset[str]], ...] = (
    ("a SMAC3 run folder", frozenset(("runhistory.json", "scenario.json"))),
    ("a SMAC3 run folder", frozenset(("runhistory.json", "configspace.json"))),
    ("a DeepCAVE run folder", frozenset(("history.jsonl", "meta.json", "configs.json"))),
    ("an AMLTK run folder", frozenset(("history.parquet",))),
    ("a folder of tables for DeepCAVE", frozenset(("configspace.csv", "trials.csv"))),
)
_BOHB = ("a BOHB run folder", frozenset(("configs.json", "results.json")))
# What a folder of one reader holds and no other does. A file is known by its name or beginning.
_MARKS = (
    ("csv", "trials.csv"),
    ("raytune", "experiment_state-*.json"),
    ("raytune", "*/experiment_state-*.json"),
    ("raytune", "*/params.pkl"),
    ("mlflow", "*/meta.yaml"),
    ("wandb", "run-*/files"),
    ("wandb", "offline-run-*"),
    ("kerastuner", "trial_*/trial.json"),
    ("kerastuner", "*/trial_*/trial.json"),
    ("tensorboard", "*tfevents*"),
    ("tensorboard", "*/*tfevents*"),
    ("lightning", "metrics.csv"),
    ("lightning", "version_*/metrics.csv"),
)
# Jobs of a sweep have these in folders of their own.
_OF_JOBS = (
    ("wandb", "wandb/*run-*"),
    ("mlflow", "mlruns/*/meta.yaml"),
    ("tensorboard", "*tfevents*"),
    ("lightning", "metrics.csv"),
)
_JOB_DEPTH = 6
# Files that may be a table.
_TABLES = (".csv", ".tsv", ".txt")
_JOURNAL = b'{"op_code"'
# Heuristic: these tools put runs two folders below the one that people name.
_DEPTH = 3


def refuse_unsupported(source: Path) -> None:
    """Refuses the folder of a tool that has no reader, and names the tool.

    Raises:
        ImportFileError: with the way out; also for a source that is not there.
    """
    if not source.exists():
        raise ImportFileError(f"There is no `{source}`. Is the path right?")
    for folder in _folders(source):
        names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        for tool, marks in (*_TOOLS, _BOHB):
            if marks <= names and not _is_read(tool, names):
                raise ImportFileError(
                    f"`{folder}` is {tool}, which Etude does not read; export it as csv: a folder "
                    "with `trials.csv` and `curves.csv`, as docs/importing.md says."
                )


def detect_kind(source: Path) -> str:
    """The kind that a source likely has; empty where its files do not say."""
    if source.is_dir():
        kind = next((kind for kind, pattern in _MARKS if any(files.matches(source, pattern))), "")
        return kind or _kind_of_jobs(source)
    if "tfevents" in source.name:
        return "tensorboard"
    if not source.is_file():
        return ""
    try:
        if files.start(source, len(_JOURNAL)) == _JOURNAL:
            return "optuna"
        return _kind_of_table(source) if source.suffix in _TABLES else ""
    except OSError:  # the reader has said so
        return ""


def other_kind_message(source: Path, kind: str) -> str:
    """What to type where a source is of another kind than the named one; empty if nobody knows.

    A folder of Hydra's jobs that logged nothing that is read is told as that.
    """
    other_kind = detect_kind(source)
    if other_kind not in ("", kind):
        return f"It looks like `{other_kind}`: etude import {other_kind}."
    if not other_kind and source.is_dir() and hydra.is_multirun(source):
        return (
            "Its folders are jobs of Hydra, whose `.hydra` holds settings and no results. Import "
            "what they logged, such as `etude import wandb`, `tensorboard`, `mlflow` or "
            "`lightning`, or write one table with a row a job: `etude import csv results.csv`."
        )
    return ""


def _kind_of_jobs(source: Path) -> str:
    """The kind of what the jobs of a sweep logged, each in its folder."""
    for folder in inside(source, depth=_JOB_DEPTH):
        for kind, pattern in _OF_JOBS:
            if any(files.matches(folder, pattern)):
                return kind
    return ""


def _kind_of_table(source: Path) -> str:
    try:
        names = sheet.header(source)
    except ImportFileError:
        return ""
    if headers.is_chart(names) or headers.is_wandb(names):
        return "wandb"
    return "csv" if len(names) > 1 else ""


def _is_read(tool: str, names: set[str]) -> bool:
    """Whether a reader takes it all the same: BOHB within Ray Tune leaves the same two files."""
    by_ray = any(name.startswith("experiment_state-") for name in names)
    return "curves.csv" in names or (tool == _BOHB[0] and by_ray)


def _folders(source: Path) -> list[Path]:
    """The source and the first folder of each level below it, as deep as such runs stand."""
    folders, folder = [source], source
    for _ in range(_DEPTH):
        inside = folder.iterdir() if folder.is_dir() else ()
        inner = sorted(path for path in inside if path.is_dir())
        if not inner:
            break
        folder = inner[0]
        folders.append(folder)
    return folders
