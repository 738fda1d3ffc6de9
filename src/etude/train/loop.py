"""The loop of one trial alone, step by step, whichever library trains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from ..errors import Halted
from ..playbook.metrics import EPOCH
from ..trial import Trial
from .checkpointing import Beside, CheckpointKeeper, Savable
from .epochs import epochs_done
from .evaluation_set import log_facts


class Learner(Protocol):
    """A trial in training."""

    steps_per_epoch: float

    def update(self, step: int) -> Mapping[str, float]:
        """Does one step: its loss and the norm of its gradient."""

    def evaluation(self) -> Mapping[str, float]:
        """The metrics over all validation examples."""

    def state(self) -> Savable:
        """All that the next step depends on, a copy."""


def run(
    trial: Trial,
    learner: Learner,
    *,
    every_s: float,
    facts: Callable[[], Mapping[str, float]],
    beside: Beside | None = None,
) -> None:
    """Trains a trial from the step that it is at to its last, or to where it is halted.

    Args:
        trial: It.
        learner: Its training.
        every_s: The seconds between two writings of checkpoints.
        facts: What checks ask of the data (E4, E5, E6).
        beside: Writes predictions beside each checkpoint (E7).

    Source: E2, D5, E6 (the epoch), K1, K2.
    """
    keeper = CheckpointKeeper(trial, every_s=every_s, beside=beside)
    try:
        for step in trial.steps():
            log_facts(trial, step, facts)
            trial.log(step, learner.update(step))
            if trial.evaluates(step):
                values = learner.evaluation()
                trial.log(step, {EPOCH: epochs_done(step, learner.steps_per_epoch)})
                trial.report(step, values)
                keeper.offer(step, values.get(trial.metric, float("nan")), learner.state)
    except Halted:
        keeper.write()
        raise
