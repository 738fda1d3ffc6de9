"""Prior trials: those of earlier rounds, from which the search of this one may learn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..experiment import Experiment
from ..experiment.entry import Entry
from ..experiment.methods import SEARCHES
from ..record import Record, is_code_failure
from ..search.base import Search
from ..search.observations import START
from ..space import Scalar
from ..store.base import Store
from ..study import Prior, Study

# What makes the values of two rounds comparable; all else of a trial stands in its setting.
JUDGED_BY = ("metric", "maximize", "max_steps", "diverged_above", "train")


def with_prior_trials(
    plan: Sequence[tuple[Study, Search]], store: Store, experiment: Experiment
) -> list[tuple[Study, Search]]:
    """The plan, with the trials of earlier rounds for each search that adapts to results.

    Source: X1.
    """
    rounds = rounds_before(store, experiment)
    return [
        (with_trials_of(rounds, study, store) if search.adapts else study, search)
        for study, search in plan
    ]


def rounds_before(store: Store, experiment: Experiment) -> list[Experiment]:
    """The rounds that led to this one and were judged as it is, the first of them first.

    Source: X1.
    """
    comparable = [
        ancestor
        for ancestor in ancestors(store.entries(), experiment)
        if all(getattr(ancestor, name) == getattr(experiment, name) for name in JUDGED_BY)
    ]
    return comparable[::-1]


def with_trials_of(rounds: Sequence[Experiment], study: Study, store: Store) -> Study:
    """The study with the trials of these rounds that could have been its own.

    They were trained whole and alone, with its scientific and fixed values and no others; where
    they lie in its space, or a little beyond it, is for the search to judge. A round that goes on
    while its successor runs adds to them.

    Source: X1, X2.
    """
    prior: list[Prior] = []
    for experiment in rounds:
        evenly_spread = _evenly_spread_trials(experiment, len(prior))
        prior += [
            Prior(record.setting, _value(study, record), even=record.index < evenly_spread)
            for record in store.records(experiment.name)
            if _is_whole(record) and _could_be_of(study, record.setting)
        ]
    return replace(study, prior=tuple(prior))


def ancestors(entries: Sequence[Entry], experiment: Experiment) -> Iterator[Experiment]:
    """The rounds that led to this one, as far as the store has them, the last of them first.

    Source: R1.
    """
    known = {entry.experiment.name: entry.experiment for entry in entries}
    seen = {experiment.name}
    name = experiment.parent
    while name in known and name not in seen:
        seen.add(name)
        yield known[name]
        name = known[name].parent


def _evenly_spread_trials(experiment: Experiment, known: int) -> float:
    """How many first trials of a round spread evenly, where this many were known to its search.

    Source: X5.
    """
    if experiment.schedule is not None:  # whoever came to the end was chosen by results
        return 0
    if not SEARCHES[experiment.search].adaptive:
        return math.inf
    share: float = experiment.search_options.get("start", START)
    return math.ceil(share * experiment.trials) - known


def _is_whole(record: Record) -> bool:
    """Whether its value is that of its setting: not cut short, and not begun from another's.

    Nor one that an error of the code or the machine ended.
    """
    is_over = record.status in ("completed", "infeasible") and not is_code_failure(record)
    return is_over and record.parent is None


def _could_be_of(study: Study, setting: Mapping[str, Scalar]) -> bool:
    given = {**study.fixed, **study.scientific}
    return set(setting) == {*given, *study.space.domains} and all(
        setting[name] == value for name, value in given.items()
    )


def _value(study: Study, record: Record) -> float | None:
    best = record.best(study.metric, maximize=study.maximize)
    return best.value if best is not None and record.status == "completed" else None
