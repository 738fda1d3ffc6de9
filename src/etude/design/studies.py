"""The studies of an experiment, the way it asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..experiment import Experiment
from ..space.expression import parsed
from ..space.grid import counts, grid
from ..study import Study
from .constraints import refuse, with_constraints
from .split import split, study_at


def studies(experiment: Experiment) -> list[Study]:
    """One study for each scientific setting, or one in which all are merged.

    A study of a grid has no more trials than the grid has points.

    Source: R12, R13, R14.
    """
    plan = [merged(experiment)] if experiment.studies == "merged" else split(experiment)
    return [_grid_study(study) if study.search == "grid" else study for study in plan]


def _grid_study(study: Study) -> Study:
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
    _refuse_constrained(experiment, scientific)
    space = replace(plain.space, domains={**plain.space.domains, **scientific})
    study = replace(plain, space=space, merged=tuple(sorted(scientific)))
    return with_constraints(experiment, [study])[0]


def _refuse_constrained(experiment: Experiment, scientific: Mapping[str, object]) -> None:
    """Refuses a constraint on scientific values: they could not be covered evenly any more."""
    constrained = [
        (text, names)
        for text in experiment.constraints
        if (names := scientific.keys() & set(parsed(text).names))
    ]
    refuse(
        [
            f"`{text}` constrains `{min(names)}`, whose values a merged study covers evenly (R14). "
            'Write studies = "split", or leave the constraint out.'
            for text, names in constrained
        ]
    )
