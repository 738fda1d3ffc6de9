"""The studies of an experiment, the way it asks for them."""

from __future__ import annotations

from ..experiment import Experiment
from ..study import Study
from .merged import merged
from .split import split


def studies(experiment: Experiment) -> list[Study]:
    """One study for each scientific setting, or one in which all are merged.

    Source: R12, R13, R14.
    """
    return [merged(experiment)] if experiment.studies == "merged" else split(experiment)
