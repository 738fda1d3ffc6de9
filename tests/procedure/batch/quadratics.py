"""Trainings whose critical batch size is known, and measurements of batch sizes to go with them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import etude
from etude.experiment import Experiment
from etude.procedure.base import Answer, Known, Round, Step
from etude.procedure.batch.measured import Measured, SizeMeasurement
from etude.procedure.batch.target_metric import declared_target
from etude.procedure.batch_size import BatchSize, steps_to_target
from etude.procedure.opening import Training, answered, known_of, setting_of
from etude.procedure.player import Budget, Outcome, play, round_of
from etude.record import POINT, Points, Record, Records
from etude.store import open_store
from etude.store.base import Store
from etude.study import derived_seed, evaluation_steps

Train = Callable[[etude.Trial], None]
# The error at these numbers of updates, of a setting and a seed; None where it breaks.
Curve = Callable[[Mapping[str, Any], int, NDArray[np.int64]], NDArray[np.float64] | None]
SIZES = tuple(2**place for place in range(3, 12))


def base(**given: Any) -> Experiment:
    settings = {
        "name": "base",
        "metric": "valid/error",
        "max_steps": 2000,
        "trials": 6,
        "nuisance": {"lr": etude.Real(1e-3, 1.0, log=True)},
        "fixed": {"batch_size": 64},
    }
    return Experiment(**{**settings, **given})


def measured(sizes: Sequence[int] = SIZES, *, flat_from: int = 256, **given: Any) -> Measured:
    """A machine whose throughput doubles with the batch up to a size, and stands still beyond."""
    rows = tuple(
        SizeMeasurement(
            batch_size=size,
            outcome="measured",
            examples_per_s=1000.0 * min(size, flat_from),
            step_s=1e-3 * max(1.0, size / flat_from),
        )
        for size in sizes
    )
    result = Measured(
        name="batch_size",
        sizes=rows,
        verdict="saturated",
        largest_feasible=sizes[-1],
        useful=flat_from,
        cores=2.0,
    )
    return replace(result, **given)


def quadratic(
    critical: float,
    *,
    fewest: float = 40.0,
    best_rate: float = 0.1,
    luck: float = 0.1,
    scaling: float = 1.0,
) -> Curve:
    """An error that comes to 0.1 after `fewest * (1 + critical / batch)` updates at the best rate.

    As McCandlish et al. 2018 have it for a noisy quadratic; the best rate is `best_rate` over the
    `scaling`-th power of `1 + critical / batch`: 1 for SGD's, 0 for one that stays. Others take a
    cosh of the logarithm of their distance longer, and five times the best breaks.
    """

    def curve(
        setting: Mapping[str, Any], seed: int, updates: NDArray[np.int64]
    ) -> NDArray[np.float64] | None:
        shape = 1.0 + critical / float(setting["batch_size"])
        distance = math.log(float(setting["lr"]) * shape**scaling / best_rate)
        if distance > math.log(5.0):
            return None
        drawn = math.exp(random.Random(seed).gauss(0.0, luck))
        return 0.1 * (fewest * shape * math.cosh(distance) * drawn / updates) ** 0.7

    return curve


# --- without a loop: what trainings would report, in a thousandth of the time


def simulated(
    curve: Curve,
    experiment: Experiment | None = None,
    sizes: Measured | None = None,
    *,
    target: str = "valid/error=0.1",
    **given: Any,
) -> tuple[Answer, Known]:
    """The answer of the procedure of trainings that report a curve, and what it knew then."""
    experiment = experiment or base()
    procedure = steps_to_target(sizes or measured(), declared_target(target), **given)
    setting, source = setting_of(experiment, None)
    known = Known(base=experiment, setting=setting, setting_source=source)
    *_, last = play(procedure, known, lambda step, now: _performed(procedure, curve, step, now))
    assert isinstance(last.decision, Answer)
    return last.decision, last.known


def _performed(procedure: BatchSize, curve: Curve, step: Step, known: Known) -> Known:
    experiment = round_of(procedure, known, step)
    rows: Sequence[Mapping[str, Any]] = experiment.configurations or [{}] * experiment.trials
    records = [
        _record(curve, experiment, index, {**experiment.fixed, **row})
        for index, row in enumerate(rows)
    ]
    return known.with_round(
        Round(part=step.part, experiment=experiment, records=Records.of(records))
    )


def _record(curve: Curve, experiment: Experiment, index: int, setting: Mapping[str, Any]) -> Record:
    steps = np.array(evaluation_steps(experiment.max_steps, experiment.evaluations))
    seed = derived_seed(experiment.seed, "all", index)
    values = curve(setting, seed, steps + 1)
    rows_P = np.zeros(0 if values is None else len(values), POINT)
    if values is not None:
        rows_P["step"], rows_P["value"] = steps, values
    return Record(
        id=index,
        study="all",
        index=index,
        setting=setting,
        seed=seed,
        status="infeasible" if values is None else "completed",
        reason="nan" if values is None else "",
        steps=experiment.max_steps,
        wall_s=1e-3 * experiment.max_steps,
        points=Points(rows_P, (experiment.metric,)),
    )


# --- with a loop


def loop(curve: Curve, metric: str = "valid/error") -> Train:
    """A loop that reports a curve at each of its evaluations."""

    def train(trial: etude.Trial) -> None:
        for step in trial.steps():
            if trial.evaluates(step):
                values = curve(dict(trial), trial.seed, np.array([step + 1]))
                error = math.nan if values is None else float(values[0])
                trial.report(step, {metric: error})

    return train


def played(
    train: Train,
    experiment: Experiment | None = None,
    *,
    store: Store | None = None,
    sizes: Measured | None = None,
    target: str = "valid/error=0.1",
    budget: int | None = None,
    **given: Any,
) -> Outcome:
    """How the procedure ends on a loop."""
    training = Training(
        store=store or open_store("memory"), folder=Path.cwd(), train=train, runner="inline"
    )
    procedure = steps_to_target(sizes or measured(), declared_target(target), **given)
    known = known_of(experiment or base(), training)
    return answered(procedure, known, training, budget=Budget(steps=budget))
