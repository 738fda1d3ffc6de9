"""Prior trials: those of earlier rounds, from which the search of this one may learn.

What counts is written down at the first launch: a parent that goes on later changes no child.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..design.studies import studies
from ..experiment import Experiment
from ..experiment.entry import EarlierRound, Entry
from ..experiment.methods import SEARCHES
from ..record import Record, is_code_failure
from ..search.base import Search
from ..search.observations import START, evenly_begun
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
    if not any(search.adapts for _, search in plan):
        return list(plan)
    rounds = earlier_rounds(store, experiment)
    return [
        (with_trials_of(rounds, study, store) if search.adapts else study, search)
        for study, search in plan
    ]


def earlier_rounds(store: Store, experiment: Experiment) -> dict[str, EarlierRound]:
    """The rounds that led to this one and were judged as it is, by name, the first of them first.

    As they stood when this one was first launched, where that is written down; else as they stand.

    Source: X1.
    """
    entries = store.entries()
    kept = next((one.prior for one in entries if one.experiment.name == experiment.name), None)
    if kept is not None:
        return dict(kept)
    comparable = [
        ancestor
        for ancestor in ancestors(entries, experiment)
        if all(getattr(ancestor, name) == getattr(experiment, name) for name in JUDGED_BY)
    ]
    return {one.name: _as_it_stands(one, store) for one in comparable[::-1]}


def with_trials_of(rounds: Mapping[str, EarlierRound], study: Study, store: Store) -> Study:
    """The study with the trials of these rounds that could have been its own.

    They were trained whole and alone, with its scientific and fixed values and no others; where
    they lie in its space, or a little beyond it, is for the search to judge.

    Source: X1, X2.
    """
    known = {entry.experiment.name: entry.experiment for entry in store.entries()}
    prior: list[Prior] = []
    for name, earlier in rounds.items():
        if name not in known:
            continue
        records = list(store.records(name))
        even = _evenly_spread_ids(known[name], records, earlier.trials, len(prior))
        ids = set(earlier.ids)
        prior += [
            Prior(record.setting, _value(study, record), record.id in even, name)
            for record in records
            if record.id in ids and _is_whole(record) and _could_be_of(study, record.setting)
        ]
    return replace(study, prior=tuple(prior))


def _as_it_stands(experiment: Experiment, store: Store) -> EarlierRound:
    ids = tuple(record.id for record in store.records(experiment.name) if _is_whole(record))
    return EarlierRound(trials=experiment.trials, ids=ids)


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


def _evenly_spread_ids(
    experiment: Experiment, records: Sequence[Record], trials: int, known: int
) -> set[int]:
    """Which of a round's trials spread evenly, where so many were known to its search.

    Source: X5.
    """
    if experiment.schedule is not None:  # whoever came to the end was chosen by results
        return set()
    if experiment.search == "listed":  # a person chose them, wherever they lie
        return set()
    if not SEARCHES[experiment.search].adaptive:
        return {record.id for record in records}
    share: float = experiment.search_options.get("start", START)
    start = max(0, math.ceil(share * trials) - known)
    ids: set[int] = set()
    for study in studies(experiment):
        ordered = sorted(
            (record for record in records if record.study == study.name),
            key=lambda record: (record.index, record.id),
        )
        ids |= {record.id for record in ordered[: evenly_begun(study, ordered, start)]}
    return ids


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


def known_prior(store: Store, experiment: Experiment) -> dict[str, tuple[Prior, ...]]:
    """What the search of each study of an experiment knows of earlier rounds.

    Source: X1.
    """
    if not SEARCHES[experiment.search].adaptive:
        return {}
    rounds = earlier_rounds(store, experiment)
    return {one.name: with_trials_of(rounds, one, store).prior for one in studies(experiment)}
