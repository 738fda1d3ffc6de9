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
from .rungs import evaluated


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
            RunError: for two changes between the same two evaluations.
        """
        ends = [*self._ends(study), None]
        heirs = {record.parent: record for record in records if record.parent is not None}
        stops: list[Move] = []
        begin: list[Move] = []
        for record in sorted(records, key=lambda one: one.id):
            if record.id in heirs and record.status == "paused":
                stops.append(Stop(record.id))
            elif record.status == "paused":
                begin.append(self._beyond(study, record, ends))
        first = Records.of([record for record in records if record.parent is None])
        asked = self.inner.moves(study, first, free)
        begin += [Start(one.searched, ends[0]) for one in asked if isinstance(one, Start)]
        return [*stops, *begin[:free]]

    def _beyond(self, study: Study, record: Record, ends: Sequence[int | None]) -> Fork:
        place = ends.index(record.until_step)
        names = set(study.space.domains)
        new = {name: value for name, value in self.changes[place].items() if name != "step"}
        searched = {name: record.setting[name] for name in names | new.keys()} | new
        step = max(one.step for one in record.checkpoints)
        return Fork(record.id, step, searched, until_step=ends[place + 1])

    def _ends(self, study: Study) -> list[int]:
        steps = [int(one["step"]) for one in self.changes]
        found = [evaluated(study, [step]) for step in steps]
        flat = [one[0] for one in found if one]
        if len(flat) < len(steps) or any(later <= sooner for sooner, later in pairwise(flat)):
            raise RunError(
                f"`replay` changes values after steps {', '.join(map(str, steps))}, each at an "
                f"evaluation of its own, and a trial has {study.evaluations} of them, the last at "
                "the end. Write more `evaluations`, or fewer changes."
            )
        return flat
