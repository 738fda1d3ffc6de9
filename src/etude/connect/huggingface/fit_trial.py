"""Fit: a Trainer trains a trial, its arguments made of the trial's hyperparameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from transformers import Trainer, TrainingArguments

from ...errors import RunError
from ...train.torch.rank_trial import RankTrial, shared
from ...trial import Trial
from .arguments import training_arguments
from .callback import Callback, free_devices


def fit(
    trial: Trial | RankTrial, make: Callable[[TrainingArguments], Trainer], **arguments: Any
) -> Trainer:
    """Trains a trial with a Trainer, and returns it where the trial came to its end.

    Seed, length, folder, evaluations and checkpoints are the trial's; everything else is said in
    the call, where it can be read which hyperparameter is which argument.

    Args:
        trial: As Etude handed it.
        make: Makes the Trainer of the arguments, and all that is to be seeded with it.
        arguments: Of `TrainingArguments`, such as `learning_rate=trial["learning_rate"]`.

    Raises:
        RunError: for arguments that the trial sets, or that no Trainer has.

    Source: W6, W8, K2.
    """
    free_devices()
    seen = shared(trial)
    made = training_arguments(seen, arguments)
    trainer = make(made)
    if trainer.args is not made:
        raise RunError(
            "The Trainer was made with other arguments than `fit` handed over. Pass them on: "
            "`lambda args: Trainer(args=args, ...)`, and the rest to `fit`."
        )
    if not any(isinstance(one, Callback) for one in trainer.callback_handler.callbacks):
        trainer.add_callback(Callback(seen))
    trainer.train()
    return trainer
