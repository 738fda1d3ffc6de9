"""The cost of rounds in training steps: those that are planned, and those that were trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from ..analyze.views.spent import trained_steps as trained_steps
from ..design.studies import studies
from ..experiment import Experiment


@final
@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a series of rounds may take at most.

    Args:
        trials: Trainings.
        steps: Training steps of all of them together.

    Source: R15.
    """

    trials: int
    steps: int

    def __add__(self, other: Cost) -> Cost:
        """Both, one after the other."""
        return Cost(trials=self.trials + other.trials, steps=self.steps + other.steps)


NOTHING = Cost(trials=0, steps=0)


def planned_cost(experiment: Experiment) -> Cost:
    """The cost of a round whose trials all train to their end.

    Source: R15.
    """
    trials = sum(study.max_trials for study in studies(experiment))
    return Cost(trials=trials, steps=trials * experiment.max_steps)


def planned_steps(experiment: Experiment) -> int:
    """The training steps of a round whose trials all train to their end.

    Source: R15.
    """
    return planned_cost(experiment).steps
