"""The space that a person wrote for an import: an experiment file, or just its roles."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...design.studies import studies as designed
from ...errors import ExperimentError, ImportFileError, Mistake
from ...experiment import Experiment, toml
from ...experiment.toml.edit import Edit, edited
from ...space import Choice, Scalar, value_text
from ...study import Study
from ...wording import join
from ..base import SourceTrial
from ..parsing import files
from .trials import is_same, matched

# Heuristic: enough to find the others by.
MAX_LISTED = 3


def written(path: Path, known: Mapping[str, Any]) -> str:
    """The text of the import's experiment: that of the file, with what the import knows set in it.

    Args:
        path: TOML: an experiment file, or only its roles.
        known: Keys of `[experiment]` with their values.

    Raises:
        ExperimentError: with every mistake of the file, each with its line.
    """
    if not path.is_file():
        raise ImportFileError(f"There is no file `{path}` to read the space from.")
    text = files.document(path)
    try:
        text = edited(text, [])
        if "configurations" in tomllib.loads(text):
            message = (
                "lists settings to train, and an import has its own. Write the ranges that they "
                "were taken from as [nuisance], or leave them out."
            )
            raise ExperimentError((Mistake(where="configurations", message=message),))
        whole = _with(text, known, over=False)
        toml.loads(whole, name=str(known["name"]))
        return _with(whole, known, over=True)
    except ExperimentError as error:
        if any(mistake.line for mistake in error.mistakes if not mistake.where):
            raise ExperimentError(
                tuple(replace(mistake, file=str(path)) for mistake in error.mistakes)
            ) from None
        raise toml.placed(error, text, str(path)) from None


def _with(text: str, known: Mapping[str, Any], *, over: bool) -> str:
    """The text with these keys of `[experiment]`; those that it has only where they go over."""
    table = tomllib.loads(text).get("experiment", {})
    if not isinstance(table, Mapping):
        return text  # a mistake that is told when it is read
    edits = [
        Edit(("experiment", key), "", value)
        for key, value in known.items()
        if over or key not in table
    ]
    return edited(text, edits)


def fitted(
    experiment: Experiment, trials: Sequence[SourceTrial]
) -> list[tuple[Study, list[SourceTrial]]]:
    """The studies, each with its trials, their values as the space names them.

    Raises:
        ImportFileError: for trials that lie in no study or outside of its space, all at once.
    """
    studies = designed(experiment)
    domains = [_domains(study) for study in studies]
    found: list[list[SourceTrial]] = [[] for _ in studies]
    strays: dict[str, list[str]] = {}
    for trial in trials:
        place = next((at for at, one in enumerate(studies) if _belongs(one, trial)), None)
        if place is None:
            strays.setdefault(_strange(studies, trial), []).append(trial.name)
            continue
        setting = dict(trial.setting)
        for name, domain in domains[place].items():
            if name not in setting and name in studies[place].fixed:
                continue  # the space alone knows it
            value = matched(domain, setting[name]) if name in setting else None
            if value is None:
                strays.setdefault(_outside(name, setting), []).append(trial.name)
            else:
                setting[name] = value
        found[place].append(replace(trial, setting=setting))
    if strays:
        raise ImportFileError("\n".join(_stray(what, names) for what, names in strays.items()))
    return list(zip(studies, found, strict=True))


def _domains(study: Study) -> dict[str, Any]:
    """What varies, and what is fixed as a list of one."""
    held = {**study.fixed, **study.scientific}
    return {**study.space.domains, **{name: Choice([value]) for name, value in held.items()}}


def _belongs(study: Study, trial: SourceTrial) -> bool:
    return all(
        name in trial.setting and is_same(value, trial.setting[name])
        for name, value in study.scientific.items()
    )


def _strange(studies: Sequence[Study], trial: SourceTrial) -> str:
    names = sorted({name for study in studies for name in study.scientific})
    setting = ", ".join(f"`{name}` = {_shown(trial.setting.get(name))}" for name in names)
    return f"no study of the space has {setting}"


def _outside(name: str, setting: Mapping[str, Scalar]) -> str:
    if name not in setting:
        return f"`{name}` is missing, which the space has there"
    return f"`{name}` has values outside of what the space says"


def _shown(value: Scalar | None) -> str:
    return "nothing" if value is None else value_text(value)


def _stray(what: str, trials: Sequence[str]) -> str:
    listed = join([f"`{trial}`" for trial in trials], most=MAX_LISTED, commas=True)
    return f"The space does not fit the trials: {what} (trial {listed}). Amend the space."
