"""Lineage: which trials of a population descend from which, and the schedule that led to the best.

Axes: P points of a trial.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np

from ...record import Record
from ...space import Scalar
from ...study import Study
from ..views.outcomes import outcomes, ranked


@final
@dataclass(frozen=True)
class Stretch:
    """One trial of a family: the stretch of training that it did itself.

    Args:
        from_step: The step of the parent's checkpoint that it began from; None for a first member.
        steps_P: Where it reported finite values, its parent's last one before it included.
        values_P: The values, raw.
    """

    trial: int
    parent: int | None
    from_step: int | None
    status: str
    setting: Mapping[str, Scalar]
    steps_P: tuple[int, ...]
    values_P: tuple[float, ...]


@final
@dataclass(frozen=True)
class Change:
    """Values that changed after so many updates; `updates` is 0 for those of the beginning."""

    updates: int
    values: Mapping[str, Scalar]


@final
@dataclass(frozen=True)
class Lineage:
    """A study's trials as families.

    Args:
        best: The ids from the first ancestor to the trial with the best value; empty without one.
        value: That best value; None without one.
        schedule: The values that the best line began with, then each change of them.
    """

    study: str
    metric: str
    maximize: bool
    stretches: tuple[Stretch, ...]
    best: tuple[int, ...]
    value: float | None
    schedule: tuple[Change, ...]

    @property
    def forks(self) -> int:
        """How many trials began from a checkpoint of another."""
        return sum(stretch.parent is not None for stretch in self.stretches)


def lineage(study: Study, records: Sequence[Record]) -> Lineage:
    """The families of a study, and the schedule of its best line.

    The best line ends with the trial that has the best value over its course (C1), infeasible ones
    aside, and goes back from fork to parent to a first member.

    Source: W4, C1, L4.
    """
    own = {record.id: record for record in records if record.study == study.name}
    best_first = ranked(outcomes(study, list(own.values())))
    line = _line(own, best_first[0].trial) if best_first else []
    return Lineage(
        study=study.name,
        metric=study.metric,
        maximize=study.maximize,
        stretches=tuple(_stretch(study, own, record) for record in own.values()),
        best=tuple(line),
        value=best_first[0].value if best_first else None,
        schedule=_schedule(study, [own[trial] for trial in line]),
    )


def _line(records: Mapping[int, Record], trial: int) -> list[int]:
    """The ids from a trial's first ancestor to the trial itself."""
    line = [trial]
    while (parent := records[line[0]].parent) is not None:
        line.insert(0, parent)
    return line


def _stretch(study: Study, records: Mapping[int, Record], record: Record) -> Stretch:
    points = _finite(study, record)
    if record.parent is not None and record.from_step is not None:
        before = [
            point
            for point in _finite(study, records[record.parent])
            if point[0] <= record.from_step
        ]
        points = before[-1:] + points
    return Stretch(
        trial=record.id,
        parent=record.parent,
        from_step=record.from_step,
        status=record.status,
        setting=record.setting,
        steps_P=tuple(step for step, _ in points),
        values_P=tuple(value for _, value in points),
    )


def _finite(study: Study, record: Record) -> list[tuple[int, float]]:
    series = record.series(study.metric)
    finite_P = np.isfinite(series.values_P)
    steps, values = series.steps_P[finite_P].tolist(), series.values_P[finite_P].tolist()
    return list(zip(steps, values, strict=True))


def _schedule(study: Study, line: Sequence[Record]) -> tuple[Change, ...]:
    if not line:
        return ()
    names = [name for name in line[0].setting if name in study.space.domains]
    begin = Change(0, {name: line[0].setting[name] for name in names})
    later = [
        Change((heir.from_step or 0) + 1, _changed(parent.setting, heir.setting))
        for parent, heir in pairwise(line)
    ]
    return (begin, *(change for change in later if change.values))


def _changed(old: Mapping[str, Scalar], new: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {name: value for name, value in new.items() if old[name] != value}
