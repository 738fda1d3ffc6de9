"""A world in which searches are played: a loss that is known, and a runner that trains it.

The loss falls towards a floor that depends on the setting; the weights of a trial are one number,
so that what a fork copied can be read off. Where `learning_rate` is above 0.3, it diverges, at the
first evaluation or at a later one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.factories import curve, played, rates, record

from etude.assignment import Assignment, Halt
from etude.design.split import split
from etude.event import Began, Ended, Event, Logged, Paused, Saved
from etude.experiment import Experiment
from etude.record import Record, Status
from etude.runner.base import Deliver
from etude.space import Real
from etude.store.base import Store
from etude.study import evaluation_steps

DIVERGES_ABOVE = 0.3


def descent(**given: Any) -> Experiment:
    """What the world trains: 10 trials of 9 steps over a learning rate and a momentum."""
    ranges = {"learning_rate": Real(1e-3, 1.0, log=True), "momentum": Real(0.5, 0.99)}
    plain = {"max_steps": 9, "trials": 10, "evaluations": 9, "nuisance": ranges}
    return rates(**{**plain, **given})


def rate_of_descent(setting: Mapping[str, Any]) -> float:
    """The best is 0.3, at learning_rate = 0.1."""
    return 0.3 - 0.1 * abs(math.log10(setting["learning_rate"]) + 1.0)


def a_trial(
    number: int,
    *losses: float,
    until: int | None = 1,
    status: Status = "paused",
    **given: Any,
) -> Record:
    """A trial that reported these losses, one an update."""
    (study,) = split(descent())
    plain: dict[str, Any] = {
        "setting": {"learning_rate": 0.1, "momentum": 0.9},
        "seed": 0,
        "status": status,
        "steps": len(losses),
        "until_step": until,
        "points": curve(losses, study.metric, spacing=1),
    }
    return record(study, number, **{**plain, **given})


class World:
    """Trains up to `slots` trials at once, one evaluation of one of them at a time, in turn."""

    def __init__(
        self,
        slots: int = 1,
        *,
        checkpoints: bool = True,
        diverges_from: int = 0,
        patience: int = 10**9,
    ) -> None:
        self.slots = slots
        self._diverges_from = diverges_from
        self.trained = 0
        self._checkpoints = checkpoints
        self._patience = patience
        self._running: list[Run] = []

    @property
    def free(self) -> int:
        return self.slots - len(self._running)

    def submit(self, orders: Sequence[Assignment | Halt]) -> None:
        for order in orders:
            if isinstance(order, Assignment):
                run = Run(order, checkpoints=self._checkpoints, diverges_from=self._diverges_from)
                self._running.append(run)
            for run in self._running:
                run.halted |= isinstance(order, Halt) and run.assignment.id == order.trial_id

    def wait(self, deliver: Deliver) -> bool:
        if not self._running:
            return False
        run = self._running.pop(0)
        events = run.next_events()
        self.trained += sum(isinstance(event, Logged) for event in events)
        if not isinstance(events[-1], Ended | Paused):
            self._running.append(run)
        deliver(events)
        self._patience -= 1
        if self._patience == 0:
            raise KeyboardInterrupt
        return True

    def close(self) -> None:
        """Nothing runs on."""


class Run:
    """One attempt at one trial."""

    def __init__(self, assignment: Assignment, *, checkpoints: bool, diverges_from: int) -> None:
        self.assignment = assignment
        self.halted = False
        self._checkpoints = checkpoints
        self._diverges_from = diverges_from
        begin = assignment.resume_step
        self._at = 0 if begin is None else begin + 1
        self._weight = 10.0 if begin is None else float(self._state(begin).read_text())
        self._begun = False

    def next_events(self) -> list[Event]:
        """The events up to and with the next evaluation."""
        trial = self.assignment
        events: list[Event] = [] if self._begun else [Began(trial.id, self._at)]
        if self.halted:
            return [*events, Ended(trial.id, "stopped", "schedule", steps=self._at)]
        if not self._begun and trial.until_step is not None and trial.until_step <= self._at:
            return [*events, Paused(trial.id, self._at)]
        self._begun = True
        steps = evaluation_steps(trial.max_steps, trial.evaluations)
        step = next(step for step in steps if step >= self._at)
        for _ in range(self._at, step + 1):
            self._weight *= 1.0 - rate_of_descent(trial.setting)
        self._at = step + 1
        rate = trial.setting["learning_rate"]
        diverges = rate > DIVERGES_ABOVE and step >= self._diverges_from
        value = math.nan if diverges else self._weight
        events.append(Logged(trial.id, ((step, trial.metric, value),)))
        if diverges:
            return [*events, Ended(trial.id, "infeasible", "nan", "", self._at)]
        return [*events, *self._events_after(step)]

    def _events_after(self, step: int) -> list[Event]:
        trial, events = self.assignment, list[Event]()
        if self._checkpoints:
            self._state(step).parent.mkdir(parents=True, exist_ok=True)
            self._state(step).write_text(repr(self._weight))
            events.append(Saved(trial.id, step, self._weight))
        if self._at == trial.max_steps:
            return [*events, Ended(trial.id, "completed", steps=self._at)]
        if self._checkpoints and trial.until_step is not None and trial.until_step <= self._at:
            return [*events, Paused(trial.id, self._at)]
        return events

    def _state(self, step: int) -> Path:
        return self.assignment.checkpoints / str(step) / "weight"


def interrupted(experiment: Experiment, world: World, store: Store) -> None:
    """Plays until the world gives up."""
    try:
        played(experiment, world, store)
    except KeyboardInterrupt:
        return


def sketch(records: Sequence[Record]) -> list[tuple[Any, ...]]:
    """All that a history says, points included, but for times."""
    return [
        (
            record.id,
            dict(record.setting),
            record.status,
            record.steps,
            record.parent,
            record.from_step,
            repr(record.points.rows_P.tolist()),  # where NaN is NaN
        )
        for record in records
    ]
