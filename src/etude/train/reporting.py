"""Stretches: steps of many trials that are trained first and told to each trial after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from ..errors import Halted, Leave
from ..trial import Trial
from .checkpointing import CheckpointKeeper, Savable

# Heuristic: news of a trial, a stop and Ctrl-C wait for the end of a stretch of steps.
STRETCH_S = 0.5


class Trained(Protocol):
    """A trial of a stack, whichever library trains it."""

    trial: Trial
    keeper: CheckpointKeeper
    step: int


class Departed(NamedTuple):
    """A trial that is over, and what it left with; None where it did all its steps."""

    member: Any
    error: BaseException | None


class StepResults(NamedTuple):
    """What a stretch came to: losses and norms of its steps, an evaluation where it was due."""

    losses: Sequence[float]
    norms: Sequence[float]
    values: Mapping[str, float] | None


def report_steps(
    member: Trained, told: StepResults | None, state: Callable[[], Savable]
) -> Departed | None:
    """Hands a stretch to the trial, as its own loop would have; Left where it is over."""
    trial = member.trial
    try:
        if told is not None:
            for loss, norm in zip(told.losses, told.norms, strict=True):
                trial.log(member.step, {"train/loss": loss, "grad_norm": norm})
                member.step += 1
            if told.values is not None:
                at = member.step - 1
                trial.report(at, told.values)
                member.keeper.offer(at, told.values.get(trial.metric, float("nan")), state)
    except Halted as error:
        member.keeper.write()
        return Departed(member, error)
    except (Leave, Exception) as error:  # noqa: BLE001  # the disk, or a promise of ours broken
        return Departed(member, error)
    return Departed(member, None) if member.step == trial.max_steps else None
