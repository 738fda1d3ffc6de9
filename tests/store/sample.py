"""An experiment at hand, begun in a store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.factories import rates

from etude.design.split import split
from etude.event import Began, Ended, Event, Logged, Saved
from etude.experiment import Experiment
from etude.experiment.entry import Entry, Launch
from etude.experiment.toml.write import dumps
from etude.record import Record
from etude.search.quasi_random import QuasiRandom
from etude.store.base import Store

LAUNCH = Launch(command="etude run rates.toml", folder="here", process=7, started="2026-01-01")


def three_trials(**given: Any) -> Experiment:
    return rates(**{"trials": 3, **given})


def entry(one: Experiment, *launches: Launch) -> Entry:
    text = dumps(one)
    return Entry(experiment=one, text=text, source="rates.toml", launches=launches)


def begun(store: Store, experiment: Experiment | None = None, **given: Any) -> Experiment:
    """An experiment that has begun in the store, its trials reserved."""
    one = experiment or three_trials(**given)
    store.begin(entry(one, LAUNCH))
    for study in split(one):
        there = store.records(one.name).of_study(study.name)
        store.reserve(one.name, study, QuasiRandom().moves(study, there, one.trials))
    return one


def record_of(store: Store, trial_id: int = 0) -> Record:
    found: Record = store.records("rates")[trial_id]
    return found


def rows(store: Store, trial_id: int = 0) -> list[tuple[int, str, float]]:
    """All points of a trial, in the order in which they were written."""
    points = record_of(store, trial_id).points
    return [(step, points.names[metric], value) for step, metric, value in points.rows_P.tolist()]


def saved(store: Store, step: int, value: float | None, *more: Event) -> None:
    """A checkpoint on disk and in the store."""
    (store.files.checkpoints("rates", 0) / str(step)).mkdir(parents=True, exist_ok=True)
    store.append("rates", [Saved(0, step, value), *more])


def save_each(store: Store, values: Sequence[float | None]) -> None:
    """A checkpoint at every step."""
    for step, value in enumerate(values):
        saved(store, step, value)


def leave_over(store: Store, *names: str) -> None:
    """Folders beside the checkpoints of trial 0."""
    for name in names:
        (store.files.checkpoints("rates", 0) / name).mkdir()


def append(store: Store, batches: Sequence[Sequence[Event]]) -> None:
    for batch in batches:
        store.append("rates", batch)


def folders(store: Store) -> set[str]:
    return {each.name for each in store.files.checkpoints("rates", 0).iterdir()}


def finished(trial_id: int, value: float) -> list[Event]:
    """All events of a trial that completed."""
    rows = ((0, "train/loss", 2 * value), (7, "valid/loss", value))
    return [
        Began(trial_id, 0),
        Logged(trial_id, rows),
        Ended(trial_id, "completed", steps=8, wall_s=1.5),
    ]
