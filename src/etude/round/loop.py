"""The loop of a round: it fills free slots and saves what comes back, until nothing is left."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias

from ..assignment import Halt
from ..event import Ended, Event, Logged, Lost, Unrestored
from ..experiment import Experiment
from ..move import Stop
from ..record import Record
from ..runner.base import Runner
from ..search.base import Search
from ..store.base import Store
from ..study import Study
from .guard import Guard
from .resume import assignment

OnEvents: TypeAlias = Callable[[Sequence[Event]], None]


def play(
    experiment: Experiment, plan: Sequence[Plan], *, runner: Runner, store: Store, see: OnEvents
) -> None:
    """Fills free slots and saves what comes back, until nothing runs and no trial waits.

    Raises:
        TrainError: when the first trials to end all meet the same exception of the user's code.
        RunError, StoreError: for what keeps every trial from being trained.

    Source: R13, C3, K2.
    """
    name = experiment.name
    adaptive = [(study, search) for study, search in plan if search.adapts]
    waiting = deque(pending(plan, store, name))
    guard = Guard(experiment, store, trials=sum(study.max_trials for study, _ in plan))

    def deliver(events: Sequence[Event]) -> None:
        store.append(name, events)
        see(events)
        guard.see(events)
        lost = [event.trial_id for event in events if _is_tried_again(event)]
        waiting.extend(_pending_again(store, name, lost))
        # Asked while trials run: what is stopped now need not be trained to its end.
        if _is_news(events, experiment.metric):
            runner.submit([Halt(one) for one in stopped(adaptive, store, name, waiting, see)])

    while True:
        runner.submit([Halt(one) for one in stopped(adaptive, store, name, waiting, see)])
        if adaptive and runner.free > len(waiting):
            waiting.extend(started(adaptive, store, name, free=runner.free - len(waiting)))
        while runner.free and waiting:
            runner.submit([assignment(experiment, store, waiting.popleft())])
        if not runner.wait(deliver) and not waiting:
            guard.finish()
            return


Plan: TypeAlias = tuple[Study, Search]


def pending(plan: Sequence[Plan], store: Store, name: str) -> list[Record]:
    """The trials that wait in the store, in turn: the first of each study, then the second."""
    waiting = [record for record in store.records(name) if record.status == "pending"]
    return _in_turn(plan, waiting)


def started(plan: Sequence[Plan], store: Store, name: str, *, free: int) -> list[Record]:
    """The trials that the searches want trained; one that does not adapt is asked for all.

    Studies that adapt share the free slots: what one of them takes, the next cannot have.
    """
    records = store.records(name)
    new: list[Record] = []
    for study, search in plan:
        wanted = max(0, free - len(new)) if search.adapts else study.max_trials
        moves = search.moves(study, records.of_study(study.name), wanted)
        if beginnings := [move for move in moves if not isinstance(move, Stop)]:
            new += store.reserve(name, study, beginnings)
    return _in_turn(plan, new)


def stopped(
    plan: Sequence[Plan], store: Store, name: str, waiting: deque[Record], see: OnEvents
) -> list[int]:
    """The trials that run and that the searches want stopped; others are stopped in the store."""
    if not plan:
        return []
    records = store.records(name)
    to_stop = [
        records[move.trial_id]
        for study, search in plan
        for move in search.moves(study, records.of_study(study.name), 0)
        if isinstance(move, Stop)
    ]
    idle = [record for record in to_stop if record.status != "running"]
    if idle:
        ends = [Ended(record.id, "stopped", "schedule", steps=record.steps) for record in idle]
        store.append(name, ends)
        see(ends)
        idle_ids = {record.id for record in idle}
        still_waiting = [record for record in waiting if record.id not in idle_ids]
        waiting.clear()
        waiting.extend(still_waiting)
    return [record.id for record in to_stop if record.status == "running"]


def _in_turn(plan: Sequence[Plan], records: Sequence[Record]) -> list[Record]:
    rank = {study.name: position for position, (study, _) in enumerate(plan)}
    planned = [record for record in records if record.study in rank]
    return sorted(planned, key=lambda record: (record.index, rank[record.study]))


def _is_news(events: Sequence[Event], metric: str) -> bool:
    """Whether a search could answer otherwise now: it looks at the metric alone."""
    return any(
        not isinstance(event, Logged) or any(name == metric for _, name, _ in event.rows)
        for event in events
    )


def _is_tried_again(event: Event) -> bool:
    """Whether its trial is tried again now; one whose code cannot load a checkpoint waits."""
    return isinstance(event, Lost) or (isinstance(event, Unrestored) and not event.detail)


def _pending_again(store: Store, name: str, lost: Sequence[int]) -> list[Record]:
    """The lost trials that are tried again: all but those that were lost too often."""
    if not lost:
        return []
    records = store.records(name)
    return [records[trial_id] for trial_id in lost if records[trial_id].status == "pending"]
