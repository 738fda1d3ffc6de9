"""Trials of a workload trained plainly and in stacks, with all that they told."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from tests.runner.sample import assignment

from etude.errors import Leave
from etude.train.backend import backend_of
from etude.train.torch.vectorized import Stack
from etude.trial import Trial

BASE = {
    "batch_size": 8,
    "beta1": 0.9,
    "beta2": 0.99,
    "epsilon": 1e-8,
    "rmsprop_decay": 0.9,
    "momentum": 0.8,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "weight_decay": 1e-3,
}


@dataclass
class Told:
    """A channel that keeps all values, and how the trial ended."""

    rows: list[tuple[int, str, float]] = field(default_factory=list)
    steps_saved: list[int] = field(default_factory=list)
    error: BaseException | None = None

    def marked(self, moment, step):
        pass

    def logged(self, step, values):
        self.rows += [(step, name, value) for name, value in values.items()]

    def saved(self, step, value, contents):
        self.steps_saved.append(step)

    def values(self, name: str) -> np.ndarray:
        return np.array([value for _, each, value in self.rows if each == name])


def setting(number: int, **given: Any) -> dict[str, Any]:
    """A setting of its own for each number."""
    own = {"learning_rate": 0.01 * (1 + number / 3), "weight_decay": 1e-3 * number}
    chosen = {**BASE, **own, **given}
    return {name: value for name, value in chosen.items() if name != "momentum" or _has(chosen)}


def _has(chosen: dict[str, Any]) -> bool:
    return chosen["optimizer"] in ("momentum", "nesterov", "rmsprop")


def trial(folder: Path, number: int, told: Any, steps: int = 40, **given: Any) -> Trial:
    known = (
        "resume_step",
        "max_wall_s",
        "diverged_above",
        "evaluations",
        "evaluate_training",
        "split_seed",
    )
    about = {name: given.pop(name) for name in known if name in given}
    return Trial(
        assignment(
            folder,
            id=number,
            seed=100 + number,
            setting=setting(number, **given),
            max_steps=steps,
            metric="valid/error",
            **about,
        ),
        told,
        now_s=time.monotonic,
    )


def plain(loop: Any, one: Trial) -> Told:
    """What a trial tells that is trained by itself."""
    told = cast(Told, one._channel)
    try:
        loop(one)
    except Leave as error:
        told.error = error
    return told


def together(loop: Any, trials: Sequence[Trial]) -> list[Told]:
    """What trials tell that are trained in one stack."""
    return drained(stack_of(loop, trials))


def stack_of(loop: Any, trials: Sequence[Trial]) -> Stack:
    stacking = backend_of(loop).stack(loop)
    members = [stacking.member(one) for one in trials]
    for member in members:
        member.begin()
    assert len({member.signature for member in members}) == 1
    stack: Stack = stacking.stack(members)
    return stack


def drained(stack: Stack) -> list[Told]:
    """Trains to the end; what was told, by the trials' ids."""
    told: dict[int, Any] = {one.trial.id: one.trial._channel for one in stack.members}
    while stack.members:
        for left in stack.advance():
            told[left.member.trial.id].error = left.error
    return [told[number] for number in sorted(told)]
