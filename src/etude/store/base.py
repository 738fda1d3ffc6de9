"""The contract of a store, and the rules that every store shares."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, final

from ..code import Stretch
from ..event import Began, Coded, Ended, Event, Lost, Paused, Refused, Reopened, Saved, Unrestored
from ..experiment.entry import Entry
from ..move import Beginning, Fork, Resume, Start
from ..record import Checkpoint, Record, Records
from ..study import Study, derived_seed
from .checkpoints import Files, Sweep

# Heuristic: one loss is the machine's business, three of the same trial are the trial's.
MAX_LOSSES = 3


def unheard() -> None:
    """Nobody is called where a store is lost: its next use says so."""


class Store(Protocol):
    """Experiments, their trials and their points. One run writes, anybody may read meanwhile."""

    @property
    def files(self) -> Files:
        """Where checkpoints and the trials' own folders stand."""

    def entries(self) -> list[Entry]:
        """All experiments, oldest first."""

    def begin(self, entry: Entry) -> None:
        """Adds an experiment, or extends the one of this name by the entry's launches.

        What an experiment knows of earlier rounds is written down once, and stays.
        """

    def own(
        self, name: str, on_loss: Callable[[], object] = unheard
    ) -> AbstractContextManager[None]:
        """Holds an experiment for this process; what was left running is pending again.

        `on_loss` is called, in another thread, where the store is deleted, moved or replaced
        meanwhile; whatever the block raises then is raised as a StoreError that says so.

        Raises:
            OwnedError: while another process holds it.
            StoreError: where the store is no longer the file that was opened.
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
@dataclasses.dataclass(frozen=True)
class Reservation:
    """The pending records of moves: new trials, and those that are resumed."""

    new: tuple[Record, ...]
    resumed: tuple[Record, ...]

    def in_order(self, moves: Sequence[Beginning]) -> list[Record]:
        """The records as the moves ask for them."""
        new, resumed = iter(self.new), iter(self.resumed)
        return [next(resumed if isinstance(move, Resume) else new) for move in moves]


def reservation_of(
    study: Study,
    moves: Sequence[Beginning],
    known: Mapping[int, Record],
    *,
    first_id: int,
    first_index: int,
) -> Reservation:
    """The pending records of these moves; a seed is known, or derived from study and place.

    `known` has the trials that are resumed or forked, by id.
    """
    beginnings = [move for move in moves if not isinstance(move, Resume)]
    return Reservation(
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
            for offset, move in enumerate(beginnings)
        ),
        resumed=tuple(
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
    """The fields that a fork has of its parent: where it begins, and the checkpoint there."""
    copied = tuple(one for one in parent.checkpoints if one.step == move.from_step)
    assert copied, f"Trial {parent.id} has no checkpoint of step {move.from_step}. This is a bug."
    return {
        "parent": move.parent,
        "from_step": move.from_step,
        "steps": move.from_step + 1,
        "checkpoints": copied,
    }


def existing_ids(moves: Sequence[Beginning]) -> list[int]:
    """The trials that exist already and that these moves go on from."""
    resumed = [move.trial_id for move in moves if isinstance(move, Resume)]
    return resumed + [move.parent for move in moves if isinstance(move, Fork)]


def record_after(record: Record, event: Event) -> Record:
    """The record of a trial after an event, its points aside."""
    if isinstance(event, Began):
        return _record_begun(record, event)
    if isinstance(event, Saved):
        others = tuple(one for one in record.checkpoints if one.step != event.step)
        return dataclasses.replace(
            record,
            checkpoints=(*others, Checkpoint(event.step, event.value, event.contents)),
            steps=event.step + 1,
        )
    if isinstance(event, Ended):
        return dataclasses.replace(
            record,
            status=event.status,
            reason=event.reason,
            detail=event.detail,
            steps=max(event.steps, record.steps),  # a killed worker does not know its own
            wall_s=record.wall_s + event.wall_s,
            unread=record.unread if event.unread is None else event.unread,
            taken=record.taken if event.unread is None else event.taken,
        )
    if isinstance(event, Paused):
        return dataclasses.replace(
            record,
            status="paused",
            steps=max(event.steps, record.steps),
            wall_s=record.wall_s + event.wall_s,
            unread=event.unread,
            taken=event.taken,
        )
    if isinstance(event, Lost):
        return _record_after_loss(record, event)
    if isinstance(event, Unrestored | Reopened | Refused):
        return _record_waiting(record, event)
    return record


def _record_begun(record: Record, event: Began) -> Record:
    earlier = tuple(one for one in record.checkpoints if one.step < event.from_step)
    return dataclasses.replace(
        record,
        status="running",
        reason="",
        detail="",
        steps=event.from_step,
        checkpoints=earlier,
        unread=None,  # until it comes to an end, nobody knows
        taken=(),
    )


def _record_waiting(record: Record, event: Unrestored | Reopened | Refused) -> Record:
    if isinstance(event, Unrestored):
        torn = None if event.detail else event.step
        left = tuple(one for one in record.checkpoints if one.step != torn)
        return dataclasses.replace(record, status="pending", checkpoints=left)
    losses = 0 if isinstance(event, Reopened) else record.losses
    return dataclasses.replace(record, status="pending", reason="", detail="", losses=losses)


def _record_after_loss(record: Record, event: Lost) -> Record:
    losses = record.losses + event.is_blamed
    if losses < MAX_LOSSES:
        return dataclasses.replace(record, status="pending", losses=losses)
    detail = f"Its worker died {losses} times; the last time: {event.detail}."
    return dataclasses.replace(
        record, status="infeasible", reason="killed", detail=detail, losses=losses
    )


def perform(sweeps: Sequence[Sweep], files: Files, name: str) -> None:
    """Removes the checkpoints that were forgotten, once that is committed."""
    for due in sweeps:
        due.perform(files.checkpoints(name, due.trial_id))


def stretches_after(record: Record, event: Began | Coded, launch: int) -> tuple[Stretch, ...]:
    """The stretches of a trial's training after an event of this launch.

    What was trained from the event's step on is void when a trial begins there again.

    Source: K3.
    """
    earlier = tuple(one for one in record.stretches if one.from_step < event.from_step)
    code = event.code if isinstance(event, Coded) else None
    return (*earlier, Stretch(event.from_step, launch, code))


def inherited(parent: Record, fork: Record) -> tuple[Stretch, ...]:
    """The stretches of its parent's training that a fork goes on from."""
    last = fork.from_step or 0
    return tuple(one for one in parent.stretches if one.from_step <= last)


def place_of(source: str, files: Files) -> str:
    """Where an experiment's file stands, seen from the store's folder, links resolved.

    A folder that holds both may be moved or copied; empty for an experiment without a file.
    """
    if not source:
        return ""
    file, folder = os.path.realpath(source), os.path.realpath(files.folder)
    try:
        return os.path.relpath(file, folder).replace(os.sep, "/")
    except ValueError:  # on another drive
        return file
