"""A reader's trials become studies under the names that a person asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from ..errors import ImportFileError
from ..playbook.catalogue import known
from ..space import Scalar
from .base import ReadRequest, Row, SourceStudy, SourceTrial


def local_name(name: str, request: ReadRequest) -> str | None:
    """The name that a metric or a hyperparameter has here; None where it is left out."""
    if name in request.ignored_names:
        request.names_met.add(name)
        return None
    return request.renames.get(name, name)


def distinct_name(name: str, counts: Counter[str], *, key: str = "") -> str:
    """The name, numbered where its key, itself by default, was counted before; counts the key."""
    counts[key or name] += 1
    count = counts[key or name]
    return name if count == 1 else f"{name} ({count})"


def with_local_names(trial: SourceTrial, request: ReadRequest) -> SourceTrial:
    """The trial with its names here; a whole number that is a seed becomes its own."""
    setting: dict[str, Scalar] = {}
    for name, value in trial.setting.items():
        if (local := local_name(name, request)) is not None:
            setting[local] = value
    names = {name: local_name(name, request) for name in {name for _, name, _ in trial.rows}}
    seed = trial.seed
    seeds = [name for name, value in setting.items() if is_seed(name) and _is_count(value)]
    name = "seed" if "seed" in seeds else seeds[0] if len(seeds) == 1 else ""
    if seed is None and name:
        seed = int(setting.pop(name))
    return replace(
        trial,
        setting=setting,
        seed=seed,
        rows=renamed_rows(trial.rows, names),
    )


def is_seed(name: str) -> bool:
    """Whether a hyperparameter of this name is the seed of a trial: `random_state` is.

    >>> is_seed("Random Seed"), is_seed("seed"), is_seed("seeds_per_task")
    (True, True, False)
    """
    entry = known(name)
    return entry is not None and entry.name == "seed"


def renamed_rows(rows: Iterable[Row], names: Mapping[str, str | None]) -> tuple[Row, ...]:
    """The rows with their metrics' new names; those of a metric whose name is None are left out."""
    local_rows = [(step, names[name], value) for step, name, value in rows]
    return tuple((step, name, value) for step, name, value in local_rows if name is not None)


def source_study(
    name: str, trials: Iterable[SourceTrial], left_out: Iterable[str], request: ReadRequest
) -> SourceStudy:
    """The study of these trials; a column `max_steps` is its length and no hyperparameter."""
    local_trials = [with_local_names(trial, request) for trial in trials]
    lengths = [trial.setting.get("max_steps") for trial in local_trials]
    counts = [int(length) for length in lengths if length is not None and _is_count(length)]
    return SourceStudy(
        name=name,
        trials=tuple(
            replace(trial, setting={k: v for k, v in trial.setting.items() if k != "max_steps"})
            for trial in local_trials
        ),
        left_out=tuple(left_out),
        max_steps=max(counts, default=None),
    )


def requested_studies(
    studies: list[SourceStudy], source: Path, request: ReadRequest
) -> list[SourceStudy]:
    """The studies that the person asked for.

    Raises:
        ImportFileError: where none is left, with the names of those that the source holds.
    """
    requested = [study for study in studies if request.study in ("", study.name)]
    if requested:
        return requested
    names = ", ".join(f"`{study.name}`" for study in studies)
    raise ImportFileError(f"`{source}` holds no study `{request.study}`. It holds: {names}.")


def _is_count(value: Scalar | None) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
