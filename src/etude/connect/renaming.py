"""Names there become names here, and a reader's trials become studies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ..errors import ImportFileError
from ..space import Scalar
from .base import SourceStudy, SourceTrial, Wanted


def here(name: str, wanted: Wanted) -> str | None:
    """The name that a metric or a hyperparameter has here; None where it is left out."""
    if name in wanted.ignored:
        wanted.met.add(name)
        return None
    return wanted.renamed.get(name, name)


def renamed(trial: SourceTrial, wanted: Wanted) -> SourceTrial:
    """The trial with the names that the person asked for; a whole `seed` is no hyperparameter."""
    setting: dict[str, Scalar] = {}
    for name, value in trial.setting.items():
        if (known := here(name, wanted)) is not None:
            setting[known] = value
    names = {name: here(name, wanted) for name in {name for _, name, _ in trial.rows}}
    rows = [(step, names[name], value) for step, name, value in trial.rows]
    seed = trial.seed
    if seed is None and _whole(setting.get("seed")):
        seed = int(setting.pop("seed"))
    return replace(
        trial,
        setting=setting,
        seed=seed,
        rows=tuple((step, name, value) for step, name, value in rows if name is not None),
    )


def study(
    name: str, trials: Iterable[SourceTrial], left_out: Iterable[str], wanted: Wanted
) -> SourceStudy:
    """The study of these trials; `max_steps` is a known column, not a hyperparameter."""
    kept = [renamed(trial, wanted) for trial in trials]
    lengths = [trial.setting.get("max_steps") for trial in kept]
    whole = [int(length) for length in lengths if length is not None and _whole(length)]
    return SourceStudy(
        name=name,
        trials=tuple(
            replace(trial, setting={k: v for k, v in trial.setting.items() if k != "max_steps"})
            for trial in kept
        ),
        left_out=tuple(left_out),
        max_steps=max(whole, default=None),
    )


def asked(studies: list[SourceStudy], source: Path, wanted: Wanted) -> list[SourceStudy]:
    """The studies that the person asked for.

    Raises:
        ImportFileError: where none is left, with what there is.
    """
    found = [one for one in studies if wanted.study in ("", one.name)]
    if found:
        return found
    names = ", ".join(f"`{one.name}`" for one in studies)
    raise ImportFileError(f"`{source}` holds no study `{wanted.study}`. It holds: {names}.")


def _whole(value: Scalar | None) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
