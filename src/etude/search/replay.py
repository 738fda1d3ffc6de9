"""A schedule that somebody wrote down, or that a population found: values that change at steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

from ..errors import RunError
from ..move import Fork, Move, Start, Stop
from ..record import Record, Records
from ..space import Scalar
from ..study import Study
from .base import Search
from .rungs import RungTrial, beyond, evaluation_lengths


@final
@dataclass(frozen=True)
class Replay:
    """Every trial of the inner search, with values that change after given steps.

    At each change the trial pauses and is stopped, and a fork of it goes on from its checkpoint
    with the new values: the same mechanism that found the schedule, so that it can be repeated with
    other seeds.

    Args:
        inner: Where the first settings come from, usually one that was listed.
        changes: The values that change, and the `step` after which they do, moved up to an
            evaluation.

    Source: L2, L4, W4.
    """

    inner: Search
    changes: Sequence[Mapping[str, Scalar]] = ()

    adapts = True

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        """First trials; then, for what paused at a change, a Stop and a fork.

        Raises:
            RunError: for two changes between the same two evaluations, and for a train function
                that writes no checkpoint where values change.
        """
        for record in records:
            _refuse_without_checkpoint(study, record)
        lengths = [*self._lengths(study), None]
        parents = {record.parent for record in records if record.parent is not None}
        stops: list[Move] = []
        new: list[Move] = []
        for record in sorted(records, key=lambda record: record.id):
            if record.id in parents and record.status == "paused":
                stops.append(Stop(record.id))
            elif record.status == "paused":
                new.append(self._fork(study, record, lengths))
        first = Records.of([record for record in records if record.parent is None])
        asked = self.inner.moves(study, first, free)
        new += [Start(move.searched, lengths[0]) for move in asked if isinstance(move, Start)]
        return [*stops, *new[:free]]

    def decisive(self, study: Study) -> list[int]:
        """Where values change, and what lies beyond, where a trial without checkpoints goes."""
        return beyond(self._lengths(study))

    def _fork(self, study: Study, record: Record, lengths: Sequence[int | None]) -> Fork:
        """The trial that goes on from a paused one with the values of the next change."""
        place = lengths.index(record.until_step)
        new = {name: value for name, value in self.changes[place].items() if name != "step"}
        # What exists under a condition changes where it exists: by its study, or by this change.
        if not new.keys() & study.scientific.keys():
            new = {name: value for name, value in new.items() if name in record.setting}
        # Values that the study holds may have changed before.
        held = {**study.fixed, **study.scientific}
        before = {
            name: value
            for name, value in record.setting.items()
            if name in study.space.domains or (name in held and held[name] != value)
        }
        searched = before | new
        step = max(checkpoint.step for checkpoint in record.checkpoints)
        return Fork(record.id, step, searched, until_step=lengths[place + 1])

    def _lengths(self, study: Study) -> list[int]:
        """The updates after which values change, each an evaluation."""
        steps = [int(change["step"]) for change in self.changes]
        lengths = [length for step in steps for length in evaluation_lengths(study, [step])]
        if len(lengths) < len(steps) or any(two <= one for one, two in pairwise(lengths)):
            raise RunError(
                f"`replay` changes values after steps {', '.join(map(str, steps))}, each at an "
                f"evaluation of its own, and a trial has {study.evaluations} of them, the last at "
                "the end. Write more `evaluations`, or fewer changes."
            )
        return lengths


def _refuse_without_checkpoint(study: Study, record: Record) -> None:
    if not RungTrial(study, record).missed_its_end:
        return
    if record.checkpoints:
        raise RunError(
            f"`replay` changes values of trial {record.id} after {record.until_step} steps, and "
            f"its next checkpoint came after {record.steps}. Save one at every evaluation, or "
            "write a `step` at which there is one."
        )
    raise RunError(
        f"`replay` goes on from checkpoints, and trial {record.id} went past step "
        f"{record.until_step} without one. Pass `checkpoint=` to `trial.report` and call "
        "`trial.restore` before the loop."
    )
