"""The cost of rounds in training steps: those that are planned, and those that were trained."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from ..design.studies import studies
from ..experiment import Experiment
from ..record import Record


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


def trained_steps(records: Iterable[Record]) -> int:
    """The training steps that trials did; of a fork, those since its parent's checkpoint.

    Source: R15.
    """
    return sum(record.steps - _inherited_steps(record) for record in records)


def _inherited_steps(record: Record) -> int:
    """The steps that a fork has of its parent."""
    if record.from_step is None or record.parent is None:
        return 0
    return record.from_step + 1
