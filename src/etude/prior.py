"""What earlier rounds found, for a search that learns from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .experiment import Experiment
from .launch import Entry
from .methods import ADAPTIVE
from .record import Record
from .store.base import Store
from .study import Prior, Study

# What decides whether two values of the metric can be told against each other.
_ALIKE = ("metric", "maximize", "max_steps", "diverged_above")


def informed(studies: Sequence[Study], experiment: Experiment, store: Store | None) -> list[Study]:
    """The studies with the trials of the rounds before that are judged alike, oldest first.

    The rounds before are the experiment's parent, its parent, and so on, where the store has them,
    with the same metric and length and without a schedule. Of their trials those count that ended
    at full length or broke, with the values that the study holds. Only a search that adapts is
    told; a quasi-random study stays the same whatever came before (Q2, Q3).

    Source: X1, X5, T4, R12.
    """
    if store is None or experiment.search not in ADAPTIVE:
        return list(studies)
    before = [
        (entry.experiment, record)
        for entry in _line(store.entries(), experiment)
        for record in store.records(entry.experiment.name)
    ]
    return [
        replace(
            study, prior=tuple(_prior(one, record) for one, record in before if _of(study, record))
        )
        for study in studies
    ]


def _line(entries: Sequence[Entry], experiment: Experiment) -> list[Entry]:
    """The rounds before that are judged alike, oldest first."""
    known = {entry.experiment.name: entry for entry in entries}
    found: list[Entry] = []
    seen, name = {experiment.name}, experiment.parent
    while name in known and name not in seen:
        found.append(known[name])
        seen.add(name)
        name = known[name].experiment.parent
    return [one for one in reversed(found) if _alike(one.experiment, experiment)]


def _alike(one: Experiment, other: Experiment) -> bool:
    same = all(getattr(one, key) == getattr(other, key) for key in _ALIKE)
    return same and one.schedule is None


def _of(study: Study, record: Record) -> bool:
    held = {**study.fixed, **study.scientific}
    ended = record.status in ("completed", "infeasible")
    return ended and all(record.setting.get(name) == value for name, value in held.items())


def _prior(experiment: Experiment, record: Record) -> Prior:
    best = record.best(experiment.metric, maximize=experiment.maximize)
    feasible = record.status == "completed" and best is not None
    return Prior(record.setting, best.value if feasible and best else None)
