"""Trainings whose critical batch size is known, and measurements of batch sizes to go with them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import etude
from etude.experiment import Experiment
from etude.procedure.batch.measured import Measured, SizeMeasurement
from etude.procedure.batch.target_metric import declared_target
from etude.procedure.batch_size import steps_to_target
from etude.procedure.opening import Training, answered, known_of
from etude.procedure.player import Budget, Outcome
from etude.store import open_store
from etude.store.base import Store

Train = Callable[[etude.Trial], None]
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


def planted(
    critical: float,
    *,
    fewest: float = 40.0,
    best_rate: float = 0.1,
    luck: float = 0.1,
    momentum: float = 1.0,
) -> Train:
    """An error that comes to 0.1 after `fewest * (1 + critical / batch)` steps at the best rate.

    That rate is `best_rate / (1 + critical / batch)`, as McCandlish et al. 2018 have it for SGD;
    others take a cosh of the logarithm of their distance longer, and five times it breaks.
    """

    def train(trial: etude.Trial) -> None:
        shape = 1.0 + critical / float(trial["batch_size"])
        distance = math.log(float(trial["lr"]) * shape**momentum / best_rate)
        steps = fewest * shape * math.cosh(distance)
        steps *= math.exp(random.Random(trial.seed).gauss(0.0, luck))
        breaks = distance > math.log(5.0)
        for step in trial.steps():
            if breaks:
                trial.log(step, {"train/loss": math.nan})
            if trial.evaluates(step):
                trial.report(step, {"valid/error": 0.1 * (steps / (step + 1)) ** 0.7})

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
