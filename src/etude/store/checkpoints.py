"""Which checkpoints stay on disk, and where they lie.

Which are held while a trial trains is for `train/checkpointing.py`, how one is written for
`disk/checkpoint.py`, and which one a trial goes on from for `round/resume.py`.
"""

from __future__ import annotations

import dataclasses
import math
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import final

from ..disk.folder import copy_tree, make_lasting_folder, sync_tree
from ..errors import StoreError
from ..event import Began, Ended, Event, Lost, Paused, Saved, Unrestored
from ..experiment.objective import Objective
from ..record import Checkpoint, Record

# No trial's folder: trials are numbered.
REHEARSAL = "rehearsal"


# A person mends the first few of many, and the others are like them.
_MOST_NAMED = 5


def _is_in_the_way(entry: os.DirEntry[str]) -> bool:
    """Whether something that is no folder has the name of a trial's."""
    return entry.name.isascii() and entry.name.isdecimal() and not entry.is_dir()


@final
class Files:
    """The folders beside a store: `STORE.checkpoints/NAME/TRIAL/STEP/`, `STORE.trials/NAME/`."""

    def __init__(self, store: Path, *, lasting: bool = True) -> None:
        """Takes the path of the store itself, and whether it is to survive a power cut."""
        self._store = store.absolute()
        self.lasting = lasting

    @property
    def folder(self) -> Path:
        """The folder that the store stands in."""
        return self._store.parent

    def checkpoints(self, name: str, trial_id: int) -> Path:
        """The folder of a trial's checkpoints, one folder a step in it."""
        return self._beside("checkpoints") / name / str(trial_id)

    def trial(self, name: str, trial_id: int) -> Path:
        """The folder that a trial may use, its log in it."""
        return self._beside("trials") / name / str(trial_id)

    def rehearsal(self, name: str) -> Path:
        """The folder in which a trial is tried before it is trained."""
        return self._beside("trials") / name / REHEARSAL

    @property
    def test_looks(self) -> Path:
        """Where it is written down when test data were looked at."""
        return self._beside("test-looks.toml")

    @property
    def store(self) -> Path:
        """The store itself."""
        return self._store

    def tracking(self, name: str, tracker: str) -> Path:
        """Where it is kept how far an experiment's trials have come in a tracker."""
        return self._beside("tracking") / name / f"{tracker}.db"

    @property
    def live_key(self) -> Path:
        """The key that lets browsers go on looking at a live page that is served anew."""
        return self._beside("live-key")

    @property
    def batch_sizes(self) -> Path:
        """Where the measurements of batch sizes are kept."""
        return self._beside("batch-sizes.json")

    def refuse_file_for_folder(self, name: str) -> None:
        """Refuses what stands where the folders of an experiment or its trials are to be.

        Raises:
            StoreError: that names each.
        """
        tops = (self._beside("checkpoints"), self._beside("trials"))
        places = [place for top in tops for place in (top, top / name)]
        for top in tops:
            with suppress(OSError), os.scandir(top / name) as inside:
                trials = sorted(int(one.name) for one in inside if _is_in_the_way(one))
                places += [top / name / str(trial) for trial in trials]
        wrong = [place for place in places if os.path.lexists(place) and not place.is_dir()]
        if wrong:
            raise StoreError(
                "\n".join(
                    f"`{place}` is no folder, and trials write their files there. "
                    "Move it away and type the same command again."
                    for place in wrong[:_MOST_NAMED]
                )
            )

    def log(self, name: str, trial_id: int) -> Path:
        """What a trial printed."""
        return self.trial(name, trial_id) / "log.txt"

    def copy(self, name: str, fork: Record) -> None:
        """Gives a fork its parent's checkpoint, before the fork is written down.

        Where somebody removed that, the fork begins anew: no setting is to blame.
        """
        assert fork.parent is not None, "Only a fork has a parent. This is a bug."
        place = self.checkpoints(name, fork.id)
        shutil.rmtree(place, ignore_errors=True)  # of a crash between the copy and its commit
        make_lasting_folder(place)
        step = str(fork.from_step)
        source = self.checkpoints(name, fork.parent) / step
        if source.is_dir():
            copy_tree(source, place / step)
        if self.lasting:
            sync_tree(place)

    def _beside(self, kind: str) -> Path:
        return self._store.with_name(f"{self._store.name}.{kind}")


def retained(
    checkpoints: Sequence[Checkpoint], *, best: int, objective: Objective
) -> tuple[Checkpoint, ...]:
    """The checkpoints worth their disk: the last, and the best few by their metric (K1)."""
    if not checkpoints:
        return ()
    judged = [one for one in checkpoints if one.value is not None and math.isfinite(one.value)]
    judged.sort(key=lambda one: (objective.loss(one.value), one.step))  # type: ignore[type-var]  # judged ones have a value
    steps = {checkpoints[-1].step, *(one.step for one in judged[:best])}
    return tuple(one for one in checkpoints if one.step in steps)


@final
@dataclasses.dataclass(frozen=True)
class Sweep:
    """The checkpoints to remove from a trial's folder, after the commit that forgets them.

    A crash between the two leaves a folder too many, never one too few.

    Args:
        retained: The checkpoints that stay.
        forgotten: Steps of those that go.
        rest: Whether everything else that is not retained goes too: only when the trial trains no
            more. Before, a folder that the store does not know may be the next checkpoint.
    """

    trial_id: int
    retained: tuple[Checkpoint, ...]
    forgotten: frozenset[int]
    rest: bool

    def perform(self, folder: Path) -> None:
        """Removes the folders."""
        retained_steps = {checkpoint.step for checkpoint in self.retained}
        for path in folder.iterdir() if folder.is_dir() else ():
            step = int(path.name) if path.name.isdecimal() else None
            is_forgotten = step in self.forgotten
            is_rest = self.rest and step not in retained_steps
            if is_forgotten or is_rest:
                shutil.rmtree(path, ignore_errors=True)


def cleanup(
    record: Record, events: Sequence[Event], *, best: int, objective: Objective
) -> Sweep | None:
    """The cleanup after these events, which left `record` as it stands; None where none is due."""
    is_over = any(isinstance(event, Ended | Paused | Lost | Unrestored) for event in events)
    if not is_over and not any(isinstance(event, Began | Saved) for event in events):
        return None
    stay = retained(record.checkpoints, best=best, objective=objective)
    forgotten = {one.step for one in record.checkpoints} - {one.step for one in stay}
    return Sweep(record.id, stay, frozenset(forgotten), rest=is_over)
