"""Experiments, studies and records at hand: small and sound, and each test gives what it relies on.

Only what tests of several folders build stands here. What a folder alone needs stands in a helper
beside its tests, which builds on these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from etude.design.split import split
from etude.experiment import Experiment
from etude.experiment.entry import Entry
from etude.experiment.toml.write import dumps
from etude.record import POINT, Points, Record, Records
from etude.round.loop import pending, play, started
from etude.round.observer import Opening
from etude.round.searches import OnEvents, Plan, Searches
from etude.runner.base import Runner
from etude.search import search_of
from etude.space import Domain, Real, Scalar
from etude.store.base import Store
from etude.store.memory import Memory
from etude.study import Study

RATE = Real(1e-4, 1e-1, log=True)
SHARE = Real(0.1, 0.9)


def experiment(**given: Any) -> Experiment:
    """One study of 20 trials over two ranges."""
    plain: dict[str, Any] = {
        "metric": "valid/error",
        "max_steps": 100,
        "trials": 20,
        "evaluations": 10,
        "nuisance": {"learning_rate": RATE, "share": SHARE},
    }
    return Experiment(**{**plain, **given})


def two_optimizers(**given: Any) -> Experiment:
    """Two studies that are compared."""
    compared = {"scientific": {"optimizer": ["adam", "nesterov"]}, "fixed": {"batch_size": 64}}
    return experiment(**{**compared, **given})


def minimal(**given: Any) -> Experiment:
    """No more than an experiment must say; nothing is searched unless a test says so."""
    return experiment(**{"trials": 8, "evaluations": 50, "nuisance": {}, **given})


def rates(**given: Any) -> Experiment:
    """One study of 4 short trials over a learning rate, for what is trained in a test."""
    plain: dict[str, Any] = {
        "name": "rates",
        "metric": "valid/loss",
        "max_steps": 8,
        "trials": 4,
        "evaluations": 4,
        "nuisance": {"learning_rate": Real(0.01, 0.5)},
    }
    return experiment(**{**plain, **given})


def study(domains: Mapping[str, Domain] | None = None, **given: Any) -> Study:
    """The first study of an experiment with these ranges; tests call it `factories.study`."""
    ranges = {"nuisance": dict(domains)} if domains else {}
    return split(experiment(**ranges, **given))[0]


def curve(values: Sequence[float], metric: str = "valid/error", *, spacing: int = 10) -> Points:
    """These values of a metric, from step 0 on."""
    rows_P = np.array([(spacing * k, 0, value) for k, value in enumerate(values)], dtype=POINT)
    return Points(rows_P, (metric,))


def record(
    study: Study,
    trial: int,
    /,
    values: float | Sequence[float] | None = (),
    setting: Mapping[str, Scalar] | None = None,
    **given: Any,
) -> Record:
    """A completed trial with these values of the metric.

    Infeasible with `nan` where the values are None; pending where there are none.
    """
    plain: dict[str, Any] = {}
    if values is None:
        plain = {"status": "infeasible", "reason": "nan"}
    elif listed := [values] if isinstance(values, int | float) else list(values):
        plain = {"status": "completed", "points": curve(listed, study.metric)}
    place = {"id": trial, "study": study.name, "index": trial, "seed": trial}
    return Record(**{**place, "setting": study.setting(setting or {}), **plain, **given})


def opening(*records: Record, **given: Any) -> Opening:
    """A round of two short trials, before the first of them begins."""
    asked = given.get("experiment") or rates(trials=2, nuisance={"rate": SHARE})
    plain = {"studies": split(asked), "records": Records.of(records), "slots": 1, "rehearsed": None}
    return Opening(**{**plain, "experiment": asked, **given})


def played(
    experiment: Experiment,
    runner: Runner,
    store: Store | None = None,
    *,
    see: OnEvents = lambda _: None,
) -> list[Record]:
    """The records of an experiment that was played to its end, or until the runner gave up."""
    store = store or Memory()
    name = experiment.name
    store.begin(Entry(experiment=experiment, text=dumps(experiment)))
    plan: list[Plan] = [(study, search_of(study)) for study in split(experiment)]
    with store.own(name):
        waiting = len(pending(plan, store, name))
        started(plan, store, name)
        Searches(plan, store, name).started(runner.free - waiting)
        play(experiment, plan, runner=runner, store=store, see=see)
    return list(store.records(name))
