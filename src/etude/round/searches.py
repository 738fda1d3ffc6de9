"""When searches are asked: where an answer can have changed since the last one."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias, final

from ..event import Began, Coded, Ended, Event, Logged, Rehearsed, Saved
from ..move import Stop
from ..record import Record
from ..search.base import Judge, Search
from ..store.base import Store
from ..study import Study

OnEvents: TypeAlias = Callable[[Sequence[Event]], None]
Plan: TypeAlias = tuple[Study, Search]


@final
class Searches:
    """The searches of a round that adapt, each asked when it may have something new to say.

    That is after an end, after a report that takes a trial to a length at which it is judged, and
    after its own moves. A search is a pure function of the history, so nothing is missed.
    """

    def __init__(self, plan: Sequence[Plan], store: Store, name: str) -> None:
        """Has asked nobody: whatever was answered before is not known."""
        self.plan = [(study, search) for study, search in plan if search.adapts]
        self._store = store
        self._name = name
        self._unjudged = {study.name for study, _ in self.plan}
        self._unasked = set(self._unjudged)
        self._metrics = {study.name: study.metric for study, _ in self.plan}
        self._decisive = {
            study.name: search.decisive(study) if isinstance(search, Judge) else ()
            for study, search in self.plan
        }
        self._studies: dict[int, str] = {}
        self._reached: dict[int, int] = {}

    def see(self, events: Sequence[Event]) -> bool:
        """Notes whose answer can have changed by these events; whether anybody's has."""
        if not self.plan:
            return False
        changed = {self._study(event.trial_id) for event in events if self._is_news(event)}
        return self._note(changed & self._metrics.keys())

    def stopped(self, waiting: deque[Record], see: OnEvents) -> list[int]:
        """The trials that run and are to stop; others are stopped in the store."""
        if not self._unjudged:
            return []
        records = self._store.records(self._name)
        to_stop = [
            records[move.trial_id]
            for study, search in self.plan
            if study.name in self._unjudged
            for move in search.moves(study, records.of_study(study.name), 0)
            if isinstance(move, Stop)
        ]
        self._unjudged.clear()
        if idle := [record for record in to_stop if record.status != "running"]:
            self._stop(idle, waiting, see)
        return [record.id for record in to_stop if record.status == "running"]

    def started(self, free: int) -> list[Record]:
        """The trials that the searches want trained, at most so many in all.

        Studies share the free slots: what one of them takes, the next cannot have.
        """
        new: list[Record] = []
        for study, search in self.plan:
            if study.name not in self._unasked or len(new) >= free:
                continue
            # Read for each: in a view of before the last one's moves all trials are looked through.
            records = self._store.records(self._name)
            moves = search.moves(study, records.of_study(study.name), free - len(new))
            if beginnings := [move for move in moves if not isinstance(move, Stop)]:
                new += self._store.reserve(self._name, study, beginnings)
                self._unjudged.add(study.name)
            else:
                self._unasked.discard(study.name)
        self._studies.update((record.id, record.study) for record in new)
        return in_turn(self.plan, new)

    def _stop(self, idle: Sequence[Record], waiting: deque[Record], see: OnEvents) -> None:
        ends = [Ended(record.id, "stopped", "schedule", steps=record.steps) for record in idle]
        self._store.append(self._name, ends)
        see(ends)
        self.see(ends)
        idle_ids = {record.id for record in idle}
        still_waiting = [record for record in waiting if record.id not in idle_ids]
        waiting.clear()
        waiting.extend(still_waiting)

    def _note(self, studies: set[str]) -> bool:
        self._unjudged |= studies
        self._unasked |= studies
        return bool(studies)

    def _study(self, trial_id: int) -> str:
        if trial_id not in self._studies:
            self._studies[trial_id] = self._store.records(self._name)[trial_id].study
        return self._studies[trial_id]

    def _is_news(self, event: Event) -> bool:
        """Whether a search could answer otherwise after it."""
        if isinstance(event, Coded | Rehearsed | Saved):
            return False  # what is saved counts once its trial pauses
        if isinstance(event, Began):
            before = self._reached.pop(event.trial_id, None)
            if event.from_step == 0:
                self._reached[event.trial_id] = 0
            return before != 0  # what was reported from there on is void
        return not isinstance(event, Logged) or self._is_decisive(event)

    def _is_decisive(self, event: Logged) -> bool:
        """Whether a report takes its trial to a length at which it is judged, or beyond one."""
        study = self._study(event.trial_id)
        marks, metric = self._decisive.get(study, ()), self._metrics.get(study)
        ends = [step + 1 for step, name, _ in event.rows if name == metric] if marks else []
        if not ends:
            return False
        before = self._reached.get(event.trial_id)
        self._reached[event.trial_id] = max(ends if before is None else [before, *ends])
        # What was reported before is not known, or is reported again.
        if before is None or min(ends) <= before:
            return True
        return bisect_right(marks, before) < bisect_right(marks, max(ends))


def in_turn(plan: Sequence[Plan], records: Sequence[Record]) -> list[Record]:
    """Trials of these studies in turn: the first of each study, then the second."""
    rank = {study.name: position for position, (study, _) in enumerate(plan)}
    planned = [record for record in records if record.study in rank]
    return sorted(planned, key=lambda record: (record.index, rank[record.study]))
