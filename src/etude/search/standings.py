"""Standings: who stands where on the rungs of successive halving, kept up to date by trial.

A trial that changed moves its own places and nobody else's, so that what is asked of 100,000
trials costs as much as of 100.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, final

from ..move import Resume
from ..record import Record, is_code_failure
from ..study import Study
from .base import Search
from .rungs import RungTrial
from .sequence import Beginnings

# By which trials are compared: the best value up to a rung, then who began first; and the id.
Place: TypeAlias = tuple[float, int, int]


@final
@dataclass(frozen=True)
class Rung:
    """The trials of a bracket at one length, each list best first, equals by who began first.

    Args:
        ranking: Those that stand on it or went past it, or failed on the way there.
        waiting: Those that are paused on it with a value that counts.
        stopped: Those that were stopped on it, and go on no more.
        overrun: Those that run on past it for want of a checkpoint, and past no rung above.
    """

    ranking: list[Place] = field(default_factory=list)
    waiting: list[Place] = field(default_factory=list)
    stopped: list[Place] = field(default_factory=list)
    overrun: list[Place] = field(default_factory=list)

    def promotable(self, best: int) -> int:
        """How many of those that wait are among the best so many of all but the stopped.

        Where `trials` grew, those stopped at the end of the first run hold no place.
        """
        last = best - 1
        while last < len(self.ranking):
            missing = best - (last + 1 - bisect_right(self.stopped, self.ranking[last]))
            if not missing:
                return bisect_right(self.waiting, self.ranking[last])
            last += missing
        return len(self.waiting)


@final
@dataclass(frozen=True)
class Ladder:
    """The rungs of a study.

    Args:
        lengths: At which trials are compared, in updates.
        eta: One of so many goes on.
        first: The first rung of each trial, by its place in the study: the foot of its bracket.
    """

    lengths: Sequence[int]
    eta: float
    first: Sequence[int]


@final
class Standings:
    """The trials of a study on the rungs of their brackets.

    Args:
        search: Whose standings these are.
        study: What is searched.
        ladder: Its rungs.
        beginnings: The trials of the inner search, where that one does not adapt.
    """

    def __init__(
        self, search: Search, study: Study, ladder: Ladder, beginnings: Beginnings
    ) -> None:
        """Begins without trials."""
        self.search, self.study = search, study
        self.ladder, self.beginnings = ladder, beginnings
        feet = range(max([0, *ladder.first]) + 1)
        self._brackets = [{length: Rung() for length in ladder.lengths[foot:]} for foot in feet]
        self._completed = [0] * len(self._brackets)
        self._places: dict[int, list[tuple[list[Place], Place]]] = {}
        self._is_completed: dict[int, bool] = {}

    def change(self, record: Record) -> None:
        """Moves a trial to where it stands now."""
        foot = self.ladder.first[record.index]
        before, after = self._places.get(record.id, []), list(self._places_of(record, foot))
        if not _are_same(before, after):
            for listed, place in before:
                del listed[bisect_left(listed, place)]
            for listed, place in after:
                insort(listed, place)
            self._places[record.id] = after
        is_completed = record.status == "completed"
        self._completed[foot] += is_completed - self._is_completed.get(record.id, False)
        self._is_completed[record.id] = is_completed

    def promotions(self, most: int) -> list[Resume]:
        """The first so many of all paused trials among the best 1 / eta of their rungs.

        Bracket by bracket, from the top rung down.
        """
        moves: list[Resume] = []
        for bracket in self._brackets:
            for above, rung in self._downwards(bracket):
                best = int(len(rung.ranking) / self.ladder.eta)
                if best and len(moves) < most:
                    promoted = rung.waiting[: min(rung.promotable(best), most - len(moves))]
                    moves += [Resume(trial_id, until_step=above) for _, _, trial_id in promoted]
        return moves

    def last_promotions(self) -> list[Resume]:
        """Where nothing more will come: the best of the top rung of a bracket that completed none.

        Source: T12.
        """
        moves = []
        for bracket, completed in zip(self._brackets, self._completed, strict=True):
            waiting = [(above, rung.waiting) for above, rung in self._downwards(bracket)]
            above, best = next(((above, one) for above, one in waiting if one), (None, []))
            if best and not completed:
                moves.append(Resume(best[0][2], until_step=above))
        return moves

    def overtaken(self) -> list[int]:
        """Trials that run on past a rung for want of a checkpoint, and do not lead there."""
        ids: list[int] = []
        for bracket in self._brackets:
            behind = [place for rung in bracket.values() for place in self._behind(rung)]
            ids += sorted(trial_id for _, _, trial_id in behind)
        return ids

    def _behind(self, rung: Rung) -> list[Place]:
        if not rung.overrun:
            return []
        last = rung.ranking[math.ceil(len(rung.ranking) / self.ladder.eta) - 1]
        return rung.overrun[bisect_right(rung.overrun, last) :]

    def _downwards(self, bracket: dict[int, Rung]) -> Iterator[tuple[int | None, Rung]]:
        """Each rung from the top down, with the length above it; None for the full one."""
        lengths = list(bracket)
        for length, above in zip(reversed(lengths), [None, *reversed(lengths)], strict=False):
            yield above, bracket[length]

    def _places_of(self, record: Record, foot: int) -> Iterator[tuple[list[Place], Place]]:
        """The lists of a bracket in which a trial stands, and its place in each."""
        trial = RungTrial(self.study, record)
        overrun: tuple[list[Place], Place] | None = None
        for length, rung in self._brackets[foot].items():
            if not _counts(trial, length):
                continue
            place = (trial.best(length), record.index, record.id)
            yield rung.ranking, place
            is_here = record.status == "paused" and record.until_step == length
            if is_here and place[0] < math.inf:
                yield rung.waiting, place
            if record.status == "stopped" and record.until_step == length:
                yield rung.stopped, place
            if record.status == "running" and trial.has_overrun(length):
                overrun = rung.overrun, place
        if overrun:
            yield overrun


def _are_same(
    before: Sequence[tuple[list[Place], Place]], after: Sequence[tuple[list[Place], Place]]
) -> bool:
    """Whether the places are the same, in the same lists, whatever stands in these."""
    return [(id(one), place) for one, place in before] == [(id(one), place) for one, place in after]


def _counts(trial: RungTrial, length: int) -> bool:
    """Whether a trial reached a rung, or diverged or failed on the way there.

    Source: C3.
    """
    if trial.record.status != "infeasible":
        return trial.has_reached(length)
    if is_code_failure(trial.record):  # it says nothing of its setting
        return False
    until = trial.record.until_step
    return until is None or length <= until or trial.has_reached(length)
