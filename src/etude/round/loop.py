"""The loop of a round: it fills free slots and saves what comes back, until nothing is left."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ..assignment import Halt
from ..event import Event, Lost, Unrestored
from ..experiment import Experiment
from ..move import Stop
from ..record import Record
from ..runner.base import Runner
from ..store.base import Store
from .guard import Guard
from .resume import assignment
from .searches import OnEvents, Plan, Searches, in_turn


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
    searches = Searches(plan, store, name)
    waiting = deque(pending(plan, store, name))
    guard = Guard(experiment, store, trials=sum(study.max_trials for study, _ in plan))

    def deliver(events: Sequence[Event]) -> None:
        store.append(name, events)
        see(events)
        guard.see(events)
        lost = [event for event in events if _is_tried_again(event)]
        waiting.extend(_pending_again(store, name, lost))
        # What lost its machine goes on before others begin.
        waiting.extendleft(_pending_again(store, name, lost, is_innocent=True))
        # Asked while trials run: what is stopped now need not be trained to its end.
        if searches.see(events):
            runner.submit([Halt(one) for one in searches.stopped(waiting, see)])

    while True:
        runner.submit([Halt(one) for one in searches.stopped(waiting, see)])
        if searches.plan and runner.free > len(waiting):
            waiting.extend(searches.started(runner.free - len(waiting)))
        while runner.free and waiting:
            runner.submit([assignment(experiment, store, waiting.popleft())])
        if not runner.wait(deliver) and not waiting:
            # A runner that lost all of its workers had no place for what searches still want.
            waiting.extend(searches.started(1))
            if not waiting:
                guard.finish()
                return


def pending(plan: Sequence[Plan], store: Store, name: str) -> list[Record]:
    """The trials that wait in the store, in turn: the first of each study, then the second."""
    waiting = [record for record in store.records(name) if record.status == "pending"]
    return in_turn(plan, waiting)


def started(plan: Sequence[Plan], store: Store, name: str) -> list[Record]:
    """The trials that the searches that do not adapt want trained: all, written down beforehand.

    `Searches` starts those of the others.
    """
    new: list[Record] = []
    for study, search in plan:
        if search.adapts:
            continue
        # Read for each: in a view of before the last one's moves all trials are looked through.
        records = store.records(name).of_study(study.name)
        moves = search.moves(study, records, study.max_trials)
        if beginnings := [move for move in moves if not isinstance(move, Stop)]:
            new += store.reserve(name, study, beginnings)
    return in_turn(plan, new)


def _is_tried_again(event: Event) -> bool:
    """Whether its trial is tried again now; one whose code cannot load a checkpoint waits."""
    return isinstance(event, Lost) or (isinstance(event, Unrestored) and not event.detail)


def _pending_again(
    store: Store, name: str, lost: Sequence[Event], *, is_innocent: bool = False
) -> list[Record]:
    """The lost trials that are tried again: all but those that were lost too often.

    Those that were lost to a machine alone are for themselves.
    """
    chosen = [
        event for event in lost if (isinstance(event, Lost) and not event.is_blamed) == is_innocent
    ]
    if not chosen:
        return []
    records = store.records(name)
    tried = [records[event.trial_id] for event in chosen]
    return [record for record in tried if record.status == "pending"]
