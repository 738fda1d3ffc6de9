"""One experiment from the studies of another tool: its file, its studies, and their trials."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from ...errors import ExperimentError, ImportFileError
from ...experiment import Experiment, toml
from ...experiment.change import Change
from ...experiment.hyperparameter import Condition, Hyperparameter
from ...experiment.toml.edit import Edit, edited
from ...experiment.validation import MAX_EVALUATIONS
from ...space import Choice, Space, value_text
from ...study import Study
from ...wording import did_you_mean
from ..base import SourceStudy, SourceTrial
from .direction import direction_notes
from .given_space import experiment_text, fit_to_space, with_study
from .inferred_space import infer_space
from .trials import updates_done

# No study of an experiment has this name: those are `all` or `NAME=VALUE`.
NOWHERE = "no setting"
# The reason why a name stays apart from a space that a person wrote: they chose so.
UNNAMED = "the space does not name it"
# Heuristic: among so many names a person finds the one that they meant.
MAX_NAMED = 30


@final
@dataclass(frozen=True, kw_only=True)
class Target:
    """The experiment that a person wants of an import.

    Args:
        name: The name of the experiment.
        metric: The name of the objective here, after renaming.
        maximize: True where the person said so; a direction that the source states needs no word.
        space: The file with the space; None to take what the source states and the values show.
    """

    name: str
    metric: str
    maximize: bool = False
    space: Path | None = None


@final
@dataclass(frozen=True, kw_only=True)
class ImportedExperiment:
    """An experiment with its trials, ready for the store, and what a person must know of it.

    Args:
        text: The text of the experiment file.
        studies: The studies, each with its trials.
        apart: Names that stay in the settings but in no space, with the reasons.
        left_out: What could not be read, one sentence each.
        source_studies: The names of the source's studies, where it has several.
        warnings: What speaks against how the trials will be judged, one sentence each.
    """

    experiment: Experiment
    text: str
    studies: tuple[tuple[Study, tuple[SourceTrial, ...]], ...]
    apart: Mapping[str, str]
    left_out: tuple[str, ...]
    source_studies: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def assemble(studies: Sequence[SourceStudy], target: Target) -> ImportedExperiment:
    """One experiment of all the studies; where there are several, `study` is scientific.

    Raises:
        ImportFileError: with every mistake at once: no trial, no such metric, another direction,
            a space that does not fit.
        ExperimentError: for a space file with mistakes.
    """
    filled = [study for study in studies if study.trials]
    trials = [trial for study in filled for trial in study.trials]
    messages = [*_metric_messages(trials, target.metric), *_direction_messages(filled, target)]
    if not trials:
        messages = ["The source holds no trial. Is it the right one?"]
    if messages:
        raise ImportFileError("\n".join(messages))
    bare = _bare_trials(trials)
    rest = [_without(study, bare) for study in filled]
    joined, column = _joined([study for study in rest if study.trials])
    known_keys = _known_keys(filled, target)
    if target.space is not None:
        text, apart = experiment_text(target.space, known_keys), dict[str, str]()
    else:
        text, apart = _inferred_text(joined, column, known_keys)
    experiment = toml.loads(text, name=target.name)
    settled, stray = with_study(experiment, [one for study in joined for one in study.trials])
    bare += stray
    fit = fit_to_space(experiment, settled)
    if target.space is not None:
        apart = _unnamed(experiment, trials)
    most = max(len(trials) for _, trials in fit)
    if bare:
        fit.append((_study_without_space(fit[0][0]), bare))
    return _with_trials(
        most if experiment.studies == "split" else len(trials),
        ImportedExperiment(
            experiment=experiment,
            text=text,
            studies=tuple((study, tuple(trials)) for study, trials in fit),
            apart=apart,
            left_out=(*_left_out(studies), *_bare_messages(bare)),
            source_studies=tuple(study.name for study in joined) if column else (),
            warnings=tuple(direction_notes(filled, target.metric, text, maximize=target.maximize)),
        ),
    )


# --- mistakes in the request


def _metric_messages(trials: Iterable[SourceTrial], metric: str) -> list[str]:
    counts = Counter(name for trial in trials for name in {name for _, name, _ in trial.rows})
    if metric in counts:
        return []
    names = [name for name, _ in counts.most_common()]
    if not names:
        return [f"No trial has a value of `{metric}`, nor of any other metric."]
    near = did_you_mean(metric, names[:MAX_NAMED])
    listed = ", ".join(f"`{name}`" for name in names[:MAX_NAMED])
    more = f" and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else ""
    also = f" There are: {listed}{more}." if near.startswith("Did") else more
    return [f"No trial has a value of `{metric}`. {near}{also}"]


def _direction_messages(studies: Sequence[SourceStudy], target: Target) -> list[str]:
    """Messages of directions that contradict the request, or each other."""
    names_of: dict[bool, list[str]] = {True: [], False: []}
    for study in studies:
        if study.maximize is not None:
            names_of[study.maximize].append(study.name)
    up, down = (
        ", ".join(f"`{name}`" for name in names_of[direction]) for direction in (True, False)
    )
    if up and down:
        return [
            f"The source has studies of both directions: {up} maximize, {down} minimize. One "
            "experiment has one direction: choose a study with --study."
        ]
    if target.maximize and down:
        return [f"{down} minimizes, and --maximize says otherwise. Leave --maximize out."]
    return []


# --- from studies to an experiment


def _joined(studies: Sequence[SourceStudy]) -> tuple[list[SourceStudy], str]:
    """The studies, and the hyperparameter that names a trial's study; empty for a single study."""
    if len(studies) == 1:
        return list(studies), ""
    names = {name for study in studies for trial in study.trials for name in trial.setting}
    column = "study" if "study" not in names else "imported_study"
    return [
        replace(
            study,
            trials=tuple(
                replace(trial, setting={**trial.setting, column: study.name})
                for trial in study.trials
            ),
        )
        for study in studies
    ], column


def _bare_trials(trials: Sequence[SourceTrial]) -> list[SourceTrial]:
    """Trials that ended without a value, and without the setting that others have."""
    if not any(trial.setting for trial in trials):
        return []
    return [trial for trial in trials if not trial.setting and not trial.rows]


def _without(study: SourceStudy, bare: Sequence[SourceTrial]) -> SourceStudy:
    bare_ids = {id(trial) for trial in bare}
    return replace(
        study, trials=tuple(trial for trial in study.trials if id(trial) not in bare_ids)
    )


def _study_without_space(study: Study) -> Study:
    """The study of trials without a setting: none of the experiment, so that no check sees it."""
    return replace(
        study, name=NOWHERE, scientific={}, fixed={}, space=Space({}), merged=(), observed=()
    )


def _bare_messages(bare: Sequence[SourceTrial]) -> Iterable[str]:
    """What is said of trials that lie in no study, those without a setting first."""
    lacks = {
        "that have neither a setting nor a value": [one for one in bare if not one.setting],
        "without a value or what says which study is theirs": [one for one in bare if one.setting],
    }
    for lack, trials in lacks.items():
        if trials:
            yield (
                f"Trials {lack}: {len(trials):,}, the first `{trials[0].name}`. They are kept "
                f"under `{NOWHERE}`, where no check looks at them."
            )


def _known_keys(studies: Sequence[SourceStudy], target: Target) -> dict[str, Any]:
    """The keys of `[experiment]` that the import knows, with their values."""
    trials = [trial for study in studies for trial in study.trials]
    counts = [
        len({step for step, name, _ in trial.rows if name == target.metric}) for trial in trials
    ]
    typical = int(statistics.median([count for count in counts if count]))
    stated = max((study.max_steps or 1 for study in studies), default=1)
    longest = max(updates_done(trial.rows) for trial in trials)
    # Where the first value stands at step 0 and the last at the length, steps count from 1.
    length = stated if longest <= stated + 1 else longest
    maximize = target.maximize or any(study.maximize for study in studies)
    return {
        "name": target.name,
        "metric": target.metric,
        "max_steps": length,
        "trials": len(trials),
        **({"maximize": True} if maximize else {}),
        "evaluations": min(max(typical, 1), MAX_EVALUATIONS),
        "search": "imported",
    }


def _inferred_text(
    studies: Sequence[SourceStudy], column: str, known_keys: Mapping[str, Any]
) -> tuple[str, dict[str, str]]:
    """The experiment's text, its space inferred from the studies, and the names that stay apart."""
    hyperparameters: list[Hyperparameter] = []
    observed: set[str] = set()
    apart: dict[str, str] = {}
    if column:
        names = Choice([study.name for study in studies])
        hyperparameters.append(Hyperparameter(column, "scientific", names))
    for study in studies:
        when: Condition = ((column, value_text(study.name)),) if column else ()
        plain_trials = [
            replace(trial, setting={k: v for k, v in trial.setting.items() if k != column})
            for trial in study.trials
        ]
        space = infer_space(plain_trials, study.domains, when)
        hyperparameters += space.hyperparameters
        observed |= space.observed
        apart |= space.apart
    try:
        experiment = Experiment(
            **known_keys, observed=tuple(sorted(observed)), **_members(hyperparameters)
        )
    except ExperimentError as error:
        raise ImportFileError(f"{error}") from error
    return toml.dumps(experiment), apart


def _members(hyperparameters: Iterable[Hyperparameter]) -> dict[str, Any]:
    """The tables of an experiment that hold these hyperparameters."""
    roles: dict[str, dict[str, Any]] = {}
    for hyperparameter in hyperparameters:
        table = roles.setdefault(hyperparameter.role, {})
        for name, text in hyperparameter.when:
            table = table.setdefault("when", {}).setdefault(name, {}).setdefault(text, {})
        table[hyperparameter.name] = hyperparameter.value
    return roles


def _unnamed(experiment: Experiment, trials: Iterable[SourceTrial]) -> dict[str, str]:
    """The names that the trials have and a written space has not."""
    names_in_space = {one.name for one in experiment.hyperparameters}
    names = {name for trial in trials for name in trial.setting} - names_in_space
    return dict.fromkeys(sorted(names), UNNAMED)


def _with_trials(most: int, imported: ImportedExperiment) -> ImportedExperiment:
    """The experiment with as many trials a study as the largest has."""
    edit = Edit(Change(("experiment", "trials"), "", most))
    return replace(
        imported,
        text=edited(imported.text, [edit]),
        experiment=replace(imported.experiment, trials=most),
        studies=tuple(
            (replace(study, max_trials=most), trials) for study, trials in imported.studies
        ),
    )


def _left_out(studies: Sequence[SourceStudy]) -> Iterable[str]:
    for study in studies:
        yield from study.left_out
        if not study.trials:
            yield f"Study `{study.name}` has no trials."
