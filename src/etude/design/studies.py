"""The studies of an experiment, the way it asks for them."""

from __future__ import annotations

from dataclasses import replace

from ..experiment import Experiment
from ..lattice import counts, lattice
from ..study import Study
from .merged import merged
from .split import split


def studies(experiment: Experiment) -> list[Study]:
    """One study for each scientific setting, or one in which all are merged.

    A study of a grid has no more trials than the grid has points.

    Source: R12, R13, R14.
    """
    found = [merged(experiment)] if experiment.studies == "merged" else split(experiment)
    return [_sized(study) if study.search == "grid" else study for study in found]


def _sized(study: Study) -> Study:
    points = study.search_options.get("points")
    size = len(lattice(study.space, counts(study.space, points, study.max_trials)))
    return replace(study, max_trials=min(study.max_trials, size))
