"""The studies of an experiment, the way it asks for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..errors import ExperimentError, Mistake
from ..experiment import Experiment
from ..space.expression import parsed
from ..space.grid import counts, grid
from ..study import Study
from .constraints import constrained
from .split import split, study_at


def studies(experiment: Experiment) -> list[Study]:
    """One study for each scientific setting, or one in which all are merged.

    A study of a grid has no more trials than the grid has points.

    Source: R12, R13, R14.
    """
    found = [merged(experiment)] if experiment.studies == "merged" else split(experiment)
    return [_sized(study) if study.search == "grid" else study for study in found]


def _sized(study: Study) -> Study:
    points = study.search_options.get("points")
    size = len(grid(study.space, counts(study.space, points, study.max_trials)))
    return replace(study, max_trials=min(study.max_trials, size))


def merged(experiment: Experiment) -> Study:
    """The one study: its space holds the scientific values too, its trials are the total.

    Raises:
        ExperimentError: for a constraint that names a scientific hyperparameter.

    Source: R14.
    """
    plain = study_at(experiment, {})
    scientific: dict[str, Any] = {
        one.name: one.value for one in experiment.hyperparameters if one.role == "scientific"
    }
    _refuse_dealt(experiment, scientific)
    space = replace(plain.space, domains={**plain.space.domains, **scientific})
    study = replace(plain, space=space, merged=tuple(sorted(scientific)))
    return constrained(experiment, [study])[0]


def _refuse_dealt(experiment: Experiment, scientific: dict[str, Any]) -> None:
    """Refuses a constraint on scientific values: they could not be covered evenly any more."""
    dealt = set(scientific)
    found = [
        f"`{text}` constrains `{min(dealt.intersection(parsed(text).names))}`, whose values a "
        'merged study covers evenly (R14). Write studies = "split", or leave the constraint out.'
        for text in experiment.constraints
        if dealt.intersection(parsed(text).names)
    ]
    if found:
        where = "experiment.constraints"
        raise ExperimentError(tuple(Mistake(where=where, message=each) for each in found))
