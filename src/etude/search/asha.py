"""Asynchronous successive halving: many short trials, of which the best go on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import final

from ..errors import RunError
from ..move import Move, Start, Stop
from ..record import POINT, Points, Record, Records
from ..study import Study
from .base import Search
from .rungs import RungTrial, beyond, evaluation_lengths
from .sequence import Beginnings
from .standings import Ladder, Standings

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
        brackets: So many brackets, each with one rung fewer at its foot, share the trials so that
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
        standings = self._standings(study, records)
        stops: list[Move] = [Stop(one) for one in standings.overtaken()]
        promotions: list[Move] = [*standings.promotions(free)]
        new = self._starts(standings, records, free - len(promotions))
        runs = records.count("pending") or records.count("running")
        if promotions or new or runs or self._has_more(standings, records):
            return [*stops, *promotions, *new]
        last: list[Move] = [*standings.last_promotions()]
        if last:
            return last[:free]
        paused = sorted(one.id for one in records if one.status == "paused")
        return [Stop(trial_id) for trial_id in paused]

    def decisive(self, study: Study) -> list[int]:
        """The rungs, and what lies beyond each, where a trial without checkpoints overruns it."""
        return beyond(rungs(study, self.eta, self.min_steps))

    def _standings(self, study: Study, records: Records) -> Standings:
        def begin() -> Standings:
            lengths = rungs(study, self.eta, self.min_steps)
            first = first_rungs(self.brackets, len(lengths), self.eta, study.max_trials)
            beginnings = Beginnings(self.inner, replace(study, prior=()))
            return Standings(self, study, Ladder(lengths, self.eta, first), beginnings)

        return records.summary((id(self), id(study)), begin)

    def _has_more(self, standings: Standings, records: Records) -> bool:
        """Whether there is more to train, with a free slot for it or not."""
        return bool(standings.promotions(1)) or bool(self._starts(standings, records, 1))

    def _starts(self, standings: Standings, records: Records, free: int) -> list[Move]:
        """New trials of the inner search, each until the first rung of its bracket."""
        study, lengths = standings.study, standings.ladder.lengths
        begun = records.count()
        free = min(free, study.max_trials - begun)
        if free <= 0:
            return []
        if self.inner.adapts:
            history = at_one_length(study, records, lengths)
            # Earlier rounds are known at their full length: no measure of what trials have here.
            asked = self.inner.moves(replace(study, prior=()), history, free)
            starts = [move for move in asked if isinstance(move, Start)]
        else:
            starts = standings.beginnings.after(begun, free)
        return [
            replace(start, until_step=lengths[standings.ladder.first[begun + offset]])
            for offset, start in enumerate(starts)
        ]


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
    rung_lengths = evaluation_lengths(study, lengths)
    if not rung_lengths:
        first = math.ceil(min(lengths, default=1))
        raise RunError(
            f"`asha` compares trials at {first:,} of {study.max_steps:,} steps, "
            f"and with evaluations = {study.evaluations} the next value comes at the end. Write "
            "more `evaluations`."
        )
    return rung_lengths


@lru_cache(maxsize=16)
def first_rungs(count: int, rungs: int, eta: float, trials: int) -> Sequence[int]:
    """The first rung of each trial, by its place in the study: the foot of its bracket.

    A trial of a bracket that begins at rung s of R costs about eta**s (R - s + 1) first rungs, so
    brackets get trials in inverse proportion, and any first trials are shared out so.

    >>> first_rungs(2, 2, 3.0, 8)
    [0, 1, 0, 0, 1, 0, 0, 1]
    """
    feet = range(max(1, min(count, rungs)))
    shares = [1.0 / (eta**foot * (rungs + 1 - foot)) for foot in feet]
    counts, first = [0.0] * len(feet), []
    for place in range(trials):
        # To the bracket that is farthest behind its share, the longer one where two are.
        owed = [
            (place + 1) * share / sum(shares) - counts[foot] for foot, share in enumerate(shares)
        ]
        foot = max(feet, key=lambda foot: (owed[foot], -foot))
        counts[foot] += 1
        first.append(foot)
    return first


def at_one_length(study: Study, records: Sequence[Record], lengths: Sequence[int]) -> Records:
    """The trials as a search that learns from results is shown them: all at one length.

    That is the highest rung that D + 2 feasible trials reached, so that a model has something to
    fit (as BOHB has it, Falkner et al. 2018), else the first. A trial that went further is shown
    as it stood there; one that was left behind keeps the best value that it had, which is no
    better than what it would have come to. What reached no rung yet is shown as it is, and so is
    every infeasible trial: none vanishes.

    Source: X2, T8.
    """
    trials = [RungTrial(study, record) for record in records]
    enough = study.space.dimensions + 2
    full = [
        length
        for length in (*lengths, study.max_steps)
        if sum(one.has_reached(length) and one.best(length) < math.inf for one in trials) >= enough
    ]
    length = max([lengths[0], *full])
    return Records.of([_record_at(trial, lengths[0], length) for trial in trials])


def _record_at(trial: RungTrial, first: int, length: int) -> Record:
    """The record of a trial that reached the first rung, as if it had ended after `length`."""
    record = trial.record
    if record.status == "infeasible" or not trial.has_reached(first):
        return record
    rows_P = record.points.rows_P
    points = Points(rows_P[rows_P["step"] < length].astype(POINT), record.points.names)
    return replace(record, status="stopped", points=points)
