"""The loop of a round: it fills free slots and saves what comes back, until nothing is left."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias, final

from .errors import EtudeError, RunError, StoreError, TrainError
from .event import Ended, Event, Logged, Lost, Refused, Reopened
from .experiment import Experiment
from .move import Stop
from .record import Record, Records
from .runner.base import Runner
from .runner.blame import fault
from .search.base import Search
from .store.base import Store
from .study import Study
from .trial import Assignment, Halt

# No source, ours: one failure may be its setting's, the same one three times is the code's.
SAME_FAILURES = 3

See: TypeAlias = Callable[[Sequence[Event]], None]


def play(
    experiment: Experiment, plan: Sequence[Plan], *, runner: Runner, store: Store, see: See
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
        lost = [event.trial_id for event in events if isinstance(event, Lost)]
        waiting.extend(one for one in _again(store, name, lost) if one.status == "pending")
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
    plan: Sequence[Plan], store: Store, name: str, waiting: deque[Record], see: See
) -> list[int]:
    """The trials that run and that the searches want stopped; others are stopped in the store."""
    if not plan:
        return []
    records = store.records(name)
    chosen = [
        records[move.trial_id]
        for study, search in plan
        for move in search.moves(study, records.of_study(study.name), 0)
        if isinstance(move, Stop)
    ]
    idle = [one for one in chosen if one.status != "running"]
    if idle:
        ends = [Ended(one.id, "stopped", "schedule", steps=one.steps) for one in idle]
        store.append(name, ends)
        see(ends)
        ids = {one.id for one in idle}
        kept = [one for one in waiting if one.id not in ids]
        waiting.clear()
        waiting.extend(kept)
    return [one.id for one in chosen if one.status == "running"]


def assignment(experiment: Experiment, store: Store, record: Record) -> Assignment:
    """All that a worker must know to train this trial, from its last checkpoint if it has one."""
    checkpoints = store.files.checkpoints(experiment.name, record.id)
    step = _resume_step(record, checkpoints)
    return Assignment(
        id=record.id,
        study=record.study,
        setting=record.setting,
        seed=record.seed,
        max_steps=experiment.max_steps,
        evaluations=experiment.evaluations,
        metric=experiment.metric,
        maximize=experiment.maximize,
        diverged_above=experiment.diverged_above,
        folder=store.files.trial(experiment.name, record.id),
        checkpoints=checkpoints,
        resume_step=step,
        first_losses={} if step is None else _first_losses(store, experiment, record),
        until_step=record.until_step,
        max_wall_s=experiment.max_trial_s,
        keep_checkpoints=experiment.keep_checkpoints,
    )


@final
class Guard:
    """Stops a run that cannot succeed: before the hours are spent, with the user's own words."""

    def __init__(self, experiment: Experiment, store: Store, *, trials: int) -> None:
        """Watches for the same failure only while no trial has ended yet, of so many to come."""
        self._name = experiment.name
        self._store = store
        records = store.records(experiment.name)
        self._ended: list[str] | None = _first_faults(records)
        self._enough = min(SAME_FAILURES, max(trials, records.count()))
        self._lost = 0

    def see(self, events: Sequence[Event]) -> None:
        """Looks at events that are committed already."""
        for event in events:
            if isinstance(event, Refused):
                raise refusal(event)
            if isinstance(event, Lost):
                self._lost += 1
            if isinstance(event, Ended) and self._ended is not None:
                self._ended.append(event.fault)
        self._judge_ends()
        if self._ended == [] and self._lost >= SAME_FAILURES * SAME_FAILURES:
            self._reopen(lambda record: record.reason == "killed")
            last = next(event for event in reversed(events) if isinstance(event, Lost))
            raise RunError(
                f"Workers died {self._lost} times and no trial ended; the last time: "
                f"{last.detail}. Its output is in "
                f"`{self._store.files.log(self._name, last.trial_id)}`."
            )

    def _judge_ends(self) -> None:
        if self._ended is None or len(self._ended) < max(self._enough, 1):
            return
        first, self._ended = self._ended[:SAME_FAILURES], None
        if first[0] == "" or len(set(first)) > 1:
            return
        reopened = self._reopen(lambda record: _fault(record) == first[0])
        raise TrainError(
            _same_failure(reopened, first[0]),
            user_traceback=reopened[0].detail,
            trial_ids=tuple(record.id for record in reopened),
        )

    def _reopen(self, chosen: Callable[[Record], bool]) -> list[Record]:
        found = [one for one in self._store.records(self._name) if one.ended and chosen(one)]
        self._store.append(self._name, [Reopened(record.id) for record in found])
        return found


def _first_faults(records: Records) -> list[str] | None:
    """The faults of the few trials that ended before this run; None where they tell no more."""
    faults = [_fault(record) for record in records if record.ended]
    if len(faults) > SAME_FAILURES or (faults and (faults[0] == "" or len(set(faults)) > 1)):
        return None
    return faults[: SAME_FAILURES - 1]  # the next trial to end decides


def _fault(record: Record) -> str:
    return fault(record.detail) if record.reason == "error" else ""


def refusal(event: Refused) -> EtudeError:
    """The error that a refused trial means for the whole run."""
    if event.kind == "import":
        return TrainError(
            "The train function's module fails to import, or its workload cannot be made.",
            user_traceback=event.detail,
        )
    if event.kind == "disk":
        return StoreError(
            f"A trial could not write its files ({event.detail}). "
            "Free some space and type the same command again: what was finished is kept."
        )
    return RunError(event.detail)


def _same_failure(records: Sequence[Record], met: str) -> str:
    settings = "\n".join(
        f"  trial {record.id}: "
        + ", ".join(f"{name} = {value}" for name, value in record.setting.items())
        for record in records
    )
    who = f"{len(records)} trials to end all" if len(records) > 1 else "trial to end"
    return (
        f"The first {who} failed in the same way "
        f"({met}), so the run stops; what failed so is pending again.\n{settings}\n"
        "Mend the training code and type the same command again."
    )


def _in_turn(plan: Sequence[Plan], records: Sequence[Record]) -> list[Record]:
    place = {study.name: position for position, (study, _) in enumerate(plan)}
    known = [record for record in records if record.study in place]
    return sorted(known, key=lambda record: (record.index, place[record.study]))


def _is_news(events: Sequence[Event], metric: str) -> bool:
    """Whether a search could answer otherwise now: it looks at the metric alone."""
    return any(
        not isinstance(event, Logged) or any(name == metric for _, name, _ in event.rows)
        for event in events
    )


def _again(store: Store, name: str, trial_ids: Sequence[int]) -> list[Record]:
    if not trial_ids:
        return []
    records = store.records(name)
    return [records[trial_id] for trial_id in trial_ids]


def _resume_step(record: Record, checkpoints: Path) -> int | None:
    """The last checkpoint that is written down and also there."""
    there = [one.step for one in record.checkpoints if (checkpoints / str(one.step)).is_dir()]
    return max(there, default=None)


def _first_losses(store: Store, experiment: Experiment, record: Record) -> dict[str, float]:
    """The first values of the losses; a fork's are those of the trial that began its line."""
    records = store.records(experiment.name)
    first = records[record.id]
    while first.parent is not None:
        first = records[first.parent]
    return {
        name: float(first.series(name).values_P[0])
        for name in first.points.metrics
        if name.endswith("loss") or name == experiment.metric
    }
