"""Record: a trial as frozen history, what search, analyze and store are handed.

Axes: P points of a trial.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal, Protocol, TypeAlias, TypeVar, final, overload

import numpy as np
from numpy.typing import NDArray

from .code import Stretch
from .experiment.objective import Objective
from .playbook.error_kinds import is_of_code, kind_of
from .space import Choice, Scalar, Space

# Reasons why another tool's trial was stopped by no schedule.
BY_HAND: Final = "by hand"
PREEMPTED: Final = "preempted"
Status: TypeAlias = Literal["pending", "running", "paused", "completed", "stopped", "infeasible"]
STATUSES: tuple[Status, ...] = (
    "pending",
    "running",
    "paused",
    "completed",
    "stopped",
    "infeasible",
)
# A seed that nobody wrote down: no search and no trial of ours has it.
UNKNOWN_SEED = -1
# The usual 5 %, over all values of the lists of a study: an error is tied to one.
MAX_CHANCE = 0.05
# One row a value: the step, the position of the metric's name, the raw value, NaN and inf too.
POINT = np.dtype([("step", "<i8"), ("metric", "<i4"), ("value", "<f8")])


@final
@dataclass(frozen=True)
class Series:
    """One metric of one trial: `steps_P` rising, `values_P` raw."""

    steps_P: NDArray[np.int64]
    values_P: NDArray[np.float64]

    def __len__(self) -> int:
        """P, the number of points."""
        return len(self.steps_P)


# Of the metrics that a trial has not; one for all of them, so that many trials take no room by it.
NO_SERIES = Series(np.empty(0, np.int64), np.empty(0, np.float64))


@final
@dataclass(frozen=True)
class Points:
    """All values of a trial as rows of `POINT`; `names[row["metric"]]` is the metric."""

    rows_P: NDArray[np.void]
    names: tuple[str, ...]

    @property
    def metrics(self) -> list[str]:
        """The names that occur, sorted."""
        counts = np.bincount(self.rows_P["metric"], minlength=1)
        return sorted(self.names[code] for code in np.flatnonzero(counts).tolist())

    def without(self, names: Collection[str]) -> Points:
        """The same but for some metrics."""
        codes = [code for code, name in enumerate(self.names) if name in names]
        return Points(self.rows_P[~np.isin(self.rows_P["metric"], codes)], self.names)

    def series(self, metric: str) -> Series:
        """One metric by step; of two values at one step the later written one counts."""
        if metric not in self.names:
            return NO_SERIES
        is_metric = self.rows_P["metric"] == self.names.index(metric)
        if not is_metric.any():
            return NO_SERIES
        steps, values = self.rows_P["step"][is_metric], self.rows_P["value"][is_metric]
        if not bool((steps[1:] > steps[:-1]).all()):
            order = np.argsort(steps, kind="stable")
            steps, values = steps[order], values[order]
            last = np.append(np.diff(steps) > 0, [True])
            steps, values = steps[last], values[last]
        return Series(steps, values)


NO_POINTS = Points(np.empty(0, POINT), ())


@final
@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint written after `step`, and the metric then (None where not reported)."""

    step: int
    value: float | None
    contents: str = field(default="", compare=False, repr=False)
    """What is in its folder, to check it by; empty where nobody noted it."""


@final
@dataclass(frozen=True)
class Best:
    """The best value over a trial, and its step."""

    value: float
    step: int


@final
@dataclass(frozen=True, kw_only=True)
class Record:
    """A trial's history.

    Args:
        id: Unique in the experiment, never reused.
        index: Position in its study: the k-th point of the search.
        setting: All values that the trial was handed.
        reason: Why it is infeasible (`nan`, `diverged`, `out_of_memory`, `error`, `killed`) or
            stopped (`time_limit`, `schedule`, `by hand`); empty otherwise.
        detail: For people: the message, or the user's traceback.
        seed: `UNKNOWN_SEED` where the tool that trained it did not tell.
        steps: Updates done.
        wall_s: Seconds in training, over all attempts.
        losses: How often its worker died under it.
        parent: The trial that it was forked from; None for one that began at step 0.
        from_step: The step of the parent's checkpoint that it began from.
        until_step: The updates after which it pauses; None for its end.
        name: Its id in the tool that it was imported from; empty for a trial of ours.
        unread: The hyperparameters that its training never read; None where that is not known.
        taken: What it read with the whole setting alone, so that its use is not seen.
        stretches: By which code and in which launch it was trained from which step on.
    """

    id: int
    study: str
    index: int
    setting: Mapping[str, Scalar]
    seed: int
    status: Status = "pending"
    reason: str = ""
    detail: str = ""
    steps: int = 0
    wall_s: float = 0.0
    losses: int = 0
    name: str = ""
    checkpoints: tuple[Checkpoint, ...] = ()
    parent: int | None = None
    from_step: int | None = None
    until_step: int | None = None
    unread: tuple[str, ...] | None = None
    taken: tuple[str, ...] = ()
    points: Points = field(default=NO_POINTS, compare=False, repr=False)
    stretches: tuple[Stretch, ...] = field(default=(), compare=False, repr=False)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ("completed", "stopped", "infeasible")

    def series(self, metric: str) -> Series:
        """One metric by step."""
        return self.points.series(metric)

    def best(self, metric: str, *, maximize: bool) -> Best | None:
        """The best finite value of `metric` over the trial, the first of equals; None without any.

        Source: C1 (the best value over the course of the trial).
        """
        series = self.series(metric)
        finite = np.isfinite(series.values_P)
        if not finite.any():
            return None
        losses_P = Objective(metric, maximize).loss(series.values_P)
        position = int(np.argmin(np.where(finite, losses_P, math.inf)))
        return Best(float(series.values_P[position]), int(series.steps_P[position]))


class Summary(Protocol):
    """What is known of a history by trial, brought up to date by the trials that changed."""

    def change(self, record: Record) -> None:
        """Takes a trial as it stands now, whether new or known."""


S = TypeVar("S", bound=Summary)


class Upkeep(Protocol):
    """Who keeps records up to date while a run goes on, and what is known of them."""

    def of_study(self, name: str) -> Records:
        """The records of one study, without a look at the others."""

    def summary(self, records: Records, key: Hashable, make: Callable[[], S]) -> S:
        """The summary of this key, brought up to date; made of all records where there is none."""


@final
class Records(Sequence[Record]):
    """An immutable view of trials, loaded only when one looks inside.

    `count` answers without loading: a search that does not adapt costs nothing in a long study.
    """

    def __init__(
        self,
        load: Callable[[], Sequence[Record]],
        counts: Mapping[str, int],
        upkeep: Upkeep | None = None,
    ) -> None:
        """Takes what loads the records, how many there are by status, and who keeps them."""
        self._load = load
        self._counts = dict(counts)
        self._upkeep = upkeep
        self._summaries: dict[Hashable, Summary] = {}

    @classmethod
    def of(cls, records: Sequence[Record]) -> Records:
        """A view of records at hand."""
        return cls(lambda: records, Counter(record.status for record in records))

    def mapped(self, change: Callable[[Record], Record]) -> Records:
        """A view of the records after a change that leaves their status, made when looked at."""
        return Records(lambda: [change(record) for record in self], self._counts)

    def count(self, value: object = None) -> int:
        """How many have this status; all of them without one."""
        return sum(self._counts.values()) if value is None else self._counts.get(str(value), 0)

    def summary(self, key: Hashable, make: Callable[[], S]) -> S:
        """What `make` begins and every record changed: the same for the same records.

        Where the records are kept up to date while a run goes on, so is their summary: asked for
        again it takes the trials that changed meanwhile, and never all of them.
        """
        if self._upkeep is not None:
            return self._upkeep.summary(self, key, make)
        if key not in self._summaries:
            self._summaries[key] = summary_of(self, make)
        return self._summaries[key]  # type: ignore[return-value]  # what this key's `make` made

    @cached_property
    def _records(self) -> Sequence[Record]:
        records = self._load()
        return tuple(records) if isinstance(records, list) else records

    def __len__(self) -> int:
        """How many there are."""
        return self.count()

    @overload
    def __getitem__(self, position: int) -> Record: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, position: int | slice) -> Record | tuple[Record, ...]:
        """The record, or records, at a position."""
        if isinstance(position, slice):
            return tuple(self._records)[position]
        return self._records[position]

    def __iter__(self) -> Iterator[Record]:
        """The records in the order of their ids."""
        return iter(self._records)

    def of_study(self, name: str) -> Records:
        """The records of one study."""
        if self._upkeep is not None:
            return self._upkeep.of_study(name)
        return Records.of([record for record in self if record.study == name])

    def ended(self) -> Records:
        """Those of which nothing more will come."""
        return Records.of([record for record in self if record.ended])


def summary_of(records: Records, make: Callable[[], S]) -> S:
    """The summary of these records, made anew."""
    summary = make()
    for record in records:
        summary.change(record)
    return summary


def is_code_failure(record: Record) -> bool:
    """Whether a trial ended by an error of the code or the machine, as its kind has it.

    Source: C3.
    """
    fails = record.status == "infeasible" and record.reason in ("error", "killed")
    return fails and is_of_code(record.detail)


@final
@dataclass(frozen=True, kw_only=True)
class Tied:
    """A value of a list at which the code fails: at each trial with it, and at no other so."""

    hyperparameter: str
    value: Scalar
    kind: str
    trials: tuple[int, ...]


def tied(space: Space, records: Sequence[Record]) -> list[Tied]:
    """The values of lists that an error of the code is tied to, as far as that is hardly chance.

    Source: C3.
    """
    ended = [record for record in records if record.ended]
    lists = {name: domain for name, domain in space.domains.items() if isinstance(domain, Choice)}
    values = sum(len(domain.values) for domain in lists.values())
    return [
        one
        for name in lists
        for one in _tied_along(name, ended)
        if _is_no_chance(one, len(ended), values)
    ]


def _tied_along(name: str, ended: Sequence[Record]) -> Iterator[Tied]:
    at: dict[Scalar, list[Record]] = defaultdict(list)
    for record in ended:
        if name in record.setting:
            at[record.setting[name]].append(record)
    kinds = {record.id: kind_of(record.detail) for record in ended if is_code_failure(record)}
    for value, there in at.items():
        kind = kinds.get(there[0].id, "")
        ids = tuple(record.id for record in there)
        elsewhere = kinds.keys() - set(ids)
        if (
            kind
            and all(kinds.get(one) == kind for one in ids)
            and not any(kinds[one] == kind for one in elsewhere)
        ):
            yield Tied(hyperparameter=name, value=value, kind=kind, trials=ids)


def _is_no_chance(one: Tied, ended: int, values: int) -> bool:
    """Whether as many failures among all trials hardly fall on one value by themselves."""
    failed = len(one.trials)
    return values / math.comb(ended, failed) <= MAX_CHANCE


def unsaid(space: Space, records: Sequence[Record]) -> frozenset[int]:
    """The trials that say nothing of their settings: failed by the code, at no value of a list.

    Source: C3.
    """
    failed = {record.id for record in records if is_code_failure(record)}
    if not failed:
        return frozenset()
    return frozenset(failed.difference(*(one.trials for one in tied(space, records))))
