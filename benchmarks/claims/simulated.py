"""Training curves that are made up: a course, noise with a memory or without, and what is planted.

Axes: E evaluations, S series: the metric, the validation loss, the training loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from etude.analyze.views.curves import TrialCurves, trial_curves
from etude.analyze.views.outcomes import outcomes
from etude.design.split import split
from etude.experiment import Experiment
from etude.record import POINT, Points, Record
from etude.space import Real
from etude.study import Study, evaluation_steps

METRIC = "valid/error"
SERIES = (METRIC, "valid/loss", "train/loss")
MAX_STEPS = 60_000
Values: TypeAlias = NDArray[np.float64]
BURN_IN = 100


def study(evaluations: int) -> Study:
    """A study with a learning rate, evaluated so often."""
    experiment = Experiment(
        metric=METRIC,
        max_steps=MAX_STEPS,
        trials=20,
        evaluations=evaluations,
        nuisance={"learning_rate": Real(1e-5, 1.0, log=True)},
    )
    return replace(split(experiment)[0], name="simulated")


def share(evaluations: int) -> Values:
    """The share of training done at each evaluation."""
    return (np.arange(evaluations) + 1) / evaluations


def noise(rng: np.random.Generator, evaluations: int, memory: float = 0.0) -> Values:
    """Normal noise of sd 1 whose neighbours correlate by `memory`."""
    steps_E = rng.standard_normal(evaluations + BURN_IN)
    kept_E = lfilter([1.0], [1.0, -memory], steps_E)[BURN_IN:]
    return np.asarray(np.sqrt(1.0 - memory**2) * kept_E)


def noises(
    rng: np.random.Generator, evaluations: int, memory: float = 0.0, *, shared: bool = False
) -> dict[str, Values]:
    """Noise of each series: all the same, or each its own."""
    if shared:
        return dict.fromkeys(SERIES, noise(rng, evaluations, memory))
    return {name: noise(rng, evaluations, memory) for name in SERIES}


def traced(
    question: Study, trials: Sequence[Mapping[str, Values]], rates: Sequence[float] = ()
) -> list[TrialCurves]:
    """The curves of completed trials, each series evenly spread over the steps."""
    rates = rates or [0.01] * len(trials)
    records = [
        _record(question, number, curves, rate)
        for number, (curves, rate) in enumerate(zip(trials, rates, strict=True))
    ]
    return trial_curves(question, outcomes(question, records))


def _record(question: Study, number: int, curves: Mapping[str, Values], rate: float) -> Record:
    names = tuple(sorted(curves))
    rows = [
        (step, code, value)
        for code, name in enumerate(names)
        for step, value in zip(
            evaluation_steps(question.max_steps, len(curves[name])), curves[name], strict=True
        )
    ]
    return Record(
        id=number,
        study=question.name,
        index=number,
        setting={"learning_rate": rate},
        seed=number,
        status="completed",
        reason="",
        steps=question.max_steps,
        points=Points(np.array(sorted(rows), dtype=POINT), names),
    )
