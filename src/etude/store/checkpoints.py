"""Which checkpoints stay on disk, and where they lie."""

from __future__ import annotations

import dataclasses
import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import final

from ..event import Began, Ended, Event, Lost, Paused, Saved
from ..record import Checkpoint, Record


@final
class Files:
    """The folders beside a store: `STORE.checkpoints/NAME/TRIAL/STEP/` and `STORE.trials/NAME/`."""

    def __init__(self, store: Path) -> None:
        """Takes the path of the store itself."""
        self._store = store.absolute()

    def checkpoints(self, name: str, trial_id: int) -> Path:
        """The folder of a trial's checkpoints, one folder a step in it."""
        return self._beside("checkpoints") / name / str(trial_id)

    def trial(self, name: str, trial_id: int) -> Path:
        """The folder that a trial may use, its log in it."""
        return self._beside("trials") / name / str(trial_id)

    def log(self, name: str, trial_id: int) -> Path:
        """What a trial printed."""
        return self.trial(name, trial_id) / "log.txt"

    def copy(self, name: str, fork: Record) -> None:
        """Gives a fork its parent's checkpoint, before the fork is written down."""
        assert fork.parent is not None, "Only a fork has a parent. This is a bug."
        place = self.checkpoints(name, fork.id)
        shutil.rmtree(place, ignore_errors=True)  # of a crash between the copy and its commit
        step = str(fork.from_step)
        shutil.copytree(self.checkpoints(name, fork.parent) / step, place / step)

    def _beside(self, kind: str) -> Path:
        return self._store.with_name(f"{self._store.name}.{kind}")


def retained(
    checkpoints: Sequence[Checkpoint], *, best: int, maximize: bool
) -> tuple[Checkpoint, ...]:
    """The checkpoints worth their disk: the last, and the best few by their metric (K1)."""
    if not checkpoints:
        return ()
    sign = -1.0 if maximize else 1.0
    judged = [one for one in checkpoints if one.value is not None and math.isfinite(one.value)]
    judged.sort(key=lambda one: (sign * one.value, one.step))  # type: ignore[operator]  # judged ones have a value
    worth = {checkpoints[-1].step, *(one.step for one in judged[:best])}
    return tuple(one for one in checkpoints if one.step in worth)


@final
@dataclasses.dataclass(frozen=True)
class CheckpointCleanup:
    """What may go from a trial's folder of checkpoints, once the commit that forgets it is through.

    A crash between the two leaves a folder too many, never one too few.

    Args:
        forgotten: Steps that are kept no longer.
        rest: Whether everything else that is not kept goes too: only when the trial trains no more.
            Before, a folder that the store does not know may be the next checkpoint, on its way.
    """

    trial_id: int
    worth: tuple[Checkpoint, ...]
    forgotten: frozenset[int]
    rest: bool

    def perform(self, folder: Path) -> None:
        """Removes the folders."""
        worth = {one.step for one in self.worth}
        for found in folder.iterdir() if folder.is_dir() else ():
            known = found.name.isdecimal() and int(found.name) in self.forgotten
            over = self.rest and not (found.name.isdecimal() and int(found.name) in worth)
            if known or over:
                shutil.rmtree(found, ignore_errors=True)


def cleanup(
    record: Record, events: Sequence[Event], *, best: int, maximize: bool
) -> CheckpointCleanup | None:
    """What may go after these events, `record` standing as they left it; None for nothing."""
    over = any(isinstance(event, Ended | Paused | Lost) for event in events)
    if not over and not any(isinstance(event, Began | Saved) for event in events):
        return None
    worth = retained(record.checkpoints, best=best, maximize=maximize)
    forgotten = {one.step for one in record.checkpoints} - {one.step for one in worth}
    return CheckpointCleanup(record.id, worth, frozenset(forgotten), rest=over)
