"""Asynchronous successive halving: many short trials, of which the best go on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from ..errors import RunError
from ..move import Move, Resume, Start, Stop
from ..record import POINT, Points, Record, Records
from ..study import Study
from .base import Search
from .rungs import RungTrial, evaluated

# T8: conclusions from a tenth of the length may not hold, so no trial is judged earlier by default.
SHORTEST = 0.1


@final
@dataclass(frozen=True)
class Asha:
    """Trials pause at rungs; of those that reached a rung, the best 1 / eta go on from there.

    Whenever a slot is free, the highest rung with a trial to promote promotes it; where there is
    none, the inner search begins another trial. Nobody waits for a rung to fill, so 64 slots are
    kept as busy as one (Li et al. 2020, algorithm 2). Once every trial has begun and nothing is
    left to promote, those that pause are stopped: censored, not infeasible. A study in which no
    rung filled so far ends with its best trial promoted all the same, so that one is complete.

    A trial is judged at a rung by its best value up to there; equal ones by who began first. An
    infeasible trial counts as the worst at every rung it stood on or was heading for: it takes
    none of the places above, and it makes the others no better than they are, for the share that
    goes on is of all.

    Where the train function writes no checkpoint, nobody can pause: a trial trains on past its
    rung, and is stopped as soon as it is not among the best 1 / eta (rounded up) of it.

    Args:
        inner: Where settings come from. One that adapts is shown every trial up to the highest
            rung that enough of them reached, as if all had ended there.
        eta: One of so many goes on.
        min_steps: Updates before the first rung; None for the shortest of max_steps / eta,
            max_steps / eta**2, ... that is a tenth of the length or more (T8).
        brackets: So many ladders, each with one rung fewer at its foot, share the trials so that
            each costs about as much: a hedge against judging too early.

    Source: T8, W3, W7, X2.
    """

    inner: Search
    eta: float = 3.0
    min_steps: int | None = None
    brackets: int = 1

    adapts = True

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        """Promotions from the top rung down, then new trials; Stops where nothing more is to come.

        Raises:
            RunError: where the trials evaluate too seldom for a rung.
        """
        ladder = rungs(study, self.eta, self.min_steps)
        climbers = [RungTrial(study, one) for one in sorted(records, key=lambda one: one.id)]
        places = brackets(self.brackets, len(ladder), self.eta, study.max_trials)
        ladders = [
            Bracket(
                ladder[foot:], self.eta, [c for c in climbers if places[c.record.index] == foot]
            )
            for foot in range(min(self.brackets, len(ladder)))
        ]
        stops: list[Move] = [Stop(one) for each in ladders for one in each.beaten()]
        up = [move for each in ladders for move in each.promotions()][:free]
        new = self._begun(study, records, ladders, free - len(up))
        runs = any(record.status in ("pending", "running") for record in records)
        if up or new or runs or self._goes_on(study, records, ladders):
            return [*stops, *up, *new]
        last: list[Move] = [move for each in ladders for move in each.last()]
        if last:
            return last[:free]
        return [Stop(one.record.id) for one in climbers if one.record.status == "paused"]

    def _goes_on(self, study: Study, records: Records, ladders: Sequence[Bracket]) -> bool:
        """Whether there is more to train, with a free slot for it or not."""
        promotable = any(each.promotions() for each in ladders)
        return promotable or bool(self._begun(study, records, ladders, 1))

    def _begun(
        self, study: Study, records: Records, ladders: Sequence[Bracket], free: int
    ) -> list[Move]:
        free = min(free, study.max_trials - len(records))
        if free <= 0:
            return []
        places = brackets(self.brackets, len(ladders[0].lengths), self.eta, study.max_trials)
        seen = shown(study, records, ladders[0].lengths) if self.inner.adapts else records
        # Earlier rounds are known at their full length: no measure of what trials have at a rung.
        asked = self.inner.moves(replace(study, prior=()), seen, free)
        starts = [move for move in asked if isinstance(move, Start)]
        return [
            replace(start, until_step=ladders[places[len(records) + offset]].lengths[0])
            for offset, start in enumerate(starts)
        ]


@final
@dataclass(frozen=True)
class Bracket:
    """The trials of one bracket, and the rungs at which they are compared, in updates."""

    lengths: Sequence[int]
    eta: float
    climbers: Sequence[RungTrial]

    def promotions(self) -> list[Move]:
        """Every paused trial among the best 1 / eta of its rung, from the top rung down."""
        found: list[Move] = []
        for place in reversed(range(len(self.lengths))):
            standing = self.ranked(self.lengths[place])
            best = standing[: int(len(standing) / self.eta)]
            found += [self._up(one, place) for one in best if self._waits(one, place)]
        return found

    def last(self) -> list[Resume]:
        """Where nothing more will come and no trial is complete: the best of the top rung goes on.

        Source: T12.
        """
        if any(one.record.status == "completed" for one in self.climbers):
            return []
        for place in reversed(range(len(self.lengths))):
            waiting = [one for one in self.ranked(self.lengths[place]) if self._waits(one, place)]
            if waiting:
                return [self._up(waiting[0], place)]
        return []

    def beaten(self) -> list[int]:
        """Trials that run on past a rung for want of a checkpoint, and do not lead there."""
        found = []
        for one in self.climbers:
            over = [length for length in self.lengths if one.overran(length)]
            if one.record.status != "running" or not over:
                continue
            standing = [each.record.id for each in self.ranked(over[-1])]
            if one.record.id not in standing[: math.ceil(len(standing) / self.eta)]:
                found.append(one.record.id)
        return found

    def ranked(self, length: int) -> list[RungTrial]:
        """Who stands on a rung or went past it, the best first, equals by who began first.

        Source: C3.
        """
        there = [one for one in self.climbers if self._stood(one, length)]
        return sorted(there, key=lambda one: (one.best(length), one.record.index))

    def _stood(self, one: RungTrial, length: int) -> bool:
        """Whether it reached a rung, or broke on the way there."""
        if one.record.status != "infeasible":
            return one.reached(length)
        until = one.record.until_step
        return until is None or length <= until or one.reached(length)

    def _waits(self, one: RungTrial, place: int) -> bool:
        """Whether it is paused on this rung with a value that counts."""
        length = self.lengths[place]
        here = one.record.status == "paused" and one.record.until_step == length
        return here and one.best(length) < math.inf

    def _up(self, one: RungTrial, place: int) -> Resume:
        above = self.lengths[place + 1 :]
        return Resume(one.record.id, until_step=above[0] if above else None)


def rungs(study: Study, eta: float, min_steps: int | None) -> list[int]:
    """The lengths at which trials are compared, in updates; the full length is not among them.

    Raises:
        RunError: where trials evaluate too seldom for any.

    Source: T8, E2.
    """
    powers = range(1, math.ceil(math.log(study.max_steps, eta)) + 1)
    tops = [study.max_steps / eta**power for power in powers]
    if min_steps is None:
        lengths = [top for top in tops if top >= SHORTEST * study.max_steps] or tops[:1]
    else:
        count = math.ceil(math.log(study.max_steps / min_steps, eta) - 1e-9)
        lengths = [min_steps * eta**power for power in range(max(count, 1))]
    found = evaluated(study, lengths)
    if not found:
        raise RunError(
            f"`asha` compares trials at {math.ceil(min(lengths)):,} of {study.max_steps:,} steps, "
            f"and with evaluations = {study.evaluations} the next value comes at the end. Write "
            "more `evaluations`."
        )
    return found


def brackets(count: int, rungs: int, eta: float, trials: int) -> list[int]:
    """The foot of the ladder of each trial: the first rung it has, by its place in the study.

    A trial of a ladder that begins at rung s of R costs about eta**s (R - s + 1) first rungs, so
    ladders get trials in inverse proportion, dealt so that any first trials are shared out so.

    >>> brackets(2, 2, 3.0, 8)
    [0, 1, 0, 0, 1, 0, 0, 1]
    """
    feet = range(max(1, min(count, rungs)))
    shares = [1.0 / (eta**foot * (rungs + 1 - foot)) for foot in feet]
    dealt, found = [0.0] * len(feet), []
    for place in range(trials):
        owed = [
            (place + 1) * share / sum(shares) - dealt[foot] for foot, share in enumerate(shares)
        ]
        foot = max(feet, key=lambda foot: (owed[foot], -foot))
        dealt[foot] += 1
        found.append(foot)
    return found


def shown(study: Study, records: Sequence[Record], lengths: Sequence[int]) -> Records:
    """The trials as a search is shown them that learns from results: all at one length.

    That is the highest rung that D + 2 feasible trials reached, so that a model has something to
    fit (as BOHB has it, Falkner et al. 2018), else the first. A trial that went further is shown
    as it stood there; one that was left behind keeps the best value that it had, which is no
    better than what it would have come to. What reached no rung yet is shown as it is, and so is
    every infeasible trial: none vanishes.

    Source: X2, T8.
    """
    climbers = [RungTrial(study, record) for record in records]
    enough = study.space.dimensions + 2
    full = [
        length
        for length in (*lengths, study.max_steps)
        if sum(one.reached(length) and one.best(length) < math.inf for one in climbers) >= enough
    ]
    length = max([lengths[0], *full])
    return Records.of([_cut(one, lengths[0], length) for one in climbers])


def _cut(one: RungTrial, first: int, length: int) -> Record:
    if one.record.status == "infeasible" or not one.reached(first):
        return one.record
    rows_P = one.record.points.rows_P
    points = Points(rows_P[rows_P["step"] < length].astype(POINT), one.record.points.names)
    return replace(one.record, status="stopped", points=points)
