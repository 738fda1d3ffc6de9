"""Sources known by their files: of tools that Etude does not read, and of another reader."""

from __future__ import annotations

from pathlib import Path

from ..errors import ImportFileError

# The files that together say whose folder it is; the first that fits counts.
_TOOLS: tuple[tuple[str, frozenset[str]], ...] = (
    ("a SMAC3 run folder", frozenset(("runhistory.json", "scenario.json"))),
    ("a SMAC3 run folder", frozenset(("runhistory.json", "configspace.json"))),
    ("a DeepCAVE run folder", frozenset(("history.jsonl", "meta.json", "configs.json"))),
    ("an AMLTK run folder", frozenset(("history.parquet",))),
    ("a folder of tables for DeepCAVE", frozenset(("configspace.csv", "trials.csv"))),
)
_BOHB = ("a BOHB run folder", frozenset(("configs.json", "results.json")))
# What a source of each reader holds that no other does; a file is known by its name or beginning.
_MARKS = (
    ("csv", "trials.csv"),
    ("raytune", "experiment_state-*.json"),
    ("raytune", "*/experiment_state-*.json"),
    ("mlflow", "*/meta.yaml"),
    ("wandb", "run-*/files"),
    ("wandb", "offline-run-*"),
    ("tensorboard", "*tfevents*"),
    ("tensorboard", "*/*tfevents*"),
)
_JOURNAL = b'{"op_code"'
# Heuristic: these tools put runs two folders below the one that people name.
_DEPTH = 3


def refuse(source: Path) -> None:
    """Refuses a folder of a tool that no reader is for, by name.

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
    """The kind that a source is likely of; empty where its files do not say."""
    if source.is_dir():
        return next((kind for kind, pattern in _MARKS if any(source.glob(pattern))), "")
    if "tfevents" in source.name:
        return "tensorboard"
    with source.open("rb") as held:
        return "optuna" if held.read(len(_JOURNAL)) == _JOURNAL else ""


def _is_read(tool: str, names: set[str]) -> bool:
    """Whether it is ours all the same: BOHB within Ray Tune leaves the same two files there."""
    by_ray = any(name.startswith("experiment_state-") for name in names)
    return "curves.csv" in names or (tool == _BOHB[0] and by_ray)


def _folders(source: Path) -> list[Path]:
    """The source and the first folder of each level below, as far as such runs lie."""
    found, folder = [source], source
    for _ in range(_DEPTH):
        inside = folder.iterdir() if folder.is_dir() else ()
        inner = sorted(path for path in inside if path.is_dir())
        if not inner:
            break
        folder = inner[0]
        found.append(folder)
    return found
