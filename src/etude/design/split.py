"""One study for each scientific setting."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from ..errors import ExperimentError, Mistake
from ..experiment import Experiment
from ..experiment.hyperparameter import Hyperparameter
from ..experiment.validation.configurations import Configuration, listed_domain
from ..space import Choice, Scalar, Space
from ..study import Study, derived_seed, study_name
from ..wording import join
from .constraints import with_constraints

# Heuristic: with ten trials each they are ten thousand, and a table of them has no reader.
MAX_STUDIES = 1_000
_MOST_NAMED = 3


def split(experiment: Experiment) -> list[Study]:
    """The studies: each scientific setting with the nuisance space that exists there.

    Source: R11, R13.
    """
    settings = scientific_settings(experiment)
    studies = [study_at(experiment, scientific) for scientific in settings]
    return with_constraints(experiment, studies)


def scientific_settings(experiment: Experiment) -> list[dict[str, Scalar]]:
    """Every combination of scientific values, a conditional one only where its condition holds.

    Raises:
        ExperimentError: where they are more than anybody compares.

    Source: R11, R13.
    """
    waiting = [one for one in experiment.hyperparameters if one.role == "scientific"]
    settings: list[dict[str, Scalar]] = [{}]
    while waiting:
        ready = _ready(waiting)
        waiting.remove(ready)
        longer = (longer for setting in settings for longer in _extensions(setting, ready))
        settings = list(itertools.islice(longer, MAX_STUDIES + 1))
        _refuse_many(experiment, len(settings))
    return [dict(sorted(setting.items())) for setting in settings]


def _refuse_many(experiment: Experiment, count: int) -> None:
    """Refuses studies beyond all reading, before their product fills the memory."""
    if count <= MAX_STUDIES:
        return
    lists = {
        one.name: len(one.value.values)
        for one in experiment.hyperparameters
        if one.role == "scientific" and isinstance(one.value, Choice)
    }
    most = sorted(lists, key=lambda name: -lists[name])[:_MOST_NAMED]
    named = join([f"`{name}` ({lists[name]:,})" for name in most])
    message = (
        f"its values make more than {MAX_STUDIES:,} studies, which nobody compares; most have "
        f'{named}. Ask one question a round (R3) and fix the others, or write studies = "merged".'
    )
    raise ExperimentError((Mistake(where="scientific", message=message),))


def _ready(waiting: list[Hyperparameter]) -> Hyperparameter:
    """One whose condition names nothing that still waits; any, where conditions run in a circle."""
    names = {one.name for one in waiting}
    free = [one for one in waiting if not names.intersection(name for name, _ in one.when)]
    return (free or waiting)[0]


def _extensions(
    setting: dict[str, Scalar], hyperparameter: Hyperparameter
) -> list[dict[str, Scalar]]:
    """The setting with each value of the hyperparameter; as it is where that does not exist."""
    if not hyperparameter.exists(setting) or not isinstance(hyperparameter.value, Choice):
        return [setting]
    return [{**setting, hyperparameter.name: value} for value in hyperparameter.value.values]


def study_at(experiment: Experiment, scientific: Mapping[str, Scalar]) -> Study:
    """The study of one scientific setting; its settings are listed where the experiment lists them.

    Source: R11, R12, R13.
    """
    existing = [one for one in experiment.hyperparameters if one.exists(scientific)]
    name, listed = study_name(scientific), experiment.configurations
    return Study(
        name=name,
        scientific=scientific,
        space=_listed_space(listed) if listed else _space(existing),
        fixed={one.name: one.value for one in existing if one.role == "fixed"},  # type: ignore[misc]  # fixed holds values
        max_trials=experiment.trials,
        seed=derived_seed(experiment.seed, name),
        search=experiment.search,
        search_options=experiment.search_options,
        schedule=experiment.schedule,
        schedule_options=experiment.schedule_options,
        listed=listed,
        observed=experiment.observed,
        names=experiment.names,
        validation_examples=experiment.validation_examples,
        chance=experiment.chance,
        metric=experiment.metric,
        maximize=experiment.maximize,
        max_steps=experiment.max_steps,
        evaluations=experiment.evaluations,
    )


def _space(existing: Sequence[Hyperparameter]) -> Space:
    return Space({one.name: one.value for one in existing if one.role == "nuisance"})  # type: ignore[misc]  # nuisance holds domains


def _listed_space(rows: Sequence[Configuration]) -> Space:
    """What the rows span, so that their trials can be seen along axes."""
    return Space({name: listed_domain([row[name] for row in rows]) for name in rows[0]})
