"""Population based training: the worst members go on from a copy of the best, changed a little."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from ..errors import RunError
from ..move import Fork, Move, Resume, Start, Stop
from ..record import Records
from ..study import Study
from .base import Search
from .perturbation import perturbation
from .population import Generation, Population
from .rungs import RungTrial, beyond, evaluation_lengths

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
        population = self._population(study, records)
        _refuse_without_checkpoints(population)
        if not population.is_complete:
            new = population.unborn(free)
            return [Start(searched, until_step=population.ends[0]) for searched in new]
        generation = population.current()
        if generation is None:
            return []
        stops: list[Move] = [Stop(one) for one in _lingering(generation)]
        forks = list(self._forks(population, generation, free))
        until_step = _next_end(population, generation)
        waiting = generation.next_waiting(free - len(forks))
        return [*stops, *forks, *(Resume(one, until_step=until_step) for one in waiting)]

    def decisive(self, study: Study) -> list[int]:
        """The comparisons, and what lies beyond each, where a trial without checkpoints goes."""
        return beyond(generation_ends(study, self.interval))

    def _population(self, study: Study, records: Records) -> Population:
        def begin() -> Population:
            ends = generation_ends(study, self.interval)
            return Population(self, study, ends, (self.quantile, self.parents), self.inner)

        return records.summary((id(self), id(study)), begin)

    def _forks(self, population: Population, generation: Generation, free: int) -> Iterator[Fork]:
        """Copies of winners for losers that nobody replaced yet, while the winners pause there."""
        assert generation.comparison is not None, "Who is current was compared. This is a bug."
        winners, until_step = generation.comparison.winners, _next_end(population, generation)
        study = population.study
        for place in population.missing_forks(generation)[:free]:
            random = np.random.default_rng([study.seed, generation.number, place])
            parent = population[winners[int(random.integers(len(winners)))]]
            step = max(checkpoint.step for checkpoint in parent.checkpoints)
            searched = {name: parent.setting[name] for name in study.space.domains}
            changed = perturbation(
                study.space, searched, random, factor=self.factor, resample=self.resample
            )
            yield Fork(parent.id, step, changed, until_step=until_step)


def _lingering(generation: Generation) -> list[int]:
    """The losers that are paused, in their order."""
    if not generation.lingering or generation.comparison is None:
        return []
    return [one for one in generation.comparison.losers if generation.standings[one].lingers]


def _next_end(population: Population, generation: Generation) -> int | None:
    """Where the next generation is compared; None for the last one."""
    later = population.ends[generation.number + 1 :]
    return later[0] if later else None


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


def _refuse_without_checkpoints(population: Population) -> None:
    record = population.offender()
    if record is None:
        return
    until = record.until_step
    if RungTrial(population.study, record).has_overrun(until or 0):
        raise RunError(
            f"`pbt` copies checkpoints, and trial {record.id} went past step {until} without "
            "one. Pass `checkpoint=` to `trial.report` and call `trial.restore` before the "
            'loop, or write schedule = "asha", which can do without.'
        )
    raise RunError(
        f"`pbt` compares trial {record.id} after {until} steps, and its next checkpoint "
        f"came after {record.steps}. Save one at every evaluation, or write an `interval` "
        "at which there is one."
    )
