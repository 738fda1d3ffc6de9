"""What `asha` and `pbt` are, read off a whole history at each question: slow, and plain.

The searches themselves keep what they know up to date by trial, and are held to these.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from etude.move import Fork, Move, Resume, Start, Stop
from etude.record import Record, Records, is_code_failure
from etude.search.asha import at_one_length, first_rungs, rungs
from etude.search.base import Search
from etude.search.pbt import generation_ends
from etude.search.perturbation import perturbation
from etude.search.rungs import RungTrial
from etude.study import Study


@dataclass(frozen=True)
class AshaByDefinition:
    inner: Search
    eta: float = 3.0
    min_steps: int | None = None
    brackets: int = 1

    adapts = True

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        lengths = rungs(study, self.eta, self.min_steps)
        trials = [RungTrial(study, one) for one in sorted(records, key=lambda one: one.id)]
        brackets = self._brackets(study, trials, lengths)
        stops: list[Move] = [Stop(one) for bracket in brackets for one in bracket.overtaken()]
        promotions = [move for bracket in brackets for move in bracket.promotions()][:free]
        new = self._starts(study, records, lengths, free - len(promotions))
        runs = any(record.status in ("pending", "running") for record in records)
        if promotions or new or runs or self._has_more(study, records, brackets):
            return [*stops, *promotions, *new]
        last: list[Move] = [move for bracket in brackets for move in bracket.last_promotion()]
        if last:
            return last[:free]
        return [Stop(trial.record.id) for trial in trials if trial.record.status == "paused"]

    def _brackets(
        self, study: Study, trials: Sequence[RungTrial], lengths: Sequence[int]
    ) -> list[Bracket]:
        first = first_rungs(self.brackets, len(lengths), self.eta, study.max_trials)
        return [
            Bracket(lengths[rung:], self.eta, [t for t in trials if first[t.record.index] == rung])
            for rung in range(min(self.brackets, len(lengths)))
        ]

    def _has_more(self, study: Study, records: Records, brackets: Sequence[Bracket]) -> bool:
        can_promote = any(bracket.promotions() for bracket in brackets)
        return can_promote or bool(self._starts(study, records, brackets[0].lengths, 1))

    def _starts(
        self, study: Study, records: Records, lengths: Sequence[int], free: int
    ) -> list[Move]:
        free = min(free, study.max_trials - len(records))
        if free <= 0:
            return []
        first = first_rungs(self.brackets, len(lengths), self.eta, study.max_trials)
        history = at_one_length(study, records, lengths) if self.inner.adapts else records
        # Earlier rounds are known at their full length: no measure of what trials have at a rung.
        asked = self.inner.moves(replace(study, prior=()), history, free)
        starts = [move for move in asked if isinstance(move, Start)]
        return [
            replace(start, until_step=lengths[first[len(records) + offset]])
            for offset, start in enumerate(starts)
        ]


@dataclass(frozen=True)
class Bracket:
    lengths: Sequence[int]
    eta: float
    trials: Sequence[RungTrial]

    def promotions(self) -> list[Move]:
        moves: list[Move] = []
        for rung in reversed(range(len(self.lengths))):
            ranking = self.ranking(self.lengths[rung])
            best = ranking[: int(len(ranking) / self.eta)]
            moves += [self._promotion(trial, rung) for trial in best if self._waits(trial, rung)]
        return moves

    def last_promotion(self) -> list[Resume]:
        if any(trial.record.status == "completed" for trial in self.trials):
            return []
        for rung in reversed(range(len(self.lengths))):
            ranking = self.ranking(self.lengths[rung])
            if waiting := [trial for trial in ranking if self._waits(trial, rung)]:
                return [self._promotion(waiting[0], rung)]
        return []

    def overtaken(self) -> list[int]:
        ids = []
        for trial in self.trials:
            rungs = [length for length in self.lengths if trial.has_overrun(length)]
            if trial.record.status != "running" or not rungs:
                continue
            ranking = [one.record.id for one in self.ranking(rungs[-1])]
            if trial.record.id not in ranking[: math.ceil(len(ranking) / self.eta)]:
                ids.append(trial.record.id)
        return ids

    def ranking(self, length: int) -> list[RungTrial]:
        trials = [trial for trial in self.trials if self._counts(trial, length)]
        return sorted(trials, key=lambda trial: (trial.best(length), trial.record.index))

    def _counts(self, trial: RungTrial, length: int) -> bool:
        if trial.record.status != "infeasible":
            return trial.has_reached(length)
        if is_code_failure(trial.record):  # it says nothing of its setting
            return False
        until = trial.record.until_step
        return until is None or length <= until or trial.has_reached(length)

    def _waits(self, trial: RungTrial, rung: int) -> bool:
        length = self.lengths[rung]
        is_here = trial.record.status == "paused" and trial.record.until_step == length
        return is_here and trial.best(length) < math.inf

    def _promotion(self, trial: RungTrial, rung: int) -> Resume:
        above = self.lengths[rung + 1 :]
        return Resume(trial.record.id, until_step=above[0] if above else None)


@dataclass(frozen=True)
class PbtByDefinition:
    inner: Search
    interval: int | None = None
    quantile: float = 0.5
    parents: float = 0.25
    resample: float = 0.1
    factor: float = 1.6

    adapts = True

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        ordered = sorted(records, key=lambda record: record.id)
        ends = [*generation_ends(study, self.interval), None]
        first = [record for record in ordered if record.parent is None]
        asked = self.inner.moves(study, Records.of([]), study.max_trials)
        members = [move.searched for move in asked if isinstance(move, Start)]
        if len(first) < len(members):
            new = members[len(first) :][:free]
            return [Start(searched, until_step=ends[0]) for searched in new]
        forks = [record for record in ordered if record.parent is not None]
        population = first
        for number, (end, next_end) in enumerate(pairwise(ends)):
            if end is None or not all(_has_arrived(member, end) for member in population):
                return []
            current = generation(
                study, population, end, quantile=self.quantile, parents=self.parents
            )
            own_forks = forks[: len(current.losers)]
            if moves := list(
                self._transition(study, current, number, own_forks, until_step=next_end)
            ):
                stops = [move for move in moves if isinstance(move, Stop)]
                return [*stops, *[move for move in moves if move not in stops][:free]]
            forks = forks[len(own_forks) :]
            population = [*current.survivors, *own_forks]
        return []

    def _transition(
        self,
        study: Study,
        generation: Generation,
        number: int,
        forks: Sequence[Record],
        *,
        until_step: int | None,
    ) -> Iterator[Move]:
        yield from (Stop(loser.id) for loser in generation.losers if loser.status == "paused")
        replaced = len(generation.losers) if generation.winners else 0
        for place in range(len(forks), replaced):
            random = np.random.default_rng([study.seed, number, place])
            parent = generation.winners[int(random.integers(len(generation.winners)))]
            step = max(checkpoint.step for checkpoint in parent.checkpoints)
            searched = {name: parent.setting[name] for name in study.space.domains}
            changed = perturbation(
                study.space, searched, random, factor=self.factor, resample=self.resample
            )
            yield Fork(parent.id, step, changed, until_step=until_step)
        for member in generation.survivors:
            if member.status == "paused" and member.until_step == generation.end:
                yield Resume(member.id, until_step=until_step)


@dataclass(frozen=True)
class Generation:
    end: int
    winners: Sequence[Record]
    survivors: Sequence[Record]
    losers: Sequence[Record]


def generation(
    study: Study, population: Sequence[Record], end: int, *, quantile: float, parents: float
) -> Generation:
    healthy = sorted(
        (member for member in population if _is_healthy(study, member, end)),
        key=lambda member: (RungTrial(study, member).value_at(end), member.index),
    )
    unhealthy = [member for member in population if member not in healthy]
    share = max(1, math.floor(quantile * len(population))) if quantile > 0 else 0
    winners = healthy[: max(1, math.floor(parents * len(population)))]
    worst = healthy[len(winners) :][::-1][: max(0, share - len(unhealthy))]
    survivors = [member for member in healthy if member not in worst]
    return Generation(end, winners, survivors, [*unhealthy, *worst])


def _has_gone_on(record: Record, end: int) -> bool:
    return record.until_step is None or record.until_step > end


def _has_arrived(record: Record, end: int) -> bool:
    return record.ended or record.status == "paused" or _has_gone_on(record, end)


def _is_healthy(study: Study, record: Record, end: int) -> bool:
    if _has_gone_on(record, end):
        return True
    could_go_on = record.status == "paused" or record.reason == "schedule"
    return could_go_on and RungTrial(study, record).value_at(end) < math.inf
