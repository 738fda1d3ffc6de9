"""Curves at hand, for the tests of the checks that look at training curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from tests import factories
from tests.factories import record

from etude.analyze.views.curves import TrialCurves, trial_curves
from etude.analyze.views.outcomes import outcomes
from etude.record import POINT, Points, Record
from etude.study import Study, evaluation_steps

STEPS = 5_000
EVALUATIONS = 50
METRIC = "valid/error"
SETTING = {"learning_rate": 0.01, "share": 0.5}

Values = Sequence[float] | NDArray[np.float64]


def long_study(**given: object) -> Study:
    return factories.study(**{"max_steps": STEPS, "evaluations": EVALUATIONS, **given})


def at(count: int = EVALUATIONS) -> np.ndarray:
    """The share of training done at each of so many evaluations."""
    return (np.arange(count) + 1) / count


def noise(seed: int, count: int = EVALUATIONS) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(count)


def points(curves: Mapping[str, Values], steps: Sequence[int] | None = None) -> Points:
    names = tuple(curves)
    rows = [
        (step, code, value)
        for code, name in enumerate(names)
        for step, value in zip(
            steps or evaluation_steps(STEPS, len(curves[name]) or 1), curves[name], strict=False
        )
    ]
    return Points(np.array(rows, dtype=POINT), names)


def finished(
    study: Study,
    trial: int,
    curves: Mapping[str, Values],
    *,
    steps: Sequence[int] | None = None,
    **given: object,
) -> Record:
    """A completed trial with these curves, each evenly spread over the steps."""
    plain = {"setting": SETTING, "status": "completed", "points": points(curves, steps)}
    return record(study, trial, **{**plain, **given})


def traced(study: Study, *curves: Mapping[str, Values], **given: object) -> list[TrialCurves]:
    """The curves of trials 0, 1, ... with these curves."""
    records = [finished(study, trial, each, **given) for trial, each in enumerate(curves)]
    return trial_curves(study, outcomes(study, records))
