"""Reporting: a stack trains a stretch of steps first, and then each trial logs its own."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from ..errors import Halted, Leave
from ..playbook.metrics import EPOCH
from ..trial import Trial
from .checkpointing import CheckpointKeeper, Savable
from .epochs import epochs_done
from .evaluation_set import log_facts

# Heuristic: events of a trial, a stop and Ctrl-C wait for the end of a stretch of steps.
STRETCH_S = 0.5


class Trained(Protocol):
    """A trial of a stack, whichever library trains it."""

    trial: Trial
    keeper: CheckpointKeeper
    step: int
    steps_per_epoch: float

    def facts(self) -> Mapping[str, float]:
        """What checks ask of the data."""


def until_evaluation(trial: Trial, step: int) -> int:
    """Steps until the next one that evaluates, itself included."""
    evaluations = trial.evaluation_steps
    return evaluations[bisect_left(evaluations, step)] - step + 1


class Departed(NamedTuple):
    """A trial that is over, and what it left with; None where it did all its steps."""

    member: Any
    error: BaseException | None


class StepResults(NamedTuple):
    """Losses and norms of the steps of a stretch, and an evaluation where it was due.

    Args:
        at_first: What is logged with the first step of the trial.
    """

    losses: Sequence[float]
    norms: Sequence[float]
    values: Mapping[str, float] | None
    at_first: Mapping[str, float] = {}


def report_steps(
    member: Trained, results: StepResults | None, state: Callable[[], Savable]
) -> Departed | None:
    """Reports a stretch to the trial as its own loop would; the departure where it is over."""
    trial = member.trial
    try:
        if results is not None:
            for loss, norm in zip(results.losses, results.norms, strict=True):
                log_facts(trial, member.step, member.facts)
                others = results.at_first if member.step == 0 else {}
                trial.log(member.step, {"train/loss": loss, "grad_norm": norm, **others})
                member.step += 1
            if results.values is not None:
                step = member.step - 1
                trial.log(step, {EPOCH: epochs_done(step, member.steps_per_epoch)})
                trial.report(step, results.values)
                member.keeper.offer(step, results.values.get(trial.metric, float("nan")), state)
    except Halted as error:
        member.keeper.write()
        return Departed(member, error)
    except (Leave, Exception) as error:  # noqa: BLE001  # the disk, or a promise of ours broken
        return Departed(member, error)
    return Departed(member, None) if member.step == trial.max_steps else None
