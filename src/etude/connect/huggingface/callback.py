"""Callback: a Trainer's script as it stands becomes the training of a trial.

A callback cannot say where training goes on from, so the Trainer's `train` is replaced by one that
asks the trial, where a Trainer has this callback and a trial is trained; else it is as it was.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import Any, final

import torch
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import TrainOutput

from ...errors import RunError
from ...train.torch.rank_trial import RankTrial, shared
from ...trial import Trial, current
from .arguments import take_over
from .training import Training


@final
class Callback(TrainerCallback):
    """Makes a Trainer train the current trial; where there is none it does nothing.

    The trial's evaluation steps decide when the Trainer evaluates and saves, its seed and length
    take the place of the script's; it goes on from its last checkpoint, and ends where a schedule
    stops or pauses it.

    Args:
        trial: None for the one that this process trains, `etude.current()`.

    Source: W6, W8, K2.
    """

    def __init__(self, trial: Trial | RankTrial | None = None) -> None:
        """Finds its trial when a Trainer is made with it, or trains."""
        self._given = trial
        self._of: Trial | RankTrial | None = None
        self._trial: RankTrial | None = None
        self._training: Training | None = None

    def on_init_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any
    ) -> None:
        """The Trainer is made: what the trial owns is set in its arguments."""
        del state, control, others
        given = self._given or current()
        if given is self._of:
            return
        # One callback may stand in a module, and so meet one trial after another.
        self._of, self._trial = given, None
        if given is not None:
            free_devices()
            self._trial = shared(given)
            take_over(args, self._trial)

    def train(
        self, trainer: Trainer, train: Callable[..., TrainOutput], resume: object
    ) -> TrainOutput:
        """Trains the trial, if there is one, in the place of `Trainer.train`.

        Raises:
            RunError: where the script says itself what to go on from.
        """
        self.on_init_end(trainer.args, trainer.state, trainer.control)
        if self._trial is None:
            return train(resume_from_checkpoint=resume)
        if resume:
            raise RunError(
                f"`train` was handed resume_from_checkpoint={resume!r}, but a trial goes on from "
                "its own checkpoints. Leave it out."
            )
        self._training = Training(self._trial, trainer)
        try:
            return self._training.train(train)
        finally:
            self._training = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any
    ) -> None:
        """The trial's loop begins."""
        if self._training is not None:
            self._training.begin(control, others.get("optimizer"), others.get("lr_scheduler"))

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any
    ) -> None:
        """An epoch begins."""
        if self._training is not None:
            self._training.begin_epoch(state, others["train_dataloader"])

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any
    ) -> None:
        """Decides what comes next: an evaluation, or the next step."""
        if self._training is not None:
            self._training.end_step(state, control)

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any
    ) -> None:
        """Loss and gradient norm are the trial's."""
        if self._training is not None:
            self._training.log(state, control, others.get("logs") or {})

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any
    ) -> None:
        """The values of an evaluation are the trial's report."""
        if self._training is not None:
            self._training.evaluate(state, control, others.get("metrics") or {})

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any
    ) -> None:
        """The checkpoint is the trial's."""
        if self._training is not None:
            self._training.save(state, control)


def free_devices() -> None:
    """Frees what an earlier trial left: a Trainer and its model refer to each other."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _followed(train: Callable[..., TrainOutput]) -> Callable[..., TrainOutput]:
    @functools.wraps(train)
    def trained(
        self: Trainer,
        resume_from_checkpoint: Any = None,
        *given: Any,
        **named: Any,
    ) -> TrainOutput:
        ours = [one for one in self.callback_handler.callbacks if isinstance(one, Callback)]

        def plain(resume_from_checkpoint: Any) -> TrainOutput:
            return train(self, resume_from_checkpoint, *given, **named)

        if not ours:
            return plain(resume_from_checkpoint)
        return ours[0].train(self, plain, resume_from_checkpoint)

    return trained


Trainer.train = _followed(Trainer.train)  # type: ignore[method-assign]  # see above
