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
from etude.record import POINT, Points, Record
from etude.space import Domain, Real, Scalar
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
    values: float | Sequence[float] | None,
    setting: Mapping[str, Scalar],
    **given: Any,
) -> Record:
    """A completed trial with these values of the metric; infeasible with `nan` where None."""
    plain: dict[str, Any] = {"status": "infeasible", "reason": "nan"}
    if values is not None:
        listed = [values] if isinstance(values, int | float) else list(values)
        plain = {"status": "completed", "points": curve(listed, study.metric)}
    return Record(
        id=trial,
        study=study.name,
        index=trial,
        setting=study.setting(setting),
        seed=trial,
        **{**plain, **given},
    )
