"""What every store is, and what all of them do alike."""

from __future__ import annotations

import dataclasses
import math
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, final

from ..event import Began, Ended, Event, Lost, Paused, Refused, Reopened, Saved
from ..launch import Entry
from ..move import Beginning, Fork, Resume, Start
from ..record import Checkpoint, Record, Records
from ..study import Study, derived_seed

# No source, ours: one loss is the machine's business, three of the same trial are the trial's.
MAX_LOSSES = 3


class Store(Protocol):
    """Experiments, their trials and their points. One run writes, anybody may read meanwhile."""

    @property
    def files(self) -> Files:
        """Where checkpoints and the trials' own folders stand."""

    def entries(self) -> list[Entry]:
        """All experiments, oldest first."""

    def begin(self, entry: Entry) -> None:
        """Adds an experiment, or extends the one of this name by the entry's launches."""

    def own(self, name: str) -> AbstractContextManager[None]:
        """Holds an experiment for this process; what was left running is pending again.

        Raises:
            OwnedError: while another process holds it.
        """

    def reserve(self, name: str, study: Study, moves: Sequence[Beginning]) -> list[Record]:
        """The trials of these moves as pending, new ones with their ids, forks with their copy."""

    def append(self, name: str, events: Sequence[Event]) -> None:
        """Writes events down, all or none of them; when it returns they are safe."""

    def records(self, name: str) -> Records:
        """Every trial of an experiment as it stands, with its points."""

    def close(self) -> None:
        """Lets go of files."""


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


@final
@dataclasses.dataclass(frozen=True)
class Reserved:
    """What moves make of a study: trials that begin, and trials that go on."""

    new: tuple[Record, ...]
    again: tuple[Record, ...]

    def in_order(self, moves: Sequence[Beginning]) -> list[Record]:
        """The records as the moves ask for them."""
        new, again = iter(self.new), iter(self.again)
        return [next(again if isinstance(move, Resume) else new) for move in moves]


def reserved(
    study: Study,
    moves: Sequence[Beginning],
    known: Mapping[int, Record],
    *,
    first_id: int,
    first_index: int,
) -> Reserved:
    """The pending records of these moves; a seed is known, or derived from study and place.

    `known` has the trials that are resumed or forked, by id.
    """
    begun = [move for move in moves if not isinstance(move, Resume)]
    return Reserved(
        new=tuple(
            Record(
                id=first_id + offset,
                study=study.name,
                index=first_index + offset,
                setting=study.setting(move.searched),
                until_step=move.until_step,
                **_identity(study, move, first_index + offset),
                **(_origin(move, known[move.parent]) if isinstance(move, Fork) else {}),
            )
            for offset, move in enumerate(begun)
        ),
        again=tuple(
            dataclasses.replace(known[move.trial_id], status="pending", until_step=move.until_step)
            for move in moves
            if isinstance(move, Resume)
        ),
    )


def _identity(study: Study, move: Start | Fork, index: int) -> dict[str, Any]:
    """The seed of a new trial; its own, and its name, where it was trained elsewhere."""
    return {
        "seed": move.seed
        if isinstance(move, Start) and move.seed is not None
        else derived_seed(study.seed, index),
        "name": move.name if isinstance(move, Start) else "",
    }


def _origin(move: Fork, parent: Record) -> dict[str, Any]:
    """What a fork has of its parent: where it begins, and the checkpoint there."""
    held = tuple(one for one in parent.checkpoints if one.step == move.from_step)
    assert held, f"Trial {parent.id} has no checkpoint of step {move.from_step}. This is a bug."
    return {
        "parent": move.parent,
        "from_step": move.from_step,
        "steps": move.from_step + 1,
        "checkpoints": held,
    }


def mentioned(moves: Sequence[Beginning]) -> list[int]:
    """The trials that exist already and that these moves go on from."""
    resumed = [move.trial_id for move in moves if isinstance(move, Resume)]
    return resumed + [move.parent for move in moves if isinstance(move, Fork)]


def after(record: Record, event: Event) -> Record:
    """How a trial stands after an event, its points aside."""
    if isinstance(event, Began):
        kept = tuple(one for one in record.checkpoints if one.step < event.from_step)
        return dataclasses.replace(
            record,
            status="running",
            reason="",
            detail="",
            steps=event.from_step,
            checkpoints=kept,
        )
    if isinstance(event, Saved):
        kept = tuple(one for one in record.checkpoints if one.step != event.step)
        return dataclasses.replace(
            record, checkpoints=(*kept, Checkpoint(event.step, event.value)), steps=event.step + 1
        )
    if isinstance(event, Ended):
        return dataclasses.replace(
            record,
            status=event.status,
            reason=event.reason,
            detail=event.detail,
            steps=max(event.steps, record.steps),  # a killed worker does not know its own
            wall_s=record.wall_s + event.wall_s,
        )
    if isinstance(event, Paused):
        steps, wall_s = max(event.steps, record.steps), record.wall_s + event.wall_s
        return dataclasses.replace(record, status="paused", steps=steps, wall_s=wall_s)
    if isinstance(event, Lost):
        return _after_loss(record, event)
    if isinstance(event, Reopened):
        return dataclasses.replace(record, status="pending", reason="", detail="", losses=0)
    if isinstance(event, Refused):
        return dataclasses.replace(record, status="pending", reason="", detail="")
    return record


def _after_loss(record: Record, event: Lost) -> Record:
    losses = record.losses + 1
    if losses < MAX_LOSSES:
        return dataclasses.replace(record, status="pending", losses=losses)
    detail = f"Its worker died {losses} times; the last time: {event.detail}."
    return dataclasses.replace(
        record, status="infeasible", reason="killed", detail=detail, losses=losses
    )


def kept(checkpoints: Sequence[Checkpoint], *, best: int, maximize: bool) -> tuple[Checkpoint, ...]:
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
class Sweep:
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


def sweep(record: Record, events: Sequence[Event], *, best: int, maximize: bool) -> Sweep | None:
    """What may go after these events, `record` standing as they left it; None for nothing."""
    over = any(isinstance(event, Ended | Paused | Lost) for event in events)
    if not over and not any(isinstance(event, Began | Saved) for event in events):
        return None
    worth = kept(record.checkpoints, best=best, maximize=maximize)
    forgotten = {one.step for one in record.checkpoints} - {one.step for one in worth}
    return Sweep(record.id, worth, frozenset(forgotten), rest=over)
