"""Retraining: the rounds of a store that train settings of another round again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

from ..experiment import Experiment, changes
from ..experiment.entry import Entry
from ..record import Records
from ..store.base import Store

# What may differ between two rounds that train the same settings: who trained longer knows more.
_FREE = {"name", "trials", "configurations"}


@final
@dataclass(frozen=True, kw_only=True)
class Retraining:
    """A round that tunes nothing and has another one as its parent; whether all of it ended."""

    experiment: Experiment
    ended: bool
    records: Records = field(default_factory=lambda: Records.of([]))


def retrainings_of(store: Store, entries: Sequence[Entry], name: str) -> tuple[Retraining, ...]:
    """The rounds that train settings of an experiment again, as far as they say so."""
    found = [entry.experiment for entry in entries if entry.experiment.parent == name]
    known = [
        (one, store.records(one.name)) for one in found if _tunes_nothing(one) and one.name != name
    ]
    return tuple(
        Retraining(
            experiment=one,
            # A round that has only begun has no trial yet.
            ended=bool(records) and all(record.ended for record in records),
            records=records,
        )
        for one, records in known
    )


def retrained_round(store: Store, experiment: Experiment, parent: Experiment | None) -> str:
    """The round whose settings an experiment trains again; empty where it asks its own question."""
    is_search = parent is not None and not (_tunes_nothing(parent) and not parent.configurations)
    if parent is None or not is_search or not _tunes_nothing(experiment):
        return ""
    known = [record.setting for record in store.records(parent.name)]
    settings = [record.setting for record in store.records(experiment.name)]
    return parent.name if settings and all(one in known for one in settings) else ""


def same(coming: Experiment, known: Experiment) -> bool:
    """Whether two rounds train the same settings, however often."""
    return set(changes(known, coming)) <= _FREE


def free_name(coming: Experiment, known: Sequence[Retraining]) -> str:
    """Its name, or with a number behind where another round has that one."""
    number, name = 1, coming.name
    taken = {one.experiment.name: one.experiment for one in known}
    while name in taken and not same(coming, taken[name]):
        number += 1
        name = f"{coming.name}-{number}"
    return name


def _tunes_nothing(experiment: Experiment) -> bool:
    """Whether it trains settings again; on other splits they are judged by other examples."""
    tunes = any(one.role == "nuisance" for one in experiment.hyperparameters)
    return not (tunes or experiment.is_of_splits)


def ended_retraining(known: Sequence[Retraining], asked: Experiment, seeds: int) -> str:
    """The ended round that trained as asked, each setting with so many seeds; empty for none."""
    ended = [one.experiment for one in known if one.ended]
    enough = (one.name for one in ended if same(asked, one) and _trainings(one) >= seeds)
    return next(enough, "")


def _trainings(experiment: Experiment) -> int:
    """How often each setting of an experiment that tunes nothing is trained, at least."""
    rows = experiment.configurations
    return min(rows.count(row) for row in rows) if rows else experiment.trials
