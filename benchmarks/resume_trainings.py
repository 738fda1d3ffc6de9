"""Trainings that are killed: a BERT by a Trainer, and a network by a loop of one's own.

Both have dropout, and data that is drawn anew whenever it is read, or is not; on one process or on
several that began as torchrun begins them. A process dies by kill -9 in the middle of a step.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import distributed as dist
from torch import nn
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainerCallback

import etude
from etude.train.torch import hosts

EXAMPLES, BATCH, LENGTH, WORDS = 8, 2, 6, 40  # of each rank: four steps an epoch
STEPS, EVALUATIONS = 8, 4
# The step in which it is killed: the last checkpoint is of the end of an epoch, or in its middle.
KILLED_IN = {"end": 5, "middle": 7}
# Longer than any of these takes on a busy machine.
LIMIT_S = 400


@dataclass(frozen=True)
class Cell:
    """One kind of training, and where it is killed."""

    loop: str
    place: str
    augments: bool
    workers: int
    ranks: int

    def experiment(self) -> etude.Experiment:
        return etude.Experiment(
            name="resume",
            metric="valid/loss",
            max_steps=STEPS,
            evaluations=EVALUATIONS,
            trials=1,
            nuisance={"learning_rate": etude.Real(1e-3, 1e-2, log=True)},
        )


class Words(torch.utils.data.Dataset[dict[str, Any]]):
    """Rows of words; one that augments draws a word anew with each generator in use."""

    def __init__(self, count: int, *, augments: bool) -> None:
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


class Killed(TrainerCallback):
    """Kills its process in the middle of a step."""

    def __init__(self, step: int) -> None:
        self._step = step

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        die_in(state.global_step + 1, self._step)


def die_in(step: int, killed_in: int) -> None:
    if step == killed_in:
        os.kill(os.getpid(), signal.SIGKILL)


def by_trainer(cell: Cell, killed_in: int, place: Path) -> Callable[[Any], None]:
    """The training of a BERT by a Trainer of transformers."""

    def train(trial: Any) -> None:
        config = BertConfig(
            vocab_size=WORDS,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=LENGTH,
        )
        trainer = etude.huggingface.fit(
            trial,
            lambda args: Trainer(
                model=BertForSequenceClassification(config),
                args=args,
                train_dataset=Words(EXAMPLES * cell.ranks, augments=cell.augments),
                eval_dataset=Words(4, augments=False),
                callbacks=[Killed(killed_in)],
            ),
            learning_rate=trial["learning_rate"],
            per_device_train_batch_size=BATCH,
            dataloader_num_workers=cell.workers,
            disable_tqdm=True,
        )
        keep(trainer.model, place)

    return train


class ByHand:
    """A network and its data, with all that a checkpoint must keep of them."""

    def __init__(self, trial: Any, cell: Cell) -> None:
        torch.manual_seed(trial.seed)
        self.seed = trial.seed
        self.workers = cell.workers
        self.data = Words(EXAMPLES, augments=cell.augments)
        self.net = nn.Sequential(
            nn.Embedding(WORDS, 8), nn.Flatten(), nn.Dropout(0.2), nn.Linear(8 * LENGTH, 2)
        )
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=trial["learning_rate"])
        self.drawn: list[Any] = []

    def load(self, folder: Path) -> None:
        saved = torch.load(folder / "state.pt", weights_only=False)
        self.net.load_state_dict(saved["net"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.drawn = saved["drawn"]

    def save(self, folder: Path) -> None:
        parts = {"net": self.net.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save({**parts, "drawn": self.drawn}, folder / "state.pt")

    def note_drawn(self) -> None:
        """The random states of all ranks, before the first of them saves."""
        self.drawn = of_all_ranks((random.getstate(), torch.get_rng_state()))

    def batches(self, first: int) -> Iterator[Any]:
        """The batches from this step on; of an epoch that was begun the first are made again."""
        of_epoch = EXAMPLES // BATCH
        for epoch in range(first // of_epoch, STEPS // of_epoch):
            seeds = torch.Generator().manual_seed(self.seed + 1000 * epoch + hosts.rank())
            loader = torch.utils.data.DataLoader(
                self.data, BATCH, shuffle=True, num_workers=self.workers, generator=seeds
            )
            batches = iter(loader)
            for _ in range(max(first - epoch * of_epoch, 0)):
                next(batches)
            if epoch == first // of_epoch and first:
                set_drawn(self.drawn[hosts.rank()])
            yield from batches

    def step(self, batch: Any, die: Callable[[], None]) -> float:
        loss = nn.functional.cross_entropy(self.net(batch["input_ids"]), batch["labels"])
        loss = loss / hosts.ranks()
        self.optimizer.zero_grad()
        loss.backward()
        die()
        hosts.sum_gradients(self.net)
        self.optimizer.step()
        return hosts.sum_over_ranks(loss.item())


def by_hand(cell: Cell, killed_in: int, place: Path) -> Callable[[Any], None]:
    """The training of a network by a loop of one's own."""

    def train(trial: Any) -> None:
        training = ByHand(trial, cell)
        trial.restore(training.load)
        batches: Iterator[Any] | None = None
        for step in trial.steps():
            batches = batches or training.batches(step)
            loss = training.step(next(batches), lambda step=step: die_in(step + 1, killed_in))
            trial.log(step, {"train/loss": loss})
            if trial.evaluates(step):
                training.note_drawn()
                trial.report(step, {"valid/loss": loss}, checkpoint=training.save)
        keep(training.net, place)

    return train


def set_drawn(state: tuple[Any, Any]) -> None:
    random.setstate(state[0])
    torch.set_rng_state(state[1])


def of_all_ranks(state: Any) -> list[Any]:
    """What every rank has, on each of them: the first one saves."""
    states = [state] * hosts.ranks()
    if hosts.ranks() > 1:
        dist.all_gather_object(states, state)
    return states


def keep(model: Any, place: Path) -> None:
    """The weights that a training ended with, of each rank."""
    torch.save(model.state_dict(), place.with_name(f"{place.name}-{hosts.rank()}.pt"))


LOOPS = {"huggingface": by_trainer, "plain": by_hand}


def run(cell: Cell, place: Path, *, killed: bool) -> list[int]:
    """Runs a round of one trial in processes of its own; how each of them ended."""

    def work() -> None:
        killed_in = KILLED_IN[cell.place] if killed else 0
        train = LOOPS[cell.loop](cell, killed_in, place)
        etude.run(cell.experiment(), train, store=place.with_name(f"{place.name}.db"))

    return forked(work, ranks=cell.ranks, log=place.with_name(f"{place.name}.txt"))


def forked(work: Callable[[], None], *, ranks: int, log: Path) -> list[int]:
    """Has processes do some work, several of them as torchrun starts them; their exit codes.

    They are forked off this one, so that nothing is imported again.
    """
    variables = torchrun_variables(ranks) if ranks > 1 else [{}]
    children = [_child(work, given, log) for given in variables]
    return [os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in children]


def torchrun_variables(ranks: int) -> list[dict[str, str]]:
    """The environment of each rank, as torchrun would make it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {
        "TORCHELASTIC_RUN_ID": "resume",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
        "WORLD_SIZE": str(ranks),
        "LOCAL_WORLD_SIZE": str(ranks),
        "GLOO_SOCKET_IFNAME": "lo",
    }
    return [{**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(ranks)]


def _child(work: Callable[[], None], variables: dict[str, str], log: Path) -> int:
    sys.stdout.flush()
    if pid := os.fork():
        return pid
    code = 1
    try:
        signal.alarm(LIMIT_S)
        os.environ.update(variables)
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, 1)
        os.dup2(file, 2)
        work()
        code = 0
    except SystemExit as error:
        code = int(error.code or 0)
    except BaseException:  # noqa: BLE001  # whatever it is, this process ends with it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)
