"""Population based training: the worst members go on from a copy of the best, changed a little."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np

from ..errors import RunError
from ..move import Fork, Move, Resume, Start, Stop
from ..record import Record, Records
from ..study import Study
from .base import Search
from .perturbation import perturbation
from .rungs import RungTrial, evaluation_lengths

# Heuristic: ten generations leave a member time to show what it is worth (W4).
GENERATIONS = 10


@final
@dataclass(frozen=True)
class Pbt:
    """A population whose members train side by side, and are compared every `interval` steps.

    After each interval all members pause. The worst are stopped, and in the place of each a fork
    of one of the best begins, with its weights, optimizer state, step and hyperparameters, these
    changed a little (Jaderberg et al. 2017). Members that diverged or failed are replaced first,
    however many they are; the rest of the share are those with the worst last value. A stopped
    member is censored, not infeasible.

    Generations wait for each other, so that the same results lead to the same population, with one
    slot or with 64. `max_trials` counts members; forks come on top.

    The defaults select harder and step farther than the paper's: they are for tens of members and
    ten generations, not for thousands of either (docs/design/schedules.md).

    Args:
        inner: Where the first settings come from, all at once.
        interval: Steps between two comparisons, moved up to evaluations; None for a tenth of all.
        quantile: The share of the population that is replaced.
        parents: The share of the population, the best of it, that the forks are copied from.
        resample: The probability that a hyperparameter of a fork is drawn anew.
        factor: What it is multiplied or divided by otherwise.

    Source: W4.
    """

    inner: Search
    interval: int | None = None
    quantile: float = 0.5
    parents: float = 0.25
    resample: float = 0.1
    factor: float = 1.6

    adapts = True

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        """The first members; then, generation by generation, Stops, forks, and who goes on.

        Raises:
            RunError: for a train function that writes no checkpoints.
        """
        ordered = sorted(records, key=lambda record: record.id)
        _refuse_without_checkpoints(study, ordered)
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
        """The moves that lead to the next generation: forks first, while their parents pause there.

        Args:
            study: What is searched.
            generation: The members as they were compared.
            number: Of the generation, from 0.
            forks: Those that replaced losers of this generation already.
            until_step: Where the next generation is compared; None for the last one.
        """
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


@final
@dataclass(frozen=True)
class Generation:
    """A population at one comparison: who is copied, who goes on, who is replaced."""

    end: int
    winners: Sequence[Record]
    survivors: Sequence[Record]
    losers: Sequence[Record]


def generation(
    study: Study, population: Sequence[Record], end: int, *, quantile: float, parents: float
) -> Generation:
    """The generation after `end` updates, by the value that each member reported there.

    The last value, not the best before it: a copy has the weights of the last step. Equal ones by
    who began first. Without a healthy member nobody can be copied, and nobody is replaced.

    Source: W4, C3.
    """
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


def generation_ends(study: Study, interval: int | None) -> list[int]:
    """The updates after which members are compared, each an evaluation; the last step is none.

    Raises:
        RunError: where trials evaluate too seldom for any.

    Source: W4, E2.
    """
    steps = interval or math.ceil(study.max_steps / GENERATIONS)
    ends = evaluation_lengths(study, range(steps, study.max_steps, steps))
    if not ends:
        raise RunError(
            f"`pbt` compares members every {steps:,} of {study.max_steps:,} steps, and with "
            f"evaluations = {study.evaluations} the next value comes at the end. Write more "
            "`evaluations`."
        )
    return ends


def _has_gone_on(record: Record, end: int) -> bool:
    return record.until_step is None or record.until_step > end


def _has_arrived(record: Record, end: int) -> bool:
    """Whether a member has come to this comparison, alive or not."""
    return record.ended or record.status == "paused" or _has_gone_on(record, end)


def _is_healthy(study: Study, record: Record, end: int) -> bool:
    """Whether it stood there with a value that counts, and could go on.

    Whoever went on did, whatever became of it later: what was decided is not decided again.
    """
    if _has_gone_on(record, end):
        return True
    could_go_on = record.status == "paused" or record.reason == "schedule"
    return could_go_on and RungTrial(study, record).value_at(end) < math.inf


def _refuse_without_checkpoints(study: Study, records: Sequence[Record]) -> None:
    for record in records:
        until = record.until_step
        if until is None:
            continue
        if RungTrial(study, record).has_overrun(until):
            raise RunError(
                f"`pbt` copies checkpoints, and trial {record.id} went past step {until} without "
                "one. Pass `checkpoint=` to `trial.report` and call `trial.restore` before the "
                'loop, or write schedule = "asha", which can do without.'
            )
        if record.status == "paused" and record.steps > until:
            raise RunError(
                f"`pbt` compares trial {record.id} after {until} steps, and its next checkpoint "
                f"came after {record.steps}. Save one at every evaluation, or write an `interval` "
                "at which there is one."
            )
