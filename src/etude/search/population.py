"""The population of population based training, generation by generation, kept up to date.

A member that changed is looked at in its own generations alone; what was decided is decided again
only where that changes something of it.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, final

from ..move import Start
from ..record import Record, Records
from ..space import Scalar
from ..study import Study
from .base import Search
from .rungs import RungTrial


@final
@dataclass(frozen=True)
class Comparison:
    """A population at one comparison, by their ids: who is copied, who goes on, who is replaced."""

    winners: Sequence[int]
    survivors: Sequence[int]
    losers: Sequence[int]


@final
class Standing(NamedTuple):
    """How a member stands at a comparison.

    Args:
        arrived: Whether it has come there, alive or not.
        loss: The value that it reported there; NaN where it is not healthy.
        waits: Whether it is paused there.
        lingers: Whether it lost there and is paused.
    """

    arrived: bool
    loss: float | None
    waits: bool
    lingers: bool


@final
@dataclass
class Generation:
    """The members between two comparisons.

    Args:
        number: From 0.
        end: The updates after which it is compared.
        members: Their ids.
        standings: By id.
        away: How many have not arrived.
        lingering: How many lost and are paused.
        waiting: The survivors that may be paused there, in order; a first one that is not, leaves.
    """

    number: int
    end: int
    members: Sequence[int]
    standings: dict[int, Standing] = field(default_factory=dict)
    away: int = 0
    lingering: int = 0
    comparison: Comparison | None = None
    losers: frozenset[int] = frozenset()
    waiting: deque[int] = field(default_factory=deque)

    def put(self, trial_id: int, standing: Standing) -> None:
        """Takes how a member stands now."""
        before = self.standings.get(trial_id)
        self.standings[trial_id] = standing
        self.away += (not standing.arrived) - (before is not None and not before.arrived)
        self.lingering += standing.lingers - (before is not None and before.lingers)

    def next_waiting(self, most: int) -> Iterator[int]:
        """The first so many survivors that are paused there."""
        while self.waiting and not self.standings[self.waiting[0]].waits:
            self.waiting.popleft()
        for trial_id in self.waiting:
            if most <= 0:
                return
            if self.standings[trial_id].waits:
                most -= 1
                yield trial_id


@final
class Population:
    """The trials of a study as members of generations.

    Args:
        search: Whose population it is.
        study: What is searched.
        ends: The updates after which members are compared.
        shares: What share of a generation is replaced, and what share is copied.
        inner: Where the first settings come from.
    """

    def __init__(
        self,
        search: Search,
        study: Study,
        ends: Sequence[int],
        shares: tuple[float, float],
        inner: Search,
    ) -> None:
        """Begins without trials."""
        self.search, self.study, self.ends = search, study, ends
        self._shares = shares
        asked = inner.moves(study, Records.of([]), study.max_trials)
        self._settings = [move.searched for move in asked if isinstance(move, Start)]
        self._records: dict[int, Record] = {}
        self._first: list[int] = []
        self._forks: list[int] = []
        self._offenders: dict[int, Record] = {}
        self._generations: list[Generation] = []
        self._generations_of: dict[int, list[Generation]] = {}

    def __getitem__(self, trial_id: int) -> Record:
        """The trial as it stands."""
        return self._records[trial_id]

    def change(self, record: Record) -> None:
        """Takes a trial as it stands now."""
        if record.id not in self._records:
            line = self._first if record.parent is None else self._forks
            if line and record.id < line[-1]:
                self._forget(0)  # told in another order: who belongs where is not known yet
            insort(line, record.id)
        self._records[record.id] = record
        trial = RungTrial(self.study, record)
        if trial.missed_its_end:
            self._offenders[record.id] = record
        else:
            self._offenders.pop(record.id, None)
        for generation in list(self._generations_of.get(record.id, ())):
            self._look(generation, trial)

    def offender(self) -> Record | None:
        """The first trial that went past a comparison without a checkpoint there."""
        return self._offenders[min(self._offenders)] if self._offenders else None

    def unborn(self, most: int) -> Sequence[dict[str, Scalar]]:
        """The first so many settings of members that have not begun."""
        begin = len(self._first)
        return [dict(one) for one in self._settings[begin : begin + most]]

    @property
    def is_complete(self) -> bool:
        """Whether every member has begun."""
        return len(self._first) >= len(self._settings)

    def forks(self, generation: Generation) -> Sequence[int]:
        """Those that replaced losers of this generation already."""
        begin = sum(len(one.losers) for one in self._generations[: generation.number])
        return self._forks[begin : begin + len(generation.losers)]

    def current(self) -> Generation | None:
        """The first generation with moves to the next one; None while somebody is away."""
        if not self._generations:
            self._begin(self._first)
        while True:
            generation = self._generations[-1]
            if generation.away:
                return None
            if generation.comparison is None:
                self._compare(generation)
            if self._has_moves(generation):
                return generation
            if generation.number + 1 == len(self.ends):
                return None
            assert generation.comparison is not None, "It was compared above. This is a bug."
            self._begin([*generation.comparison.survivors, *self.forks(generation)])

    def missing_forks(self, generation: Generation) -> range:
        """The places of the losers of a generation that nobody replaced yet."""
        comparison = generation.comparison
        replaced = len(generation.losers) if comparison and comparison.winners else 0
        return range(min(len(self.forks(generation)), replaced), replaced)

    def _has_moves(self, generation: Generation) -> bool:
        waits = next(generation.next_waiting(1), None) is not None
        return bool(generation.lingering) or waits or bool(self.missing_forks(generation))

    def _begin(self, members: Sequence[int]) -> None:
        number = len(self._generations)
        generation = Generation(number, self.ends[number], tuple(members))
        self._generations.append(generation)
        for trial_id in members:
            self._generations_of.setdefault(trial_id, []).append(generation)
            trial = RungTrial(self.study, self._records[trial_id])
            generation.put(trial_id, self._standing(generation, trial))

    def _standing(self, generation: Generation, trial: RungTrial) -> Standing:
        record, end = trial.record, generation.end
        is_paused = record.status == "paused"
        healthy = _is_healthy(trial, end)
        # Who begins anew, for its checkpoint was torn, is on its way there again.
        has_passed = has_gone_on(record, end) and trial.has_reached(end)
        return Standing(
            arrived=record.ended or is_paused or has_passed,
            loss=trial.value_at(end) if healthy else None,
            waits=is_paused and record.until_step == end,
            lingers=is_paused and record.id in generation.losers,
        )

    def _look(self, generation: Generation, trial: RungTrial) -> None:
        before = generation.standings[trial.record.id]
        standing = self._standing(generation, trial)
        if standing == before:
            return
        is_last = generation is self._generations[-1]
        if not is_last or (generation.comparison and standing[:2] != before[:2]):
            self._forget(generation.number + 1)
            generation.comparison, generation.losers, generation.lingering = None, frozenset(), 0
            generation.standings = {
                one: standing._replace(lingers=False)
                for one, standing in generation.standings.items()
            }
            standing = standing._replace(lingers=False)
        generation.put(trial.record.id, standing)

    def _forget(self, number: int) -> None:
        """Forgets generations from a number on."""
        for generation in self._generations[number:]:
            for trial_id in generation.members:
                self._generations_of[trial_id].remove(generation)
        del self._generations[number:]

    def _compare(self, generation: Generation) -> None:
        losses = [(one, generation.standings[one].loss) for one in generation.members]
        order = {one: self._records[one].index for one in generation.members}
        healthy = [(loss, order[one], one) for one, loss in losses if loss is not None]
        unhealthy = [one for one, loss in losses if loss is None]
        ranking = [trial_id for _, _, trial_id in sorted(healthy)]
        comparison = compared(ranking, unhealthy, self._shares)
        generation.comparison = comparison
        generation.losers = frozenset(comparison.losers)
        generation.waiting = deque(comparison.survivors)
        for trial_id in comparison.losers:
            is_paused = self._records[trial_id].status == "paused"
            generation.put(trial_id, generation.standings[trial_id]._replace(lingers=is_paused))


def compared(
    ranking: Sequence[int], unhealthy: Sequence[int], shares: tuple[float, float]
) -> Comparison:
    """The comparison of members, by the value that each of them reported there.

    The last value, not the best before it: a copy has the weights of the last step. Equal ones by
    who began first. Without a healthy member nobody can be copied, and nobody is replaced.

    Args:
        ranking: The healthy members, best first.
        unhealthy: The others.
        shares: What share of all is replaced, and what share is copied.

    Source: W4, C3.
    """
    quantile, parents = shares
    count = len(ranking) + len(unhealthy)
    share = max(1, math.floor(quantile * count)) if quantile > 0 else 0
    winners = ranking[: max(1, math.floor(parents * count))]
    worst = ranking[len(winners) :][::-1][: max(0, share - len(unhealthy))]
    survivors = ranking[: len(ranking) - len(worst)]
    return Comparison(winners, survivors, [*unhealthy, *worst])


def has_gone_on(record: Record, end: int) -> bool:
    """Whether a member trains, or trained, past a comparison."""
    return record.until_step is None or record.until_step > end


def _is_healthy(trial: RungTrial, end: int) -> bool:
    """Whether it stood there with a value that counts, and could go on.

    Whoever went on did, whatever became of it later: what was decided is not decided again.
    """
    record = trial.record
    if has_gone_on(record, end):
        return True
    could_go_on = record.status == "paused" or record.reason == "schedule"
    return could_go_on and trial.value_at(end) < math.inf
