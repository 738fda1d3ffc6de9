"""Arguments of a Trainer: which of them the trial sets, and what is said where both sides do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

import torch
from transformers import TrainingArguments, set_seed

from ...errors import RunError
from ...train.torch.rank_trial import RankTrial

# What `fit` sets, and why nobody else may.
_OWNED = {
    "output_dir": "it is a folder of the trial",
    "max_steps": "it is `max_steps` of the experiment",
    "num_train_epochs": "the length is `max_steps` of the experiment",
    "seed": "it is the seed of the trial",
    "data_seed": "it is the seed of the trial",
    "eval_strategy": "the trial has evaluation steps",
    "eval_steps": "the trial has evaluation steps",
    "save_strategy": "checkpoints come with the evaluations",
    "save_steps": "checkpoints come with the evaluations",
    "logging_nan_inf_filter": "a loss that is no number ends the trial",
}
# What no Trainer of a trial may ask for, and why.
_REFUSED: dict[str, tuple[tuple[Any, ...], str]] = {
    "load_best_model_at_end": ((False, None), "the trial's best checkpoint stands in the store"),
    "save_total_limit": ((None,), "the store removes checkpoints that nobody needs"),
    "save_only_model": ((False, None), "a checkpoint without its optimizer cannot be gone on from"),
    "auto_find_batch_size": ((False, None), "the batch size is a hyperparameter of the trial"),
    "ignore_data_skip": ((False, None), "a trial goes on with the data that it has not seen"),
}
# Heuristic: enough points to see a curve by; a step that is logged waits for the device.
_LOGGED = 100
_NO = "no"


def training_arguments(trial: RankTrial, given: Mapping[str, Any]) -> TrainingArguments:
    """The arguments that were given, with those of the trial.

    Raises:
        RunError: for what cannot be among them, all at once.
    """
    known = [field.name for field in fields(TrainingArguments)]
    mistakes = [f"`{name}` ({_OWNED[name]})" for name in given if name in _OWNED]
    mistakes += _refused(given)
    unknown = [_unknown(name, known) for name in given if name not in known]
    if mistakes or unknown:
        ours = f"The trial sets {', '.join(mistakes)}: leave it out of `fit`." if mistakes else ""
        raise RunError(" ".join(filter(None, (ours, *unknown))))
    usual = {
        "logging_steps": max(trial.max_steps // _LOGGED, 1),
        "dataloader_pin_memory": torch.cuda.is_available(),  # else PyTorch warns of it
    }
    arguments = TrainingArguments(**{"output_dir": str(trial.folder), **usual, **given})
    take_over(arguments, trial)
    return arguments


def take_over(arguments: TrainingArguments, trial: RankTrial) -> None:
    """Sets what the trial owns in the arguments of a Trainer, and the seed.

    Raises:
        RunError: for what they ask for and a trial cannot have, all at once.
    """
    mistakes = _refused(vars(arguments))
    if arguments.max_steps not in (-1, trial.max_steps, trial.whole_steps):
        mistakes.append(
            f"`max_steps={arguments.max_steps}` (the experiment says {trial.whole_steps})"
        )
    if mistakes:
        raise RunError(
            f"A trial trains with this Trainer, so leave {', '.join(mistakes)} out of its "
            "arguments."
        )
    arguments.output_dir = str(trial.folder / "trainer")
    arguments.max_steps = trial.max_steps
    arguments.seed = arguments.data_seed = trial.seed
    arguments.eval_strategy = arguments.save_strategy = _NO
    arguments.logging_nan_inf_filter = False
    set_seed(trial.seed)


def _refused(given: Mapping[str, Any]) -> list[str]:
    return [
        f"`{name}={given[name]}` ({why})"
        for name, (allowed, why) in _REFUSED.items()
        if name in given and given[name] not in allowed
    ]


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean `{near[0]}`?" if near else "Leave it out."
    return f"`TrainingArguments` of this transformers has no `{name}`. {hint}"
