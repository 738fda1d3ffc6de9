"""Eight pairs for a BERT of two layers, and trials that train on them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tests.runner.sample import assignment, events_of
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

import etude
from etude.assignment import Assignment, Halt
from etude.event import Event, Saved
from etude.runner.inline import Inline

WORDS, LENGTH = 40, 6
QUIET = {"disable_tqdm": True, "report_to": "none", "dataloader_pin_memory": False}


class Pairs(torch.utils.data.Dataset[dict[str, Any]]):
    """Rows of words with a label; `augments` draws a word of each anew whenever it is read."""

    def __init__(self, count: int, *, augments: bool = False) -> None:
        generator = torch.Generator().manual_seed(3)
        self._words = torch.randint(WORDS, (count, LENGTH), generator=generator)
        self._augments = augments

    def __len__(self) -> int:
        return len(self._words)

    def __getitem__(self, row: int) -> dict[str, Any]:
        words = self._words[row].clone()
        if self._augments:
            words[int(torch.randint(LENGTH, ()))] = random.randrange(WORDS)
        return {"input_ids": words, "labels": row % 2}


def bert() -> BertForSequenceClassification:
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=WORDS,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=LENGTH,
        )
    )


def accuracy(prediction: Any) -> dict[str, float]:
    return {"accuracy": float((prediction.predictions.argmax(-1) == prediction.label_ids).mean())}


def trainer(args: TrainingArguments, *, kind: type[Trainer] = Trainer, **given: Any) -> Trainer:
    usual = {"train_dataset": Pairs(8), "eval_dataset": Pairs(4), "compute_metrics": accuracy}
    return kind(**{"model": bert(), "args": args, **usual, **given})


def weights(model: torch.nn.Module) -> dict[str, Any]:
    """Parameters, as they can be compared."""
    return {name: tensor.tolist() for name, tensor in model.state_dict().items()}


class Fit:
    """A train function that fits, and keeps the weights that each trial ended with."""

    def __init__(
        self, arguments: dict[str, Any] | None = None, /, *, step: Any = None, **given: Any
    ) -> None:
        self._arguments = arguments or {}
        self._given = given
        self.ends: list[dict[str, Any]] = []

    def __call__(self, trial: etude.Trial) -> None:
        trained = etude.huggingface.fit(
            trial,
            lambda args: trainer(args, **self._given),
            **{
                "learning_rate": trial["learning_rate"],
                "per_device_train_batch_size": 2,
                **QUIET,
                **self._arguments,
            },
        )
        self.ends.append(weights(trained.model))


def of_six(folder: Path, /, **given: object) -> Assignment:
    """Six steps of two pairs, four of them an epoch; evaluated after each second one."""
    return assignment(folder, **{"max_steps": 6, "evaluations": 3, **given})


def trained(
    train: Callable[[Any], Any], given: Assignment, *, halt_at: int | None = None
) -> list[Event]:
    """The events of one trial, halted when it has a checkpoint of this step."""
    if halt_at is None:
        return events_of(Inline(lambda: train), given)
    runner, events = Inline(lambda: train), list[Event]()

    def deliver(news: Sequence[Event]) -> None:
        events.extend(news)
        if any(isinstance(event, Saved) and event.step == halt_at for event in news):
            runner.submit([Halt(given.id)])

    runner.submit([given])
    while runner.wait(deliver):
        pass
    runner.close()
    return events


def saved(events: Sequence[Event], step: int) -> Saved:
    """The checkpoint of a step."""
    (event,) = [one for one in events if isinstance(one, Saved) and one.step == step]
    return event


def resumed(given: Assignment, events: Sequence[Event], step: int) -> Assignment:
    """The same trial, gone on with from the checkpoint of a step."""
    return replace(given, resume_step=step, resume_contents=saved(events, step).contents)
