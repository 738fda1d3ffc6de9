"""Torchrun: one script on several ranks, of which the first runs the round and the others follow.

A rank that raises ends the round: the others wait in the middle of a step for what it does not send
any more. So the first says what happened and ends; torchrun then ends the others.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias, final

import torch
from torch import distributed as dist

from ...errors import Leave, RunError, WorkloadError
from ...text.signs import text_of
from ...trial import TrainFunction, Trial, trained_now
from ..hosts import seeds
from .rank_trial import next_trial, no_more_trials, shared
from .ranks import end_process

Isolated: TypeAlias = Callable[[TrainFunction, int], TrainFunction]
# What the backends say where another rank is gone.
_GONE = (
    *("connection closed", "connection reset", "connection refused", "broken pipe"),
    *("timed out", "nccl", "remote process exited", "socket"),
)


@final
class FirstRank:
    """Trains trials of the first rank together with the others, until one of them is lost.

    Attributes:
        lost: Why the ranks are not in step any more; empty while they are.
    """

    def __init__(self, load: Callable[[], TrainFunction]) -> None:
        """Takes what loads the train function."""
        self._load = load
        self.lost = ""

    def load(self) -> TrainFunction:
        """The train function, which is handed the trial as all ranks share it."""
        _join()
        train = self._load()

        def trained(trial: Trial) -> Any:
            if self.lost:
                raise WorkloadError(self.lost)
            ours: Any = shared(trial)  # it reads as a Trial
            try:
                with trained_now(ours):
                    return train(ours)
            except Leave:
                raise
            except BaseException as error:
                self._lose(trial, error)
                raise

        vars(trained)["workload"] = getattr(train, "workload", None)
        return trained

    def finish(self) -> None:
        """Lets the other ranks go.

        Raises:
            RunError: where they cannot hear of it.
        """
        if self.lost:
            raise RunError(self.lost)
        if dist.is_initialized():
            no_more_trials()

    def _lose(self, trial: Trial, error: BaseException) -> None:
        """Notes that the ranks are not in step any more.

        Raises:
            WorkloadError: where another rank was lost first: no fault of this trial.
        """
        text = text_of(error)
        again = "Start torchrun again: the round goes on from its last checkpoints."
        if isinstance(error, RuntimeError) and any(sign in text.lower() for sign in _GONE):
            self.lost = (
                f"Another rank ended in the middle of trial {trial.id}; what it raised stands "
                f"above. {again}"
            )
            raise WorkloadError(self.lost) from error
        # The run ends before anybody else shows it; the first frame is ours.
        trace = error.__traceback__ and error.__traceback__.tb_next
        traceback.print_exception(type(error), error, trace)
        self.lost = (
            f"The first rank met {type(error).__name__} in the middle of trial {trial.id}, so that "
            f"the other ranks wait for it in vain: {text}. Mend it, or take that setting out. "
            f"{again}"
        )


def follow(load: Callable[[], TrainFunction], isolated: Isolated) -> NoReturn:
    """On every other rank: trains along until the round is over, and ends this process.

    What stands after the round in a script is the first rank's to do. `isolated` seeds the
    generators of this process for each trial, and puts back what it changed.
    """
    _join()
    train = load()
    while (trial := next_trial()) is not None:
        seed = seeds(trial.seed, dist.get_rank()).preprocessing
        try:
            with trained_now(trial):
                isolated(train, seed)(trial)  # type: ignore[arg-type]  # it reads as a Trial
        except Leave:
            continue
    end_process()


def _join() -> None:
    """Joins the group that torchrun's variables describe."""
    if dist.is_initialized():
        return
    on_gpus = torch.cuda.is_available()
    if on_gpus:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    dist.init_process_group("nccl" if on_gpus else "gloo")
