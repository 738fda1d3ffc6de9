"""Checkpointing: the loop holds the last state and the best few, and writes them now and then.

How one is written is said in `disk/checkpoint.py`, which stay on disk in `store/checkpoints.py`,
and which one a trial goes on from in `round/resume.py`.

Writing at every evaluation would cost a small network more than its training. So the best are held
in memory, and they and the last are written every few seconds and at the end. A kill loses what
came since; the trial goes on from the last one that was written and comes to the same values.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol, TypeAlias, final

from ..experiment.objective import Objective
from ..trial import Trial

# Heuristic: a kill costs half a minute at most, and writing stays below a percent or so.
EVERY_S = 30.0


class Savable(Protocol):
    """A state of a trial, whichever library holds its tensors."""

    def save(self, folder: Path) -> None:
        """Writes it into an empty folder."""


Beside: TypeAlias = Callable[[Savable, Path], None]


@final
class CheckpointKeeper:
    """Holds the best states of a trial so far, and writes what is due.

    Source: K1, K2.
    """

    def __init__(
        self, trial: Trial, *, every_s: float = EVERY_S, beside: Beside | None = None
    ) -> None:
        """Keeps as many as the experiment says; `every_s` of 0 writes at every evaluation.

        `beside` writes into the folder of a state whatever is to stand beside it (E7).
        """
        self._beside = beside
        self._trial = trial
        self._every_s = every_s
        self._best: list[tuple[float, int]] = []
        self._unwritten: dict[int, tuple[float, Savable]] = {}
        self._written = time.monotonic()

    def offer(self, step: int, value: float, state: Callable[[], Savable]) -> None:
        """Takes an evaluation; `state` is called where it must be held or written."""
        until = self._trial.until_step
        last = step == self._trial.max_steps - 1 or (until is not None and until <= step + 1)
        due = last or time.monotonic() - self._written >= self._every_s
        good = self._admit(value, step)
        if not (due or good):
            return
        self._unwritten[step] = (value, state())
        if due:
            self.write()

    def write(self) -> None:
        """Writes what is held and not on disk, in the order of steps: the last comes last."""
        states, self._unwritten = self._unwritten, {}
        self._written = time.monotonic()
        for step, (value, state) in sorted(states.items()):
            save = partial(self._save, state)
            self._trial.save(step, save, value=value)  # the last one may leave the loop

    def _save(self, state: Savable, folder: Path) -> None:
        state.save(folder)
        if self._beside is not None:
            self._beside(state, folder)

    def _admit(self, value: float, step: int) -> bool:
        """Whether a value is among the best so far, first of equals first; it then ousts one."""
        if not math.isfinite(value):
            return False
        loss = Objective(self._trial.metric, self._trial.maximize).loss(value)
        ranked = sorted([*self._best, (loss, step)])
        self._best, ousted = (
            ranked[: self._trial.keep_checkpoints],
            ranked[self._trial.keep_checkpoints :],
        )
        for _, old in ousted:
            self._unwritten.pop(old, None)
        return (loss, step) in self._best
