"""Extension: from a short round to a longer one, and which conclusions survive the way."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from ..analyze.comparison import comparison
from ..analyze.summaries.added_steps import AddedSteps
from ..errors import RunError
from ..experiment import Experiment
from ..wording import quantity
from .base import Answer, Known, Round, Setting, Step, listed
from .cost import NOTHING, Cost, planned_cost
from .extension.conclusions import Trained, conclusion, mean_loss, trained
from .extension.contenders import Contender, contenders
from .extension.extension import answer
from .extension.extension_data import Extension
from .extension.extension_refusal import no_leader, refused
from .extension.long_schedule import long_schedule


@final
@dataclass(frozen=True, kw_only=True)
class Extend:
    """The recipe of the playbook for longer training: few long trainings of what was best short.

    Args:
        max_steps: The length to arrive at.
        rounds: Rounds of growing length on the way, the last of them at `max_steps`; None for as
            few as keep each below `growth` times the one before.
        seeds: Trainings of each contender at each length.
        studies: At most so many studies are rechecked, the best first.
        factor: How far the neighbours lie from the leader along its leading hyperparameter.
        growth: The growth of one round.

    Source: T8, T9, T10, T12, T14, S12, A2.
    """

    max_steps: int
    rounds: int | None = None
    # A2's N.
    seeds: int = 5
    # Heuristic: more are no question any more, and each costs long trainings.
    studies: int = 4
    # Heuristic: half a power of ten; most losses tell rates so far apart.
    factor: float = 3.0
    # T8: conclusions from about a tenth of the length may not hold.
    growth: float = 10.0

    @property
    def name(self) -> str:
        """As its command is named."""
        return "extend"

    def cost(self, known: Known) -> Cost:
        """What all of its rounds take at most: every contender at every length, short ones twice.

        Source: R15.
        """
        if self._ends_at_once(known) is not None:
            return NOTHING
        total = NOTHING
        rivals = self._contenders(known)
        lengths = self.lengths(known)
        for length in (lengths[0], *lengths):
            for settings in _groups(known, rivals, length):
                total += planned_cost(_experiment(known, settings, length, self.seeds))
        return total

    def step(self, known: Known) -> Step | Answer:
        """The contenders at the short length, then at each longer one; then the answer.

        Source: T8, T9, T10.
        """
        if (ended := self._ends_at_once(known)) is not None:
            return ended
        coming = next(self._missing(known), None)
        if coming is None or known.ended:
            return answer(self._extension(known))
        return coming

    def _missing(self, known: Known) -> Iterator[Step]:
        """The rounds that are not played yet; those of a length rest on the lengths before."""
        for length in self.lengths(known):
            groups = list(_groups(known, self._rivals_at(known, length), length))
            for place, settings in enumerate(groups, start=1):
                part = _part(length, place if len(groups) > 1 else 0)
                if known.round(part) is None:
                    yield self._step(known, part, settings, length)
        yield from self._more_short(known)

    def _more_short(self, known: Known) -> Iterator[Step]:
        """As many short trainings again, where an order may have turned and few leave it open."""
        short = known.base.max_steps
        # What was repeated already decides nothing of what is to be.
        first = [one for one in known.rounds if not one.part.startswith(_more(short))]
        seen = self._extension(replace(known, rounds=tuple(first)))
        pairs = [one for one in seen.conclusions if one.may_have_turned]
        if not pairs:
            return
        rivals = (pairs[0].leader, *(one.rival for one in pairs))
        groups = list(_groups(known, rivals, short))
        for place, settings in enumerate(groups, start=1):
            part = _more(short) + (f"-{place}" if len(groups) > 1 else "")
            if known.round(part) is not None:
                continue
            yield replace(
                self._step(known, part, settings, short),
                because=f"{quantity(len(settings), 'setting')}, {self.seeds} trainings each again "
                f"for {short:,} steps: did the order turn, or was it open?",
            )

    def lengths(self, known: Known) -> tuple[int, ...]:
        """The short length and those after it, which grow by equal factors.

        Raises:
            RunError: for a length that is no longer one.

        Source: T8.
        """
        short = known.base.max_steps
        if self.max_steps <= short:
            raise RunError(
                f"`{known.base.name}` has {short:,} steps a trial, so {self.max_steps:,} do not "
                f"extend it (T8). Name more: --max-steps {2 * short}."
            )
        ratio = self.max_steps / short
        least = math.ceil(math.log(ratio) / math.log(self.growth) - 1e-9)
        rounds = min(self.rounds or max(least, 1), self.max_steps - short)
        return tuple(round(short * ratio ** (place / rounds)) for place in range(rounds + 1))

    def added_steps(self, known: Known) -> AddedSteps | None:
        """What the leader's schedule does with the added steps; None where that is not known.

        Source: T10, T14.
        """
        rivals = self._contenders(known)
        return long_schedule(known, rivals[0].setting, self.max_steps).added if rivals else None

    def _contenders(self, known: Known) -> tuple[Contender, ...]:
        return contenders(known, studies=self.studies, factor=self.factor)

    def _ends_at_once(self, known: Known) -> Answer | None:
        """The answer where nothing is to be trained: no leader, or a schedule that is refused."""
        self.lengths(known)  # refuses a length that is none
        if known.tried is None:
            raise RunError(
                f"No trial of `{known.base.name}` has ended, so there is no short round to extend "
                "(T8). Train it first: `etude run FILE`."
            )
        rivals = self._contenders(known)
        if not rivals:
            return no_leader(known, self.max_steps)
        for rival in rivals:
            schedule = long_schedule(known, rival.setting, self.max_steps)
            if schedule.refused:
                return refused(known, self.max_steps, schedule)
        return None

    def _rivals_at(self, known: Known, length: int) -> tuple[Contender, ...]:
        """The leader, and the others that no middle length put behind the best there."""
        rivals = self._contenders(known)
        lengths = self.lengths(known)
        for middle in lengths[1 : lengths.index(length)]:
            rivals = _ahead_at(known, rivals, middle)
        return rivals

    def _step(self, known: Known, part: str, settings: Sequence[Setting], length: int) -> Step:
        short = length == known.base.max_steps
        why = "is the short order more than noise" if short else "which conclusions hold"
        return Step(
            part=part,
            experiment=_experiment(known, settings, length, self.seeds),
            because=f"{quantity(len(settings), 'setting')}, {self.seeds} trainings each, for "
            f"{length:,} steps: {why}?",
            rules=("T8", "A2"),
        )

    def _extension(self, known: Known) -> Extension:
        """What the rounds so far tell."""
        objective = known.base.objective
        rivals = self._contenders(known)
        lengths = self.lengths(known)
        by_length = {
            length: trained(
                _rounds_of(known, length),
                {one.name: long_schedule(known, one.setting, length).setting for one in rivals},
                objective,
            )
            for length in lengths
        }
        leader = rivals[0]
        pairs = [(leader, rival) for rival in rivals[1:]]
        short = by_length[lengths[0]]
        return Extension(
            known=known,
            max_steps=self.max_steps,
            schedule=long_schedule(known, leader.setting, self.max_steps),
            leader=leader,
            conclusions=tuple(
                conclusion(pair, short, _longest(by_length, pair), objective) for pair in pairs
            ),
            trained=tuple((length, by_length[length]) for length in lengths),
            contenders=rivals,
            factor=self.factor,
        )


def _ahead_at(known: Known, rivals: tuple[Contender, ...], length: int) -> tuple[Contender, ...]:
    """The leader, and those that are not behind the best here, beyond the noise (T8: few go on)."""
    objective = known.base.objective
    settings = {one.name: long_schedule(known, one.setting, length).setting for one in rivals}
    sides = trained(_rounds_of(known, length), settings, objective)
    if not sides:
        return rivals
    best = min(sides.values(), key=lambda side: mean_loss(side, objective))
    # The leader goes on: a launch begins from it unless one passes it at the full length, at a
    # stricter level than this one.
    return tuple(
        one
        for one in rivals
        if one.family == "leader"
        or one.name not in sides
        or comparison(
            best, sides[one.name], metric=objective.metric, maximize=objective.maximize
        ).answer
        != "worse"
    )


def _longest(
    by_length: Mapping[int, Trained], pair: tuple[Contender, Contender]
) -> tuple[int, Trained]:
    """The longest length beyond the short one at which both were trained; else the last of all."""
    longer = sorted(by_length)[1:]
    both = [length for length in longer if all(one.name in by_length[length] for one in pair)]
    length = max(both, default=longer[-1])
    return length, by_length[length]


def _groups(
    known: Known, rivals: Sequence[Contender], length: int
) -> Iterator[tuple[Setting, ...]]:
    """The settings at this length, those with the same hyperparameters in one round."""
    settings = [long_schedule(known, one.setting, length).setting for one in rivals]
    for names in dict.fromkeys(tuple(sorted(one)) for one in settings):
        yield tuple(one for one in settings if tuple(sorted(one)) == names)


def _experiment(known: Known, settings: Sequence[Setting], length: int, seeds: int) -> Experiment:
    rows = [one for one in settings for _ in range(seeds)]
    experiment = listed(
        known, rows, question="Which conclusions of a short round hold?", max_steps=length
    )
    limit_s = known.base.max_trial_s
    if limit_s is None:
        return experiment
    return replace(experiment, max_trial_s=limit_s * length / known.base.max_steps)


def _more(short: int) -> str:
    return f"{short}-steps-more"


def _part(length: int, group: int) -> str:
    return f"{length}-steps" + (f"-{group}" if group else "")


def _rounds_of(known: Known, length: int) -> list[Round]:
    return [one for one in known.rounds if one.experiment.max_steps == length]
