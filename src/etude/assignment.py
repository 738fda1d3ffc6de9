"""Assignment: all that a trial's training needs to know, and the channel of its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, final

from .experiment.objective import Objective
from .experiment.tracked_run import TrackedRun
from .space import Scalar
from .study import derived_seed


@final
@dataclass(frozen=True, kw_only=True)
class Assignment:
    """All that must be known to train a trial, wherever it runs.

    Args:
        checkpoints: The folder of the trial's checkpoints, one folder a step in it.
        lasting: Whether checkpoints are to survive a power cut.
        resume_step: The step of the checkpoint to go on from; None to begin at 0.
        resume_contents: What is in that checkpoint; empty where nobody noted it.
        first_losses: The first value of each loss, known from an earlier attempt, so that a resumed
            trial is judged as an uninterrupted one.
        until_step: Updates after which it pauses, at a checkpoint; None for its end.
        max_wall_s: Seconds that this attempt may take; None for no limit.
        keep_checkpoints: How many of the best checkpoints are worth writing (K1).
        evaluate_training: How many training examples a loop of ours evaluates beside validation.
        unread: What nobody read of the setting before the checkpoint; None where not known.
        taken: What was read with the whole setting alone, before the checkpoint.
        split_seed: Of the split of the data that it is trained on; None for the one of the code.
        rehearsal: Whether this only tries two steps: nothing is recorded.
        whole_steps: Of a rehearsal, the steps of the trial that it tries; 0 where that is not said.
        attempt: Names this training of the trial where an earlier one may train on, elsewhere and
            out of reach; empty where a worker ends with the process that started it.
        tracked: Its run in every tracker; None where it has none.
    """

    id: int
    study: str
    setting: Mapping[str, Scalar]
    seed: int
    max_steps: int
    evaluations: int
    metric: str
    maximize: bool
    diverged_above: float | bool
    folder: Path
    checkpoints: Path
    lasting: bool = True
    resume_step: int | None = None
    resume_contents: str = ""
    first_losses: Mapping[str, float] = field(default_factory=dict)
    until_step: int | None = None
    max_wall_s: float | None = None
    keep_checkpoints: int = 1
    evaluate_training: int = 0
    unread: tuple[str, ...] | None = None
    taken: tuple[str, ...] = ()
    split_seed: int | None = None
    rehearsal: bool = False
    whole_steps: int = 0
    attempt: str = ""
    tracked: TrackedRun | None = None

    @property
    def objective(self) -> Objective:
        """What trials are judged by."""
        return Objective(self.metric, self.maximize)

    @property
    def stream_seed(self) -> int:
        """Of the process-wide generators: what goes on from a checkpoint draws other numbers."""
        if self.resume_step is None:
            return self.seed
        return derived_seed(self.seed, "streams", self.resume_step)


@final
@dataclass(frozen=True)
class Halt:
    """Stops a trial that runs, at its next step or report; another one is not concerned."""

    trial_id: int
    reason: str = "schedule"


Moment: TypeAlias = Literal["began", "stepped", "evaluating", "passed"]


class Channel(Protocol):
    """Takes what happens in a trial: the runner's end of the line."""

    def marked(self, moment: Moment, step: int) -> None:
        """The loop passes a moment: it begins at this step, did it, or is about to evaluate it.

        In a rehearsal, `passed`: it has gone beyond the steps that are tried.
        """

    def logged(self, step: int, values: Mapping[str, float]) -> None:
        """Values at a step."""

    def saved(self, step: int, value: float | None, contents: str) -> None:
        """A checkpoint stands on disk, with these files in its folder."""
