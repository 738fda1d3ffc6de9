"""The space that a person wrote for an import: an experiment file, or just its roles."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...design.studies import studies as designed_studies
from ...errors import ExperimentError, ImportFileError, Mistake
from ...experiment import Experiment, toml
from ...experiment.change import Change
from ...experiment.toml.edit import Edit, edited
from ...space import Choice, Scalar, value_text
from ...study import Study
from ...wording import join
from ..base import SourceTrial
from ..parsing import files
from .trials import domain_value, is_same_value, was_cut_off

# Heuristic: enough to find the others by.
MAX_NAMED = 3


def experiment_text(path: Path, known_keys: Mapping[str, Any]) -> str:
    """The text of the import's experiment: the file's, with the keys that the import knows.

    Args:
        path: TOML: an experiment file, or only its roles.
        known_keys: The keys of `[experiment]` that the import knows, with their values.

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
        completed = _with_keys(text, known_keys, replace_existing=False)
        toml.loads(completed, name=str(known_keys["name"]))
        return _with_keys(completed, known_keys, replace_existing=True)
    except ExperimentError as error:
        if any(mistake.line for mistake in error.mistakes if not mistake.where):
            raise ExperimentError(
                tuple(replace(mistake, file=str(path)) for mistake in error.mistakes)
            ) from None
        raise toml.error_with_lines(error, text, str(path)) from None


def names_in_space(path: Path) -> frozenset[str]:
    """The names of a space that a person wrote; none where it has mistakes: they are told later."""
    try:
        tables = tomllib.loads(files.document(path))
    except (ImportFileError, OSError, ValueError, RecursionError):
        return frozenset()
    waiting = [tables.get(role) for role in ("scientific", "nuisance", "fixed")]
    names: set[str] = set()
    while waiting:
        table = waiting.pop()
        if isinstance(table, Mapping):
            names |= table.keys() - {"when"}
            by_list = table.get("when")
            for values in by_list.values() if isinstance(by_list, Mapping) else ():
                waiting += values.values() if isinstance(values, Mapping) else ()
    return frozenset(names)


def _with_keys(text: str, known_keys: Mapping[str, Any], *, replace_existing: bool) -> str:
    """The text with these keys of `[experiment]`; a key that it has is replaced only if asked."""
    table = tomllib.loads(text).get("experiment", {})
    if not isinstance(table, Mapping):
        return text  # a mistake: reading it says so
    edits = [
        Edit(Change(("experiment", key), "", value))
        for key, value in known_keys.items()
        if replace_existing or key not in table
    ]
    return edited(text, edits)


def fit_to_space(
    experiment: Experiment, trials: Sequence[SourceTrial]
) -> list[tuple[Study, list[SourceTrial]]]:
    """The studies of the experiment, each with its trials, their values as the space has them.

    Raises:
        ImportFileError: for all trials that lie in no study, or outside of its space.
    """
    studies = designed_studies(experiment)
    domains = [_domains(study) for study in studies]
    trials_of: list[list[SourceTrial]] = [[] for _ in studies]
    misfits: dict[str, list[str]] = {}
    for trial in trials:
        position = next((at for at, study in enumerate(studies) if _belongs_to(study, trial)), None)
        if position is None:
            misfits.setdefault(_no_study_message(studies, trial), []).append(trial.name)
            continue
        setting = dict(trial.setting)
        for name, domain in domains[position].items():
            if name not in setting and (name in studies[position].fixed or was_cut_off(trial)):
                continue  # only the space has it, or the trial ended before it asked for it
            value = domain_value(domain, setting[name]) if name in setting else None
            if value is None:
                misfits.setdefault(_value_message(name, setting), []).append(trial.name)
            else:
                setting[name] = value
        trials_of[position].append(replace(trial, setting=setting))
    if misfits:
        messages = [_misfit_message(problem, names) for problem, names in misfits.items()]
        raise ImportFileError("\n".join(messages))
    return list(zip(studies, trials_of, strict=True))


def with_study(
    experiment: Experiment, trials: Sequence[SourceTrial]
) -> tuple[list[SourceTrial], list[SourceTrial]]:
    """The trials that may lie in a study, and those that ended before it was known in which.

    These have no value, and lack a scientific one.
    """
    studies = designed_studies(experiment)
    names = {one.name for one in experiment.hyperparameters if one.role == "scientific"}
    stray = [
        trial
        for trial in trials
        if was_cut_off(trial)
        and names - set(trial.setting)
        and not any(_belongs_to(study, trial) for study in studies)
    ]
    ids = {id(trial) for trial in stray}
    return [trial for trial in trials if id(trial) not in ids], stray


def _domains(study: Study) -> dict[str, Any]:
    """The domains of a study; a fixed value is a list of one."""
    fixed = {**study.fixed, **study.scientific}
    return {**study.space.domains, **{name: Choice([value]) for name, value in fixed.items()}}


def _belongs_to(study: Study, trial: SourceTrial) -> bool:
    return all(
        name in trial.setting and is_same_value(value, trial.setting[name])
        for name, value in study.scientific.items()
    )


def _no_study_message(studies: Sequence[Study], trial: SourceTrial) -> str:
    names = sorted({name for study in studies for name in study.scientific})
    setting = ", ".join(f"`{name}` = {_value_text(trial.setting.get(name))}" for name in names)
    return f"no study of the space has {setting}"


def _value_message(name: str, setting: Mapping[str, Scalar]) -> str:
    if name not in setting:
        return f"`{name}` is missing, which the space has there"
    return f"`{name}` has values outside of what the space says"


def _value_text(value: Scalar | None) -> str:
    return "nothing" if value is None else value_text(value)


def _misfit_message(problem: str, trials: Sequence[str]) -> str:
    listed = join([f"`{trial}`" for trial in trials], most=MAX_NAMED, commas=True)
    return f"The space does not fit the trials: {problem} (trial {listed}). Amend the space."
